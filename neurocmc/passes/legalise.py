"""Legalise: what the spiking network may hold that the target has not, found before any number is rounded.

A Loihi compartment has one synaptic filter: every projection and every filtered input into a population must share
one time constant, and kernels are of first order. A spike arrives one tick later at every level above the chip, so a
target on which it takes longer would run another recurrence. What cannot be held is refused with the names of both
sides; it is never dropped in silence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, assert_never

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.targets import IdealTarget, LoihiLimits, LoihiTarget, Target, TrueNorthTarget


@dataclass(frozen=True)
class Legalise:
    """SpikingNetwork -> SpikingNetwork that the target can hold."""

    name: ClassVar[str] = "legalise"

    def run(self, network: SpikingNetwork, target: Target) -> SpikingNetwork:
        """Raises InfeasibleError naming every projection or input whose filter or delay the target lacks."""
        match target:
            case LoihiTarget():
                delay = _spike_delay_problems(target.name, target.limits.spike_delay_ticks)
                raise_infeasible((*delay, *_loihi_problems(network, target.limits)))
            case TrueNorthTarget():
                delay = _spike_delay_problems(target.name, target.limits.spike_delay_ticks)
                code = _code_problems(network, target.name)
                raise_infeasible(
                    (*delay, *code, *_filter_problems(network, 1), *_delay_problems(network, target.name))
                )
            case IdealTarget():
                delay = _spike_delay_problems(target.name, target.limits.spike_delay_ticks)
                raise_infeasible(delay)
            case other:
                assert_never(other)
        return network


def synaptic_taus(network: SpikingNetwork, population: str) -> dict[str, float]:
    """Projection or filtered input -> its time constant in s, for all that reach a population."""
    arriving = {f"projection {p.name}": p.tau_s for p in network.projections if p.target == population}
    inputs = {f"input {entry.name}": entry.tau_s for entry in network.inputs if entry.target == population}
    return arriving | {name: tau_s for name, tau_s in inputs.items() if tau_s > 0}


def _loihi_problems(network: SpikingNetwork, limits: LoihiLimits) -> Iterable[Problem]:
    yield from _filter_problems(network, limits.filter_stages)
    for projection in network.projections:
        if projection.delay_ticks > limits.delay_ticks_max:
            yield Problem(
                "delay-beyond-limit",
                f"projection {projection.name}",
                f"a delay of {projection.delay_ticks} ticks, limit {limits.delay_ticks_max}",
                "shorten the delay, or use a longer tick",
            )


def _code_problems(network: SpikingNetwork, chip: str) -> Iterable[Problem]:
    for population in network.populations:
        if population.code != "threshold":
            yield Problem(
                "code-unfit",
                f"population {population.name}",
                f"its pools use the {population.code} code; a potential on {chip} is the synaptic filter itself, and "
                "a neuron has no membrane beside it",
                "use --code threshold",
            )


def _delay_problems(network: SpikingNetwork, chip: str) -> Iterable[Problem]:
    """A neuron of a core has one delay for its spikes, and what reaches its own core must not wait."""
    for projection in network.projections:
        if projection.delay_ticks and network.population(projection.source).code == "threshold":
            yield Problem(
                "delay-beyond-limit",
                f"projection {projection.name}",
                f"a delay of {projection.delay_ticks} ticks; corelets on {chip} are built without",
                "use a delay of 0, or a target with delays",
            )


def _filter_problems(network: SpikingNetwork, stages: int) -> Iterable[Problem]:
    """One neuron has one filter, of so many stages: whatever reaches a population must share its time constant."""
    yield from _order_problems(network, stages)
    for population in network.populations:
        taus = synaptic_taus(network, population.name)
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


def _spike_delay_problems(target: str, ticks: int) -> Iterable[Problem]:
    if ticks != 1:
        yield Problem(
            "spike-delay-unfit",
            f"target {target}",
            f"a spike arrives {ticks} ticks later; the rate circuit, and gains matched to it, have 1",
            "use a target with spike_delay_ticks 1",
        )


def _order_problems(network: SpikingNetwork, stages: int) -> Iterable[Problem]:
    filters = [(f"projection {projection.name}", projection.order) for projection in network.projections]
    filters += [(f"input {entry.name}", entry.order) for entry in network.inputs if entry.tau_s > 0]
    for where, order in filters:
        if order > stages:
            yield Problem(
                "kernel-order-unfit",
                where,
                f"a kernel of order {order}; a neuron of this target has {stages} filter stage",
                "use a first-order kernel (order: 1)",
            )
