"""Refuses what a neuron of the target cannot do, before any number is rounded.

A neuron may have one synaptic filter, of so many stages: then every projection into a population must share one time
constant, as `one_filter` has seen to; an input of another one is filtered by the host before it is sent. A spike
arrives one tick later at every level above the chip, so a target on which it takes longer would run another
recurrence. What cannot be held is refused with the names of both sides; it is never dropped in silence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.targets import Target


@dataclass(frozen=True)
class CheckNeurons:
    """Passes a SpikingNetwork on unchanged, if the target's neurons have its codes, filters and delays."""

    name: ClassVar[str] = "check-neurons"

    def run(self, network: SpikingNetwork, target: Target) -> SpikingNetwork:
        """Raises InfeasibleError naming every population, projection or input that asks for more."""
        raise_infeasible(
            (
                *_spike_delay_problems(target),
                *_code_problems(network, target),
                *_filter_problems(network, target),
                *_delay_problems(network, target),
            )
        )
        return network


def synaptic_taus(network: SpikingNetwork, population: str) -> dict[str, float]:
    """Maps what a population's one filter is for to its time constant in s: its projections, else its inputs."""
    arriving = {f"projection {p.name}": p.tau_s for p in network.into(population)}
    inputs = {f"input {entry.name}": entry.tau_s for entry in network.inputs_into(population)}
    return arriving or {name: tau_s for name, tau_s in inputs.items() if tau_s > 0}


def shared_tau_s(network: SpikingNetwork, population: str) -> float:
    """Returns the time constant in s of the one filter that all spikes to a population share; 0 without one.

    Of several inputs that nothing else joins the fastest has it, and the host filters the others.
    """
    return min(synaptic_taus(network, population).values(), default=0.0)


def _spike_delay_problems(target: Target) -> Iterable[Problem]:
    if (ticks := target.limits.spike_delay_ticks) != 1:
        yield Problem(
            "spike-delay-unfit",
            f"target {target.name}",
            f"a spike arrives {ticks} ticks later; the rate circuit, and gains matched to it, have 1",
            "use a target with spike_delay_ticks 1",
        )


def _code_problems(network: SpikingNetwork, target: Target) -> Iterable[Problem]:
    for population in network.populations:
        if population.code not in target.codes:
            yield Problem(
                "code-unfit",
                f"population {population.name}",
                f"its pools use the {population.code} code; neurons of {target.name} have the "
                f"{' and the '.join(target.codes)} code",
                f"use --code {target.codes[0]}",
            )


def _delay_problems(network: SpikingNetwork, target: Target) -> Iterable[Problem]:
    most = target.delay_ticks_max
    for projection in network.projections:
        known = network.population(projection.source).code in target.codes  # else its code is what is refused
        last = max(tap.delay_ticks for tap in projection.arrivals)
        if most is not None and known and last > most:
            yield Problem(
                "delay-beyond-limit",
                f"projection {projection.name}",
                f"a delay of {last} ticks, limit {most} on {target.name}",
                "shorten the delay, or use a longer tick" if most else "use a delay of 0, or a target with delays",
            )


def _filter_problems(network: SpikingNetwork, target: Target) -> Iterable[Problem]:
    """Filters of a higher order than a neuron has stages, and others than the one that it has."""
    yield from _order_problems(network, target)
    for population in network.populations if target.one_filter else ():
        taus = {f"projection {p.name}": p.tau_s for p in network.into(population.name)}
        first = next(iter(taus), None)
        for name, tau_s in taus.items():
            if first is not None and tau_s != taus[first]:
                yield Problem(
                    "filters-differ",
                    f"population {population.name}",
                    f"{first} has tau {1e3 * taus[first]:g} ms, {name} {1e3 * tau_s:g} ms: one neuron has one "
                    "synaptic time constant",
                    "give both the same tau, or split the population in two",
                )


def _order_problems(network: SpikingNetwork, target: Target) -> Iterable[Problem]:
    stages = target.filter_stages
    filters = [(f"projection {p.name}", p.order if p.tau_s > 0 else 0) for p in network.projections]
    if not target.host_filters:
        filters += [(f"input {entry.name}", entry.order) for entry in network.inputs if entry.tau_s > 0]
    for where, order in filters:
        if order > stages:
            yield Problem(
                "kernel-order-unfit",
                where,
                f"a kernel of order {order}; a neuron of this target has {stages} filter stage",
                "use a first-order kernel (order: 1)" if stages else "leave the filter out (tau_ms: 0)",
            )
