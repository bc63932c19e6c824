"""The emulator of single compartments: the compiled loop is the reference, and both do what a hand can check."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from neurocmc import CompartmentNetwork, CompartmentRun, InputEvents, SynapseGroup, run_compartments
from neurocmc.common.errors import InputError
from neurocmc.ir.loihi.network import IntegerNetwork, SignMode
from neurocmc.sim.loihi.compartments.batch import pays_together
from neurocmc.sim.loihi.compartments.fan_in import fan_in_of
from neurocmc.sim.loihi.compartments.network import LOIHI_RULE
from neurocmc.sim.loihi.compartments.records import QUANTITIES
from neurocmc.sim.loihi.compartments.reference import run_compartments_reference
from neurocmc.sim.loihi.compartments.tables import synapses_of
from neurocmc.sim.loihi.compartments.weights import synapse_mantissa
from neurocmc.sim.loihi.reference import flatten_neurons, group_matrix, host_input, run_reference
from neurocmc.sim.loihi.weight_groups import weight_groups
from tests.made.networks import LOIHI_RULE as TARGET_RULE
from tests.made.networks import random_network, random_values

from .compartment_networks import random_compartments, random_inputs

TICKS = 80


def assert_is_reference(network: CompartmentNetwork, inputs: np.ndarray, **starts: Any) -> CompartmentRun:
    run = run_compartments(network, inputs, record=QUANTITIES, **starts)
    for trial in range(len(inputs)):
        u_initial, v_initial = (
            starts[name][trial] if name in starts else getattr(network, name) for name in ("u_initial", "v_initial")
        )
        reference = run_compartments_reference(network, inputs[trial], u_initial, v_initial)
        assert np.array_equal(run.u[trial], reference.u)
        assert np.array_equal(run.v[trial], reference.v)
        assert np.array_equal(run.raster()[trial], reference.spikes)
        assert np.array_equal(run.counts[trial], reference.spikes.sum(axis=0))
    return run


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 40), batch=st.integers(1, 3))
def test_a_random_network_runs_as_the_reference_does(seed: int, size: int, batch: int) -> None:
    assert_is_reference(random_compartments(seed, size), random_inputs(seed, batch, TICKS, size))


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 40), batch=st.integers(2, 4))
def test_trials_that_run_together_are_the_reference_each(seed: int, size: int, batch: int) -> None:
    rng = np.random.default_rng(seed)
    starts = {name: rng.integers(-(2**23) + 1, 2**23, (batch, size)) for name in ("u_initial", "v_initial")}
    with together(3):  # so that some run together, and some alone or in another group
        assert_is_reference(random_compartments(seed, size), random_inputs(seed, batch, TICKS, size), **starts)


@pytest.mark.parametrize("batch", [64, 65, 130])
def test_as_many_trials_as_there_are_run_together(batch: int) -> None:
    network, inputs = random_compartments(3, 30), random_inputs(5, batch, 20, 30)
    with together(64):
        assert_is_reference(network, inputs)


@pytest.mark.parametrize(
    ("mantissas", "entries", "pieces"),
    [((255, -256), 3, 8), ((254, -256), 1, 3), ((127, -127), 1, 3), ((3, -2), 1, 1)],
)
def test_more_synapses_than_sixteen_bits_sum_reach_a_compartment_in_every_trial(
    mantissas: tuple[int, int], entries: int, pieces: int
) -> None:
    """All 600 fire in the first tick; an exponent of -3 shows whether a part of a sum was shifted on its own."""
    size = 600
    source, target = (index.ravel() for index in np.indices((size, size)))
    mantissa = np.array(mantissas)[(target % 3) % 2 ^ (target % 3 == 2) & source % 2]
    group = SynapseGroup(source=source, target=target, mantissa=mantissa, delay_ticks=0 * source, exponent=-3)
    network = CompartmentNetwork.from_arrays(
        decay_u=1000, decay_v=0, threshold=10, compartments=size, synapses=(group,), v_initial=1 << 20
    )
    table = fan_in_of(network)
    assert table.entries.weight.size <= entries * size * size
    assert table.entries.together == (4 if pieces == 1 else 1)
    assert (table.last - table.first).max() == pieces
    with together(2):
        assert_is_reference(network, np.zeros((2, 5, size), dtype=np.int64))


def test_what_a_batch_costs_decides_how_it_runs() -> None:
    """Many trials with many spikes are cheaper together, and few trials, few spikes or few ticks are not."""
    network = random_compartments(3, 40)
    dense = CompartmentNetwork.from_arrays(
        weights=np.random.default_rng(0).integers(-9, 10, (400, 400)), decay_u=0, decay_v=0, threshold=1
    )
    tables = synapses_of(dense)
    assert pays_together(dense, tables, 64, 1000, 0.5)
    assert not pays_together(dense, tables, 64, 1000, 0.001)
    assert not pays_together(dense, tables, 2, 1000, 0.5)
    assert not pays_together(dense, tables, 64, 1, 0.5)
    assert not pays_together(network, synapses_of(network), 64, 0, 1.0)


@contextmanager
def together(trials: int) -> Iterator[None]:
    """Has groups of as many as `trials` run together whatever it costs."""

    def pays(network: Any, synapses: Any, size: int, *rest: Any) -> bool:
        return size > 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurocmc.sim.loihi.compartments.run.pays_together", pays)
        patch.setattr("neurocmc.sim.loihi.compartments.run.LANES", trials)
        yield


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_trials_start_where_they_are_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = {name: rng.integers(-(2**23) + 1, 2**23, (3, 9)) for name in ("u_initial", "v_initial")}
    assert_is_reference(random_compartments(seed, 9), random_inputs(seed, 3, TICKS, 9), **starts)


@cache
def some_runs() -> list[tuple[CompartmentNetwork, CompartmentRun]]:
    pairs: list[tuple[CompartmentNetwork, CompartmentRun]] = []
    for seed in range(60):
        network = random_compartments(seed, 20)
        pairs.append((network, run_compartments(network, random_inputs(seed, 2, TICKS, 20), record=QUANTITIES)))
    return pairs


def test_random_networks_cover_what_they_should() -> None:
    """Without this, the tests above might never meet what they are for."""
    limit = (1 << 23) - 1
    groups = [group for network, _ in some_runs() for group in network.synapses]
    tables = [synapses_of(network) for network, _ in some_runs()]
    assert {group.sign for group in groups} == {"mixed", "excitatory", "inhibitory"}
    assert {group.exponent for group in groups} == set(range(-8, 8))
    assert max(group.delay_ticks.max(initial=0) for group in groups) == 62
    assert any(table.place.size for table in tables)
    assert any(table.cell_place.size for table in tables)
    assert any((table.byte_offset == 0).any() for table in tables)
    assert any((table.byte_offset > 0).any() for table in tables)
    assert any((table.byte_offset < 0).any() for table in tables)
    assert any((run.v == -limit).any() for _, run in some_runs())
    assert any((np.abs(np.diff(run.u.astype(np.int64), axis=1)) > 1 << 23).any() for _, run in some_runs())
    assert any((network.refractory_ticks > 1).any() for network, _ in some_runs())
    assert sum(0.05 < run.raster().mean() < 0.95 for _, run in some_runs()) > 20


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_blocks_and_single_synapses_are_the_same_synapses(seed: int) -> None:
    network = random_compartments(seed, 12)
    some, none = synapses_of(network, block_density=0.0), synapses_of(network, block_density=2.0)
    assert none.blocks.size == none.bytes.size == 0
    wide = (some.bytes.astype(np.int64) + some.byte_offset[:, None, None], some.blocks.astype(np.int64))
    delays = np.append(some.byte_delay, some.block_delay)
    exponents = np.append(some.byte_exponent, some.block_exponent)
    for delay in np.unique(np.concatenate([[0], *(group.delay_ticks for group in network.synapses)])):
        ours = sum(
            (
                block.sum() * 2.0**exponent
                for block, d, exponent in zip(np.concatenate(wide), delays, exponents, strict=True)
                if d == delay
            ),
            0.0,
        )
        theirs = none.weight[none.place // 12 == delay].astype(np.int64).sum()
        cells = none.sum_cell[none.cell_place[none.sum_cell] // 12 == delay]
        summed = none.sum_weight[none.cell_place[none.sum_cell] // 12 == delay] * 2.0 ** -none.cell_shift[cells]
        assert ours == theirs + summed.sum()


@pytest.mark.parametrize(
    ("sign", "mantissas", "offset"),
    [
        ("mixed", [-128, 127], 0),
        ("mixed", [-256, 254], 0),
        ("mixed", [-256, 255], None),
        ("mixed", [-100, 155], 28),
        ("excitatory", [0, 255], 128),
        ("inhibitory", [-255, 0], -127),
        ("inhibitory", [-255, -255], -127),
    ],
)
@pytest.mark.parametrize("exponent", [-1, 0])
def test_rows_hold_the_ends_of_every_sign_while_more_fire_than_sixteen_bits_sum(
    sign: SignMode, mantissas: list[int], offset: int | None, exponent: int
) -> None:
    """All 300 fire in the first tick; whom the sum of the whole column reaches has 300 times one end."""
    size = 300
    source, target = (index.ravel() for index in np.indices((size, size)))
    mantissa = np.where(target < 100, mantissas[0], np.where(target < 200, mantissas[1], 0))
    mantissa[(target == 200) & (source % 2 == 0)] = mantissas[0]
    group = SynapseGroup(
        source=source, target=target, mantissa=mantissa, delay_ticks=0 * source, exponent=exponent, sign=sign
    )
    network = CompartmentNetwork.from_arrays(
        decay_u=1000, decay_v=0, threshold=10, compartments=size, synapses=(group,), v_initial=1 << 20
    )
    table = synapses_of(network)
    if offset is None:
        assert table.bytes.size == 0
        assert table.block_exponent.tolist() == [exponent]
    else:
        assert table.blocks.size == 0
        assert table.byte_offset.tolist() == [offset]
        assert table.byte_exponent.tolist() == [exponent + (mantissas == [-256, 254])]
    run = assert_is_reference(network, np.zeros((1, 6, size), dtype=np.int64))
    assert run.raster()[0, 0].all()


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), threads=st.integers(1, 4))
def test_threads_and_recordings_change_nothing(seed: int, threads: int) -> None:
    network, inputs = random_compartments(seed, 11), random_inputs(seed, 5, 40, 11)
    full = run_compartments(network, inputs, record=QUANTITIES, threads=threads)
    with together(2):
        bare = run_compartments(network, inputs, threads=threads)
    for field in ("trial", "tick", "compartment"):
        assert np.array_equal(getattr(full.spikes, field), getattr(bare.spikes, field))
    assert set(bare.records) == {"spikes"}
    alone = run_compartments(network, inputs[3], record=QUANTITIES)
    for name in ("u", "v", "counts"):
        assert np.array_equal(getattr(alone, name)[0], getattr(full, name)[3])


@pytest.mark.parametrize("size", [1, 2, 64])
def test_spikes_stand_in_order_and_survive_chunks(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    network, inputs = random_compartments(4, 10), random_inputs(4, 3, TICKS, 10)
    whole = run_compartments(network, inputs, record=QUANTITIES)
    for module in ("run", "batch"):
        monkeypatch.setattr(f"neurocmc.sim.loihi.compartments.{module}.CHUNK", 70)  # seven ticks at a time
    with together(size):
        parts = run_compartments(network, inputs, record=QUANTITIES)
    for name in ("u", "v", "counts"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
    assert np.array_equal(whole.raster(), parts.raster())
    events = np.stack([parts.spikes.trial, parts.spikes.tick, parts.spikes.compartment])
    assert events.shape[1] > 100
    assert np.array_equal(np.lexsort(events[::-1]), np.arange(events.shape[1]))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_events_are_the_dense_input(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network, dense = random_compartments(seed, 7), random_inputs(seed, 3, 30, 7)
    trial, tick, compartment = np.nonzero(dense)
    order = rng.permutation(trial.size)
    value = dense[trial, tick, compartment]
    twice = np.concatenate([order, order])  # each value in two parts, in any order
    parts = np.concatenate([value[order] // 2, value[order] - value[order] // 2])
    events = InputEvents(trial=trial[twice], tick=tick[twice], compartment=compartment[twice], value=parts)
    with together(rng.choice([1, 64])):
        ours = run_compartments(network, events, ticks=30, batch=3, record=QUANTITIES)
    theirs = run_compartments(network, dense, record=QUANTITIES)
    for name in ("u", "v", "counts"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name))


def as_compartments(network: IntegerNetwork) -> CompartmentNetwork:
    """An integer network of populations, spelled out compartment by compartment."""
    neurons = flatten_neurons(network)
    populations = network.populations
    groups: list[SynapseGroup] = []
    for group in weight_groups(network):
        matrix = sparse.coo_matrix(group_matrix(network, group))
        delays = np.full(matrix.nnz, group.delay_ticks)
        groups.append(
            SynapseGroup(
                source=matrix.col,
                target=matrix.row,
                mantissa=matrix.data,
                delay_ticks=delays,
                exponent=group.exponent,
                sign=group.sign,
            )
        )
    return CompartmentNetwork(
        decay_u=neurons.decay_u,
        decay_v=neurons.decay_v,
        threshold_mantissa=neurons.threshold >> network.rule.threshold_shift,
        bias_mantissa=np.concatenate([p.bias_mantissa.ravel() for p in populations]),
        bias_exponent=np.concatenate([np.full(p.units * p.neurons, p.bias_exponent) for p in populations]),
        u_initial=neurons.u_initial,
        v_initial=neurons.v_initial,
        refractory_ticks=np.ones(network.neurons),
        synapses=tuple(groups),
        rule=network.rule,
    )


@pytest.mark.parametrize("seed", range(4))
def test_populations_spelled_out_run_the_same(seed: int) -> None:
    """Two emulators of ours that share no loop agree on networks that both can hold."""
    network = random_network(seed)
    values = random_values(network, seed, 1, TICKS)
    run = run_compartments(as_compartments(network), host_input(network, values, 0), record=QUANTITIES)
    reference = run_reference(network, values, 0)
    assert reference.spikes.any()
    assert np.array_equal(run.u[0], reference.u)
    assert np.array_equal(run.v[0], reference.v)
    assert np.array_equal(run.raster()[0], reference.spikes)


def one_compartment(**registers: Any) -> CompartmentNetwork:
    return CompartmentNetwork.from_arrays(
        **{"decay_u": 4095, "decay_v": 4095, "threshold": 100, "compartments": 1} | registers
    )


@pytest.mark.parametrize(("ticks", "intervals"), [(1, 1), (2, 2), (5, 5), (63, 63)])
def test_a_refractory_time_is_the_shortest_interval(ticks: int, intervals: int) -> None:
    """As in nengo-loihi: refractory_ticks of 1 is none, r holds v at 0 for r - 1 ticks while u goes on."""
    network = one_compartment(bias=4095, bias_exponent=7, refractory_ticks=ticks)
    run = run_compartments(network, np.ones((200, 1)), record=("spikes", "u", "v"))
    assert np.array_equal(run.spikes.tick, np.arange(0, 200, intervals))
    assert (run.v == 0).all()  # reset or held, it fires in the first tick in which it may
    assert (run.u == 64).all()


@pytest.mark.parametrize("delay", [0, 1, 62])
@pytest.mark.parametrize(("weight", "exponent", "arrives"), [(-3, -1, -2 << 6), (3, -1, 1 << 6), (3, 2, 12 << 6)])
def test_a_spike_arrives_shifted_after_its_delay(delay: int, weight: int, exponent: int, arrives: int) -> None:
    network = CompartmentNetwork.from_arrays(
        weights=[[0, 0], [weight, 0]],
        weight_exponent=exponent,
        weight_bits=9,
        delay_ticks=delay,
        decay_u=4095,
        decay_v=4095,
        threshold=1000,
    )
    inputs = np.zeros((70, 2))
    inputs[2, 0] = 1001
    run = run_compartments(network, inputs, record=("spikes", "u"))
    expected = np.zeros(70)
    expected[3 + delay] = arrives
    assert run.spikes.tick.tolist() == [2]
    assert run.u[0, :, 1].tolist() == expected.tolist()


def test_an_exponent_shifts_the_sum_of_its_group_and_not_each_weight() -> None:
    registers = {"decay_u": 4095, "decay_v": 4095, "threshold": 10, "bias": [4095, 4095, 0]}
    weights = np.zeros((3, 3), dtype=int)
    weights[2, :2] = 3
    together = CompartmentNetwork.from_arrays(weights=weights, weight_exponent=-1, weight_bits=9, **registers)
    apart = [
        SynapseGroup.from_matrix(np.where([i == 0, i == 1, False], weights, 0), exponent=-1, weight_bits=9)
        for i in range(2)
    ]
    split = CompartmentNetwork.from_arrays(synapses=tuple(apart), **registers)
    u = [run_compartments(network, ticks=2, record=("u",)).u[0, 1, 2] for network in (together, split)]
    assert u == [(6 >> 1) << 6, 2 * (3 >> 1) << 6]


def test_the_first_decay_of_a_start_current_is_that_of_tick_0() -> None:
    network = one_compartment(decay_u=2047, u_initial=-4097, threshold=131071)
    assert run_compartments(network, ticks=3, record=("u",)).u[0, :, 0].tolist() == [-2048, -1024, -512]


# What clip_weights and then truncate_weights of Lava 0.10.0 make of this row, by sign mode and weight bits.
ROW = [-300, -256, -255, -129, -3, -2, -1, 0, 1, 2, 3, 127, 254, 255, 256, 300]
LAVA: dict[tuple[Any, int], list[int]] = {
    ("mixed", 1): [-256, -256, -256, -256, -256, -256, -256, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ("mixed", 5): [-256, -256, -256, -144, -16, -16, -16, 0, 0, 0, 0, 112, 240, 240, 240, 240],
    ("mixed", 8): [-256, -256, -256, -130, -4, -2, -2, 0, 0, 2, 2, 126, 254, 254, 254, 254],
    ("mixed", 9): [-256, -256, -255, -129, -3, -2, -1, 0, 1, 2, 3, 127, 254, 255, 255, 255],
    ("excitatory", 1): [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 128, 128, 128],
    ("excitatory", 5): [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120, 248, 248, 248, 248],
    ("excitatory", 8): [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 127, 254, 255, 255, 255],
    ("inhibitory", 1): [-128, -128, -128, -128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ("inhibitory", 5): [-248, -248, -248, -128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ("inhibitory", 8): [-255, -255, -255, -129, -3, -2, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
}


@pytest.mark.parametrize(("kind", "held"), LAVA.items())
def test_weights_are_clipped_and_truncated_as_lava_does(kind: tuple[Any, int], held: list[int]) -> None:
    assert synapse_mantissa(np.array(ROW), *kind).tolist() == held


@given(st.lists(st.integers(-400, 400), min_size=1), st.sampled_from(sorted(LAVA)))
def test_what_a_synapse_holds_it_holds_unchanged(weights: list[int], kind: tuple[Any, int]) -> None:
    once = synapse_mantissa(np.array(weights), *kind)
    assert np.array_equal(synapse_mantissa(once, *kind), once)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix, sparse.csr_array])
def test_sparse_and_dense_weights_are_the_same(kind: Any) -> None:
    rng = np.random.default_rng(2)
    weights = np.where(rng.random((9, 9)) < 0.4, rng.integers(-300, 300, (9, 9)), 0)
    delays = rng.integers(0, 63, (9, 9))

    def synapses(group: SynapseGroup) -> set[tuple[int, ...]]:
        columns = (group.source, group.target, group.mantissa, group.delay_ticks)
        return set(zip(*(column.tolist() for column in columns), strict=True))

    dense = synapses(SynapseGroup.from_matrix(weights, delay_ticks=delays))
    assert len(dense) == np.count_nonzero(synapse_mantissa(weights, "mixed"))
    assert synapses(SynapseGroup.from_matrix(kind(weights), delay_ticks=delays)) == dense
    assert synapses(SynapseGroup.from_matrix(kind(weights), delay_ticks=kind(delays))) == dense


def test_the_rule_is_that_of_the_target_file() -> None:
    assert LOIHI_RULE == TARGET_RULE


def test_another_rule_is_followed() -> None:
    """16 bits of decay and a two-tick spike delay: nothing of Loihi's numbers is in the loop."""
    rule = replace(LOIHI_RULE, decay_bits=16, spike_delay_ticks=2, weight_shift=3, current_bits=20, voltage_bits=18)
    base = random_compartments(6, 15)
    network = replace(
        base,
        rule=rule,
        decay_u=base.decay_u * 16,
        decay_v=base.decay_v * 16,
        threshold_mantissa=base.threshold_mantissa % 2000,
        u_initial=base.u_initial % 1000,
        v_initial=base.v_initial % 1000,
    )
    for trials in (1, 64):
        with together(trials):
            assert assert_is_reference(network, random_inputs(7, 2, TICKS, 15)).spikes.tick.size > 100


def test_nothing_to_do_is_done() -> None:
    run = run_compartments(one_compartment(), ticks=0, record=QUANTITIES)
    assert run.raster().shape == run.u.shape == (1, 0, 1)
    with pytest.raises(InputError, match=r"\[not-recorded\]"):
        _ = run_compartments(one_compartment(), ticks=1).v
