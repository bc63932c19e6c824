"""What the host sends arrives as the drive: within half a quantum at every tick, in spikes that sum exactly."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.loihi.emulator import emulate
from neurocmc.sim.loihi.host import axon_spikes, encode, largest_value
from tests.made import levels
from tests.made.mean_drive import mean_drive
from tests.made.networks import random_network

TICKS = 300


def isolated(decay_u: int, entry: IntegerInput) -> IntegerNetwork:
    """The network of the integer level with its inputs alone, thresholds out of reach, and no current at first."""
    network = levels.integer()
    at_rest = {"bias_mantissa": np.full((4, 8), -4000), "u_initial": np.zeros(4, np.int64)}
    quiet = replace(network.population("excite"), decay_u=decay_u, **at_rest)
    return replace(network, populations=(quiet, network.population("inhibit")), projections=(), inputs=(entry,))


def random_stimulus(seed: int, trials: int = 2, edges: int = 12, high: float = 1.0) -> Stimulus:
    """Drives that jump on ticks and within them."""
    rng = np.random.default_rng(seed)
    first = np.sort(rng.choice(np.arange(1, TICKS), edges - 1, replace=False))
    starts = np.append(0.0, first + rng.uniform(0.0, 0.99, edges - 1) * rng.integers(0, 2, edges - 1)) * 1e-3
    values = rng.uniform(-high, high, (trials, edges, 4)) * rng.integers(0, 2, (trials, edges, 1))
    return Stimulus(
        name="random", duration_s=1e-3 * TICKS, edges_s=starts, values={"drive": values}, labels=[-1] * trials
    )


def entry_of(scale: float, exponent: int, *, filtered: bool, payload_bits: int) -> IntegerInput:
    axons = np.array([1]) if payload_bits else np.concatenate([np.full(2000, 254), np.full(2000, -254)])
    return IntegerInput(
        name="drive",
        target="excite",
        axon_mantissa=axons,
        exponent=exponent,
        payload_bits=payload_bits,
        lsb_per_input=scale * np.eye(4),
        filtered=filtered,
    )


def current_of(network: IntegerNetwork, stimulus: Stimulus) -> np.ndarray:
    """(batch, ticks, 4) the current that the chip's own filter makes of what the host sends."""
    run = emulate(network, encode(network, stimulus), stimulus.batch, TICKS, record_state=True)
    return run.u[:, :, :4].astype(np.int64)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    decay_u=st.integers(0, 4095),
    exponent=st.integers(0, 6),
    scale=st.floats(1.0, 4e6),
    payload=st.booleans(),
)
def test_an_unfiltered_drive_is_held_within_half_a_quantum(
    seed: int, decay_u: int, exponent: int, scale: float, payload: bool
) -> None:
    entry = entry_of(scale, exponent, filtered=False, payload_bits=24 if payload else 0)
    network, stimulus = isolated(decay_u, entry), random_stimulus(seed)
    quantum = (1 if payload else 2) << (exponent + 6)
    wanted = scale * mean_drive(stimulus, "drive", 1e-3)
    assert np.abs(current_of(network, stimulus) - wanted).max() <= quantum / 2 + 1


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    decay_u=st.integers(20, 4095),
    exponent=st.integers(0, 4),
    scale=st.floats(1e4, 4e6),
)
def test_a_filtered_drive_is_the_chips_own_filter_of_it(seed: int, decay_u: int, exponent: int, scale: float) -> None:
    """Rounding is carried over, so it never adds up beyond a quantum; the decay truncates less than 1 LSB a tick."""
    network = isolated(decay_u, entry_of(scale, exponent, filtered=True, payload_bits=0))
    stimulus = random_stimulus(seed)
    given_drive = scale * mean_drive(stimulus, "drive", 1e-3)
    arrives = (decay_u + 1) / 4096
    wanted = np.zeros_like(given_drive)
    for tick in range(1, TICKS):  # as the rate circuit filters: a value acts from the next tick on
        wanted[:, tick] = (1 - arrives) * wanted[:, tick - 1] + arrives * given_drive[:, tick - 1]
    assert np.abs(current_of(network, stimulus) - wanted).max() <= (2 << (exponent + 6)) + 1 / arrives + 1


def test_channels_are_weighted() -> None:
    weight = 1e5 * np.array([[1.0, 2, 0, 0], [0, 0, -1, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
    entry = replace(entry_of(1.0, 0, filtered=False, payload_bits=0), lsb_per_input=weight)
    stimulus = random_stimulus(3)
    wanted = mean_drive(stimulus, "drive", 1e-3) @ weight.T
    assert np.abs(current_of(isolated(100, entry), stimulus) - wanted).max() <= 65


@pytest.mark.parametrize("drive", [2.0, -2.0, 1e9, -1e12, 1e30])
def test_a_drive_beyond_the_axons_is_refused(drive: float) -> None:
    network = isolated(199, replace(entry_of(1e6, 0, filtered=False, payload_bits=0), axon_mantissa=[254] * 65))
    stimulus = Stimulus(
        name="flash", duration_s=0.1, edges_s=[0.0], values={"drive": np.full((1, 1, 4), drive)}, labels=[-1]
    )
    with pytest.raises(InputError) as caught:
        encode(network, stimulus)
    (problem,) = caught.value.problems
    assert problem.where == "stimulus flash, input drive"
    assert problem.what.endswith("times the drive that its input axons were built for")
    assert problem.cure.startswith("compile with a calibration stimulus that covers this drive")


def test_the_message_says_by_how_much() -> None:
    entry = replace(entry_of(64.0, 0, filtered=False, payload_bits=0), axon_mantissa=[100, 100, -100, -100])
    stimulus = Stimulus(
        name="flash", duration_s=0.1, edges_s=[0.0], values={"drive": np.full((1, 1, 4), 250.0)}, labels=[-1]
    )
    with pytest.raises(InputError, match=r" 1\.25 times .*\[drive-beyond-input\]"):
        encode(isolated(4095, entry), stimulus)
    assert encode(isolated(4095, entry), stimulus.take(slice(0)))["drive"].shape == (0, 100, 4)


@given(st.data())
def test_axon_spikes_sum_exactly(data: st.DataObject) -> None:
    entry = levels.integer().inputs[0]
    limit = largest_value(entry) // 2
    drawn = data.draw(st.lists(st.integers(-limit, limit), min_size=1, max_size=30))
    values = 2 * np.array([drawn, drawn[::-1]], dtype=np.int32)
    spikes = axon_spikes(entry, values)
    assert spikes.shape == (2, len(drawn), entry.axon_mantissa.size)
    assert spikes.max() <= 1
    assert np.array_equal((spikes * entry.axon_mantissa).sum(axis=2), values)
    own_sign = np.sign(values)[..., None] == np.sign(entry.axon_mantissa)
    assert not (spikes.astype(bool) & ~own_sign).any()


def test_the_extremes_are_carried_too() -> None:
    for network in (levels.integer(), random_network(1)):
        for entry in network.inputs:
            limit = largest_value(entry)
            spikes = axon_spikes(entry, np.array([limit], dtype=np.int32))
            assert int((spikes * entry.axon_mantissa).sum()) == limit


def test_a_drive_behind_the_hosts_own_filter_is_followed() -> None:
    """The current is that of a filter of another pole than the compartment's, within half a quantum."""
    entry = replace(entry_of(6400.0, 0, filtered=False, payload_bits=24), host_pole=0.9)
    network, stimulus = isolated(199, entry), random_stimulus(5)
    current = current_of(network, stimulus)
    drive = mean_drive(stimulus, "drive", network.tick_s) * 6400.0
    wanted = np.zeros((stimulus.batch, 4))
    for tick in range(TICKS):
        assert np.abs(current[:, tick] - wanted).max() <= 32 + 1e-6
        wanted = 0.9 * wanted + 0.1 * drive[:, tick]
