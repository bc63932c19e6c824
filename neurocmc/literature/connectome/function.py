"""Simulates how units are tuned, and measures how alike their spikes are.

Recordings of the cells are not part of the published statistics: everything here is simulated. A unit prefers a
direction, and fires most when a stimulus moves that way.
"""

import numpy as np

from neurocmc.common.arrays import Bool, Float

STEPS = 20_000  # of 1 ms
STIMULUS_STEPS = 500  # for which one direction is shown
BIN_STEPS = 100  # in which spikes are counted for correlations
WINDOW_STEPS = 20  # around a spike, of the spike time tiling coefficient
_BASE, _PEAK, _SHARPNESS = 0.002, 0.03, 2.0  # spikes a step; concentration of the tuning curve


def tuned_spikes(preferred: Float, generator: np.random.Generator) -> Bool:
    """Simulates spikes of units that are tuned to a direction.

    Args:
        preferred: (units,) preferred directions in radians.
        generator: Draws the directions that are shown, and the spikes.

    Returns:
        (units, STEPS) whether a unit fires in a step, each step by itself.
    """
    shown = generator.uniform(0, 2 * np.pi, STEPS // STIMULUS_STEPS).repeat(STIMULUS_STEPS)
    tuning = np.exp(_SHARPNESS * (np.cos(shown - preferred[:, None]) - 1.0))
    return generator.random((len(preferred), STEPS)) < _BASE + _PEAK * tuning


def correlation(spikes: Bool) -> Float:
    """Returns (units, units) Pearson's correlation of the numbers of spikes in bins of BIN_STEPS."""
    counts = spikes.reshape(len(spikes), -1, BIN_STEPS).sum(axis=2)
    return np.corrcoef(counts)


def tiling(spikes: Bool, window_steps: int = WINDOW_STEPS) -> Float:
    """Returns the spike time tiling coefficient of every pair (Cutts and Eglen 2014, Journal of Neuroscience).

    Args:
        spikes: (units, steps) whether a unit fires; each fires at least once.
        window_steps: How far from a spike another still counts as being with it.

    Returns:
        (units, units), 1 for trains that always fire together, 0 for chance.
    """
    near = spikes.copy()
    for shift in range(1, window_steps + 1):
        near[:, shift:] |= spikes[:, :-shift]
        near[:, :-shift] |= spikes[:, shift:]
    share = near.mean(axis=1)[None, :]  # of the time that is near a spike of the other
    hits = spikes.astype(np.float64) @ near.T.astype(np.float64) / spikes.sum(axis=1)[:, None]
    beyond_chance = np.divide(hits - share, 1.0 - hits * share, out=np.ones_like(hits), where=hits * share < 1.0)
    return 0.5 * (beyond_chance + beyond_chance.T)
