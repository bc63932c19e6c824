"""The chip's arithmetic obeys its laws, and the interpreter its own documentation."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.ir.loihi.network import IntegerProjection
from neurocmc.sim.loihi.reference import group_matrix, run_reference
from neurocmc.sim.loihi.registers import decay, fold, saturate, shift, wrap_int32
from neurocmc.sim.loihi.weight_groups import weight_groups
from tests.made.networks import NO_LOSS, random_network, random_values

registers = st.integers(-(2**23), 2**23)
int32 = st.integers(-(2**31), 2**31 - 1)


def one(value: int) -> np.ndarray:
    return np.array([value], dtype=np.int64)


@given(registers, st.integers(0, 4096))
def test_decay_rounds_toward_zero_and_is_odd(register: int, keep: int) -> None:
    decayed = int(decay(one(register), keep, 12)[0])
    assert decayed == int(register * keep / 4096)  # int() truncates toward zero; the quotient is exact in a float
    assert decayed == -int(decay(one(-register), keep, 12)[0])
    assert abs(decayed) <= abs(register)


@given(registers, st.integers(0, 4095))
def test_decay_below_unity_reaches_zero_and_stays(register: int, keep: int) -> None:
    value = one(register)
    for _ in range(2 * 4096 + 24 * 4096):
        if value[0] == 0:
            break
        step = decay(value, keep, 12)
        assert abs(step[0]) < abs(value[0])
        value = step
    assert decay(one(0), keep, 12)[0] == 0


@given(st.integers(-3 * 2**23 + 1, 3 * 2**23))
def test_fold_brings_back_what_is_one_range_out(current: int) -> None:
    folded = int(fold(one(current), 24)[0])
    assert (folded - current) % 2**24 == 0
    assert -(2**23) < folded <= 2**23


@given(st.integers(3 * 2**23 + 1, 2**31 - 1))
def test_fold_jumps_once(current: int) -> None:
    assert fold(one(current), 24)[0] == current - 2**24
    assert fold(one(-current), 24)[0] == -current + 2**24


@pytest.mark.parametrize("edge", [-(2**23), 2**23])
def test_fold_keeps_the_upper_end_of_its_interval(edge: int) -> None:
    assert fold(one(edge), 24)[0] == 2**23


@given(int32)
def test_fold_changes_exactly_what_is_outside_its_range(current: int) -> None:
    inside = -(2**23) < current <= 2**23
    assert (int(fold(one(current), 24)[0]) == current) == inside


@given(int32, int32)
def test_saturation_is_monotonic_and_symmetric(first: int, second: int) -> None:
    low, high = sorted((first, second))
    assert saturate(one(low), 24)[0] <= saturate(one(high), 24)[0]
    assert saturate(one(-low), 24)[0] == -saturate(one(low), 24)[0]
    assert abs(saturate(one(low), 24)[0]) <= 2**23 - 1


@given(st.integers(-(2**40), 2**40))
def test_wrap_is_twos_complement(value: int) -> None:
    wrapped = int(wrap_int32(one(value))[0])
    assert -(2**31) <= wrapped < 2**31
    assert (wrapped - value) % 2**32 == 0


@given(st.integers(-(2**20), 2**20), st.integers(-8, 8))
def test_shift_rounds_down(value: int, exponent: int) -> None:
    assert shift(one(value), exponent)[0] == int(np.floor(value * 2.0**exponent))


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_all_neurons_of_a_unit_share_their_current(seed: int) -> None:
    """The theorem that lets the fast emulator keep one u a unit."""
    network = random_network(seed)
    run = run_reference(network, random_values(network, seed, batch=1, ticks=60), 0)
    assert np.abs(run.u).max() > 0
    for population, place in zip(network.populations, network.neuron_slices().values(), strict=True):
        u = run.u[:, place].reshape(60, population.units, population.neurons)
        assert (u == u[:, :, :1]).all()


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_registers_stay_in_range_and_spikes_are_resets(seed: int) -> None:
    network = random_network(seed)
    run = run_reference(network, random_values(network, seed, batch=1, ticks=60), 0)
    assert np.abs(run.v).max() <= 2**23 - 1
    assert (run.v[run.spikes] == 0).all()
    for population, place in zip(network.populations, network.neuron_slices().values(), strict=True):
        assert run.v[:, place].max() <= population.threshold_mantissa << 6


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_spike_arrives_after_its_delay(delay: int) -> None:
    network = random_network(seed=5, populations=1)
    pool = replace(
        network.populations[0],
        units=1,
        neurons=1,
        decay_u=4095,
        decay_v=4095,
        threshold_mantissa=100,
        bias_mantissa=np.zeros((1, 1)),
        u_initial=np.zeros(1),
        v_initial=np.zeros((1, 1)),
        lsb_per_drive=np.ones(1),
    )
    feedback = IntegerProjection(
        name="self",
        source=pool.name,
        target=pool.name,
        mantissa=np.array([[-3]]),
        exponent=-1,
        sign="inhibitory",
        delay_ticks=delay,
        wanted_gain=np.ones((1, 1)),
        realised_gain=np.ones((1, 1)),
        loss=NO_LOSS,
    )
    drive = replace(network.inputs[0], exponent=0, lsb_per_input=np.ones((1, 1)))
    network = replace(network, populations=(pool,), projections=(feedback,), inputs=(drive,))
    values = np.zeros((1, 10, 1), dtype=np.int32)
    values[0, 2] = 101
    run = run_reference(network, {drive.name: values}, 0)
    assert np.flatnonzero(run.spikes[:, 0]).tolist() == [2]
    assert run.u[2, 0] == 101 << 6
    expected = np.zeros(10, dtype=np.int32)
    expected[2], expected[3 + delay] = 101 << 6, -2 << 6  # -3 >> 1 is -2: the sum is rounded down
    assert run.u[:, 0].tolist() == expected.tolist()


def test_more_ticks_than_values_is_an_error() -> None:
    network = random_network(seed=1)
    with pytest.raises(ValueError, match="20 ticks are asked for, the values have 10"):
        run_reference(network, random_values(network, 1, batch=1, ticks=10), 0, ticks=20)


@settings(max_examples=50)
@given(st.integers(0, 10_000))
def test_groups_hold_every_projection_once_and_only_what_a_synapse_holds(seed: int) -> None:
    network = random_network(seed)
    groups = weight_groups(network)
    names = [name for group in groups for name in group.projections]
    assert sorted(names) == sorted(projection.name for projection in network.projections)
    assert len({group.name for group in groups}) == len(groups)
    total = sum(abs(int(matrix.sum())) for matrix in (group_matrix(network, group) for group in groups))
    assert total > 0
    for group in groups:
        matrix = group_matrix(network, group)
        low, high = {"excitatory": (0, 255), "inhibitory": (-255, 0), "mixed": (-256, 254)}[group.sign]
        assert low <= matrix.min() <= matrix.max() <= high


def test_parallel_projections_of_one_kind_make_groups_of_their_own() -> None:
    network = random_network(seed=2)
    first = network.projections[0]
    network = replace(network, projections=(first, replace(first, name="twin")))
    groups = weight_groups(network)
    assert [(group.rank, group.projections) for group in groups] == [(0, (first.name,)), (1, ("twin",))]
