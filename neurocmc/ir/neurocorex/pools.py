"""Defines PoolBoard: pools of the threshold code on a NeuroCoreX, and how drives become spikes of its channels.

A pool's neurons have no memory, and each fires in every tick in which the drive of its unit exceeds a point of its
own. A drive comes as whole numbers: value = lowest + step m, of which each binary digit is a channel.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.ir.neurocorex.program import BoardProgram
from neurocmc.ir.populations import HasPopulations
from neurocmc.ir.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoardPool:
    """How the spikes of a population are counted."""

    name: str
    units: int
    neurons: int  # of a unit
    activity_per_spike: float
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriveDigits:
    """The digits of one input; channel c of it is channels c bits to c bits + bits - 1 of the board's input."""

    name: str
    bits: int
    lowest: Float  # (channels,) units of the input
    step: Float  # (channels,) 0: it is always `lowest`

    def __post_init__(self) -> None:
        set_frozen(self, "lowest", np.float64, (None,))
        set_frozen(self, "step", np.float64, (self.lowest.size,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoolBoard(HasPopulations[BoardPool]):
    """A circuit of pools on a board."""

    board: BoardProgram
    populations: tuple[BoardPool, ...]
    digits: tuple[DriveDigits, ...]
    scale: float  # V per threshold

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults at once."""
        sizes = {each.name: each.size for each in self.board.populations}
        if sizes != {each.name: each.units * each.neurons for each in self.populations}:
            what = "its pools are not those of its board"
            return (*self.board.problems(), Problem("level-malformed", self.board.name, what, "compile again"))
        return self.board.problems()
