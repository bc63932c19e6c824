"""Writes the container that every family's checkpoint has, and its bytes."""

from io import BytesIO
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import nn

from neurocmc.common.files import write_file

FORMAT = "neurocmc-checkpoint"
VERSION = 1


class TrainedRecipe(Protocol):
    """A recipe of any family, as a checkpoint needs it."""

    @property
    def family(self) -> str: ...
    @property
    def seed(self) -> int: ...
    def model_dump(self, *, mode: Literal["json"]) -> dict[str, Any]: ...


def checkpoint(
    family: str, recipe: dict[str, Any], seed: int, metrics: dict[str, Any], model: nn.Module
) -> dict[str, Any]:
    """Returns a checkpoint of `model` as it is now, ready for `save_checkpoint`."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "family": family,
        "recipe": recipe,
        "seed": seed,
        "metrics": metrics,
        "state_dict": {name: value.detach().clone() for name, value in model.state_dict().items()},
    }


def trained_checkpoint(recipe: TrainedRecipe, metrics: dict[str, Any], model: nn.Module) -> dict[str, Any]:
    """Returns the checkpoint of a model that was trained by `recipe`."""
    return checkpoint(recipe.family, recipe.model_dump(mode="json"), recipe.seed, metrics, model)


def checkpoint_bytes(checkpoint: dict[str, Any]) -> bytes:
    """Returns the bytes of a checkpoint's file; equal checkpoints give equal bytes, whatever its name."""
    buffer = BytesIO()  # torch.save to a path would write the file's name into the archive
    torch.save(checkpoint, buffer)
    return buffer.getvalue()


def save_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Writes a checkpoint whole or not at all. Raises InputError where `path` cannot be written."""
    write_file(path, checkpoint_bytes(checkpoint))
