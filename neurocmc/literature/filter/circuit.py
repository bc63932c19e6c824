"""Writes a filter as a circuit in YAML that `neurocmc compile` reads: what of it is a circuit of rate units.

The soft winner-take-all and the one pass are, and of the divisive filter what its division on the host follows. Of
the other controls nothing is: their circuit is a relay, which sends what the host has filtered as it came.
"""

from collections.abc import Mapping

import numpy as np

from neurocmc.common.arrays import Float

DECIMALS = 4  # of grey levels, whose 256 steps are of 0.004


def circuit_text(
    filter_name: str, parameters: Mapping[str, float], settings: Mapping[str, float], calibration: Float, test: Float
) -> str:
    """Returns the circuit of a filter.

    Args:
        filter_name: The name of the filter, as recipes have it.
        parameters: Its parameters.
        settings: The section `circuit` of a recipe.
        calibration: (images, height, width) drives that gains are matched on.
        test: Drives to judge the chip by.
    """
    pixels = calibration[0].size
    match filter_name:
        case "swta" | "divisive":
            body = _recurrent(pixels, parameters["alpha"], parameters["beta"], settings["tau_ms"])
        case "one_pass":
            body = _feedforward(pixels, parameters["gain"], parameters["inhibition"], settings["tau_ms"])
        case _:
            body = _relay(pixels, settings["tau_ms"])
    head = f"name: filter-{filter_name.replace('_', '-')}\ndt_ms: 1\nform: filter-after\n"
    readout = f"readouts:\n  filtered: {{population: e, kind: activity, window_ms: {settings['window_ms']}}}\n"
    held = settings["duration_ms"] / 1000
    stimuli = (("calibration", calibration), ("test", test))
    return head + body + readout + "stimuli:\n" + "".join(_stimulus(name, drives, held) for name, drives in stimuli)


def _recurrent(pixels: int, alpha: float, beta: float, tau_ms: float) -> str:
    return f"""populations:
  e: {{size: {pixels}, tau_ms: {tau_ms}, transfer: relu}}
  y: {{size: 1, tau_ms: {tau_ms}, transfer: relu}}
projections:
  - {{from: e, to: e, weight: {{pattern: one-to-one, value: {alpha!r}}}}}
  - {{from: e, to: y, weight: {1 / pixels!r}}}
  - {{from: y, to: e, weight: {-beta!r}}}
inputs:
  pixels: {{to: e}}
"""


def _feedforward(pixels: int, gain: float, inhibition: float, tau_ms: float) -> str:
    return f"""populations:
  x: {{size: {pixels}, tau_ms: {tau_ms}, transfer: relu}}
  y: {{size: 1, tau_ms: {tau_ms}, transfer: relu}}
  e: {{size: {pixels}, tau_ms: {tau_ms}, transfer: relu}}
projections:
  - {{from: x, to: y, weight: {1 / pixels!r}}}
  - {{from: x, to: e, weight: {{pattern: one-to-one, value: {gain!r}}}}}
  - {{from: y, to: e, weight: {-gain * inhibition!r}}}
inputs:
  pixels: {{to: x}}
"""


def _relay(pixels: int, tau_ms: float) -> str:
    return f"""populations:
  e: {{size: {pixels}, tau_ms: {tau_ms}, transfer: linear}}
projections: []
inputs:
  pixels: {{to: e}}
"""


def _stimulus(name: str, drives: Float, held_s: float) -> str:
    trials = "".join(f"      - steps: [{{at_s: 0, pixels: {_row(drive)}}}]\n" for drive in drives)
    return f"  {name}:\n    duration_s: {held_s!r}\n    use: {name}\n    trials:\n{trials}"


def _row(image: Float) -> str:
    return "[" + ", ".join(f"{value:g}" for value in np.round(image.ravel(), DECIMALS)) + "]"
