"""The emulator of Loihi-like chips: an IntegerNetwork stepped bit for bit, at the cost of its populations.

All neurons of a unit receive the same spikes through the same weights, so they hold the same current u at every
tick: u is kept once a unit, and a projection costs one multiplication per pair of connected *units*. Only the voltage
is a neuron's own. The readable twin that expands everything to single neurons is `loihi_reference`; tests hold the
two, and Lava itself, equal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.integer import IntegerNetwork
from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.decode import decode_counts
from neurocmc.sim.host import encode
from neurocmc.sim.loihi_kernel import step_all
from neurocmc.sim.weight_groups import weight_groups


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmulatorRun:
    """Registers and spikes of a run; units and neurons stand in one row, population by population, unit by unit."""

    counts: NDArray[np.int32]  # (batch, ticks, units) spikes of each pool
    spikes: NDArray[np.uint8]  # (batch, ticks, neurons), or (0, 0, 0) if not recorded
    u: NDArray[np.int32]  # (batch, ticks, units), or (0, 0, 0) if not recorded
    v: NDArray[np.int32]  # (batch, ticks, neurons), or (0, 0, 0) if not recorded
    wraps: NDArray[np.int64]  # (units,) how often a current left its register, over all trials


def simulate_emulator(network: IntegerNetwork, stimulus: Stimulus, *, record_spikes: bool = False) -> Recording:
    """Run a network on all trials of a stimulus; spikes only where asked for.

    Raises InputError where the stimulus does not fit the network's inputs, InfeasibleError where it drives a current
    out of its register: what follows a wrap means nothing.
    """
    run = emulate(network, encode(network, stimulus), stimulus.batch, stimulus.ticks(network.tick_s), record_spikes)
    first = network.first_unit()
    raise_infeasible(_wrapped(network, stimulus, run))
    counts = {p.name: run.counts[:, :, first[p.name] : first[p.name] + p.units] for p in network.populations}
    return Recording(
        level="emulator",
        stimulus=stimulus.name,
        tick_s=network.tick_s,
        activity={
            p.name: decode_counts(counts[p.name], p.activity_per_spike, p.trace_tau_s, network.tick_s)
            for p in network.populations
        },
        spikes=_spike_trains(network, run.spikes) if record_spikes else {},
        spike_counts={name: count.sum(axis=1, dtype=np.int64) for name, count in counts.items()},
    )


def emulate(
    network: IntegerNetwork,
    values: Mapping[str, NDArray[np.int32]],
    batch: int,
    ticks: int,
    record_spikes: bool = False,
    record_state: bool = False,
) -> EmulatorRun:
    """Step a network on host values, input name -> (batch, ticks, units), as `encode` makes them."""
    tables = _Tables.of(network)
    units, neurons = tables.first_neuron.size - 1, int(tables.first_neuron[-1])
    host = np.zeros((batch, ticks, units), dtype=np.int64)
    for entry in network.inputs:
        start = network.first_unit()[entry.target]
        value = values[entry.name].astype(np.int64)
        host[:, :, start : start + value.shape[2]] += value << entry.exponent
    counts = np.zeros((batch, ticks, units), dtype=np.int32)
    spikes = np.zeros((batch, ticks, neurons) if record_spikes else (0, 0, 0), dtype=np.uint8)
    u = np.zeros((batch, ticks, units) if record_state else (0, 0, 0), dtype=np.int32)
    v = np.zeros((batch, ticks, neurons) if record_state else (0, 0, 0), dtype=np.int32)
    wraps = np.zeros(units, dtype=np.int64)
    rule = network.rule
    step_all(
        host, counts, spikes, u, v, tables.group_exponent, tables.group_delay, tables.row_start, tables.source,
        tables.mantissa, tables.keep_u, tables.keep_v, tables.threshold, tables.first_neuron, tables.bias,
        tables.v_initial, rule.spike_delay_ticks, rule.weight_shift, rule.decay_bits, rule.current_bits,
        rule.voltage_bits, wraps,
    )  # fmt: skip
    return EmulatorRun(counts=counts, spikes=spikes, u=u, v=v, wraps=wraps)


def _wrapped(network: IntegerNetwork, stimulus: Stimulus, run: EmulatorRun) -> Iterable[Problem]:
    """Populations whose currents left their register."""
    for population in network.populations:
        start = network.first_unit()[population.name]
        if wraps := int(run.wraps[start : start + population.units].sum()):
            yield Problem(
                f"stimulus {stimulus.name}, population {population.name}",
                f"its current leaves the {network.rule.current_bits}-bit register {wraps:,} times and wraps",
                "compile with a calibration stimulus that covers this drive, or scale the drive down",
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tables:
    """A network as flat arrays for the compiled loop; weights as one CSR matrix a group, rows are target units."""

    group_exponent: NDArray[np.int64]
    group_delay: NDArray[np.int64]
    row_start: NDArray[np.int64]  # (groups, units + 1)
    source: NDArray[np.int64]
    mantissa: NDArray[np.int64]
    keep_u: NDArray[np.int64]  # (units,)
    keep_v: NDArray[np.int64]  # (units,)
    threshold: NDArray[np.int64]  # (units,)
    first_neuron: NDArray[np.int64]  # (units + 1,)
    bias: NDArray[np.int64]  # (neurons,) LSB
    v_initial: NDArray[np.int64]  # (neurons,)

    @classmethod
    def of(cls, network: IntegerNetwork) -> "_Tables":
        rule, populations = network.rule, network.populations
        full = 1 << rule.decay_bits
        per_unit = np.repeat([p.neurons for p in populations], [p.units for p in populations])
        groups = weight_groups(network)
        rows = [_group_rows(network, group.projections) for group in groups]
        sizes = np.array([[len(sources) for sources, _ in row] for row in rows], dtype=np.int64)
        ends = np.cumsum(sizes.ravel()).reshape(sizes.shape) if groups else np.zeros((0, len(per_unit)), np.int64)
        starts = ends[:, :1] - sizes[:, :1] if groups else np.zeros((0, 1), np.int64)
        flat = [pair for row in rows for pair in row]
        return cls(
            group_exponent=np.array([group.exponent for group in groups], dtype=np.int64),
            group_delay=np.array([group.delay_ticks for group in groups], dtype=np.int64),
            row_start=np.concatenate([starts, ends], axis=1),
            source=np.concatenate([np.zeros(0, np.int64), *(sources for sources, _ in flat)]),
            mantissa=np.concatenate([np.zeros(0, np.int64), *(mantissas for _, mantissas in flat)]),
            keep_u=_by_unit(network, [full - (p.decay_u + rule.decay_u_offset) for p in populations]),
            keep_v=_by_unit(network, [full - p.decay_v for p in populations]),
            threshold=_by_unit(network, [p.threshold_mantissa << rule.threshold_shift for p in populations]),
            first_neuron=np.concatenate([[0], np.cumsum(per_unit)]).astype(np.int64),
            bias=np.concatenate([_bias_lsb(p.bias_mantissa, p.bias_exponent) for p in populations]),
            v_initial=np.concatenate([p.v_initial.ravel() for p in populations]),
        )


def _bias_lsb(mantissa: NDArray[np.int64], exponent: int) -> NDArray[np.int64]:
    flat = mantissa.ravel()
    return flat << exponent if exponent >= 0 else flat >> -exponent


def _by_unit(network: IntegerNetwork, values: list[int]) -> NDArray[np.int64]:
    return np.repeat(np.array(values, dtype=np.int64), [p.units for p in network.populations])


def _group_rows(
    network: IntegerNetwork, projections: tuple[str, ...]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each target unit: the source units that reach it in this group, and their mantissas (zeros left out)."""
    first = network.first_unit()
    members = [projection for projection in network.projections if projection.name in projections]
    rows: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for population in network.populations:
        own = [projection for projection in members if projection.target == population.name]
        for unit in range(population.units):
            sources = [np.flatnonzero(projection.mantissa[unit]) for projection in own]
            weights = [projection.mantissa[unit, s] for projection, s in zip(own, sources, strict=True)]
            shifted = [s + first[projection.source] for projection, s in zip(own, sources, strict=True)]
            empty = np.zeros(0, np.int64)
            rows.append((np.concatenate([empty, *shifted]), np.concatenate([empty, *weights])))
    return rows


def _spike_trains(network: IntegerNetwork, spikes: NDArray[np.uint8]) -> dict[str, SpikeTrain]:
    trains: dict[str, SpikeTrain] = {}
    start = 0
    for population in network.populations:
        stop = start + population.units * population.neurons
        where = np.argwhere(spikes[:, :, start:stop]).astype(np.int32)
        trial, tick, neuron = where[np.lexsort((where[:, 2], where[:, 0], where[:, 1]))].T
        trains[population.name] = SpikeTrain(
            tick=tick,
            trial=trial,
            unit=neuron // population.neurons,
            neuron=neuron % population.neurons,
        )
        start = stop
    return trains
