"""Gives every neuron a core and a slot, so that no core passes any of its limits.

Populations are placed one after the other. Units stay whole while they fit, and a unit that does not fit on what is
left of a core is split there; synapse memory, not the number of neurons, is what usually fills a Loihi core. Two
things need more than one look:

- A neuron's out-axons depend on how many cores its targets stand on, which is only known at the end. Cores are filled
  with an estimate, which is raised to what was found wherever a core turned out too small, and filled again.
- Where more cores are taken than the lower bound, other orders are tried, and the filling with the fewest cores is
  kept: one lets units, or halves of them, go back to cores that were left early, for want of profiles or axons; one
  puts units that reach many cores beside units that many axons reach, so that out-axons and synapse memory of a core
  fill together; one begins a core with every population, so that it stands on few cores and costs few out-axons.
"""

from collections import Counter, deque
from dataclasses import dataclass
from typing import ClassVar, Literal

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.loihi.chip import Segment
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.packing import Core, Demand, lower_bound
from neurocmc.passes.loihi.synapse_memory import Held, Unit, cores_of_units, reached
from neurocmc.targets import LoihiTarget

Order = Literal["in sequence", "look back", "balanced", "apart"]
ORDERS: tuple[Order, ...] = ("in sequence", "look back", "balanced", "apart")
ROUNDS = 16  # of estimating out-axons; estimates only rise
WORDS = {
    "compartments": "compartments",
    "in_axons": "in-axons",
    "out_axons": "out-axons",
    "synapse_bits": "synapse memory",
    "compartment_profiles": "compartment profiles",
    "threshold_profiles": "threshold profiles",
    "synapse_formats": "synapse formats",
}


@dataclass(frozen=True, slots=True)
class Placement:
    """The segments of all cores, and how many neurons of each unit each core holds."""

    segments: tuple[Segment, ...]
    held_by_core: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class _Filling:
    cores: list[Core]
    segments: list[Segment]
    ended_by: Counter[str]  # resource -> cores that were left for want of it


@dataclass(frozen=True)
class Place:
    """Places the neurons of an IntegerNetwork on cores and slots."""

    name: ClassVar[str] = "place"

    def run(self, network: IntegerNetwork, target: LoihiTarget) -> Placement:
        """Raises InfeasibleError where one neuron needs more than a core has, or the chip has too few cores."""
        demand = Demand.of(network, target.limits)
        best: _Filling | None = None
        refused: InfeasibleError | None = None
        enough = lower_bound(demand, network)
        for order in ORDERS:
            if best and len(best.cores) <= enough and not _overfull(demand, best.cores):
                break
            try:
                made = fill_in(network, demand, order)
            except InfeasibleError as error:
                refused = refused or error
                continue
            best = min(best or made, made, key=lambda filling: (_overfull(demand, filling.cores), len(filling.cores)))
        if best is None:
            raise refused or AssertionError("no order was tried")
        filling = best
        if len(filling.cores) > target.limits.cores_per_chip:
            raise InfeasibleError(_too_many_cores(network, filling, target))
        segments = sorted(filling.segments, key=lambda segment: (segment.core, segment.slot))
        return Placement(_merged(segments), tuple(core.held for core in filling.cores))


def fill_in(network: IntegerNetwork, demand: Demand, order: Order) -> _Filling:
    """Returns a filling whose out-axons fit, or the last of ROUNDS. Raises InfeasibleError where nothing fits."""
    estimate = {unit: len(leaving) for unit, leaving in demand.out_of.items()}
    filling = _fill(network, demand, estimate, order)
    for _ in range(ROUNDS):
        if not _overfull(demand, filling.cores):
            break
        found = _out_axons(demand, filling.cores)
        estimate = {unit: max(each, found[unit]) for unit, each in estimate.items()}
        filling = _fill(network, demand, estimate, order)
    return filling


def _out_axons(demand: Demand, cores: list[Core]) -> dict[Unit, int]:
    """Unit -> out-axons of each of its neurons: one for every projection and core that it reaches."""
    where = cores_of_units([core.held for core in cores])
    return {unit: sum(len(reached(fibre, where)) for fibre in leaving) for unit, leaving in demand.out_of.items()}


def _overfull(demand: Demand, cores: list[Core]) -> int:
    """Cores with more out-axons than they have."""
    each = _out_axons(demand, cores)
    limit = demand.limits.out_axons_per_core
    return sum(sum(count * each[unit] for unit, count in core.held.items()) > limit for core in cores)


def _fill(network: IntegerNetwork, demand: Demand, out_axons: dict[Unit, int], order: Order) -> _Filling:
    sizes = {p.name: p.neurons for p in network.populations}
    cores = [Core(demand)]
    segments: list[Segment] = []
    ended_by: Counter[str] = Counter()
    waiting = deque(_many_cores_first(demand, out_axons) if order == "balanced" else out_axons)
    before = ""
    while waiting:
        unit = waiting.pop() if order == "balanced" and _sends_more(cores[-1]) else waiting.popleft()
        if order == "apart" and unit[0] != before and cores[-1].neurons:
            cores.append(Core(demand))
        before = unit[0]
        neurons, each, placed = sizes[unit[0]], out_axons[unit], 0
        while placed < neurons:
            wanted = neurons - placed
            part = min(wanted, -(-neurons // 2))
            number = _earlier(cores, unit, part, each) if order == "look back" else len(cores) - 1
            core = cores[number]
            count, resource = core.room(unit, wanted, each)
            if count:
                start = unit[1] * neurons + placed
                segments.append(
                    Segment(core=number, slot=core.neurons, population=unit[0], start=start, stop=start + count)
                )
                core.add(unit, count, each)
                placed += count
            elif not core.neurons:
                raise InfeasibleError(_too_much_for_a_core(demand, unit, each, resource))
            if count < wanted and number == len(cores) - 1:
                ended_by[resource] += 1
                cores.append(Core(demand))
    return _Filling(cores, segments, ended_by)


def _many_cores_first(demand: Demand, out_axons: dict[Unit, int]) -> list[Unit]:
    """Units by how many out-axons they need for each axon that reaches them, most first."""
    return sorted(out_axons, key=lambda unit: -out_axons[unit] / max(demand.axons_into[unit], 1))


def _sends_more(core: Core) -> bool:
    """Whether a core's out-axons are further gone than its synapse memory."""
    limits = core.demand.limits
    return core.out_axons * limits.synapse_memory_bits_per_core > core.bits * limits.out_axons_per_core


def _earlier(cores: list[Core], unit: Unit, part: int, each: int) -> int:
    """The first core that takes half a unit, or what is left of it; else the last.

    A splinter in every gap would cost its axons on every core.
    """
    return next((number for number, core in enumerate(cores) if core.takes(unit, part, each)), len(cores) - 1)


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


def _too_much_for_a_core(demand: Demand, unit: Unit, out_axons_each: int, resource: str) -> Problem:
    """One neuron that asks for more than an empty core has."""
    limits, population = demand.limits, unit[0]
    where = f"population {population}"
    if resource == "out_axons":
        leaving = Counter(fibre.projection for fibre in demand.out_of[unit])
        return Problem(
            "fan-out-beyond-core",
            where,
            f"one neuron needs {out_axons_each:,} out-axons, limit {limits.out_axons_per_core:,} on one core: its "
            f"projections ({', '.join(leaving)}) reach that many cores",
            "use fewer neurons a unit (--neurons), so that its targets stand on fewer cores",
        )
    if resource == "synapse_formats":
        arriving = dict.fromkeys(demand.fibres[index].projection for index in demand.into[unit])
        return Problem(
            "synapse-formats-beyond-core",
            where,
            f"one neuron needs {len(demand.formats[unit])} synapse formats, limit {limits.synapse_formats_per_core} "
            f"on one core: {', '.join(arriving)} differ in weight exponent, sign mode or delay",
            "bring the weights of these projections closer together, or give them the same delay",
        )
    axons = Counter[str]()
    for index in demand.into[unit]:
        axons[demand.fibres[index].projection] += demand.fibres[index].axons
    worst = max(axons, key=lambda name: axons[name])
    bits = sum(demand.fibres[index].axons * int(demand.bits[demand.delayed[index], 1]) for index in demand.into[unit])
    return Problem(
        "fan-in-beyond-core",
        where,
        f"one neuron has a fan-in of {sum(axons.values()):,} axons and {bits:,} synapse bits ({axons[worst]:,} axons "
        f"are from {worst}); one core holds {limits.in_axons_per_core:,} and "
        f"{limits.synapse_memory_bits_per_core:,}",
        "use fewer neurons a unit (--neurons), or fewer source units",
    )


def _too_many_cores(network: IntegerNetwork, filling: _Filling, target: LoihiTarget) -> Problem:
    """More cores than the chip has: what fills them, and whose it is."""
    largest = max(network.populations, key=lambda population: population.units * population.neurons)
    resource, ended = next(iter(filling.ended_by.most_common(1)), ("", 0))
    full = f"; {ended:,} of them are out of {WORDS[resource]}" if resource else ""
    if resource in ("synapse_bits", "in_axons", "out_axons"):
        share = sum((core.by_projection(resource) for core in filling.cores), Counter[str]())
        ((worst, most),) = share.most_common(1)
        full += f", most of it ({100 * most / share.total():.0f} %) for projection {worst}"
    cure = {
        "compartment_profiles": "give more populations the same time constants",
        "threshold_profiles": "bring the gains of its populations closer together",
        "synapse_formats": "bring the weights of projections into one population closer together",
    }.get(resource, "use fewer neurons a unit (--neurons), fewer units, or a larger chip")
    return Problem(
        "cores-beyond-chip",
        f"population {largest.name}",
        f"the circuit ({network.neurons:,} neurons, {largest.units * largest.neurons:,} of them here) needs "
        f"{len(filling.cores):,} cores, limit {target.limits.cores_per_chip} on {target.name}{full}",
        cure,
    )
