"""Loads, compiles, simulates, verifies and budgets circuits from Python, with the names and defaults of the commands.

What a user can mend raises a `neurocmc.common.errors.NeurocmcError`, whose `problems` say where, what and the cure.
A call works in any thread, whatever the process around it has set, and leaves that as it was (`common.process`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from neurocmc.common.calls import python_call
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.process import known_state
from neurocmc.common.progress import Progress
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.recording import Recording
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.chips.lava import TIME_LIMIT_S
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.exports.export import export as _export
from neurocmc.pipeline.model import Model
from neurocmc.pipeline.model import load as _load
from neurocmc.pipeline.neurons.artifact import NeuronArtifact, open_any
from neurocmc.pipeline.neurons.compile import compile_neurons
from neurocmc.pipeline.neurons.files import is_spiking, load_spiking
from neurocmc.pipeline.neurons.model import NeuronModel
from neurocmc.pipeline.neurons.options import NeuronOptions, Weights
from neurocmc.pipeline.neurons.simulate import NeuronInterpreter, simulate_network
from neurocmc.pipeline.neurons.verify import NeuronVerification, NeuronVerifyOptions, verify_neurons
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.reporting import read_budget
from neurocmc.pipeline.simulate import Codegen, Interpreter
from neurocmc.pipeline.simulate import simulate as _simulate
from neurocmc.pipeline.verify import Verification, VerifyOptions
from neurocmc.pipeline.verify import verify as _verify
from neurocmc.report.budget import Budget
from neurocmc.targets import Axons, Code, Planes, SecondOrder, Steps, Target


@known_state()
@python_call
def load(path: str | Path, images: str | None = None) -> Model:
    """Reads a checkpoint (.pt), a circuit file (.circuit.npz) or a circuit written by hand (.yaml).

    Args:
        path: The file. A checkpoint needs torch; a circuit file holds the same circuit and does not.
        images: The task whose images drive a checkpoint of the published microcircuits, which does not say so itself.

    Returns:
        The circuit with its stimuli, and where there is one the torch model that it must follow.

    Raises:
        InputError: With everything that is wrong with the file.

    Example:
        >>> model = neurocmc.load("models/two-state.yaml")
        >>> model.circuit.units
        13
    """
    return _load(Path(path), images)


@known_state()
@python_call
def compile(  # noqa: A001  (called as the command is)
    model: str | Path | Model | NeuronModel,
    target: str | Target = "loihi1",
    out: str | Path = "build",
    neurons: int | None = None,
    code: Code | Literal["auto"] = "threshold",
    seed: int = 0,
    max_error: float | None = None,
    tick_s: float | None = None,
    images: str | None = None,
    calibrate: Sequence[str] = (),
    *,
    axons: Axons | None = None,
    steps: Steps | None = None,
    planes: Planes | None = None,
    kernel: str | None = None,
    phases: int | None = None,
    second_order: SecondOrder | None = None,
    allow_lost_states: bool = False,
    semantics: str | None = None,
    dt_s: float | None = None,
    reset: str | None = None,
    decide: Literal["last", "mean", "max"] | None = None,
    weights: Weights | None = None,
    events: str | Path | None = None,
    calibration: str | Path | None = None,
    source: bool = True,
    workers: int = 1,
    scheduler: str | None = None,
    figures: bool = True,
    progress: Progress | None = None,
) -> Artifact | NeuronArtifact:
    """Compiles a model for a target into the directory `out`, which becomes whole or is left as it was.

    Args:
        model: The path of a model, or a Model that `load` has read; or spiking neurons: the path of a .nir file or of
            the YAML of a memory, or what `from_nir`, `from_neurons` or `from_memory` gave. Options from `semantics`
            on are for these.
        target: The name of a known target, the path of a YAML file, or a Target.
        out: The directory of the artifact; one that holds an artifact already is replaced.
        neurons: Neurons per unit in the mean, 1 to 65,536. None takes 64, or more where decisions of a classifier
            need them, or with `max_error` the fewest that keep it.
        code: How the neurons of a pool say what their unit's activity is: "threshold", "feedback", "interleaved" or
            "rate"; "auto" takes the cheapest that keeps `max_error` (1 % where that is None).
        seed: Of every random choice, from 0.
        max_error: The largest NRMSE of rates that is allowed, as a fraction of their range; it chooses `neurons`.
        tick_s: The model's time in s that one tick of the target stands for. None lets the compiler choose it.
        images: As in `load`, for a published checkpoint.
        calibrate: Names of test stimuli that gains are to be matched over as well.
        axons: "own" gives every neuron axons of its own on a chip whose neurons could share them. None takes what
            the target states.
        steps: For what the neurons of a unit are spread over its range: in "equal" steps, or finest where
            "decisions", or all of its "activity", are sensitive. None chooses, on calibration, for a circuit with a
            classifier.
        planes: Of how many synapses, 1 or 2, a weight is the sum. None chooses as well.
        kernel: What a spike of the feedback code stands for: ticks in which it falls to 0 ("12"), lengths of parts
            each half as high ("8-4-4"), or heights ("1,.5"). None chooses by the filters of the circuit.
        phases: Ticks over which the neurons of the interleaved code take turns, a power of two. None chooses by the
            filters as well.
        second_order: What stands for second-order kernels, and for slower filters than a neuron's own: "relays", or
            delayed "taps" of a spike. None takes taps with the feedback code, and relays otherwise.
        allow_lost_states: Whether a circuit is compiled even if rounding destroys one of its up-states.
        semantics: Of a .nir file, whose rules it was trained under, as in `from_nir`; and so are the next three.
        dt_s: The time of a tick in s.
        reset: "zero" or "subtract".
        decide: How integrators at the output answer.
        weights: Of "one" or "two" synapses, a weight of spiking neurons is the sum. None takes two where they fit.
        events: An .npz file of the spikes that the result is judged by.
        calibration: One of the spikes that scales are chosen on.
        source: Whether the artifact holds a copy of the model, which `verify` compares with.
        workers: How many candidates of `max_error`, or of code "auto", are measured at once, each in a process of its
            own; 1 measures them in this one.
        scheduler: The address of a Dask scheduler, whose workers measure them instead.
        figures: Whether the pictures of the report are drawn; they take most of the time of a small circuit.
        progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.

    Returns:
        The artifact in `out`.

    Raises:
        InputError: For a model, target or option that is not what it should be.
        InfeasibleError: Where the target cannot hold the circuit or, without `allow_lost_states`, rounding destroys
            one of its up-states.

    Example:
        >>> artifact = neurocmc.compile("models/two-state.yaml", target="loihi1", out="build/two-state")
        >>> artifact.neurons
        64
    """
    of_files = {
        "--semantics": semantics,
        "--dt": dt_s,
        "--reset": reset,
        "--decide": decide,
        "--events": events,
        "--calibration": calibration,
    }
    if isinstance(model, str | Path) and is_spiking(Path(model)):
        paths = tuple(None if path is None else Path(path) for path in (events, calibration))
        model = load_spiking(Path(model), semantics, dt_s, reset, decide, (paths[0], paths[1]))
        of_files = {}
    if isinstance(model, NeuronModel):
        _refuse(of_files, "a .nir file")
        of_circuits: dict[str, object] = {
            "--neurons": neurons,
            "--code": None if code == "threshold" else code,
            "--seed": seed or None,
            "--max-error": max_error,
            "--tick-ms": tick_s,
            "--images": images,
            "--calibrate": tuple(calibrate) or None,
            "--axons": axons,
            "--steps": steps,
            "--planes": planes,
            "--kernel": kernel,
            "--phases": phases,
            "--second-order": second_order,
            "--allow-lost-states": allow_lost_states or None,
            "--workers": None if workers == 1 else workers,
            "--scheduler": scheduler,
        }
        _refuse(of_circuits, "rate circuits")
        chosen = NeuronOptions(weights=weights, source=source, figures=figures)
        return compile_neurons(model, target, Path(out), chosen, progress)
    _refuse({**of_files, "--weights": weights}, "networks of spiking neurons")
    options = CompileOptions(
        neurons=neurons,
        code=None if code == "auto" else code,
        axons=axons,
        steps=steps,
        planes=planes,
        kernel=kernel,
        phases=phases,
        second_order=second_order,
        seed=seed,
        max_error=max_error,
        tick_s=tick_s,
        images=images,
        calibrate=tuple(calibrate),
        allow_lost_states=allow_lost_states,
        source=source,
        figures=figures,
    )
    model = model if isinstance(model, Model) else Path(model)
    return compile_model(model, target, Path(out), options, progress, Place(workers=workers, scheduler=scheduler))


@known_state()
@python_call
def simulate(
    artifact: Artifact | NeuronArtifact | str | Path,
    on: Interpreter | NeuronInterpreter = "emulator",
    stimulus: str | Path | EventStimulus | None = None,
    duration_s: float | None = None,
    codegen: Codegen = "numpy",
    samples: int | None = None,
    observe_ms: float | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    progress: Progress | None = None,
) -> Recording | NeuronRecording:
    """Runs a compiled circuit and returns the decoded activity of every population, and its spikes.

    A circuit is observed as its form defines: x where filters follow the nonlinearity, r where they come before it.

    Args:
        artifact: An artifact or its directory.
        on: The interpreter. "emulator" runs the chip's integers, "brian2" the spiking network in real numbers, "rate"
            the model's circuit, "staged" the circuit that was matched, and "lava" the emitted program in the
            interpreter that has Lava. Of spiking neurons, "float" runs the network in its framework's order, and
            "fitted" with the chip's resets and latencies.
        stimulus: The name of one that the artifact holds, or an .npz file; of spiking neurons also an EventStimulus.
            None takes its first test stimulus.
        duration_s: Cuts or prolongs the stimulus to this time in s, a whole number of ticks.
        codegen: How Brian2 runs: "numpy" starts at once, "cython" and "cpp_standalone" compile first.
        samples: Takes the first so many trials of the stimulus. None takes all.
        observe_ms: Time constant in ms of the filter through which r is observed. None takes the filter that spikes
            were compiled with, and none on "rate".
        time_limit_s: The longest time in s that "lava" may take.
        progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.

    Returns:
        A Recording: `activity` of every population, (batch, ticks, units), in units of the rate circuit;
        `spike_counts` (batch, units) and every spike, but for "rate" and "staged". Of spiking neurons a
        NeuronRecording: `spikes` of every population.

    Raises:
        InputError: Where the stimulus does not fit, the target has no emulator, or Lava is not at hand or not done in
            time.

    Example:
        >>> recording = neurocmc.simulate("build/two-state", on="emulator")
        >>> recording.activity["x"].ndim
        3
    """
    opened = _opened(artifact)
    if isinstance(opened, NeuronArtifact):
        _refuse({"--duration": duration_s, "--observe-ms": observe_ms}, "rate circuits")
        return simulate_network(opened, on, stimulus, samples, time_limit_s)
    if on in ("float", "fitted"):
        what = f"a rate circuit does not run on {on!r}"
        raise InputError(Problem("interpreter-unfit", "--on", what, "use emulator, brian2, rate, staged or lava"))
    if isinstance(stimulus, EventStimulus):
        what = "it is of events; a rate circuit is driven by values"
        raise InputError(Problem("option-not-for-this", "--stimulus", what, "name a stimulus, or an .npz file"))
    return _simulate(
        opened,
        on,
        stimulus,
        duration_s,
        codegen=codegen,
        samples=samples,
        observe_ms=observe_ms,
        time_limit_s=time_limit_s,
        progress=progress,
    )


@known_state()
@python_call
def verify(
    artifact: Artifact | NeuronArtifact | str | Path,
    samples: int | None = None,
    seeds: int = 1,
    *,
    strict: bool = False,
    limits: Sequence[str] = (),
    against: str | Path | None = None,
    figures: bool = True,
    progress: Progress | None = None,
) -> Verification | NeuronVerification:
    """Compares every level of a compiled circuit with the one before it, on its test stimuli.

    A missed budget is not an error: it is an edge whose verdict is "miss", with a `cure`, and `passed` is False.

    Args:
        artifact: An artifact or its directory; verify.json is written there, and the report again.
        samples: Takes the first so many trials of each stimulus. None takes all.
        seeds: How many seeds of a chip's noise are run, 1 to 1,000.
        strict: Whether edges of theory, which lie beyond the stimuli, decide as well. Otherwise they warn.
        limits: Texts "EDGE: QUANTITY=VALUE" that replace the limit of an edge.
        against: Of spiking neurons, an .npz file of events with what a framework recorded on them.
        figures: Whether the pictures of the report are drawn.
        progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.

    Returns:
        All edges with their values, limits and verdicts, the path of the report, and the certificate.

    Raises:
        InputError: For options that make no sense, and for an artifact that is damaged.

    Example:
        >>> neurocmc.verify("build/two-state").passed
        True
    """
    opened = _opened(artifact)
    if isinstance(opened, NeuronArtifact):
        _refuse({"--seeds": None if seeds == 1 else seeds, "--strict": strict or None}, "rate circuits")
        asked = NeuronVerifyOptions(
            samples=samples, against=None if against is None else Path(against), limits=tuple(limits), figures=figures
        )
        return verify_neurons(opened, asked, progress)
    if against is not None:
        what = "recorded spikes are for networks of spiking neurons; this is a rate circuit"
        raise InputError(Problem("option-not-for-this", "--against", what, "leave it out"))
    options = VerifyOptions(samples=samples, seeds=seeds, strict=strict, limits=tuple(limits), figures=figures)
    return _verify(opened, options, progress)


@known_state()
@python_call
def export(artifact: Artifact | NeuronArtifact | str | Path, to: str, path: str | Path) -> tuple[str, ...]:
    """Writes a compiled circuit for another tool, into a file or folder at `path`.

    Args:
        artifact: An artifact or its directory.
        to: "brian2", "netx", "nir", "ranc", or the name of an export that another distribution adds.
        path: The file or folder to write.

    Returns:
        Notes on what was written, a line each.

    Raises:
        InputError: For an unknown export, an artifact without the level that it takes, or a path that cannot be
            written.
        InfeasibleError: Where the tool cannot hold the circuit.

    Example:
        >>> notes = neurocmc.export("build/two-state", "brian2", "build/two-state-brian2")
    """
    return _export(_opened(artifact), to, path)


@known_state()
@python_call
def budget(artifact: Artifact | NeuronArtifact | str | Path) -> Budget:
    """Reads what a compiled circuit takes of its target, per core and in all, and its energy estimate.

    Args:
        artifact: An artifact or its directory.

    Returns:
        The budget that was written when the circuit was compiled.

    Raises:
        InputError: Where the artifact or its budget.json is damaged.

    Example:
        >>> neurocmc.budget("build/two-state").cores_used
        3
    """
    opened = _opened(artifact)
    return opened.budget if isinstance(opened, NeuronArtifact) else read_budget(opened)


def _refuse(options: Mapping[str, object], belonging_to: str) -> None:
    """Refuse options that would be passed over."""
    raise_input_problems(
        Problem("option-not-for-this", name, f"is for {belonging_to}", "leave it out")
        for name, value in options.items()
        if value is not None
    )


def _opened(artifact: Artifact | NeuronArtifact | str | Path) -> Artifact | NeuronArtifact:
    return open_any(artifact) if isinstance(artifact, str | Path) else artifact
