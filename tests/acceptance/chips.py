"""Large circuits on many chips: `python -m tests.acceptance.chips` writes docs/studies/chips.csv.

What crosses chips stands beside what would cross were the same units put on cores, and cores on chips, in the order
of the file and in one drawn at random; cores of the random circuit beside those of two partitioners.
"""

import csv
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.loihi.printer import placed_page
from neurocmc.ir.loihi.store import save_chip
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.placing.axon_tables import links_of
from neurocmc.passes.loihi.placing.bounds import lower_bounds
from neurocmc.passes.loihi.placing.chips import Links
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.filling import Parts
from neurocmc.passes.loihi.placing.wiring import wiring_of
from neurocmc.passes.loihi.route import Route
from neurocmc.report.loihi.budget import placed_budget
from neurocmc.report.loihi.messages import Messages, ways
from tests.acceptance.cores import partitioned
from tests.acceptance.cores import read as read_quantities
from tests.bench.output import rewrite
from tests.made.large_networks import KINDS, Kind, large_network
from tests.made.targets import loihi

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "studies" / "chips.csv"
PAGE = ROOT / "docs" / "loihi.md"
NAME = "chips"  # of the table on the page
FIELDS = ("circuit", "neurons", "quantity", "value")
SIZES = (100_000, 1_000_000)
SYSTEM = "pohoiki-springs"
MORE = 0.03  # parts of a partitioner, from try to try
Row = tuple[str, int, str, float]


def main() -> None:
    """Measure everything and write the table, as it comes."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(FIELDS)
        for kind in KINDS:
            for neurons in SIZES:
                for *what, value in measured(kind, neurons):
                    print(*what, f"{value:.4g}", flush=True)
                    rows.writerow([*what, f"{value:.6g}"])
    write_page()


def measured(kind: Kind, neurons: int) -> Iterator[Row]:
    """Cores, chips, what crosses them, and the time that it took, of one circuit at one size."""
    target = loihi(SYSTEM)
    network = large_network(kind, neurons, target)
    begun = process_time()
    placement = Place().run(network, target)
    placed = process_time()
    program = Route().run(network, placement, target)
    with tempfile.TemporaryDirectory() as folder:
        placed_page(program, network.name, "")
        save_chip(program, Path(folder), "40-chip")
    placed_budget(program, network.name, target, None, None)
    done = process_time()
    demand = Demand.of(wiring_of(network), target.limits)
    links = links_of(demand, Parts.of(placement.held_by_core))
    chip = np.array([place.chip for place in program.places])
    sent = Messages(source=links.source, target=links.target, per_tick=links.weight)
    along = ways(program, sent, target.limits)
    assert along is not None
    yield kind, neurons, "cores", program.cores
    yield kind, neurons, "bound", max(bound.cores for bound in lower_bounds(demand))
    yield kind, neurons, "chips", program.chips
    yield kind, neurons, "crossing", links.crossing(chip)
    yield kind, neurons, "of out-axons", float(links.weight.sum())
    units = len(demand.sizes)
    for order, name in (
        (np.arange(units), "in the file's order"),
        (np.random.default_rng(0).permutation(units), "at random"),
    ):
        yield kind, neurons, f"crossing {name}", crossing_in(order, demand)
    yield kind, neurons, "hops", (along.east_west + along.north_south) / float(links.weight.sum())
    yield kind, neurons, "seconds of placing", placed - begun
    yield kind, neurons, "seconds in all", done - begun
    if kind == "random" and neurons == SIZES[0]:
        for by in ("kahypar", "metis"):
            yield kind, neurons, f"cores by {by}", partitioned(by, demand, MORE)


def crossing_in(order: Int, demand: Demand) -> float:
    """Out-axons that leave their chip, were units put on cores and chips one after the other."""
    room = demand.limits.compartments_per_core
    sizes = np.array(demand.sizes)[order]
    core = np.zeros(order.size, dtype=np.int64)
    core[order] = (np.cumsum(sizes) - sizes) // room
    parts = Parts(core=core, unit=np.arange(order.size), neurons=np.array(demand.sizes))
    links: Links = links_of(demand, parts)
    return links.crossing(np.arange(int(core.max()) + 1) // demand.limits.cores_per_chip)


def read() -> dict[tuple[str, int], dict[str, float]]:
    """The saved table: circuit and neurons -> quantity -> value."""
    return read_quantities(TABLE)


def markdown() -> str:
    """The table of the page."""
    crossing = "out-axons that leave their chip", "of those in the file's order", "of those at random"
    headings = ["circuit", "neurons", "cores", "bound", "chips", *crossing, "hops", "seconds", "KaHyPar", "METIS"]
    rows = [headings, ["---", *["---:"] * (len(headings) - 1)]]
    for (circuit, neurons), found in read().items():
        shares = [
            _share(found["crossing"], found[f"crossing {name}"]) for name in ("in the file's order", "at random")
        ]
        by = [f"{found[name]:,.0f}" if name in found else "-" for name in ("cores by kahypar", "cores by metis")]
        counts = [f"{found[name]:,.0f}" for name in ("cores", "bound", "chips")]
        leave = _share(found["crossing"], found["of out-axons"])
        hops, seconds = f"{found['hops']:.2g}", f"{found['seconds in all']:.2g}"
        rows.append([circuit, f"{neurons:,}", *counts, leave, *shares, hops, seconds, *by])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2g} %" if whole else "-"


def write_page() -> None:
    """Write the table into the page."""
    rewrite(PAGE, {NAME: markdown()})


if __name__ == "__main__":
    write_page() if sys.argv[1:] == ["page"] else main()
