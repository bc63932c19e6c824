"""Judges what a recorded machine did after each symbol, against what the automaton does."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int, set_frozen
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.ticks import ticks_before
from neurocmc.frontends.automaton.read import MachineProgram
from neurocmc.frontends.automaton.walks import SILENCE, Walk, read_walk
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus

SHOWN = 0.5  # of x*: activity from which a unit counts as shown, and with no other above it, as decoded


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MachineScore:
    """A machine's answers, (trials, symbols); -1 is none.

    A symbol's state is right where the winner of y, in the window before the next symbol, is the state of the
    automaton, alone and at half of the held activity or more. Outputs of states are read at the same time, outputs of
    transitions while the symbol is on. Every symbol counts, the reset that begins a trial too; silence does not.
    """

    walk: Walk
    states: Int  # decoded
    outputs: Int | None  # decoded

    def __post_init__(self) -> None:
        set_frozen(self, "states", np.int64, self.walk.states.shape)
        if self.outputs is not None:
            set_frozen(self, "outputs", np.int64, self.walk.states.shape)

    @property
    def right(self) -> NDArray[np.bool_]:
        """(trials, symbols) whether state and output are right."""
        same = self.states == self.walk.states
        return same if self.outputs is None else same & (self.outputs == self.walk.outputs)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(trials, symbols) where there was a symbol."""
        return self.walk.symbols != SILENCE

    @property
    def symbols(self) -> int:
        """How many symbols were given."""
        return int(self.counted.sum())

    @property
    def errors(self) -> int:
        """After how many of them the state or the output was not right."""
        return int((~self.right & self.counted).sum())

    @property
    def accuracy(self) -> float:
        """Share of the symbols after which all was right."""
        return 1.0 - self.errors / self.symbols


def score(program: MachineProgram, stimulus: Stimulus, recording: Recording) -> MachineScore:
    """Judges a recording of a machine under any stimulus of its input.

    Raises InputError where the stimulus holds no symbol, or its symbols come closer than the window that is read.
    """
    walk, window_s = read_walk(program.machine, stimulus), program.timing.window_s
    if not (walk.symbols != SILENCE).any():
        raise InputError(
            Problem("symbols-missing", f"stimulus {stimulus.name}", "it holds no symbol", "give at least one")
        )
    if min(np.subtract(walk.end_s, walk.onset_s)) < window_s:
        what = f"symbols follow each other faster than the {1e3 * window_s:g} ms over which a state is read"
        raise InputError(
            Problem("symbols-too-close", f"stimulus {stimulus.name}", what, "give each symbol its own pulse and gap")
        )
    states = _decoded(recording, "y", walk.end_s, window_s)
    outputs = None
    if walk.outputs is not None:
        ends = walk.end_s if program.machine.moore is not None else walk.pulse_end_s
        outputs = _decoded(recording, "output", ends, window_s)
    return MachineScore(walk=walk, states=states, outputs=outputs)


def _decoded(recording: Recording, population: str, ends_s: tuple[float, ...], window_s: float) -> Int:
    """(trials, times) the one unit shown over the window before each time, -1 for none or several."""
    activity = recording.activity[population]
    width = max(1, round(window_s / recording.tick_s))
    found: list[Int] = []
    for end_s in ends_s:
        end = ticks_before(end_s, recording.tick_s)  # the tick within which the next symbol begins has some of it
        mean = activity[:, max(0, end - width) : end].mean(axis=1, dtype=np.float64)
        shown = mean >= SHOWN
        found.append(np.where(shown.sum(axis=1) == 1, mean.argmax(axis=1), -1).astype(np.int64))
    return np.stack(found, axis=1)
