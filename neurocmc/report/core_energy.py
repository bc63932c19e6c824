"""Core energy: what a tick and a presentation cost on neurosynaptic cores, by two readings of the chip's power.

What was measured is power at some loads. Power over events at one load gives a price an event that holds static
power; a line through several loads gives static power and a price an event without it. The second is added up here,
the first stands apart beside it, and so does the way of the spikes, which both already hold.
"""

from neurocmc.ir.core_program import CoreProgram
from neurocmc.report.core_load import CoreLoad
from neurocmc.report.energy import PJ_PER_MW_S, EnergyEstimate, energy_source, energy_term
from neurocmc.targets import TrueNorthTarget


def estimate_core_energy(program: CoreProgram, target: TrueNorthTarget, load: CoreLoad) -> EnergyEstimate:
    """Energy of a core program under a load, from the target's own energies.

    Raises ValueError where the load is not that of the program's network.
    """
    network = program.network
    if load.neurons_per_tick.shape != (network.cores, network.neurons):
        raise ValueError(f"the load is of {load.neurons_per_tick.shape}, the program of another network")
    events = load.synaptic_events_per_tick
    terms = (energy_term(target, "synaptic events", "synaptic_event_pj", events),)
    dynamic = terms[0].per_tick_pj
    static_mw = target.energy.static_mw_per_chip
    static = None if static_mw is None else static_mw * program.tick_s * PJ_PER_MW_S
    citation, unverified, note = energy_source(target, "static_mw_per_chip")
    return EnergyEstimate(
        load_source=load.source,
        tick_s=program.tick_s,
        ticks_per_presentation=load.ticks,
        terms=terms,
        dynamic_per_tick_pj=dynamic,
        dynamic_per_presentation_pj=None if dynamic is None else dynamic * load.ticks,
        static_mw_per_chip=static_mw,
        static_per_tick_pj=static,
        static_per_presentation_pj=None if static is None else static * load.ticks,
        static_citation=citation,
        static_unverified=unverified,
        static_note=note,
        assumptions=_assumptions(program, target),
        caveat=target.energy_caveat,
        apart=(
            energy_term(target, "synaptic events, static included", "synaptic_event_with_static_pj", events),
            energy_term(target, "hops of spikes", "spike_hop_pj", load.hops_per_tick(network)),
        ),
    )


def _assumptions(program: CoreProgram, target: TrueNorthTarget) -> tuple[str, ...]:
    counted = (
        "A synaptic event is a set bit of a crossbar on an axon that carries a spike; those of the host's spikes, of "
        "filters and of splitters are counted.",
        "A hop is a step between neighbouring cores; spikes of the output bus and of the host are not charged for "
        "their way onto and off the chip.",
    )
    if target.energy.static_mw_per_chip is None:
        return counted
    return (
        *counted,
        f"Static power is that of one whole chip, of which the program uses {program.network.cores:,} of "
        f"{target.limits.cores_per_chip:,} cores, at one tick in {program.tick_s * 1e3:g} ms.",
    )
