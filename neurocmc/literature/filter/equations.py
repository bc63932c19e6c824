"""Has the filter and its controls as functions of images.

The filter is one excitatory unit a pixel and one inhibitory unit,

    tau e_i' = -e_i + [x_i + alpha e_i - beta y]+        tau y' = -y + mean(e)

a soft winner-take-all (Douglas & Martin 2007, Current Biology 17:R496; Rutishauser & Douglas 2009, Neural
Computation 21:478) as Iqbal et al. 2025 put it in front of a vision transformer. What it rests in is closed form.
"""

from collections.abc import Mapping

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.self_threshold import self_threshold

DARKEST = 1e-6  # a range of grey levels below it is none


def soft_winner_take_all(images: Float, alpha: float, beta: float) -> Float:
    """Returns what the filter rests in: e = [x - t]+ / (1 - alpha) with t = beta mean(e).

    Args:
        images: (images, height, width) drives x of the pixels.
        alpha: Self-excitation, below 1.
        beta: Inhibition by the mean activity.

    Returns:
        (images, height, width) activity of the excitatory units.
    """
    pixels = images.reshape(len(images), -1)
    threshold = self_threshold(pixels, beta / ((1.0 - alpha) * pixels.shape[1]))
    return np.maximum(images - threshold[:, None, None], 0.0) / (1.0 - alpha)


def one_pass(images: Float, gain: float, inhibition: float) -> Float:
    """Returns gain [x - inhibition mean(x)]+: the same without recurrence."""
    means = images.mean(axis=(1, 2), keepdims=True)
    return gain * np.maximum(images - inhibition * means, 0.0)


def difference_of_gaussians(images: Float, centre_px: float, surround_px: float) -> Float:
    """Returns blurs of two widths subtracted, of either sign, each image divided by its largest absolute value."""
    difference = blurred(images, centre_px) - blurred(images, surround_px)
    largest = np.abs(difference).max(axis=(1, 2), keepdims=True)
    return difference / np.maximum(largest, DARKEST)


def local_contrast(images: Float, window_px: float, floor: float) -> Float:
    """Returns (x - m) / max(s, floor) with mean m and standard deviation s within a Gaussian window."""
    mean = blurred(images, window_px)
    variance = np.maximum(blurred(images * images, window_px) - mean * mean, 0.0)
    return (images - mean) / np.maximum(np.sqrt(variance), floor)


def min_max(images: Float, cut: float) -> Float:
    """Returns each image stretched to 0..1 between two quantiles, `cut` from its darkest and its brightest pixel."""
    low, high = np.quantile(images, [cut, 1.0 - cut], axis=(1, 2), keepdims=True)
    return np.clip((images - low) / np.maximum(high - low, DARKEST), 0.0, 1.0)


def divisive(images: Float, alpha: float, beta: float, constant: float) -> Float:
    """Returns the filter's activity divided by its mean, 0.1 e / (constant + mean(e)); the division is the host's.

    A tenth, so that values are of the size of the others': a mean is about that.
    """
    active = soft_winner_take_all(images, alpha, beta)
    return 0.1 * active / (constant + active.mean(axis=(1, 2), keepdims=True))


def filtered(images: Float, name: str, parameters: Mapping[str, float]) -> Float:
    """Returns images behind the filter that recipes call `name`, with its parameters by name."""
    match name:
        case "swta":
            return soft_winner_take_all(images, **parameters)
        case "one_pass":
            return one_pass(images, **parameters)
        case "dog":
            return difference_of_gaussians(images, **parameters)
        case "local_contrast":
            return local_contrast(images, **parameters)
        case "min_max":
            return min_max(images, **parameters)
        case "divisive":
            return divisive(images, **parameters)
        case _:  # plain images, which those that training spoils are when it is over
            return images


def blurred(images: Float, sigma_px: float) -> Float:
    """Returns images blurred by a Gaussian of `sigma_px`, cut off at four sigma; the edge pixels go on outside."""
    from scipy.ndimage import gaussian_filter1d  # here and not above: a recipe is read without it

    along_rows = gaussian_filter1d(images, sigma_px, axis=2, mode="nearest", truncate=4.0)
    return gaussian_filter1d(along_rows, sigma_px, axis=1, mode="nearest", truncate=4.0)
