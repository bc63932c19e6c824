"""The loss landscape: its middle is the model, its directions have the model's norms, and the model comes back."""

import numpy as np
import pytest
import torch
from torch import nn

from neurocmc.circuits.study.landscape import loss_landscape, random_direction


class Small(nn.Module):
    """One of every kind of parameter that a model has."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(4, 3)
        self.gain = nn.Parameter(torch.rand(3) + 0.5)
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.empty = nn.Parameter(torch.zeros(0, 3, 2))
        self.fixed = nn.Parameter(torch.ones(2), requires_grad=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.scale * self.gain * self.layer(values)


def data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(20, 4, generator=generator), torch.arange(20) % 3


def test_directions_have_the_norm_of_the_model_filter_by_filter() -> None:
    model = Small()
    direction = random_direction(model, torch.Generator().manual_seed(2))
    assert torch.allclose(direction["layer.weight"].norm(dim=1), model.layer.weight.norm(dim=1))
    assert torch.allclose(direction["gain"].norm(), model.gain.norm())
    assert torch.allclose(direction["scale"].abs(), model.scale.abs())
    assert not direction["layer.bias"].any()
    assert not direction["fixed"].any()
    assert direction["empty"].shape == (0, 3, 2)
    other = random_direction(model, torch.Generator().manual_seed(3))
    assert not torch.equal(direction["layer.weight"], other["layer.weight"])


def test_the_grid_holds_the_loss_of_the_moved_model_and_the_model_comes_back() -> None:
    model = Small()
    values, labels = data()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    shares: list[float] = []
    found = loss_landscape(model, model, values, labels, points=5, reach=0.5, seed=2, progress=shares.append)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert found.first.tolist() == found.second.tolist() == [-0.5, -0.25, 0.0, 0.25, 0.5]
    with torch.no_grad():
        scores = model(values)
        assert found.loss[2, 2] == float(nn.functional.cross_entropy(scores, labels))
        assert found.accuracy[2, 2] == pytest.approx(float((scores.argmax(dim=1) == labels).double().mean()))
        generator = torch.Generator().manual_seed(2)
        first, second = random_direction(model, generator), random_direction(model, generator)
        for name, parameter in model.named_parameters():
            parameter += 0.5 * first[name] - 0.25 * second[name]
        assert found.loss[4, 1] == pytest.approx(float(nn.functional.cross_entropy(model(values), labels)))
    assert shares[-1] == 1.0
    assert not found.loss.flags.writeable


def test_the_same_seed_gives_the_same_landscape() -> None:
    values, labels = data()
    again = [
        loss_landscape(model, model, values, labels, points=3, seed=seed)
        for model, seed in ((Small(), 4), (Small(), 4), (Small(), 5))
    ]
    assert np.array_equal(again[0].loss, again[1].loss)
    assert not np.array_equal(again[0].loss, again[2].loss)


def test_an_error_leaves_the_model_as_it_was() -> None:
    model = Small()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    values, labels = data()

    def fail(_values: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        loss_landscape(model, fail, values, labels, points=3)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("points", [1, 2, 4])
def test_a_grid_without_a_middle_is_refused(points: int) -> None:
    with pytest.raises(ValueError, match="odd number"):
        loss_landscape(Small(), Small(), *data(), points=points)
