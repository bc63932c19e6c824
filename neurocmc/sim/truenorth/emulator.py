"""A compiled program on neurosynaptic cores, run on all trials of a stimulus and decoded as every level is."""

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CorePopulation, CoreProgram
from neurocmc.sim.decode import decode_counts
from neurocmc.sim.truenorth import CoreRecord, run_cores
from neurocmc.sim.truenorth.host import encode_cores


def simulate_cores(
    program: CoreProgram, stimulus: Stimulus, *, record_spikes: bool = False, seed: int = 0
) -> Recording:
    """Run a program; decoded activity of every population and, where asked for, every spike of its pools.

    `seed` is that of the chip's threshold noise. Raises InputError where the stimulus does not fit the inputs.
    """
    group, first = _groups(program)
    places = _pool_places(program) if record_spikes else ()
    run = run_cores(
        program.network,
        encode_cores(program, stimulus),
        stimulus.ticks(program.tick_s),
        batch=stimulus.batch,
        seed=seed,
        record=CoreRecord(outputs=False, group=group, spikes=places),
        threads=None,
    )
    counts = {p.name: run.counts[:, :, first[p.name] : first[p.name] + p.units] for p in program.populations}
    return Recording(
        level="emulator",
        stimulus=stimulus.name,
        tick_s=program.tick_s,
        activity={
            p.name: decode_counts(counts[p.name], p.activity_per_spike, p.trace, program.tick_s)
            for p in program.populations
        },
        spikes=_trains(program, run.spikes) if record_spikes else {},
        spike_counts={name: count.sum(axis=1, dtype=np.int64) for name, count in counts.items()},
    )


def _groups(program: CoreProgram) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Each pool's neurons count as one group, unit by unit; and each population's first group."""
    group = np.full((program.network.cores, program.network.neurons), -1, dtype=np.int64)
    first: dict[str, int] = {}
    total = 0
    for population in program.populations:
        first[population.name] = total
        for core, start in zip(population.core.tolist(), population.first.tolist(), strict=True):
            group[core, start : start + population.neurons] = total
            total += 1
    return group, first


def _pool_places(program: CoreProgram) -> NDArray[np.int64]:
    """(neurons, 2) core and neuron of every pool, population by population, unit by unit."""
    return np.concatenate([_places(population) for population in program.populations])


def _places(population: CorePopulation) -> NDArray[np.int64]:
    neuron = population.first[:, None] + np.arange(population.neurons)
    core = np.broadcast_to(population.core[:, None], neuron.shape)
    return np.stack([core.ravel(), neuron.ravel()], axis=1)


def _trains(program: CoreProgram, spikes: NDArray[np.bool_]) -> dict[str, SpikeTrain]:
    """(batch, ticks, neurons) spikes by population, in order of tick, trial, unit, neuron."""
    trains: dict[str, SpikeTrain] = {}
    start = 0
    for population in program.populations:
        stop = start + population.units * population.neurons
        tick, trial, neuron = np.nonzero(spikes[:, :, start:stop].transpose(1, 0, 2))
        unit, member = np.divmod(neuron, population.neurons)
        columns = (column.astype(np.int32) for column in (tick, trial, unit, member))
        trains[population.name] = SpikeTrain(**dict(zip(("tick", "trial", "unit", "neuron"), columns, strict=True)))
        start = stop
    return trains
