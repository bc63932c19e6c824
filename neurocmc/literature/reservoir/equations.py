"""Defines Reservoir: sigmoid units whose excitation and inhibition are random and fixed.

    v(t+1) = pole v(t) + (A_E - A_I) r(t) + W_in u(t)        r = 1 / (1 + exp(-slope (v - threshold)))

K. Srinivasan, D. Plenz & M. Girvan, "Boosting reservoir computing with brain-inspired adaptive dynamics",
arXiv:2504.12480 (2025). In z = slope (v - threshold) it is a rate circuit whose filter comes before the sigmoid.
Without a leak (pole 0) there is no filter, and r itself is the state.
"""

from dataclasses import dataclass

import numpy as np

import neurocmc
from neurocmc.api import Model
from neurocmc.common.arrays import Float, set_frozen

SETTLED, LONGEST = 1e-13, 10_000  # the change of v in a step that is none, and steps after which no rest is awaited


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reservoir:
    """Weights of a reservoir of n units, the first `excitatory` of which excite, and m inputs."""

    weight: Float  # A_E - A_I, (n, n), row = target
    enter: Float  # W_in, (n, m)
    excitatory: int
    slope: float
    threshold: float
    pole: float  # what a step keeps of v, in [0, 1)

    def __post_init__(self) -> None:
        units = len(self.weight)
        set_frozen(self, "weight", np.float64, (units, units))
        set_frozen(self, "enter", np.float64, (units, None))

    @property
    def units(self) -> int:
        """The number of units."""
        return len(self.weight)

    def sent(self, v: Float) -> Float:
        """Returns r of states of any shape."""
        return 1.0 / (1.0 + np.exp(-self.slope * (v - self.threshold)))

    def rest(self) -> Float:
        """Returns v without input, (units,); where units never settle, the state after 10,000 steps."""
        v = np.zeros(self.units)
        for _ in range(LONGEST):
            new = self.pole * v + self.weight @ self.sent(v)
            if np.abs(new - v).max() < SETTLED:
                return new
            v = new
        return v

    def run(self, inputs: Float) -> Float:
        """Returns r after each step, from rest.

        Args:
            inputs: (trials, steps, m).

        Returns:
            (trials, steps, units).
        """
        trials, steps, _ = inputs.shape
        v, found = np.tile(self.rest(), (trials, 1)), np.empty((trials, steps, self.units))
        r = self.sent(v)
        for step in range(steps):
            v = self.pole * v + r @ self.weight.T + inputs[:, step] @ self.enter.T
            r = found[:, step] = self.sent(v)
        return found

    def model(self, calibration: Float, test: Float, name: str = "reservoir") -> Model:
        """Returns the model that `neurocmc.compile` takes: populations `e` and `i`, a step of 1 ms, from rest.

        Args:
            calibration: (trials, steps, m) inputs that ranges are chosen on.
            test: (trials, steps, m) inputs that the chip is judged by.
            name: Of the circuit.
        """
        rest, kept = self.rest(), 1.0 - self.pole
        return neurocmc.from_arrays(
            self.slope * self.weight / kept,
            self.slope * self.enter / kept,
            np.full(self.units, -self.slope * self.threshold),
            activation="sigmoid",
            form="filter-before" if self.pole else "filter-after",
            fraction=kept,
            populations={"e": self.excitatory, "i": self.units - self.excitatory},
            initial=self.slope * (rest - self.threshold) if self.pole else self.sent(rest),
            calibration=calibration,
            test=test,
            name=name,
        )
