"""Computes what neurosynaptic cores kept: gains, poles, latencies, and pools that count from half a neuron on.

A constant drive that makes up for rounded gains stands where a threshold is the lower for it. A pole is shortened
only to make up for latency: without it the filters have their wanted time constants.
"""

import numpy as np

from neurocmc.ir.kept import Kept, KeptPopulation, KeptProjection
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.truenorth.program import CoreProgram


def kept_by_cores(staged: RateCircuit, program: CoreProgram) -> Kept:
    """Returns what the cores hold of the staged circuit; pools fire their first neuron at half a neuron."""
    held = {projection.name: projection for projection in program.projections}
    populations = [program.population(population.name) for population in staged.populations]
    return Kept(
        tick_s=program.tick_s,
        populations=tuple(
            KeptPopulation(
                name=p.name,
                units=p.units,
                wanted_pole=p.wanted_pole,
                realised_pole=p.realised_pole,
                offset_moved=-p.given_back,
                saturation=np.inf,
                half_neuron=np.full(p.units, 0.5 * p.activity_per_spike),
            )
            for p in populations
        ),
        projections=tuple(
            KeptProjection.of(
                p,
                held[p.name].realised_gain,
                wanted_gain=held[p.name].wanted_gain,
                latency_ticks=held[p.name].latency_ticks,
            )
            for p in staged.projections
        ),
    )
