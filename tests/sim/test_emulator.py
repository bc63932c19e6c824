"""The fast emulator is the chip spelled out, bit for bit, on every tick; and a batch is its trials one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.arithmetic import fold, toward_zero, wrap32
from neurocmc.sim.loihi import registers as spelled_out
from neurocmc.sim.loihi.emulator import EmulatorRun, emulate, simulate_emulator
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.loihi.reference import run_reference
from neurocmc.sim.loihi.tables import weights_of
from tests.made import levels
from tests.made.circuits import steps
from tests.made.networks import random_network, random_values

TICKS = 60
LOUD = range(8)


def loud_network(seed: int) -> IntegerNetwork:
    """A random network whose currents wrap and whose voltages saturate: no decay, all exponents 5 higher."""
    network = random_network(seed)
    return replace(
        network,
        populations=tuple(
            replace(p, decay_u=0, decay_v=0, threshold_mantissa=(1 << 17) - 1) for p in network.populations
        ),
        projections=tuple(replace(p, exponent=min(p.exponent + 5, 7)) for p in network.projections),
        inputs=tuple(replace(entry, exponent=7) for entry in network.inputs),
    )


def assert_equal_to_reference(network: IntegerNetwork, seed: int) -> EmulatorRun:
    values = random_values(network, seed, batch=2, ticks=TICKS)
    run = emulate(network, values, 2, TICKS, record_spikes=True, record_state=True)
    neurons_of_unit = np.concatenate([np.full(p.units, p.neurons) for p in network.populations])
    unit_of_neuron = np.repeat(np.arange(neurons_of_unit.size), neurons_of_unit)
    for trial in range(2):
        reference = run_reference(network, values, trial, TICKS)
        assert np.array_equal(run.u[trial][:, unit_of_neuron], reference.u)
        assert np.array_equal(run.v[trial], reference.v)
        assert np.array_equal(run.spikes[trial].astype(bool), reference.spikes)
    counts = np.add.reduceat(
        run.spikes, np.concatenate([[0], np.cumsum(neurons_of_unit)[:-1]]), axis=2, dtype=np.int32
    )
    assert np.array_equal(run.counts, counts)
    return run


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), populations=st.integers(1, 4), payload=st.sampled_from([0, 24]))
def test_a_random_network_runs_as_the_reference_does(seed: int, populations: int, payload: int) -> None:
    assert_equal_to_reference(random_network(seed, populations, payload), seed)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_wraps_and_saturation_are_the_references(seed: int) -> None:
    assert_equal_to_reference(loud_network(seed), seed)


@contextmanager
def cut(piece: int, row_fill: float, threads: int) -> Iterator[None]:
    """Has populations cut into pieces of so many units, rows that are not so full listed, and trials shared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurocmc.sim.loihi.tables.LARGEST_PIECE", piece)
        patch.setattr("neurocmc.sim.loihi.tables.ROW_FILL", row_fill)
        patch.setattr("neurocmc.sim.loihi.emulator.FEWEST_SHARED", 0)
        patch.setattr("neurocmc.sim.loihi.emulator.usable_threads", lambda wanted: threads)
        yield


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    piece=st.integers(1, 5),
    row_fill=st.sampled_from([0.0, 0.5, 2.0]),
    threads=st.integers(1, 5),
)
def test_pieces_lists_and_threads_change_nothing(seed: int, piece: int, row_fill: float, threads: int) -> None:
    with cut(piece, row_fill, threads):
        assert_equal_to_reference(random_network(seed), seed)
        assert_equal_to_reference(loud_network(seed), seed)


def test_lists_are_rows_without_their_zeros() -> None:
    network = random_network(5)
    with cut(2, 2.0, 1):
        lists = weights_of(network)
    with cut(2, 0.0, 1):
        rows = weights_of(network)
    assert lists.listed.all()
    assert not rows.listed.any()
    assert rows.target.size == 0
    assert 0 < lists.target.size == lists.mantissa.size == np.count_nonzero(rows.mantissa) < rows.mantissa.size


@cache
def loud_runs() -> tuple[EmulatorRun, ...]:
    return tuple(
        emulate(
            loud_network(seed),
            random_values(loud_network(seed), seed, 2, TICKS),
            2,
            TICKS,
            record_spikes=True,
            record_state=True,
        )
        for seed in LOUD
    )


def test_loud_networks_do_wrap_and_saturate() -> None:
    """Without this, the test above might never meet what it is for."""
    limit = (1 << 23) - 1
    assert any((np.abs(np.diff(run.u.astype(np.int64), axis=1)) > 1 << 23).any() for run in loud_runs())
    assert any((run.v == -limit).any() for run in loud_runs())
    assert any(run.spikes.any() for run in loud_runs())


def test_random_networks_cover_what_they_should() -> None:
    networks = [random_network(seed) for seed in range(20)]
    projections = [p for network in networks for p in network.projections]
    assert {p.sign for p in projections} == {"excitatory", "inhibitory", "mixed"}
    assert {p.exponent for p in projections} == set(range(-3, 3))
    assert {p.delay_ticks for p in projections} == set(range(4))
    active = [
        emulate(network, random_values(network, 0, 1, TICKS), 1, TICKS).counts.any(axis=(0, 2)).mean()
        for network in networks
    ]
    assert min(active) > 0.1


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), batch=st.integers(1, 5))
def test_a_batch_is_its_trials(seed: int, batch: int) -> None:
    network = random_network(seed)
    values = random_values(network, seed, batch, TICKS)
    together = emulate(network, values, batch, TICKS, record_spikes=True, record_state=True)
    for trial in range(batch):
        alone = emulate(
            network,
            {k: v[trial : trial + 1] for k, v in values.items()},
            1,
            TICKS,
            record_spikes=True,
            record_state=True,
        )
        for field in ("counts", "spikes", "u", "v"):
            assert np.array_equal(getattr(together, field)[trial], getattr(alone, field)[0])


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), bits=st.sampled_from([8, 16, 17, 24]))
def test_decays_of_other_widths_are_the_references(seed: int, bits: int) -> None:
    """Up to 16 bits the loop multiplies in vectors of 32, beyond them one by one."""
    network = random_network(seed)
    populations = tuple(
        replace(p, decay_u=(p.decay_u << bits) >> 12, decay_v=(p.decay_v << bits) >> 12) for p in network.populations
    )
    network = replace(network, rule=replace(network.rule, decay_bits=bits), populations=populations)
    assert_equal_to_reference(network, seed)


def test_sums_beyond_32_bits_are_the_references() -> None:
    """No chip has such mantissas; the loop then sums in 64 bits, because a right shift must see the whole sum."""
    network = random_network(3)
    large = tuple(replace(p, mantissa=p.mantissa << 28, exponent=-7) for p in network.projections)
    assert weights_of(network).mantissa.dtype == np.int32
    network = replace(network, projections=large)
    assert weights_of(network).mantissa.dtype == np.int64
    assert assert_equal_to_reference(network, 3).spikes.any()


def test_groups_merge_only_where_nothing_is_rounded() -> None:
    network = random_network(1)
    base = replace(network.projections[0], delay_ticks=0)
    made = {
        (exponent, index): replace(base, name=f"p{exponent}-{index}", exponent=exponent)
        for exponent in (-2, 0, 3)
        for index in range(2)
    }
    weights = weights_of(replace(network, projections=tuple(made.values())))
    assert sorted(weights.exponent.tolist()) == [-2, -2, 0]
    assert_equal_to_reference(replace(network, projections=tuple(made.values())), 1)


def test_the_start_current_decays_in_the_first_tick() -> None:
    network = random_network(2, populations=1)
    pool = replace(network.populations[0], decay_u=2047, u_initial=np.full(network.populations[0].units, -4097))
    network = replace(network, populations=(pool,), projections=(), inputs=())
    run = emulate(network, {}, 1, 3, record_state=True)
    assert (run.u[0] == np.array([[-2048], [-1024], [-512]])).all()


@settings(max_examples=6)
@given(seed=st.integers(0, 2**32 - 1), threads=st.integers(1, 5))
def test_threads_change_nothing(seed: int, threads: int) -> None:
    network = random_network(seed)
    values = random_values(network, seed, 5, TICKS)
    alone = emulate(network, values, 5, TICKS, record_spikes=True, record_state=True, threads=1)
    shared = emulate(network, values, 5, TICKS, record_spikes=True, record_state=True, threads=threads)
    for name in ("counts", "spikes", "u", "v", "wraps"):
        assert np.array_equal(getattr(alone, name), getattr(shared, name))


def test_what_is_recorded_does_not_change_what_happens() -> None:
    network = random_network(5)
    values = random_values(network, 5, 2, TICKS)
    full, bare = (
        emulate(network, values, 2, TICKS, record_spikes=True, record_state=True),
        emulate(network, values, 2, TICKS),
    )
    assert np.array_equal(full.counts, bare.counts)
    assert bare.spikes.size == bare.u.size == bare.v.size == 0


@pytest.mark.parametrize("chunk", [1 << 22, 1000])
def test_a_recording_holds_every_spike_in_order(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurocmc.sim.loihi.emulator.CHUNK", chunk)  # neurons x ticks a fetch
    network = levels.integer()
    stimulus = Stimulus(
        name="two",
        duration_s=0.5,
        edges_s=[0.0],
        values={"drive": [[[0.3, 0.2, 0.1, 0.0]], [[0.0, 0.1, 0.4, 0.0]]]},
        labels=[0, 2],
    )
    recording = simulate_emulator(network, stimulus, record_spikes=True)
    run = emulate(network, encode(network, stimulus), 2, 500, record_spikes=True)
    start = 0
    for population in network.populations:
        train = recording.spikes[population.name]
        stop = start + population.units * population.neurons
        dense = np.zeros((2, 500, population.units, population.neurons), dtype=np.uint8)
        dense[train.trial, train.tick, train.unit, train.neuron] = 1
        assert np.array_equal(dense.reshape(2, 500, -1), run.spikes[:, :, start:stop])
        order = np.lexsort((train.neuron, train.unit, train.trial, train.tick))
        assert np.array_equal(order, np.arange(order.size))
        assert np.array_equal(recording.spike_counts[population.name], dense.sum(axis=(1, 3)))
        start = stop
    assert recording.spike_counts["excite"][0, 0] > recording.spike_counts["excite"][0, 2]
    assert len(recording.spikes["inhibit"].tick) > 0
    assert dict(simulate_emulator(network, stimulus).spikes) == {}


def test_activity_is_the_trace_of_the_spikes() -> None:
    network = levels.integer()
    recording = simulate_emulator(network, steps(), record_spikes=True)
    for population in network.populations:
        train, activity = recording.spikes[population.name], recording.activity[population.name][0]
        trace, keep = np.zeros(population.units), np.exp(-0.001 / 0.02)
        for tick in range(2000):
            count = np.bincount(train.unit[train.tick == tick], minlength=population.units)
            trace = keep * trace + (1 - keep) * population.activity_per_spike * count
            assert activity[tick] == pytest.approx(trace, rel=1e-5, abs=1e-7)


HALF = 1 << 23


@pytest.mark.parametrize(
    ("value", "folded"),
    [(0, 0), (HALF, HALF), (HALF + 1, 1 - HALF), (1 - HALF, 1 - HALF), (-HALF, HALF), (-HALF - 1, HALF - 1)],
)
def test_the_current_folds_at_its_edges(value: int, folded: int) -> None:
    assert fold(value, HALF) == folded == int(spelled_out.fold(np.array([value]), 24)[0])


@pytest.mark.parametrize(
    ("value", "kept"),
    [(0, 0), (1, 0), (-1, 0), (2, 1), (-2, -1), (4096, 4095), (-4096, -4095), (-HALF, -8386560)],
)
def test_a_decay_rounds_toward_zero(value: int, kept: int) -> None:
    assert toward_zero(value, 4095, 12) == kept == int(spelled_out.decay(np.array([value]), 4095, 12)[0])


@pytest.mark.parametrize(
    ("value", "wrapped"),
    [(0, 0), (2**31 - 1, 2**31 - 1), (2**31, -(2**31)), (-(2**31) - 1, 2**31 - 1), (2**40 + 5, 5)],
)
def test_sums_wrap_at_32_bits(value: int, wrapped: int) -> None:
    assert wrap32(value) == wrapped == int(spelled_out.wrap_int32(np.array([value]))[0])


def test_a_current_that_wraps_is_counted_and_refused() -> None:
    network = random_network(seed=0, populations=1, payload_bits=24, delays=1)
    population = network.populations[0]
    entry = replace(network.inputs[0], exponent=0, lsb_per_input=np.eye(population.units), filtered=False)
    network = replace(network, inputs=(entry,), projections=())
    register = 1 << (network.rule.current_bits - 1)

    def held(drive: float) -> Stimulus:
        values = np.full((1, 1, population.units), drive)
        return Stimulus(
            name="hold", duration_s=0.02, edges_s=np.zeros(1), values={entry.name: values}, labels=np.array([-1])
        )

    inside = encode(network, held(0.9 * register))
    assert not emulate(network, inside, 1, 20).wraps.any()
    assert simulate_emulator(network, held(0.9 * register)).ticks == 20
    with pytest.raises(InfeasibleError, match=r"stimulus hold, population .*24-bit .*\[current-wraps\]"):
        simulate_emulator(network, held(1.1 * register))
