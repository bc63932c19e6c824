"""Fits latencies to a chip on which every synapse takes a tick.

In a framework a spike passes all layers in one tick. On the chip a layer hears of it a tick later; so a population
`depth` layers behind the inputs runs that many ticks later than in the framework, and is the same to the tick as long
as everything that reaches it is as late. A synapse of delay d from depth a to depth b needs d + b - a ticks there: a
skip over a layer becomes a delay, a loop over one population stays as it is. Only a loop over several populations can
need less than the one tick that there is: it becomes slower, and that is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronProjection


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skewed:
    """A network whose latencies a chip can have, still in its own time, and how deep each population is."""

    network: NeuronNetwork
    depth_ticks: Mapping[str, int]  # population -> ticks that it is later on the chip
    notes: tuple[str, ...]  # on loops that became slower

    def chip_delay(self, projection: NeuronProjection) -> Int:
        """Returns (synapses,) delays on the chip, beyond the one tick that every spike of a neuron takes."""
        own = projection.delay_ticks.astype(np.int64) + self.depth_ticks[projection.target]
        if projection.source in self.depth_ticks:
            return own - self.depth_ticks[projection.source] - 1
        return own


@dataclass(frozen=True)
class Skew:
    """NeuronNetwork -> the same with depths, and with loops that are too short for a chip made longer."""

    name: ClassVar[str] = "skew"
    delay_ticks_max: int = 62

    def run(self, network: NeuronNetwork) -> Skewed:
        """Raises InfeasibleError for delays that the chip does not have."""
        depth = _depths(network)
        notes: list[str] = []
        fitted: list[NeuronProjection] = []
        for projection in network.projections:
            if projection.source not in depth:
                fitted.append(projection)
                continue
            least = 1 + depth[projection.source] - depth[projection.target]
            short = projection.delay_ticks < least
            if short.any():
                now = int(projection.delay_ticks[short].min())
                notes.append(
                    f"{projection.name}: a loop over several populations takes {least} ticks on the chip, "
                    f"{now} in the framework"
                )
                delay = np.maximum(projection.delay_ticks, least)
                projection = replace(projection, delay_ticks=delay)
            fitted.append(projection)
        skewed = Skewed(
            network=network if not notes else replace(network, projections=tuple(fitted)),
            depth_ticks=depth,
            notes=tuple(notes),
        )
        raise_infeasible(problem for p in fitted for problem in self._too_long(p, skewed))
        return skewed

    def _too_long(self, projection: NeuronProjection, skewed: Skewed) -> list[Problem]:
        longest = int(skewed.chip_delay(projection).max(initial=0))
        if longest <= self.delay_ticks_max:
            return []
        what = f"a synapse needs a delay of {longest} ticks, limit {self.delay_ticks_max}"
        cure = "shorten the delay, or use a longer tick (--dt)"
        return [Problem("delay-beyond-chip", f"projection {projection.name}", what, cure)]


def _depths(network: NeuronNetwork) -> dict[str, int]:
    """How many ticks each population is behind the inputs: one for each layer, less the delays on the way."""
    depth: dict[str, int] = {}
    for population in network.populations:  # in the order of a tick: what closes a loop is not known yet
        before = [
            depth[projection.source] + 1 - int(projection.delay_ticks.min())
            for projection in network.into(population.name)
            if projection.source in depth and projection.synapses
        ]
        depth[population.name] = max(0, *before) if before else 0
    return depth
