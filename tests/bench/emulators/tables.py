"""How the comparison is told: one row a network, as rich tables for the terminal and as Markdown for the docs.

Both are made from the JSON that a run writes, so a page can be written later from the same numbers.
"""

from collections.abc import Callable, Iterable
from typing import Any

from rich.table import Table

from tests.bench.timing import Sample

OURS = "neurocmc"
VOLTAGES_ALONE = "voltages alone"
# kind, neurons, share of firing neurons in %, peer, wanted ratio
GOALS = (
    ("sparse", 512, 5, "Lava", 50),
    ("sparse", 512, 5, "nengo-loihi", 20),
    ("pools", 2048, 5, "Lava", 500),
    ("pools", 2048, 30, "Lava", 500),
)

Rows = list[list[str]]


def speed_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Headings and rows: network, share of neurons that fire, steps a second of each system with spread."""
    rows: Rows = []
    for network in measured["networks"]:
        firing = measured["systems"][OURS][network["name"]]["spikes_per_tick"] / network["neurons"]
        row = [network["kind"], f"{network['neurons']:,}", f"{100 * firing:.1f} %"]
        rows.append([*row, *(_sample(measured, name, network["name"]).told() for name in measured["systems"])])
    return ["network", "neurons", "firing", *measured["systems"]], rows


def ratio_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Headings and rows: our steps a second over those of each peer, with spread."""
    peers = [name for name in measured["systems"] if name != OURS]
    rows: Rows = []
    for network in measured["networks"]:
        ours = _sample(measured, OURS, network["name"])
        firing = measured["systems"][OURS][network["name"]]["spikes_per_tick"] / network["neurons"]
        row = [network["kind"], f"{network['neurons']:,}", f"{100 * firing:.1f} %"]
        ratios = [ours.over(_sample(measured, peer, network["name"])).told("{:,.1f}") for peer in peers]
        rows.append([*row, *ratios])
    return ["network", "neurons", "firing", *(f"over {peer}" for peer in peers)], rows


def load_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Headings and rows: that all systems carry the same load, and compute the same."""
    systems = list(measured["systems"])
    headings = ["network", "neurons", *systems, "neurons that differ"]
    rows: Rows = []
    for network in measured["networks"]:
        found = [measured["systems"][system][network["name"]] for system in systems]
        differ = "/".join(str(entry["voltages_that_differ"]) for entry in found)
        spikes = [f"{entry['spikes_per_tick']:,.2f}" for entry in found]
        rows.append([network["kind"], f"{network['neurons']:,}", *spikes, differ])
    return headings, rows


def goal_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Wanted ratios beside the measured ones, for networks and peers that were in the run."""
    rows: Rows = []
    for kind, neurons, percent, peer, wanted in GOALS:
        name = f"{kind}-{neurons}-{percent}"
        if peer in measured["systems"] and name in measured["systems"][OURS]:
            ratio = _sample(measured, OURS, name).over(_sample(measured, peer, name))
            verdict = "met" if ratio.median >= wanted else "missed"
            rows.append([f"{kind}, {neurons:,}, {percent} %", peer, f"{wanted} x", ratio.told("{:,.1f}"), verdict])
    return ["network", "peer", "wanted", "measured", ""], rows


def batch_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Throughput over a batch, beside single runs and what the bound of the voltages alone would allow."""
    alone = next(row for row in measured["core"] if row["what"] == VOLTAGES_ALONE)
    per_second = Sample(values=tuple(alone["steps_per_s"])).median * alone["compartments"]
    rows: Rows = []
    for row in measured["batches"]:
        together, single = (Sample(values=tuple(row[key])) for key in ("together_per_s", "single_per_s"))
        bound = row["threads"] * per_second / row["updates_a_trial"]
        rows.append(
            [row["what"], single.told(), together.told(), together.over(single).told("{:.1f}"), f"{bound:,.0f}"]
        )
    return ["64 trials", "one by one, trials/s", "as a batch, trials/s", "ratio", "bound, trials/s"], rows


def core_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """One core's worth of compartments, beside the bounds."""
    rows: Rows = []
    for row in measured["core"]:
        sample = Sample(values=tuple(row["steps_per_s"]))
        rows.append([row["what"], sample.told(), f"{1e9 / sample.median / row['compartments']:.2f}", row["note"]])
    return ["1,024 compartments, one thread", "steps/s", "ns a compartment", ""], rows


# mark in the documentation, title, rows
TABLES: tuple[tuple[str, str, Callable[[dict[str, Any]], tuple[list[str], Rows]]], ...] = (
    ("speed", "Steps a second of one run, median (lowest to highest)", speed_rows),
    ("ratio", "Ours over theirs, median (least to greatest)", ratio_rows),
    ("load", "The same load, the same voltages: spikes a tick; neurons that differ after 200 ticks", load_rows),
    ("goal", "Wanted and measured", goal_rows),
    ("batch", "A batch beside single runs", batch_rows),
    ("core", "One core's worth", core_rows),
)


def as_table(title: str, headings: Iterable[str], rows: Rows) -> Table:
    """For the terminal; the first column stands left, numbers right."""
    table = Table(title=title)
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    return table


def as_markdown(headings: list[str], rows: Rows) -> str:
    """For the documentation."""
    rule = ["---", *("---:" for _ in headings[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in [headings, rule, *rows])


def _sample(measured: dict[str, Any], system: str, network: str) -> Sample:
    return Sample(values=tuple(measured["systems"][system][network]["steps_per_s"]))
