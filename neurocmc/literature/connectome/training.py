"""Trains a recurrent network with a start and a penalty on one task, with the one training loop; needs torch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.circuits.training import Progress, Training, TrainingPlan, reproducible
from neurocmc.common.arrays import Float
from neurocmc.literature.connectome.penalties import penalty_of
from neurocmc.literature.connectome.prior import Prior
from neurocmc.literature.connectome.recipe import ConnectomeRecipe
from neurocmc.literature.connectome.starts import first_weights, prior_of
from neurocmc.literature.connectome.streams import stream
from neurocmc.literature.connectome.tasks import CHANNELS, CLASSES, TaskTrials, make_trials


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedNetwork:
    """A trained network as arrays: h(t+1) = tanh(W h(t) + U x(t) + b), of which a readout answers at the end."""

    recurrent: Float  # W, (units, units)
    entering: Float  # U, (units, channels)
    bias: Float  # (units,)
    readout: tuple[Float, Float]  # (classes, units), (classes,)
    metrics: Mapping[str, float]


class TanhNetwork(nn.Module):
    """The network while it is trained; only W is started in a way of its own."""

    def __init__(self, recipe: ConnectomeRecipe, prior: Prior, seed: int) -> None:
        super().__init__()
        generator, units = stream(seed, "other-weights"), recipe.units
        channels, classes = CHANNELS[recipe.task], len(CLASSES[recipe.task])

        def drawn(*shape: int) -> nn.Parameter:
            return _parameter(generator.uniform(-1.0, 1.0, shape) / np.sqrt(units))

        self.recurrent = _parameter(first_weights(recipe, prior, seed))
        self.entering, self.bias = drawn(units, channels), _parameter(np.zeros(units))
        self.answer, self.answer_bias = drawn(classes, units), _parameter(np.zeros(classes))

    def forward(self, inputs: Tensor) -> Tensor:
        """Returns (trials, classes) logits at the last step of (trials, steps, channels) inputs."""
        entered = inputs @ self.entering.T + self.bias
        held = entered.new_zeros(len(entered), len(self.recurrent))
        for step in entered.unbind(dim=1):
            held = torch.tanh(held @ self.recurrent.T + step)
        return held @ self.answer.T + self.answer_bias


def train(recipe: ConnectomeRecipe, seed: int, progress: Progress | None = None) -> TrainedNetwork:
    """Trains the network of a recipe: the same recipe and seed, the same numbers on the same machine.

    Args:
        recipe: What to train.
        seed: Of cells, starts and trials; networks that differ in their start or penalty alone share all else.
        progress: Called after each epoch.

    Returns:
        The network of the epoch that was best on the trials of the validation, with its accuracy on those of the
        test.

    Raises:
        InputError: For a file of cells that has changed, and cells that no start can be scaled from.
    """
    with reproducible(seed):
        prior = prior_of(recipe, seed)
        network = TanhNetwork(recipe, prior, seed)
        trainer = _Trainer(network, recipe, prior, seed)
        trainer.run(progress)
        reached = _accuracy(network, make_trials(recipe, seed, "test", recipe.training.test_trials))
    metrics = {
        "accuracy": reached,
        "validation_accuracy": trainer.best,
        "chance": 1.0 / len(CLASSES[recipe.task]),
        "best_epoch": float(trainer.best_epoch),
    }
    return TrainedNetwork(
        recurrent=_array(network.recurrent),
        entering=_array(network.entering),
        bias=_array(network.bias),
        readout=(_array(network.answer), _array(network.answer_bias)),
        metrics=metrics,
    )


class _Trainer(Training[TaskTrials]):
    """A training whose batches are all new."""

    def __init__(self, network: TanhNetwork, recipe: ConnectomeRecipe, prior: Prior, seed: int) -> None:
        options = recipe.training
        plan = TrainingPlan(
            epochs=options.epochs,
            gradient_clip=options.gradient_clip,
            schedule="constant",
            steps=options.epochs * options.steps,
        )
        groups = [{"params": list(network.parameters()), "lr": options.learning_rate}]
        super().__init__(network, groups, plan, torch.Generator().manual_seed(seed))
        self.network, self.recipe, self.seed = network, recipe, seed
        self.penalty = penalty_of(recipe.penalty, prior)
        self.validation = make_trials(recipe, seed, "validation", options.validation_trials)
        self.numbers = count()

    def batches(self) -> Iterator[TaskTrials]:
        options = self.recipe.training
        for _ in range(options.steps):
            yield make_trials(self.recipe, self.seed, "train", options.batch_size, next(self.numbers))

    def loss(self, batch: TaskTrials) -> Tensor:
        wrong = nn.functional.cross_entropy(self.network(_tensor(batch.inputs)), torch.tensor(batch.labels))
        return wrong + self.recipe.penalty.strength * self.penalty(self.network.recurrent)

    def accuracy(self) -> float:
        return _accuracy(self.network, self.validation)

    def after_step(self) -> None:
        if self.recipe.training.positive_only:
            with torch.no_grad():
                self.network.recurrent.clamp_(min=0.0)


@torch.no_grad()
def _accuracy(network: TanhNetwork, trials: TaskTrials) -> float:
    """The share of trials that are answered rightly."""
    chosen = network(_tensor(trials.inputs)).argmax(dim=1)
    return int((chosen == torch.tensor(trials.labels)).sum()) / len(trials)


def _parameter(values: Float) -> nn.Parameter:
    return nn.Parameter(_tensor(values))


def _tensor(values: Float) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def _array(values: Tensor) -> Float:
    return values.detach().numpy().astype(np.float64)
