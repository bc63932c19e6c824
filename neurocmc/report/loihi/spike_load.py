"""Counts the spikes of an integer network on a stimulus that it has seen."""

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.report.load import SpikeLoad, UnitSpikes
from neurocmc.sim.loihi.host import axon_spikes, encode

TRIALS_AT_ONCE = 32


def spike_load(network: IntegerNetwork, stimulus: Stimulus, recording: Recording) -> SpikeLoad:
    """Returns the load of `network` on a stimulus that `recording` has seen.

    Spikes of the populations are counted where the recording has them (Brian2, emulator) and estimated from the mean
    activity where it has not (rate); those from the host are counted by encoding the stimulus. Raises ValueError
    where the recording is not of this stimulus and network.
    """
    ticks = stimulus.ticks(network.tick_s)
    _check_fits(network, stimulus, recording)
    if recording.spike_counts:
        per_tick = {name: counts.mean(axis=0) / ticks for name, counts in recording.spike_counts.items()}
        how = f"measured on {recording.level}"
    else:
        # The trace is a unit-gain filter of what the pool sends: in the mean, activity over activity per spike.
        per_tick = {
            population.name: recording.activity[population.name].mean(axis=(0, 1), dtype=np.float64)
            / population.activity_per_spike
            for population in network.populations
        }
        how = f"estimated from the activity of the {recording.level} circuit"
    trials = f"{stimulus.batch:,} trials" if stimulus.batch > 1 else "1 trial"
    return SpikeLoad(
        source=f"{how}: stimulus {stimulus.name}, {trials} of {ticks:,} ticks",
        ticks=ticks,
        trials=stimulus.batch,
        populations=tuple(
            UnitSpikes(name=p.name, per_tick=tuple(map(float, per_tick[p.name]))) for p in network.populations
        ),
        inputs=_host_spikes(network, stimulus, ticks),
    )


def _host_spikes(network: IntegerNetwork, stimulus: Stimulus, ticks: int) -> tuple[UnitSpikes, ...]:
    entries = {entry.name: entry for entry in network.inputs}
    totals: dict[str, Float] = {
        name: np.zeros(network.population(entry.target).units) for name, entry in entries.items()
    }
    # Some trials at a time: the spikes of all axons of a thousand trials would not fit a small memory.
    for first in range(0, stimulus.batch, TRIALS_AT_ONCE):
        for name, values in encode(network, stimulus.take(slice(first, first + TRIALS_AT_ONCE))).items():
            if entries[name].payload_bits:
                totals[name] += np.count_nonzero(values, axis=(0, 1))
            else:
                totals[name] += axon_spikes(entries[name], values).sum(axis=(0, 1, 3), dtype=np.int64)
    share = 1.0 / (ticks * stimulus.batch)
    return tuple(UnitSpikes(name=name, per_tick=tuple(map(float, total * share))) for name, total in totals.items())


def _check_fits(network: IntegerNetwork, stimulus: Stimulus, recording: Recording) -> None:
    for population in network.populations:
        shape = (stimulus.batch, stimulus.ticks(network.tick_s), population.units)
        seen = recording.activity[population.name].shape if population.name in recording.activity else None
        if seen != shape:
            raise ValueError(f"recording of {population.name} has shape {seen}, stimulus and network say {shape}")
