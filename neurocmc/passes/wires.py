"""Says how the synapses of a target carry each projection of a rate circuit: through which filter, in which parts.

Where every projection has a filter of its own, a wire is the projection, and what a code spreads over ticks arrives
in as many parts. Where a neuron has one filter for all that reaches it, that is the fastest of those it needs; a
kernel of second order or a slower one, which staging has not given to relays, becomes taps (`passes.taps`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.poles import pole
from neurocmc.ir.phrases import counted
from neurocmc.ir.rate import RateCircuit, RateProjection
from neurocmc.ir.spiking import Tap
from neurocmc.passes.feedback import NO_KERNEL, Kernel, feedback_of
from neurocmc.passes.one_filter import own_taus
from neurocmc.passes.taps import Response, tapped_error, taps_for
from neurocmc.targets import Target
from neurocmc.theory.feedback import feedback_name

LEFT = 0.04  # of a step: taps that leave more are no stand-in for a kernel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wire:
    """A projection as synapses carry it."""

    projection: RateProjection
    tau_s: float
    order: Literal[1, 2]
    taps: tuple[Tap, ...]

    @property
    def target(self) -> str:
        return self.projection.target

    @property
    def is_feedback(self) -> bool:
        """Whether it is what pools of the feedback code send to themselves."""
        return self.projection.name == feedback_name(self.projection.source)

    @property
    def arrivals(self) -> tuple[Tap, ...]:
        """The parts of a spike, without the projection's own delay."""
        return self.taps or (Tap(delay_ticks=0, share=1.0),)


def filters_of(circuit: RateCircuit) -> Mapping[str, float]:
    """Maps each population to the time constant in s of the filter that its neurons need; 0 where they need none."""
    return circuit.once("filters", lambda: _filters_of(circuit))


def _filters_of(circuit: RateCircuit) -> dict[str, float]:
    taus = dict(own_taus(circuit))
    for entry in circuit.inputs:
        # Of several inputs that nothing else joins the fastest has the filter; the host applies the others.
        if entry.tau_s > 0 and not circuit.into(entry.target):
            taus[entry.target] = min(entry.tau_s, taus.get(entry.target, entry.tau_s))
    return {population.name: taus.get(population.name, 0.0) for population in circuit.populations}


def wires_of(circuit: RateCircuit, target: Target, kernels: Mapping[str, Kernel]) -> tuple[Wire, ...]:
    """Returns a wire for each projection; `kernels` are of the sources' codes.

    Raises InfeasibleError where no taps stand in for a kernel.
    """
    own = filters_of(circuit)
    wires = tuple(_wire(circuit, p, target, kernels[p.source], own[p.target]) for p in circuit.projections)
    raise_infeasible(_too_far_off(circuit, wires, kernels) if target.one_filter else ())
    return wires


def taps_suffice(circuit: RateCircuit, target: Target) -> bool:
    """Whether delayed taps stand in for every kernel that a neuron of the target has no filter for."""
    if not target.one_filter or not target.late_parts:
        return not target.one_filter
    own, plain = filters_of(circuit), Kernel(NO_KERNEL)
    kernels = {population.name: plain for population in circuit.populations}
    wires = tuple(_wire(circuit, p, target, plain, own[p.target]) for p in circuit.projections)
    return not _too_far_off(circuit, wires, kernels)


def _wire(circuit: RateCircuit, projection: RateProjection, target: Target, kernel: Kernel, own_s: float) -> Wire:
    if not target.one_filter:
        spread = tuple(Tap(delay_ticks=late, share=share) for late, share in enumerate(kernel.shares))
        taps = spread if len(spread) > 1 else ()
        return Wire(projection=projection, tau_s=projection.tau_s, order=projection.order, taps=taps)
    longest = target.delay_ticks_max if target.late_parts else 0
    latest = None if longest is None else max(longest - projection.delay_ticks, 0)
    wanted, own = _responses(circuit, projection, own_s)
    return Wire(projection=projection, tau_s=own_s, order=1, taps=taps_for(kernel.shares, wanted, own, latest))


def _responses(circuit: RateCircuit, projection: RateProjection, own_s: float) -> tuple[Response, Response]:
    return Response(pole(projection.tau_s, circuit.dt_s), projection.order), Response(pole(own_s, circuit.dt_s), 1)


def _too_far_off(circuit: RateCircuit, wires: Sequence[Wire], kernels: Mapping[str, Kernel]) -> list[Problem]:
    found: list[Problem] = []
    for wire in wires:
        projection = wire.projection
        wanted, own = _responses(circuit, projection, wire.tau_s)
        left = tapped_error(kernels[projection.source].shares, wanted, own, wire.arrivals)
        if left > LEFT:
            last = max(tap.delay_ticks for tap in wire.arrivals)
            found.append(
                Problem(
                    "taps-too-far-off",
                    f"projection {projection.name}",
                    f"{counted(len(wire.arrivals), 'delayed part')}, {counted(last, 'tick')} late at most, miss its "
                    f"kernel's response to a step by {100 * left:.2g} %, limit {100 * LEFT:g} %",
                    "use relays (--second-order relays)",
                )
            )
    return found


def feedback_wire(
    circuit: RateCircuit, target: Target, name: str, kernel: Kernel, width: float, per_spike: float
) -> Wire:
    """Returns the wire of a population's pools to themselves; `width` is in z, `per_spike` in activity."""
    tau_s = filters_of(circuit)[name] if target.one_filter else 0.0
    projection = feedback_of(circuit.population(name), kernel, width, per_spike, tau_s)
    return Wire(projection=projection, tau_s=tau_s, order=1, taps=kernel.impulses(pole(tau_s, circuit.dt_s)))


def fastest_shared_ticks(circuit: RateCircuit, name: str) -> float:
    """Returns the time constant, in ticks, of the fastest filter that a population's spikes or drives pass."""
    own = filters_of(circuit)
    passed = [own[name], *(p.tau_s * p.order for p in circuit.projections if p.source == name)]
    return float(np.min([tau_s for tau_s in passed if tau_s > 0] or [0.0])) / circuit.dt_s
