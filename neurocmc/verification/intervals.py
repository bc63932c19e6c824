"""Computes confidence intervals over seeds: of shares of trials that share a seed, and of means.

Trials of one seed share its faults, so they are not independent. The interval of a share is Wilson's (1927, Journal
of the American Statistical Association 22:209), with the number of trials divided by the design effect (Kish 1965,
Survey Sampling): how much more the shares of seeds differ than those of independent trials would.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float

Z_95 = 1.959963984540054  # of the standard normal distribution, two-sided 95 %
RESAMPLES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate and the ends of its 95 % confidence interval."""

    value: float
    low: float
    high: float


def share(wrong: Float, trials: Float) -> Interval:
    """Returns the share `wrong.sum() / trials.sum()`; both are (seeds,) numbers of trials of each seed.

    Where no trial or every trial is wrong nothing is known of how trials of a seed go together: then a seed counts
    as a single trial, so that 0 of 20 seeds is 0 to 16 %. Raises ValueError without trials.
    """
    total = float(trials.sum())
    if total <= 0:
        raise ValueError("a share needs at least one trial")
    value = float(wrong.sum()) / total
    independent = total / _design_effect(wrong, trials, value)
    return wilson(value, independent)


def wilson(value: float, trials: float) -> Interval:
    """Returns Wilson's interval of a share `value` of so many independent trials."""
    z = Z_95**2 / trials
    centre = (value + z / 2.0) / (1.0 + z)
    half = Z_95 * np.sqrt(value * (1.0 - value) / trials + z / (4.0 * trials)) / (1.0 + z)
    # Where all or none are wrong the interval ends there; rounding must not move its end.
    low = 0.0 if value == 0.0 else max(centre - half, 0.0)
    high = 1.0 if value == 1.0 else min(centre + half, 1.0)
    return Interval(value=value, low=float(low), high=float(high))


def trials_to_show(share: float) -> int:
    """Returns the fewest trials with which Wilson's interval of "all of them" lies above a share.

    All of n trials give an interval from n / (n + z^2) on.
    """
    return int(np.ceil(Z_95**2 * share / (1.0 - share)))


def _design_effect(wrong: Float, trials: Float, value: float) -> float:
    """Variance of the share over that of as many independent trials: 1 to the number of trials a seed."""
    a_seed, seeds, total = float(trials.mean()), len(trials), float(trials.sum())
    if value in (0.0, 1.0) or seeds < 2:
        return a_seed
    between = seeds / (seeds - 1) * float(np.sum((wrong - value * trials) ** 2)) / total**2
    return float(np.clip(between / (value * (1.0 - value) / total), 1.0, max(a_seed, 1.0)))


def mean(values: Float, seed: int = 0) -> Interval:
    """Returns the mean of (seeds,) values, with the percentiles of its bootstrap over seeds (Efron 1979).

    It has no width where all seeds agree. Raises ValueError without values.
    """
    if not values.size:
        raise ValueError("a mean needs at least one value")
    drawn = np.random.default_rng(seed).integers(0, values.size, (RESAMPLES, values.size))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return Interval(value=float(values.mean()), low=float(low), high=float(high))
