"""Has the series that reservoirs are driven by, and what is asked of them at every step.

memory       u uniform in [-1, 1]; u(t - k) for k = 1 ... 40 (Jaeger, GMD report 152, 2001)
narma        y(t+1) = .3 y(t) + .05 y(t) sum_{i<10} y(t-i) + 1.5 u(t-9) u(t) + .1, u uniform in [0, .5], of which the
             reservoir is given 4 u - 1 (Atiya & Parlos, IEEE Trans. Neural Netw. 11, 2000)
mackey       s' = .2 s(t-17) / (1 + s(t-17)^10) - .1 s; ten steps ahead (Mackey & Glass, Science 197, 1977)
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.literature.reservoir.readout import Readout, fitted, nrmse, squared_correlation

DELAYS, WASHOUT, TRAIN, VALIDATION, TEST = 40, 200, 2000, 1000, 1000
STEPS = WASHOUT + TRAIN + VALIDATION + TEST
AHEAD = 10  # steps that Mackey-Glass is predicted by
_ENDS = np.cumsum([WASHOUT, TRAIN, VALIDATION, TEST]).tolist()
TRAINED, VALIDATED, TESTED = (slice(start, stop) for start, stop in pairwise(_ENDS))
_ORDER = 10  # of NARMA
_EULER, _TAU, _DISCARDED = 10, 17, 500  # of Mackey-Glass: Euler steps a step; its delay and its start, in steps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """A drive (STEPS,) in about [-1, 1], and what is wanted after each step, (STEPS, outputs)."""

    drive: Float
    wanted: Float


def uniform(rng: np.random.Generator, steps: int = STEPS) -> Float:
    """Returns (steps,) independent numbers, uniform in [-1, 1]."""
    return rng.uniform(-1.0, 1.0, steps)


def memory(rng: np.random.Generator) -> Series:
    """Returns noise, of which every delay is to be told; the washout is longer than all of them."""
    return remembered(uniform(rng))


def remembered(drive: Float) -> Series:
    """Returns a drive with its own past as what is wanted."""
    return Series(drive=drive, wanted=np.stack([np.roll(drive, delay) for delay in range(1, DELAYS + 1)], axis=1))


def narma(rng: np.random.Generator) -> Series:
    """Returns the NARMA system of order 10: after u(t), y(t+1) is wanted."""
    u = 0.25 * (uniform(rng) + 1.0)
    y = np.zeros(STEPS + 1)
    for t in range(_ORDER - 1, STEPS):
        past = y[t - _ORDER + 1 : t + 1].sum()
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * past + 1.5 * u[t - _ORDER + 1] * u[t] + 0.1
    return Series(drive=4.0 * u - 1.0, wanted=y[1:, None])


def mackey(rng: np.random.Generator) -> Series:
    """Returns Mackey-Glass from a random start, brought to about [-1, 1]: after s(t), s(t + 10) is wanted."""
    back, dt = _TAU * _EULER, 1.0 / _EULER
    count = back + (_DISCARDED + STEPS + AHEAD) * _EULER
    s = np.empty(count)
    s[: back + 1] = rng.uniform(0.8, 1.2)
    for t in range(back, count - 1):
        late = s[t - back]
        s[t + 1] = s[t] + dt * (0.2 * late / (1.0 + late**10) - 0.1 * s[t])
    sampled = (s[back + _DISCARDED * _EULER :: _EULER] - 0.8) / 0.6
    return Series(drive=sampled[:STEPS], wanted=sampled[AHEAD : STEPS + AHEAD, None])


MADE: dict[str, Callable[[np.random.Generator], Series]] = {"memory": memory, "narma": narma, "mackey": mackey}


def memory_readout(states: Float, series: Series) -> Readout:
    """Returns the readout of all delays from (STEPS, units) states, each with a penalty of its own."""
    return fitted(states, series.wanted, TRAINED, VALIDATED, squared_correlation)


def memory_curve(states: Float, series: Series) -> Float:
    """Returns (DELAYS,) squared correlations on the test part; their sum is the memory capacity."""
    readout = memory_readout(states, series)
    return squared_correlation(readout(states[TESTED]), series.wanted[TESTED])


def prediction_error(states: Float, series: Series) -> float:
    """Returns the NRMSE on the test part of the one thing wanted, with the penalty of the smallest on validation."""
    readout = fitted(states, series.wanted, TRAINED, VALIDATED, lambda found, wanted: -nrmse(found, wanted))
    return float(nrmse(readout(states[TESTED]), series.wanted[TESTED])[0])
