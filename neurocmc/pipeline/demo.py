"""Demos: a bundled circuit compiled, run on every interpreter, drawn and judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.resources import resource_path
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus, side_by_side
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import CompileOptions, compile_model
from neurocmc.pipeline.lower import Progress
from neurocmc.pipeline.simulate import Interpreter, find_stimulus, simulate
from neurocmc.pipeline.verify import verify
from neurocmc.report.figures import draw_activity
from neurocmc.report.figures.cmc_demo import draw_cmc_demo
from neurocmc.targets import Target
from neurocmc.verification.edges import Edge, judged, misses
from neurocmc.verification.metrics import decisions
from neurocmc.verification.swta_theory import ignition_threshold, up_state

CMC_NEURONS = 32
CMC_DIGITS = 200  # judged in the demo
CMC_DRAWN = 5
MEMORY_TRIALS = ("cue", "silence", "noisy-cue")  # one trial each of the first two, the first is drawn
MEMORY_ITEM = 0
HELD_SHARE = 0.5  # of x*: above it the item counts as held, and any other item must stay below
HOLD_LIMIT_S = 10.0
AMPLITUDE_LIMIT = {"rate": 0.01, "brian2": 0.05, "emulator": 0.05}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What a demo has to tell: lines to print, pictures to look at, edges that judge it, the artifact it made."""

    lines: tuple[str, ...]
    pictures: tuple[Path, ...]
    edges: tuple[Edge, ...]
    artifact: Artifact

    @property
    def passed(self) -> bool:
        return not misses(self.edges)


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo: what it shows, and the function that shows it."""

    title: str
    run: Callable[[str | Target, Path, Progress | None], DemoResult]


def run_demo(name: str, target: str | Target, directory: str | Path, progress: Progress | None = None) -> DemoResult:
    """Run a demo into `directory`. Raises InputError for a name that is not in DEMOS."""
    if name not in DEMOS:
        raise InputError(Problem("demo", f"there is none named {name!r}", f"demos are: {', '.join(DEMOS)}"))
    return DEMOS[name].run(target, Path(directory), progress)


def _digits(target: str | Target, directory: Path, progress: Progress | None) -> DemoResult:
    """A trained soft winner-take-all reads digits: compiled, verified on all test digits, one digit drawn."""
    artifact = compile_model(resource_path("models/swta-digits.pt"), target, directory, progress=progress)
    verification = verify(artifact, progress=progress)
    stimulus = artifact.stimuli.test[0]
    one = stimulus.take(slice(0, 1))
    picture = directory / "figures" / "digit.png"
    _draw(artifact, {on: simulate(artifact, on, one) for on in interpreters(artifact)}, one, picture, {})
    lines = (
        f"{artifact.circuit.name}: {artifact.circuit.units} rate units as {artifact.spiking.neurons:,} neurons on "
        f"{artifact.target.title}",
        f"on the host: {', '.join(artifact.circuit.on_host)}; on the chip: the circuit",
        f"judged on {stimulus.batch:,} test digits",
    )
    return DemoResult(lines=lines, pictures=(picture,), edges=verification.edges, artifact=artifact)


def _cmc_digits(target: str | Target, directory: Path, progress: Progress | None) -> DemoResult:
    """Three regions of canonical microcircuits read digits, glimpse by glimpse; some of them drawn."""
    options = CompileOptions(neurons=CMC_NEURONS)
    artifact = compile_model(resource_path("models/cmc-v1v3.pt"), target, directory, options, progress)
    verification = verify(artifact, samples=CMC_DIGITS, progress=progress)
    streamed = artifact.stimuli.test[0].take(slice(CMC_DRAWN))
    seen = {on: simulate(artifact, on, streamed, progress=progress) for on in interpreters(artifact)}
    model, (classifier,) = artifact.model(), artifact.circuit.classifiers
    picture = directory / "figures" / "digits.png"
    picture.parent.mkdir(exist_ok=True)
    assert model.test_images is not None  # a checkpoint of the cmc family has images
    draw_cmc_demo(
        seen,
        streamed,
        model.test_images()[:CMC_DRAWN],
        classifier,
        picture,
        neurons={p.name: artifact.spiking.population(p.name).neurons for p in artifact.circuit.populations},
        trials=tuple(range(CMC_DRAWN)),
    )
    answers = {on: decisions(recording, classifier) for on, recording in seen.items()}
    told = ", ".join(f"{on} {' '.join(classifier.labels[a] for a in answer)}" for on, answer in answers.items())
    lines = (
        f"{artifact.circuit.name}: {artifact.circuit.units} rate units as {artifact.spiking.neurons:,} neurons, "
        f"relays included, on {artifact.target.title}",
        *(f"on the host: {part}" for part in artifact.circuit.on_host),
        f"judged on the first {CMC_DIGITS} test digits; drawn are the first {CMC_DRAWN}, they show "
        f"{' '.join(classifier.labels[label] for label in streamed.labels)}",
        f"read as: {told}",
    )
    return DemoResult(lines=lines, pictures=(picture,), edges=verification.edges, artifact=artifact)


def _working_memory(target: str | Target, directory: Path, progress: Progress | None) -> DemoResult:
    """Two coupled winner-take-alls hold an item after its cue is gone; side by side on every interpreter."""
    source = resource_path("models/working-memory.yaml")
    artifact = compile_model(source, target, directory, progress=progress)
    star, ignition = _memory_theory(source)
    edges: list[Edge] = []
    lines = [
        f"theory: the item is held at x* = {star:.4f}; it ignites beyond {ignition:.4f}, and rests below",
        f"on {artifact.target.title}: {artifact.spiking.neurons} neurons",
    ]
    trials = side_by_side("working-memory", [find_stimulus(artifact, name) for name in MEMORY_TRIALS])
    seen = {on: simulate(artifact, on, trials, progress=progress) for on in interpreters(artifact)}
    silent = MEMORY_TRIALS.index("silence")
    cued = [trial for trial in range(trials.batch) if trial != silent]
    for on, recording in seen.items():
        memory = recording.activity["x"]
        held = [held_after_cue_s(memory[trial], recording.tick_s, cue_end_s(trials, trial), star) for trial in cued]
        amplitude = worst_amplitude_error(memory[cued], recording.tick_s, star)
        loudest = max(float(activity[silent].max()) for activity in recording.activity.values())
        edges += [
            judged(f"{on} ~ theory", "item held after the cue", min(held), HOLD_LIMIT_S, "s", better="high",
                   note=f"shortest of {len(cued)} trials"),
            judged(f"{on} ~ theory", "amplitude of the up-state", amplitude, AMPLITUDE_LIMIT[on], "of x*",
                   worst="x", note=f"worst of {len(cued)} trials, last second"),
            judged(f"{on} ~ theory", "activity without a cue", loudest, 0.0, "activity"),
        ]  # fmt: skip
        lines.append(f"{on}: held for {min(held):.2f} s after the cue, within {100 * amplitude:.2f} % of x*")
    picture = directory / "figures" / "working-memory.png"
    _draw(artifact, seen, trials, picture, {"x": star, "y": star})
    return DemoResult(lines=tuple(lines), pictures=(picture,), edges=tuple(edges), artifact=artifact)


def interpreters(artifact: Artifact) -> tuple[Interpreter, ...]:
    """The interpreters an artifact can run on."""
    return ("rate", "brian2", "emulator") if artifact.integer is not None else ("rate", "brian2")


def held_after_cue_s(activity: NDArray[np.float32], tick_s: float, cue_end_s: float, star: float) -> float:
    """How long, from the end of the cue, the item stays above half of x* and all others below it.

    `activity` is (ticks, units). Inf is never returned: an item still held at the end counts to the end.
    """
    after = activity[round(cue_end_s / tick_s) :]
    others = np.delete(after, MEMORY_ITEM, axis=1)
    lost = (after[:, MEMORY_ITEM] < HELD_SHARE * star) | (others > HELD_SHARE * star).any(axis=1)
    return (int(np.argmax(lost)) if lost.any() else len(lost)) * tick_s


def worst_amplitude_error(activity: NDArray[np.float32], tick_s: float, star: float) -> float:
    """Largest relative deviation from x* of the item's mean in the last second; `activity` (trials, ticks, units)."""
    last = activity[:, -round(1.0 / tick_s) :, MEMORY_ITEM].mean(axis=1, dtype=np.float64)
    return float(np.abs(last / star - 1.0).max())


def cue_end_s(stimulus: Stimulus, trial: int) -> float:
    """When the last drive of a trial ends."""
    driven = np.any([value[trial].any(axis=1) for value in stimulus.values.values()], axis=0)
    return float(stimulus.edges_s[np.flatnonzero(driven)[-1] + 1])


def _memory_theory(source: Path) -> tuple[float, float]:
    """x* and ignition threshold of the bundled circuit, from the numbers in its file."""
    circuit: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    weight = {(p["from"], p["to"]): p["weight"] for p in circuit["projections"]}
    alpha, phi = weight["x", "x"]["value"], weight["y", "x"]["value"]
    threshold, threshold_i = (
        circuit["populations"]["x"]["threshold"],
        circuit["populations"]["x_inhibit"]["threshold"],
    )
    beta1, beta2 = -weight["x_inhibit", "x"], weight["x", "x_inhibit"]
    return (
        up_state(alpha, phi, beta1, beta2, threshold, threshold_i),
        ignition_threshold(alpha, phi, threshold),
    )


def _draw(
    artifact: Artifact, seen: Mapping[str, Recording], stimulus: Stimulus, path: Path, theory: Mapping[str, float]
) -> None:
    """The first trial on every interpreter: input, raster, decoded activity."""
    path.parent.mkdir(exist_ok=True)
    draw_activity(
        seen,
        stimulus,
        path,
        neurons={population.name: population.neurons for population in artifact.spiking.populations},
        theory=theory,
        labels=next((readout.labels for readout in artifact.circuit.readouts), ()),
    )


DEMOS: Mapping[str, Demo] = {
    "digits": Demo(
        "three regions of canonical microcircuits read handwritten digits, glimpse by glimpse", _cmc_digits
    ),
    "swta-digits": Demo("a trained soft winner-take-all reads handwritten digits", _digits),
    "working-memory": Demo("an item is held in a persistent up-state after its cue is gone", _working_memory),
}
