"""Makes networks of excitation and inhibition, trained from a recipe: the family `ei-layers`.

The file holds the network in its rate form, with what the host sends to it for some images. `network_of` trains the
same network again, to the same bits, for whoever has other images.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import neurocmc
from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.extras import need
from neurocmc.common.progress import Progress, silent
from neurocmc.common.strict_yaml import Document
from neurocmc.literature.ei_layers.circuit import model_of
from neurocmc.literature.ei_layers.equations import EiNetwork
from neurocmc.literature.ei_layers.fronts import before_layers
from neurocmc.literature.ei_layers.recipe import EiRecipe
from neurocmc.literature.ei_layers.sets import CONTRASTS, FAINT, of_the_table

if TYPE_CHECKING:
    from neurocmc.literature.ei_layers.training import SpikingNet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Digits:
    """The images of a task: to fit, to choose the epoch, and to judge by."""

    fit: Float  # (samples, pixels)
    fit_labels: Int
    held_back: Float
    held_back_labels: Int
    test: Float
    test_labels: Int
    classes: int


class EiLayers:
    """Trains spiking networks whose layers divide, and writes their rate form."""

    suffix = ".npz"

    def checked(self, document: Document) -> Mapping[str, Any]:
        """Returns the recipe with its defaults. Raises InputError with every fault of it."""
        return document.validate(EiRecipe).model_dump(mode="json")

    def make(self, recipe: Mapping[str, Any], seed: int, path: Path, progress: Progress) -> Mapping[str, float]:
        """Trains a network and writes it.

        Returns:
            For each set the share that the spiking network reads rightly; of the rate form, and of the rate form with
            later denominators held, that of clean and of faint images; and the spikes a tick in each layer.
        """
        whole = recipe_of(recipe)
        digits = digits_of(whole)
        net = spiking_net_of(whole, digits, seed, progress)
        network = net.as_arrays()
        held = network.held_after_first(before_layers(digits.fit, whole.front))
        settings = whole.circuit
        shown = settings.test_images
        model = model_of(
            held,
            whole,
            calibration_of(digits.fit[: settings.calibration_images]),
            digits.test[:shown],
            digits.test_labels[:shown],
            digits.classes,
        )
        model.save(path)
        return _shares(net, network, held, whole, digits)


FAMILY = EiLayers()


def recipe_of(plain: Mapping[str, Any]) -> EiRecipe:
    """Returns a checked recipe that has been through JSON."""
    return Document.of(plain).validate(EiRecipe)


def digits_of(recipe: EiRecipe) -> Digits:
    """Returns the images of a recipe's task, each as a row of grey levels.

    Raises InputError for a task that there is not, and for squares that do not fill its images.
    """
    split = neurocmc.images(recipe.task, recipe.size)
    fit, held_back = split.fit_and_validation()
    channels, height, width = split.shape
    if height % recipe.pooled_px or width % recipe.pooled_px:
        what = f"squares of {recipe.pooled_px} pixels do not fill images of {height} x {width}"
        raise InputError(Problem("field-inconsistent", "ei-layers: pooled_px", what, "give a divisor of both sides"))
    shape = (-1, channels, height, width)
    fit_rows, held_back_rows, test_rows = (
        pooled(part.images.reshape(shape).astype(np.float64), recipe.pooled_px)
        for part in (fit, held_back, split.test)
    )
    return Digits(
        fit=fit_rows,
        fit_labels=fit.labels,
        held_back=held_back_rows,
        held_back_labels=held_back.labels,
        test=test_rows,
        test_labels=split.test.labels,
        classes=split.classes,
    )


def pooled(images: Float, side_px: int) -> Float:
    """Returns (samples, channels, height, width) images as rows of the means of their squares, (samples, pixels)."""
    samples, channels, height, width = images.shape
    squares = images.reshape(samples, channels, height // side_px, side_px, width // side_px, side_px)
    return squares.mean(axis=(3, 5)).reshape(samples, -1)


def spiking_net_of(recipe: EiRecipe, digits: Digits, seed: int, progress: Progress = silent) -> "SpikingNet":
    """Returns the trained spiking network of a recipe. Raises InputError where torch is missing."""
    need("torch", "ei-layers", "training a network")
    from neurocmc.circuits.training import epochs_told  # here and not above: torch takes seconds to import
    from neurocmc.literature.ei_layers.training import Seen, trained

    fit, held_back = (
        Seen(inputs=before_layers(images, recipe.front), labels=labels)
        for images, labels in ((digits.fit, digits.fit_labels), (digits.held_back, digits.held_back_labels))
    )
    return trained(recipe, fit, held_back, digits.classes, seed, epochs_told(progress))


def network_of(recipe: EiRecipe, digits: Digits, seed: int) -> EiNetwork:
    """Returns the network as its file has it: in its rate form, with later denominators held."""
    network = spiking_net_of(recipe, digits, seed).as_arrays()
    return network.held_after_first(before_layers(digits.fit, recipe.front))


def calibration_of(images: Float) -> Float:
    """Returns images to match gains on: the first half as they are, the others as faint as any of the table."""
    half = len(images) // 2
    return np.concatenate([images[:half], CONTRASTS[FAINT] * images[half:]])


def _shares(
    net: "SpikingNet", network: EiNetwork, held: EiNetwork, recipe: EiRecipe, digits: Digits
) -> dict[str, float]:
    from neurocmc.literature.ei_layers.training import answers, spikes_a_tick

    found: dict[str, float] = {}
    for name, images in of_the_table(digits.test).items():
        seen = before_layers(images, recipe.front)
        found[name] = float(np.mean(answers(net, seen) == digits.test_labels))
        if name in ("clean", FAINT):
            found[f"rate_{name}"] = float(np.mean(network.decisions(seen) == digits.test_labels))
            found[f"held_{name}"] = float(np.mean(held.decisions(seen) == digits.test_labels))
        if name == "clean":
            found |= {f"spikes_{layer}": value for layer, value in enumerate(spikes_a_tick(net, seen), start=1)}
    return found
