"""Defines what a target is: one class a kind of chip, every number plain and its provenance beside it.

A kind fixes which numbers a chip of it must state; a new chip of a known kind is a new YAML file and no code. A new
kind is a subclass of `Target` that says what its neurons can do, and a family that compiles for it
(`pipeline.chips.family`), in this distribution or in another. Passes that serve all kinds ask a target for what it
can do, never for its kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args

from pydantic import Field

from neurocmc.common.strict_yaml import StrictModel

if TYPE_CHECKING:
    from neurocmc.targets.loihi import LoihiLimits

Count = Annotated[int, Field(ge=1, le=10**9)]
Natural = Annotated[int, Field(ge=0)]
Bits = Annotated[int, Field(ge=1, le=32)]  # of a register, or by how many one is shifted: all fit 32 bits
Shift = Annotated[int, Field(ge=0, le=32)]
Seconds = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Code = Literal["threshold", "rate", "feedback", "interleaved"]  # how a pool of neurons stands for a rate
CODES: tuple[Code, ...] = get_args(Code)
SecondOrder = Literal["relays", "taps"]  # what stands for kernels that a neuron has no filter for
SECOND_ORDER: tuple[SecondOrder, ...] = get_args(SecondOrder)
Axons = Literal["shared", "own"]  # whether the neurons of a unit send to one axon of a core, or each to its own
AXONS: tuple[Axons, ...] = get_args(Axons)
Steps = Literal["equal", "decisions", "activity"]  # for what the neurons of a unit are spread over its range
STEPS: tuple[Steps, ...] = get_args(Steps)
Planes = Literal[1, 2]  # of how many synapses a weight is the sum
PLANES: tuple[Planes, ...] = get_args(Planes)


@dataclass(frozen=True, slots=True)
class Provenance:
    """The source of one number of a target, with its note."""

    citations: tuple[str, ...]
    unverified: bool
    note: str

    @property
    def citation(self) -> str:
        return "; ".join(self.citations)


class Limits(StrictModel):
    """The numbers that a target of any kind must state: its usual tick, and how many ticks later a spike arrives."""

    default_tick_s: Seconds
    spike_delay_ticks: Count


class IdealLimits(Limits):
    """The numbers that an ideal simulator states: no more than any target must."""


class MessageTimes(StrictModel):
    """Times of a spike's way from core to core; None where nothing is published, and nothing stands in for it.

    A core updates its neurons one after the other; a message of a spike leaves for its router, goes from tile to
    tile, is handed to its core, and is taken in for as long as its synapses take.
    """

    neuron_update_ns: NonNegative | None = None
    hop_east_west_ns: NonNegative | None = None
    hop_north_south_ns: NonNegative | None = None
    link_message_ns: NonNegative | None = None  # that one message takes a link between tiles, or from a core
    spike_within_tile_ns: NonNegative | None = None  # from a router to a core of its tile
    synaptic_op_ns: NonNegative | None = None
    barrier_ns: NonNegative | None = None  # between the last message of a tick and the next tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A chip or a simulator, as its YAML file has it, and what its neurons can do.

    What stands here is a simulator of real numbers, whose neurons are equations; a kind of chip overrides what it
    cannot do.
    """

    kind: ClassVar[str] = ""
    name: str
    title: str
    aliases: tuple[str, ...]
    limits: Limits
    energy: StrictModel | None  # None where its kind states none
    energy_caveat: str  # what every report of these energies must say
    provenance: Mapping[str, Provenance]  # field of `limits` or `energy` -> where it comes from
    text: str  # the YAML as used, for the artifact

    @property
    def unlimited(self) -> bool:
        """Whether circuits of any size fit."""
        return True

    @property
    def codes(self) -> tuple[Code, ...]:
        """The codes that a pool of its neurons can use."""
        return CODES

    @property
    def axons(self) -> tuple[Axons, ...]:
        """How its axons can be laid, the way that is taken first; none where it has no axons to choose."""
        return ()

    @property
    def unequal_steps(self) -> bool:
        """Whether pools may count in steps of unequal size: whether a source may reach a neuron with any weight."""
        return True

    @property
    def filter_stages(self) -> int:
        """First-order filters in a row between a spike and what a neuron adds up."""
        return 2

    @property
    def one_filter(self) -> bool:
        """Whether all that reaches a neuron goes through one filter, with one time constant."""
        return False

    @property
    def delay_ticks_max(self) -> int | None:
        """Ticks that a spike can be held back beyond the one it takes; None: as many as asked for."""
        return None

    @property
    def late_parts(self) -> bool:
        """Whether a spike can arrive in parts at several times, as taps and the feedback code need it."""
        return self.delay_ticks_max != 0

    @property
    def host_filters(self) -> bool:
        """Whether its host sends a drive behind any filter, where no neuron has it."""
        return False

    @property
    def message_times(self) -> MessageTimes | None:
        """The times of a spike's way from core to core, as its file states them; None where spikes have no way."""
        return None

    @property
    def registers(self) -> "LoihiLimits | None":
        """The integer registers that hold decays, biases, thresholds and weights; None where these are real numbers.

        A chip whose pools are not placed one number at a time, but in a pass of its own, has none either.
        """
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdealTarget(Target):
    """A simulator of unlimited size in floating point."""

    kind: ClassVar[str] = "ideal"
    limits: IdealLimits
