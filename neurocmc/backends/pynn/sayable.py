"""Says what of a spiking network has no equal among PyNN's cells, by name and with a cure.

In PyNN a spike reaches the voltage of another cell two time steps later at the earliest: one is its delay, and the
current that it changed acts in the one after. Pools of the rate code have just that delay, those of other codes a
tick less. `IF_curr_exp` has two synapses, one for weights above 0 and one for those below, each a single exponential.
PyNN: Davison et al. 2009, Frontiers in Neuroinformatics 2:11. NEST steps its cells exactly: Rotter & Diesmann 1999,
Biological Cybernetics 81:381-402.
"""

from collections.abc import Iterator

import numpy as np

from neurocmc.common.errors import Problem
from neurocmc.common.matrices import values
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation, SpikingProjection

ID = "pynn-cannot-say"
STEP_S = 1e-6  # NEST's time steps are whole numbers of it
NEAR = 1e-6  # of two time constants that differ by less than this share, Brian2's solution divides by nearly 0
BRIAN2 = "use --to brian2"


def sayable_problems(network: SpikingNetwork) -> tuple[Problem, ...]:
    """Returns everything in a network that the program of PyNN could not run equally.

    Args:
        network: A network that is sound in itself.

    Returns:
        Problems of the id `pynn-cannot-say`, none where the program is equal.
    """
    codes = tuple(_code_problems(network))
    return codes or tuple(_problems(network))


def taus_s(network: SpikingNetwork, population: SpikingPopulation) -> dict[str, tuple[float, ...]]:
    """Returns the time constants of what excites a population, "up", and of what inhibits it, "down", in s."""
    signs: dict[str, set[float]] = {"up": set(), "down": set()}
    for projection in network.projections:
        if projection.target == population.name:
            for sign in _signs(projection):
                signs[sign].add(projection.tau_s)
    return {sign: tuple(sorted(found)) for sign, found in signs.items()}


def _signs(projection: SpikingProjection) -> Iterator[str]:
    """The directions in which a projection's spikes move voltages."""
    held = values(projection.weight)
    shares = np.array([tap.share for tap in projection.arrivals])
    extremes = np.outer([held.min(initial=0), held.max(initial=0)], shares)
    if (extremes > 0).any():
        yield "up"
    if (extremes < 0).any():
        yield "down"


def _code_problems(network: SpikingNetwork) -> Iterator[Problem]:
    for population in network.populations:
        if population.code != "rate":
            what = f"spikes of the {population.code} code arrive one tick sooner than PyNN's cells allow"
            yield Problem(ID, f"population {population.name}", what, f"compile with --code rate, or {BRIAN2}")


def _problems(network: SpikingNetwork) -> Iterator[Problem]:
    steps = network.tick_s / STEP_S
    if abs(steps - round(steps)) > NEAR * steps or round(steps) < 1:
        what = f"a tick of {network.tick_s:g} s is not a whole number of microseconds, as NEST needs it"
        yield Problem(ID, "network", what, f"choose another tick, or {BRIAN2}")
    for population in network.populations:
        yield from _population_problems(network, population)
    for projection in network.projections:
        where = f"projection {projection.name}"
        if projection.order != 1:
            what = "its kernel has order 2, and PyNN's alpha function differs from it by half a tick"
            yield Problem(ID, where, what, f"give it order 1, or {BRIAN2}")
        early = min(tap.delay_ticks for tap in projection.arrivals)
        if early < 1:
            what = f"its spikes arrive {early + 1} tick after they were sent; in PyNN they need at least 2"
            yield Problem(ID, where, what, f"give it a delay of a tick, or {BRIAN2}")


def _population_problems(network: SpikingNetwork, population: SpikingPopulation) -> Iterator[Problem]:
    where = f"population {population.name}"
    if not population.tau_mem_s > 0:
        yield Problem(ID, where, "its neurons keep no voltage from tick to tick, and PyNN's cells always do", BRIAN2)
    if population.v_initial.max(initial=0) >= 1:
        what = "a voltage starts at the threshold, where a cell of NEST would fire before the first tick"
        yield Problem(ID, where, what, f"let voltages start below it, or {BRIAN2}")
    for sign, found in taus_s(network, population).items():
        kind = "excitation" if sign == "up" else "inhibition"
        if len(found) > 1:
            listed = ", ".join(f"{tau_s:g}" for tau_s in found)
            what = f"its {kind} has time constants of {listed} s, and IF_curr_exp has one"
            yield Problem(ID, where, what, f"give all of its {kind} one tau, or {BRIAN2}")
        for tau_s in found:
            if abs(tau_s - population.tau_mem_s) <= NEAR * population.tau_mem_s:
                what = f"its membrane and its {kind} have the same time constant, {tau_s:g} s, by which Brian2's "
                what += "solution divides by 0"
                yield Problem(ID, where, what, f"change the tau of its {kind} by a thousandth, or {BRIAN2}")
