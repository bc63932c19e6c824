"""Computes what rounding does to pools of the feedback code: by how much their thresholds must move with it.

Neuron j of a pool, from 0, is recruited where its threshold and what the pool has taken back of its drive by then
meet the drive: at T_j + f (j + 1/2), with f what a neuron that fires in every tick takes back in all
(`passes.feedback`). Where rounded synapses take back f + e, thresholds moved by -e (j + 1/2) recruit every neuron
where it was wanted.
"""

from collections.abc import Iterable

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import diagonal
from neurocmc.ir.loihi.network import IntegerPopulation, IntegerProjection

FEEDBACK = ".feedback"  # ends the name of what a population's pools send to themselves


def feedback_name(population: str) -> str:
    """Returns the name of a population's projection to itself."""
    return population + FEEDBACK


def is_feedback(part: IntegerProjection) -> bool:
    """Whether synapses are a part of what pools send to themselves."""
    return part.whole == feedback_name(part.target)


def feedback_moved_lsb(population: IntegerPopulation, projections: Iterable[IntegerProjection]) -> Float:
    """Returns (units, neurons) LSB to add to the biases, for what feedback takes back beyond what was wanted."""
    parts = [p for p in projections if p.target == population.name and is_feedback(p)]
    if not parts:
        return np.zeros((population.units, population.neurons))
    whole = next(part for part in parts if not part.refines)
    beyond = sum((diagonal(part.realised_gain) for part in parts), -diagonal(whole.wanted_gain))
    a_neuron = -beyond * population.activity_per_spike * population.lsb_per_drive
    return a_neuron[:, None] * (np.arange(population.neurons) + 0.5)
