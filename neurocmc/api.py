"""The Python door: load, compile, simulate, verify and budget, with the names and defaults of the command line.

What a user can mend raises a `neurocmc.common.errors.NeurocmcError`, whose `problems` say where, what and the cure.
A call works in any thread, whatever the process around it has set, and leaves that as it was (`common.process`).
"""

from collections.abc import Sequence
from pathlib import Path

from neurocmc.common.calls import python_call
from neurocmc.common.extras import need
from neurocmc.common.process import known_state
from neurocmc.common.progress import Progress, StudyProgress
from neurocmc.ir.recording import Recording
from neurocmc.pipeline.artifact import Artifact, open_artifact
from neurocmc.pipeline.chips.lava import TIME_LIMIT_S
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.exports.export import export as _export
from neurocmc.pipeline.model import Model
from neurocmc.pipeline.model import load as _load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.reporting import read_budget
from neurocmc.pipeline.simulate import Codegen, Interpreter
from neurocmc.pipeline.simulate import simulate as _simulate
from neurocmc.pipeline.study.result import StudyResult
from neurocmc.pipeline.verify import Verification, VerifyOptions
from neurocmc.pipeline.verify import verify as _verify
from neurocmc.report.budget import Budget
from neurocmc.targets import Code, Target


@known_state()
@python_call
def load(path: str | Path, images: str | None = None) -> Model:
    """Read a checkpoint (.pt), a circuit file (.circuit.npz) or a circuit written by hand (.yaml).

    `images` names the task whose images drive a checkpoint of the published microcircuits. Raises InputError holding
    everything that is wrong with the file.
    """
    return _load(Path(path), images)


@known_state()
@python_call
def compile(  # noqa: A001  (called as the command is)
    model: str | Path | Model,
    target: str | Target = "loihi1",
    out: str | Path = "build",
    neurons: int | None = None,
    code: Code = "threshold",
    seed: int = 0,
    max_error: float | None = None,
    tick_s: float | None = None,
    images: str | None = None,
    calibrate: Sequence[str] = (),
    allow_lost_states: bool = False,
    source: bool = True,
    figures: bool = True,
    progress: Progress | None = None,
) -> Artifact:
    """Compile a model for a target into the directory `out`, which becomes whole or is left as it was.

    `target` is the name of a known one, the path of a YAML file or a Target; `neurons` are per unit (None: 64, or
    with `max_error` the fewest that keep it); `tick_s` is the model's time a tick stands for (None: chosen); `images`
    is for a published checkpoint, as in `load`; `calibrate` names test stimuli to match gains over as well. The
    artifact holds a copy of the model unless `source` is False, and pictures unless `figures` is, which saves most of
    the time that a small circuit takes. Raises InputError for bad input, InfeasibleError where the target cannot hold
    the circuit or, without `allow_lost_states`, rounding destroys one of its up-states.
    """
    options = CompileOptions(
        neurons=neurons,
        code=code,
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
    return compile_model(model, target, Path(out), options, progress)


@known_state()
@python_call
def simulate(
    artifact: Artifact | str | Path,
    on: Interpreter = "emulator",
    stimulus: str | Path | None = None,
    duration_s: float | None = None,
    codegen: Codegen = "numpy",
    samples: int | None = None,
    observe_ms: float | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    progress: Progress | None = None,
) -> Recording:
    """Run a compiled circuit; decoded activity (batch, ticks, units) of every population, and its spikes.

    `stimulus` is the name of one the artifact holds (None: its first test stimulus) or an .npz file, of which
    `samples` takes the first so many trials. A circuit is observed as its form defines: x where filters follow the
    nonlinearity, r where they come before it, the latter through a filter of `observe_ms` where that is given (None:
    as compiled for spikes, not at all on "rate"). `on` "rate" runs the model's circuit, "staged" the one that was
    matched, "lava" runs the emitted program in the interpreter that has Lava,
    for `time_limit_s` at most. Raises InputError where the stimulus does not fit, the target has no emulator, or
    Lava is not at hand.
    """
    return _simulate(
        _opened(artifact),
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
    artifact: Artifact | str | Path,
    samples: int | None = None,
    seeds: int = 1,
    strict: bool = False,
    limits: Sequence[str] = (),
    figures: bool = True,
    progress: Progress | None = None,
) -> Verification:
    """Compare every level of a compiled circuit with the one before it, on its test stimuli (None: all trials).

    A missed budget is not an error: it is an edge whose verdict is "miss", with a `cure`, and `passed` is False.
    Edges of theory beyond the stimuli warn, with `strict` they decide as well; `limits` are texts
    "EDGE: QUANTITY=VALUE" that replace the limit of an edge; without `figures` no picture is drawn for the report.
    """
    options = VerifyOptions(samples=samples, seeds=seeds, strict=strict, limits=tuple(limits), figures=figures)
    return _verify(_opened(artifact), options, progress)


@known_state()
@python_call
def export(artifact: Artifact | str | Path, to: str, path: str | Path) -> tuple[str, ...]:
    """Write a compiled circuit for another tool, into a file or folder at `path`; notes on it, a line each.

    `to` is "brian2", "netx", "ranc" or an export that another distribution adds. Raises InputError for an unknown
    one or where the artifact lacks the level it takes, InfeasibleError where the tool cannot hold the circuit.
    """
    return _export(_opened(artifact), to, path)


@known_state()
@python_call
def study(
    plan: str | Path, out: str | Path, figures: bool = True, progress: StudyProgress | None = None
) -> StudyResult:
    """Train, compile, verify, table and draw a study (`plan`, a YAML file) into the folder `out`; needs torch.

    What an earlier call has done is not done again. `progress` is told the part, what of it, the share that is done,
    and a line for each run. Raises InputError for every fault of the plan, of its recipe and of results in `out`.
    """
    need("torch", str(plan), "a study")
    from neurocmc.pipeline.study.run import run_study  # here and not above: torch takes seconds to import

    return run_study(Path(plan), Path(out), figures=figures, progress=progress)


@known_state()
@python_call
def budget(artifact: Artifact | str | Path) -> Budget:
    """What a compiled circuit takes of its target, per core and in all, and its energy estimate."""
    return read_budget(_opened(artifact))


def _opened(artifact: Artifact | str | Path) -> Artifact:
    return artifact if isinstance(artifact, Artifact) else open_artifact(artifact)
