"""Holds what a chip's numbers kept of a circuit, whichever family the chip is of, derived from its lowest levels.

Decoders, poles, gains and latencies stand here in the units of the rate circuit, so that one function each serves
decoding, edges, realised circuits and losses. Nothing of it is written to disk: the levels that it comes from are.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.matrices import FloatMatrix, IntMatrix, no_entries, set_frozen_matrix
from neurocmc.ir.populations import HasPopulations
from neurocmc.ir.rate import RateProjection


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptPopulation:
    """One population; arrays are (units,)."""

    name: str
    units: int
    wanted_pole: Float  # of the synaptic filter, per tick; any where nothing is filtered
    realised_pole: Float
    offset_moved: Float  # by how much of its drive the threshold of a unit has moved
    saturation: float  # activity of a full pool; inf where only the unit's own transfer ends it
    half_neuron: Float  # activity up to which no neuron of a pool fires
    placing_lsb: float = 0.0  # by how much the drive at which a neuron is recruited may be moved, 0 in real numbers

    @classmethod
    def counted(cls, name: str, half_neuron: Float) -> "KeptPopulation":
        """Returns pools whose thresholds stand where they were wanted, and which count from half a neuron on."""
        units = half_neuron.size
        return cls(
            name=name,
            units=units,
            wanted_pole=np.zeros(units),
            realised_pole=np.zeros(units),
            offset_moved=np.zeros(units),
            saturation=np.inf,
            half_neuron=half_neuron,
        )

    def __post_init__(self) -> None:
        for field in ("wanted_pole", "realised_pole", "offset_moved", "half_neuron"):
            set_frozen(self, field, np.float64, (self.units,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptProjection:
    """One projection; arrays are (target units, source units)."""

    name: str
    source: str
    target: str
    wanted_gain: FloatMatrix  # drive per unit of activity in the rate circuit
    realised_gain: FloatMatrix
    latency_ticks: IntMatrix  # beyond the one tick that every spike takes
    tau_s: float  # of the filter without that latency

    @classmethod
    def of(
        cls,
        wanted: RateProjection,
        realised_gain: FloatMatrix,
        *,
        wanted_gain: FloatMatrix | None = None,
        latency_ticks: IntMatrix | None = None,
        tau_s: float | None = None,
    ) -> "KeptProjection":
        """Returns a projection of the staged circuit, as wanted but for its gain and what else is given."""
        return cls(
            name=wanted.name,
            source=wanted.source,
            target=wanted.target,
            wanted_gain=wanted.dc_gain * wanted.weight if wanted_gain is None else wanted_gain,
            realised_gain=realised_gain,
            latency_ticks=no_entries(realised_gain.shape, np.int64) if latency_ticks is None else latency_ticks,
            tau_s=wanted.tau_s if tau_s is None else tau_s,
        )

    def __post_init__(self) -> None:
        set_frozen_matrix(self, "wanted_gain", np.float64, (None, None))
        set_frozen_matrix(self, "realised_gain", np.float64, self.wanted_gain.shape)
        set_frozen_matrix(self, "latency_ticks", np.int64, self.wanted_gain.shape)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept(HasPopulations[KeptPopulation]):
    """All populations and projections of a staged circuit, in its order."""

    tick_s: float
    populations: tuple[KeptPopulation, ...]
    projections: tuple[KeptProjection, ...]

    def projection(self, name: str) -> KeptProjection:
        """Returns the projection of that name. Raises KeyError."""
        return {projection.name: projection for projection in self.projections}[name]
