"""Draws reservoirs, and balances their inhibition: by one factor, or by adaptation at every synapse.

Inhibition adapts while the input runs until every unit is as active as it should be,

    A_I[i, j] <- max(0, A_I[i, j] + rate (r_i - target_i))

(Srinivasan, Plenz & Girvan 2025). With one target for all units it is homogeneous, with one each heterogeneous.
"""

from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Bool, Float
from neurocmc.common.matrices import spectral_radius
from neurocmc.literature.reservoir.equations import Reservoir


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What reservoirs are drawn from."""

    units: int
    excitatory: int
    density: float  # the share of all pairs that are connected
    inputs: int
    input_scale: float  # the largest weight of an input
    slope: float
    threshold: float
    pole: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """A reservoir before it is balanced: random weights, uniform in [0, 1] until they are scaled."""

    structure: Structure
    excites: Float  # A_E, (units, units); columns of inhibitory units are 0
    inhibits: Float  # A_I, (units, units); columns of excitatory units are 0
    enter: Float  # W_in, (units, inputs)

    def scaled(self, gain: float) -> "Drawn":
        """Returns the same with A_E of spectral radius `gain`, and A_I scaled alike."""
        radius = spectral_radius(self.excites)
        scale = gain / radius if radius > 0 else 0.0
        return replace(self, excites=scale * self.excites, inhibits=scale * self.inhibits)

    def with_factor(self, factor: float) -> Reservoir:
        """Returns the reservoir whose inhibition is `factor` times that drawn: global balance."""
        return self._reservoir(self.excites - factor * self.inhibits)

    def adapted(self, drive: Float, targets: Float, rate: float, adapting: Bool) -> Reservoir:
        """Returns the reservoir whose inhibition has adapted under an input: local balance.

        Args:
            drive: (steps, inputs) of the input that runs meanwhile.
            targets: (units,) r that units are to have in the mean.
            rate: What a synapse changes by in a step, for each 1 that r is above its target.
            adapting: (units, units) synapses that adapt; those of excitatory units are 0 and must not.
        """
        s, inhibits, v = self.structure, self.inhibits[:, self.structure.excitatory :], np.zeros(self.structure.units)
        rates = rate * adapting[:, s.excitatory :]
        of_inhibition, enters = slice(s.excitatory, None), drive @ self.enter.T
        start = self._reservoir(self.excites)
        for entering in enters:
            r = start.sent(v)
            inhibits = np.maximum(inhibits + rates * (r - targets)[:, None], 0.0)
            v = s.pole * v + self.excites @ r - inhibits @ r[of_inhibition] + entering
        weight = self.excites.copy()
        weight[:, of_inhibition] -= inhibits
        return self._reservoir(weight)

    def inhibitory_columns(self) -> Bool:
        """Returns (units, units): all that inhibitory units could send, connected or not."""
        units = self.structure.units
        return np.tile(np.arange(units) >= self.structure.excitatory, (units, 1))

    def _reservoir(self, weight: Float) -> Reservoir:
        s = self.structure
        return Reservoir(
            weight=weight,
            enter=self.enter,
            excitatory=s.excitatory,
            slope=s.slope,
            threshold=s.threshold,
            pole=s.pole,
        )


def draw(structure: Structure, rng: np.random.Generator) -> Drawn:
    """Returns random weights: who is connected, how strongly, and how inputs enter, in this order."""
    units = structure.units
    weights = (rng.random((units, units)) < structure.density) * rng.random((units, units))
    excitatory = np.arange(units) < structure.excitatory
    enter = structure.input_scale * rng.uniform(-1.0, 1.0, (units, structure.inputs))
    return Drawn(structure=structure, excites=weights * excitatory, inhibits=weights * ~excitatory, enter=enter)
