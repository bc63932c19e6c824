"""Does what the host keeps of a published model: images become initial states, the classifier's layers are folded.

In float64 throughout, with the numbers as saved: the comparison behind this is of dynamics, and float32 sums differ
from machine to machine. Batch normalisation is affine once training is over, so it is folded into the next layer;
drop-out is nothing then.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from neurocmc.common.arrays import Float
from neurocmc.frontends.published.file import POOLED, PublishedFile
from neurocmc.ir.rate import HostLayer

_EPSILON = 1e-5  # torch's default, which the published model uses
_INHIBITION = 0.1
_IMAGES_AT_ONCE = 50


def initial_states(file: PublishedFile, images: NDArray[np.float32]) -> Float:
    """Returns (batch, 8 nodes) states at time 0, v and c of ss, sp, ii, dp node by node.

    `images` are (batch, channels, height, width) in [0, 1].
    """
    with torch.no_grad():
        parts = [
            _projected(file, _retina(file, torch.tensor(images[first : first + _IMAGES_AT_ONCE]).double())).numpy()
            for first in range(0, len(images), _IMAGES_AT_ONCE)
        ]
    return np.concatenate(parts)


def _retina(file: PublishedFile, images: Tensor) -> Tensor:
    """(batch, retinal channels, 14, 14): ON and OFF of two sizes, mixed, laterally inhibited, scaled and pooled."""
    state = file.state

    def convolved(name: str, maps: Tensor, groups: int = 1) -> Tensor:
        weight, bias = state[f"retina.{name}.weight"], state[f"retina.{name}.bias"]
        return functional.conv2d(maps, weight, bias, padding=weight.shape[-1] // 2, groups=groups)

    rectified = [
        functional.relu(convolved("center_on", images)),
        functional.relu(-convolved("center_off", images)),
        functional.relu(convolved("surround_on", images)),
        functional.relu(-convolved("surround_off", images)),
    ]
    mixed = convolved("combine", torch.cat(rectified, dim=1))
    mixed = mixed - _INHIBITION * functional.relu(convolved("lateral_inhibition", mixed, file.retinal_channels))
    gain = torch.sigmoid(state["retina.gain_control"])[:, None, None]
    return functional.adaptive_avg_pool2d(gain * mixed, (POOLED, POOLED))


def _projected(file: PublishedFile, maps: Tensor) -> Tensor:
    state, name = file.state, "input_projection"
    hidden = functional.relu(functional.linear(maps.flatten(1), state[f"{name}.0.weight"], state[f"{name}.0.bias"]))
    weight, bias = _normalised(file, f"{name}.2", f"{name}.3")
    return functional.linear(hidden, torch.tensor(weight), torch.tensor(bias))


def classifier_layers(file: PublishedFile) -> tuple[HostLayer, ...]:
    """Returns the published classifier as three affine layers of the final raw state (8 nodes,)."""
    first = file.state["classifier.0.weight"].numpy(), file.state["classifier.0.bias"].numpy()
    second = _normalised(file, "classifier.2", "classifier.4")
    third = _normalised(file, "classifier.6", "classifier.8")
    return tuple(
        HostLayer(weight=weight, bias=bias, rectify=rectify)
        for (weight, bias), rectify in ((first, True), (second, True), (third, False))
    )


def _normalised(file: PublishedFile, norm: str, layer: str) -> tuple[Float, Float]:
    """Weight and bias of an affine layer with the batch normalisation before it folded in."""
    state = {key: value.numpy() for key, value in file.state.items() if key.startswith((f"{norm}.", f"{layer}."))}
    scale = state[f"{norm}.weight"] / np.sqrt(state[f"{norm}.running_var"] + _EPSILON)
    shift = state[f"{norm}.bias"] - scale * state[f"{norm}.running_mean"]
    weight = state[f"{layer}.weight"]
    return weight * scale, state[f"{layer}.bias"] + weight @ shift
