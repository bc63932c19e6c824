"""Small recipes of the family `microns-rnn`, and files of cells."""

from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.files import write_npz
from neurocmc.common.strict_yaml import parse_document
from neurocmc.literature.connectome.recipe import ConnectomeRecipe

TINY = """
family: microns-rnn
task: decision
units: 20
start: orthogonal
chip_trials: 40
calibration_trials: 16
trial: {shown_steps: 4, delay_steps: 2, answer_steps: 4, evidence_steps: 8}
training: {epochs: 2, steps: 3, batch_size: 16, validation_trials: 40, test_trials: 60, learning_rate: 0.01}
"""


def recipe(**changes: Any) -> ConnectomeRecipe:
    """A recipe, with some of its fields changed."""
    found = parse_document(TINY, "tiny.yaml").validate(ConnectomeRecipe)
    return ConnectomeRecipe.model_validate(found.model_dump() | changes)


def cells(units: int = 24, seed: int = 0) -> dict[str, Float]:
    """The arrays of a file of cells, half of the pairs connected."""
    generator = np.random.default_rng(seed)
    alike = np.clip(np.corrcoef(generator.standard_normal((units, 10))), -1.0, 1.0).astype(np.float64)
    return {
        "weights": np.where(generator.random((units, units)) < 0.5, generator.random((units, units)), 0.0),
        "positions_um": generator.uniform(0.0, 100.0, (units, 3)),
        "correlation": alike,
        "tiling": 0.5 * alike,
    }


def write(path: Path, **arrays: object) -> Path:
    """An .npz of arrays; None leaves one out."""
    write_npz(path, {name: np.asarray(array) for name, array in arrays.items() if array is not None})
    return path
