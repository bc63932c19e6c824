"""Shows finite-state machines as coupled winner-take-alls: two states, and an automaton that divides by three."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.resources import resource_path
from neurocmc.frontends.automaton.machine import Machine
from neurocmc.frontends.automaton.read import MachineProgram
from neurocmc.frontends.automaton.score import SHOWN, score
from neurocmc.frontends.automaton.walks import INPUT, SILENCE, Walk, random_walks, read_walk, walk_stimulus
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.automata import machine_of
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
from neurocmc.pipeline.simulate import simulate
from neurocmc.report.figures.film import film_path
from neurocmc.report.figures.states import NONE, Band, StateFigure, draw_states
from neurocmc.verification.edges import Edge, judged

TRIALS, SYMBOLS, SEED = 50, 20, 0  # random words that are judged
ERROR_LIMIT = 0.01  # of the symbols


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineDemo:
    """The parts of one machine's demo; `word` is what the picture shows, by the names of its symbols."""

    model: str
    picture: str
    title: str
    word: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """The judged trials of a machine: random words first, then three that test one thing each."""

    stimulus: Stimulus
    word: int  # trial of the word that is drawn
    silent: int  # trial in which no symbol follows the reset
    unset: int  # trial in which the reset is missing


def _run(plan: MachineDemo, setting: Setting) -> DemoResult:
    """A thousand random symbols, a long silence and symbols before any state judged; one word drawn."""
    progress = setting.progress
    artifact = compile_model(
        resource_path(plan.model), setting.target, setting.directory, setting.options, progress=progress
    )
    program = machine_of(artifact)
    machine, times = program.machine, program.timing
    word = [machine.symbols.index(symbol) for symbol in plan.word]
    trials = judged_trials(program, word, TRIALS, SYMBOLS, SEED)
    drawn = walk_stimulus("word", machine, times, [word])
    lines = [
        f"{len(machine.states)} states, {len(machine.symbols)} symbols, {len(machine.transitions)} transition units: "
        f"{units_and_neurons(artifact)}",
        f"theory: x takes a state {1e3 * times.write_s:.0f} ms after a symbol, y {1e3 * times.copy_s:.0f} ms after "
        f"its end; a symbol takes {1e3 * times.pulse_s:.0f} + {1e3 * times.gap_s:.0f} ms",
    ]
    edges: list[Edge] = []
    shown: dict[str, Band] = {}
    for on in interpreters(artifact):
        recording = simulate(artifact, on, trials.stimulus, record_spikes=False, progress=progress)
        found, line = judge(on, program, trials, recording)
        edges += found
        lines.append(line)
        ticks = drawn.ticks(recording.tick_s)
        shown[on] = Band(tick_s=recording.tick_s, state=decoded_state(recording, trials.word)[:ticks])
    pictures = _draw(plan, artifact, program, shown, drawn, setting)
    return DemoResult(lines=tuple(lines), pictures=pictures, edges=tuple(edges), artifact=artifact)


def judged_trials(program: MachineProgram, word: Sequence[int], trials: int, symbols: int, seed: int) -> Judged:
    """Makes random words beside the word that is drawn, a silence, and symbols that no reset precedes."""
    machine = program.machine
    words = random_walks(machine, trials=trials + 1, symbols=symbols, seed=seed)
    walks: list[Sequence[int]] = [*words[:trials], word, [SILENCE] * symbols, words[trials]]
    stimulus = walk_stimulus("judged", machine, program.timing, walks)
    unset = len(walks) - 1
    symbol, labels = stimulus.values[INPUT].copy(), stimulus.labels.copy()
    symbol[unset, :2] = 0.0  # the pulse of the reset and the gap after it
    labels[unset] = NONE
    judged_by = replace(stimulus, values={INPUT: symbol}, labels=labels)
    return Judged(stimulus=judged_by, word=trials, silent=trials + 1, unset=unset)


def judge(on: str, program: MachineProgram, trials: Judged, recording: Recording) -> tuple[list[Edge], str]:
    """Judges what an interpreter did on the judged trials; returns edges and a line."""
    words = slice(trials.word)
    found = score(program, trials.stimulus.take(words), _of_trials(recording, words))
    silent = decoded_state(recording, trials.silent)
    latencies = latencies_s(found.walk, recording)
    begun = np.arange(len(silent)) * recording.tick_s >= found.walk.onset_s[1]
    lost = int(np.count_nonzero(silent[begun] != program.machine.start))
    held_s = float((np.argmax(silent[begun] != program.machine.start) if lost else begun.sum()) * recording.tick_s)
    alone = float(recording.activity["y"][trials.unset].max())
    direct = bool(program.machine.unconditional)  # then a symbol alone may well set a state
    edges = [
        judged(
            f"{on} ~ machine",
            "wrong after a symbol",
            found.errors / found.symbols,
            ERROR_LIMIT,
            "relative",
            note=f"{found.errors} of {found.symbols} symbols",
        ),
        judged(
            f"{on} ~ machine",
            "ticks that lost the state, no symbol",
            float(lost),
            0.0,
            f"of {np.count_nonzero(begun):,}",
        ),
        *(
            []
            if direct
            else [
                judged(
                    f"{on} ~ machine",
                    "state made by symbols alone",
                    alone,
                    SHOWN,
                    "activity",
                    note="without a reset there is no state to move",
                )
            ]
        ),
    ]
    line = (
        f"{on}: {found.errors} errors in {found.symbols:,} symbols; a state held {held_s:.1f} s without a symbol"
        f"{'' if lost else ', to the end'}; y shows a new state {1e3 * float(np.mean(latencies)):.0f} ms after the "
        f"symbol's onset, at the latest {1e3 * float(np.max(latencies)):.0f} ms"
    )
    return edges, line


def walk_of(program: MachineProgram, trials: Judged) -> Walk:
    """Reads what the random words ask of the machine."""
    return read_walk(program.machine, trials.stimulus.take(slice(trials.word)))


def _of_trials(recording: Recording, trials: slice) -> Recording:
    return replace(recording, activity={name: value[trials] for name, value in recording.activity.items()})


def decoded_state(recording: Recording, trial: int) -> Int:
    """Returns (ticks,) the state that y shows, NONE where none is above half of the held activity."""
    return strongest_above(recording.activity["y"][trial], SHOWN)


def expected_state(walk: Walk, recording: Recording, trial: int) -> Int:
    """Returns (ticks,) the state that the automaton is in, from the onset of each symbol on."""
    time_s = np.arange(recording.ticks) * recording.tick_s
    index = np.searchsorted(np.array(walk.onset_s) - 0.5 * recording.tick_s, time_s, side="right") - 1
    return np.where(index >= 0, walk.states[trial][np.maximum(index, 0)], NONE)


def latencies_s(walk: Walk, recording: Recording) -> list[float]:
    """Measures the time from each symbol that changes the state until y shows the new one, where it does in time."""
    found: list[float] = []
    for trial in range(len(walk.states)):
        state = decoded_state(recording, trial)
        for k in range(1, len(walk.onset_s)):
            if walk.states[trial, k] == walk.states[trial, k - 1]:
                continue
            first, last = round(walk.onset_s[k] / recording.tick_s), round(walk.end_s[k] / recording.tick_s)
            shown = state[first:last] == walk.states[trial, k]
            if shown.any():
                found.append(int(np.argmax(shown)) * recording.tick_s)
    return found


def _draw(
    plan: MachineDemo,
    artifact: Artifact,
    program: MachineProgram,
    shown: dict[str, Band],
    drawn: Stimulus,
    setting: Setting,
) -> tuple[Path, ...]:
    machine = program.machine
    picture = setting.figures / plan.picture
    film = film_path(picture, setting.film)
    picture.parent.mkdir(exist_ok=True)
    rate = simulate(artifact, "rate", drawn)
    last = simulate(artifact, interpreters(artifact)[-1], drawn)
    expected = expected_state(read_walk(machine, drawn), last, 0)
    bands = {"expected": Band(tick_s=last.tick_s, state=expected), **shown}
    output = {"output": machine.outputs} if machine.outputs else {}
    page = StateFigure(
        title=plan.title,
        subtitle=f"{_told(machine)}; {units_and_neurons(artifact)}",
        neurons=neurons_of(artifact),
        traces=("x", "y", *output),
        units={"x": machine.states, "y": machine.states, **output},
        theory={"y": 1.0},
        channels={INPUT: (*machine.symbols, "reset")},
        states=machine.states,
    )
    draw_states(last, rate, drawn, bands, page, picture, film=film)
    return (picture,) if film is None else (picture, film)


def _told(machine: Machine) -> str:
    return f"{len(machine.states)} states, {len(machine.symbols)} symbols"


TWO_STATE = Demo(
    title="a machine of two states toggles on one symbol and ignores another",
    explanation=(
        "Two winner-take-alls x and y hold a state; a transition unit fires only when its state and its symbol are "
        "there together, and pushes x into the next state, which y takes over once the symbol is gone. Every weight, "
        "threshold and time is derived from the fixed points of the circuit, none was tuned. A state without a "
        "symbol stays for ever; a symbol without a state does nothing."
    ),
    run=partial(
        _run,
        MachineDemo(
            model="models/two-state.yaml",
            picture="two-state.png",
            title="Two states: toggle moves, keep does not",
            word=("toggle", "keep", "toggle", "toggle", "keep", "keep", "toggle", "toggle", "keep", "toggle"),
        ),
    ),
)
AUTOMATON = Demo(
    title="an automaton of three states reads binary numbers and says which are divisible by three",
    explanation=(
        "The same construction serves any finite automaton. Here the states are the remainders of a number modulo "
        "three, the symbols its binary digits, from the highest to the lowest: each digit moves the remainder, and "
        "the output says whether the number read so far is divisible. It is judged after each of a thousand random "
        "digits, and holds its state through any pause."
    ),
    run=partial(
        _run,
        MachineDemo(
            model="models/automaton.yaml",
            picture="automaton.png",
            title="Divisible by three? A binary number, digit by digit",
            word=("1", "1", "0", "1", "0", "1", "1", "0", "0", "1"),
        ),
    ),
)
