"""Collects the parts of a circuit: rectified populations, maps of winners and projections, with one time constant.

Everything filters after its rectifier with one tau, so that any population may project to any other on a chip whose
neurons have one synaptic filter.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.frontends.automaton.latch import Latch
from neurocmc.frontends.rectifiers import rectifiers
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection, Readout


@dataclass(slots=True)
class Parts:
    """A circuit while it is put together."""

    tau_s: float
    populations: list[RatePopulation] = field(default_factory=list[RatePopulation])
    projections: list[RateProjection] = field(default_factory=list[RateProjection])
    inputs: list[RateInput] = field(default_factory=list[RateInput])
    readouts: list[Readout] = field(default_factory=list[Readout])

    def rectifiers(
        self, name: str, size: int, threshold: float = 0.0, saturation: float = np.inf, gain: float = 1.0
    ) -> str:
        """Adds a population of rectifiers, r = min([gain (u - threshold)]_+, saturation); returns its name."""
        self.populations.append(rectifiers(name, size, threshold, self.tau_s, saturation=saturation, gain=gain))
        return name

    def project(self, source: str, target: str, weight: Float) -> None:
        """Adds a projection; `weight` is (target units, source units)."""
        self.projections.append(
            RateProjection(name=f"{source}->{target}", source=source, target=target, weight=weight, tau_s=self.tau_s)
        )

    def winners(self, name: str, size: int, latch: Latch, *, rivals: bool = True) -> str:
        """Adds a soft winner-take-all that holds its winner; without `rivals` each unit has its own inhibition."""
        inhibit = f"{name}_inhibit"
        self.rectifiers(name, size, latch.threshold, latch.ceiling)
        self.rectifiers(inhibit, 1 if rivals else size, latch.threshold_i)
        shared = np.ones((size, 1)) if rivals else np.eye(size)
        self.project(name, name, latch.alpha * np.eye(size))
        self.project(name, inhibit, latch.beta2 * shared.T)
        self.project(inhibit, name, -latch.beta1 * shared)
        return name

    def listen(self, name: str, target: str, weight: Float) -> None:
        """Adds an unfiltered input; `weight` is (target units, channels)."""
        self.inputs.append(RateInput(name=name, target=target, weight=weight))

    def read(
        self,
        name: str,
        population: str,
        labels: tuple[str, ...],
        window_s: float,
        kind: Literal["winner", "activity"] = "winner",
    ) -> None:
        """Adds a readout of the last `window_s`; labels of stimuli are units of a winner."""
        self.readouts.append(Readout(name=name, population=population, kind=kind, labels=labels, window_s=window_s))

    def circuit(self, name: str, dt_s: float, origin_sha256: str) -> RateCircuit:
        """Returns the circuit of all parts."""
        return RateCircuit(
            name=name,
            dt_s=dt_s,
            populations=tuple(self.populations),
            projections=tuple(self.projections),
            inputs=tuple(self.inputs),
            readouts=tuple(self.readouts),
            origin_sha256=origin_sha256,
        )


def picks(rows: int, columns: int, entries: dict[int, int] | list[tuple[int, int]], value: float = 1.0) -> Float:
    """Returns (rows, columns) zeros with `value` at the (row, column) entries given."""
    weight = np.zeros((rows, columns))
    for row, column in entries.items() if isinstance(entries, dict) else entries:
        weight[row, column] = value
    return weight
