"""Measures the loss around a trained model, over two random directions of filter-wise equal length.

Li, Xu, Taylor, Studer & Goldstein, "Visualizing the loss landscape of neural nets", NeurIPS 2018: each filter of a
random direction is given the norm of the model's own filter, so that landscapes of different models can be compared;
biases do not move.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.common.loss_surface import LossSurface

Direction = dict[str, Tensor]


def random_direction(model: nn.Module, generator: torch.Generator) -> Direction:
    """Returns a direction in the space of `model`'s parameters, with the model's own norm in every filter.

    A filter is what feeds one output: a slice along the first axis of a tensor of two or more axes, the whole of
    one with fewer (gains, slopes, time constants of one circuit). Whatever is named `bias`, and what does not train,
    stays where it is: 0.
    """
    direction: Direction = {}
    for name, parameter in model.named_parameters():
        drawn = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        still = name.rpartition(".")[2] == "bias" or not parameter.requires_grad
        if still or not parameter.numel():  # a circuit of one region has couplings of no number
            direction[name] = torch.zeros_like(parameter)
            continue
        own = parameter.detach().reshape(len(parameter) if parameter.ndim > 1 else 1, -1)
        rows = drawn.reshape(own.shape)
        scale = own.norm(dim=1, keepdim=True) / rows.norm(dim=1, keepdim=True).clamp_min(1e-12)
        direction[name] = (rows * scale).reshape(parameter.shape)
    return direction


@torch.no_grad()
def loss_landscape(
    model: nn.Module,
    scores: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
    *,
    points: int = 15,
    reach: float = 1.0,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> LossSurface:
    """Returns the cross-entropy of `scores(images)` (images, classes) on a grid of points x points within +- reach.

    `scores` must compute with `model`'s parameters, which move in place and are put back, also after an error. An odd
    number of points has the model itself in its middle. Raises ValueError for fewer than 3 points or an even number.
    """
    if points < 3 or points % 2 == 0:
        raise ValueError(f"a landscape needs an odd number of points, at least 3; got {points}")
    generator = torch.Generator().manual_seed(seed)
    first, second = random_direction(model, generator), random_direction(model, generator)
    start = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    steps = np.linspace(-reach, reach, points)
    steps[points // 2] = 0.0
    loss, accuracy = np.empty((points, points)), np.empty((points, points))
    try:
        for row, along in enumerate(steps):
            for column, across in enumerate(steps):
                for name, parameter in model.named_parameters():
                    parameter.copy_(start[name] + along * first[name] + across * second[name])
                seen = scores(images)
                loss[row, column] = float(nn.functional.cross_entropy(seen, labels))
                accuracy[row, column] = float((seen.argmax(dim=1) == labels).double().mean())
            if progress is not None:
                progress((row + 1) / points)
    finally:
        for name, parameter in model.named_parameters():
            parameter.copy_(start[name])
    return LossSurface(first=steps, second=steps, loss=loss, accuracy=accuracy)
