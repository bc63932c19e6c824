"""Holds how close a population comes to the edges of its registers, and for which drives that is proved."""

import math
from dataclasses import dataclass
from typing import Literal

Proved = Literal["any input", "calibrated input", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The range that a register can be asked to hold, in LSB, over all units of a population."""

    low: int
    high: int
    limit: int  # the largest magnitude that the register holds

    @property
    def share(self) -> float:
        """The largest magnitude over the limit: above 1, the register may overflow."""
        return max(-self.low, self.high, 0) / self.limit

    @property
    def headroom_bits(self) -> float:
        """Bits left above the largest magnitude; negative where they are missing, infinite for an idle register."""
        return -math.log2(self.share) if self.share else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """One population's worst case and what it proves.

    `proved`: nothing wraps or clips whatever the host's axons carry; or as long as drives stay within the range that
    the calibration stimuli contain; or neither, and the registers here are those of the second case.
    """

    population: str
    proved: Proved
    current: Register
    voltage: Register
    input_sum: Register
    firing: int  # neurons of a unit that can fire in one tick, at most
    neurons: int
    largest_source: str  # projection or input that can add most to the largest current; "" where nothing adds

    @property
    def worst(self) -> tuple[str, Register]:
        """The register that comes closest to its limit; of those beyond it the one that is the others' cause."""
        named = {"input sum": self.input_sum, "current": self.current, "voltage": self.voltage}
        beyond = [pair for pair in named.items() if pair[1].share > 1]
        return beyond[0] if beyond else max(named.items(), key=lambda pair: pair[1].share)
