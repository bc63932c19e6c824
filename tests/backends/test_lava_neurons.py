"""Six generated networks of single neurons on stock Lava: every spike of every trial is the emulator's."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.backends.files import RUN_FILE, stimulus_file
from neurocmc.backends.loihi.emit_neurons import emit_neurons
from neurocmc.common.files import read_npz
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.placing.wiring import neuron_wiring
from neurocmc.passes.loihi.route import Route
from neurocmc.sim.loihi.neurons.emulator import run_neurons
from tests.backends.lava_running import run_script
from tests.lava_environment import lava_python
from tests.made.integer_neurons import SIGNS, random_events, random_integers
from tests.made.targets import loihi

SEEDS = range(6)
TRIALS = 2


def test_the_networks_have_what_could_go_wrong() -> None:
    networks = [random_integers(seed) for seed in SEEDS]
    pools = [pool for network in networks for pool in network.populations]
    parts = [part for network in networks for part in network.synapses]
    assert {pool.refractory_ticks for pool in pools} == {1, 2, 3, 4}
    assert {pool.depth_ticks for pool in pools} == {0, 3}
    for whose in (True, False):
        own = [part for part in parts if bool(part.input) is whose]
        assert {part.sign for part in own} == set(SIGNS)
        assert {int(delay) for part in own for delay in part.delay_ticks} == set(range(6))
        assert min(part.exponent for part in own) < 0 < max(part.exponent for part in own)


@pytest.mark.lava
@pytest.mark.parametrize("seed", SEEDS)
def test_lava_spikes_as_the_emulator_does(seed: int, tmp_path: Path) -> None:
    network, target = random_integers(seed), loihi()
    stimulus = random_events(network, seed, trials=TRIALS)
    ticks = stimulus.ticks + network.deepest_ticks
    wiring = neuron_wiring(network)
    program = Route().route(network, wiring, Place().place(wiring, target), target)
    folder = tmp_path / "program"
    folder.mkdir()
    emit_neurons(program, {stimulus.name: stimulus}, folder)
    trials = [str(trial) for trial in range(TRIALS)]
    file = folder / stimulus_file(stimulus.name)
    run_script(
        lava_python(), folder / RUN_FILE, "--stimulus", file, "--trial", *trials, "--out", tmp_path / "out.npz",
        folder=tmp_path,
    )  # fmt: skip
    seen = read_npz(tmp_path / "out.npz")
    lava = np.zeros((TRIALS, ticks, network.neurons), dtype=np.bool_)
    lava[seen["trial"], seen["tick"], seen["neuron"]] = True
    ours = run_neurons(network, stimulus).spikes.dense(TRIALS, ticks, network.neurons) > 0
    assert ours.sum() > 100
    np.testing.assert_array_equal(lava, ours)
