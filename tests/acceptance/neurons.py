"""Networks that spike already, trained in other frameworks, on Loihi 1: docs/studies/neurons.csv.

`python -m tests.acceptance.neurons [--quick]` trains by the drivers of tests/frameworks (each once, kept below
build/frameworks), compiles with two synapses a weight and with one, runs every test digit on every level, and 50 of
them on Lava; then writes the table and its parts of docs/neurons-measured.md. --quick takes one seed and writes
nothing. Scales are chosen on training digits.
"""

import argparse
import csv
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import neurocmc
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.pipeline.neurons.artifact import NeuronArtifact
from neurocmc.pipeline.neurons.options import PLANES, Weights
from neurocmc.sim.neurons import decisions
from tests.acceptance.event_cnn import drawn_events, write_event_cnn
from tests.bench.output import rewrite
from tests.frameworks.runs import Record, differing, driven, record
from tests.lava_environment import lava_python

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "studies" / "neurons.csv"
PAGE = ROOT / "docs" / "neurons-measured.md"
SEEDS = (0, 1, 2)
ON_LAVA = 50  # test digits
TARGET = "loihi1"
EVENT_CNN = "CNN in N-MNIST's shape"
RECURRENT = {"hidden.lif": "hidden", "out": "output"}  # node -> its name in a record
CONVOLUTIONAL = {"1": "conv1", "4": "conv2", "7": "output"}
KEY = ("network", "seed", "weights")
TEXTS = (*KEY, "framework", "reset")
Row = dict[str, Any]
Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A network that a driver trains, and under which rules it is read."""

    network: str
    framework: str
    reset: str  # as the framework has it
    driver: tuple[str, ...]
    options: Mapping[str, Any]
    names: Mapping[str, str] = field(default_factory=lambda: RECURRENT)

    def folder(self, seed: int) -> Path:
        """What the driver has written, the default of its seed not said again."""
        return driven(*self.driver, *(("--seed", str(seed)) if seed else ()))


SNNTORCH, NORSE, SINABS = "snnTorch 1.0.0", "Norse 1.1.0", "sinabs 3.1.3"
CASES = (
    Case(
        network="snnTorch, zero",
        framework=SNNTORCH,
        reset="zero",
        driver=("snntorch_driver", "--reset", "zero"),
        options={"semantics": "snntorch-1", "reset": "zero"},
    ),
    Case(
        network="snnTorch, subtract",
        framework=SNNTORCH,
        reset="subtract",
        driver=("snntorch_driver", "--reset", "subtract"),
        options={"semantics": "snntorch-1", "reset": "subtract"},
    ),
    Case(
        network="snnTorch, fine-tuned",
        framework=SNNTORCH,
        reset="zero",
        driver=("snntorch_driver", "--fine-tune"),
        options={"semantics": "snntorch-1", "reset": "zero"},
    ),
    Case(
        network="Norse, zero",
        framework=NORSE,
        reset="zero",
        driver=("norse_driver",),
        options={"semantics": "norse", "dt_s": 1e-3},
    ),
    Case(
        network="sinabs, CNN",
        framework=SINABS,
        reset="subtract",
        driver=("sinabs_driver",),
        options={"semantics": "sinabs"},
        names=CONVOLUTIONAL,
    ),
)


# --- measuring ----------------------------------------------------------------------------------------------------


def measured(case: Case, seed: int, folder: Path, weights: tuple[Weights, ...] = ("two", "one")) -> Iterator[Row]:
    """Compiles what a driver trained, and judges all of its test digits on every level."""
    files = case.folder(seed)
    theirs = record(files / "record.npz")
    test, calibration = stimulus("digits", theirs), stimulus("training", calibrating())
    model = neurocmc.from_nir(files / "graph.nir", events=test, calibration=calibration, **case.options)
    for each in weights:
        artifact = neurocmc.compile(model, TARGET, folder / each, weights=each, figures=False)
        yield {
            "network": case.network,
            "seed": seed,
            "weights": each,
            "framework": case.framework,
            "reset": case.reset,
            **judged(artifact, theirs, case.names),
            **occupied(artifact),
            **on_lava(artifact),
        }


def judged(artifact: NeuronArtifact, theirs: Record, names: Mapping[str, str]) -> Row:
    """Accuracies on each level, decisions that agree between two, and the framework's spikes against our float."""
    given, labels = artifact.given, theirs["labels"]
    assert given is not None
    above = neurocmc.simulate(artifact, on="float")
    levels = {
        "framework": theirs["predictions"],
        "float": decided(given, above),
        "fitted": decided(given, neurocmc.simulate(artifact, on="fitted")),
        "chip": decided(given, neurocmc.simulate(artifact)),
    }
    row: Row = {
        "samples": len(labels),
        "spikes": int(sum(theirs[f"spikes/{name}"].sum(dtype=np.int64) for name in names.values())),
        "spikes_apart": sum(differing(above, theirs, dict(names)).values()),
    }
    for when in ("before", "swapped"):  # of a network trained with subtraction, then run with zero
        row[f"accuracy_{when}"] = theirs.get(f"accuracy_{when}")
    row |= {f"accuracy_{name}": (own == labels).mean() for name, own in levels.items()}
    for upper, lower in (("float", "chip"), ("fitted", "chip"), ("float", "fitted")):
        row[f"agree_{upper}_{lower}"] = (levels[upper] == levels[lower]).mean()
    return row


def occupied(artifact: NeuronArtifact) -> Row:
    """What it takes of the chip, and the energy of a trial in uJ, estimated from the calibration."""
    energy = artifact.budget.energy
    assert energy is not None
    return {
        "cores": artifact.built.cores_used,
        "neurons": sum(artifact.built.sizes.values()),
        "synapses": artifact.built.integer.synapse_count,
        "dynamic_uj": 1e-6 * energy.dynamic_per_presentation_pj,
        "static_uj": 1e-6 * energy.static_per_presentation_pj,
    }


def on_lava(artifact: NeuronArtifact) -> Row:
    """Spikes in which the emulator differs from the emitted program on stock Lava."""
    os.environ["NEUROCMC_LAVA_PYTHON"] = str(lava_python())
    ours, theirs = (neurocmc.simulate(artifact, on=level, samples=ON_LAVA) for level in ("emulator", "lava"))
    apart = sum(spikes.differing(theirs.spikes[name]).total for name, spikes in ours.spikes.items())
    return {"lava_samples": ours.batch, "lava_spikes": ours.total, "lava_apart": apart}


def measured_event_cnn(folder: Path, weights: tuple[Weights, ...] = ("two", "one")) -> Iterator[Row]:
    """Places the network with drawn weights, and holds the emulator against that of hand-made compartments."""
    path = folder / "event-cnn.nir"
    write_event_cnn(path)
    model = neurocmc.from_nir(path, semantics="sinabs", events=drawn_events())
    for each in weights:
        artifact = neurocmc.compile(model, TARGET, folder / "event-cnn", weights=each, figures=False)
        (edge,) = artifact.built.twin_edges(artifact.test)
        yield {
            "network": EVENT_CNN,
            "seed": 0,
            "weights": each,
            "framework": "none: weights are drawn",
            "reset": "subtract",
            "samples": artifact.test.batch,
            **occupied(artifact),
            "twin_spikes": neurocmc.simulate(artifact).total,
            "twin_apart": int(edge.value or 0),
        }


def stimulus(name: str, arrays: Record) -> EventStimulus:
    """The events of a record."""
    return EventStimulus.of_dense(name, arrays["input"], arrays["labels"])


def calibrating() -> Record:
    """Training digits, none of which is judged."""
    return record(driven("calibration_driver") / "calibration.npz")


def decided(network: NeuronNetwork, recording: NeuronRecording) -> Any:
    """(trials,) answers of the one readout."""
    (answers,) = decisions(network, recording).values()
    return answers


# --- the table ----------------------------------------------------------------------------------------------------


def expected() -> list[Key]:
    """The rows of the table, in their order."""
    trained = [(case.network, seed, weights) for case in CASES for seed in SEEDS for weights in ("two", "one")]
    return [*trained, *((EVENT_CNN, 0, weights) for weights in ("two", "one"))]


FIELDS = (
    *TEXTS,
    "samples",
    "spikes",
    "spikes_apart",
    "accuracy_before",
    "accuracy_swapped",
    "accuracy_framework",
    "accuracy_float",
    "accuracy_fitted",
    "accuracy_chip",
    "agree_float_chip",
    "agree_fitted_chip",
    "agree_float_fitted",
    "cores",
    "neurons",
    "synapses",
    "dynamic_uj",
    "static_uj",
    "lava_samples",
    "lava_spikes",
    "lava_apart",
    "twin_spikes",
    "twin_apart",
)


def told(row: Row) -> dict[str, str]:
    """The row as it stands in the file: nothing where nothing was measured."""
    found = {name: row.get(name) for name in FIELDS}
    return {
        name: "" if value is None else str(value) if name in TEXTS else f"{float(value):.9g}"
        for name, value in found.items()
    }


def write(rows: list[Row]) -> None:
    """Write the table."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, FIELDS, lineterminator="\n")
        out.writeheader()
        out.writerows(told(row) for row in rows)


def read() -> dict[Key, Row]:
    """Network, seed, weights -> the row; what was not measured is left out of it."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        found = [
            {name: value if name in TEXTS else float(value) for name, value in line.items() if value}
            for line in csv.DictReader(file)
        ]
    return {(row["network"], int(row["seed"]), row["weights"]): row for row in found}


def rows_of(network: str, weights: Weights) -> list[Row]:
    """Of every seed."""
    return [row for (name, _, given), row in read().items() if (name, given) == (network, weights)]


def main() -> None:
    """Measure row by row, print each, and write table and page unless only a quick look was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.neurons", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed; nothing is written")
    quick = parser.parse_args().quick
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for row in _all_rows(Path(folder), SEEDS[:1] if quick else SEEDS):
            print({name: value for name, value in told(row).items() if value}, flush=True)
            rows.append(row)
    if not quick:
        write(rows)


def _all_rows(folder: Path, seeds: tuple[int, ...]) -> Iterator[Row]:
    for case in CASES:
        for seed in seeds:
            yield from measured(case, seed, folder)
    yield from measured_event_cnn(folder)


if __name__ == "__main__":
    main()
