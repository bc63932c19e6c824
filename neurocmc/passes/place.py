"""Place: every neuron gets a core and a slot, sequentially, in the order of the populations.

A core is filled until one of its limits would be passed: compartments, in-axons or synapse memory. Units stay whole
while they fit, and a unit that does not fit on what is left of a core is split there; synapse memory, not the number
of neurons, is what usually fills a Loihi core.
"""

from dataclasses import dataclass
from typing import ClassVar

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.chip import Segment
from neurocmc.ir.integer import IntegerNetwork, IntegerPopulation
from neurocmc.passes.synapse_memory import Fibre, core_load, fibres
from neurocmc.targets import LoihiLimits, LoihiTarget

Held = dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Placement:
    """Segments of all cores, and how many neurons of each unit each core holds."""

    segments: tuple[Segment, ...]
    held_by_core: tuple[Held, ...]


@dataclass(frozen=True)
class Place:
    """IntegerNetwork -> cores and slots."""

    name: ClassVar[str] = "place"

    def run(self, network: IntegerNetwork, target: LoihiTarget) -> Placement:
        """Raises InfeasibleError where one neuron's fan-in exceeds a core, or the chip has too few cores."""
        limits = target.limits
        arriving = {p.name: tuple(f for f in fibres(network) if f.target == p.name) for p in network.populations}
        cores: list[Held] = [{}]
        segments: list[Segment] = []
        for population in network.populations:
            for unit in range(population.units):
                placed = 0
                while placed < population.neurons:
                    wanted = population.neurons - placed
                    fits = _how_many(arriving, cores[-1], (population.name, unit), wanted, limits)
                    if fits == 0:
                        if not cores[-1]:
                            raise InfeasibleError(
                                _too_much_fan_in(population, unit, arriving[population.name], limits)
                            )
                        cores.append({})
                        continue
                    start = unit * population.neurons + placed
                    slot = sum(cores[-1].values())
                    segments.append(
                        Segment(
                            core=len(cores) - 1,
                            slot=slot,
                            population=population.name,
                            start=start,
                            stop=start + fits,
                        )
                    )
                    cores[-1][(population.name, unit)] = cores[-1].get((population.name, unit), 0) + fits
                    placed += fits
        if len(cores) > limits.cores_per_chip:
            raise InfeasibleError(_too_many_cores(network, len(cores), target))
        return Placement(_merged(segments), tuple(cores))


def _how_many(
    arriving: dict[str, tuple[Fibre, ...]], held: Held, unit: tuple[str, int], wanted: int, limits: LoihiLimits
) -> int:
    """The largest number of the unit's neurons, up to `wanted`, that the core still takes (cost only grows)."""
    relevant = tuple(fibre for name in dict.fromkeys([*(n for n, _ in held), unit[0]]) for fibre in arriving[name])
    room = limits.compartments_per_core - sum(held.values())

    def fits(count: int) -> bool:
        load = core_load(relevant, {**held, unit: held.get(unit, 0) + count}, limits)
        return load.in_axons <= limits.in_axons_per_core and load.bits <= limits.synapse_memory_bits_per_core

    low, high = 0, min(wanted, room)
    if high and fits(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _merged(segments: list[Segment]) -> tuple[Segment, ...]:
    """Neighbouring runs of one population on one core become one segment."""
    merged: list[Segment] = []
    for segment in segments:
        last = merged[-1] if merged else None
        if last and (last.core, last.population, last.stop) == (segment.core, segment.population, segment.start):
            merged[-1] = Segment(
                core=last.core, slot=last.slot, population=last.population, start=last.start, stop=segment.stop
            )
        else:
            merged.append(segment)
    return tuple(merged)


def _too_much_fan_in(
    population: IntegerPopulation, unit: int, arriving: tuple[Fibre, ...], limits: LoihiLimits
) -> Problem:
    own = [fibre for fibre in arriving if unit in fibre.target_units]
    load = core_load(tuple(own), {(population.name, unit): 1}, limits)
    axons: dict[str, int] = {}
    for fibre in own:
        axons[fibre.projection] = axons.get(fibre.projection, 0) + fibre.axons
    worst = max(axons, key=lambda name: axons[name])
    return Problem(
        f"population {population.name}",
        f"one neuron has a fan-in of {load.in_axons:,} axons and {load.bits:,} synapse bits ({axons[worst]:,} axons "
        f"are from {worst}); one core holds {limits.in_axons_per_core:,} and "
        f"{limits.synapse_memory_bits_per_core:,}",
        "use fewer neurons a unit (--neurons), or fewer source units",
    )


def _too_many_cores(network: IntegerNetwork, cores: int, target: LoihiTarget) -> Problem:
    largest = max(network.populations, key=lambda population: population.units * population.neurons)
    return Problem(
        f"population {largest.name}",
        f"the circuit ({network.neurons:,} neurons, {largest.units * largest.neurons:,} of them here) needs "
        f"{cores:,} cores, limit {target.limits.cores_per_chip} on {target.name}",
        "use fewer neurons a unit (--neurons), fewer units, or a larger chip",
    )
