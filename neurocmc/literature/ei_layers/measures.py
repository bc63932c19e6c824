"""Measures what a compiled circuit reads of all test images, as they are and as faint as any of the table."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import neurocmc
from neurocmc.campaigns import Made
from neurocmc.common.arrays import Float, Int
from neurocmc.common.files import write_npz
from neurocmc.literature.compiling import for_emulation
from neurocmc.literature.ei_layers.circuit import drives
from neurocmc.literature.ei_layers.equations import EiNetwork
from neurocmc.literature.ei_layers.family import digits_of, network_of, recipe_of
from neurocmc.literature.ei_layers.fronts import before_layers
from neurocmc.literature.ei_layers.recipe import EiRecipe
from neurocmc.literature.ei_layers.sets import CONTRASTS, FAINT

AT_ONCE = 200  # images that are emulated together

Columns = dict[str, float | int | bool | str]


def on_chip(made: Made, variants: Sequence[str], neurons: int, target: str = "loihi1") -> Columns:
    """Returns what the chip's emulator reads of the test images, clean and at contrast .05.

    Args:
        made: The run.
        variants: The variants that are compiled; of others there are no columns.
        neurons: Neurons a unit in the mean.
        target: The chip.

    Returns:
        `chip_clean` and `chip_contrast_05`, shares that are read rightly; `chip_same_clean` and
        `chip_same_contrast_05`, the shares of equal answers of emulator and rate form; `chip_images`, `chip_cores`,
        `chip_neurons`; and `chip_apart`, by how much drives of the two contrasts differ at most.
    """
    if made.variant not in variants:
        return {}
    recipe = recipe_of(made.recipe)
    digits = digits_of(recipe)
    network = network_of(recipe, digits, made.seed)
    sets = {"clean": digits.test, FAINT: CONTRASTS[FAINT] * digits.test}
    sent = {name: drives(network, recipe.front, images) for name, images in sets.items()}
    columns: Columns = {
        "chip_images": len(digits.test),
        "chip_apart": float(np.abs(sent["clean"] - sent[FAINT]).max()),
    }
    with tempfile.TemporaryDirectory() as folder:
        artifact = for_emulation(made.path, Path(folder) / "chip", target, neurons)
        columns |= {"chip_cores": artifact.built.cores_used, "chip_neurons": artifact.spiking.neurons}
        for name, images in sets.items():
            answered = answers_of(artifact, network, recipe, sent[name])
            wanted = network.decisions(before_layers(images, recipe.front))
            columns[f"chip_{name}"] = float(np.mean(answered == digits.test_labels))
            columns[f"chip_same_{name}"] = float(np.mean(answered == wanted))
    return columns


def answers_of(artifact: Any, network: EiNetwork, recipe: EiRecipe, sent: Float) -> Int:
    """Returns (samples,) what is read in the rates that the emulator ends with, for (samples, channels) sent."""
    last, window = f"e{len(network.layers)}", recipe.circuit.window_ms
    parts: list[Int] = []
    for part in np.split(sent, range(AT_ONCE, len(sent), AT_ONCE)):
        rates = emulated(artifact, part, recipe.circuit.duration_ms, last)[:, -window:].mean(axis=1)
        parts.append(network.read(rates))
    return np.concatenate(parts)


def emulated(artifact: Any, sent: Float, duration_ms: int, population: str) -> Float:
    """Returns the activity of a population, (samples, ticks, units), while (samples, channels) are sent."""
    (entry,) = artifact.circuit.inputs
    arrays = {
        "duration_s": np.array(duration_ms * 1e-3),
        "edges_s": np.zeros(1),
        f"value/{entry.name}": sent[:, None],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sent.npz"
        write_npz(path, arrays)
        recording: Any = neurocmc.simulate(artifact, "emulator", path)
    return np.asarray(recording.activity[population], dtype=np.float64)
