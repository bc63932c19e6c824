"""Prunes, rounds and draws the synapses of a circuit, W (delays, units, sensors); numpy alone."""

import numpy as np

from neurocmc.common.arrays import Bool, Float


def kept(weight: Float, share: float, *, one_delay: bool) -> Bool:
    """Returns which synapses are kept: the largest, as many as `share` is of all.

    Args:
        weight: (delays, units, sensors).
        share: Of all delays x units x sensors, in (0, 1].
        one_delay: Whether a pair of unit and sensor keeps at most its strongest delay, which it has learned so.

    Returns:
        (delays, units, sensors). Of two that are equally strong the first is kept.
    """
    strength = np.abs(weight)
    if one_delay:
        strongest = strength.argmax(axis=0)
        strength = np.where(np.arange(len(weight))[:, None, None] == strongest, strength, -1.0)
    return _first(strength, share)


def drawn(shape: tuple[int, int, int], share: float, generator: np.random.Generator) -> Bool:
    """Returns synapses drawn at random, a delay each: as many as `share` is of all (delays, units, sensors)."""
    delay = generator.integers(shape[0], size=shape[1:])
    order = generator.random(shape[1:])
    strength = np.where(np.arange(shape[0])[:, None, None] == delay, order, -1.0)
    return _first(strength, min(share, 1.0 / shape[0]))


def rounded(weight: Float, bits: int) -> Float:
    """Returns the weights in so many bits with their sign: whole multiples of a step that each unit has for itself.

    Args:
        weight: (delays, units, sensors).
        bits: 2 or more; the largest weight of a unit is 2^(bits - 1) - 1 steps.
    """
    largest = np.abs(weight).max(axis=(0, 2), keepdims=True)
    step = np.where(largest > 0, largest, 1.0) / ((1 << (bits - 1)) - 1)
    return np.rint(weight / step) * step


def _first(strength: Float, share: float) -> Bool:
    count = round(share * strength.size)
    chosen = np.zeros(strength.size, dtype=np.bool_)
    chosen[np.argsort(-strength.ravel(), kind="stable")[:count]] = True
    return chosen.reshape(strength.shape) & (strength >= 0)
