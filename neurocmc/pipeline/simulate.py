"""Simulate: one artifact on one of its interpreters, under one of its stimuli or the user's own."""

from collections.abc import Iterable
from functools import partial
from math import inf
from pathlib import Path
from typing import Literal, assert_never

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.ir.integer import IntegerNetwork
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.store import load_stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.lower import Progress
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi import simulate_emulator
from neurocmc.sim.rate import simulate_rate

Interpreter = Literal["rate", "brian2", "emulator"]
Codegen = Literal["numpy", "cython", "cpp_standalone"]
MAX_SPIKE_CELLS = 2_000_000_000  # trials x ticks x neurons of a raster held in memory


def simulate(
    artifact: Artifact,
    on: Interpreter,
    stimulus: str | Path | Stimulus | None = None,
    duration_s: float | None = None,
    *,
    record_spikes: bool = True,
    codegen: Codegen = "numpy",
    progress: Progress | None = None,
) -> Recording:
    """Run a compiled circuit on the rate interpreter, on Brian2 or on the chip's emulator.

    `stimulus` is a stimulus, the name of one the artifact holds (default: its first for testing), or an .npz file;
    `duration_s` cuts or prolongs it. Returns decoded activity per population and, but for "rate", every spike. Raises
    InputError where the stimulus does not fit, or the target has no emulator.
    """
    chosen = find_stimulus(artifact, stimulus)
    if duration_s is not None:
        if not artifact.circuit.dt_s <= duration_s < inf:
            what = f"{duration_s:g} s is not a time of at least one tick"
            raise InputError(Problem("--duration", what, "give a finite time in s"))
        chosen = chosen.lasting(duration_s)
    raise_input_problems(chosen.size_problems(artifact.circuit.dt_s, artifact.circuit.units))
    if record_spikes and on != "rate":
        _check_raster(artifact, chosen)
    match on:
        case "rate":
            return simulate_rate(artifact.circuit, chosen)
        case "brian2":
            return simulate_brian2(
                artifact.spiking,
                chosen,
                record_spikes=record_spikes,
                codegen=codegen,
                progress=partial(progress, "brian2") if progress else None,
            )
        case "emulator":
            return simulate_emulator(integer_of(artifact), chosen, record_spikes=record_spikes)
        case other:
            assert_never(other)


def find_stimulus(artifact: Artifact, stimulus: str | Path | Stimulus | None) -> Stimulus:
    """A stimulus by name or from a file, checked against the circuit's inputs. Raises InputError."""
    if isinstance(stimulus, Stimulus):
        raise_input_problems(stimulus.problems(artifact.circuit.inputs))
        return stimulus
    named = artifact.stimuli.by_name()
    if stimulus is None:
        return artifact.stimuli.test[0] if artifact.stimuli.test else artifact.stimuli.calibration[0]
    if str(stimulus) in named:
        return named[str(stimulus)]
    path = Path(stimulus)
    if path.suffix != ".npz":
        raise InputError(
            Problem(
                "--stimulus",
                f"the artifact holds no stimulus {str(stimulus)!r}",
                f"its stimuli are: {', '.join(named)}; or give an .npz file",
            )
        )
    loaded = load_stimulus(path)
    raise_input_problems([*loaded.problems(artifact.circuit.inputs), *_label_problems(artifact, loaded)])
    return loaded


def _label_problems(artifact: Artifact, stimulus: Stimulus) -> Iterable[Problem]:
    """A label that names no unit would count as a wrong answer for ever."""
    for readout in artifact.circuit.readouts:
        units = artifact.circuit.population(readout.population).size
        highest = int(stimulus.labels.max(initial=-1))
        if readout.kind == "winner" and highest >= units:
            what = f"label {highest} is beyond the {units} units of readout {readout.name}"
            yield Problem(f"stimulus {stimulus.name}", what, f"labels are 0 to {units - 1}, or -1 for none")


def integer_of(artifact: Artifact) -> IntegerNetwork:
    """The integer network. Raises InputError where the target has none."""
    if artifact.integer is None:
        raise InputError(
            Problem(
                str(artifact.directory),
                f"target {artifact.target.name} computes in real numbers: it has no emulator",
                "use --on brian2, or compile for a chip (--target loihi1)",
            )
        )
    return artifact.integer


def _check_raster(artifact: Artifact, stimulus: Stimulus) -> None:
    cells = stimulus.batch * stimulus.ticks(artifact.circuit.dt_s) * artifact.spiking.neurons
    if cells > MAX_SPIKE_CELLS:
        raise InputError(
            Problem(
                f"stimulus {stimulus.name}",
                f"{stimulus.batch} trials of {stimulus.duration_s:g} s on {artifact.spiking.neurons:,} neurons make "
                f"a raster of {cells:,} cells, limit {MAX_SPIKE_CELLS:,}",
                "shorten it (--duration), or give a stimulus of fewer trials",
            )
        )
