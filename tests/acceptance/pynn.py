"""Circuits on NEST and on PyNN's Brian2, spike by spike beside our own Brian2: docs/studies/pynn.csv.

`python -m tests.acceptance.pynn [NAME ...]` compiles the rows whose circuit begins with a NAME or whose simulator it
is, or all, exports them as users do, runs the programs in the environment of PyNN, and writes the table and its part
of docs/pynn.md. Rows that are not named stay as they were.
"""

import csv
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.backends.brian2.emit import stimulus_arrays
from neurocmc.common.files import write_npz
from neurocmc.ir.recording import Recording
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.exports.export import export
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.brian2_equations import Names
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.verification.metrics import decisions, nrmse
from tests.backends.pynn_running import Arrays, differing, ran, spikes
from tests.bench.output import rewrite
from tests.made.tables import TableRow, rows_of

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "studies" / "pynn.csv"
PAGE = ROOT / "docs" / "pynn.md"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A circuit with so many neurons per unit, so many trials of a stimulus, and the simulator that runs them."""

    circuit: str
    model: str
    stimulus: str
    trials: int
    neurons: int
    simulator: str

    @property
    def key(self) -> tuple[str, str]:
        return self.circuit, self.simulator


DIGITS = {"circuit": "swta-digits", "model": "models/swta-digits.circuit.npz", "stimulus": "digits-test"}
CASES = (
    Case(**DIGITS, trials=500, neurons=64, simulator="nest"),
    Case(
        circuit="context-integration",
        model="models/context-integration.circuit.npz",
        stimulus="delay-1-tau",
        trials=40,
        neurons=64,
        simulator="nest",
    ),
    Case(
        circuit="working-memory",
        model="models/working-memory.yaml",
        stimulus="cue",
        trials=1,
        neurons=64,
        simulator="nest",
    ),
    Case(circuit="two-state", model="models/two-state.yaml", stimulus="tour", trials=1, neurons=64, simulator="nest"),
    Case(**DIGITS, trials=40, neurons=4, simulator="brian2"),
)


def measured(case: Case, folder: Path) -> Row:
    """Compiles, exports and runs a case, and holds it beside our own simulation."""
    options = CompileOptions(code="rate", neurons=case.neurons, figures=False)
    artifact = compile_model(load(ROOT / case.model), "brian2", folder / "build", options)
    export(artifact, "pynn", folder / "program")
    network = artifact.spiking
    stimulus = artifact.stimuli.by_name()[case.stimulus].take(slice(case.trials))
    arrays = stimulus_arrays(stimulus, Names.of(network), network.tick_s)
    write_npz(folder / "chosen.npz", arrays)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    theirs = ran(folder / "program", "--simulator", case.simulator, "--stimulus", folder / "chosen.npz")
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    ours = simulate_brian2(network, stimulus, record_spikes=True)
    other = _recording(artifact, ours, theirs)
    return {
        "circuit": case.circuit,
        "simulator": case.simulator,
        "stimulus": case.stimulus,
        "trials": stimulus.batch,
        "neurons": network.neurons,
        "spikes": spikes(theirs),
        "differing": differing(network, ours, theirs),
        "nrmse": f"{max(nrmse(ours.activity, other.activity).values()):.6g}",
        "agree": _agreement(artifact, ours, other),
        "seconds": round(seconds),
    }


def _recording(artifact: Artifact, ours: Recording, theirs: Arrays) -> Recording:
    names = Names.of(artifact.spiking).population
    return replace(ours, activity={name: theirs[f"cells_{names[name]}.activity"] for name in ours.activity})


def _agreement(artifact: Artifact, ours: Recording, other: Recording) -> str:
    """The share of trials with the same decision; nothing where the circuit decides nothing."""
    deciding = [readout for readout in artifact.spiking.readouts if readout.kind == "winner"]
    shares = [float(np.mean(decisions(ours, readout) == decisions(other, readout))) for readout in deciding]
    return f"{min(shares):.6g}" if shares else ""


def markdown(rows: list[TableRow]) -> str:
    """The table for people."""
    lines = [
        "| circuit | on | trials | neurons | spikes | different | NRMSE [%] | same decisions [%] | time [s] |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        agree = f"{100 * float(row['agree']):.3g}" if row["agree"] else ""
        cells = (
            row["circuit"],
            {"nest": "NEST", "brian2": "PyNN's Brian2"}[row["simulator"]],
            row["trials"],
            f"{int(row['neurons']):,}",
            f"{int(row['spikes']):,}",
            row["differing"],
            f"{100 * float(row['nrmse']):.3g}",
            agree,
            row["seconds"],
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(names: list[str]) -> None:
    """Measure and write, case by case."""
    found: dict[tuple[str, str], Row] = {}
    if TABLE.exists():
        found = {(row["circuit"], row["simulator"]): dict(row) for row in rows_of(TABLE)}
    for case in _chosen(names):
        with tempfile.TemporaryDirectory() as folder:
            found[case.key] = measured(case, Path(folder))
        print(found[case.key], flush=True)
        kept = [found[each.key] for each in CASES if each.key in found]
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, list(kept[0]), lineterminator="\n")
            out.writeheader()
            out.writerows(kept)
    rewrite(PAGE, {"pynn": markdown(rows_of(TABLE))})


def _chosen(names: list[str]) -> Iterator[Case]:
    for case in CASES:
        if not names or any(case.circuit.startswith(name) or name == case.simulator for name in names):
            yield case


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(sys.argv[1:])
