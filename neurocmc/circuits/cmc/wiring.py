"""Lists who drives whom in a canonical microcircuit, as tables free of torch: gains, signs, couplings, variants.

Populations stand in the order ss, sp, ii, dp (spiny stellate, superficial pyramidal, inhibitory, deep pyramidal).
Douglas, Computing with Canonical Microcircuits (2025); Bastos et al., Neuron 76 (2012).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Int

POPULATIONS = ("ss", "sp", "ii", "dp")
SS, SP, II, DP = range(4)

Variant = Literal["full", "no-ss", "no-sp", "no-ii", "no-dp", "feedforward-only", "ode-off", "coupling-off"]


@dataclass(frozen=True, slots=True)
class Gain:
    """One of the twelve gains inside a column: sign x G_index x S_source is a term of u_target."""

    index: int
    target: int
    source: int
    sign: int


# Signs and partners as in the published code, where they differ from the paper's equations.
GAINS = (
    Gain(0, SS, SS, -1),
    Gain(1, SS, SP, -1),
    Gain(2, SS, II, -1),
    Gain(3, II, II, -1),
    Gain(4, II, SS, +1),
    Gain(5, II, DP, +1),
    Gain(6, SP, SP, -1),
    Gain(7, SP, SS, +1),
    Gain(8, DP, II, -1),
    Gain(9, DP, DP, -1),
    Gain(10, II, SP, +1),
    Gain(11, SP, II, -1),
)


@dataclass(frozen=True, slots=True)
class Coupling:
    """One of the three ways in which neighbouring regions drive each other; all are excitatory."""

    name: str
    target: int  # population of the receiving region
    source: int  # population of the sending region
    upward: bool  # from the lower region of the pair to the higher one


FORWARD = Coupling("forward", SS, SP, upward=True)
BACKWARD_SP = Coupling("backward_sp", SP, DP, upward=False)
BACKWARD_II = Coupling("backward_ii", II, DP, upward=False)
COUPLINGS = (FORWARD, BACKWARD_SP, BACKWARD_II)


def ablated(variant: Variant) -> int | None:
    """Returns the population that `variant` takes out, or None."""
    return POPULATIONS.index(variant[3:]) if variant.startswith("no-") else None


def keeps_gain(variant: Variant, gain: Gain) -> bool:
    """Whether a gain is at work: ablation takes all terms of a population, coupling-off all but self-inhibition."""
    if variant == "coupling-off":
        return gain.source == gain.target
    return ablated(variant) not in (gain.source, gain.target)


def keeps_coupling(variant: Variant, coupling: Coupling) -> bool:
    """Whether regions are coupled in this way."""
    if variant == "coupling-off":
        return False
    if variant == "feedforward-only" and not coupling.upward:
        return False
    return ablated(variant) not in (coupling.source, coupling.target)


def coupling_sources(columns: int, fan_in: int, pairs: int, seed: int) -> dict[str, Int]:
    """Returns for each coupling the source columns (pairs, columns, fan_in) of every target column.

    Each target column has `fan_in` distinct sources, each source column `fan_in` targets: a circulant pattern under
    a random relabelling of both sides, so that no column is left out however sparse the coupling is.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    sources: dict[str, Int] = {}
    for coupling in COUPLINGS:
        drawn = np.zeros((pairs, columns, fan_in), dtype=np.int64)
        for pair in range(pairs):
            rows, names = generator.permutation(columns), generator.permutation(columns)
            offsets = generator.choice(columns, size=fan_in, replace=False)
            drawn[pair, rows] = np.sort(names[(np.arange(columns)[:, None] + offsets) % columns], axis=1)
        sources[coupling.name] = drawn
    return sources
