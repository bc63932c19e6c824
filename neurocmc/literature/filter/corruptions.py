"""Spoils images in stated ways; all of them take and return grey levels from 0 to 1.

Filters are chosen under `blur`, `gamma` and `brighter`, and judged under the others.
"""

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.literature.filter.equations import blurred

TRANSMITTED = 0.3  # of the light of a scene through haze
SQUARE_PX = 8


def blur(images: Float, sigma_px: float = 1.0) -> Float:
    """Returns images blurred by a Gaussian."""
    return blurred(images, sigma_px)


def gamma(images: Float, exponent: float) -> Float:
    """Returns x to a power: below 1 grey levels become brighter, above 1 darker."""
    return images**exponent


def brighter(images: Float, by: float = 0.25) -> Float:
    """Returns images with every pixel brighter by the same, cut at 1: a uniform shift."""
    return np.minimum(images + by, 1.0)


def noise(images: Float, generator: np.random.Generator, std: float = 0.3) -> Float:
    """Returns images with Gaussian noise on every pixel, cut to 0..1."""
    return np.clip(images + std * generator.standard_normal(images.shape), 0.0, 1.0)


def low_contrast(images: Float, share: float = 0.3) -> Float:
    """Returns x times a share."""
    return share * images


def haze(images: Float, transmitted: float = TRANSMITTED) -> Float:
    """Returns 0.3 x + 0.7: a scene through haze as bright as its brightest pixel (Koschmieder's law).

    Args:
        images: Grey levels.
        transmitted: The share of the light of the scene that comes through.
    """
    return transmitted * images + (1.0 - transmitted)


def hazy_noise(images: Float, generator: np.random.Generator) -> Float:
    """Returns images in haze, and then noise of standard deviation 0.1."""
    return noise(haze(images), generator, 0.1)


def gradient(images: Float, generator: np.random.Generator) -> Float:
    """Returns x/2 + r/2, where r rises from 0 to 1 across the image, in a direction drawn for each."""
    height, width = images.shape[1:]
    rows, columns = np.mgrid[:height, :width]
    angles = generator.uniform(0.0, 2.0 * np.pi, len(images))[:, None, None]
    ramp = np.cos(angles) * columns + np.sin(angles) * rows
    low, high = ramp.min(axis=(1, 2), keepdims=True), ramp.max(axis=(1, 2), keepdims=True)
    return 0.5 * images + 0.5 * (ramp - low) / (high - low)


def occlusion(images: Float, generator: np.random.Generator) -> Float:
    """Returns images with a black square of 8 pixels a side at a place drawn for each, four pixels from the edge."""
    height, width = images.shape[1:]
    top = generator.integers(4, height - SQUARE_PX - 3, len(images))[:, None, None]
    left = generator.integers(4, width - SQUARE_PX - 3, len(images))[:, None, None]
    rows, columns = np.mgrid[:height, :width]
    hidden = (rows >= top) & (rows < top + SQUARE_PX) & (columns >= left) & (columns < left + SQUARE_PX)
    return np.where(hidden, 0.0, images)


def salt_and_pepper(images: Float, generator: np.random.Generator, share: float = 0.1) -> Float:
    """Returns images of which a share of the pixels, drawn for each, is black or white, as many of both."""
    drawn = generator.random(images.shape)
    return np.where(drawn < 0.5 * share, 0.0, np.where(drawn < share, 1.0, images))
