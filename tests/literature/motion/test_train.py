"""Training: the module is the circuit, delays are worth what they can be, and seeds say everything."""

import numpy as np
import pytest
import torch

from neurocmc.literature.motion.dots import make_trials
from neurocmc.literature.motion.train import MotionNet, train
from tests.literature.motion.small import recipe

EASY = {"dots": {"coherence": 1.0, "velocities": [-1, 1]}, "training": {"epochs": 15, "steps": 10}}


def test_the_module_is_the_circuit() -> None:
    whole = recipe(circuit={"sensor_tau_ms": 0.5}, training={"sparsity": 0.0})
    made, _ = train(whole, 3)
    net = MotionNet(whole, np.arange(3))
    with torch.no_grad():
        net.weight.copy_(torch.tensor(made.weight))
        net.bias.copy_(torch.tensor(made.bias))
        net.readout.weight.copy_(torch.tensor(made.readout))
        net.readout.bias.copy_(torch.tensor(made.readout_bias))
    trials = make_trials(whole, "test", 30)
    with torch.no_grad():
        answers = net(net.arranged(trials)).numpy()
    active = made.motion(trials.drives)[:, -6:].mean(axis=1)
    assert np.abs(active @ made.readout.T + made.readout_bias - answers).max() < 1e-5
    assert np.ptp(answers) > 0.1


def test_delays_tell_left_from_right_and_without_them_nothing_does() -> None:
    learned, chance = recipe(**EASY), recipe(**EASY, synapses={"delays": "none"})
    trials = make_trials(learned, "test", 200)
    assert train(learned, 0)[0].accuracy(trials, 6) > 0.85  # no dot is seen in a sixth of them
    assert 0.3 < train(chance, 0)[0].accuracy(trials, 6) < 0.7


def test_the_same_seed_trains_the_same_circuit() -> None:
    one, again, other = (train(recipe(), seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one.weight, again.weight)
    assert not np.array_equal(one.weight, other.weight)


def test_noise_in_training_is_heard() -> None:
    quiet, noisy = (train(recipe(training={"drive_noise": noise}), 0)[0] for noise in (0.0, 1.0))
    assert not np.array_equal(quiet.weight, noisy.weight)


@pytest.mark.parametrize("delays", ["learned", "random"])
def test_as_many_synapses_are_left_as_asked_for_with_a_delay_each(delays: str) -> None:
    made, _ = train(recipe(synapses={"delays": delays, "keep": 0.2, "one_delay": True}), 0)
    assert made.synapses == 18  # of 3 x 5 x 6
    assert np.count_nonzero(made.weight, axis=0).max() == 1


def test_bits_leave_a_few_values_and_summed_delays_none() -> None:
    made, _ = train(recipe(synapses={"bits": 2}), 0)
    assert all(np.unique(np.abs(made.weight[:, unit])).size <= 2 for unit in range(5))
    whole, _ = train(recipe(), 0)
    summed, _ = train(recipe(synapses={"delays": "summed"}), 0)
    assert summed.delay_steps.tolist() == [0]
    assert np.allclose(summed.weight[0], whole.weight.sum(axis=0), rtol=0, atol=1e-15)
