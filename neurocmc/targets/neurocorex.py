"""Defines boards of the NeuroCoreX kind: what their registers hold, and what their neurons can do."""

from dataclasses import dataclass
from typing import ClassVar

from neurocmc.targets.schema import Bits, Code, Count, Limits, Target


class NeuroCoreXLimits(Limits):
    """The limits of a board: neurons, channels, widths of registers, its serial line."""

    neurons: Count
    channels: Count  # columns of the feed-forward matrix
    weight_bits: Bits  # signed
    potential_bits: Bits  # signed; V, thresholds, leak
    fraction_bits: Bits  # of V, behind the point
    neuron_clock_hz: Count
    clocks_per_tick: Count
    input_spikes_per_tick: Count
    input_queue: Count  # spikes of the host that wait on the board
    baud: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuroCoreXTarget(Target):
    """Neurons that add up what arrives, without any filter; a spike takes a tick."""

    kind: ClassVar[str] = "neurocorex"
    limits: NeuroCoreXLimits

    @property
    def unlimited(self) -> bool:
        """No: a chip has a fixed number of cores."""
        return False

    @property
    def codes(self) -> tuple[Code, ...]:
        """Neurons that forget within a tick: the threshold code alone."""
        return ("threshold",)

    @property
    def filter_stages(self) -> int:
        """None: what arrives is added to V."""
        return 0

    @property
    def delay_ticks_max(self) -> int | None:
        """A spike takes one tick; delays of single neurons are neurons that repeat others."""
        return 0
