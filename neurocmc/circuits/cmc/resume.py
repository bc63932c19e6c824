"""Training that was killed goes on where it stood: its whole state, in a file beside the checkpoint to be."""

import pickle
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import torch

from neurocmc.circuits.checkpoints import save_checkpoint
from neurocmc.common.errors import InputError, Problem

FORMAT = "neurocmc-training"
VERSION = 1
_DAMAGE = (RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile, EOFError, ValueError, KeyError)


def state_path(output: Path) -> Path:
    """Where the state of the training of `output` stands: `model.pt.resume` for `model.pt`."""
    return output.with_name(f"{output.name}.resume")


def write_state(output: Path, identity: dict[str, Any], state: dict[str, Any]) -> None:
    """Keep the state of a training, whole or not at all. Raises InputError where it cannot be written."""
    save_checkpoint({"format": FORMAT, "version": VERSION, "identity": identity, "state": state}, state_path(output))


def read_state(output: Path, identity: dict[str, Any]) -> dict[str, Any]:
    """The state last kept for `output`. Raises InputError if there is none, or it is of another training.

    `identity` is what must not have changed: recipe, seed and data, as plain values.
    """
    path = state_path(output)
    again = "leave --resume out to start from the beginning"
    if not path.is_file():
        raise InputError(Problem(str(path), "no such file: there is no training to resume", again))
    try:
        kept = cast(dict[str, Any], torch.load(BytesIO(path.read_bytes()), weights_only=True))
        sound = kept["format"] == FORMAT and kept["version"] == VERSION
        there, state = cast(dict[str, Any], kept["identity"]), cast(dict[str, Any], kept["state"])
    except (*_DAMAGE, TypeError) as error:
        raise InputError(Problem(str(path), "is damaged, or not the state of a training", again)) from error
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read: {error.strerror}", again)) from error
    if not sound:
        raise InputError(Problem(str(path), "is not the state of a training of this version", again))
    if differ := sorted(name for name in identity.keys() | there.keys() if identity.get(name) != there.get(name)):
        what = f"was begun with another {' and another '.join(differ)}"
        raise InputError(Problem(str(path), what, f"give the same recipe, seed and data, or {again}"))
    return state
