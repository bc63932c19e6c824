"""Bundled circuits, compiled as a user would and run on stock Lava: emulator and Lava agree spike for spike.

First u and v of every neuron at every tick over some hundred ticks, then every spike over whole demonstrations.
"""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.backends.loihi import emit_loihi
from neurocmc.common.resources import resource_path
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.stimulus import Stimulus, side_by_side
from neurocmc.pipeline.chips.lava import MAX_NEURONS, simulate_lava
from neurocmc.pipeline.demos.up_state import TRIALS as MEMORY_TRIALS
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.model import StimulusSet, load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.loihi.host import encode
from neurocmc.targets import load_target
from tests.backends.test_lava import assert_lava_equal
from tests.lava_environment import lava_python
from tests.made.built import loihi
from tests.torch_extra import needs_torch

pytestmark = [pytest.mark.lava, pytest.mark.slow, needs_torch]

DIGITS = "models/swta-digits.pt"
MEMORY = "models/working-memory.yaml"


def lowered_of(model: str, target: str, code: str) -> tuple[Lowered, IntegerNetwork, StimulusSet]:
    source = load(resource_path(model))
    stimuli = source.read_stimuli()
    lowered = lower(source.circuit, stimuli.calibration, load_target(target), CompileOptions(neurons=64, code=code))
    return lowered, loihi(lowered).integer, stimuli


@pytest.mark.parametrize(
    ("model", "target", "code", "seconds"),
    [
        (DIGITS, "loihi1", "threshold", 0.6),
        (DIGITS, "loihi1", "rate", 0.5),
        (DIGITS, "loihi2", "threshold", 0.5),
        (MEMORY, "loihi1", "threshold", 1.0),
    ],
)
def test_a_bundled_circuit_is_equal(model: str, target: str, code: str, seconds: float, tmp_path: Path) -> None:
    _, network, stimuli = lowered_of(model, target, code)
    stimulus = stimuli.test[0].take(slice(0, 2)).lasting(seconds)
    ticks = stimulus.ticks(network.tick_s)
    assert ticks >= 500
    assert assert_lava_equal(network, encode(network, stimulus), ticks, tmp_path) > 5_000


def assert_same_recording(lowered: Lowered, network: IntegerNetwork, stimulus: Stimulus, folder: Path) -> int:
    """Every spike and all decoded activity of a stimulus, emulator and Lava; the number of spikes."""
    emit_loihi(loihi(lowered).chip, {"whole": stimulus}, folder)
    ours = simulate_emulator(network, stimulus, record_spikes=True)
    lavas = simulate_lava(network, folder, stimulus, time_limit_s=240)
    for name, train in ours.spikes.items():
        for field in ("tick", "trial", "unit", "neuron"):
            np.testing.assert_array_equal(getattr(train, field), getattr(lavas.spikes[name], field))
        np.testing.assert_array_equal(ours.activity[name], lavas.activity[name])
        np.testing.assert_array_equal(ours.spike_counts[name], lavas.spike_counts[name])
    return sum(train.tick.size for train in ours.spikes.values())


def test_digits_are_equal_in_every_spike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", str(lava_python()))
    lowered, network, stimuli = lowered_of(DIGITS, "loihi1", "threshold")
    at_once = MAX_NEURONS // network.neurons
    digits = stimuli.test[0].take(slice(0, at_once + 2))  # two runs: the second of two digits
    assert assert_same_recording(lowered, network, digits, tmp_path) > 500_000


@pytest.mark.nightly
def test_the_whole_memory_demo_is_equal_in_every_spike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", str(lava_python()))
    lowered, network, stimuli = lowered_of(MEMORY, "loihi1", "threshold")
    named = stimuli.by_name()
    one_of_each = [named[name].take(slice(0, 1)) for name in MEMORY_TRIALS]  # ten draws of noise take a minute
    trials = side_by_side("demo", one_of_each)
    assert trials.ticks(network.tick_s) == 11_000
    assert assert_same_recording(lowered, network, trials, tmp_path) > 250_000
