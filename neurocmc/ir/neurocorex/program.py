"""Defines BoardProgram: registers of a NeuroCoreX, whose neurons and channels are whose, and what a model's tick is.

A tick of the network is a *frame* of several ticks of the chip, so that what the chip does not have can be had:

- Two ticks and no spike in every other one: what the all-to-all matrix sends is there for a tick, and gone.
- The chip takes one input spike a tick. Where a frame has several, `hold` keeps every V down until `release`.
- A neuron that forgets all within a tick (`forget`): the channel `kick` lifts every V above its threshold, so that
  all neurons spike and are 0. A pacemaker that spikes meanwhile keeps the currents that had arrived; what the spikes
  of all send is a constant, which `cancel` takes off again. A companion spikes whenever neurons are tested: one that
  spikes alone would not get what it sends itself.

With T the chip's tick in which neurons are tested, and n input spikes, the frame that follows is::

    integrate, n < 2   T + 1 currents and the input arrive                                     tested in T + 2
    integrate          T + 1 currents, hold; then n inputs; release                            tested in T + n + 3
    forget, n = 0      T pace; T + 1 kick; T + 2 all spike; T + 3 currents, cancel             tested in T + 4
    forget             ... T + 3 currents, cancel and hold; then n inputs; release             tested in T + n + 5
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import set_frozen
from neurocmc.common.errors import Problem
from neurocmc.ir.neurocorex.registers import NEURONS, PLACES, CoreRegisters
from neurocmc.ir.neurons.network import SpikeInput

Mode = Literal["integrate", "forget"]
NO_CHANNEL = -1
ROLES = ("pad", "hold", "release", "pace", "kick", "cancel", "cancel_hold")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoardPopulation:
    """A population, and the chip's neuron of each of its own."""

    name: str
    neuron: NDArray[np.int32]  # (size,) 0 to 89
    depth_ticks: int  # frames that it is later than in the network it came from

    def __post_init__(self) -> None:
        set_frozen(self, "neuron", np.int32, (None,))

    @property
    def size(self) -> int:
        """Its neurons."""
        return self.neuron.size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoardColumns:
    """The columns of the feed-forward matrix that carry inputs, by input, channel, delay."""

    input: NDArray[np.int32]  # (columns,) which input
    channel: NDArray[np.int32]  # (columns,) its channel
    delay_ticks: NDArray[np.int32]  # (columns,) frames that the host sends it later
    column: NDArray[np.int32]  # (columns,) of the matrix

    def __post_init__(self) -> None:
        for field in ("input", "channel", "delay_ticks", "column"):
            set_frozen(self, field, np.int32, (None,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoardProgram:
    """A network of neurons in the registers of a NeuroCoreX."""

    name: str
    target: str
    tick_s: float  # the model's time of a frame
    mode: Mode
    registers: CoreRegisters
    populations: tuple[BoardPopulation, ...]
    relays: NDArray[np.int32]  # neurons that repeat others later
    pacemaker: int  # its neuron, -1: none
    companion: int  # the same
    inputs: tuple[SpikeInput, ...]
    columns: BoardColumns
    pad: int  # a column without synapses
    hold: int
    release: int
    pace: int
    kick: int
    cancel: int
    cancel_hold: int

    def __post_init__(self) -> None:
        set_frozen(self, "relays", np.int32, (None,))

    @property
    def deepest_ticks(self) -> int:
        """Frames that the latest population is behind."""
        return max((population.depth_ticks for population in self.populations), default=0)

    @property
    def logic(self) -> NDArray[np.int64]:
        """The chip's neurons that stand for neurons of the network, or repeat them."""
        parts = [*(population.neuron for population in self.populations), self.relays]
        return np.sort(np.concatenate(parts)).astype(np.int64)

    @property
    def synapses(self) -> int:
        """Weights of both matrices that are not 0, those of the host's own columns apart."""
        own = self.registers.feed_forward[:, self.columns.column]
        return int(np.count_nonzero(own)) + int(np.count_nonzero(self.registers.all_to_all))

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults at once."""
        return (*self.registers.problems(), *self._problems())

    def _problems(self) -> Iterator[Problem]:
        cure = "compile again"
        neurons = self.logic
        if np.unique(neurons).size != neurons.size or (neurons.size and not 0 <= neurons[0] <= neurons[-1] < NEURONS):
            yield Problem(
                "level-malformed", f"program {self.name}", "two neurons stand in one place, or in none", cure
            )
        used = [getattr(self, role) for role in ROLES if getattr(self, role) != NO_CHANNEL]
        columns = np.concatenate([self.columns.column, np.array(used, dtype=np.int32)])
        if np.unique(columns).size != columns.size or (
            columns.size and not 0 <= columns.min() <= columns.max() < PLACES
        ):
            yield Problem(
                "level-malformed", f"program {self.name}", "two channels stand in one column, or in none", cure
            )
        sent = self.columns
        if sent.input.size and not 0 <= sent.input.min() <= sent.input.max() < len(self.inputs):
            yield Problem("level-malformed", f"program {self.name}", "a column is of no input", cure)
        elif any(
            c >= self.inputs[i].channels for i, c in zip(sent.input.tolist(), sent.channel.tolist(), strict=True)
        ):
            yield Problem(
                "level-malformed", f"program {self.name}", "a column is of a channel that is not there", cure
            )
        if self.pad == NO_CHANNEL or (self.mode == "forget") != (self.kick != NO_CHANNEL):
            yield Problem("level-malformed", f"program {self.name}", "it lacks a channel of the host's own", cure)
