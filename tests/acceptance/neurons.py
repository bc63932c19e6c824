"""Networks that spike already, trained in other frameworks, on Loihi 1: docs/studies/neurons.csv.

`python -m tests.acceptance.neurons [--quick] [NAME ...]` trains by the drivers of tests/frameworks (each once, kept
below build/frameworks), compiles with two synapses a weight and with one, runs every test digit on every level and
50 of them on Lava; then writes the table and its parts of docs/neurons-measured.md. NAMEs measure the networks that
begin so, and leave the rest as it was. --quick takes one seed and writes nothing. Scales are chosen on training
digits.
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
from neurocmc.pipeline.chips.loihi_neurons import LoihiNeurons
from neurocmc.pipeline.neurons.artifact import NeuronArtifact
from neurocmc.pipeline.neurons.compile import compile_neurons
from neurocmc.pipeline.neurons.model import NeuronModel
from neurocmc.pipeline.neurons.options import NeuronOptions, Weights
from neurocmc.pipeline.neurons.simulate import simulate_network
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
FINE_TUNED = (8, 16, 30)  # epochs
TARGET = "loihi1"
EVENT_CNN = "CNN in N-MNIST's shape"
RECURRENT = {"hidden.lif": "hidden", "out": "output"}  # node -> its name in a record
CONVOLUTIONAL = {"1": "conv1", "4": "conv2", "7": "output"}
WEIGHTS: tuple[Weights, ...] = ("two", "one")
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
    *(
        Case(
            network=f"snnTorch, fine-tuned for {epochs} epochs",
            framework=SNNTORCH,
            reset="zero",
            driver=("snntorch_driver", "--fine-tune", "--fine-tune-epochs", str(epochs)),
            options={"semantics": "snntorch-1", "reset": "zero"},
        )
        for epochs in FINE_TUNED
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


def measured(
    case: Case, seed: int, folder: Path, weights: tuple[Weights, ...] = WEIGHTS, *, lava: bool = True
) -> Iterator[Row]:
    """Compiles what a driver trained, and judges all of its test digits on every level, some on Lava."""
    files = case.folder(seed)
    theirs = record(files / "record.npz")
    test, calibration = stimulus("digits", theirs), stimulus("training", calibrating())
    model = neurocmc.from_nir(files / "graph.nir", events=test, calibration=calibration, **case.options)
    for each in weights:
        artifact = compiled(model, folder / each, each)
        yield {
            "network": case.network,
            "seed": seed,
            "weights": each,
            "framework": case.framework,
            "reset": case.reset,
            **judged(artifact, theirs, case.names),
            **occupied(artifact),
            **(on_lava(artifact) if lava else {}),
        }


def compiled(model: NeuronModel, folder: Path, weights: Weights) -> NeuronArtifact:
    """The model on the chip."""
    return compile_neurons(model, TARGET, folder, NeuronOptions(weights=weights, figures=False))


def judged(artifact: NeuronArtifact, theirs: Record, names: Mapping[str, str]) -> Row:
    """Accuracies on each level, decisions that agree between two, and the framework's spikes against our float."""
    given, labels = artifact.given, theirs["labels"]
    assert given is not None
    above = simulate_network(artifact, on="float")
    levels = {
        "framework": theirs["predictions"],
        "float": decided(given, above),
        "fitted": decided(given, simulate_network(artifact, on="fitted")),
        "chip": decided(given, simulate_network(artifact)),
    }
    row: Row = {
        "samples": len(labels),
        "spikes": int(sum(theirs[f"spikes/{name}"].sum(dtype=np.int64) for name in names.values())),
        "spikes_apart": sum(differing(above, theirs, dict(names)).values()),
    }
    for name in (
        "accuracy_before",
        "accuracy_swapped",
        "fine_tuning_s",
    ):  # where it was trained with subtraction first
        row[name] = theirs.get(name)
    row |= {f"accuracy_{name}": (own == labels).mean() for name, own in levels.items()}
    for upper, lower in (("float", "chip"), ("fitted", "chip"), ("float", "fitted")):
        row[f"agree_{upper}_{lower}"] = (levels[upper] == levels[lower]).mean()
    return row


def occupied(artifact: NeuronArtifact) -> Row:
    """What it takes of the chip, and the energy of a trial in uJ, estimated from the calibration."""
    energy = artifact.budget.energy
    assert energy is not None
    assert isinstance(artifact.built, LoihiNeurons)
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
    ours, theirs = (simulate_network(artifact, on=level, samples=ON_LAVA) for level in ("emulator", "lava"))
    apart = sum(spikes.differing(theirs.spikes[name]).total for name, spikes in ours.spikes.items())
    return {"lava_samples": ours.batch, "lava_spikes": ours.total, "lava_apart": apart}


def measured_event_cnn(folder: Path, weights: tuple[Weights, ...] = WEIGHTS) -> Iterator[Row]:
    """Places the network with drawn weights, and holds the emulator against that of hand-made compartments."""
    path = folder / "event-cnn.nir"
    write_event_cnn(path)
    model = neurocmc.from_nir(path, semantics="sinabs", events=drawn_events())
    for each in weights:
        artifact = compiled(model, folder / "event-cnn", each)
        (edge,) = artifact.built.twin_edges(artifact.test)
        yield {
            "network": EVENT_CNN,
            "seed": 0,
            "weights": each,
            "framework": "none: weights are drawn",
            "reset": "subtract",
            "samples": artifact.test.batch,
            **occupied(artifact),
            "twin_spikes": simulate_network(artifact).total,
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
    trained = [(case.network, seed, weights) for case in CASES for seed in SEEDS for weights in WEIGHTS]
    return [*trained, *((EVENT_CNN, 0, weights) for weights in WEIGHTS)]


FIELDS = (
    *TEXTS,
    "samples",
    "spikes",
    "spikes_apart",
    "accuracy_before",
    "accuracy_swapped",
    "fine_tuning_s",
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


# --- the page -----------------------------------------------------------------------------------------------------


def markdown_decisions() -> str:
    """What is decided on each level, over the seeds."""
    lines = [
        "| network | weights | spikes in which float differs from the framework "
        "| accuracy: framework | fitted | chip | "
        "float ~ chip agree, worst (mean) | fitted ~ chip agree, worst (mean) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case, weights, rows in _grouped():
        cells = (
            case.network,
            weights,
            f"{_sum(rows, 'spikes_apart')} of {_sum(rows, 'spikes')}",
            *(f"{_mean(rows, f'accuracy_{level}')} %" for level in ("framework", "fitted", "chip")),
            *(
                f"{_worst(rows, name)} % ({_mean(rows, name, 2)})"
                for name in ("agree_float_chip", "agree_fitted_chip")
            ),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def markdown_chip() -> str:
    """The resources of the networks on the chip, and whether Lava does the same."""
    lines = [
        "| network | weights | cores | neurons | synapses | energy, µJ per trial "
        "| spikes in which emulator and Lava differ |",
        "|---|---|---|---|---|---|---|",
    ]
    for case, weights, rows in _grouped():
        energy = [row["dynamic_uj"] for row in rows]
        cells = (
            case.network,
            weights,
            *(_range([row[name] for row in rows]) for name in ("cores", "neurons", "synapses")),
            f"{min(energy):.2f} to {max(energy):.2f}",
            f"{_sum(rows, 'lava_apart')} of {_sum(rows, 'lava_spikes')}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def markdown_fine_tuning() -> str:
    """What a network trained with subtraction loses by the chip's reset, and what training on gives back."""
    compiled = rows_of("snnTorch, subtract", "two")
    trained = rows_of("snnTorch, zero", "two")
    lines = [
        "| network | seed 0 | seed 1 | seed 2 | mean |",
        "|---|---|---|---|---|",
        _line("trained with subtraction, in snnTorch", compiled, "accuracy_framework"),
        _line("the same compiled as it is, on the chip", compiled, "accuracy_chip"),
        _line("run in snnTorch with its reset to zero", rows_of(_tuned(FINE_TUNED[0]), "two"), "accuracy_swapped"),
        *(
            _line(
                f"and trained on for {epochs} epochs ({_seconds(_tuned(epochs))} s)",
                rows_of(_tuned(epochs), "two"),
                "accuracy_framework",
            )
            for epochs in FINE_TUNED
        ),
        *(
            _line(f"and compiled, on the chip ({epochs} epochs)", rows_of(_tuned(epochs), "two"), "accuracy_chip")
            for epochs in FINE_TUNED
        ),
        _line("trained with the reset to zero from the start, on the chip", trained, "accuracy_chip"),
    ]
    return "\n".join(lines)


def markdown_event_cnn() -> str:
    """Cores of the large network, and its twin."""
    lines = [
        "| weights | cores | neurons | synapses | energy, µJ per trial | spikes in which emulator and twin differ |",
        "|---|---|---|---|---|---|",
    ]
    for (network, _, weights), row in read().items():
        if network == EVENT_CNN:
            twin = f"{row['twin_apart']:.0f} of {row['twin_spikes']:,.0f}"
            counts = (f"{row[name]:,.0f}" for name in ("cores", "neurons", "synapses"))
            cells = (weights, *counts, f"{row['dynamic_uj']:.1f}", twin)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


TABLES = {
    "decisions": markdown_decisions,
    "chip": markdown_chip,
    "fine-tuning": markdown_fine_tuning,
    "event cnn": markdown_event_cnn,
}


def write_page() -> None:
    """Put the tables on their page."""
    rewrite(PAGE, {name: table() for name, table in TABLES.items()})


def _tuned(epochs: int) -> str:
    return f"snnTorch, fine-tuned for {epochs} epochs"


def _grouped() -> Iterator[tuple[Case, Weights, list[Row]]]:
    """The rows of all seeds of each network and choice of weights."""
    for case in CASES:
        for weights in WEIGHTS:
            yield case, weights, rows_of(case.network, weights)


def _line(name: str, rows: list[Row], column: str) -> str:
    cells = (*(f"{100 * row[column]:.1f} %" for row in rows), f"{_mean(rows, column, 2)} %")
    return f"| {name} | {' | '.join(cells)} |"


def _seconds(network: str) -> str:
    """The mean time that fine-tuning took of a processor."""
    rows = rows_of(network, "two")
    return f"{sum(row['fine_tuning_s'] for row in rows) / len(rows):.0f}"


def _sum(rows: list[Row], name: str) -> str:
    return f"{sum(row[name] for row in rows):,.0f}"


def _mean(rows: list[Row], name: str, digits: int = 1) -> str:
    """Of shares, in percent."""
    return f"{100 * sum(row[name] for row in rows) / len(rows):.{digits}f}"


def _worst(rows: list[Row], name: str) -> str:
    return f"{100 * min(row[name] for row in rows):.1f}"


def _range(values: list[float]) -> str:
    low, high = f"{min(values):,.0f}", f"{max(values):,.0f}"
    return low if low == high else f"{low} to {high}"


# --- the command --------------------------------------------------------------------------------------------------


def main() -> None:
    """Measure row by row, print each, and write table and page unless only a quick look was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.neurons", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed; nothing is written")
    parser.add_argument("names", nargs="*", metavar="NAME", help="how the name of a network begins (default: all)")
    asked = parser.parse_args()
    rows = {} if asked.quick or not TABLE.is_file() else read()
    with tempfile.TemporaryDirectory() as folder:
        for row in _all_rows(Path(folder), tuple(asked.names), SEEDS[:1] if asked.quick else SEEDS):
            print({name: value for name, value in told(row).items() if value}, flush=True)
            rows[row["network"], row["seed"], row["weights"]] = row
    if not asked.quick:
        write([rows[key] for key in expected() if key in rows])
        write_page()


def _all_rows(folder: Path, names: tuple[str, ...], seeds: tuple[int, ...]) -> Iterator[Row]:
    for case in CASES:
        for seed in seeds:
            if not names or case.network.startswith(names):
                yield from measured(case, seed, folder)
    if not names or EVENT_CNN.startswith(names):
        yield from measured_event_cnn(folder)


if __name__ == "__main__":
    main()
