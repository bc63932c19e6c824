"""Splits kernels of second order in two by a population in between, where a neuron has one filter.

A critically damped second-order kernel is two equal first-order ones in a row. Filters are linear, so all of them
that reach a population with one time constant share the first: its output, p, becomes the activity of a *relay*
population with a linear transfer, and reaches the population one to one through the second. With p read as it was a
step ago, as a spike brings it, this is the very recurrence of the kernel: nothing is approximated, no tick is lost.

    before    u = sum_j W_j (h * h * r_j) + w (h * h * drive)
    after     p = sum_j W_j (h * r_j) + w (h * drive)           u = h * p

What a relay costs is neurons, and on a chip the steps in which its pool counts p.
"""

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.names import free_name
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection
from neurocmc.targets import Target

Stage = tuple[str, float]  # a population, and the time constant of what reaches it in two stages


@dataclass(frozen=True)
class Relays:
    """Turns a RateCircuit into one in which no kernel needs more filter stages than the target's neuron has."""

    name: ClassVar[str] = "relays"

    def run(self, circuit: RateCircuit, target: Target) -> RateCircuit:
        """Returns the circuit itself where the target has two stages, or the circuit no second-order kernel."""
        return circuit if target.filter_stages > 1 else _split(circuit)


def relay_name(population: str, taken: Container[str]) -> str:
    """Returns the first free name for a relay; a population with several time constants has several."""
    return free_name(f"{population}.relay", taken)


def _split(circuit: RateCircuit) -> RateCircuit:
    relay_of = _relays(circuit)
    if not relay_of:
        return circuit
    before = _activity_before(circuit, relay_of)
    populations: list[RatePopulation] = []
    for population in circuit.populations:
        populations += [
            linear_relay(name, population.size, tau_s, before[name])
            for (own, tau_s), name in relay_of.items()
            if own == population.name
        ]
        populations.append(population)
    return replace(
        circuit,
        populations=tuple(populations),
        projections=tuple(
            [_first_half(entry, relay_of) for entry in circuit.projections]
            + [_second_half(circuit, stage, name) for stage, name in relay_of.items()]
        ),
        inputs=tuple(_first_half_of_input(entry, relay_of) for entry in circuit.inputs),
    )


def _relays(circuit: RateCircuit) -> dict[Stage, str]:
    """The relay of each population and time constant that second-order kernels reach, in order of populations."""
    arriving = [(p.target, p.tau_s) for p in circuit.projections if p.order == 2]
    arriving += [(entry.target, entry.tau_s) for entry in circuit.inputs if entry.order == 2 and entry.tau_s > 0]
    names = {population.name for population in circuit.populations}
    relay_of: dict[Stage, str] = {}
    for population in circuit.populations:
        taus = sorted({tau_s for name, tau_s in arriving if name == population.name})
        for tau_s in taus:
            relay_of[population.name, tau_s] = relay_name(population.name, {*names, *relay_of.values()})
    return relay_of


def _activity_before(circuit: RateCircuit, relay_of: dict[Stage, str]) -> dict[str, Float]:
    """What each relay held before the first step: the activity of its sources then, through settled filters."""
    before = {name: np.zeros(circuit.population(population).size) for (population, _), name in relay_of.items()}
    for entry in circuit.projections:
        if entry.order == 2:
            name = relay_of[entry.target, entry.tau_s]
            before[name] = before[name] + entry.dc_gain * (entry.weight @ circuit.population(entry.source).initial)
    return before


def linear_relay(name: str, size: int, tau_s: float, before: Float) -> RatePopulation:
    """Returns a population that hands on what it gets; `before` (size,) is what it held before the first step."""
    return RatePopulation(
        name=name,
        size=size,
        transfer="linear",
        gain=np.ones(size),
        offset=np.zeros(size),
        bias=np.zeros(size),
        saturation=float("inf"),
        trace_tau_s=tau_s,  # observed as its target receives it
        initial=before,
    )


def _first_half(entry: RateProjection, relay_of: dict[Stage, str]) -> RateProjection:
    if entry.order == 1:
        return entry
    return replace(entry, target=relay_of[entry.target, entry.tau_s], order=1)


def _first_half_of_input(entry: RateInput, relay_of: dict[Stage, str]) -> RateInput:
    if entry.order == 1 or entry.tau_s <= 0:
        return replace(entry, order=1)
    return replace(entry, target=relay_of[entry.target, entry.tau_s], order=1)


def _second_half(circuit: RateCircuit, stage: Stage, relay: str) -> RateProjection:
    population, tau_s = stage
    return RateProjection(
        name=f"{relay}->{population}",
        source=relay,
        target=population,
        weight=np.eye(circuit.population(population).size),
        tau_s=tau_s,
    )
