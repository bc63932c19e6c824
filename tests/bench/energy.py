"""The part `energy` of the bench: what placed circuits cost by our counting, beside SANA-FE, term by term.

SANA-FE (Boyle et al. 2025, doi:10.1109/TCAD.2025.3537971) simulates spiking chips from a description of their
hardware, and comes with one of Loihi. It is given the same neurons on the same cores, the same synapses and, tick by
tick, the same spikes. Both sides count; both have prices of their own. Spikes of the host are left out on both.
"""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

import neurocmc
from neurocmc.common.arrays import Bool
from neurocmc.common.matrices import entries
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.pipeline.chips.loihi import LoihiBuilt
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.energy import EnergyEstimate
from neurocmc.report.load import SpikeLoad, UnitSpikes
from neurocmc.report.loihi.energy import estimate_energy
from neurocmc.sim.loihi.emulator import emulate
from neurocmc.sim.loihi.host import encode
from neurocmc.targets import LoihiTarget, load_target
from tests.bench.emulators.tables import Rows, as_markdown, as_table
from tests.bench.environments import ROOT
from tests.bench.output import rewrite
from tests.lava_environment import peer_python

CHILD = Path(__file__).parent / "energy_child.py"
TABLE = ROOT / "docs" / "studies" / "energy-sanafe.csv"
PAGE = ROOT / "docs" / "loihi.md"
NAME = "energy beside SANA-FE"  # of the table on the page
FIELDS = ("circuit", "neurons", "cores", "ticks", "term", "ours", "theirs", "our_pj", "their_pj")
TICKS, SHORT = 100, 20
LIMIT = 1.5  # between the totals; beyond it is told as a miss
CASES = (("swta-digits", "models/swta-digits.pt", 128), ("cmc-v1v3", "models/cmc-v1v3.pt", 16))
TOTAL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What both count of one kind of operation, and what each says that it costs in all ticks."""

    name: str
    ours: float | None  # None: not counted by one side
    theirs: float | None
    our_pj: float
    their_pj: float


def run(console: Console, out: Path, quick: bool) -> None:
    """Measure, write the table and the page, print. Raises RuntimeError where SANA-FE fails."""
    rows: list[list[str]] = []
    for name, model, neurons in CASES[: 1 if quick else None]:
        built, spikes = recorded(model, neurons, SHORT if quick else TICKS)
        for term in compared(built.chip, built.target, spikes):
            counts = ["" if count is None else f"{count:g}" for count in (term.ours, term.theirs)]
            facts = [name, str(built.integer.neurons), str(built.chip.cores), str(len(spikes))]
            rows.append([*facts, term.name, *counts, f"{term.our_pj:.6g}", f"{term.their_pj:.6g}"])
    (out / "energy.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    if not quick:
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([FIELDS, *rows])
        write_page()
    console.print(as_table("Energy beside SANA-FE", *table_of(rows)))


def recorded(model: str, neurons: int, ticks: int) -> tuple[LoihiBuilt, Bool]:
    """A circuit on a board with a mesh, and (ticks, neurons) its spikes in the first trial of its calibration."""
    target = load_target("nahuku32")
    loaded = neurocmc.load(ROOT / model)
    trials = loaded.read_stimuli().calibration
    built = lower(loaded.circuit, trials, target, CompileOptions(neurons=neurons)).built
    assert isinstance(built, LoihiBuilt)
    values = {name: value[:, :ticks] for name, value in encode(built.integer, trials[0].take(slice(0, 1))).items()}
    seen = min(value.shape[1] for value in values.values())
    return built, emulate(built.integer, values, 1, seen, record_spikes=True).spikes[0].astype(np.bool_)


def compared(program: ChipProgram, target: LoihiTarget, spikes: Bool) -> list[Term]:
    """Every term of both sides, and their sums."""
    ours = estimate_energy(program, target, load_of(program.network, spikes))
    return list(terms(ours, beside(program, target, spikes)))


def load_of(network: IntegerNetwork, spikes: Bool) -> SpikeLoad:
    """The spikes of each unit in a mean tick; none of the host."""
    mean, places = spikes.mean(axis=0), network.neuron_slices()
    return SpikeLoad(
        source="recorded",
        ticks=len(spikes),
        trials=1,
        populations=tuple(
            UnitSpikes(name=p.name, per_tick=tuple(mean[places[p.name]].reshape(p.units, -1).sum(axis=1).tolist()))
            for p in network.populations
        ),
        inputs=tuple(
            UnitSpikes(name=entry.name, per_tick=(0.0,) * network.population(entry.target).units)
            for entry in network.inputs
        ),
    )


def beside(program: ChipProgram, target: LoihiTarget, spikes: Bool) -> dict[str, Any]:
    """What SANA-FE counts and says of the same. Raises RuntimeError with what it printed where it fails."""
    python = peer_python("sanafe")
    if python is None:
        raise RuntimeError("SANA-FE is run on Python 3.11: name an interpreter that has it, NEUROCMC_SANAFE_PYTHON")
    network, places = program.network, program.network.neuron_slices()
    core = np.zeros(network.neurons, dtype=np.int64)
    for segment in program.segments:
        first = places[segment.population].start
        core[first + segment.start : first + segment.stop] = segment.core
    asked = {
        "core": _slots(program, target)[core].tolist(),
        "always": np.concatenate([(p.bias_mantissa != 0).ravel() for p in network.populations]).tolist(),
        "synapses": [end.tolist() for end in synapses(network)],
        "fires": [np.flatnonzero(row).tolist() for row in spikes],
    }
    done = subprocess.run(
        [python, "-W", "ignore", CHILD], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def _slots(program: ChipProgram, target: LoihiTarget) -> np.ndarray:
    """(cores,) the core of SANA-FE's chip where each of ours stands; its tiles are counted column by column."""
    seen: dict[int, int] = {}
    found: list[int] = []
    for place in program.places:
        assert place.chip == program.places[0].chip
        tile = place.x * target.limits.tile_rows + place.y
        found.append(target.limits.cores_per_tile * tile + seen.get(tile, 0))
        seen[tile] = seen.get(tile, 0) + 1
    return np.array(found)


def synapses(network: IntegerNetwork) -> tuple[np.ndarray, np.ndarray]:
    """Source and target neuron of every synapse."""
    places = network.neuron_slices()
    ends: list[tuple[np.ndarray, np.ndarray]] = []
    for p in network.projections:
        row, column, _ = entries(p.mantissa)
        source, target = network.population(p.source).neurons, network.population(p.target).neurons
        sender = places[p.source].start + column[:, None, None] * source + np.arange(source)[:, None]
        reached = places[p.target].start + row[:, None, None] * target + np.arange(target)
        ends.append(tuple(end.ravel() for end in np.broadcast_arrays(sender, reached)))  # type: ignore[arg-type]
    return np.concatenate([end for end, _ in ends]), np.concatenate([end for _, end in ends])


def terms(ours: EnergyEstimate, theirs: dict[str, Any]) -> Iterator[Term]:
    """One term after the other; prices of SANA-FE's own are read from its description."""
    ticks, price = ours.ticks_per_presentation, prices(theirs["architecture"])
    mine = {term.operation: term for term in ours.terms}
    counts, energy = theirs["counts"], {name: 1e12 * joules for name, joules in theirs["energy_j"].items()}

    def count(*operations: str) -> float:
        return ticks * sum(mine[operation].count_per_tick or 0.0 for operation in operations)

    def cost(*operations: str) -> float:
        return ticks * sum(mine[operation].per_tick_pj or 0.0 for operation in operations)

    fired = counts["neurons_fired"] * price["energy_spike_out"]
    sent = counts["packets_sent"] * price["energy_message_out"]
    updates = ("neuron updates, active", "neuron updates, inactive")
    hops = ("hops east or west", "hops north or south")
    yield Term(name="neuron updates", ours=count(*updates), theirs=None, our_pj=cost(*updates),
               their_pj=energy["soma"] - fired)  # fmt: skip
    yield Term(name="of these, active", ours=count(updates[0]), theirs=counts["neurons_updated"],
               our_pj=cost(updates[0]), their_pj=counts["neurons_updated"]
               * (price["energy_access_neuron"] + price["energy_update_neuron"]))  # fmt: skip
    yield Term(name="spikes made", ours=None, theirs=counts["neurons_fired"], our_pj=0.0, their_pj=fired)
    synaptic = "synaptic operations"
    yield Term(name=synaptic, ours=count(synaptic), theirs=counts["spikes"], our_pj=cost(synaptic),
               their_pj=energy["synapse"])  # fmt: skip
    yield Term(name="dendrites", ours=None, theirs=None, our_pj=0.0, their_pj=energy["dendrite"])
    within = "spike messages, within a tile"
    yield Term(name="messages", ours=count(within), theirs=counts["packets_sent"], our_pj=cost(within), their_pj=sent)
    yield Term(
        name="hops", ours=count(*hops), theirs=None, our_pj=cost(*hops), their_pj=round(energy["network"] - sent, 3)
    )
    yield Term(name=TOTAL, ours=None, theirs=None, our_pj=ticks * (ours.dynamic_per_tick_pj or float("nan")),
               their_pj=energy["total"])  # fmt: skip


def prices(architecture: str) -> dict[str, float]:
    """Energies of the neurons and axons of a description, in pJ: the first of each name that is above 0."""
    found: dict[str, float] = {}
    for line in architecture.splitlines():
        name, _, value = line.strip().partition(": ")
        if name.startswith("energy_") and name not in found and float(value.split("#")[0]) > 0:
            found[name] = 1e12 * float(value.split("#")[0])
    return found


def table_of(rows: Sequence[Sequence[str]]) -> tuple[list[str], Rows]:
    """Headings and rows of the table: nJ of all ticks."""
    shown: Rows = []
    for circuit, neurons, cores, ticks, term, ours, theirs, our_pj, their_pj in rows:
        mine, other = float(our_pj), float(their_pj)
        ratio = f"{mine / other:.3g}" if mine and other else ""
        named = f"{circuit}, {int(neurons):,} neurons on {cores} cores, {ticks} ticks"
        counted = [f"{float(count):,.0f}" if count else "" for count in (ours, theirs)]
        shown.append([named, term, *counted, f"{mine / 1e3:,.1f}", f"{other / 1e3:,.1f}", ratio])
    return ["circuit", "term", "ours", "SANA-FE's", "ours [nJ]", "SANA-FE's [nJ]", "ratio"], shown


def read_table() -> list[list[str]]:
    """The rows of the saved table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def misses(rows: Sequence[Sequence[str]]) -> list[str]:
    """The circuits of which the totals are further apart than LIMIT, and by how much."""
    found: list[str] = []
    for circuit, *_, term, _ours, _theirs, our_pj, their_pj in rows:
        ratio = float(our_pj) / float(their_pj) if term == TOTAL else 1.0
        if not 1 / LIMIT <= ratio <= LIMIT:
            found.append(f"{circuit} (ours {ratio:.3g} of SANA-FE's)")
    return found


def told(rows: Sequence[Sequence[str]]) -> str:
    """The table for the page, and below it which totals are further apart than they should be."""
    far = misses(rows)
    line = f"Totals within {LIMIT:g} times: all."
    if far:
        line = f"*A miss*: totals should lie within {LIMIT:g} times of each other, and do not of {', '.join(far)}."
    return f"{as_markdown(*table_of(rows))}\n\n{line}"


def write_page() -> None:
    """Write the table into the page."""
    rewrite(PAGE, {NAME: told(read_table())})


if __name__ == "__main__":
    write_page() if sys.argv[1:] == ["page"] else run(Console(), ROOT / "build" / "bench", quick=False)
