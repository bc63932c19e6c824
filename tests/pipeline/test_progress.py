"""Progress of every long command: stages in order, a share that never falls, and 1 only when all is done."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InfeasibleError
from neurocmc.common.progress import DONE, NEARLY, Progress, rising
from neurocmc.pipeline import cures
from neurocmc.pipeline.artifact import Artifact, open_artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.neurons.artifact import NeuronArtifact
from neurocmc.pipeline.neurons.compile import compile_neurons
from neurocmc.pipeline.neurons.options import NeuronOptions
from neurocmc.pipeline.neurons.verify import NeuronVerifyOptions, verify_neurons
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.robustness import RobustnessOptions, robustness
from neurocmc.pipeline.simulate import simulate
from neurocmc.pipeline.verify import VerifyOptions, verify
from tests.made.targets import loihi

EXAMPLE = "examples/circuit.yaml"
SMALL = CompileOptions(neurons=8, figures=False)
Events = list[tuple[str, float]]


def recorded(work: Callable[[Progress], object]) -> Events:
    events: Events = []
    work(lambda stage, share: events.append((stage, share)))
    shares = [share for _, share in events]
    assert shares == sorted(shares)
    assert shares[0] >= 0
    assert events[-1] == (DONE, 1.0)
    assert max(shares[:-1]) <= NEARLY
    return events


def names(events: Events) -> list[str]:
    return list(dict.fromkeys(stage for stage, _ in events))


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return compile_model(EXAMPLE, "loihi1", tmp_path_factory.mktemp("progress") / "build", SMALL)


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("loihi1", SMALL),
        ("truenorth", SMALL),
        ("brian2", SMALL),
        ("loihi1", CompileOptions(max_error=0.1, figures=False)),
        ("loihi1", CompileOptions(code=None, max_error=0.1, figures=False)),
    ],
)
def test_a_compilation(target: str, options: CompileOptions, tmp_path: Path) -> None:
    told = names(recorded(lambda progress: compile_model(EXAMPLE, target, tmp_path / "out", options, progress)))
    assert told[0] == "read"
    assert told[-6:] == ["levels", "emit", "sample", "budget", "report", DONE]
    if options.max_error is not None:
        assert any(stage.startswith("trying 8 neurons per unit") for stage in told)


def test_a_search_of_steps(tmp_path: Path) -> None:
    options = CompileOptions(neurons=16, figures=False)
    model = "models/cmc-v1v3.circuit.npz"
    told = names(recorded(lambda progress: compile_model(model, "loihi1", tmp_path / "out", options, progress)))
    assert sum(stage.startswith("trying") for stage in told) >= 2


def test_a_refusal_tells_what_is_tried(tmp_path: Path) -> None:
    events: Events = []
    tiny = loihi(cores_per_chip=1, compartments_per_core=64)

    def told(stage: str, share: float) -> None:
        events.append((stage, share))

    with pytest.raises(InfeasibleError):
        compile_model(EXAMPLE, tiny, tmp_path / "out", CompileOptions(neurons=40), told)
    shares = [share for _, share in events]
    assert shares == sorted(shares)
    assert max(shares) < 1
    assert any(stage == "trying 12 neurons per unit in the threshold code on loihi1" for stage, _ in events)


def test_a_verification_names_each_of_its_passes(build: Artifact) -> None:
    options = VerifyOptions(samples=1, figures=False, cures=False)
    told = names(recorded(lambda progress: verify(open_artifact(build.directory), options, progress)))
    for stage in ("read", "rate", "torch", "coverage", "brian2", "emulator", "theory", "emitted program", "report"):
        assert stage in told


def test_a_search_for_cures_counts_what_it_tries(build: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(*_given: object) -> bool:
        return True

    monkeypatch.setattr(cures, "_try", at_once)
    missed = VerifyOptions(samples=1, figures=False, limits=("rate ~ emulator: NRMSE of rates=0.001%",))
    told = names(recorded(lambda progress: verify(open_artifact(build.directory), missed, progress)))
    assert [stage for stage in told if "(1 of at most" in stage]


def test_brian2_counts_its_steps(build: Artifact) -> None:
    events = recorded(lambda progress: simulate(build, "brian2", None, 0.5, progress=progress))
    assert len({share for stage, share in events if stage == "brian2"}) > 1


@pytest.mark.parametrize("on", ["rate", "staged", "emulator"])
def test_a_simulation(build: Artifact, on: str) -> None:
    told = names(recorded(lambda progress: simulate(build, on, None, 0.1, progress=progress)))  # pyright: ignore[reportArgumentType]
    assert told == ["read", on, DONE]


def test_faulty_chips(build: Artifact) -> None:
    options = RobustnessOptions(kinds=("threshold",), levels=(0.05, 0.1), seeds=1, samples=1)
    told = names(recorded(lambda progress: robustness(build, options, progress)))
    assert [stage for stage in told if stage.startswith("threshold")] == ["threshold 5 %", "threshold 10 %"]


def test_a_network_of_neurons(tmp_path: Path) -> None:
    model = neurocmc.from_memory(cues=np.arange(3), contents=np.eye(3, dtype=int))
    made: list[NeuronArtifact] = []

    def compiled(progress: Progress) -> None:
        made.append(compile_neurons(model, "loihi1", tmp_path / "out", NeuronOptions(figures=False), progress))

    assert "place" in names(recorded(compiled))
    options = NeuronVerifyOptions(figures=False)
    told = names(recorded(lambda progress: verify_neurons(made[0], options, progress)))
    assert told[-3:] == ["emitted program", "report", DONE]


def test_shares_that_fall_are_held() -> None:
    events: Events = []
    told = rising(lambda stage, share: events.append((stage, share)))
    for stage, share in (("a", 0.5), ("b", 0.2), ("c", 1.0), (DONE, 1.0)):
        told(stage, share)
    assert events == [("a", 0.5), ("b", 0.5), ("c", NEARLY), (DONE, 1.0)]
