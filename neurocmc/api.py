"""Loads, compiles, simulates, verifies and budgets circuits from Python, with the names and defaults of the commands.

Errors that a user can fix raise a `neurocmc.common.errors.NeurocmcError`; each of its `problems` has a place, what is
wrong there and a cure. Calls work in any thread and do not change settings of the process (`common.process`).
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
from neurocmc.pipeline.bundled import found_model
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
        path: The file, or the name of a model that comes with neurocmc. A checkpoint needs torch; a circuit file of
            the same circuit does not.
        images: The task whose images drive a checkpoint of the published microcircuits, which does not say so itself.

    Returns:
        The circuit with its stimuli and, if it came from torch, the torch model that it must reproduce.

    Raises:
        InputError: With everything that is wrong with the file.

    Example:
        >>> model = neurocmc.load("models/two-state.yaml")
        >>> model.circuit.units
        13
    """
    return _load(found_model(Path(path)), images)


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
    """Compiles a model for a target into the directory `out`; if the compilation fails, `out` is left as it was.

    Args:
        model: The path of a model, the name of one that comes with neurocmc ("swta-digits"), or a Model from `load`.
            Or a spiking network: the path of a .nir file or of the YAML file of a memory, or the result of
            `from_nir`, `from_neurons` or `from_memory`. The options `semantics` to `calibration` are for these.
        target: The name of a known target, the path of a YAML file, or a Target.
        out: The directory of the artifact; one that holds an artifact already is replaced.
        neurons: Mean number of neurons per unit, 1 to 65,536. None takes 64, or more if the decisions of a classifier
            need them; with `max_error` it takes the fewest that keep this error.
        code: How the spikes of a pool encode the activity of its unit: "threshold", "feedback", "interleaved" or
            "rate"; "auto" takes the cheapest code that keeps `max_error` (1 % if that is None).
        seed: The seed of all random choices, 0 or more.
        max_error: The largest NRMSE of rates that is allowed, as a fraction of their range; it chooses `neurons`.
        tick_s: The model time in s that one tick of the target stands for. None lets the compiler choose it.
        images: As in `load`, for a published checkpoint.
        calibrate: Names of test stimuli to use for calibration as well.
        axons: "shared" sends the spikes of all neurons of a unit through one axon per core, "own" gives every neuron
            its own axon. None takes what the target states.
        steps: How the thresholds of a unit's neurons are spread over its range: in "equal" steps, or finest where
            "decisions" or all "activity" depend on it most. None chooses on the calibration stimuli, for a circuit
            with a classifier.
        planes: Synapses per weight: 1, or 2 whose sum is the weight. None chooses in the same way.
        kernel: The kernel of one spike of the feedback code: the ticks in which it falls to 0 ("12"), the lengths of
            parts of which each is half as high as the one before ("8-4-4"), or the height in each tick ("1,.5").
            None chooses it from the filters of the circuit.
        phases: The number of ticks over which the neurons of the interleaved code take turns, a power of two. None
            chooses it from the filters.
        second_order: How to realise second-order kernels, and filters slower than those of a neuron: by "relays", or
            by delayed synapses ("taps"). None takes taps with the feedback code, and relays otherwise.
        allow_lost_states: Whether a circuit is compiled even if rounding destroys one of its up-states.
        semantics: For a .nir file, the framework whose equations it was trained with. This and the next three options
            are as in `from_nir`.
        dt_s: The length of a tick in s.
        reset: "zero" or "subtract".
        decide: How leaky integrators at the output answer: by their "last" value, their "mean" or their "max".
        weights: Synapses per weight of a spiking network: "one", or "two" whose sum is the weight. None takes two if
            they fit.
        events: An .npz file of input spikes to verify with.
        calibration: An .npz file of input spikes on which the scales of the weights are chosen.
        source: Whether the artifact holds a copy of the model, which `verify` compares with.
        workers: How many candidates of `max_error`, or of code "auto", are measured at once, each in its own process;
            1 measures them in this process.
        scheduler: The address of a Dask scheduler whose workers measure the candidates instead.
        figures: Whether the figures of the report are drawn; for a small circuit this takes most of the time.
        progress: Called with the name of a stage and the fraction that is done, 0 to 1.

    Returns:
        The artifact in `out`.

    Raises:
        InputError: For a wrong model, target or option.
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
    if isinstance(model, str | Path):
        model = found_model(Path(model))
    if isinstance(model, Path) and is_spiking(model):
        paths = tuple(None if path is None else Path(path) for path in (events, calibration))
        model = load_spiking(model, semantics, dt_s, reset, decide, (paths[0], paths[1]))
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
            the model's circuit, "staged" the rate circuit to which gains were matched, and "lava" the emitted program
            in a Python interpreter that has Lava. For spiking networks, "float" runs the network as its framework
            does, and "fitted" with the chip's resets and latencies.
        stimulus: The name of a stimulus of the artifact, or an .npz file; for spiking networks also an EventStimulus.
            None takes the first test stimulus of the artifact.
        duration_s: Cuts or prolongs the stimulus to this time in s, a whole number of ticks.
        codegen: How Brian2 runs: "numpy" starts at once, "cython" and "cpp_standalone" compile first.
        samples: How many trials of the stimulus to run, from the first on. None runs all.
        observe_ms: Time constant in ms of the filter through which r is observed. None takes the filter that spikes
            were compiled with, and none on "rate".
        time_limit_s: The longest time in s that "lava" may take.
        progress: Called with the name of a stage and the fraction that is done, 0 to 1.

    Returns:
        A Recording: `activity` of every population, (batch, ticks, units), in units of the rate circuit;
        `spike_counts` (batch, units) and every spike, except for "rate" and "staged". For spiking networks a
        NeuronRecording: `spikes` of every population.

    Raises:
        InputError: If the stimulus does not fit the circuit, the target has no emulator, or Lava is not installed or
            does not finish in time.

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
        what = "this stimulus holds events; a rate circuit needs values"
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
    latency: bool = False,
    tick_us: float | None = None,
    figures: bool = True,
    progress: Progress | None = None,
) -> Verification | NeuronVerification:
    """Compares every level of a compiled circuit with the one before it, on its test stimuli.

    A missed budget is not an error: it is an edge whose verdict is "miss", with a `cure`, and `passed` is False.

    Args:
        artifact: An artifact or its directory; verify.json is written there, and the report again.
        samples: How many trials of each stimulus to run, from the first on. None runs all.
        seeds: With how many seeds all that is random is repeated, 1 to 1,000; each edge shows the worst.
        strict: Whether misses of theory, which goes beyond the stimuli, count as misses. Otherwise they are warnings.
        limits: Texts "EDGE: QUANTITY=VALUE" that replace the limit of an edge.
        against: For spiking networks, an .npz file of events with the recording of the framework on them.
        latency: Whether to measure how much the network between the cores of the chip delays spikes, on the first 20
            trials of each stimulus. No verdict depends on it; the result is in `latency.findings`.
        tick_us: For `latency`, the length in us of a tick that does not wait for messages. None takes the model's.
        figures: Whether the figures of the report are drawn.
        progress: Called with the name of a stage and the fraction that is done, 0 to 1.

    Returns:
        All edges with their values, limits and verdicts, the path of the report, and the certificate.

    Raises:
        InputError: For options that are out of range, and for a damaged artifact.

    Example:
        >>> neurocmc.verify("build/two-state").passed
        True
    """
    opened = _opened(artifact)
    if isinstance(opened, NeuronArtifact):
        others = {"--seeds": None if seeds == 1 else seeds, "--strict": strict or None}
        _refuse({**others, "--latency": latency or None, "--tick-us": tick_us}, "rate circuits")
        asked = NeuronVerifyOptions(
            samples=samples, against=None if against is None else Path(against), limits=tuple(limits), figures=figures
        )
        return verify_neurons(opened, asked, progress)
    if against is not None:
        what = "--against compares recorded spikes of spiking networks; this artifact is a rate circuit"
        raise InputError(Problem("option-not-for-this", "--against", what, "leave it out"))
    options = VerifyOptions(
        samples=samples,
        seeds=seeds,
        strict=strict,
        limits=tuple(limits),
        figures=figures,
        latency=latency,
        tick_us=tick_us,
    )
    return _verify(opened, options, progress)


@known_state()
@python_call
def export(artifact: Artifact | NeuronArtifact | str | Path, to: str, path: str | Path) -> tuple[str, ...]:
    """Writes a compiled circuit for another tool, into a file or folder at `path`.

    Args:
        artifact: An artifact or its directory.
        to: "brian2", "netx", "nir", "ranc", or the name of an export of a plug-in.
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
