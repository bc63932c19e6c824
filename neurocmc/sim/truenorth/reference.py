"""Spells core networks out: plain numpy, all neurons of all cores at once, tick by tick.

It is here to be read, and for the compiled loop to be held against.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Int
from neurocmc.ir.truenorth.cores import OUTPUT, RESET_SUBTRACT, RESET_TO, CoreNetwork
from neurocmc.sim.truenorth.draws import ETA_BITS, RHO_SHIFT, Words, core_keys, trial_key, words
from neurocmc.sim.truenorth.run import CoreInputSpikes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreReferenceRun:
    """The potentials, spikes and counts of one trial."""

    potentials: NDArray[np.int32]  # (ticks, cores, neurons) after the reset
    spikes: Bool  # (ticks, cores, neurons)
    outputs: Int  # (spikes, 2) tick and line, in order
    synaptic_events: int
    saturations: int


def run_cores_reference(
    network: CoreNetwork, spikes: CoreInputSpikes, ticks: int, *, trial: int = 0, seed: int = 0
) -> CoreReferenceRun:
    """Runs one trial; `spikes` may hold those of others, too."""
    neurons = np.arange(network.neurons)[None]
    connected = np.stack([network.connected(core) for core in range(network.cores)])
    arriving = np.zeros((ticks + int(network.delay.max()) + 1, network.cores, network.axons), dtype=np.bool_)
    own = spikes.trial == trial
    arriving[spikes.tick[own], spikes.core[own], spikes.axon[own]] = True
    potential = network.potential.astype(np.int64)
    run_potentials = np.zeros((ticks, *potential.shape), dtype=np.int32)
    run_spikes = np.zeros((ticks, *potential.shape), dtype=np.bool_)
    outputs: list[Int] = []
    synaptic_events = saturations = 0
    for tick in range(ticks):
        keys = core_keys(trial_key(seed, trial), tick, network.cores)
        own_words = words(keys[:, None], neurons)
        core, axon = np.nonzero(arriving[tick])
        potential = potential + synaptic_input(network, connected, keys, core, axon)
        potential, left = saturated(potential, network.potential_bits)
        saturations += left
        potential = potential + leak(network, potential, own_words)
        potential, left = saturated(potential, network.potential_bits)
        saturations += left
        potential, fires = fire_and_reset(network, potential, own_words)
        synaptic_events += int(connected[core, axon].sum())
        inside = fires & (network.target_core >= 0)
        arriving[
            tick + network.delay[inside].astype(np.int64), network.target_core[inside], network.target_axon[inside]
        ] = True
        lines = np.sort(network.target_axon[fires & (network.target_core == OUTPUT)]).astype(np.int64)
        outputs.append(np.stack([np.full_like(lines, tick), lines], axis=1))
        run_potentials[tick], run_spikes[tick] = potential, fires
    return CoreReferenceRun(
        potentials=run_potentials,
        spikes=run_spikes,
        outputs=np.concatenate([np.zeros((0, 2), dtype=np.int64), *outputs]),
        synaptic_events=synaptic_events,
        saturations=saturations,
    )


def synaptic_input(network: CoreNetwork, connected: Bool, keys: Words, core: Int, axon: Int) -> Int:
    """Returns (cores, neurons) what the axons with a spike bring: each its type's weight, or chance has it."""
    neuron = np.arange(network.neurons)
    kind = network.axon_type[core, axon]
    weight = network.weight[core, :, kind].astype(np.int64)  # (spikes, neurons)
    by_chance = network.stochastic_weight[core, :, kind]
    row_bytes = -(-network.neurons // 8)
    index = network.neurons + axon[:, None] * row_bytes + neuron // 8
    rho = words(keys[core][:, None], index) >> (8 * (neuron % 8)).astype(np.uint64) & np.uint64(255)
    drawn = np.sign(weight) * (np.abs(weight) > rho.astype(np.int64))
    total = np.zeros((network.cores, network.neurons), dtype=np.int64)
    np.add.at(total, core, connected[core, axon] * np.where(by_chance, drawn, weight))
    return total


def leak(network: CoreNetwork, potential: Int, own_words: Words) -> Int:
    """Returns (cores, neurons) what leaks in this tick."""
    size = network.leak.astype(np.int64)
    rho = (own_words >> np.uint64(RHO_SHIFT)).astype(np.int64)
    moved = np.where(network.stochastic_leak, np.sign(size) * (np.abs(size) > rho), size)
    return np.where(network.leak_reversal, np.sign(potential), 1) * moved


def fire_and_reset(network: CoreNetwork, potential: Int, own_words: Words) -> tuple[Int, Bool]:
    """Returns the potentials after thresholds and resets, and who fired."""
    eta = (own_words & np.uint64((1 << ETA_BITS) - 1)).astype(np.int64) & network.noise_mask
    top, mode = network.threshold + eta, network.reset_mode
    bottom = -np.where(network.floor_saturates, network.floor, network.floor + eta)
    fires: Bool = potential >= top
    under = ~fires & (potential < bottom)
    reset = network.reset_potential.astype(np.int64)
    highest = (1 << (network.potential_bits - 1)) - 1
    to_reset, subtract = mode == RESET_TO, mode == RESET_SUBTRACT
    up = np.select([to_reset, subtract], [reset, potential - top], potential)
    down = np.select([to_reset, subtract], [np.minimum(-reset, highest), potential - bottom], potential)
    down = np.where(network.floor_saturates, bottom, down)
    return np.where(fires, up, np.where(under, down, potential)), fires


def saturated(potential: Int, bits: int) -> tuple[Int, int]:
    """Returns the potentials in a signed register of that width, and how many had left it."""
    inside = np.clip(potential, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return inside, int((inside != potential).sum())
