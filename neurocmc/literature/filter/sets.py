"""Makes the images that filters are chosen on, and those of the table: the same for every seed and variant.

The digits of the University of California at Irvine are other hands, scanned and scaled in another way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.literature.filter import corruptions
from neurocmc.literature.uci import uci_digits

DRAWN_BY = 20_260_115  # the seed of everything that is drawn here
SIDE = 28
INNER = 20  # side of the digit in an image of MNIST
DIGITS = "mnist-5k"

Framing = Literal["padded", "centred", "scaled"]
FRAMINGS: tuple[Framing, ...] = ("padded", "centred", "scaled")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """Some images, (images, height, width) grey levels, and their labels."""

    images: Float
    labels: Int


def chosen_on(held_back: Labelled) -> dict[str, Labelled]:
    """Returns the sets on which filters are chosen: digits held back, blurred, with two gammas, and brighter."""
    images = held_back.images
    spoilt = {
        "blur": corruptions.blur(images),
        "gamma_half": corruptions.gamma(images, 0.5),
        "gamma_two": corruptions.gamma(images, 2.0),
        "brighter": corruptions.brighter(images),
    }
    return {name: Labelled(images=changed, labels=held_back.labels) for name, changed in spoilt.items()}


def of_the_table(test: Labelled, task: str) -> dict[str, Labelled]:
    """Returns the sets of the table, in its order; those of UCI where the task is digits."""
    sets: dict[str, Labelled] = {"clean": test}
    if task == DIGITS:
        sets |= {f"uci_{framing}": uci(framing) for framing in FRAMINGS}
    spoilt = _spoilt(test.images)
    return sets | {name: Labelled(images=images, labels=test.labels) for name, images in spoilt.items()}


def in_haze(test: Labelled, task: str) -> dict[str, Labelled]:
    """Returns some sets of the table, and its images in haze that lets 90, 70, 50 and 30 % of the light through."""
    table = of_the_table(test, task)
    some = {name: table[name] for name in ("clean", "uci_centred", "noise") if name in table}
    thick = {f"haze_{share}": corruptions.haze(test.images, share / 100) for share in (90, 70, 50, 30)}
    return some | {name: Labelled(images=images, labels=test.labels) for name, images in thick.items()}


def _spoilt(images: Float) -> Mapping[str, Float]:
    """Each corruption draws from numbers of its own, so that adding one changes none of the others."""
    drawn = [np.random.Generator(np.random.PCG64(seed)) for seed in np.random.SeedSequence(DRAWN_BY).spawn(5)]
    return {
        "noise": corruptions.noise(images, drawn[0]),
        "contrast": corruptions.low_contrast(images),
        "haze": corruptions.haze(images),
        "hazy_noise": corruptions.hazy_noise(images, drawn[1]),
        "gradient": corruptions.gradient(images, drawn[2]),
        "occlusion": corruptions.occlusion(images, drawn[3]),
        "salt_pepper": corruptions.salt_and_pepper(images, drawn[4]),
    }


@cache
def uci(framing: Framing) -> Labelled:
    """Returns the 1,797 digits of UCI in images of 28 x 28 pixels.

    Args:
        framing: "padded": 20 x 20 pixels in the middle; "centred": these moved by whole pixels until their centre of
            mass is in the middle, as MNIST's are; "scaled": 28 x 28 pixels.

    Raises:
        InputError: Where scikit-learn is not installed.
    """
    small, labels = uci_digits("filter-vit")
    return Labelled(images=framed(small, framing), labels=labels)


def framed(small: Float, framing: Framing) -> Float:
    """Returns small square images, (images, side, side), as images of 28 x 28 pixels; see `uci`."""
    if framing == "scaled":
        return resized(small, SIDE)
    margin = (SIDE - INNER) // 2
    padded = np.pad(resized(small, INNER), ((0, 0), (margin, margin), (margin, margin)))
    return padded if framing == "padded" else centred(padded)


def resized(images: Float, side: int) -> Float:
    """Returns (images, side, side): pixels are areas, between whose centres grey levels are interpolated."""
    old = images.shape[1]
    places = np.clip((np.arange(side) + 0.5) * old / side - 0.5, 0.0, old - 1.0)
    below = np.minimum(places.astype(np.int64), old - 2)
    weight = np.zeros((side, old))
    weight[np.arange(side), below] = 1.0 - (places - below)
    weight[np.arange(side), below + 1] = places - below
    return np.einsum("ij,njk,lk->nil", weight, images, weight)


def centred(images: Float) -> Float:
    """Returns images moved by whole pixels, black moving in, so that their centres of mass are in the middle."""
    moved = np.zeros_like(images)
    places = np.arange(images.shape[1])
    middle = (images.shape[1] - 1) / 2.0
    for image, target in zip(images, moved, strict=True):
        total = image.sum()
        down, right = (round(middle - float(image.sum(axis=1 - axis) @ places / total)) for axis in (0, 1))
        target[_into(down), _into(right)] = image[_into(-down), _into(-right)]
    return moved


def _into(by: int) -> slice:
    """The places of a row that are filled when it is moved by so many."""
    return slice(max(by, 0), min(by, 0) or None)
