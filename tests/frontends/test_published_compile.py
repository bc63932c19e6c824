"""A published model, trained on digits, from its file to the emulator of a chip: it goes on deciding as it did."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from neurocmc.circuits.digits import load_digits
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.model import Model, load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from neurocmc.verification.metrics import decisions
from tests.frontends.published_files import trained_model
from tests.made.built import loihi
from tests.made.published_model import PublishedModel

NEURONS = 128
DIGITS = 300

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network() -> PublishedModel:
    return trained_model(nodes=3, epochs=4)


@pytest.fixture(scope="module")
def model(network: PublishedModel, tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("published") / "trained.pt"
    torch.save({"epoch": 4, "model_state_dict": network.state_dict()}, path)
    return load(path)


@pytest.fixture(scope="module")
def torch_decisions(network: PublishedModel) -> NDArray[np.int64]:
    """Of the torch module, in float32, on all 1,000 test digits."""
    images = torch.tensor(load_digits().test.images)[:, None]
    with torch.no_grad():
        return torch.cat([network(part) for part in images.split(250)]).argmax(dim=1).numpy()


@pytest.fixture(scope="module")
def lowered(model: Model) -> Lowered:
    calibration = model.read_stimuli().calibration
    return lower(model.circuit, calibration, load_target("loihi1"), CompileOptions(neurons=NEURONS))


def test_training_left_the_initial_values(network: PublishedModel, model: Model) -> None:
    """Otherwise all nodes would share populations, which no trained model does."""
    assert len(model.circuit.populations) == 48
    assert all(float((t.detach() - torch.tensor([0.02, 0.02, 0.16, 0.28])).abs().max()) > 1e-3 for t in network.cmc.T)


def test_rate_circuit_decides_as_the_torch_model(model: Model, torch_decisions: NDArray[np.int64]) -> None:
    (test,) = model.read_stimuli().test
    found = decisions(simulate_rate(model.circuit, test), model.circuit.classifiers[0])
    assert (found == torch_decisions).mean() >= 0.999
    assert (torch_decisions == test.labels).mean() >= 0.85
    assert model.reference is not None
    reference = model.reference(test)
    activity = simulate_rate(model.circuit, test).activity
    assert max(np.abs(reference[name] - activity[name]).max() for name in activity) < 1e-5


def test_emulated_chip_decides_as_the_torch_model(
    model: Model, lowered: Lowered, torch_decisions: NDArray[np.int64]
) -> None:
    """Issue: 3 nodes, loihi1, 300 digits, at least 98 %."""
    (test,) = model.read_stimuli().test
    recording = simulate_emulator(loihi(lowered).integer, test.take(slice(0, DIGITS)))
    found = decisions(recording, lowered.staged.classifiers[0])
    assert (found == torch_decisions[:DIGITS]).mean() >= 0.98
