"""Compiles a model for a target into an artifact on disk, whole or not at all."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from neurocmc.common.errors import InfeasibleError, Problem, raise_input_problems
from neurocmc.common.files import MANIFEST, check_replaceable, json_text, replace_directory, write_file
from neurocmc.common.opening import CHECKPOINT, YAML, read_bytes
from neurocmc.common.progress import DONE, Progress, part_of, rising
from neurocmc.ir.printer import print_rate, print_sensitivity, print_spiking
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus, name_problems
from neurocmc.ir.store import save_stimulus
from neurocmc.ir.summaries import milliseconds
from neurocmc.pipeline.artifact import Artifact, file_hashes, open_artifact
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.certificates import write_certificate
from neurocmc.pipeline.chips.built import Built
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import DIVIDED, RATE, SENSITIVITY, SPIKING, STAGED, write_level
from neurocmc.pipeline.lower import lower_staged, stage
from neurocmc.pipeline.manifest import BUDGET, FORMAT, TIMINGS, VERSION
from neurocmc.pipeline.model import Model, StimulusSet, load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.program import PROGRAM
from neurocmc.pipeline.quantised import beside_quantised
from neurocmc.pipeline.reporting import Reported, write_report_of
from neurocmc.pipeline.sample import SAMPLE, sample_edges
from neurocmc.pipeline.search.best import choose_best, is_searched
from neurocmc.pipeline.search.codes import STAGED_AS, choose_code
from neurocmc.pipeline.search.largest import with_what_fits
from neurocmc.pipeline.search.scouts import scouts_at
from neurocmc.pipeline.search.smallest import choose_neurons
from neurocmc.pipeline.search.tried import Choice
from neurocmc.pipeline.traced import rasters, traced
from neurocmc.targets import Target, load_target
from neurocmc.verification.coverage import silent_units

LOWERED = 0.6  # of the whole, when nothing is left but to write it


def compile_model(
    model: Model | str | Path,
    target: Target | str,
    directory: str | Path,
    options: CompileOptions | None = None,
    progress: Progress | None = None,
    place: Place | None = None,
) -> Artifact:
    """Compiles a model for a target into `directory`, which becomes whole or is left as it was.

    Args:
        model: A Model, or the path of one.
        target: A Target, its name, or the path of its YAML file.
        directory: The folder of the artifact; one that holds an artifact already is replaced.
        options: What the user chose; None is the defaults.
        progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.
        place: Where candidates of `max_error`, or of the code that is to be chosen, are measured; None is this
            process. Elsewhere the model must be given by its path.

    Returns:
        The artifact in `directory`.

    Raises:
        InputError: For a file or option that is not what it should be.
        InfeasibleError: For a circuit that the target cannot hold.

    Example:
        >>> from neurocmc.pipeline.compile import compile_model
        >>> compile_model("models/two-state.yaml", "loihi1", "build/two-state").neurons
        64
    """
    options = options or CompileOptions()
    place = place or Place()
    told = rising(progress)
    told("read", 0.0)
    raise_input_problems([*options.problems(), *place.problems(), *_idle(place, options, model)])
    model = load(model, options.images) if isinstance(model, str | Path) else model
    target = load_target(target) if isinstance(target, str) else target
    check_replaceable(Path(directory))
    stimuli = model.read_stimuli().calibrated_on(options.calibrate)
    check_stimuli(model, stimuli)
    search = Search(place, Path(directory), told)
    try:
        choice = choose(model, stimuli, target, options, search)
    except InfeasibleError as refusal:
        raise with_what_fits(refusal, model.circuit, stimuli.calibration, target, options, told) from None
    lowered = choice.lowered
    lowered.clock.told_to(told, LOWERED)
    with replace_directory(Path(directory)) as folder:
        _write(folder, Compilation(model, stimuli, target, options, choice))
    artifact = open_artifact(directory)
    built = lowered.built
    told(DONE, 1.0)
    return artifact.with_levels(
        artifact.manifest,
        circuit=model.circuit,
        staged=built.staged,
        spiking=built.spiking,
        built=built,
        certificate=lowered.certificate,
    )


def _idle(place: Place, options: CompileOptions, model: Model | str | Path) -> Iterator[Problem]:
    """Workers that would have nothing to do, or nothing to read."""
    if place == Place():
        return
    named = "--workers" if place.scheduler is None else "--scheduler"
    if options.max_error is None and options.code is not None:
        what = "workers measure candidates, and this compilation searches for none"
        yield Problem("option-not-for-this", named, what, "add --max-error or --code auto, or leave it out")
    if isinstance(model, Model):
        what = "workers read the model from a file, and this model was given in memory"
        yield Problem("option-not-for-this", named, what, "give the path of the model, or leave it out")


@dataclass(frozen=True, slots=True, eq=False)
class Compilation:
    """The parts that an artifact is written from."""

    model: Model
    stimuli: StimulusSet
    target: Target
    options: CompileOptions
    choice: Choice


def check_stimuli(model: Model, stimuli: StimulusSet) -> None:
    """Raises InputError for stimuli that do not fit the circuit, its windows, or memory."""
    circuit, named = model.circuit, stimuli.by_name()
    faults = [problem for stimulus in named.values() for problem in stimulus.problems(circuit.inputs)]
    raise_input_problems(dict.fromkeys([*name_problems(named), *faults]))
    raise_input_problems(p for s in named.values() for p in s.size_problems(circuit.dt_s, circuit.units))
    raise_input_problems(_window_problems(circuit, stimuli.test or stimuli.calibration))


def _window_problems(circuit: RateCircuit, stimuli: tuple[Stimulus, ...]) -> Iterator[Problem]:
    """Readouts that decide over a longer time than a stimulus lasts by which they are judged."""
    for readout in (*(r for r in circuit.readouts if r.kind == "winner"), *circuit.classifiers):
        for stimulus in stimuli:
            if round(readout.window_s / circuit.dt_s) > stimulus.ticks(circuit.dt_s):
                yield Problem(
                    "window-too-long",
                    f"readout {readout.name}",
                    f"its window of {milliseconds(readout.window_s)} is longer than stimulus {stimulus.name}, "
                    f"{milliseconds(stimulus.duration_s)}",
                    "shorten the window (window_ms), or make the stimulus longer (duration_s)",
                )


@dataclass(frozen=True, slots=True)
class Search:
    """Where a search of what is left open measures its candidates, and who is told of it."""

    place: Place
    output: Path  # of the artifact, beside which is kept what workers measure
    progress: Progress | None = None


def choose(model: Model, stimuli: StimulusSet, target: Target, options: CompileOptions, search: Search) -> Choice:
    """Lowers a circuit to a target, and chooses on calibration what the options leave open.

    Raises InputError for options that the target has no use for, InfeasibleError where it cannot hold the circuit.
    """
    calibration, progress = stimuli.calibration, part_of(search.progress, 0.0, LOWERED)
    if options.code is None:
        with scouts_at(search.place, model, target, options, search.output, STAGED_AS) as scouts:
            return choose_code(model.circuit, calibration, target, options, progress, scouts)
    if options.max_error is not None:
        with scouts_at(search.place, model, target, options, search.output) as scouts:
            return choose_neurons(model.circuit, calibration, target, options, progress, scouts)
    clock = Clock(search.progress, until=LOWERED)
    staging = stage(model.circuit, stimuli.calibration, target, options, clock)
    if is_searched(staging, target, options):
        return choose_best(staging, target, options, progress)
    return Choice(
        options=replace(options, steps=options.steps or "equal", planes=options.planes or 1),
        tried=(),
        reason="the default" if options.neurons is None else "given by --neurons",
        lowered=lower_staged(staging, target, options, clock),
    )


def _write(folder: Path, whole: Compilation) -> None:
    model, stimuli, options, lowered = whole.model, whole.stimuli, whole.options, whole.choice.lowered
    built, clock = lowered.built, lowered.clock
    source = None
    if options.source:
        source = f"model{model.path.suffix}" if model.reference is not None else f"circuit{model.path.suffix}"
        kind = YAML if model.path.suffix in (".yaml", ".yml") else CHECKPOINT
        write_file(folder / source, read_bytes(model.path, kind) if model.content is None else model.content)
    write_file(folder / "target.yaml", whole.target.text)
    with clock.writing("levels", 0.1):
        _write_levels(folder / "ir", model.circuit, built)
    with clock.writing("emit", 0.2):
        (folder / "stimuli").mkdir()
        for name, stimulus in stimuli.by_name().items():
            save_stimulus(stimulus, folder / "stimuli" / f"{name}.npz")
        for stimulus in stimuli.by_name().values():
            built.check(stimulus)  # a test stimulus beyond the inputs is refused now, not by `verify`
        built.emit(folder / PROGRAM, stimuli.by_name())
    with clock.writing("sample", 0.4):
        write_certificate(folder, lowered.certificate)
        samples = sample_edges(built, stimuli.calibration, options.seed)
        write_file(folder / SAMPLE, json_text({"samples": [sample.as_json() for sample in samples]}))
    with clock.writing("budget", 0.5):
        counted = built.budget(samples[0].part, samples[0].recording)
        budget = beside_quantised(counted, model.circuit, built, samples[0])
        write_file(folder / BUDGET, budget.to_json())
    weak = silent_units(lowered.spiking, {name: v.highest for name, v in lowered.ranges.populations.items()})
    manifest = _manifest(whole, source)
    manifest["silent_units"] = [asdict(unit) for unit in weak]
    with clock.writing("report", 1.0):
        reported = Reported(
            manifest,
            built,
            budget,
            model.circuit,
            certificate=lowered.certificate,
            sample=samples[0].edges,
            traces=traced(built, samples[0].pair, {}),
            rasters=tuple(rasters(built, stimuli.calibration[0], options.seed)),
        )
        write_report_of(folder, reported, draw=options.figures)
    write_file(folder / TIMINGS, json_text(clock.as_json()))
    write_file(folder / MANIFEST, json_text({**manifest, "files": file_hashes(folder)}))


def _write_levels(folder: Path, circuit: RateCircuit, built: Built) -> None:
    folder.mkdir()
    write_level(folder, RATE, circuit, print_rate(circuit))
    if built.staged is not circuit:
        write_level(folder, STAGED, built.staged, print_rate(built.staged))
    if built.sensitivity is not None:
        write_level(folder, SENSITIVITY, built.sensitivity, print_sensitivity(built.sensitivity))
    if built.divided is not None:
        write_level(folder, DIVIDED, built.divided, print_rate(built.divided))
    write_level(folder, SPIKING, built.spiking, print_spiking(built.spiking))
    built.save(folder)


def _manifest(whole: Compilation, source: str | None) -> dict[str, Any]:
    model, stimuli, options, choice = whole.model, whole.stimuli, whole.options, whole.choice
    chosen = choice.options
    return {
        "format": FORMAT,
        "version": VERSION,
        "neurocmc": version("neurocmc"),
        "circuit": model.circuit.name,
        "origin_sha256": model.circuit.origin_sha256,
        "on_host": list(model.circuit.on_host),
        "source": source,
        "target": whole.target.name,
        "options": {
            "neurons": chosen.pool,
            "code": chosen.coded,
            "kernel": chosen.kernel,
            "phases": chosen.phases,
            "second_order": chosen.second_order,
            "axons": options.axons,
            "steps": chosen.steps,
            "planes": chosen.planes,
            "seed": options.seed,
            "max_error": options.max_error,
            "tick_s": options.tick_s,
            "images": model.images,
            "calibrate": list(options.calibrate),
            "allow_lost_states": options.allow_lost_states,
        },
        "neurons_reason": choice.reason,
        "neurons_tried": [asdict(entry) for entry in choice.tried],
        "stimuli": {
            "calibration": [stimulus.name for stimulus in stimuli.calibration],
            "test": [stimulus.name for stimulus in stimuli.test],
        },
    }
