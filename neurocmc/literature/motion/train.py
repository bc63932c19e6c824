"""Trains the circuit by gradient: a weight for every delay, so that delays are chosen by the weights they get.

That a delay is a place in a kernel over time, whose weights are learned like all others, is what makes delays
learnable by gradient in Hammouamri, Khalfaoui-Hassani & Masquelier (arXiv:2306.17670) too, who learn the places
themselves. Here all places are there, and pruning leaves those that matter.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.circuits.training import EpochReport, Training, TrainingPlan, reproducible
from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.poles import pole
from neurocmc.literature.motion.circuit import DelayedCircuit, sensed
from neurocmc.literature.motion.dots import Trials, make_trials
from neurocmc.literature.motion.recipe import MotionRecipe
from neurocmc.literature.motion.synapses import drawn, kept, rounded

Told = Callable[[EpochReport], None]


class MotionNet(nn.Module):
    """The circuit as a module; `mask` (delays, units, sensors) says which synapses there are."""

    mask: Tensor

    def __init__(self, recipe: MotionRecipe, delay_steps: Int) -> None:
        super().__init__()
        dots, circuit = recipe.dots, recipe.circuit
        self.window_steps, self.delay_steps = recipe.window_steps, delay_steps
        self.keep = pole(circuit.sensor_tau_ms, circuit.dt_ms)
        shape = (circuit.delays, circuit.units, dots.sensors)
        spread = (circuit.delays * dots.sensors * dots.density) ** -0.5  # drives of about one
        self.weight = nn.Parameter(spread * torch.randn(shape))
        self.bias = nn.Parameter(torch.zeros(circuit.units))
        self.readout = nn.Linear(circuit.units, len(dots.velocities))
        self.register_buffer("mask", torch.ones(shape))

    def forward(self, drives: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns the readout, (trials, classes), of drives as `arranged` returns them.

        `noise`, (trials, window, units), joins what arrives at the units.
        """
        weight = self.weight * self.mask
        arriving = self.bias + torch.einsum("twds,dus->twu", drives, weight)
        active = torch.relu(arriving if noise is None else arriving + noise)
        return self.readout(active.mean(dim=1))

    def arranged(self, trials: Trials) -> Tensor:
        """Returns what arrives by each delay in the steps that are read, (trials, window, delays, sensors)."""
        shown = sensed(trials.drives, self.keep)[:, :-1]
        steps = shown.shape[1] - self.window_steps + np.arange(self.window_steps)
        place = steps[:, None] - self.delay_steps
        arriving = np.where((place >= 0)[None, :, :, None], shown[:, np.maximum(place, 0)], 0.0)
        return torch.tensor(arriving, dtype=torch.float32)


@dataclass(frozen=True, slots=True)
class Batch:
    """Trials as tensors, one a row."""

    drives: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


class _Trainer(Training[Batch]):
    """A training of trials that are drawn anew for each batch."""

    model: MotionNet

    def __init__(
        self, model: MotionNet, recipe: MotionRecipe, seed: int, epochs: int, numbers: Iterator[int]
    ) -> None:
        options = recipe.training
        plan = TrainingPlan(epochs=epochs, gradient_clip=options.gradient_clip, steps=epochs * options.steps)
        groups = [{"params": list(model.parameters()), "lr": options.learning_rate}]
        super().__init__(model, groups, plan, torch.Generator().manual_seed(seed))
        self.recipe, self.seed, self.numbers = recipe, seed, numbers
        self.validation = self._batch(make_trials(recipe, "validation", options.validation))

    def batches(self) -> Iterator[Batch]:
        size = self.recipe.training.batch_size
        for _ in range(self.recipe.training.steps):
            yield self._batch(make_trials(self.recipe, "train", size, seed=self.seed, index=next(self.numbers)))

    def loss(self, batch: Batch) -> Tensor:
        noise = None
        if deviation := self.recipe.training.drive_noise:
            shape = (len(batch), self.model.window_steps, self.recipe.circuit.units)
            noise = deviation * torch.randn(shape, generator=self.generator)
        unsure = nn.functional.cross_entropy(self.model(batch.drives, noise), batch.labels)
        return unsure + self.recipe.training.sparsity * (self.model.weight * self.model.mask).abs().sum()

    def accuracy(self) -> float:
        with torch.no_grad():
            return float((self.model(self.validation.drives).argmax(dim=1) == self.validation.labels).double().mean())

    def _batch(self, trials: Trials) -> Batch:
        return Batch(self.model.arranged(trials), torch.tensor(trials.labels))


def train(recipe: MotionRecipe, seed: int, told: Told | None = None) -> tuple[DelayedCircuit, float]:
    """Trains a circuit: the same recipe and seed, the same numbers on the same machine.

    Args:
        recipe: What is trained, and what is kept of it.
        seed: Of first weights, batches and drawn delays.
        told: Called after every epoch.

    Returns:
        The circuit, and the share of right answers on the trials that chose the epoch, before weights were rounded
        or delays taken away.
    """
    synapses, options = recipe.synapses, recipe.training
    all_steps = np.arange(recipe.circuit.delays)
    trained_steps = np.zeros_like(all_steps) if synapses.delays == "none" else all_steps
    numbers = count()  # of the batches of all trainings
    with reproducible(seed):
        net = MotionNet(recipe, trained_steps)
        shape = (recipe.circuit.delays, recipe.circuit.units, recipe.dots.sensors)
        if synapses.delays == "random":
            generator = np.random.Generator(np.random.PCG64(seed))
            _mask(net, drawn(shape, synapses.keep, generator))
        reached = _trained(net, recipe, seed, options.epochs, numbers, told)
        if synapses.keep == 1.0 and not synapses.one_delay:
            return _circuit(net, recipe, trained_steps), reached
        for number in range(1, options.pruning_rounds + 1):
            if synapses.delays != "random":
                share = synapses.keep ** (number / options.pruning_rounds)
                one_delay = synapses.one_delay and number == options.pruning_rounds
                _mask(net, kept(_weight(net), share, one_delay=one_delay))
            reached = _trained(net, recipe, seed, options.retraining_epochs, numbers, told)
        return _circuit(net, recipe, trained_steps), reached


def _mask(net: MotionNet, mask: Bool) -> None:
    net.mask.copy_(torch.tensor(mask))


def _trained(
    net: MotionNet, recipe: MotionRecipe, seed: int, epochs: int, numbers: Iterator[int], told: Told | None
) -> float:
    trainer = _Trainer(net, recipe, seed, epochs, numbers)
    trainer.run(told)
    return trainer.best


def _weight(net: MotionNet) -> Float:
    return (net.weight * net.mask).detach().double().numpy()


def _circuit(net: MotionNet, recipe: MotionRecipe, trained_steps: Int) -> DelayedCircuit:
    """The circuit that a module is, with weights of one delay together, and rounded where the recipe says so."""
    weight = _weight(net)
    if recipe.synapses.delays == "summed":
        trained_steps = np.zeros_like(trained_steps)
    delay_steps = np.unique(trained_steps)
    weight = np.stack([weight[trained_steps == delay].sum(axis=0) for delay in delay_steps])
    if recipe.synapses.bits is not None:
        weight = rounded(weight, recipe.synapses.bits)
    return DelayedCircuit(
        weight=weight,
        delay_steps=delay_steps,
        bias=net.bias.detach().double().numpy(),
        readout=net.readout.weight.detach().double().numpy(),
        readout_bias=net.readout.bias.detach().double().numpy(),
        sensor_keep=np.array(net.keep),
    )
