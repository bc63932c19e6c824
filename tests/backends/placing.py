"""A placement for tests of what comes after placing: populations one after the other, a fixed number to a core."""

import numpy as np

from neurocmc.ir.loihi.chip import RESOURCES, ChipProgram, LowerBound, Segment
from neurocmc.ir.loihi.network import IntegerNetwork

NEURONS_A_CORE = 50


def place_anyhow(network: IntegerNetwork) -> ChipProgram:
    """Every neuron in a slot of its own, cores of NEURONS_A_CORE; the use of resources is left at zero."""
    segments: list[Segment] = []
    placed = 0
    for population in network.populations:
        start, size = 0, population.units * population.neurons
        while start < size:
            core, slot = divmod(placed, NEURONS_A_CORE)
            stop = min(size, start + NEURONS_A_CORE - slot)
            segments.append(Segment(core=core, slot=slot, population=population.name, start=start, stop=stop))
            placed += stop - start
            start = stop
    cores = segments[-1].core + 1
    program = ChipProgram(
        network=network,
        target="loihi1",
        segments=tuple(segments),
        routes=(),
        lists=(),
        use=np.zeros((cores, len(RESOURCES)), dtype=np.int64),
        lower_bounds=(LowerBound(resource="compartments", cores=cores),),
        shared_axons=False,
    )
    assert not program.problems(), program.problems()
    return program
