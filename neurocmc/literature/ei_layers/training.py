"""Trains a network of spiking neurons through the one training loop; needs torch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.circuits.training import ImageBatch, Progress, Training, TrainingPlan, reproducible
from neurocmc.common.arrays import Float, Int
from neurocmc.literature.ei_layers.equations import EiNetwork
from neurocmc.literature.ei_layers.layers import EiLinear, PlainLinear, array, spikes_over_time
from neurocmc.literature.ei_layers.recipe import EiRecipe

STARTED_ON = 512  # images, from the first on
AT_ONCE = 500  # images that are read together


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """Images behind the front, (samples, inputs), and which class each is."""

    inputs: Float
    labels: Int


class SpikingNet(nn.Module):
    """Layers of neurons that hear a constant current or the spikes of the layer before, and a linear readout."""

    def __init__(self, recipe: EiRecipe, inputs: int, classes: int) -> None:
        super().__init__()
        shape, neurons = recipe.layers, recipe.neurons
        self.keep, self.ticks = 1.0 - 1.0 / neurons.tau_ticks, neurons.ticks
        sizes = (inputs, *shape.units)
        self.layers = nn.ModuleList(
            PlainLinear(entering, units) if shape.kind == "plain" else EiLinear(entering, units, division, shape)
            for entering, units, division in zip(sizes, shape.units, shape.division, strict=False)
        )
        self.readout = nn.Linear(shape.units[-1], classes)

    def own_layers(self) -> list[EiLinear | PlainLinear]:
        """Returns the hidden layers."""
        return [layer for layer in self.layers if isinstance(layer, EiLinear | PlainLinear)]

    def start(self, inputs: Tensor) -> None:
        """Starts layer after layer by what reaches it of (samples, inputs)."""
        with torch.no_grad():
            seen = inputs.expand(self.ticks, *inputs.shape)
            for layer in self.own_layers():
                layer.start(seen)
                seen = spikes_over_time(layer(seen), self.keep)

    def forward(self, inputs: Tensor) -> Tensor:
        """Returns (samples, classes) scores: the readout of the mean spikes of the last layer."""
        return self.readout(self.spikes(inputs)[-1].mean(dim=0))

    def spikes(self, inputs: Tensor) -> list[Tensor]:
        """Returns the spikes of each layer, (ticks, samples, units) each."""
        sent: list[Tensor] = []
        for layer in self.own_layers():
            # The image stays, so that the currents of the first layer are the same in all ticks.
            currents = layer(sent[-1]) if sent else layer(inputs).expand(self.ticks, -1, -1)
            sent.append(spikes_over_time(currents, self.keep))
        return sent

    def as_arrays(self) -> EiNetwork:
        """Returns the network as arrays, for its rate form."""
        return EiNetwork(
            layers=tuple(layer.as_arrays() for layer in self.own_layers()),
            readout=array(self.readout.weight),
            readout_bias=array(self.readout.bias),
            keep=self.keep,
        )


def trained(
    recipe: EiRecipe, fit: Seen, held_back: Seen, classes: int, seed: int, told: Progress | None = None
) -> SpikingNet:
    """Returns a network trained on images behind the front, of the epoch that is best on those held back.

    Args:
        recipe: What is trained, and how.
        fit: Images to train on; layers start by the first 512 of them.
        held_back: Images to choose the epoch on.
        classes: How many there are.
        seed: Of the start and of the batches.
        told: Called after every epoch.

    Raises:
        InputError: For images that reach a layer with no variance.
    """
    with reproducible(seed):
        net = SpikingNet(recipe, fit.inputs.shape[1], classes)
        if recipe.layers.start == "ei":
            net.start(_tensor(fit.inputs[:STARTED_ON]))
        _Training(net, recipe, fit, held_back, seed).run(told)
    return net


@torch.no_grad()
def answers(net: SpikingNet, inputs: Float) -> Int:
    """Returns (samples,) the class that the spiking network reads in each of (samples, inputs)."""
    parts = [net(part).argmax(dim=1) for part in _tensor(inputs).split(AT_ONCE)]
    return torch.cat(parts).numpy()


@torch.no_grad()
def spikes_a_tick(net: SpikingNet, inputs: Float) -> list[float]:
    """Returns the mean spikes of a neuron in a tick, for each layer."""
    return [float(sent.mean()) for sent in net.spikes(_tensor(inputs))]


class _Training(Training[ImageBatch]):
    model: SpikingNet

    def __init__(self, net: SpikingNet, recipe: EiRecipe, fit: Seen, held_back: Seen, seed: int) -> None:
        settings = recipe.training
        self.fit = ImageBatch(_tensor(fit.inputs), torch.tensor(fit.labels))
        self.held_back, self.batch_size = held_back, settings.batch_size
        groups = [group for layer in net.own_layers() for group in layer.groups(settings.learning_rate)]
        groups.append({"params": list(net.readout.parameters()), "lr": settings.learning_rate})
        for group in groups:
            group["weight_decay"] = settings.weight_decay
        plan = TrainingPlan(
            epochs=settings.epochs,
            gradient_clip=settings.gradient_clip,
            decoupled_decay=True,
            steps=settings.epochs * -(-len(fit.labels) // settings.batch_size),
        )
        super().__init__(net, groups, plan, torch.Generator().manual_seed(seed))

    def batches(self) -> Iterator[ImageBatch]:
        return self.fit.split(self.batch_size, self.generator)

    def loss(self, batch: ImageBatch) -> Tensor:
        return nn.functional.cross_entropy(self.model(batch.images), batch.labels)

    def accuracy(self) -> float:
        return float(np.mean(answers(self.model, self.held_back.inputs) == self.held_back.labels))

    def after_step(self) -> None:
        for layer in self.model.own_layers():
            layer.keep_signs()


def _tensor(values: Float) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)
