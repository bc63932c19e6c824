"""Turns delays into neurons that repeat others a tick later: on NeuroCoreX every synapse takes one tick.

A neuron with a synapse that is k ticks later than others has a chain of k relays, which all its synapses share; of an
input the host sends the channel later instead.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import starts
from neurocmc.ir.neurocorex.wiring import Wiring
from neurocmc.passes.neurons.skew import Skewed


@dataclass(frozen=True)
class Relays:
    """Skewed network -> Wiring."""

    name: ClassVar[str] = "relays"

    def run(self, skewed: Skewed) -> Wiring:
        """Returns the wiring; which biases and poles it may have was asked before."""
        network = skewed.network
        first = starts({population.name: population.size for population in network.populations})
        neurons = sum(population.size for population in network.populations)
        inputs = {entry.name: index for index, entry in enumerate(network.inputs)}
        found: list[tuple[int, int, int, float]] = []  # target, source, delay beyond the tick, weight
        sent: dict[tuple[int, int, int], list[tuple[int, float]]] = {}
        bias = np.zeros(neurons)
        for projection in network.projections:
            population = network.population(projection.target)
            gain = population.gain_syn * population.gain_mem
            delay, place = skewed.chip_delay(projection), first[projection.target]
            bias[place : place + population.size] += projection.bias * gain
            rows = zip(
                projection.target_index.tolist(),
                projection.source_index.tolist(),
                delay.tolist(),
                (projection.weight * gain[projection.target_index]).tolist(),
                strict=True,
            )
            for target, source, late, weight in rows:
                if projection.source in first:
                    found.append((place + target, first[projection.source] + source, late, weight))
                else:
                    sent.setdefault((inputs[projection.source], source, late), []).append((place + target, weight))
        chain, added = _chains(found, neurons)
        columns = sorted(sent)
        synapses = [(i, target, weight) for i, key in enumerate(columns) for target, weight in sent[key]]
        threshold = np.concatenate([population.threshold for population in network.populations])
        return Wiring(
            neurons=neurons + len(added),
            relays=len(added),
            target=np.array([t for t, *_ in found] + [neurons + i for i in range(len(added))], dtype=np.int64),
            source=np.array([chain[s, late] for _, s, late, _ in found] + added, dtype=np.int64),
            weight=np.array([w for *_, w in found] + [1.0] * len(added)),
            threshold=np.concatenate([threshold, np.full(len(added), 0.5)]),
            sent=np.array(columns, dtype=np.int64).reshape(-1, 3),
            sent_target=np.array([t for _, t, _ in synapses], dtype=np.int64),
            sent_column=np.array([i for i, _, _ in synapses], dtype=np.int64),
            sent_weight=np.array([w for *_, w in synapses], dtype=np.float64),
            bias=np.concatenate([bias, np.zeros(len(added))]),
        )


def _chains(found: list[tuple[int, int, int, float]], neurons: int) -> tuple[dict[tuple[int, int], int], list[int]]:
    """Which neuron spikes so many ticks after another, and the source of every relay."""
    longest: dict[int, int] = {}
    for _, source, late, _ in found:
        longest[source] = max(longest.get(source, 0), late)
    chain: dict[tuple[int, int], int] = {}
    added: list[int] = []
    for source in sorted(longest):
        chain[source, 0] = source
        for late in range(1, longest[source] + 1):
            chain[source, late] = neurons + len(added)
            added.append(chain[source, late - 1])
    return chain, added
