"""Compiles a network of neurons for a target into an artifact on disk, whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from neurocmc.common.errors import InfeasibleError, InputError, Problem, raise_input_problems
from neurocmc.common.files import MANIFEST, check_replaceable, json_text, replace_directory, write_file
from neurocmc.common.progress import DONE, Progress, rising
from neurocmc.ir.neurons.memories import Memories, print_memories
from neurocmc.ir.neurons.printer import print_neurons
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import save_events
from neurocmc.ir.stimulus import name_problems
from neurocmc.pipeline.artifact import file_hashes
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified, write_level
from neurocmc.pipeline.manifest import BUDGET, FORMAT, TIMINGS
from neurocmc.pipeline.neurons.artifact import FITTED, GIVEN, MEMORY, NeuronArtifact, open_neurons
from neurocmc.pipeline.neurons.elsewhere import with_what_holds
from neurocmc.pipeline.neurons.manifest import LINE, MEMORY_SOURCE, SOURCE, VERSION
from neurocmc.pipeline.neurons.model import SCALED, NeuronModel
from neurocmc.pipeline.neurons.options import PLANES, NeuronOptions, Weights
from neurocmc.pipeline.neurons.reporting import Reported, write_report_of
from neurocmc.pipeline.program import PROGRAM
from neurocmc.targets import Target, load_target

MOST_COUNTED = 100  # trials of the calibration that load and energy are measured on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """A network on a chip, and of how many synapses its weights are the sum."""

    built: NeuronBuilt
    weights: Weights | None  # None: they are no integers
    reason: str


def compile_neurons(
    model: NeuronModel,
    target: Target | str,
    directory: str | Path,
    options: NeuronOptions | None = None,
    progress: Progress | None = None,
) -> NeuronArtifact:
    """Compiles a network that spikes already into `directory`, which becomes whole or is left as it was.

    Args:
        model: The network and its stimuli.
        target: A Target, its name, or the path of its YAML file.
        directory: The folder of the artifact; one that holds an artifact already is replaced.
        options: What the user chose; None is the defaults.
        progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.

    Returns:
        The artifact in `directory`.

    Raises:
        InputError: For an option that is not what it should be, and a target without such neurons.
        InfeasibleError: For a network that the target cannot hold.
    """
    options = options or NeuronOptions()
    raise_input_problems(options.problems())
    target = load_target(target) if isinstance(target, str) else target
    check_replaceable(Path(directory))
    stimuli = [model.test] if model.calibration is model.test else [model.calibration, model.test]
    raise_input_problems(name_problems([stimulus.name for stimulus in stimuli]))
    told = rising(progress)
    clock = Clock(told, until=0.7)
    try:
        chosen = _choose(model, target, options, clock)
    except InfeasibleError as refusal:
        raise with_what_holds(refusal, model, target, _trial(model, options, told)) from None
    with replace_directory(Path(directory)) as folder:
        _write(folder, model, target, options, chosen, clock)
    artifact = open_neurons(directory)
    told(DONE, 1.0)
    return artifact


def _trial(model: NeuronModel, options: NeuronOptions, told: Progress) -> Callable[[Target], bool]:
    """Returns what finds out whether another target holds the network."""

    def compiles(target: Target) -> bool:
        told(f"trying {target.name}", 0.0)
        try:
            _choose(model, target, options, Clock())
        except (InfeasibleError, InputError):
            return False
        return True

    return compiles


def _choose(model: NeuronModel, target: Target, options: NeuronOptions, clock: Clock) -> Chosen:
    """The network on the chip, with weights of two synapses where nothing else was asked and the chip holds them."""
    network = model.network
    if network is None:
        if options.weights is not None:
            what = "is for networks in real numbers; this one was brought in integers"
            raise InputError(Problem("option-not-for-this", "--weights", what, "leave it out"))
        built = family_of(target).lower_integers(model.integers, model.calibration, target, clock)
        return Chosen(built=built, weights="one", reason="the network was brought in integers")

    def lowered(weights: Weights) -> NeuronBuilt:
        staging = NeuronStaging(network=verified(network), calibration=model.calibration, planes=PLANES[weights])
        return family_of(target).lower_neurons(staging, target, clock)

    if not family_of(target).rounds_neurons:
        why = family_of(target).keeps_weights
        if options.weights is not None:
            raise InputError(Problem("option-not-for-this", "--weights", f"{target.name}: {why}", "leave it out"))
        return Chosen(built=lowered("one"), weights=None, reason=why)
    if options.weights is not None:
        return Chosen(built=lowered(options.weights), weights=options.weights, reason="given by --weights")
    try:
        return Chosen(built=lowered("two"), weights="two", reason="the default: the target holds them")
    except InfeasibleError as error:
        why = error.problems[0].what
    return Chosen(built=lowered("one"), weights="one", reason=f"with two: {why}")


def _write(
    folder: Path, model: NeuronModel, target: Target, options: NeuronOptions, chosen: Chosen, clock: Clock
) -> None:
    built = chosen.built
    kept = SOURCE if model.memories is None else MEMORY_SOURCE
    source = kept if options.source and model.content is not None else None
    if source and model.content is not None:
        write_file(folder / source, model.content)
    write_file(folder / "target.yaml", target.text)
    with clock.writing("levels", 0.2):
        _write_levels(folder / "ir", built, model.memories)
    with clock.writing("emit", 0.4):
        stimuli = {stimulus.name: stimulus for stimulus in (model.calibration, model.test)}
        (folder / "stimuli").mkdir()
        for name, stimulus in stimuli.items():
            built.check(stimulus)
            save_events(stimulus, folder / "stimuli" / f"{name}.npz")
        built.emit(folder / PROGRAM, stimuli)
    with clock.writing("budget", 0.7):
        seen = _seen(built, model.calibration)
        budget = built.budget(seen[0], seen[1])
        write_file(folder / BUDGET, budget.to_json())
    manifest = _manifest(model, target, chosen, source)
    with clock.writing("report", 1.0):
        reported = Reported(manifest=manifest, built=built, budget=budget, seen=seen[1])
        write_report_of(folder, reported, draw=options.figures)
    write_file(folder / TIMINGS, json_text(clock.as_json()))
    write_file(folder / MANIFEST, json_text({**manifest, "files": file_hashes(folder)}))


def _write_levels(folder: Path, built: NeuronBuilt, memories: Memories | None) -> None:
    folder.mkdir()
    if memories is not None:
        write_level(folder, MEMORY, memories, print_memories(memories))
    if built.given is not None:
        write_level(folder, GIVEN, built.given, print_neurons(built.given))
    if built.fitted is not None and built.fitted is not built.given:
        write_level(folder, FITTED, built.fitted, print_neurons(built.fitted))
    built.save(folder)


def _seen(built: NeuronBuilt, calibration: EventStimulus) -> tuple[EventStimulus, NeuronRecording]:
    part = calibration.take(slice(MOST_COUNTED))
    return part, built.run(part)


def _manifest(model: NeuronModel, target: Target, chosen: Chosen, source: str | None) -> dict[str, Any]:
    network = model.network
    resets = () if network is None else tuple(dict.fromkeys(p.reset for p in network.populations))
    return {
        "format": FORMAT,
        "line": LINE,
        "version": VERSION,
        "neurocmc": version("neurocmc"),
        "network": model.name,
        "origin_sha256": "" if network is None else network.origin_sha256,
        "source": source,
        "target": target.name,
        "semantics": {
            "name": None if network is None else network.semantics.name,
            "dt_s": None if network is None else network.semantics.dt_s,
            "reset": None if network is None else ", ".join(resets),
        },
        "options": {"weights": chosen.weights},
        "weights_reason": chosen.reason,
        "notes": [note for note in model.notes if chosen.weights is not None or not note.startswith(SCALED)],
        "exchanged": list(chosen.built.notes),
        "stimuli": {"calibration": model.calibration.name, "test": model.test.name},
    }
