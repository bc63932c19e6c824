"""Bundled circuits, compiled as a user would and run on stock Lava: emulator and Lava agree spike for spike."""

from pathlib import Path

import pytest

from neurocmc.common.resources import resource_path
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.model import load
from neurocmc.sim.host import encode
from neurocmc.targets import load_target
from tests.backends.test_lava import assert_lava_equal

pytestmark = [pytest.mark.lava, pytest.mark.slow]


@pytest.mark.parametrize(
    ("model", "target", "code", "seconds"),
    [
        ("models/swta-digits.pt", "loihi1", "threshold", 0.6),
        ("models/swta-digits.pt", "loihi1", "rate", 0.5),
        ("models/swta-digits.pt", "loihi2", "threshold", 0.5),
        ("models/working-memory.yaml", "loihi1", "threshold", 1.0),
    ],
)
def test_a_bundled_circuit_is_equal(model: str, target: str, code: str, seconds: float, tmp_path: Path) -> None:
    source = load(resource_path(model))
    stimuli = source.read_stimuli()
    lowered = lower(source.circuit, stimuli.calibration, load_target(target), neurons=64, code=code, seed=0)
    assert lowered.integer is not None
    stimulus = stimuli.test[0].take(slice(0, 2)).lasting(seconds)
    ticks = stimulus.ticks(lowered.integer.tick_s)
    assert ticks >= 500
    spikes = assert_lava_equal(lowered.integer, encode(lowered.integer, stimulus), ticks, tmp_path)
    assert spikes > 5_000
