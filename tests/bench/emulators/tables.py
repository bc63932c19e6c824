"""How the comparison is told: one row a network, as rich tables for the terminal and as Markdown for the docs.

Both are made from the JSON that a run writes, so a page can be written later from the same numbers.
"""

from collections.abc import Callable, Iterable
from typing import Any

from rich.table import Table

from tests.bench.timing import Sample

OURS = "neurocmc"
VOLTAGES_ALONE = "voltages alone"
CLOCK, PROCESSOR = "steps_per_s", "steps_per_processor_s"
# kind, neurons, share of firing neurons in %, peer, wanted ratio
GOALS = (
    ("sparse", 512, 5, "Lava", 50),
    ("sparse", 512, 5, "nengo-loihi", 20),
    ("pools", 2048, 5, "Lava", 500),
    ("pools", 2048, 30, "Lava", 500),
)

Rows = list[list[str]]


def speed_rows(measured: dict[str, Any], time: str = CLOCK) -> tuple[list[str], Rows]:
    """Headings and rows: network, share of neurons that fire, steps a second of each system with spread."""
    rows: Rows = []
    for network in measured["networks"]:
        firing = measured["systems"][OURS][network["name"]]["spikes_per_tick"] / network["neurons"]
        row = [network["kind"], f"{network['neurons']:,}", f"{100 * firing:.1f} %"]
        rows.append([*row, *(_sample(measured, name, network["name"], time).told() for name in measured["systems"])])
    return ["network", "neurons", "firing", *measured["systems"]], rows


def ratio_rows(measured: dict[str, Any], time: str = CLOCK) -> tuple[list[str], Rows]:
    """Headings and rows: our steps a second over those of each peer, with spread."""
    peers = [name for name in measured["systems"] if name != OURS]
    rows: Rows = []
    for network in measured["networks"]:
        ours = _sample(measured, OURS, network["name"], time)
        firing = measured["systems"][OURS][network["name"]]["spikes_per_tick"] / network["neurons"]
        row = [network["kind"], f"{network['neurons']:,}", f"{100 * firing:.1f} %"]
        ratios = [ours.over(_sample(measured, peer, network["name"], time)).told("{:,.1f}") for peer in peers]
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
            ratio = _sample(measured, OURS, name, PROCESSOR).over(_sample(measured, peer, name, PROCESSOR))
            verdict = "met" if ratio.median >= wanted else "missed"
            rows.append([f"{kind}, {neurons:,}, {percent} %", peer, f"{wanted} x", ratio.told("{:,.1f}"), verdict])
    return ["network", "compared with", "aim", "measured", ""], rows


def batch_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Throughput over a batch, beside single runs and what the bound of the voltages alone would allow."""
    alone = next(row for row in measured["core"] if row["what"] == VOLTAGES_ALONE)
    per_second = Sample(values=tuple(alone[CLOCK])).median * alone["compartments"]
    rows: Rows = []
    for row in measured["batches"]:
        told = [row["what"]]
        for time in ("per_s", "per_processor_s"):
            single, together = (Sample(values=tuple(row[f"{how}_{time}"])) for how in ("single", "together"))
            told += [single.told(), together.told(), together.over(single).told("{:.1f}")]
        rows.append([*told, f"{row['threads'] * per_second / row['updates_a_trial']:,.0f}"])
    headings = ["one by one, trials/s", "as a batch, trials/s", "ratio"]
    processor = [f"{heading} of processor time" for heading in headings]
    return ["64 trials", *headings, *processor, "bound, trials/s"], rows


def lava_batch_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Ours and Lava's, one trial and 64 together: steps of a trial a second of processor time, and their ratios."""
    rows: Rows = []
    for row in measured["lava_batches"]:
        single = [_sample(measured, system, row["network"], PROCESSOR) for system in (OURS, "Lava")]
        batch = [Sample(values=tuple(row[system][PROCESSOR])) for system in ("ours", "lava")]
        clock = [Sample(values=tuple(row[system][CLOCK])) for system in ("ours", "lava")]
        told = [sample.told() for pair in (single, batch) for sample in pair]
        ratios = [ours.over(theirs).told("{:,.1f}") for ours, theirs in (single, batch, clock)]
        rows.append([row["network"], *told, *ratios, str(row["voltages_that_differ"])])
    return [
        "network",
        "ours, one trial",
        "Lava, one trial",
        "ours, 64 trials",
        "Lava, 64 trials",
        "ratio of one trial, processor time",
        "ratio per trial of 64, processor time",
        "the same by the clock",
        "neurons that differ",
    ], rows


def core_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """One core's worth of compartments, beside the bounds."""
    rows: Rows = []
    for row in measured["core"]:
        clock, processor = (Sample(values=tuple(row[time])) for time in (CLOCK, PROCESSOR))
        ns = f"{1e9 / processor.median / row['compartments']:.2f}"
        rows.append([row["what"], clock.told(), processor.told(), ns, row["note"]])
    return [
        "1,024 compartments, one thread",
        "steps/s",
        "steps/s of processor time",
        "ns of processor time per compartment",
        "",
    ], rows


def large_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Headings and rows: a network each."""
    headings = ["units", "neurons", "synapses of the chip", "firing", "1,000 ticks, processor s", "peak memory, MB"]
    rows = [
        [
            f"{row['units']:,}",
            f"{row['neurons']:,}",
            f"{row['synapses'] / 1e6:,.0f} M",
            f"{100 * row['firing']:.1f} %",
            f"{row['processor_s']:.1f}",
            f"{row['peak_mb']:,.0f}",
        ]
        for row in measured["large"]
    ]
    return headings, rows


def _in_processor_time(
    rows: Callable[[dict[str, Any], str], tuple[list[str], Rows]],
) -> Callable[[dict[str, Any]], tuple[list[str], Rows]]:
    return lambda measured: rows(measured, PROCESSOR)


# mark in the documentation, title, rows
TABLES: tuple[tuple[str, str, Callable[[dict[str, Any]], tuple[list[str], Rows]]], ...] = (
    ("speed", "Steps a second of one run, by the clock: median (lowest to highest)", speed_rows),
    ("processor", "Steps a second of processor time, one run", _in_processor_time(speed_rows)),
    ("ratio", "Ours over theirs, one run, by the clock: median (least to greatest)", ratio_rows),
    ("ratio-processor", "Ours over theirs, one run, in processor time", _in_processor_time(ratio_rows)),
    ("load", "The same load, the same voltages: spikes a tick; neurons that differ after 200 ticks", load_rows),
    ("goal", "Wanted and measured, one run, in processor time", goal_rows),
    ("batch", "Ours: a batch beside single runs", batch_rows),
    ("lava-batch", "Steps of a trial a second of processor time: one trial, and 64 together", lava_batch_rows),
    ("large", "A million neurons in pools, 1,000 ticks on one thread", large_rows),
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


def _sample(measured: dict[str, Any], system: str, network: str, time: str = CLOCK) -> Sample:
    return Sample(values=tuple(measured["systems"][system][network][time]))
