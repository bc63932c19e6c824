"""Runs a compiled program on neurosynaptic cores, on all trials of a stimulus, and decodes it as every level is."""

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CorePopulation, CoreProgram
from neurocmc.sim.masked import LANES
from neurocmc.sim.rasters import Raster
from neurocmc.sim.recording import recording
from neurocmc.sim.truenorth import CoreRecord, run_cores
from neurocmc.sim.truenorth.host import encode_cores

# Trials whose spikes from the host, and those of all neurons, stand in memory at the same time
BLOCK, BLOCK_OF_SPIKES = 4 * LANES, LANES


def simulate_cores(
    program: CoreProgram, stimulus: Stimulus, *, record_spikes: bool = False, seed: int = 0
) -> Recording:
    """Runs a program of cores on all trials of a stimulus, and decodes the activity of every population.

    Args:
        program: The program of cores.
        stimulus: The stimulus, with a value for each of its inputs.
        record_spikes: Whether every spike of the pools is recorded.
        seed: Of the chip's threshold noise.

    Returns:
        A Recording of level "emulator": activity (batch, ticks, units) in units of the rate circuit, and spike
        counts.

    Raises:
        InputError: Where the stimulus does not fit the inputs.

    Example:
        >>> from neurocmc.sim.truenorth.emulator import simulate_cores
        >>> artifact = neurocmc.compile("models/two-state.yaml", "truenorth", "build/two-state-cores", figures=False)
        >>> simulate_cores(artifact.built.cores, artifact.stimuli.test[0]).level
        'emulator'
    """
    group, places = pool_groups(program), _pool_places(program) if record_spikes else np.zeros((0, 2), dtype=np.int64)
    batch, ticks = stimulus.batch, program.ticks(stimulus)
    counts = np.zeros((batch, ticks, int(group.max(initial=-1)) + 1), dtype=np.uint16)
    raster = Raster.empty(batch, ticks, len(places), first_tick=program.first_tick) if record_spikes else None
    block = BLOCK_OF_SPIKES if record_spikes else BLOCK
    for first in range(0, batch, block):
        part = slice(first, min(first + block, batch))
        run = run_cores(
            program.network,
            encode_cores(program, stimulus.take(part)),
            ticks,
            batch=part.stop - first,
            seed=seed,
            record=CoreRecord(outputs=False, group=group, spikes=places),
            threads=None,
            first_trial=first,
        )
        counts[part] = run.counts
        if raster is not None:
            raster.keep(part, slice(None), run.spikes)
    return recording(
        program.populations,
        with_ticks_before(program, counts),
        raster,
        level="emulator",
        stimulus=stimulus.name,
        tick_s=program.tick_s,
    )


def pool_groups(program: CoreProgram) -> Int:
    """Returns (cores, neurons) the group that counts each neuron, -1 for none: every pool is one, unit by unit."""
    group = np.full((program.network.cores, program.network.neurons), -1, dtype=np.int64)
    total = 0
    for population in program.populations:
        for core, start in zip(population.core.tolist(), population.first.tolist(), strict=True):
            group[core, start : start + population.neurons] = total
            total += 1
    return group


def _pool_places(program: CoreProgram) -> Int:
    """(neurons, 2) core and neuron of every pool, population by population, unit by unit."""
    return np.concatenate([_places(population) for population in program.populations])


def _places(population: CorePopulation) -> Int:
    neuron = population.first[:, None] + np.arange(population.neurons)
    core = np.broadcast_to(population.core[:, None], neuron.shape)
    return np.stack([core.ravel(), neuron.ravel()], axis=1)


def with_ticks_before(program: CoreProgram, counts: NDArray[np.uint16]) -> NDArray[np.integer]:
    """Returns (batch, ticks, units) counts of all ticks of a trial: before the chip's first those it begins from."""
    if not program.first_tick:
        return counts
    own = np.concatenate([population.before for population in program.populations]).astype(counts.dtype)
    before = np.broadcast_to(own, (len(counts), program.first_tick, own.size))
    return np.concatenate([before, counts], axis=1)
