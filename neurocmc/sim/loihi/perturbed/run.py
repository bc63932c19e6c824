"""Runs perturbed networks: what arrives from the host and from noise, the compartments' loop, the decoder.

The chip does not know of its faults, so the host encodes a stimulus for the network as it was compiled, and spikes
are decoded as if all neurons were there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.loihi.compartments.tables import registers_of
from neurocmc.sim.loihi.host import axon_spikes, encode
from neurocmc.sim.loihi.perturbed.expand import Bundle, InputSynapses
from neurocmc.sim.loihi.perturbed.kernel import Runs, State, step_trial
from neurocmc.sim.loihi.perturbed.perturb import PerturbedNetwork
from neurocmc.sim.loihi.registers import shift
from neurocmc.sim.recording import recording
from neurocmc.sim.trials import each_trial


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PerturbedRun:
    """Spikes of a run, and where asked for the registers after each tick; neurons stand in one row."""

    counts: NDArray[np.int32]  # (batch, ticks, units) spikes of each pool
    u: NDArray[np.int32]  # (batch, ticks, neurons), or (batch, 0, 0)
    v: NDArray[np.int32]  # (batch, ticks, neurons), or (batch, 0, 0)
    wraps: Int  # (neurons,) how often a current left its register, over all trials


def simulate_perturbed(
    perturbed: PerturbedNetwork,
    stimulus: Stimulus,
    trials: Sequence[int] | None = None,
    host: Mapping[str, NDArray[np.int32]] | None = None,
    threads: int | None = None,
) -> Recording:
    """Runs a perturbed network on all trials of a stimulus; decodes as `simulate_emulator` does.

    `trials` numbers the trials for the draws of their noise (None: 0, 1, ...); `host` is what `encode` makes of the
    stimulus for the network as it was compiled (None: made here), the same for every fault. Raises InputError where
    the stimulus does not fit the network's inputs, InfeasibleError where a current leaves its register.
    """
    network = perturbed.network
    numbers = range(stimulus.batch) if trials is None else trials
    values = encode(network, stimulus) if host is None else host
    run = run_perturbed(perturbed, values, stimulus.ticks(network.tick_s), numbers, threads=threads)
    raise_infeasible(_wrapped(perturbed, run, stimulus))
    return recording(network.populations, run.counts, level="emulator", stimulus=stimulus.name, tick_s=network.tick_s)


def run_perturbed(
    perturbed: PerturbedNetwork,
    values: Mapping[str, NDArray[np.int32]],
    ticks: int,
    trials: Sequence[int],
    *,
    record_state: bool = False,
    threads: int | None = None,
) -> PerturbedRun:
    """Steps a perturbed network on host values, input name -> (batch, ticks, units), as `encode` makes them.

    `trials` numbers the batch's trials for the draws of their noise. Trials are shared out over `threads` (None: one
    for each core that the process may use).
    """
    network, neurons = perturbed.network, perturbed.network.neurons
    pools = [p.neurons for p in network.populations for _ in range(p.units)]
    unit = np.repeat(np.arange(len(pools)), pools)
    registers, runs, batch = registers_of(perturbed.neurons), _runs(perturbed), len(trials)
    counts = np.zeros((batch, ticks, len(pools)), dtype=np.int32)
    wraps = np.zeros((batch, neurons), dtype=np.int64)
    kept = (batch, ticks, neurons) if record_state else (batch, 0, 0)
    u, v = np.zeros(kept, dtype=np.int32), np.zeros(kept, dtype=np.int32)
    padded = -(-neurons // 8) * 8
    depth = int(runs.delay.max(initial=0)) + 1

    def step(trial: int) -> None:
        own = {name: value[trial] for name, value in values.items()}
        state = State(
            u=perturbed.neurons.u_initial.astype(np.int32),
            v=perturbed.neurons.v_initial.astype(np.int32),
            ring=np.zeros((depth, neurons), dtype=np.int32),
            sums=np.zeros((runs.exponent.size, neurons), dtype=np.int32),
            flags=np.zeros(padded, dtype=np.uint8),
            fired=np.zeros(padded, dtype=np.int32),
            wraps=wraps[trial],
        )
        from_outside = arriving(perturbed, own, ticks, trials[trial])
        step_trial(from_outside, unit, state, registers, runs, counts[trial], u[trial], v[trial])

    each_trial(step, batch, threads)
    return PerturbedRun(counts=counts, u=u, v=v, wraps=wraps.sum(axis=0))


def _runs(perturbed: PerturbedNetwork) -> Runs:
    """All synapses by sender, those on neighbouring targets side by side."""
    spike_delay = perturbed.network.rule.spike_delay_ticks
    table = np.concatenate(
        [
            np.zeros((4, 0), dtype=np.int64),
            *(
                np.stack([bundle.source, np.full_like(bundle.source, index), bundle.target, bundle.mantissa])
                for index, bundle in enumerate(perturbed.bundles)
            ),
        ],
        axis=1,
    )
    source, index, target, mantissa = table[:, np.lexsort((table[2], table[1], table[0]))]
    goes_on = (np.diff(source) == 0) & (np.diff(index) == 0) & (np.diff(target) == 1)
    begins = np.flatnonzero(np.concatenate([np.ones(min(source.size, 1), dtype=np.bool_), ~goes_on]))
    return Runs(
        first=np.searchsorted(source[begins], np.arange(perturbed.network.neurons + 1)).astype(np.int64),
        bundle=index[begins],
        target=target[begins],
        start=np.append(begins, source.size).astype(np.int64),
        mantissa=mantissa.astype(np.int32),
        exponent=np.array([bundle.exponent for bundle in perturbed.bundles], dtype=np.int64),
        delay=np.array([spike_delay + bundle.delay_ticks for bundle in perturbed.bundles], dtype=np.int64),
    )


def _wrapped(perturbed: PerturbedNetwork, run: PerturbedRun, stimulus: Stimulus) -> Iterable[Problem]:
    """Populations whose currents left their register: what follows a wrap says nothing of the fault alone."""
    for population in perturbed.network.populations:
        if wraps := int(run.wraps[perturbed.network.neuron_slices()[population.name]].sum()):
            yield Problem(
                "current-wraps",
                f"stimulus {stimulus.name}, population {population.name}",
                f"with these faults its currents leave the {perturbed.network.rule.current_bits}-bit register "
                f"{wraps:,} times and wrap",
                "use lower levels, or compile with a calibration stimulus that leaves more room",
            )


def arriving(
    perturbed: PerturbedNetwork, values: Mapping[str, NDArray[np.int32]], ticks: int, trial: int
) -> NDArray[np.int32]:
    """Returns (ticks, neurons) the sum of mantissas that reach each neuron from outside in the given trial.

    `values`: input name -> (ticks, units).
    """
    network, perturbation = perturbed.network, perturbed.perturbation
    total = np.zeros((ticks, network.neurons), dtype=np.int32)
    for entry in perturbed.inputs:
        _add_host(total, entry, values[entry.entry.name])
    if perturbation.current:
        noise = perturbation.stream("current", trial).standard_normal((ticks, network.neurons))
        total += np.rint(_noise_in_mantissas(perturbed) * noise).astype(np.int32)
    if perturbation.spikes:
        background = perturbation.stream("spikes", trial).random((ticks, network.neurons)) < perturbation.spikes
        raster = sparse.csr_matrix(background, dtype=np.int64)
        for bundle in perturbed.bundles:
            _add_background(total, raster, bundle, network.rule.spike_delay_ticks)
    return total


def _add_host(total: NDArray[np.int32], entry: InputSynapses, value: NDArray[np.int32]) -> None:
    """What the host's axons bring in the ticks in which any of them fires; `value` is (ticks, units)."""
    ticks = np.flatnonzero(value.any(axis=1))
    fires = value[ticks][:, :, None] if entry.entry.payload_bits else axon_spikes(entry.entry, value[ticks])
    units, neurons, _ = entry.weight.shape
    for unit in range(units):
        sums = np.rint(fires[:, unit].astype(np.float64) @ entry.weight[unit].T).astype(np.int32)
        own = slice(entry.first + unit * neurons, entry.first + (unit + 1) * neurons)
        total[ticks, own] += sums << entry.entry.exponent


def _noise_in_mantissas(perturbed: PerturbedNetwork) -> Float:
    """(neurons,) standard deviation of the noise that each tick adds, so that u's own is the level times threshold.

    u keeps a share k of itself, so white noise of deviation s leaves it with one of s / sqrt(1 - k^2). The threshold
    is that of the network as it was compiled. Dead neurons have none.
    """
    rule, neurons = perturbed.network.rule, perturbed.neurons
    network = perturbed.network
    theta = network.each_neuron([rule.threshold_lsb(p.threshold_mantissa) for p in network.populations])
    keep = rule.keep_u(neurons.decay_u) / rule.full_decay
    scale = np.sqrt(1.0 - keep**2) / (1 << rule.weight_shift)
    return perturbed.perturbation.current * theta * scale * perturbed.alive


def _add_background(
    total: NDArray[np.int32], raster: sparse.csr_matrix, bundle: Bundle, spike_delay_ticks: int
) -> None:
    """Spikes of neurons that stand beside the network's own, through synapses like theirs; a sum of their own."""
    neurons = total.shape[1]
    weights = sparse.csr_matrix((bundle.mantissa, (bundle.source, bundle.target)), shape=(neurons, neurons))
    sums = shift(sparse.csr_matrix(raster @ weights).toarray(), bundle.exponent)
    delay = spike_delay_ticks + bundle.delay_ticks
    total[delay:] += sums[: len(total) - delay].astype(np.int32)
