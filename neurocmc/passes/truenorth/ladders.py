"""Joins filter and pool of a unit whose pool counts in even steps, as that of a relay does: one ladder for both.

Where a pool's recruitment points are evenly spaced, its neurons are filter neurons whose spacing is that step: their
spikes come back as the leak, and whoever stands on the same core hears them from the very axons that bring them back.
That saves the filter, and the copy that would reach the target; with as many steps as the pool has, the leak is
quieter than that of a filter of its own. A few more filter neurons on either side hold the margins of the span.

Such a ladder need not reach a current of 0 that the unit never comes near. Where all currents are above it, V at rest
lies below the first step, at the floor of the neurons: without input V falls there, by the constant drive a tick and
not by a share of itself, and stays. Where all are below it, V would rise without end above the last step; there the
neurons that always fire, which give most of the constant drive, hear the last filter neuron and are silent while it
fires. Either way V leaves the ladder only for currents beyond those of calibration and their margin.
"""

import math
from collections.abc import Iterator

import numpy as np

from neurocmc.passes.truenorth.graph import Node
from neurocmc.passes.truenorth.leaks import CLOSE_POLE, FILTER_NEURONS, Leak
from neurocmc.targets import TrueNorthLimits

EVEN = 1e-3  # of a step: points that differ by less are evenly spaced
LEAST_NOISE_BITS = 3
WIDEST_STEP, TRIED_STEPS = 1.9, 64  # spacings are tried between the width of the noise and so many times it


def is_joinable(node: Node, limits: TrueNorthLimits) -> bool:
    """Whether one ladder can be pool and filter: even steps that noise blurs, a floor, and no bus to serve."""
    if node.is_sum or node.on_bus or node.points.size < 2 or node.keep >= 1.0:
        return False
    if not (limits.stochastic and limits.floor_saturates):
        return False
    steps = np.diff(node.points)
    even = float(np.ptp(steps)) <= EVEN * float(steps.mean())
    return even and sum(extra_neurons(node)) <= FILTER_NEURONS


def extra_neurons(node: Node) -> tuple[int, int]:
    """Returns the filter neurons below and above the pool that the span needs."""
    step, (lowest, highest) = _step(node), _span(node)
    below = math.ceil((float(node.points[0]) - 0.5 * step - lowest) / step)
    above = math.ceil((highest - float(node.points[-1]) - 0.5 * step) / step)
    return max(below, 0), max(above, 0)


def joined_leaks(node: Node, limits: TrueNorthLimits) -> Iterator[tuple[Leak, float]]:
    """Yields ladders that hold the node's pole well, the widest noise first, each with its LSB a threshold."""
    below, above = extra_neurons(node)
    step, neurons = _step(node), below + node.points.size + above
    rest = below + 0.5 - float(node.points[0]) / step
    highest = (1 << limits.threshold_bits) - 1
    for bits in range(limits.noise_mask_bits, LEAST_NOISE_BITS - 1, -1):
        tried = np.linspace(1 << bits, WIDEST_STEP * (1 << bits), TRIED_STEPS)
        for spacing in np.unique(np.rint(tried)).astype(int).tolist():
            weight = round(spacing * (1.0 - node.keep))
            fits = 1 <= weight < 1 << (limits.weight_bits - 1) and (neurons + 1) * spacing <= highest
            if not fits or abs(weight / spacing / (1.0 - node.keep) - 1.0) > CLOSE_POLE:
                continue
            leak = Leak(neurons=neurons, spacing=spacing, weight=weight, rest=rest, noise_bits=bits)
            if -leak.rest_potential < 1 << limits.floor_bits:
                yield leak, spacing / step


def _step(node: Node) -> float:
    return float(node.points[-1] - node.points[0]) / (node.points.size - 1)


def _span(node: Node) -> tuple[float, float]:
    """The currents that the ladder must hold: an input from the host needs all of them up or down to 0."""
    if node.drives:
        return node.low, node.high
    return max(node.low, node.least), min(node.high, node.greatest)
