"""Draws Loihi chips with faults for networks of single neurons, and runs a network on one.

Kinds, levels and streams of random numbers are those of `sim.loihi.perturbed`: mismatch is Gaussian and relative,
products are rounded to the chip's grid, and one kind does not move the draws of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocmc.common.arrays import Bool, Float
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.faults import factors
from neurocmc.sim.loihi.neurons.emulator import recording_of, run_tables
from neurocmc.sim.loihi.neurons.groups import SynapseGroup, synapse_groups
from neurocmc.sim.loihi.neurons.tables import Tables, tables_of
from neurocmc.sim.loihi.perturbed.expand import GRID
from neurocmc.sim.loihi.perturbed.perturb import Perturbation, on_grid
from neurocmc.sim.loihi.registers import shift


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaultyNeurons:
    """A network on one chip with faults."""

    network: IntegerNeurons  # as it was compiled
    perturbation: Perturbation
    tables: Tables
    groups: tuple[SynapseGroup, ...]  # as perturbed
    alive: Bool  # (neurons,)


def draw_faulty(network: IntegerNeurons, perturbation: Perturbation) -> FaultyNeurons:
    """Returns the network on the chip of a perturbation; with none, the emulator's spike for spike."""
    neurons = network.neurons
    alive = perturbation.stream("dead").random(neurons) >= perturbation.dead
    gain = _factors(perturbation, "weight", neurons)
    synapse, dropped = perturbation.stream("synapse"), perturbation.stream("dropped")
    groups = tuple(
        _perturbed(group, perturbation, gain, alive, (synapse, dropped)) for group in synapse_groups(network)
    )
    tables = tables_of(network, groups)
    rule, cells = network.rule, tables.cells
    wanted = np.rint(cells.threshold / rule.threshold_lsb(1) * _factors(perturbation, "threshold", neurons))
    highest = rule.largest_voltage >> rule.threshold_shift
    threshold = rule.threshold_lsb(np.clip(wanted.astype(np.int64), 0, highest))
    cells = cells._replace(threshold=threshold, bias=np.where(alive, cells.bias, 0))
    starts = {name: np.where(alive, getattr(tables, name), 0) for name in ("u_initial", "v_initial")}
    return FaultyNeurons(
        network=network,
        perturbation=perturbation,
        tables=replace(tables, cells=cells, **starts),
        groups=groups,
        alive=alive,
    )


def run_faulty(faulty: FaultyNeurons, stimulus: EventStimulus, trials: Sequence[int]) -> NeuronRecording:
    """Runs a network on its faulty chip; `trials` numbers the trials for the draws of their noise.

    Raises InfeasibleError where a current leaves its register: what follows says nothing of the fault alone.
    """
    network, noise = faulty.network, faulty.perturbation
    ticks = stimulus.ticks + network.deepest_ticks
    noisy = noise.current or noise.spikes
    ran = run_tables(
        faulty.tables, stimulus, ticks, extra=(lambda trial: _noise(faulty, ticks, trials[trial])) if noisy else None
    )
    places = network.neuron_slices()
    raise_infeasible(
        Problem(
            "current-wraps",
            f"stimulus {stimulus.name}, population {pool.name}",
            f"with these faults its currents leave the register {count:,} times and wrap",
            "use lower levels, or compile with a calibration that leaves more room",
        )
        for pool in network.populations
        if (count := int(ran.wraps[places[pool.name]].sum()))
    )
    return recording_of(network, ran.spikes, stimulus)


def _factors(perturbation: Perturbation, kind: str, count: int) -> Float:
    return factors(perturbation.levels()[kind], count, perturbation.stream(kind))


def _perturbed(
    group: SynapseGroup,
    perturbation: Perturbation,
    gain: Float,
    alive: Bool,
    streams: tuple[np.random.Generator, np.random.Generator],
) -> SynapseGroup:
    """A group with its deviations. Both streams are drawn from at level 0 too, so that levels differ alone."""
    matrix, (synapse, dropped) = group.matrix.tocoo(), streams
    factor = factors(perturbation.synapse, matrix.nnz, synapse)
    factor *= dropped.random(matrix.nnz) >= perturbation.dropped
    factor *= gain[matrix.row] * alive[matrix.row]
    if not group.input:
        factor *= alive[matrix.col]
    mantissa = on_grid(matrix.data.astype(np.float64) * factor, GRID[group.sign])
    changed = sparse.csr_matrix((mantissa, (matrix.row, matrix.col)), shape=(alive.size, group.sources))
    return replace(group, matrix=changed)


def _noise(faulty: FaultyNeurons, ticks: int, trial: int) -> NDArray[np.int32]:
    """(ticks, neurons) mantissas that noise of the current and background spikes bring to a trial."""
    network, noise, neurons = faulty.network, faulty.perturbation, faulty.alive.size
    total = np.zeros((ticks, neurons), dtype=np.int64)
    if noise.current:
        rule, pools = network.rule, network.populations
        keep = rule.keep_u(network.each_unit([pool.decay_u for pool in pools])) / rule.full_decay
        theta = rule.threshold_lsb(network.each_unit([pool.threshold_mantissa for pool in pools]))
        deviation = noise.current * theta * np.sqrt(1.0 - keep**2) / (1 << rule.weight_shift) * faulty.alive
        total += np.rint(deviation * noise.stream("current", trial).standard_normal((ticks, neurons))).astype(
            np.int64
        )
    if noise.spikes:
        raster = noise.stream("spikes", trial).random((ticks, neurons)) < noise.spikes
        background = sparse.csr_matrix(raster, dtype=np.int64)
        for group in faulty.groups:
            if group.input:
                continue
            late = network.rule.spike_delay_ticks + group.delay_ticks
            sums = shift(sparse.csr_matrix(background @ group.matrix.T).toarray(), group.exponent)
            total[late:] += sums[: max(ticks - late, 0)]
    return total.astype(np.int32)
