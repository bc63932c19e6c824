"""Clips weights on their way into synapses to their sign mode, and cuts low bits off, as Lava does.

The numbers are those of lava/utils/weightutils.py of Lava 0.10.0 (clip_weights, truncate_weights), which its
fixed-point Dense, Sparse and their delayed variants call before the first step. A mantissa has 8 bits of magnitude;
in mixed sign mode one bit of the weight holds the sign, so `weight_bits` of 8 leave even numbers and 9 every number.
"""

from collections.abc import Iterable

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem
from neurocmc.ir.loihi.network import SignMode

MANTISSA_BITS = 8
MANTISSA_RANGE: dict[SignMode, tuple[int, int]] = {
    "mixed": (-256, 255),
    "excitatory": (0, 255),
    "inhibitory": (-255, 0),
}
LARGEST_WEIGHT_BITS: dict[SignMode, int] = {"mixed": 9, "excitatory": 8, "inhibitory": 8}


def synapse_mantissa(weights: Int, sign: SignMode, weight_bits: int = MANTISSA_BITS) -> Int:
    """Returns what synapses of `weight_bits` hold of whole-number weights, entry by entry.

    Clipped first; then the lowest 8 - weight_bits bits (one more in mixed sign mode) are zeroed: rounding down in
    mixed sign mode, toward zero otherwise.
    """
    low, high = MANTISSA_RANGE[sign]
    lost = MANTISSA_BITS - weight_bits + (sign == "mixed")
    clipped = np.clip(weights, low, high)
    return -((-clipped >> lost) << lost) if sign == "inhibitory" else (clipped >> lost) << lost


def sign_problems(sign: str, weight_bits: int) -> Iterable[Problem]:
    """Yields a sign mode that there is not, or bits that its synapses do not have."""
    if sign not in MANTISSA_RANGE:
        yield Problem("choice-unknown", "sign", f"sign mode is {sign!r}", f"use one of {', '.join(MANTISSA_RANGE)}")
    elif not 1 <= weight_bits <= LARGEST_WEIGHT_BITS[sign]:
        what = f"{weight_bits} weight bits, synapses in {sign} sign mode have 1 to {LARGEST_WEIGHT_BITS[sign]}"
        yield Problem(
            "number-out-of-range", "weight_bits", what, "use 8; only in mixed sign mode a ninth bit holds the sign"
        )
