"""Laws of one neuron: more current never means fewer spikes, and without memory the transfer is a step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.sim.neuron import SETTLE_TICKS, TICKS, IdealNeuron, LoihiNeuron, Neuron

THETA = 448_000


def loihi(decay_v: int, theta: int = THETA) -> LoihiNeuron:
    return LoihiNeuron(
        decay_v=decay_v, decay_bits=12, threshold_lsb=theta, bias_step_lsb=128, voltage_limit_lsb=(1 << 23) - 1
    )


def intervals(rate: np.ndarray) -> np.ndarray:
    """Ticks between spikes, where there are any."""
    return 1.0 / rate[rate > 0]


@given(
    decay_v=st.integers(0, 4095), theta=st.integers(64, (1 << 23) - 64), low=st.floats(-2, 0), high=st.floats(0.1, 3)
)
def test_the_staircase_of_a_loihi_neuron_never_falls(decay_v: int, theta: int, low: float, high: float) -> None:
    rate = loihi(decay_v, theta).rate(np.linspace(low, high, 40))
    assert (np.diff(rate) >= 0).all()
    assert (rate >= 0).all()
    assert (rate <= 1).all()


@given(keep=st.floats(0, 0.999), high=st.floats(0.1, 3))
def test_the_staircase_of_an_ideal_neuron_never_falls(keep: float, high: float) -> None:
    rate = IdealNeuron(keep=keep).rate(np.linspace(-1.0, high, 40))
    # At the edge of a step, one spike more or less falls into the ticks that are counted.
    assert (np.diff(rate) >= -1.0 / (TICKS - SETTLE_TICKS)).all()


def stepped(neuron: Neuron, current: float) -> float:
    """The rate of a neuron that is stepped through all ticks, spikes and all."""
    spikes, voltage = [], 0.0
    for _ in range(TICKS):
        if isinstance(neuron, IdealNeuron):
            voltage, threshold = voltage * neuron.keep + current, 1.0
        else:
            kept = int(abs(voltage)) * ((1 << neuron.decay_bits) - neuron.decay_v) >> neuron.decay_bits
            voltage = (kept if voltage >= 0 else -kept) + round(current * neuron.threshold_lsb)
            voltage = min(max(voltage, -neuron.voltage_limit_lsb), neuron.voltage_limit_lsb)
            threshold = neuron.threshold_lsb
        spikes.append(voltage > threshold)
        voltage = 0.0 if spikes[-1] else voltage
    return sum(spikes[SETTLE_TICKS:]) / (TICKS - SETTLE_TICKS)


@settings(max_examples=25)
@given(
    decay_v=st.integers(0, 3800),
    theta=st.integers(64, (1 << 23) - 64),
    current=st.floats(-1, 1.5) | st.floats(0, 0.05),
)
def test_what_follows_from_the_first_spike_is_what_all_ticks_show(decay_v: int, theta: int, current: float) -> None:
    for neuron in (loihi(decay_v, theta), IdealNeuron(keep=1 - decay_v / 4096)):
        assert neuron.rate(np.array([current])).tolist() == [stepped(neuron, current)]


@pytest.mark.parametrize("neuron", [loihi(200), IdealNeuron(keep=1 - 200 / 4096)])
def test_intervals_are_whole_ticks(neuron: Neuron) -> None:
    rate = neuron.rate(np.linspace(0.1, 0.9, 200))
    counted = TICKS - SETTLE_TICKS
    whole = np.rint(intervals(rate))
    assert len(np.unique(whole)) > 5
    assert (np.abs(rate[rate > 0] - 1.0 / whole) <= 1.0 / counted).all()


@pytest.mark.parametrize("neuron", [loihi(205), IdealNeuron(keep=1 - 205 / 4096)])
def test_the_rate_is_that_of_the_closed_form(neuron: Neuron) -> None:
    """From v = 0 the n-th voltage is I (1 - keep^n) / (1 - keep): it fires at the first n that passes 1."""
    keep = 1 - 205 / 4096
    current = np.array([0.06, 0.083, 0.13, 0.37, 0.6, 1.5])
    first = [next(n for n in range(1, 500) if i * (1 - keep**n) / (1 - keep) > 1.0) for i in current]
    counted = TICKS - SETTLE_TICKS
    assert np.abs(neuron.rate(current) - 1.0 / np.array(first)).max() <= 1.0 / counted


def test_below_rheobase_there_is_no_spike() -> None:
    keep = 1 - 205 / 4096
    below = np.linspace(-1.0, 0.999 * (1 - keep), 50)
    assert not IdealNeuron(keep=keep).rate(below).any()
    assert not loihi(205).rate(below).any()


def test_without_memory_the_transfer_is_a_step() -> None:
    current = np.linspace(0.0, 2.0, 401)
    assert np.array_equal(IdealNeuron(keep=0.0).rate(current), (current > 1.0).astype(float))


def test_the_shortest_memory_of_loihi_is_almost_a_step() -> None:
    """Its register leaves 1/4096 of the voltage, so that a neuron just below threshold still gets there."""
    current = np.linspace(0.0, 2.0, 4001)
    rate = loihi(4095).rate(current)
    assert set(rate[current <= 1.0 - 1.0 / 4095]) == {0.0}
    assert set(rate[current > 1.0]) == {1.0}


@given(st.lists(st.floats(-8, 8), min_size=1, max_size=20), st.integers(100, 8_000_000))
def test_biases_stand_on_the_grid(bias: list[float], theta: int) -> None:
    neuron = loihi(4095, theta)
    placed = neuron.place_bias(np.array(bias)) * theta
    assert np.allclose(placed / 128, np.rint(placed / 128), atol=1e-6)
    assert np.abs(placed - np.array(bias) * theta).max() <= 64 + 1e-6
    assert IdealNeuron(keep=0.0).place_bias(np.array(bias)).tolist() == bias


def test_a_saturated_voltage_stays_in_its_register() -> None:
    """Far below zero the voltage stops at its limit; without that, 64 bits would let it sink for ever."""
    assert not loihi(0).rate(np.array([-5.0, -1000.0])).any()
