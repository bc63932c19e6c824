"""Rounds weights onto Loihi's grid: mantissas of a few bits that share one exponent."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.matrices import FloatMatrix, IntMatrix, mapped, span_of, values, with_values
from neurocmc.common.matrices import largest as largest_of
from neurocmc.ir.segments import Segments
from neurocmc.targets import LoihiLimits, SignMode


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridWeights:
    """Mantissas with one exponent, and how many did not fit; a weight is mantissa << (weight_shift + exponent)."""

    mantissa: IntMatrix
    exponent: int
    sign: SignMode
    clipped: int

    def lsb(self, limits: LoihiLimits) -> FloatMatrix:
        """Returns the weights that the grid really holds, in LSB of the current."""
        grain = 2.0 ** (limits.weight_shift + self.exponent)
        return mapped(self.mantissa, lambda mantissa: mantissa * grain)


def onto_grid(
    weight_lsb: FloatMatrix,
    limits: LoihiLimits,
    segments: Segments | None = None,
    least_exponent: int | None = None,
    sign: SignMode | None = None,
) -> GridWeights:
    """Rounds weights, given in LSB of the current, with the smallest exponent at which the largest one fits.

    `least_exponent` is the smallest exponent that may be taken, where it is not that of the chip, and `sign` a mode
    that holds these and others, where it is not the narrowest that holds these.

    Weights of both signs in one matrix lose the last bit of the mantissa to the sign, as on the chip. Where the
    sources are `segments` of units, which fill up one after the other, what one rounds away the next takes on, so
    that a unit of many segments is no further off than one of them.
    """
    sign = sign_mode(weight_lsb) if sign is None else sign
    step, exponent = _grain(sign), exponent_of(weight_lsb, limits, sign)
    exponent = exponent if least_exponent is None else max(exponent, least_exponent)
    highest = (1 << limits.weight_mantissa_bits) - step
    in_steps = weight_lsb / (step * 2.0 ** (limits.weight_shift + exponent))
    whole = mapped(in_steps, np.rint) if segments is None else segments.carried(in_steps)
    rounded = values(whole).astype(np.int64) * step
    clipped = np.clip(rounded, -highest, highest)
    return GridWeights(
        mantissa=with_values(whole, clipped),
        exponent=exponent,
        sign=sign,
        clipped=int(np.count_nonzero(clipped != rounded)),
    )


def weight_step(weight_lsb: FloatMatrix, limits: LoihiLimits) -> float:
    """Returns the distance of two neighbouring weights, in LSB of the current, on the grid of `onto_grid`."""
    return _grain(sign_mode(weight_lsb)) * 2.0 ** (limits.weight_shift + exponent_of(weight_lsb, limits))


def _grain(sign: SignMode) -> int:
    return 2 if sign == "mixed" else 1


def exponent_of(weight_lsb: FloatMatrix, limits: LoihiLimits, sign: SignMode | None = None) -> int:
    """Returns the smallest exponent of the chip at which the largest of the weights, in LSB, fits its mantissa.

    `sign` is the mode they are held in, the narrowest where None.
    """
    largest = largest_of(weight_lsb)
    if largest == 0:
        return limits.weight_exponent_min
    step = _grain(sign_mode(weight_lsb) if sign is None else sign)
    highest = (1 << limits.weight_mantissa_bits) - step
    # The largest weight may round up by half a step and still be the highest mantissa.
    needed = np.log2(largest / (highest + 0.49 * step)) - limits.weight_shift
    return min(max(int(np.ceil(needed)), limits.weight_exponent_min), limits.weight_exponent_max)


def sign_mode(weight: FloatMatrix) -> SignMode:
    """Returns the narrowest sign mode that holds all weights."""
    low, high = span_of(weight)
    if low >= 0:
        return "excitatory"
    return "inhibitory" if high <= 0 else "mixed"


def largest_gate(limits: LoihiLimits) -> int:
    """Returns the largest current in LSB that a tick decays to a whole number of weights, and two synapses hold.

    It is a multiple of what makes it so for every decay, and leaves currents and thresholds most of their registers.
    0 where there is none.
    """
    grain = 1 << (limits.decay_bits + limits.weight_shift)
    held = ((1 << limits.weight_mantissa_bits) - 2) << (limits.weight_exponent_max + limits.weight_shift)
    highest = ((1 << limits.threshold_mantissa_bits) - 1) << limits.threshold_shift
    return min(held, 1 << (limits.current_bits - 3), highest >> 1) // grain * grain


def decay_register(tau_s: float, tick_s: float, limits: LoihiLimits, offset: int) -> int:
    """Returns the decay register whose pole is nearest to exp(-tick/tau); `offset` is what the chip adds to it."""
    full = 1 << limits.decay_bits
    share = 1.0 - float(np.exp(-tick_s / tau_s)) if tau_s > 0 else 1.0
    return min(max(round(full * share) - offset, 0), full - 1)
