"""The cores that circuits take of a Loihi: `python -m tests.acceptance.cores` writes docs/studies/cores.csv.

Beside what the compiler finds stand the bounds, axons of each neuron's own, shared axons in the order of the file,
and what two partitioners need that others keep (in an environment of their own, which is made).
"""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import neurocmc
from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.rate import RateCircuit, RateInput, RateProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.loihi.placing.bounds import lower_bounds
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.division import Division
from neurocmc.passes.loihi.placing.fibres import Held
from neurocmc.passes.loihi.placing.fitting import fill, overfull
from neurocmc.passes.loihi.placing.in_order import fill_in
from neurocmc.passes.loihi.placing.wiring import wiring_of
from neurocmc.pipeline.chips.loihi import LoihiBuilt
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import LoihiTarget
from tests.bench.output import rewrite
from tests.lava_environment import peer_python
from tests.made.circuits import population
from tests.made.targets import loihi

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "studies" / "cores.csv"
CHILD = Path(__file__).parent / "partitioners_child.py"
PAGE = ROOT / "docs" / "loihi.md"
NAME = "cores"  # of the table on the page
FIELDS = ("circuit", "neurons", "quantity", "value")
PLENTY = 1024  # cores, so that what is too large for one chip is counted as well
PARTITIONED = ("random sparse, 400 units of fan-in 10", "cmc-v1v3", "cmc of 60 columns")
Row = tuple[str, int, str, float]
Trials = tuple[Stimulus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A circuit, and the sizes of its pools."""

    name: str
    made: Callable[[], tuple[RateCircuit, Trials]]
    neurons: tuple[int, ...] = (64,)


def main() -> None:
    """Measure everything and write the table, as it comes."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(FIELDS)
        for case in CASES:
            for neurons in case.neurons:
                for *what, value in measured(case, neurons):
                    print(*what, f"{value:g}", flush=True)
                    rows.writerow([*what, f"{value:g}"])
    write_page()


def measured(case: Case, neurons: int) -> Iterator[Row]:
    """Cores of one circuit at one size, by every way of placing it."""
    circuit, trials = case.made()
    target = loihi(cores_per_chip=PLENTY)
    demand = demand_of(circuit, trials, target, neurons)
    for bound in lower_bounds(demand):
        yield case.name, neurons, f"bound by {bound.resource}", bound.cores
    yield case.name, neurons, "cores", len(fill(demand).held_by_core)
    in_order = fill_in(demand, "in sequence")
    yield case.name, neurons, "cores in the file's order", len(in_order.held_by_core)
    yield case.name, neurons, "overfull in the file's order", len(overfull(demand, in_order))
    try:
        own = fill(demand_of(circuit, trials, target.with_own_axons, neurons))
        yield case.name, neurons, "cores with own axons", len(own.held_by_core)
    except InfeasibleError:
        yield case.name, neurons, "cores with own axons", float("nan")
    if case.name in PARTITIONED and neurons == 64:
        for by in ("kahypar", "metis"):
            yield case.name, neurons, f"cores by {by}", partitioned(by, demand)


def demand_of(circuit: RateCircuit, trials: Trials, target: LoihiTarget, neurons: int) -> Demand:
    """What the circuit asks of cores, from its integers."""
    built = lower(circuit, trials, target, CompileOptions(neurons=neurons)).built
    assert isinstance(built, LoihiBuilt)
    return Demand.of(wiring_of(built.integer), target.limits)


def partitioned(by: str, demand: Demand, more: float = 0.0) -> float:
    """The fewest parts of a partitioner in which no core is beyond a limit; nan where there is none up to PLENTY.

    From try to try there is a part more, or `more` of them as a share.
    """
    python = peer_python("partitioners")
    assert python is not None
    targets = [reached.tolist() for k, reached in enumerate(demand.targets) if demand.senders[k]]
    size, units = max(demand.sizes), len(demand.sizes)
    most = demand.limits.compartments_per_core // size
    parts = max(bound.cores for bound in lower_bounds(demand)) - 1
    while (parts := max(parts + 1, int((1.0 + more) * parts))) < PLENTY:
        asked = {"by": by, "targets": targets, "units": units, "parts": parts, "most": most}
        told = subprocess.run(
            [python, "-W", "ignore", CHILD], input=json.dumps(asked), capture_output=True, text=True, check=True
        )
        held: list[Held] = [{} for _ in range(parts)]
        for unit, part in enumerate(json.loads(told.stdout)):
            held[part][unit] = demand.sizes[unit]
        if not Division(demand, held).excess and all(demand.fits(core) for core in held):
            return parts
    return float("nan")


def bundled(name: str) -> Callable[[], tuple[RateCircuit, Trials]]:
    """A model that ships."""

    def made() -> tuple[RateCircuit, Trials]:
        model = neurocmc.load(ROOT / name)
        return model.circuit, model.read_stimuli().calibration

    return made


def microcircuits(columns: int) -> Callable[[], tuple[RateCircuit, Trials]]:
    """Three regions of so many columns, as training begins: weights of seed 0."""

    def made() -> tuple[RateCircuit, Trials]:
        import torch
        import yaml

        from neurocmc.circuits.cmc.model import CmcModel
        from neurocmc.circuits.cmc.recipe import CmcRecipe
        from neurocmc.frontends.cmc_circuit import cmc_circuit

        fields = yaml.safe_load((ROOT / "models" / "cmc-v1v3.yaml").read_text(encoding="utf-8"))
        fields["circuit"]["columns"] = columns
        recipe = CmcRecipe.model_validate(fields, strict=False)
        torch.manual_seed(0)
        model = CmcModel(recipe)
        circuit = cmc_circuit(model.circuit, model.readout, recipe, "0" * 64, ())
        drive = np.random.default_rng(0).normal(size=(4, 5, columns))
        return circuit, (trials("drive", drive, 60 * circuit.dt_s),)

    return made


def recurrent(units: int, fan_in: int = 0) -> Callable[[], tuple[RateCircuit, Trials]]:
    """A population of sigmoid units, all to all or of so many sources drawn for each, with three inputs."""

    def made() -> tuple[RateCircuit, Trials]:
        rng = np.random.default_rng(0)
        weight = rng.normal(size=(units, units)) / np.sqrt(fan_in or units)
        if fan_in:
            drawn = [rng.choice(units, fan_in, replace=False) for _ in range(units)]
            kept = np.zeros((units, units), dtype=np.bool_)
            kept[np.repeat(np.arange(units), fan_in), np.concatenate(drawn)] = True
            weight *= kept
        circuit = RateCircuit(
            name="recurrent",
            dt_s=1e-3,
            populations=(population("h", units, "sigmoid", saturation=1.0),),
            projections=(RateProjection(name="h->h", source="h", target="h", weight=weight, tau_s=0.02),),
            inputs=(RateInput(name="x", target="h", weight=rng.normal(size=(units, 3)), tau_s=0.02),),
            readouts=(),
            origin_sha256="",
        )
        return circuit, (trials("x", rng.normal(size=(3, 4, 3)), 0.2),)

    return made


def trials(name: str, values: np.ndarray, duration_s: float) -> Stimulus:
    """Values (trials, steps, channels) one after the other, evenly."""
    steps = values.shape[1]
    return Stimulus(
        name="made",
        duration_s=duration_s,
        edges_s=np.arange(steps) * duration_s / steps,
        values={name: values},
        labels=np.full(len(values), -1),
    )


CASES: Sequence[Case] = (
    *(
        Case(name=Path(name).stem.removesuffix(".circuit"), made=bundled(name), neurons=sizes)
        for name, sizes in (
            ("models/swta-digits.circuit.npz", (64,)),
            ("models/cmc-v1v3.circuit.npz", (32, 64)),
            ("models/context-integration.circuit.npz", (64,)),
            ("models/delayed-match.circuit.npz", (64,)),
            ("models/two-state.yaml", (64,)),
            ("models/turnstile.yaml", (64,)),
            ("models/automaton.yaml", (64,)),
            ("models/sequence.yaml", (64,)),
            ("models/working-memory.yaml", (64,)),
            ("models/context-decision.yaml", (64,)),
            ("models/memory-items.yaml", (64,)),
            ("models/interneurons.yaml", (64,)),
        )
    ),
    Case(name="cmc of 60 columns", made=microcircuits(60)),
    Case(name="cmc of 100 columns", made=microcircuits(100)),
    Case(name="dense, 50 units", made=recurrent(50), neurons=(64, 81)),
    Case(name="dense, 64 units", made=recurrent(64), neurons=(32, 64)),
    Case(name="dense, 100 units", made=recurrent(100), neurons=(40,)),
    Case(name="dense, 200 units", made=recurrent(200), neurons=(20,)),
    Case(name="dense, 400 units", made=recurrent(400), neurons=(10,)),
    Case(name="random sparse, 400 units of fan-in 10", made=recurrent(400, 10)),
)


COLUMNS = (
    ("neurons per unit", "neurons"),
    ("cores", "cores"),
    ("bound by compartments", "bound by compartments"),
    ("by synapse memory", "bound by synapse_bits"),
    ("by out-axons", "bound by out_axons"),
    ("in the file's order", "cores in the file's order"),
    ("own axons", "cores with own axons"),
    ("KaHyPar", "cores by kahypar"),
    ("METIS", "cores by metis"),
)


def bound_of(found: dict[str, float]) -> float:
    """The cores that any placement needs."""
    return max(value for name, value in found.items() if name.startswith("bound"))


def markdown() -> str:
    """The table of docs/loihi.md."""
    lines = [f"| circuit | {' | '.join(title for title, _ in COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for (circuit, neurons), found in read().items():
        values = {**found, "neurons": neurons}
        if found["overfull in the file's order"]:
            values["cores in the file's order"] = float("nan")
        cells = [_cell(values.get(name)) for _, name in COLUMNS]
        lines.append(f"| {circuit} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    """A whole number; a dash where it was not asked for, "none" where no placement was found."""
    if value is None:
        return "-"
    return "none" if value != value else f"{value:,.0f}"


def write_page() -> None:
    """Put the table on its page."""
    rewrite(PAGE, {NAME: markdown()})


def read(path: Path = TABLE) -> dict[tuple[str, int], dict[str, float]]:
    """A table of quantities: circuit and neurons (a unit) -> quantity -> value."""
    found: dict[tuple[str, int], dict[str, float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault((row["circuit"], int(row["neurons"])), {})[row["quantity"]] = float(row["value"])
    return found


if __name__ == "__main__":
    sys.exit(main())
