"""The container that every family's checkpoint has, and its bytes."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import nn

from neurocmc.common.errors import InputError, Problem

FORMAT = "neurocmc-checkpoint"
VERSION = 1


def checkpoint(
    family: str, recipe: dict[str, Any], seed: int, metrics: dict[str, Any], model: nn.Module
) -> dict[str, Any]:
    """A checkpoint of `model` as it is now, ready for `save_checkpoint`."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "family": family,
        "recipe": recipe,
        "seed": seed,
        "metrics": metrics,
        "state_dict": {name: value.detach().clone() for name, value in model.state_dict().items()},
    }


def checkpoint_bytes(checkpoint: dict[str, Any]) -> bytes:
    """A checkpoint as the bytes of its file; equal checkpoints give equal bytes, whatever the file is called."""
    buffer = BytesIO()  # torch.save to a path would write the file's name into the archive
    torch.save(checkpoint, buffer)
    return buffer.getvalue()


def save_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Write a checkpoint whole or not at all. Raises InputError where `path` cannot be written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            beside.write_bytes(checkpoint_bytes(checkpoint))
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            Problem(str(path), f"cannot be written: {error.strerror}", "name a file in a folder that exists")
        ) from error
