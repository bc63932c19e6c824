"""Networks of neurons driven by real numbers: each tick's are what its channels carry, beside their spikes."""

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.ir.neurons.semantics import Semantics
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.neurons import simulate_neurons
from tests.frameworks.by_hand import network, population, projection

RULES = Semantics(name="neurocmc", dt_s=1e-3, decay="linear", update="pole", precision="float64")
NET = network(
    RULES, (population("a", 2, pole_syn=0.5, pole_mem=0.75),), (projection("input", "a", [[1, 0], [0, 2]]),), 2
)
SHAPE = (70, 40, 2)  # more trials than run at once


def stimulus(dense: np.ndarray) -> EventStimulus:
    return EventStimulus.of_dense("given", dense)


def test_currents_are_stepped_as_euler_does() -> None:
    currents = np.random.default_rng(0).normal(0.2, 0.5, SHAPE)
    found = simulate_neurons(NET, stimulus(np.zeros(SHAPE)), currents={"input": currents}).spikes["a"].dense(*SHAPE)
    i, v = np.zeros((2, SHAPE[0], 2))
    for tick in range(SHAPE[1]):
        i = 0.5 * i + currents[:, tick] * [1, 2]
        v = 0.75 * v + i
        assert np.array_equal(found[:, tick] > 0, v > 1)
        v = np.where(v > 1, 0, v)
    assert found.sum() > 1000


def test_spikes_and_currents_add_up() -> None:
    dense = (np.random.default_rng(1).random(SHAPE) < 0.3).astype(np.float64)
    by_spikes = simulate_neurons(NET, stimulus(dense)).spikes["a"]
    by_currents = simulate_neurons(NET, stimulus(np.zeros(SHAPE)), currents={"input": dense}).spikes["a"]
    assert by_spikes.total > 100
    assert by_spikes.differing(by_currents).total == 0
    taken_away = simulate_neurons(NET, stimulus(dense), currents={"input": -dense})
    assert taken_away.total == 0


@pytest.mark.parametrize(
    ("name", "shape", "fault"), [("input", (70, 40, 3), "array-shape"), ("other", SHAPE, "input-unknown")]
)
def test_currents_that_do_not_fit_are_refused(name: str, shape: tuple[int, ...], fault: str) -> None:
    with pytest.raises(InputError) as caught:
        simulate_neurons(NET, stimulus(np.zeros(SHAPE)), currents={name: np.zeros(shape)})
    assert [problem.id for problem in caught.value.problems] == [fault]
