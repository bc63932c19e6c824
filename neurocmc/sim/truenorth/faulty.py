"""Draws chips of neurosynaptic cores with faults from a seed, and runs a program on one.

A core is digital: a synapse is a bit, and its strength a register of the neuron that hears it. So mismatch is of
registers, rounded to whole numbers, and a single synapse is there or not. Axons and neurons that the program does not
use have no faults, because nothing could be seen of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.cores import NOWHERE, CoreNetwork, packed
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.sim.faults import factors, stream
from neurocmc.sim.recording import recording
from neurocmc.sim.truenorth.emulator import pool_groups, with_ticks_before
from neurocmc.sim.truenorth.records import CoreRecord
from neurocmc.sim.truenorth.run import LARGEST_REGISTER, CoreInputSpikes, run_cores

KINDS = ("threshold", "weight", "dropped", "added", "dead", "axons", "cores", "current", "spikes")
WEIGHTS = (-(1 << 15), (1 << 15) - 1)
NOISE_BITS = 24  # of a mask; two such numbers and a potential add up in 32 bits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaultyCores:
    """A program on one chip with faults; the host and the decoder know of none."""

    program: CoreProgram  # as it was compiled
    network: CoreNetwork  # with its faults
    seed: int
    background: float  # probability of a spike more in each tick, where a neuron's own would arrive


def draw_cores(program: CoreProgram, kind: str, level: float, seed: int, threshold_bits: int = 30) -> FaultyCores:
    """Draws a chip with faults of one kind at one level.

    Args:
        program: The program of cores.
        kind: One of `KINDS`. `threshold` and `weight` are the relative standard deviation of each neuron's threshold,
            and of one factor on all its weights; `dropped` is the share of the crossbar's bits that are lost, `added`
            that of bits set which should not be; `dead`, `axons` and `cores` are shares that carry no spike;
            `current` is noise that each neuron compares its threshold with in every tick, relative to the threshold;
            `spikes` the probability of a background spike for each neuron and tick.
        level: Of the fault, 0 to 1; at 0 the network is the program's own, number for number.
        seed: Of the faults, and of the chip's own noise.
        threshold_bits: Of the chip's threshold register, unsigned, in which mismatch ends.

    Returns:
        The chip of that seed.
    """
    network, used = program.network, _used_neurons(program)
    own = stream(seed, kind)
    if kind == "threshold":
        network = _with_thresholds(network, used, factors(level, used.shape, own), threshold_bits)
    elif kind == "weight":
        scaled = np.rint(network.weight * factors(level, used.shape, own)[:, :, None])
        network = replace(network, weight=np.clip(scaled, *WEIGHTS).astype(np.int16))
    elif kind in ("dropped", "added"):
        network = _with_crossbars(program, used, kind, level, seed)
    elif kind == "axons":
        silent = own.random(network.axon_type.shape) < level
        network = replace(network, crossbar=np.where(silent[:, :, None], np.uint8(0), network.crossbar))
    elif kind == "dead":
        network = _silenced(network, used & (own.random(used.shape) < level))
    elif kind == "cores":
        network = _silenced(network, used & (own.random(network.cores) < level)[:, None])
    elif kind == "current":
        network = _noisy(network, used, level)
    elif kind != "spikes":
        raise ValueError(f"cores have no fault {kind}")
    return FaultyCores(program=program, network=network, seed=seed, background=level if kind == "spikes" else 0.0)


def run_faulty(
    faulty: FaultyCores, stimulus: Stimulus, trials: Sequence[int], host: CoreInputSpikes, threads: int | None = None
) -> Recording:
    """Runs some trials of a stimulus on a faulty chip, and decodes them as `simulate_cores` does.

    Args:
        faulty: The chip.
        stimulus: All trials.
        trials: Those that are run: a trial draws the noise that it has in a run of all.
        host: What the host sends on all trials, as `encode_cores` gives it for the program as it was compiled.
        threads: As in `run_cores`.

    Returns:
        The activity of every population, (trials, ticks, units).
    """
    program, numbers = faulty.program, [int(trial) for trial in trials]
    group, ticks = pool_groups(program), program.ticks(stimulus)
    counts = np.zeros((len(numbers), ticks, int(group.max(initial=-1)) + 1), dtype=np.uint16)
    together = 1 if faulty.background else max(len(numbers), 1)  # background spikes of many trials are many
    for first in range(0, len(numbers), together):
        own = numbers[first : first + together]
        run = run_cores(
            faulty.network,
            _sent(faulty, host, own, ticks),
            ticks,
            batch=len(own),
            seed=faulty.seed,
            record=CoreRecord(outputs=False, group=group),
            threads=threads,
            numbers=own,
        )
        counts[first : first + together] = run.counts
    return recording(
        program.populations,
        with_ticks_before(program, counts),
        None,
        level="emulator",
        stimulus=stimulus.name,
        tick_s=program.tick_s,
    )


def background_spikes(faulty: FaultyCores, trial: int, ticks: int) -> tuple[Int, Int, Int]:
    """Returns tick, core and axon of the spikes that arrive in a trial beside those of the program's own neurons.

    A neuron beside each neuron fires by chance, and its spikes take the way of that neuron's. An axon on which two
    spikes meet carries one.
    """
    network = faulty.program.network
    core, neuron = np.nonzero((network.target_core >= 0) & _used_neurons(faulty.program))
    drawn = stream(faulty.seed, "spikes", trial).random((ticks, core.size), dtype=np.float32)
    tick, which = np.nonzero(drawn < np.float32(faulty.background))
    core, neuron = core[which], neuron[which]
    arrives = tick.astype(np.int64) + network.delay[core, neuron]
    target, axon = (part[core, neuron].astype(np.int64) for part in (network.target_core, network.target_axon))
    early = arrives < ticks
    return arrives[early], target[early], axon[early]


def _used_neurons(program: CoreProgram) -> Bool:
    """(cores, neurons) which have a task."""
    used = np.zeros((program.network.cores, program.network.neurons), dtype=np.bool_)
    for group in program.neuron_groups:
        used[group.core, group.start : group.stop] = True
    return used


def _used_axons(program: CoreProgram) -> Bool:
    """(cores, axons) which carry a signal."""
    used = np.zeros((program.network.cores, program.network.axons), dtype=np.bool_)
    for group in program.axon_groups:
        used[group.core, group.start : group.stop] = True
    return used


def _with_thresholds(network: CoreNetwork, used: Bool, factor: Float, bits: int) -> CoreNetwork:
    """Thresholds of used neurons, multiplied, rounded and kept within their register."""
    wanted = np.clip(np.rint(network.threshold * factor), 0, (1 << bits) - 1)
    return replace(network, threshold=np.where(used, wanted, network.threshold).astype(np.int32))


def _with_crossbars(program: CoreProgram, used: Bool, kind: str, level: float, seed: int) -> CoreNetwork:
    """Crossbars with bits lost, or set between axons and neurons that are in use. Each core draws for itself."""
    network, axons = program.network, _used_axons(program)
    rows = np.empty_like(network.crossbar)
    for core in range(network.cores):
        connected = network.connected(core)
        hit = stream(seed, kind, core).random(connected.shape, dtype=np.float32) < np.float32(level)
        if kind == "dropped":
            changed = connected & ~hit
        else:
            changed = connected | (hit & axons[core][:, None] & used[core][None, :])
        rows[core] = packed(changed)
    return replace(network, crossbar=rows)


def _silenced(network: CoreNetwork, dead: Bool) -> CoreNetwork:
    """Neurons that never fire: a threshold beyond what a potential can be, and a way that leads nowhere."""
    return replace(
        network,
        threshold=np.where(dead, LARGEST_REGISTER, network.threshold).astype(np.int32),
        noise_mask=np.where(dead, 0, network.noise_mask).astype(np.int32),
        target_core=np.where(dead, NOWHERE, network.target_core).astype(np.int32),
    )


def _noisy(network: CoreNetwork, used: Bool, level: float) -> CoreNetwork:
    """Random bits more in the noise of each threshold, whose mean is taken off the threshold.

    What is compared is V with threshold + noise, so this is noise of V that V does not keep.
    """
    wanted = np.where(used, level * network.threshold, 0.0)
    extra = noise_bits(wanted, network.noise_mask)
    mean = extra >> 1
    lowered = np.maximum(network.threshold - mean, 0).astype(np.int32)
    return replace(network, noise_mask=network.noise_mask | extra, threshold=lowered)


def noise_bits(deviation: Float, taken: NDArray[np.int32]) -> NDArray[np.int32]:
    """Chooses bits of a mask, none of them taken, whose random number has nearly a standard deviation.

    Bit i of a random number is 0 or 2^i, of variance 4^i / 4. From the highest on, a bit is chosen where all lower
    ones together would leave more of the variance missing than it is too much.
    """
    missing = 4.0 * deviation**2
    chosen = np.zeros_like(taken)
    for bit in range(NOISE_BITS - 1, -1, -1):
        own, lower = 4.0**bit, (4.0**bit - 1.0) / 3.0
        take = (np.right_shift(taken, bit) & 1 == 0) & (missing > 0.5 * (own + lower))
        chosen |= np.where(take, np.int32(1 << bit), np.int32(0))
        missing = np.where(take, np.maximum(missing - own, 0.0), missing)
    return chosen


def _sent(faulty: FaultyCores, host: CoreInputSpikes, trials: list[int], ticks: int) -> CoreInputSpikes:
    """The host's spikes of some trials, which are numbered from 0 on, and those of the background."""
    place = np.full(max(int(np.max(host.trial, initial=-1)), *trials, 0) + 1, -1, dtype=np.int64)
    place[trials] = np.arange(len(trials))
    trial = place[host.trial]
    own = trial >= 0
    columns = [np.asarray(part, dtype=np.int64)[own] for part in (trial, host.tick, host.core, host.axon)]
    if faulty.background:
        for index, number in enumerate(trials):
            tick, core, axon = background_spikes(faulty, number, ticks)
            more = (np.full(tick.size, index, dtype=np.int64), tick, core, axon)
            columns = [np.concatenate(pair, dtype=np.int64) for pair in zip(columns, more, strict=True)]
    return CoreInputSpikes(trial=columns[0], tick=columns[1], core=columns[2], axon=columns[3])
