"""Makes the circuit of a recipe as a file of arrays, which `neurocmc compile` reads.

The units of a Network are sigmoids whose filter comes first and keeps nothing: h' = g W phi(h) + g (b + noise). An
input `kick` starts every trial elsewhere; the noise of a lesioned core is a drive, a channel a unit.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import neurocmc
from neurocmc.common.arrays import Float
from neurocmc.common.draws import stream
from neurocmc.common.progress import Progress
from neurocmc.common.strict_yaml import Document
from neurocmc.literature.flux.lesions import Circuit, circuit_of
from neurocmc.literature.flux.network import NOISE, START
from neurocmc.literature.flux.recipe import FluxRecipe, recipe_of

CALIBRATION, TEST = 0, 1
DT_MS = 1.0


class FluxFamily:
    """A core of layer 5, in its embedding or out of it."""

    suffix = ".npz"

    def checked(self, document: Document) -> Mapping[str, Any]:
        """Returns the recipe. Raises InputError with every fault."""
        return document.validate(FluxRecipe).model_dump(mode="json")

    def make(self, recipe: Mapping[str, Any], seed: int, path: Path, progress: Progress) -> Mapping[str, float]:
        """Draws and lesions the circuit, and writes it with the drives of its trials."""
        known = recipe_of(recipe)
        progress("draw", 0.0)
        made = circuit_of(known, seed)
        progress("write", 0.5)
        model_of(known, made, seed).save(path)
        core = made.network.core
        return {
            "bias_mean": float(made.network.bias[core].mean()),
            "noise_std": float(made.noise_std[core].mean()),
        }


def model_of(recipe: FluxRecipe, made: Circuit, seed: int) -> "neurocmc.Model":
    """Returns a circuit with its drives as a model that can be compiled."""
    network, run = made.network, recipe.run
    noisy = np.flatnonzero(made.noise_std)
    kick = stream(seed, START, 1).standard_normal((network.units, 1))
    noise = np.zeros((network.units, len(noisy)))
    noise[noisy, np.arange(len(noisy))] = made.noise_std[noisy]
    gain = network.gain[:, None]
    return neurocmc.from_arrays(
        gain * network.weight,
        gain * np.hstack([kick, noise]),
        network.gain * network.bias,
        activation="sigmoid",
        form="filter-before",
        fraction=1.0,
        dt_ms=DT_MS,
        calibration=_drives(seed, CALIBRATION, run.calibration_trials, run.calibration_steps, len(noisy)),
        test=_drives(seed, TEST, run.trials, run.settle_steps + run.steps, len(noisy)),
        populations=network.sizes,
        name="flux-l5",
    )


def _drives(seed: int, purpose: int, trials: int, steps: int, noisy: int) -> Float:
    """The kick of the first step, and the noise of all, (trials, steps, 1 + noisy)."""
    generator = stream(seed, NOISE, purpose)
    drives = np.zeros((trials, steps, 1 + noisy))
    drives[:, 0, 0] = generator.standard_normal(trials)
    drives[:, :, 1:] = generator.standard_normal((trials, steps, noisy))
    return drives


FAMILY = FluxFamily()
