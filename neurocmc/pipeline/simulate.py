"""Runs an artifact on one of its interpreters, under one of its stimuli or the user's own."""

from collections.abc import Iterable
from functools import partial
from math import inf
from pathlib import Path
from typing import Literal, assert_never

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.names import did_you_mean
from neurocmc.common.progress import DONE, Progress, rising
from neurocmc.common.ticks import not_whole
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.store import load_stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.built import Built, ProgramRun
from neurocmc.pipeline.chips.lava import TIME_LIMIT_S, check_lava_python
from neurocmc.pipeline.program import emitted_again
from neurocmc.pipeline.staging import restored
from neurocmc.sim.rate import simulate_rate

Interpreter = Literal["rate", "staged", "brian2", "emulator", "lava"]
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
    samples: int | None = None,
    observe_ms: float | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    progress: Progress | None = None,
) -> Recording:
    """Runs a compiled circuit on the rate interpreter, on Brian2, on the chip's emulator, or its program on Lava.

    Args:
        artifact: The artifact.
        on: "rate" runs the model's own circuit, "staged" what it was rewritten to for pools of neurons, "lava" the
            emitted program in the interpreter of `chips.lava.find_lava_python`.
        stimulus: A stimulus, the name of one that the artifact holds, or an .npz file. None takes its first for
            testing.
        duration_s: Cuts or prolongs the stimulus to this time in s, a whole number of ticks.
        record_spikes: Whether every spike is recorded; never on "rate" and "staged".
        codegen: How Brian2 runs: "numpy", "cython" or "cpp_standalone".
        samples: Takes the first so many trials of the stimulus. None takes all.
        observe_ms: Time constant in ms of the filter through which what a circuit observes as r itself is recorded:
            of spikes instead of the one they were compiled with, of rates instead of none.
        time_limit_s: The longest time in s that "lava" may take.
        progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.

    Returns:
        The activity of every population, (batch, ticks, units) in units of the rate circuit, and its spikes.

    Raises:
        InputError: Where the stimulus does not fit, the target has no emulator, or Lava is not at hand or not done in
            time.

    Example:
        >>> from neurocmc.pipeline.artifact import open_artifact
        >>> from neurocmc.pipeline.simulate import simulate
        >>> simulate(open_artifact("build/two-state"), "rate").level
        'rate'
    """
    told = rising(progress)
    told("read", 0.0)
    chosen = find_stimulus(artifact, stimulus).take(_first(samples))
    if duration_s is not None:
        if not artifact.staged.dt_s <= duration_s < inf:
            what = f"{duration_s:g} s is not a time of at least one tick"
            raise InputError(Problem("number-out-of-range", "--duration", what, "give a finite time in s"))
        if fault := not_whole(duration_s, artifact.staged.dt_s):
            raise InputError(Problem("time-off-grid", "--duration", *fault))
        chosen = chosen.lasting(duration_s)
    observed = artifact if observe_ms is None else artifact.observed_through(_observe_s(observe_ms))
    if on == "rate":
        raise_input_problems(chosen.size_problems(artifact.circuit.dt_s, artifact.circuit.units))
        told(on, 0.05)
        ran = simulate_rate(observed.circuit, chosen)
        told(DONE, 1.0)
        return ran
    raise_input_problems(chosen.size_problems(artifact.staged.dt_s, artifact.staged.units))
    if record_spikes and on != "staged":
        _check_raster(artifact, chosen)
    told(on, 0.05)
    recording = _run(observed, on, chosen, record_spikes, codegen, time_limit_s, told)
    whole = recording if on == "staged" else artifact.built.of_whole_units(recording)
    ran = restored(whole, artifact.circuit, artifact.staged)
    told(DONE, 1.0)
    return ran


def _observe_s(observe_ms: float) -> float:
    if not 0 <= observe_ms < inf:
        raise InputError(
            Problem(
                "number-out-of-range", "--observe-ms", f"got {observe_ms:g}", "give a time in ms, or 0 for no filter"
            )
        )
    return 1e-3 * observe_ms


def _run(
    artifact: Artifact,
    on: Literal["staged", "brian2", "emulator", "lava"],
    chosen: Stimulus,
    record_spikes: bool,
    codegen: Codegen,
    time_limit_s: float,
    progress: Progress | None,
) -> Recording:
    match on:
        case "staged":
            return simulate_rate(artifact.staged, chosen)
        case "brian2":
            from neurocmc.sim.brian2_lif import simulate_brian2  # here and not above: Brian2 takes seconds to import

            return simulate_brian2(
                artifact.spiking,
                chosen,
                record_spikes=record_spikes,
                codegen=codegen,
                progress=partial(progress, "brian2") if progress else None,
            )
        case "emulator":
            return _built_on(artifact, "emulator").run(chosen, seed=artifact.seed, record_spikes=record_spikes)
        case "lava":
            if not time_limit_s > 0:
                raise InputError(
                    Problem("number-out-of-range", "--time-limit", f"got {time_limit_s:g}", "give a time in s")
                )
            built = _built_on(artifact, "lava")
            check_lava_python()
            request = ProgramRun(record_spikes=record_spikes, time_limit_s=time_limit_s, progress=progress)
            with emitted_again(artifact) as program:
                return built.run_program(program, chosen, request)
        case other:
            assert_never(other)


def _first(samples: int | None) -> slice:
    if samples is not None and samples < 1:
        raise InputError(Problem("number-out-of-range", "--samples", f"got {samples}", "give 1 or more"))
    return slice(samples)


def find_stimulus(artifact: Artifact, stimulus: str | Path | Stimulus | None) -> Stimulus:
    """Finds a stimulus by name or in a file, and checks it against the circuit's inputs. Raises InputError."""
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
                "stimulus-unknown",
                "--stimulus",
                f"the artifact holds no stimulus {str(stimulus)!r}",
                f"{did_you_mean(str(stimulus), named)}its stimuli are: {', '.join(named)}; or give an .npz file",
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
            yield Problem(
                "label-beyond-range",
                f"stimulus {stimulus.name}",
                what,
                f"labels are 0 to {units - 1}, or -1 for none",
            )
    for classifier in artifact.circuit.classifiers:
        classes = classifier.layers[-1].bias.size
        highest = int(stimulus.labels.max(initial=-1))
        if highest >= classes:
            what = f"label {highest} is beyond the {classes} classes of readout {classifier.name}"
            yield Problem(
                "label-beyond-range",
                f"stimulus {stimulus.name}",
                what,
                f"labels are 0 to {classes - 1}, or -1 for none",
            )


def _built_on(artifact: Artifact, on: Literal["emulator", "lava"]) -> Built:
    """The circuit as the chip holds it. Raises InputError where its chip has no such interpreter."""
    built, target = artifact.built, artifact.target
    if built.level != "emulator":
        what = f"target {target.name} computes in real numbers: it has no emulator"
        cure = "use --on brian2, or compile for a chip (--target loihi1)"
        raise InputError(Problem("interpreter-unfit", str(artifact.directory), what, cure))
    if on == "lava" and built.tool != on:
        what = f"Lava has no neurons such as those of {target.name}"
        raise InputError(
            Problem("interpreter-unfit", str(artifact.directory), what, "use --on emulator, or compile for loihi1")
        )
    return built


def _check_raster(artifact: Artifact, stimulus: Stimulus) -> None:
    cells = stimulus.batch * stimulus.ticks(artifact.staged.dt_s) * artifact.spiking.neurons
    if cells > MAX_SPIKE_CELLS:
        raise InputError(
            Problem(
                "stimulus-too-large",
                f"stimulus {stimulus.name}",
                f"{stimulus.batch} trials of {stimulus.duration_s:g} s on {artifact.spiking.neurons:,} neurons make "
                f"a raster of {cells:,} cells, limit {MAX_SPIKE_CELLS:,}",
                "shorten it (--duration), or give a stimulus of fewer trials",
            )
        )
