"""Shows two coupled winner-take-alls that hold an item in a persistent up-state after its cue is gone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.resources import resource_path
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus, side_by_side
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.demos.common import (
    Demo,
    DemoResult,
    Setting,
    interpreters,
    neurons_of,
    strongest_above,
    units_and_neurons,
)
from neurocmc.pipeline.simulate import find_stimulus, simulate
from neurocmc.report.figures.film import film_path
from neurocmc.report.figures.states import NONE, Band, StateFigure, draw_states
from neurocmc.theory.swta import ignition_threshold, up_state
from neurocmc.verification.edges import Edge, judged

TRIALS = ("cue", "silence", "noisy-cue")  # judged; one trial each of the first two
DRAWN = "distractor"
ITEM = 0
HELD_SHARE = 0.5  # of x*: above it the item counts as held, and any other item must stay below
HOLD_LIMIT_S = 10.0
AMPLITUDE_LIMIT = {"rate": 0.01}  # of x*
SPIKING_AMPLITUDE_LIMIT = 0.05
IGNITES_S = 0.1  # after the cue's onset the state may still be either


@dataclass(frozen=True, slots=True, kw_only=True)
class Theory:
    """The numbers that theory predicts of the bundled circuit."""

    star: float  # activity of a held item
    ignition: float  # activity from which an item climbs there by itself


def _run(setting: Setting) -> DemoResult:
    """Twelve long trials judged; one with a distractor drawn and judged as well."""
    progress = setting.progress
    artifact = compile_model(
        resource_path("models/working-memory.yaml"),
        setting.target,
        setting.directory,
        setting.options,
        progress=progress,
    )
    theory = theory_of(artifact.circuit)
    drawn = find_stimulus(artifact, DRAWN)
    named = [find_stimulus(artifact, name) for name in TRIALS]
    # The drawn trial runs beside the others and to their end: a tick costs the same for one trial and for thirteen.
    trials = side_by_side("up-state", [*named, drawn.lasting(named[0].duration_s)])
    lines = [
        units_and_neurons(artifact),
        f"theory: the item is held at x* = {theory.star:.4f}; it ignites beyond {theory.ignition:.4f}, rests below",
    ]
    edges: list[Edge] = []
    shown: dict[str, Band] = {}
    for on in interpreters(artifact):
        recording = simulate(artifact, on, trials, record_spikes=False, progress=progress)
        found, line = _judge(on, recording, trials, theory)
        edges += found
        lines.append(line)
        state = decoded_state(recording, theory, trials.batch - 1)
        shown[on] = Band(tick_s=recording.tick_s, state=state[: drawn.ticks(recording.tick_s)])
    pictures = _draw(artifact, shown, drawn, theory, setting)
    return DemoResult(lines=tuple(lines), pictures=pictures, edges=tuple(edges), artifact=artifact)


def _judge(on: str, recording: Recording, trials: Stimulus, theory: Theory) -> tuple[list[Edge], str]:
    """The last trial is the one with a distractor, after those of TRIALS."""
    silent, distracted = TRIALS.index("silence"), trials.batch - 1
    cued = [trial for trial in range(distracted) if trial != silent]
    memory = recording.activity["x"]
    held = [held_after_cue_s(memory[t], recording.tick_s, cue_end_s(trials, t), theory.star) for t in cued]
    amplitude = worst_amplitude_error(memory[cued], recording.tick_s, theory.star)
    loudest = max(float(activity[silent].max()) for activity in recording.activity.values())
    onset_s = _cue_onset_s(trials, distracted)
    expected = expected_state(onset_s, recording.ticks, recording.tick_s)
    state = decoded_state(recording, theory, distracted)
    settled = (np.arange(len(state)) * recording.tick_s >= onset_s + IGNITES_S) | (expected == NONE)
    wrong = int(np.count_nonzero((state != expected) & settled))
    limit = AMPLITUDE_LIMIT.get(on, SPIKING_AMPLITUDE_LIMIT)
    edges = [
        judged(
            f"{on} ~ theory",
            "item held after the cue",
            min(held),
            HOLD_LIMIT_S,
            "s",
            better="high",
            note=f"shortest of {len(cued)} trials",
        ),
        judged(
            f"{on} ~ theory",
            "amplitude of the up-state",
            amplitude,
            limit,
            "of x*",
            worst="x",
            note=f"worst of {len(cued)} trials, last second",
        ),
        judged(f"{on} ~ theory", "activity without a cue", loudest, 0.0, "activity"),
        judged(
            f"{on} ~ theory",
            "ticks in a wrong state, distractor",
            float(wrong),
            0.0,
            f"of {np.count_nonzero(settled):,}",
            note=f"but for {1e3 * IGNITES_S:g} ms from the cue's onset",
        ),
    ]
    line = (
        f"{on}: held for {min(held):.2f} s after the cue, to the end, in {sum(h >= HOLD_LIMIT_S for h in held)} of "
        f"{len(cued)} trials; within {100 * amplitude:.2f} % of x*; {wrong} ticks in a wrong state"
    )
    return edges, line


def _draw(
    artifact: Artifact, shown: dict[str, Band], drawn: Stimulus, theory: Theory, setting: Setting
) -> tuple[Path, ...]:
    picture = setting.figures / "up-state.png"
    film = film_path(picture, setting.film)
    picture.parent.mkdir(exist_ok=True)
    rate = simulate(artifact, "rate", drawn)
    last = simulate(artifact, interpreters(artifact)[-1], drawn)
    expected = expected_state(_cue_onset_s(drawn, 0), last.ticks, last.tick_s)
    bands = {"expected": Band(tick_s=last.tick_s, state=expected), **shown}
    items = artifact.circuit.readouts[0].labels
    page = StateFigure(
        title="Up-state: an item is held after its cue, and a distractor does not move it",
        subtitle=units_and_neurons(artifact),
        neurons=neurons_of(artifact),
        traces=("x", "y"),
        units={"x": items},
        theory={"x": theory.star, "y": theory.star},
        channels={"cue": [f"cue {item}" for item in items]},
        states=items,
    )
    draw_states(last, rate, drawn, bands, page, picture, film=film)
    return (picture,) if film is None else (picture, film)


def decoded_state(recording: Recording, theory: Theory, trial: int = 0) -> Int:
    """Returns (ticks,) the item held in x, NONE where none is above half of x*."""
    return strongest_above(recording.activity["x"][trial], HELD_SHARE * theory.star)


def expected_state(onset_s: float, ticks: int, tick_s: float) -> Int:
    """Returns (ticks,) nothing before the cue, its item from then on, whatever else comes."""
    time_s = np.arange(ticks) * tick_s
    return np.where(time_s < onset_s - 0.5 * tick_s, NONE, ITEM)


def held_after_cue_s(activity: NDArray[np.float32], tick_s: float, cue_end_s: float, star: float) -> float:
    """Measures how long after the cue the item stays above half of x* and all others below it.

    `activity` is (ticks, units). Inf is never returned: an item still held at the end counts to the end.
    """
    after = activity[round(cue_end_s / tick_s) :]
    others = np.delete(after, ITEM, axis=1)
    lost = (after[:, ITEM] < HELD_SHARE * star) | (others > HELD_SHARE * star).any(axis=1)
    return (int(np.argmax(lost)) if lost.any() else len(lost)) * tick_s


def worst_amplitude_error(activity: NDArray[np.float32], tick_s: float, star: float) -> float:
    """Returns the largest relative deviation from x* of the item's mean in the last second, over trials."""
    last = activity[:, -round(1.0 / tick_s) :, ITEM].mean(axis=1, dtype=np.float64)
    return float(np.abs(last / star - 1.0).max())


def cue_end_s(stimulus: Stimulus, trial: int) -> float:
    """Returns when the last drive of a trial ends."""
    driven = np.any([value[trial].any(axis=1) for value in stimulus.values.values()], axis=0)
    return float(stimulus.edges_s[np.flatnonzero(driven)[-1] + 1])


def _cue_onset_s(stimulus: Stimulus, trial: int) -> float:
    """When the first drive of the item begins."""
    return float(stimulus.edges_s[np.flatnonzero(stimulus.values["cue"][trial, :, ITEM])[0]])


def theory_of(circuit: RateCircuit) -> Theory:
    """Computes x* and the ignition threshold of the bundled circuit from its weights."""
    weight = {(p.source, p.target): float(p.weight[0, 0]) for p in circuit.projections}
    threshold = {p.name: float(p.offset[0]) for p in circuit.populations}
    alpha, phi = weight["x", "x"], weight["y", "x"]
    beta1, beta2 = -weight["x_inhibit", "x"], weight["x", "x_inhibit"]
    return Theory(
        star=up_state(alpha, phi, beta1, beta2, threshold["x"], threshold["x_inhibit"]),
        ignition=ignition_threshold(alpha, phi, threshold["x"]),
    )


UP_STATE = Demo(
    title="an item is held in a persistent up-state after its cue is gone, against a distractor",
    explanation=(
        "Two soft winner-take-all circuits excite each other's winners. Each alone would fall silent; together they "
        "hold each other up: a cue of 200 ms ignites an item, and it stays active at the level x* that theory "
        "predicts for as long as one looks, since inhibition balances what the two give each other. The same cue to "
        "another item, later, does not reach the threshold that this inhibition has raised, and nothing happens "
        "without a cue."
    ),
    run=_run,
)
