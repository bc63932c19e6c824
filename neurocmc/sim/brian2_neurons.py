"""Runs a NeuronNetwork in Brian2, in double precision, trials of a stimulus side by side.

The trials are so many copies of the network in one Brian2 Network, trial by trial; large batches are cut into runs
that fit a memory. The rules are written by brian2_rules.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.errors import raise_input_problems
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation, NeuronProjection, SpikeInput
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.brian2_equations import Names
from neurocmc.sim.brian2_rules import INPUTS, neuron_text, schedule, sent_late, slot_of_source
from neurocmc.sim.neurons import with_host
from neurocmc.sim.quiet_brian2 import LOCK, brian2, own_preferences, reset_device

NEURONS_AT_ONCE = 2**18
SYNAPSES_AT_ONCE = 2**21  # about 100 bytes each


def simulate_neurons_brian2(network: NeuronNetwork, stimulus: EventStimulus) -> NeuronRecording:
    """Runs a network of neurons on all trials of a stimulus in Brian2, in double precision.

    A trial's result does not depend on its batch. Brian2's preferences and device are put back afterwards.

    Args:
        network: A network without problems, in which a neuron spikes once in a tick.
        stimulus: Spikes of each input.

    Returns:
        The spikes of every population, and the values of the host's readouts, as `simulate_neurons` returns them.

    Raises:
        InputError: Where the stimulus does not fit the inputs of the network.
        ValueError: Where a neuron can spike several times in a tick.
    """
    if network.semantics.several_spikes:
        raise ValueError("a Brian2 neuron spikes once in a tick: exchange that rule first")
    raise_input_problems(stimulus.problems(network.inputs))
    parts: dict[str, list[SpikeList]] = {population.name: [] for population in network.populations}
    size = max(1, min(NEURONS_AT_ONCE // _places(network), SYNAPSES_AT_ONCE // max(1, network.synapses)))
    for first in range(0, stimulus.batch, size):
        part = stimulus.take(slice(first, first + size))
        with LOCK, own_preferences("numpy"):
            brian2.set_device("runtime")
            try:
                found = _run(network, part)
            finally:
                reset_device()
        for name, spikes in found.items():
            parts[name].append(SpikeList.of(spikes.trial + first, spikes.tick, spikes.unit))
    recording = NeuronRecording(
        level="brian2",
        stimulus=stimulus.name,
        batch=stimulus.batch,
        ticks=stimulus.ticks,
        sizes={population.name: population.size for population in network.populations},
        spikes={name: _joined(lists) for name, lists in parts.items()},
        host={},
    )
    late = network.semantics.output_late_ticks
    shown = {name: spikes.later(late, stimulus.ticks) for name, spikes in recording.spikes.items()}
    return replace(with_host(network, recording), spikes=shown)


def _run(network: NeuronNetwork, stimulus: EventStimulus) -> dict[str, SpikeList]:
    """Every spike of all trials of a stimulus, run at once."""
    names, dt_s = Names.of(network), network.semantics.dt_s
    clock = brian2.Clock(dt=dt_s * brian2.second, name="ticks")
    groups: dict[str, Any] = {entry.name: _input(entry, stimulus, names, clock) for entry in network.inputs}
    monitors: dict[str, Any] = {}
    for population in network.populations:
        group = _population(network, population, stimulus.batch, names, clock)
        groups[population.name] = group
        monitors[population.name] = brian2.SpikeMonitor(group, when="end", name=f"spikes_{group.name}")
    synapses = [
        _synapses(network, projection, stimulus.batch, groups, names)
        for projection in network.projections
        if projection.synapses
    ]
    simulation = brian2.Network([*groups.values(), *monitors.values(), *synapses])
    simulation.schedule = schedule(network, names)
    simulation.run(stimulus.ticks * dt_s * brian2.second, namespace={})
    return {
        population.name: _spikes(monitors[population.name], population.size, dt_s)
        for population in network.populations
    }


def _input(entry: SpikeInput, stimulus: EventStimulus, names: Names, clock: Any) -> Any:
    """The channels of an input, those of all trials in a row."""
    spikes = stimulus.spikes[entry.name]
    channel = spikes.trial.astype(np.int64) * entry.channels + spikes.unit
    return brian2.SpikeGeneratorGroup(
        stimulus.batch * entry.channels,
        channel,
        spikes.tick * clock.dt,
        clock=clock,
        when=INPUTS,
        name=f"input_{names.input[entry.name]}",
    )


def _population(network: NeuronNetwork, population: NeuronPopulation, batch: int, names: Names, clock: Any) -> Any:
    """The neurons of a population, those of all trials in a row."""
    text, name = neuron_text(network, population, names), names.population[population.name]
    group = brian2.NeuronGroup(
        batch * population.size,
        "\n".join(text.model),
        threshold=text.threshold,
        reset="\n".join(text.reset),
        clock=clock,
        name=f"neurons_{name}",
    )
    for parameter, values in text.parameters.items():
        setattr(group, parameter, np.tile(values, batch))
    group.run_regularly("\n".join(text.step), when=f"step {name}", clock=clock)
    group.set_event_schedule("spike", when=f"spike {name}")
    for resetter in group.resetter.values():
        resetter.when = f"reset {name}"
    if text.settle:
        group.run_regularly("\n".join(text.settle), when=f"settle {name}", clock=clock)
    return group


def _synapses(
    network: NeuronNetwork, projection: NeuronProjection, batch: int, groups: dict[str, Any], names: Names
) -> Any:
    """The synapses of a projection, those of all trials one after the other."""
    name = names.projection[projection.name]
    late = sent_late(network, projection)
    source, target = groups[projection.source], groups[projection.target]
    same = int(late[0]) if (late == late[0]).all() else None
    synapses = brian2.Synapses(
        source,
        target,
        "weight : 1 (constant)",
        on_pre=f"via_{name}_post += weight",
        delay=None if same is None else same * source.clock.dt,
        clock=source.clock,
        name=f"via_{name}",
    )
    synapses.connect(
        i=_copies(projection.source_index, network.size_of(projection.source), batch),
        j=_copies(projection.target_index, network.size_of(projection.target), batch),
    )
    synapses.weight = np.tile(projection.weight, batch)
    if same is None:
        synapses.pre.delay = np.tile(late, batch) * source.clock.dt
    synapses.pre.when = slot_of_source(network, projection, names)
    return synapses


def _copies(index: NDArray[np.int32], size: int, batch: int) -> Int:
    """Indices into a row of which every trial has `size` places."""
    return (np.arange(batch, dtype=np.int64)[:, None] * size + index).ravel()


def _spikes(monitor: Any, size: int, dt_s: float) -> SpikeList:
    trial, unit = np.divmod(np.asarray(monitor.i, dtype=np.int64), size)
    return SpikeList.in_order(trial, np.rint(np.asarray(monitor.t_) / dt_s).astype(np.int64), unit)


def _joined(lists: list[SpikeList]) -> SpikeList:
    trial, tick, unit = (
        np.concatenate([getattr(each, field) for each in lists]) for field in ("trial", "tick", "unit")
    )
    return SpikeList.of(trial, tick, unit)


def _places(network: NeuronNetwork) -> int:
    """Neurons and channels of one copy."""
    return network.neurons + sum(entry.channels for entry in network.inputs)
