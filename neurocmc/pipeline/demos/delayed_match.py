"""Shows a trained working memory that compares what it sees with what it saw before a delay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.rate import Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.demos.common import (
    Demo,
    DemoResult,
    Setting,
    interpreters,
    neurons_of,
    strongest_above,
    trained,
    units_and_neurons,
)
from neurocmc.pipeline.simulate import simulate
from neurocmc.report.figures.film import film_path
from neurocmc.report.figures.states import Band, StateFigure, draw_states
from neurocmc.verification.edges import Edge, judged
from neurocmc.verification.metrics import decisions

SOURCE = "delayed-match"
TRIALS = 200  # of each delay
WRONG_LIMIT = 0.03  # of trials, on the rate circuit
DROP_LIMIT = 0.01  # from there to any other interpreter
LOST_LIMIT = 0.01  # of trials, at the end of the delay
HELD_SHARE = 0.5  # of the held activity: above it an item is decoded
HELD_S = 0.02  # over which memory is read at the end of a delay


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """Test trials of one delay: what to drive, when the delay ends, and what memory must then hold."""

    delay_s: float
    stimulus: Stimulus
    held_s: float
    remembered: Int  # (trials,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What one interpreter answered in the trials of one delay."""

    wrong: Int  # (trials,) 1 where the answer is not right
    lost: Int  # (trials,) 1 where memory does not hold the right item at the end of the delay


def _run(setting: Setting) -> DemoResult:
    """All delays judged; a match and a non-match of the longest delay drawn."""
    progress = setting.progress
    source, told = trained(SOURCE)
    artifact = compile_model(source, setting.target, setting.directory, setting.options, progress=progress)
    tasks, held_at = _tasks(artifact)
    longest = tasks[-1]
    shown = {artifact.circuit.readouts[0].labels[answer]: _first(longest, answer) for answer in (0, 1)}
    drawn = longest.stimulus.take(np.array(list(shown.values())))
    seen: dict[str, Recording] = {}
    found: dict[str, list[Answers]] = {}
    for on in interpreters(artifact):
        found[on] = []
        for task in tasks:
            recording = simulate(artifact, on, task.stimulus, record_spikes=False, progress=progress)
            found[on].append(_answers(artifact, task, recording, held_at))
        seen[on] = simulate(artifact, on, drawn, progress=progress)
    lines = [
        *told,
        f"{units_and_neurons(artifact)}; judged on {TRIALS} trials of each delay: "
        f"{', '.join(f'{task.delay_s:g}' for task in tasks)} s",
        *(_line(on, tasks, answers) for on, answers in found.items()),
    ]
    pictures = _draw(artifact, seen, longest, shown, held_at, setting)
    edges = tuple(_edges(found))
    return DemoResult(lines=tuple(lines), pictures=pictures, edges=edges, artifact=artifact)


def _tasks(artifact: Artifact) -> tuple[list[Task], float]:
    """Test trials of every delay, shortest first, and the activity at which the memory loop holds an item."""
    model = artifact.model()
    memory = model.memory
    assert memory is not None  # the bundled circuit is of the memory family
    tasks: list[Task] = []
    for delay_tau in sorted(memory.recipe.evaluation.delays_tau):
        trials = memory.test_trials(delay_tau, TRIALS)
        stimulus = memory.test_stimulus(delay_tau, TRIALS)
        tasks.append(
            Task(
                delay_s=delay_tau * memory.recipe.circuit.tau_s,
                stimulus=stimulus,
                held_s=trials.held_s,
                remembered=trials.remembered,
            )
        )
    return tasks, float(model.facts["memory activity"])


def _first(task: Task, answer: int) -> int:
    """The first trial with that answer."""
    return int(np.flatnonzero(task.stimulus.labels == answer)[0])


def _answers(artifact: Artifact, task: Task, recording: Recording, held_at: float) -> Answers:
    wrong = decisions(recording, _answer(artifact)) != task.stimulus.labels
    end = round(task.held_s / recording.tick_s)
    memory = recording.activity["x"][:, end - round(HELD_S / recording.tick_s) : end]
    return Answers(
        wrong=wrong.astype(np.int64),
        lost=(strongest_above(memory.mean(axis=1), HELD_SHARE * held_at) != task.remembered).astype(np.int64),
    )


def _answer(artifact: Artifact) -> Readout:
    return next(readout for readout in artifact.circuit.readouts if readout.kind == "winner")


def _edges(found: Mapping[str, Sequence[Answers]]) -> list[Edge]:
    share = {on: float(np.mean([answer.wrong for answer in answers])) for on, answers in found.items()}
    edges = [judged("rate ~ task", "wrong answers", share["rate"], WRONG_LIMIT, "of trials")]
    for on, answers in found.items():
        if on != "rate":
            told = f"{100 * (1 - share['rate']):.2f} % to {100 * (1 - share[on]):.2f} %"
            drop = round(share[on] - share["rate"], 12)
            edges.append(judged(f"rate ~ {on}", "accuracy drop", drop, DROP_LIMIT, "of trials", note=told))
        lost = float(np.mean([answer.lost for answer in answers]))
        edges.append(judged(f"{on} ~ task", "sample lost in the delay", lost, LOST_LIMIT, "of trials"))
    return edges


def _line(on: str, tasks: Sequence[Task], answers: Sequence[Answers]) -> str:
    wrong = ", ".join(
        f"{answer.wrong.sum()} after {task.delay_s:g} s" for task, answer in zip(tasks, answers, strict=True)
    )
    lost = sum(int(answer.lost.sum()) for answer in answers)
    return (
        f"{on}: wrong answers {wrong}; the sample held to the end of the delay in "
        f"{TRIALS * len(tasks) - lost} of {TRIALS * len(tasks)} trials"
    )


def _draw(
    artifact: Artifact,
    seen: Mapping[str, Recording],
    task: Task,
    shown: Mapping[str, int],
    held_at: float,
    setting: Setting,
) -> tuple[Path, ...]:
    """One picture for each answer."""
    setting.figures.mkdir(exist_ok=True)
    pictures: list[Path] = []
    drawn = task.stimulus.take(np.array(list(shown.values())))
    last = seen[interpreters(artifact)[-1]]
    items = next(readout.labels for readout in artifact.circuit.readouts if readout.kind == "activity")
    for place, (answer, trial) in enumerate(shown.items()):
        # The sample from its onset on; the test must not move it.
        bands = {"expected": Band(tick_s=last.tick_s, state=np.full(last.ticks, task.remembered[trial]))}
        bands |= {
            on: Band(tick_s=r.tick_s, state=strongest_above(r.activity["x"][place], HELD_SHARE * held_at))
            for on, r in seen.items()
        }
        told = {on: _answer(artifact).labels[int(decisions(r, _answer(artifact))[place])] for on, r in seen.items()}
        page = StateFigure(
            title=f"Delayed match: is it what was shown {1e3 * task.delay_s:.0f} ms before? Correct: {answer}",
            subtitle=f"answers: {', '.join(f'{on} {said}' for on, said in told.items())}",
            neurons=neurons_of(artifact),
            traces=("x", "decision"),
            units={"x": items, "decision": _answer(artifact).labels},
            theory={},
            channels={name: [""] * value.shape[2] for name, value in task.stimulus.values.items()},
            states=items,
        )
        picture = setting.figures / f"delayed-{answer}.png"
        film = film_path(picture, setting.film)
        draw_states(last, seen["rate"], drawn, bands, page, picture, trial=place, film=film)
        pictures += [picture] if film is None else [picture, film]
    return tuple(pictures)


DELAYED_MATCH = Demo(
    title="a trained memory says whether two directions, a delay apart, are the same",
    explanation=(
        "A direction is shown for 200 ms in noise, gone for a delay, then it or another one is shown: do they match? "
        "The sample ignites an item of two coupled winner-take-alls, which hold it through the delay and under the "
        "test; match units fire where memory and senses agree, and a third winner-take-all decides. All weights were "
        "trained by gradient; the delays here reach ten times the longest time constant of the circuit, and those of "
        "training did not exceed six."
    ),
    run=_run,
)
