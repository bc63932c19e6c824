"""What a plan of training makes of learning rates and decay; each family's own training is tested with the family."""

from collections.abc import Iterator
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from neurocmc.circuits.training import ImageBatch, Training, TrainingPlan


class Seen(Training[ImageBatch]):
    """A training of one weight without gradient, which keeps the learning rate of each step."""

    def __init__(self, model: nn.Module, plan: TrainingPlan, decay: float) -> None:
        self.rates: list[float] = []
        groups = [{"params": list(model.parameters()), "lr": 0.1, "weight_decay": decay}]
        super().__init__(model, groups, plan, torch.Generator().manual_seed(0))

    def batches(self) -> Iterator[ImageBatch]:
        yield from [ImageBatch(torch.zeros(2, 1), torch.zeros(2))] * 10

    def loss(self, batch: ImageBatch) -> Tensor:
        self.rates.append(self.optimiser.param_groups[0]["lr"])
        return 0.0 * torch.stack([parameter.sum() for parameter in self.model.parameters()]).sum()

    def accuracy(self) -> float:
        return 1.0


def run(
    schedule: Literal["cosine", "constant", "one-cycle"] = "cosine", decay: float = 0.0, *, decoupled: bool = False
) -> tuple[list[float], float]:
    """The learning rates of ten steps, and what is left of a weight of 1."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.ones_(model.weight)
    plan = TrainingPlan(epochs=1, gradient_clip=1.0, steps=10, schedule=schedule, decoupled_decay=decoupled)
    training = Seen(model, plan, decay)
    training.run(None)
    return training.rates, float(model.weight.detach())


def test_one_cycle_rises_to_the_rate_and_falls_to_nothing() -> None:
    rates, _ = run("one-cycle")
    top = rates.index(max(rates))
    assert rates[0] == pytest.approx(0.1 / 25)
    assert max(rates) == pytest.approx(0.1)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 1e-4


def test_the_others_are_as_they_were() -> None:
    assert run("constant")[0] == [0.1] * 10
    cosine, _ = run()
    assert cosine[0] == 0.1
    assert cosine == sorted(cosine, reverse=True)


def test_decoupled_decay_shrinks_weights_by_rate_times_decay() -> None:
    decoupled = run("constant", 0.5, decoupled=True)[1]
    assert abs(decoupled - 0.95**10) < 1e-5
    # As a part of the gradient, Adam makes a step of the learning rate of whatever decay there is.
    assert run("constant", 0.5)[1] < 0.2
