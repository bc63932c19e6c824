"""Puts images before the first layer: as they are, divided by their mean on the host, or divided by feedback.

Feedback is a circuit at rest. Units e_i hear the logarithm of their pixel, and one unit y inhibits them all:

    e_i = sigmoid(log x_i + offset - y)        y = gain [mean(e) - m]_+

So e_i = x_i / (x_i + S) with S = exp(y - offset): divisive normalisation (Carandini & Heeger 2012, Nature Reviews
Neuroscience 13:51), whose constant S the feedback sets. An image of contrast c adds log c to every drive, which the
inhibition takes away again but for what its gain leaves: mean(e) moves by |log c| / gain.
"""

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.literature.ei_layers.recipe import FrontRecipe

BISECTIONS = 60
DARKEST_MEAN = 1e-12  # of an image that is divided by its mean


def before_layers(images: Float, front: FrontRecipe) -> Float:
    """Returns (samples, pixels) what the first layer hears of (samples, pixels) grey levels."""
    match front.kind:
        case "none":
            return images
        case "mean":
            return 0.1 * images / np.maximum(images.mean(axis=1, keepdims=True), DARKEST_MEAN)
        case "feedback":
            return feedback_at_rest(images, front)


def logarithms(images: Float, front: FrontRecipe) -> Float:
    """Returns the drives of the units of feedback, log x + offset, where black counts as the darkest grey."""
    return np.log(np.maximum(images, front.darkest)) + front.offset


def feedback_at_rest(images: Float, front: FrontRecipe) -> Float:
    """Returns what the units e rest in; y is found by bisection, of a function that rises.

    Args:
        images: (samples, pixels) grey levels of any contrast.
        front: The parameters.

    Returns:
        (samples, pixels) activity in (0, 1).

    Example:
        >>> e = feedback_at_rest(np.array([[0.2, 0.9, 0.0]]), FrontRecipe(kind="feedback", mean=0.3))
        >>> bool(abs(e.mean() - 0.3) < 0.02)
        True
    """
    drives = logarithms(images, front)
    low, high = np.zeros((len(images), 1)), np.full((len(images), 1), front.gain)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        excess = _sigmoid(drives - middle).mean(axis=1, keepdims=True) - front.mean
        below = middle < front.gain * np.maximum(excess, 0.0)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return _sigmoid(drives - 0.5 * (low + high))


def _sigmoid(values: Float) -> Float:
    return 1.0 / (1.0 + np.exp(-values))
