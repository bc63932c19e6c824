"""Ten circuits of excitation and inhibition with two time constants compile and verify on every chip with one filter.

Of each, the populations' own filter is the faster one, and the slower comes over relays.
"""

from pathlib import Path

import pytest

from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.model import Model, StimulusSet
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.verify import VerifyOptions, verify
from neurocmc.verification.edges import misses
from tests.made.excitation_inhibition import drawn

NEURONS = {"loihi1": 64, "loihi2": 64, "truenorth": 32}
QUICK = (1, 2)  # one with slow excitation, one with slow inhibition


def compiled(seed: int, target: str, folder: Path) -> Artifact:
    made = drawn(seed)
    model = Model(
        path=folder / "circuit.yaml",
        circuit=made.circuit,
        facts={},
        read_stimuli=lambda: StimulusSet(calibration=(made.calibration,), test=(made.test,)),
        reference=None,
    )
    options = CompileOptions(neurons=NEURONS[target], source=False, figures=False)
    return compile_model(model, target, folder / "artifact", options)


def all_verified(seed: int, target: str, folder: Path) -> None:
    artifact = compiled(seed, target, folder)
    relays = [p for p in artifact.staged.populations if p.name not in ("e", "i")]
    assert len(relays) == 1  # behind the slower source, for both targets
    verification = verify(artifact, VerifyOptions(samples=1, figures=False))
    edges = {edge.key: edge for edge in verification.edges}
    staged = edges["rate ~ staged: NRMSE of rates"].value
    assert staged is not None
    assert staged < 1e-6
    assert misses(verification.edges) == ()


@pytest.mark.parametrize("seed", QUICK)
def test_one_of_either_kind_on_loihi(seed: int, tmp_path: Path) -> None:
    all_verified(seed, "loihi1", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["loihi1", "loihi2", "truenorth"])
@pytest.mark.parametrize("seed", range(10))
def test_all_on_all_chips(seed: int, target: str, tmp_path: Path) -> None:
    all_verified(seed, target, tmp_path)


def test_the_circuits_are_what_they_say() -> None:
    made = [drawn(seed) for seed in range(10)]
    for each in made:
        fast, slow = sorted((each.excite_s, each.inhibit_s))
        assert fast >= 0.005
        assert slow <= 0.1 * (1 + 1e-9)
        assert 2.0 <= slow / fast <= 10.0
        assert 8 <= each.circuit.units <= 64
    assert {each.excite_s > each.inhibit_s for each in made} == {True, False}
