"""Fills cores with the units of a network one population after the other, for axons that are not shared.

Units stay whole while they fit, and a unit that does not fit on what is left of a core is split there; synapse
memory, not the number of neurons, is what usually fills a core then. Two things need more than one look:

- A neuron's out-axons depend on how many cores its targets stand on, which is only known at the end. Cores are filled
  with an estimate, which is raised to what was found wherever a core turned out too small, and filled again.
- Where more cores are taken than the lower bound, other orders are tried, and the filling with the fewest cores is
  kept: one lets units, or halves of them, go back to cores that were left early, for want of profiles or axons; one
  puts units that reach many cores beside units that many axons reach, so that out-axons and synapse memory of a core
  fill together; one begins a core with every population, so that it stands on few cores and costs few out-axons.
"""

from collections import Counter, deque
from typing import Literal

from neurocmc.common.errors import InfeasibleError
from neurocmc.passes.loihi.placing.bounds import cores_needed
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.filling import Filling, fan_out, out_axons, split_among
from neurocmc.passes.loihi.placing.packing import Core
from neurocmc.passes.loihi.placing.refusals import too_much_for_a_core

Order = Literal["in sequence", "look back", "balanced", "apart"]
ORDERS: tuple[Order, ...] = ("in sequence", "look back", "balanced", "apart")
LARGE = 2048  # units, beyond which no look back is taken: it holds every unit against every core
ROUNDS = 16  # of estimating out-axons; estimates only rise


def fill_in_order(demand: Demand) -> Filling:
    """Returns the filling of all orders that is overfull on fewest cores, and of these has the fewest.

    Raises InfeasibleError where one neuron needs more than a core has.
    """
    best: Filling | None = None
    refused: InfeasibleError | None = None
    enough = cores_needed(demand)
    for order in ORDERS:
        if order == "look back" and len(demand.sizes) > LARGE:
            continue
        if best and len(best.held_by_core) <= enough and not _overfull(demand, best):
            break
        try:
            made = fill_in(demand, order)
        except InfeasibleError as error:
            refused = refused or error
            continue
        best = min(best or made, made, key=lambda filling: (_overfull(demand, filling), len(filling.held_by_core)))
    if best is None:
        raise refused or AssertionError("no order was tried")
    return best


def fill_in(demand: Demand, order: Order) -> Filling:
    """Returns a filling whose out-axons fit, or the last of ROUNDS. Raises InfeasibleError where nothing fits."""
    estimate = demand.out_of.counts.tolist()
    filling = _fill(demand, estimate, order)
    for _ in range(ROUNDS):
        if not _overfull(demand, filling):
            break
        found = fan_out(demand, filling.held_by_core)
        estimate = [max(each, now) for each, now in zip(estimate, found, strict=True)]
        filling = _fill(demand, estimate, order)
    return filling


def _overfull(demand: Demand, filling: Filling) -> int:
    """Cores with more out-axons than they have."""
    limit = demand.limits.out_axons_per_core
    return sum(axons > limit for axons in out_axons(demand, filling.held_by_core))


def _fill(demand: Demand, out_axons_each: list[int], order: Order) -> Filling:
    cores = [Core(demand)]
    ended_by = Counter[str]()
    where: dict[int, list[int]] = {}
    waiting = deque(_many_cores_first(demand, out_axons_each) if order == "balanced" else range(len(demand.sizes)))
    before = -1
    while waiting:
        unit = waiting.pop() if order == "balanced" and _sends_more(cores[-1]) else waiting.popleft()
        if order == "apart" and demand.population[unit] != before and cores[-1].neurons:
            cores.append(_another(cores[-1], order))
        before = demand.population[unit]
        neurons, each, placed = demand.sizes[unit], out_axons_each[unit], 0
        while placed < neurons:
            wanted = neurons - placed
            part = min(wanted, -(-neurons // 2))
            number = _earlier(cores, unit, part, each) if order == "look back" else len(cores) - 1
            core = cores[number]
            count, resource = core.room(unit, wanted, each)
            if count:
                core.add(unit, count, each)
                where.setdefault(unit, []).append(number)
                placed += count
            elif not core.neurons:
                raise InfeasibleError(too_much_for_a_core(demand, unit, each, resource))
            if count < wanted and number == len(cores) - 1:
                ended_by[resource] += 1
                cores.append(_another(cores[-1], order))
    return Filling(held_by_core=tuple(core.held for core in cores), ended_by=ended_by, split=split_among(where))


def _another(last: Core, order: Order) -> Core:
    """An empty core; where no earlier one is looked at again, in the arrays of the last."""
    return Core(last.demand) if order == "look back" else last.emptied()


def _many_cores_first(demand: Demand, out_axons_each: list[int]) -> list[int]:
    """Units by how many out-axons they need for each axon that reaches them, most first."""
    return sorted(range(len(demand.sizes)), key=lambda unit: -out_axons_each[unit] / max(demand.axons_into[unit], 1))


def _sends_more(core: Core) -> bool:
    """Whether a core's out-axons are further gone than its synapse memory."""
    limits = core.demand.limits
    return core.out_axons * limits.synapse_memory_bits_per_core > core.bits * limits.out_axons_per_core


def _earlier(cores: list[Core], unit: int, part: int, each: int) -> int:
    """The first core that takes half a unit, or what is left of it; else the last.

    A splinter in every gap would cost its axons on every core.
    """
    return next((number for number, core in enumerate(cores) if core.takes(unit, part, each)), len(cores) - 1)
