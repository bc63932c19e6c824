"""Defines chips of neurosynaptic cores: their limits and energies, and what their neurons can do."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError
from neurocmc.targets.schema import Bits, Code, Count, Limits, MessageTimes, NonNegative, Target


class TrueNorthLimits(Limits):
    """The limits of a chip of neurosynaptic cores: grid, crossbars, number formats, options.

    Widths that are called signed hold -2^(bits - 1) .. 2^(bits - 1) - 1, others 0 .. 2^bits - 1.
    """

    # A spike takes spike_delay_ticks at least; a neuron may ask for more, up to:
    delay_ticks_max: Annotated[int, Field(ge=1, le=255)]  # from the spike to its arrival

    grid_columns: Count  # of one chip
    grid_rows: Count
    chip_columns: Count = 1  # of the mesh of chips, whose grids are one
    chip_rows: Count = 1
    reach_cores: Count  # how far a spike can go along each axis
    axons_per_core: Count
    neurons_per_core: Count
    axon_types: Annotated[int, Field(ge=1, le=256)]  # of axons, and with them weights of a neuron

    weight_bits: Annotated[int, Field(ge=2, le=16)]  # signed
    leak_bits: Annotated[int, Field(ge=2, le=16)]  # signed
    threshold_bits: Bits  # unsigned
    floor_bits: Bits  # unsigned; V falls to minus the floor
    noise_mask_bits: Annotated[int, Field(ge=0, le=31)]  # unsigned
    reset_potential_bits: Annotated[int, Field(ge=2, le=32)]  # signed
    potential_bits: Annotated[int, Field(ge=2, le=32)]  # signed

    stochastic: bool  # weights, leaks and thresholds can be drawn at random
    leak_reversal: bool  # the leak can follow the sign of V
    floor_saturates: bool  # V can stay at minus its floor instead of being reset there
    reset_modes: Annotated[tuple[Annotated[int, Field(ge=0, le=2)], ...], Field(min_length=1)]

    @property
    def cores_per_chip(self) -> int:
        """Cores of one chip."""
        return self.grid_columns * self.grid_rows

    @property
    def chips(self) -> int:
        """Chips whose grids are one."""
        return self.chip_columns * self.chip_rows

    @property
    def cores(self) -> int:
        """Cores of all chips."""
        return self.chips * self.cores_per_chip

    @property
    def columns(self) -> int:
        """Columns of the grid of all chips."""
        return self.grid_columns * self.chip_columns

    @property
    def rows(self) -> int:
        """Rows of the grid of all chips."""
        return self.grid_rows * self.chip_rows

    @model_validator(mode="after")
    def _consistent(self) -> "TrueNorthLimits":
        for name in ("threshold_bits", "floor_bits"):
            if getattr(self, name) >= self.potential_bits:
                raise FieldError(
                    f"{name} ({getattr(self, name)}, unsigned) is beyond potential_bits "
                    f"({self.potential_bits}, signed)",
                    f"give at most {self.potential_bits - 1}, or more potential_bits",
                )
        if self.reset_potential_bits > self.potential_bits:
            raise FieldError(
                f"reset_potential_bits ({self.reset_potential_bits}) is beyond potential_bits "
                f"({self.potential_bits})",
                f"give at most {self.potential_bits}, or more potential_bits",
            )
        if self.spike_delay_ticks > self.delay_ticks_max:
            raise FieldError(
                f"spike_delay_ticks ({self.spike_delay_ticks}) is beyond delay_ticks_max ({self.delay_ticks_max})",
                f"give at most {self.delay_ticks_max}, or a larger delay_ticks_max",
            )
        if self.stochastic != (self.noise_mask_bits > 0):
            raise FieldError(
                f"noise_mask_bits is {self.noise_mask_bits}, stochastic is {str(self.stochastic).lower()}: a chip "
                "with stochastic modes has a mask, one without has 0 bits of it",
                "give noise_mask_bits of 1 or more" if self.stochastic else "set noise_mask_bits to 0",
            )
        if tuple(sorted(set(self.reset_modes))) != self.reset_modes:
            what = "reset_modes must rise, without repetition"
            raise FieldError(what, f"write {sorted(set(self.reset_modes))}")
        return self


class TrueNorthEnergy(MessageTimes):
    """Two readings of the measured power of a chip, and the way of a spike; None where nothing is published.

    `synaptic_event_with_static_pj` is power over events at one load and holds static power; `static_mw_per_chip` and
    `synaptic_event_pj` are its two parts. They are never to be added up.
    """

    synaptic_event_with_static_pj: NonNegative | None = None
    synaptic_event_pj: NonNegative | None = None
    static_mw_per_chip: NonNegative | None = None
    spike_hop_pj: NonNegative | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueNorthTarget(Target):
    """A chip of neurosynaptic cores as TrueNorth has them."""

    kind: ClassVar[str] = "truenorth"
    limits: TrueNorthLimits
    energy: TrueNorthEnergy

    @property
    def unlimited(self) -> bool:
        """No: a chip has a fixed number of cores."""
        return False

    @property
    def codes(self) -> tuple[Code, ...]:
        """The threshold code alone: the potential is the synaptic filter, and there is no membrane beside it."""
        return ("threshold",)

    @property
    def unequal_steps(self) -> bool:
        """No: a neuron knows four weights, and a source of unequal steps would need one for each of its segments."""
        return False

    @property
    def filter_stages(self) -> int:
        """One stage: a potential, and no synaptic state beside it."""
        return 1

    @property
    def one_filter(self) -> bool:
        """Whether one filter serves all: the potential of a unit's neurons."""
        return True

    @property
    def message_times(self) -> MessageTimes | None:
        """Those that stand beside its energies."""
        return self.energy

    @property
    def delay_ticks_max(self) -> int | None:
        """The ticks that its neurons can wait beyond the one that every spike takes; each has one delay."""
        return self.limits.delay_ticks_max - self.limits.spike_delay_ticks

    @property
    def late_parts(self) -> bool:
        """No: a neuron has one delay, and its pool's own must not wait."""
        return False
