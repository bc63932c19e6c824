"""Says what theory predicts of a winner-take-all with interneurons: who is left standing, and how active.

The equations are those of `frontends.interneuron_yaml`, without neighbours (alpha2 = 0). For alpha < 1 the feedback
of sst and lamp5 rises with the activity of the pyramidal units and their activity falls with it, so there is one
fixed point, found by bisection on the inhibition q that all units share::

    x_i = [I_i - beta_ff pv - q - T]_+ / (1 - alpha)        q = beta1 [beta2 X - delta vip - T_I]_+ + gamma1 gamma2 X

with X = sum_i x_i. With one winner and sst awake its slope is the gain below. An interneuron that is off has
weight 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import FloatMatrix, entries
from neurocmc.ir.kept import Kept
from neurocmc.ir.rate import RateCircuit

BISECTIONS = 200  # halvings: more than the mantissa of a double holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Interneurons:
    """The parameters, dimensionless; drives and activities are in units of the circuit."""

    units: int
    alpha: float
    threshold: float
    w: float = 0.0
    beta_ff: float = 0.0
    threshold_p: float = 0.0
    beta1: float = 0.0
    beta2: float = 0.0
    threshold_i: float = 0.0
    delta: float = 0.0
    threshold_v: float = 0.0
    gamma1: float = 0.0
    gamma2: float = 0.0

    @property
    def gain(self) -> float:
        """Slope of a single winner over its drive, sst and pv awake.

        (1 - beta_ff w) / (1 - alpha + beta1 beta2 + gamma1 gamma2).
        """
        feedback = self.beta1 * self.beta2 + self.gamma1 * self.gamma2
        return (1.0 - self.beta_ff * self.w) / (1.0 - self.alpha + feedback)

    def steady(self, drive: Float, gate: float = 0.0) -> Float:
        """Returns (units,) activity of the pyramidal units at rest under a constant drive (units,) and gate.

        Raises ValueError for alpha >= 1, where the fixed point is not the only one.
        """
        if self.alpha >= 1.0:
            raise ValueError(f"alpha is {self.alpha:g}: from 1 on there are several fixed points")
        pv = max(self.w * float(np.sum(drive)) - self.threshold_p, 0.0)
        reach = np.asarray(drive, dtype=np.float64) - self.beta_ff * pv - self.threshold
        low, high = 0.0, max(float(reach.max()), 0.0)
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            if self._inhibition(float(self._active(reach, middle).sum()), gate) > middle:
                low = middle
            else:
                high = middle
        return self._active(reach, high)

    def rival_drive(self, drive: float, gate: float = 0.0) -> float:
        """Returns the weakest second drive at which a second unit stands beside the winner of `drive`."""
        low, high = 0.0, drive
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            both = np.zeros(self.units)
            both[:2] = drive, middle
            if self.steady(both, gate)[1] > 0.0:
                high = middle
            else:
                low = middle
        return high

    def _active(self, reach: Float, inhibition: float) -> Float:
        return np.maximum(reach - inhibition, 0.0) / (1.0 - self.alpha)

    def _inhibition(self, total: float, gate: float) -> float:
        vip = max(gate - self.threshold_v, 0.0)
        sst = max(self.beta2 * total - self.delta * vip - self.threshold_i, 0.0)
        return self.beta1 * sst + self.gamma1 * self.gamma2 * total

    def as_realised(self, kept: Kept) -> "Interneurons":
        """Returns the same with the weights that the chip really holds."""
        return replace(self, **_weights({(p.source, p.target): p.realised_gain for p in kept.projections}))


def interneurons_of(circuit: RateCircuit) -> Interneurons:
    """Returns the parameters of a circuit of `frontends.interneuron_yaml`.

    Raises ValueError where it is not one: no population `pyramidal`, or neighbours that excite each other.
    """
    threshold = {p.name: float(p.offset[0]) for p in circuit.populations}
    if "pyramidal" not in threshold:
        raise ValueError(f"{circuit.name} has no population pyramidal")
    between: dict[tuple[str, str], FloatMatrix] = {
        (p.source, p.target): p.dc_gain * p.weight for p in circuit.projections
    }
    row, column, _ = entries(between.get(("pyramidal", "pyramidal"), np.zeros((1, 1))))
    if (row != column).any():
        raise ValueError(f"{circuit.name}: neighbours excite each other, the formulas have alpha2 = 0")
    feedforward = next((float(entry.weight[0, 0]) for entry in circuit.inputs if entry.target == "pv"), 0.0)
    return Interneurons(
        units=circuit.population("pyramidal").size,
        threshold=threshold["pyramidal"],
        w=feedforward,
        threshold_p=threshold.get("pv", 0.0),
        threshold_i=threshold.get("sst", 0.0),
        threshold_v=threshold.get("vip", 0.0),
        **_weights(between),
    )


def _weights(between: Mapping[tuple[str, str], FloatMatrix]) -> dict[str, float]:
    """The weights between populations as the formulas name them: all connections of a projection share one."""

    def weight(source: str, target: str) -> float:
        return float(between[source, target][0, 0]) if (source, target) in between else 0.0

    return {
        "alpha": weight("pyramidal", "pyramidal"),
        "beta_ff": -weight("pv", "pyramidal"),
        "beta1": -weight("sst", "pyramidal"),
        "beta2": weight("pyramidal", "sst"),
        "delta": -weight("vip", "sst"),
        "gamma1": -weight("lamp5", "pyramidal"),
        "gamma2": weight("pyramidal", "lamp5"),
    }
