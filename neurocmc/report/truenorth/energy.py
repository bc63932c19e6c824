"""Estimates what a tick and a presentation cost on neurosynaptic cores, by two readings of the chip's power.

What was measured is power at some loads. Power over events at one load gives a price an event that holds static
power; a line through several loads gives static power and a price an event without it. The second is added up here,
the first stands apart beside it, and so does the way of the spikes, which both already hold.
"""

import numpy as np

from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.report.energy import EnergyEstimate, energy_estimate, energy_term
from neurocmc.report.truenorth.load import CoreLoad, chip_of_core
from neurocmc.targets import TrueNorthTarget


def estimate_core_energy(program: CoreProgram, target: TrueNorthTarget, load: CoreLoad) -> EnergyEstimate:
    """Returns the energy of a core program under a load, from the target's own energies.

    Raises ValueError where the load is not that of the program's network.
    """
    network = program.network
    if load.neurons_per_tick.shape != (network.cores, network.neurons):
        raise ValueError(f"the load is of {load.neurons_per_tick.shape}, the program of another network")
    events = load.synaptic_events_per_tick
    terms = (energy_term(target, "synaptic events", "synaptic_event_pj", events),)
    apart = (
        energy_term(target, "synaptic events, static included", "synaptic_event_with_static_pj", events),
        energy_term(target, "hops of spikes", "spike_hop_pj", load.hops_per_tick(network)),
    )
    dynamic, assumptions = terms[0].per_tick_pj, _assumptions(program, target)
    chips = np.unique(chip_of_core(network, target.limits)).size
    return energy_estimate(target, load.source, load.ticks, program.tick_s, terms, dynamic, assumptions, apart, chips)


def _assumptions(program: CoreProgram, target: TrueNorthTarget) -> tuple[str, ...]:
    counted = (
        "A synaptic event is a set bit of a crossbar on an axon that carries a spike; those of the host's spikes, of "
        "filters and of splitters are counted.",
        "A hop is a step between neighbouring cores; spikes of the output bus and of the host are counted without "
        "their way onto and off the chip.",
    )
    if target.energy.static_mw_per_chip is None:
        return counted
    limits = target.limits
    chips = np.unique(chip_of_core(program.network, limits)).size
    whose = "one whole chip" if chips == 1 else f"{chips:,} whole chips"
    return (
        *counted,
        f"Static power is that of {whose}, of which the program uses {program.network.cores:,} of "
        f"{chips * limits.cores_per_chip:,} cores, at one tick in {program.tick_s * 1e3:g} ms.",
    )
