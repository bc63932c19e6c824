"""Chooses the axons by which the host drives a unit: quanta fine enough for its pool, and room for every jump."""

from collections.abc import Iterable

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.poles import pole
from neurocmc.ir.loihi.network import IntegerInput, IntegerPopulation, StepRule
from neurocmc.ir.spiking import SpikingInput, SpikingNetwork
from neurocmc.passes.check_neurons import shared_tau_s
from neurocmc.targets import LoihiLimits

STEPS_PER_NEURON = 8  # input quanta per step of the drive that recruits one more neuron, of most units
STEPS_OF_FINEST = 2  # the same, of the unit or segment whose steps are finest
INPUT_MARGIN = 1.5  # capacity of the input axons over the largest jump of calibration
LARGE_AXON_LIMIT = 128  # large axons a unit and sign: beyond it an input costs more than the pool it drives


def input_axons(
    network: SpikingNetwork, entry: SpikingInput, population: IntegerPopulation, limits: LoihiLimits
) -> IntegerInput:
    """Returns an input in axons and LSB. Raises InfeasibleError where its largest jump takes too many axons."""
    lsb = network.population(entry.target).lsb_per_threshold
    share = StepRule.of(limits).arriving(population.decay_u)
    own_s = shared_tau_s(network, entry.target)
    # One stage of the neuron's own filter is the chip's to apply; any other filter is the host's.
    on_host = entry.tau_s > 0 and (entry.tau_s, entry.order) != (own_s, 1)
    host_pole = pole(entry.tau_s, network.tick_s) if on_host else 0.0
    # The largest innovation: what moves in a tick, plus what the filter loses of the standing drive in it.
    moves = (1.0 - host_pole) * 2.0 * entry.largest if host_pole else entry.largest_step
    filtered = entry.tau_s > 0 and not host_pole
    jump_lsb = INPUT_MARGIN * lsb * (share * entry.largest + (0.0 if filtered else moves))
    exponent, largest_value = quantum_of(population, jump_lsb, limits)
    raise_infeasible(_too_many_axons(entry.name, largest_value, limits))
    return IntegerInput(
        name=entry.name,
        target=entry.target,
        axon_mantissa=axon_mantissas(largest_value, limits),
        exponent=exponent,
        payload_bits=limits.spike_payload_bits,
        lsb_per_input=entry.weight * lsb,
        filtered=filtered,
        host_pole=host_pole,
        host_order=entry.order if on_host else 1,
        start=entry.start,
    )


def quantum_of(population: IntegerPopulation, jump_lsb: float, limits: LoihiLimits) -> tuple[int, float]:
    """Returns the exponent of an input, and the largest value of its axons, that jumps by so much at most.

    It is fine enough for the pool's own steps, coarse enough for the axons to carry the largest jump.
    """
    fine = np.log2(max(_input_step(population, limits), 1.0)) - limits.weight_shift - 1
    if limits.spike_payload_bits:
        carried = (1 << (limits.spike_payload_bits - 1)) - 1
    else:
        carried = LARGE_AXON_LIMIT * ((1 << limits.weight_mantissa_bits) - 2)
    coarse = np.log2(max(jump_lsb, 1.0) / carried) - limits.weight_shift
    exponent = min(max(int(np.floor(fine)), int(np.ceil(coarse)), 0), limits.weight_exponent_max)
    return exponent, jump_lsb / (1 << (limits.weight_shift + exponent))


def _input_step(population: IntegerPopulation, limits: LoihiLimits) -> float:
    """The largest quantum of an input, in LSB: small against the steps of most units, and of no unit a whole step."""
    if population.neurons == 1 and not population.copies:
        return (1 << limits.weight_shift) / STEPS_PER_NEURON
    biases = population.bias_lsb
    for copies in population.copies:  # in a few ticks all of a unit's neurons have been asked
        biases = copies.gathered(biases)
    of_unit = np.median(np.diff(np.sort(biases, axis=1), axis=1), axis=1)
    return min(float(np.median(of_unit)) / STEPS_PER_NEURON, float(of_unit.min()) / STEPS_OF_FINEST)


def _too_many_axons(name: str, largest_value: float, limits: LoihiLimits) -> Iterable[Problem]:
    """An input that no core could take in, found before its axons are written down."""
    needed = 2.0 * largest_value / ((1 << limits.weight_mantissa_bits) - 2)
    if not limits.spike_payload_bits and needed > limits.in_axons_per_core:
        yield Problem(
            "input-jump-too-large",
            f"input {name}",
            f"its largest jump takes {needed:.3g} axons a unit, limit {limits.in_axons_per_core:,} on one core",
            "bring the gains of the units it drives closer together, or scale the drive down",
        )


def axon_mantissas(largest_value: float, limits: LoihiLimits) -> Int:
    """Mantissas of one unit's input axons: powers of two for the fine part, full ones for the rest, both signs."""
    if limits.spike_payload_bits:
        return np.array([1], dtype=np.int64)
    full = (1 << limits.weight_mantissa_bits) - 2
    fine = 2 ** np.arange(1, limits.weight_mantissa_bits)
    large = np.full(max(int(np.ceil(largest_value / full)) - 1, 0), full)
    positive = np.concatenate([fine, large])
    return np.concatenate([positive, -positive]).astype(np.int64)
