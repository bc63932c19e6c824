"""Writes a trained network in its rate form as the model that is compiled, and the drives that the host sends to it.

A quotient, which no circuit of rate units is, is the host's part, before the first layer alone. With `one`
denominator it divides the image by one number; where `each` unit has its own, it sends the currents of the first
layer. Later layers must have denominators that are held, and these go into the weights.

    image      relays of the pixels; or with feedback front, the units e, and norm, the unit y of `fronts`
    e1, e2     excitatory units of each layer, rectifiers that saturate at 1
    i1, i2     inhibitory units, rectifiers that never saturate, where inhibition is not folded into signed weights
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

import neurocmc
from neurocmc.api import Model
from neurocmc.common.arrays import Float, Int
from neurocmc.literature.ei_layers.equations import EiLayer, EiNetwork
from neurocmc.literature.ei_layers.fronts import before_layers, logarithms
from neurocmc.literature.ei_layers.recipe import EiRecipe, FrontRecipe

IMAGE, FRONT, NORM = "image", "front", "norm"
Transfer = Literal["relu", "sigmoid"]


def drives(network: EiNetwork, front: FrontRecipe, images: Float) -> Float:
    """Returns what the host sends to the circuit for (samples, pixels) grey levels, (samples, channels)."""
    if front.kind == "feedback":
        return logarithms(images, front)
    first, seen = network.layers[0], before_layers(images, front)
    if first.division == "each":
        # Outside of these limits rates do not change, and no register of the chip must have room for it.
        return np.clip(first.currents(seen), 1.0 - network.keep, 1.0) - first.bias
    return seen / first.denominators(seen) if first.division == "one" else seen


def model_of(
    network: EiNetwork, recipe: EiRecipe, calibration: Float, test: Float, labels: Int, classes: int
) -> Model:
    """Returns the model for the compiler.

    Args:
        network: Trained; its later layers with denominators that are held.
        recipe: What says how it is written.
        calibration: (samples, pixels) grey levels to match gains on.
        test: Images to judge by.
        labels: Which class each of them is.
        classes: How many there are.
    """
    settings = recipe.circuit
    built = _Builder(keep=network.keep)
    entering = _front(built, network.layers[0], recipe)
    for number, layer in enumerate(network.layers, start=1):
        entering = _layer(built, layer, number, entering, folded=settings.inhibition == "folded")
    last, units = built.places[entering], built.units
    readout = np.zeros((classes, units))
    readout[:, last] = network.readout

    def held(images: Float) -> Float:
        sent = drives(network, recipe.front, images)
        return np.repeat(sent[:, None], settings.duration_ms, axis=1)

    return neurocmc.from_arrays(
        built.weight(),
        built.entering(calibration.shape[1] if network.layers[0].division != "each" else len(network.layers[0].bias)),
        np.concatenate(built.bias),
        populations={name: place.stop - place.start for name, place in built.places.items()},
        activation=built.transfer,
        saturation=np.array(built.saturation),
        tau_ms=np.array([settings.feedback_tau_ms if name == NORM else settings.tau_ms for name in built.places]),
        dt_ms=1.0,
        calibration=held(calibration),
        test=held(test),
        test_labels=labels,
        readout=(readout, network.readout_bias),
        window_ms=float(settings.window_ms),
        name="ei-layers",
    )


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Gathers populations and the blocks of weights between them."""

    keep: float  # k of the neurons
    places: dict[str, slice] = field(default_factory=dict[str, slice])
    bias: list[Float] = field(default_factory=list[Float])
    transfer: list[Transfer] = field(default_factory=list[Transfer])
    saturation: list[float] = field(default_factory=list[float])
    blocks: list[tuple[str, str, Float]] = field(default_factory=list[tuple[str, str, Float]])
    driven: str = ""

    @property
    def units(self) -> int:
        return sum(len(bias) for bias in self.bias)

    def add(self, name: str, bias: Float, saturation: float = np.inf, transfer: Transfer = "relu") -> str:
        self.places[name] = slice(self.units, self.units + len(bias))
        self.bias.append(bias)
        self.saturation.append(saturation)
        self.transfer.append(transfer)
        return name

    def connect(self, source: str, target: str, weight: Float) -> None:
        self.blocks.append((source, target, weight))

    def weight(self) -> Float:
        whole = np.zeros((self.units, self.units))
        for source, target, weight in self.blocks:
            whole[self.places[target], self.places[source]] = weight
        return whole

    def entering(self, channels: int) -> Float:
        into = np.zeros((self.units, channels))
        into[self.places[self.driven]] = np.eye(channels) if self.driven != "e1" else np.eye(channels) / self.keep
        return into


def _front(built: _Builder, first: EiLayer, recipe: EiRecipe) -> str:
    """Adds what stands before the first layer; returns the population that it hears, none where the host sends it."""
    pixels, front = first.w_ee.shape[1], recipe.front
    if front.kind == "feedback":
        built.driven = built.add(FRONT, np.zeros(pixels), 1.0, "sigmoid")
        built.add(NORM, np.array([-front.gain * front.mean]))
        built.connect(FRONT, NORM, np.full((1, pixels), front.gain / pixels))
        built.connect(NORM, FRONT, np.full((pixels, 1), -1.0))
    elif first.division == "each":
        built.driven = "e1"
        return ""
    else:
        built.driven = built.add(IMAGE, np.zeros(pixels))
    return built.driven


def _layer(built: _Builder, layer: EiLayer, number: int, entering: str, *, folded: bool) -> str:
    """Adds a layer in the rate form, clip((I - (1 - k)) / k); returns its excitatory population."""
    keep = built.keep
    excitatory = built.add(f"e{number}", (layer.bias - (1.0 - keep)) / keep, 1.0)
    if not entering:
        return excitatory
    gain = layer.g_e / keep
    if layer.division == "held":
        gain = gain / layer.held
    if folded:
        built.connect(entering, excitatory, gain[:, None] * (layer.w_ee - layer.w_ei @ layer.w_ie))
        return excitatory
    inhibitory = built.add(f"i{number}", np.zeros(len(layer.w_ie)))
    built.connect(entering, excitatory, gain[:, None] * layer.w_ee)
    built.connect(entering, inhibitory, layer.w_ie)
    built.connect(inhibitory, excitatory, -gain[:, None] * layer.w_ei)
    return excitatory
