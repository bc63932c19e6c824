"""Single neurons against a pencil: what each register of a neurosynaptic core does, row by row of its equations."""

from typing import Any

import numpy as np
import pytest

from neurocmc.sim.truenorth import Axon, CoreBuilder, CoreInputSpikes, CoreRecord, CoreRun, Neuron, run_cores

ALL = CoreRecord(spikes="all", potentials="all")


def alone(ticks: int, *, batch: int = 1, spikes: Any = None, potential_bits: int = 20, **registers: Any) -> CoreRun:
    """One neuron that every axon of types 0 to 3 reaches, alone on its core; it sends nowhere."""
    cores = CoreBuilder(axons=4, neurons=1, potential_bits=potential_bits)
    core = cores.add_core()
    axons = [cores.add_axon(core, kind) for kind in range(4)]
    neuron = cores.add_neuron(core, **{"weight": [], "threshold": 1 << 20} | registers)
    for axon in axons:
        cores.connect(axon, neuron)
    trains = {axons[kind]: ticks for kind, ticks in (spikes or {}).items()}
    given = CoreInputSpikes.from_trains(*[trains] * batch)
    return run_cores(cores.network(), given, ticks, batch=batch, seed=7, record=ALL)


def potentials(ticks: int, **registers: Any) -> list[int]:
    return alone(ticks, **registers).potentials[0, :, 0].tolist()


def times(ticks: int, **registers: Any) -> list[int]:
    return np.flatnonzero(alone(ticks, **registers).spikes[0, :, 0]).tolist()


def test_types_choose_weights_and_an_axon_counts_once_in_a_tick() -> None:
    spikes = {0: [1, 1, 1], 1: [2], 2: [3], 3: [3]}
    assert potentials(5, weight=[10, -4, 255, -256], spikes=spikes) == [0, 10, 6, 5, 5]


def test_a_leak_is_added_in_every_tick_and_drives_a_neuron() -> None:
    assert potentials(6, leak=-3, floor=8) == [-3, -6, -8, -8, -8, -8]
    assert times(12, leak=2, threshold=7) == [3, 7, 11]  # 8 is the first not below 7; what is over is lost
    assert times(16, leak=2, threshold=7, reset_mode=1) == [3, 6, 10, 13]  # and here it is kept: 2 spikes in 7 ticks


def test_subtraction_makes_the_rate_exact() -> None:
    assert len(times(7000, leak=3, threshold=7, reset_mode=1)) == 3000
    assert len(times(7000, leak=3, threshold=7)) == 7000 // 3


def test_a_leak_that_reverses_goes_towards_zero_and_stays_or_steps_over_it() -> None:
    assert potentials(5, leak=-2, leak_reversal=True, potential=4) == [2, 0, 0, 0, 0]
    assert potentials(5, leak=-2, leak_reversal=True, potential=-4) == [-2, 0, 0, 0, 0]
    assert potentials(4, leak=-2, leak_reversal=True, potential=3) == [1, -1, 1, -1]
    assert potentials(3, leak=2, leak_reversal=True, potential=-1) == [-3, -5, -7]


@pytest.mark.parametrize(
    ("mode", "after"), [(0, [5, 5, 5]), (1, [2, 2, 2]), (2, [12, 12, 12])], ids=["reset", "subtract", "none"]
)
def test_what_a_spike_leaves(mode: int, after: list[int]) -> None:
    run = alone(3, potential=12, threshold=10, reset_mode=mode, reset_potential=5)
    assert run.potentials[0, :, 0].tolist() == after
    assert run.spikes[0, :, 0].tolist() == [True, mode == 2, mode == 2]


@pytest.mark.parametrize(
    ("registers", "after"),
    [
        ({"floor_saturates": True, "reset_mode": 0}, [-10, -10]),
        ({"floor_saturates": True, "reset_mode": 2}, [-10, -10]),
        ({"floor_saturates": False, "reset_mode": 0}, [5, 5]),  # to minus the reset potential
        ({"floor_saturates": False, "reset_mode": 1}, [-2, -2]),  # V + floor
        ({"floor_saturates": False, "reset_mode": 2}, [-12, -12]),
    ],
)
def test_what_happens_below_the_floor(registers: dict[str, Any], after: list[int]) -> None:
    run = alone(2, potential=-12, floor=10, reset_potential=-5, **registers)
    assert run.potentials[0, :, 0].tolist() == after
    assert not run.spikes.any()
    above = alone(2, potential=-10, floor=10, reset_potential=-5, **registers)
    assert above.potentials[0, :, 0].tolist() == [-10, -10]


def test_integration_comes_before_the_leak_and_both_before_the_threshold() -> None:
    assert times(3, weight=[10], leak=-1, threshold=9, spikes={0: [0]}) == [0]
    assert times(3, weight=[10], leak=-1, threshold=10, spikes={0: [0]}) == []


def test_a_potential_stops_at_the_ends_of_its_register_and_is_counted() -> None:
    spikes = {0: [0, 1, 2], 1: [3, 4, 5, 6]}
    up = alone(7, weight=[100, -100], potential_bits=8, leak=1, spikes=spikes)
    assert up.potentials[0, :, 0].tolist() == [101, 127, 127, 28, -71, -127, -127]
    # Tick 1: 201 and then 127 + 1 leave it. Tick 2 likewise. Ticks 5 and 6: -171 and -227, the leak lifts -128 by 1.
    assert up.saturations[0] == 6
    ends = alone(2, potential=-127, leak=-1, potential_bits=8, floor=500)
    assert ends.potentials[0, :, 0].tolist() == [-128, -128]


@pytest.mark.parametrize("delay", [1, 2, 14, 15])
def test_a_spike_arrives_after_its_delay(delay: int) -> None:
    cores = CoreBuilder(axons=2, neurons=2)
    first, second = cores.add_core(), cores.add_core(at=(5, 3))
    pulse, relay = cores.add_axon(first), cores.add_axon(second)
    sender = cores.add_neuron(first, weight=[1], threshold=1)
    receiver = cores.add_neuron(second, weight=[1], threshold=1)
    cores.connect(pulse, sender)
    cores.connect(relay, receiver)
    cores.send(sender, relay, delay=delay)
    assert cores.put_out(receiver) == 0
    run = run_cores(cores.network(), CoreInputSpikes.from_trains({pulse: [3, 20, 21]}), 60)
    assert run.outputs.tick.tolist() == [3 + delay, 20 + delay, 21 + delay]
    assert run.synaptic_events[0] == 6


DRAWS = 20_000


def within(observed: float, share: float) -> bool:
    """Whether a share of DRAWS draws is within 4 standard deviations."""
    return abs(observed - share) <= 4 * np.sqrt(share * (1 - share) / DRAWS) + 1e-12


@pytest.mark.parametrize("strength", [-256, -255, -64, -1, 0, 1, 100, 255])
def test_a_stochastic_weight_adds_its_sign_with_its_probability(strength: int) -> None:
    spikes = {0: range(DRAWS)}
    run = alone(DRAWS, weight=[strength], stochastic_weight=True, spikes=spikes)
    steps = np.diff(run.potentials[0, :, 0], prepend=0)
    assert set(steps.tolist()) <= {0, int(np.sign(strength))}
    assert within(float(np.abs(steps).mean()), abs(strength) / 256)


@pytest.mark.parametrize("leak", [-256, -30, 0, 128, 255])
def test_a_stochastic_leak_adds_its_sign_with_its_probability(leak: int) -> None:
    run = alone(DRAWS, leak=leak, stochastic_leak=True)
    steps = np.diff(run.potentials[0, :, 0], prepend=0)
    assert set(steps.tolist()) <= {0, int(np.sign(leak))}
    assert within(float(np.abs(steps).mean()), abs(leak) / 256)


@pytest.mark.parametrize(("potential", "share"), [(0, 0.0), (1, 1 / 64), (40, 40 / 64), (63, 63 / 64), (64, 1.0)])
def test_a_noise_mask_draws_the_threshold(potential: int, share: float) -> None:
    run = alone(DRAWS, potential=potential, threshold=1, noise_mask=63, reset_mode=2)
    assert within(float(run.spikes.mean()), share)


def test_neighbours_ticks_and_trials_draw_without_correlation() -> None:
    cores = CoreBuilder(axons=1, neurons=16)
    core = cores.add_core()
    for _ in range(16):
        cores.add_neuron(core, weight=[0], threshold=1, noise_mask=1, reset_mode=2, potential=1)
    spikes = run_cores(cores.network(), None, 4000, batch=2, record=ALL).spikes.astype(float)
    columns = np.concatenate([spikes[0, 1:], spikes[0, :-1], spikes[1, 1:]], axis=1)
    correlation = np.corrcoef(columns.T) - np.eye(48)
    assert np.abs(correlation).max() < 5 / np.sqrt(4000)


M, W = 8, 8  # the filter's mask has M bits, its spike comes back with -W


def leaky_filters(stages: int, gain: int = W) -> tuple[CoreBuilder, Axon, list[Neuron]]:
    """A chain of filters: each one's spike returns to itself with -W and reaches the next one with W."""
    cores = CoreBuilder(axons=stages + 1, neurons=stages)
    core = cores.add_core()
    drive = cores.add_axon(core, kind=0)
    returns = [cores.add_axon(core, kind=stage + 1) for stage in range(stages)]
    neurons = [
        cores.add_neuron(
            core,
            weight=[gain if kind == stage else -W if kind == stage + 1 else 0 for kind in range(stages + 1)],
            threshold=1,
            noise_mask=(1 << M) - 1,
            reset_mode=2,
        )
        for stage in range(stages)
    ]
    for stage, axon in enumerate(returns):
        cores.connect(axon, *neurons)
        cores.send(neurons[stage], axon)
    cores.connect(drive, *neurons)
    return cores, drive, neurons


@pytest.mark.parametrize(("mask_bits", "weight"), [(8, 8), (8, 2), (10, 20)])
def test_a_leaky_filter_decays_by_weight_over_mask(mask_bits: int, weight: int) -> None:
    """The pole of E[V], fitted over two time constants, against 1 - w / 2^M."""
    cores = CoreBuilder(axons=1, neurons=1)
    core = cores.add_core()
    back = cores.add_axon(core)
    start = (1 << mask_bits) - 1
    neuron = cores.add_neuron(core, weight=[-weight], threshold=1, noise_mask=start, reset_mode=2, potential=start)
    cores.connect(back, neuron)
    cores.send(neuron, back)
    ticks = 2 * (1 << mask_bits) // weight
    run = run_cores(cores.network(), None, ticks, batch=2000, seed=1, record=CoreRecord(potentials="all"))
    mean = run.potentials[:, :, 0].mean(axis=0)
    decay = 1 - np.exp(np.polyfit(np.arange(ticks), np.log(mean), 1)[0])
    assert decay == pytest.approx(weight / (1 << mask_bits), rel=0.02)


def test_a_cascade_of_two_filters_answers_a_step_as_second_order_does() -> None:
    cores, drive, neurons = leaky_filters(2)
    share, ticks, batch = 0.6, 250, 1000
    spikes = np.argwhere(np.random.default_rng(4).random((batch, ticks)) < share)
    given = CoreInputSpikes(
        trial=spikes[:, 0],
        tick=spikes[:, 1],
        core=np.full(len(spikes), drive.core),
        axon=np.full(len(spikes), drive.axon),
    )
    run = run_cores(cores.network(), given, ticks, batch=batch, seed=2, record=CoreRecord(potentials=neurons))
    measured = run.potentials[:, :, 1].mean(axis=0) / (1 << M)
    pole = W / (1 << M)
    time = np.arange(ticks) * pole
    expected = share * (1 - (1 + time) * np.exp(-time))
    assert np.abs(measured - expected).max() < 0.05 * share
