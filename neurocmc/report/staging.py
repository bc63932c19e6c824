"""Says what staging did to a circuit, and what it costs: relays, offsets, and the time that a tick stands for."""

from dataclasses import dataclass, replace

import numpy as np

from neurocmc.ir.rate import RateCircuit, RatePopulation
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.passes.check_neurons import shared_tau_s
from neurocmc.passes.offsets import shift_of
from neurocmc.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingCost:
    """One population that was made, or rewritten, so that pools of neurons can be it."""

    population: str
    what: str
    neurons: int  # added for it
    ticks: int  # that its spikes travel longer than one
    spans: tuple[float, float]  # activity from an empty pool to a full one; of the unit with the widest range
    half_step: float  # the largest rounding error of the pool's count, in the same units


def staging_costs(circuit: RateCircuit, staged: RateCircuit, network: SpikingNetwork) -> list[StagingCost]:
    """Returns a cost for each population of `staged` that is not as it was in `circuit`."""
    given = {population.name: population for population in circuit.populations}
    costs: list[StagingCost] = []
    for population in staged.populations:
        # A relay was made as a linear unit of gain 1.
        before = given.get(population.name, _relay_as_made(population))
        if all(getattr(before, field) == getattr(population, field) for field in ("transfer", "floor", "top")):
            continue
        pool = network.population(population.name)
        shift = shift_of(before, population)
        widest = int(np.argmax(shift.width))
        low, width = float(shift.low[widest]), float(shift.width[widest])
        base, full, step = 0.0, pool.fit.ceiling, pool.full / pool.neurons_of_unit
        for segments in pool.segments:
            base, full = float(segments.base[widest]), float(segments.top[widest])
            step = float(segments.width.max()) / pool.neurons
        is_relay = population.name not in given
        costs.append(
            StagingCost(
                population=population.name,
                what=_what(staged, population, is_relay=is_relay),
                neurons=pool.units * pool.neurons if is_relay else 0,
                ticks=max((p.delay_ticks for p in network.projections if p.source == population.name), default=0)
                if is_relay
                else 0,
                spans=(low + width * base, low + width * full),
                half_step=0.5 * width * step,
            )
        )
    return costs


def _relay_as_made(population: RatePopulation) -> RatePopulation:
    size = population.size
    return replace(population, transfer="linear", gain=np.ones(size), offset=np.zeros(size))


def _what(staged: RateCircuit, population: RatePopulation, *, is_relay: bool) -> str:
    if not is_relay:
        return (
            "range cut to the activity visited"
            if population.transfer != "relu"
            else "linear, from the lowest activity visited"
        )
    arriving = [projection for projection in staged.projections if projection.target == population.name]
    onward = [projection for projection in staged.projections if projection.source == population.name]
    # A second-order kernel that only inputs have leaves a relay that no projection reaches.
    tau_s = max(projection.tau_s for projection in arriving or onward)
    reached = ", ".join(dict.fromkeys(projection.target for projection in onward))
    if all(projection.tau_s == tau_s for projection in onward):
        return f"relay: first stage of the kernel of {reached}, tau {1e3 * tau_s:.4g} ms"
    sources = ", ".join(dict.fromkeys(projection.source for projection in arriving))
    return f"relay: filter of {1e3 * tau_s:.4g} ms from {sources} to {reached}"


def host_work(network: SpikingNetwork, target: Target) -> tuple[str, ...]:
    """Returns what the host does of the circuit's own in every trial: starts that no filter holds, and filters."""
    starts: list[str] = []
    filters: list[str] = []
    for entry in network.inputs:
        own_s, ticks = shared_tau_s(network, entry.target), len(entry.start)
        if ticks:
            when = "tick 0" if ticks == 1 else f"tick 0 to {ticks - 1}"
            starts.append(f"the initial state of {entry.target}, as input in {when} ({entry.name})")
        if target.one_filter and entry.tau_s > 0 and (entry.tau_s, entry.order) != (own_s, 1):
            taken = f"{entry.target} has one of {1e3 * own_s:.4g} ms"
            kind = "second-order filter" if entry.order == 2 else "filter"
            filters.append(f"the {kind} of input {entry.name}, {1e3 * entry.tau_s:.4g} ms: {taken}")
    return (*starts, *filters)


def time_scale(circuit: RateCircuit, staged: RateCircuit, target: Target) -> str:
    """Returns what a tick stands for, and how that compares with the chip's usual tick."""
    tick_s = staged.dt_s
    parts = round(circuit.dt_s / tick_s)
    why = "the circuit's own step" if parts == 1 else f"1/{parts} of the circuit's step of {1e3 * circuit.dt_s:g} ms"
    usual_s = target.limits.default_tick_s
    pace = tick_s / usual_s
    speed = (
        "in real time"
        if pace == 1
        else f"{max(pace, 1 / pace):.3g} times {'faster' if pace > 1 else 'slower'} than the model"
    )
    return (
        f"one tick stands for {1e3 * tick_s:g} ms of the model ({why}); with {1e3 * usual_s:g} ms per tick the chip "
        f"runs {speed}"
    )
