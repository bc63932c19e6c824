"""Turns sequences of symbols into stimuli, and reads the same sequences back from any stimulus."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Int, set_frozen
from neurocmc.frontends.automaton.circuit import Timing
from neurocmc.frontends.automaton.machine import RESTART, Machine
from neurocmc.ir.stimulus import Stimulus

INPUT = "symbols"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walk:
    """The symbols and states of a machine in each trial of a stimulus; all trials have as many, at the same times.

    Where a symbol is RESTART it is reset, and -2 is none (silence). `states` and `outputs` are what is right when the
    next symbol comes; an output of -1 is none.
    """

    onset_s: tuple[float, ...]
    pulse_end_s: tuple[float, ...]  # when the symbol ends
    end_s: tuple[float, ...]  # when the next begins
    symbols: Int  # (trials, symbols)
    states: Int  # (trials, symbols)
    outputs: Int | None  # (trials, symbols)

    def __post_init__(self) -> None:
        set_frozen(self, "symbols", np.int64, (None, len(self.onset_s)))
        set_frozen(self, "states", np.int64, self.symbols.shape)
        if self.outputs is not None:
            set_frozen(self, "outputs", np.int64, self.symbols.shape)


SILENCE = -2  # in a walk: the time of a symbol without one


def walk_stimulus(
    name: str, machine: Machine, timing: Timing, walks: Sequence[Sequence[int]], amplitude: float = 1.0
) -> Stimulus:
    """Makes trials of a reset and then the symbols of each walk, side by side; shorter walks end in silence.

    The label of a trial is the state in which it ends.
    """
    length = 1 + max(len(walk) for walk in walks)
    channels = len(machine.symbols) + 1
    values = np.zeros((len(walks), 2 * length, channels))
    labels = np.empty(len(walks), dtype=np.int64)
    for trial, walk in enumerate(walks):
        for index, symbol in enumerate([RESTART, *walk]):
            if symbol != SILENCE:
                values[trial, 2 * index, symbol] = amplitude  # RESTART is the last channel
        labels[trial] = _states(machine, [RESTART, *walk])[-1]
    onsets = timing.period_s * np.arange(length, dtype=np.float64)
    return Stimulus(
        name=name,
        duration_s=timing.period_s * length,
        edges_s=np.stack([onsets, onsets + timing.pulse_s], axis=1).ravel(),
        values={INPUT: values},
        labels=labels,
    )


def random_walks(machine: Machine, trials: int, symbols: int, seed: int) -> list[list[int]]:
    """Draws `trials` sequences of symbols, evenly and independently."""
    drawn = np.random.default_rng(seed).integers(0, len(machine.symbols), size=(trials, symbols))
    return drawn.tolist()


def tour_walks(machine: Machine, longest: int) -> list[list[int]]:
    """Returns the machine's tour in parts of at most `longest` symbols, each led from the start to its place."""
    parts: list[list[int]] = []
    walk, here = list[int](), machine.start
    for symbol in machine.tour():
        if symbol == RESTART:
            parts.append(walk)
            walk, here = [], machine.start
            continue
        if len(walk) >= longest:
            parts.append(walk)
            walk = machine.way_to(here)
        walk.append(symbol)
        here = int(machine.table[here, symbol])
    return [*parts, walk]


def read_walk(machine: Machine, stimulus: Stimulus) -> Walk:
    """Reads the sequence that a stimulus gives the machine, from its own edges: what a user's stimulus means.

    A symbol begins where the strongest channel rises from nothing; in a trial without one at that time it is silence.
    """
    strongest = stimulus.values[INPUT].argmax(axis=2)
    on = stimulus.values[INPUT].max(axis=2) > 0
    rises = on & ~np.concatenate([np.zeros((len(on), 1), dtype=np.bool_), on[:, :-1]], axis=1)
    edges = np.flatnonzero(rises.any(axis=0))
    last = len(machine.symbols)
    given = np.where(rises[:, edges], np.where(strongest[:, edges] == last, RESTART, strongest[:, edges]), SILENCE)
    onset = stimulus.edges_s[edges]
    end = np.append(onset[1:], stimulus.duration_s)
    quiet = stimulus.edges_s[~on.any(axis=0)]
    off = [
        min([float(t) for t in quiet if t > start] + [float(stop)]) for start, stop in zip(onset, end, strict=True)
    ]
    states = np.stack([_states(machine, trial) for trial in given.tolist()])
    return Walk(
        onset_s=tuple(onset.tolist()),
        pulse_end_s=tuple(off),
        end_s=tuple(end.tolist()),
        symbols=given,
        states=states,
        outputs=_told(machine, given, states),
    )


def _states(machine: Machine, symbols: Sequence[int]) -> Int:
    """The state after each symbol, from rest (-1): before the first reset a machine is in no state."""
    states, here = list[int](), -1
    for symbol in symbols:
        if symbol == RESTART:
            here = machine.start
        elif symbol in machine.unconditional:
            here = int(machine.table[0, symbol])
        elif here >= 0 and symbol != SILENCE:
            here = int(machine.table[here, symbol])
        states.append(here)
    return np.array(states, dtype=np.int64)


def _told(machine: Machine, symbols: Int, states: Int) -> Int | None:
    if machine.moore is not None:
        return np.where(states >= 0, machine.moore[states], -1)
    if machine.mealy is not None:
        before = np.concatenate([np.full((len(states), 1), -1), states[:, :-1]], axis=1)
        known = (before >= 0) & (symbols >= 0)
        return np.where(known, machine.mealy[before, symbols], -1)
    return None
