"""The emulator of single neurons: the spikes of its twin and of emitted files, and what it says registers held."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.backends.files import stimulus_file
from neurocmc.backends.loihi.emit_neurons import emit_neurons
from neurocmc.backends.loihi.readback import run_emitted
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.placing.wiring import neuron_wiring
from neurocmc.passes.loihi.route import Route
from neurocmc.sim.loihi.compartments.run import run_compartments
from neurocmc.sim.loihi.neurons.emulator import FIRST_ROOM, recording_of, run_neurons
from neurocmc.sim.loihi.neurons.kernel import ROUNDED_BITS
from neurocmc.sim.loihi.neurons.twin import arriving, compartments_of, run_twin
from tests.made.integer_neurons import network_of, pool, random_events, random_integers, synapses
from tests.made.targets import loihi

HELD = ("largest_u", "lowest_v", "highest_v", "wraps", "below", "above", "rounded")


def placed(network: IntegerNeurons) -> ChipProgram[IntegerNeurons]:
    wiring, target = neuron_wiring(network), loihi()
    program = Route().route(network, wiring, Place().place(wiring, target), target)
    assert program.problems() == ()
    return program


def silence(trials: int, ticks: int, channels: int = 2) -> EventStimulus:
    return EventStimulus.of_dense("silence", np.zeros((trials, ticks, channels), dtype=np.uint8))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_twin_and_emulator_hold_the_same_registers_at_every_tick(seed: int) -> None:
    network = random_integers(seed)
    assert network.problems() == ()
    stimulus = random_events(network, seed)
    ticks = stimulus.ticks + network.deepest_ticks
    ours = run_neurons(network, stimulus, record_state=True)
    events = arriving(network, stimulus, ticks)
    quantities = ("spikes", "u", "v")
    theirs = run_compartments(compartments_of(network), events, ticks=ticks, batch=stimulus.batch, record=quantities)
    np.testing.assert_array_equal(ours.spikes.dense(stimulus.batch, ticks, network.neurons), theirs.raster())
    np.testing.assert_array_equal(ours.u, theirs.u)
    np.testing.assert_array_equal(ours.v, theirs.v)
    assert ours.spikes.differing(run_twin(network, stimulus)).total == 0


@pytest.mark.parametrize("seed", range(6))
def test_files_read_back_spike_as_the_emulator_does(seed: int, tmp_path: Path) -> None:
    network = random_integers(seed)
    stimulus = random_events(network, seed)
    ticks = stimulus.ticks + network.deepest_ticks
    (tmp_path / "program").mkdir()
    emit_neurons(placed(network), {stimulus.name: stimulus}, tmp_path / "program")
    ours = run_neurons(network, stimulus).spikes
    assert ours.total > 100
    dense = ours.dense(stimulus.batch, ticks, network.neurons) > 0
    for trial in range(stimulus.batch):
        read = run_emitted(tmp_path / "program", stimulus_file(stimulus.name), trial, network.rule)
        np.testing.assert_array_equal(read, dense[trial])


def test_a_recording_is_in_the_order_and_time_of_the_populations() -> None:
    network = random_integers(3)
    stimulus = random_events(network, 3)
    ran = run_neurons(network, stimulus)
    dense = ran.spikes.dense(stimulus.batch, stimulus.ticks + 3, network.neurons)
    seen = recording_of(network, ran.spikes, stimulus)
    assert (dict(seen.sizes), seen.level, seen.ticks) == ({"a": 12, "b": 9}, "emulator", stimulus.ticks)
    for name, size in seen.sizes.items():
        late = network.depth_of(name)
        expected = dense[:, late : late + stimulus.ticks][:, :, network.rows(name)]
        found = seen.spikes[name].dense(stimulus.batch, stimulus.ticks, size)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(4))
def test_registers_held_no_more_than_was_recorded(seed: int) -> None:
    """Neurons that never spike: what v was held against is what was recorded."""
    network = random_integers(seed)
    pools = (replace(p, threshold_mantissa=131_071, refractory_ticks=1) for p in network.populations)
    network = replace(network, populations=tuple(pools))
    stimulus = random_events(network, seed)
    ran = run_neurons(network, stimulus, record_state=True)
    quiet = np.ones(network.neurons, dtype=np.bool_)
    quiet[ran.spikes.unit] = False
    assert quiet.any()
    np.testing.assert_array_equal(ran.largest_u, np.abs(ran.u).max(axis=(0, 1)))
    np.testing.assert_array_equal(ran.lowest_v, np.minimum(ran.v.min(axis=(0, 1)), 0))
    np.testing.assert_array_equal(ran.highest_v[quiet], np.maximum(ran.v.max(axis=(0, 1)), 0)[quiet])


def test_voltages_that_saturate_are_counted_at_either_end() -> None:
    """A bias of 4095 << 7 is 524,160 LSB: 16 of them fill 23 bits, the 17th saturates, and so do all that follow."""
    network = network_of(
        [pool("down", 1, bias_mantissa=-4095, bias_exponent=7), pool("up", 1, bias_mantissa=4095, bias_exponent=7,
              threshold_mantissa=131_071)], [])  # fmt: skip
    ran = run_neurons(network, silence(2, 30), record_state=True)
    full = network.rule.largest_voltage
    assert full == 2**23 - 1
    assert (ran.v[0, 15, 0], ran.v[0, 16, 0], ran.v[0, 29, 0]) == (-16 * 524_160, -full, -full)
    assert (ran.below.tolist(), ran.above.tolist()) == ([2 * 14, 0], [0, 2])
    assert (ran.lowest_v.tolist(), ran.highest_v.tolist()) == ([-full, 0], [0, full])
    assert (ran.spikes.unit.tolist(), ran.spikes.tick.tolist()) == ([1, 1], [16, 16])


def test_currents_that_leave_their_register_are_counted() -> None:
    """254 << 7 mantissas are 2,080,768 LSB: four of them in one tick fill 23 bits, a fifth wraps."""
    drive = [synapses(f"s{k}", [(0, 0, 254)], input="input", exponent=7) for k in range(4)]
    network = network_of([pool("a", 1, decay_v=4095, threshold_mantissa=131_071)], drive)
    once = EventStimulus.of_events("once", channel=[0], tick=[1], ticks=4)
    assert run_neurons(network, once).wraps.tolist() == [0]
    assert run_neurons(network, once).largest_u.tolist() == [4 * 254 << 13]
    more = replace(network, synapses=(*drive, synapses("s4", [(0, 0, 254)], input="input", exponent=7)))
    ran = run_neurons(more, once, record_state=True)
    assert ran.wraps.tolist() == [1]
    assert ran.u[0, 1, 0] == (5 * 254 << 13) - 2**24
    assert run_neurons(more, EventStimulus.of_events("again", channel=[0, 0], tick=[1, 3], trial=[0, 1]),
                       threads=2).wraps.tolist() == [2]  # fmt: skip


@given(mantissas=st.lists(st.integers(-127, 127).filter(bool), min_size=1, max_size=5), exponent=st.integers(-7, -1))
def test_what_a_shift_to_the_right_rounds_off_is_known_to_the_bit(mantissas: list[int], exponent: int) -> None:
    """The sum of one group and tick is shifted, not each mantissa."""
    channels = len(mantissas)
    pairs = [(source, 0, 2 * mantissa) for source, mantissa in enumerate(mantissas)]
    drive = synapses("s", pairs, input="input", exponent=exponent)
    network = network_of([pool("a", 1, threshold_mantissa=131_071)], [drive], {"input": channels})
    spikes = np.zeros((1, 3, channels), dtype=np.uint8)
    spikes[0, 1] = 1
    ran = run_neurons(network, EventStimulus.of_dense("all", spikes), record_state=True)
    total = 2 * sum(mantissas)
    assert ran.u[0, 1, 0] == (total >> -exponent) << 6
    lost = total * 2.0**exponent - (total >> -exponent)
    assert ran.rounded.tolist() == [lost * 2**ROUNDED_BITS]


def test_a_neuron_is_silent_for_its_refractory_time() -> None:
    """Driven far beyond its threshold in every tick, a neuron spikes once in so many ticks."""
    pools = [pool(f"r{ticks}", 1, refractory_ticks=ticks, bias_mantissa=4095, bias_exponent=7) for ticks in (1, 2, 5)]
    ran = run_neurons(network_of(pools, []), silence(1, 11))
    trains = {name: ran.spikes.tick[ran.spikes.unit == unit].tolist() for unit, name in enumerate(("r1", "r2", "r5"))}
    assert trains == {"r1": list(range(11)), "r2": list(range(0, 11, 2)), "r5": [0, 5, 10]}


def test_there_is_room_for_more_spikes_than_at_first() -> None:
    neurons = 128
    network = network_of([pool("a", neurons, bias_mantissa=4095, bias_exponent=7)], [])
    ticks = FIRST_ROOM // neurons + 10
    ran = run_neurons(network, silence(2, ticks), record_state=True)
    assert ran.spikes.total == 2 * ticks * neurons > 2 * FIRST_ROOM
    np.testing.assert_array_equal(ran.spikes.counts(2, neurons), ticks)
    assert ran.above.sum() == 0
    assert ran.highest_v.tolist() == [4095 << 7] * neurons  # counted once, though the trial was run twice


def test_threads_change_nothing() -> None:
    network = random_integers(11)
    stimulus = random_events(network, 11, trials=7)
    alone, together = (run_neurons(network, stimulus, record_state=True, threads=n) for n in (1, 3))
    assert alone.spikes.differing(together.spikes).total == 0
    for field in (*HELD, "u", "v"):
        np.testing.assert_array_equal(getattr(alone, field), getattr(together, field))


def test_trials_do_not_know_of_each_other() -> None:
    network = random_integers(12)
    stimulus = random_events(network, 12, trials=4)
    whole = run_neurons(network, stimulus).spikes
    for trial in range(4):
        chosen: Any = np.array([trial])
        alone = run_neurons(network, stimulus.take([trial])).spikes
        assert alone.differing(whole.take(chosen)).total == 0
