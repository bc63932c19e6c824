"""A reservoir of balanced excitation and inhibition, and its memory capacity.

    v' = pole v + (A_E - A_I) r + w u        r = 1 / (1 + exp(-c (v - theta)))

Inhibition adapts at each synapse until units are as active as they should be, A_I += delta (r - rho) (Srinivasan,
Plenz & Girvan, arXiv:2504.12480, 2025). Capacity is the sum over delays k of the squared correlation of u(t - k) with
the best linear readout of the units (Jaeger, GMD report 152, 2001).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import neurocmc
from neurocmc.common.arrays import Float
from neurocmc.pipeline.model import Model

UNITS, EXCITATORY, DENSITY, POLE = 40, 32, 0.1, 0.5
SLOPE, MIDDLE, GAIN, INPUT = 4.0, 0.5, 0.7, 0.1  # c, theta, the spectral radius of A_E, the largest input weight
RATE, TARGET, ADAPTED = 0.02, 0.5, 3000  # delta, rho, steps
DELAYS, WASHOUT, TRAIN, VALIDATION, TEST = 40, 200, 2000, 1000, 1000
RIDGES = 10.0 ** np.arange(-9, 3)
CALIBRATION = 1000  # steps


@dataclass(frozen=True, slots=True, eq=False)
class Reservoir:
    """Weights after adaptation."""

    weight: Float  # (units, units), A_E - A_I
    enter: Float  # (units,)

    @classmethod
    def adapted(cls, seed: int) -> "Reservoir":
        """A random reservoir whose inhibition has settled under a random input."""
        rng = np.random.default_rng(seed)
        excitatory = np.arange(UNITS) < EXCITATORY
        random = (rng.random((UNITS, UNITS)) < DENSITY) * rng.random((UNITS, UNITS))
        excites, inhibits = random * excitatory, random * ~excitatory
        scale = GAIN / np.abs(np.linalg.eigvals(excites)).max()
        excites, inhibits = excites * scale, inhibits * scale
        enter, connected, v = INPUT * rng.uniform(-1, 1, UNITS), inhibits > 0, np.zeros(UNITS)
        for _ in range(ADAPTED):
            r = sent(v)
            inhibits = np.maximum(inhibits + RATE * connected * (r - TARGET)[:, None], 0.0)
            v = POLE * v + (excites - inhibits) @ r + enter * rng.uniform(-1, 1)
        return cls(excites - inhibits, enter)

    @property
    def rest(self) -> Float:
        """(units,) v without input."""
        v = np.zeros(UNITS)
        for _ in range(2 * ADAPTED):
            v = POLE * v + self.weight @ sent(v)
        return v

    def run(self, inputs: Float) -> Float:
        """(steps, units) r after each step, from rest."""
        v, found = self.rest, np.empty((len(inputs), UNITS))
        for step, value in enumerate(inputs):
            v = POLE * v + self.weight @ sent(v) + self.enter * value
            found[step] = sent(v)
        return found

    def model(self, inputs: Float, seed: int) -> Model:
        """The same for neurocmc, in z = c (v - theta); calibrated on inputs of its own."""
        calibration = np.random.default_rng(seed).uniform(-1, 1, CALIBRATION)
        return neurocmc.from_arrays(
            SLOPE * self.weight / (1 - POLE),
            SLOPE * self.enter[:, None] / (1 - POLE),
            np.full(UNITS, -SLOPE * MIDDLE),
            activation="sigmoid",
            form="filter-before",
            fraction=1 - POLE,
            populations={"e": EXCITATORY, "i": UNITS - EXCITATORY},
            initial=SLOPE * (self.rest - MIDDLE),
            calibration=calibration[None, :, None],
            test=inputs[None, :, None],
            name="reservoir",
        )


def sent(v: Float) -> Float:
    """r of a state."""
    return 1.0 / (1.0 + np.exp(-SLOPE * (v - MIDDLE)))


def random_inputs(seed: int) -> Float:
    """(steps,) as many as capacity is measured over."""
    return np.random.default_rng(seed).uniform(-1, 1, WASHOUT + TRAIN + VALIDATION + TEST)


def capacity(states: Float, inputs: Float) -> float:
    """Memory capacity of (steps, units) states after each of (steps,) inputs; ridges are chosen on validation."""
    features = np.concatenate([states, np.ones((len(states), 1))], axis=1)
    wanted = np.stack([np.roll(inputs, delay) for delay in range(1, DELAYS + 1)], axis=1)
    ends = np.cumsum([WASHOUT, TRAIN, VALIDATION, TEST])
    train, validation, test = (slice(start, stop) for start, stop in pairwise(ends.tolist()))
    squares, crossed = features[train].T @ features[train], features[train].T @ wanted[train]
    readouts = np.stack([np.linalg.solve(squares + ridge * np.eye(len(squares)), crossed) for ridge in RIDGES])
    scores = np.stack([_squared_correlation(features[validation] @ one, wanted[validation]) for one in readouts])
    best = readouts[scores.argmax(axis=0), :, np.arange(DELAYS)].T
    return float(_squared_correlation(features[test] @ best, wanted[test]).sum())


def _squared_correlation(found: Float, wanted: Float) -> Float:
    """(columns,) squared correlations."""
    found, wanted = found - found.mean(axis=0), wanted - wanted.mean(axis=0)
    spread = (found**2).mean(axis=0) * (wanted**2).mean(axis=0)
    return np.where(spread > 0, (found * wanted).mean(axis=0) ** 2 / np.where(spread > 0, spread, 1.0), 0.0)
