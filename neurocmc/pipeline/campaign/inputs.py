"""Knows circuits and targets that runs read by what is in them, so that all runs of a campaign read the same."""

import hashlib
from typing import TYPE_CHECKING

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import sha256_of

if TYPE_CHECKING:
    from neurocmc.pipeline.model import Model
    from neurocmc.targets import Target


def circuit_sha256(model: "Model") -> str:
    """Returns what a circuit is known by: its file, or all that files named in it hold."""
    return sha256_of(model.path) if model.content is None else hashlib.sha256(model.content).hexdigest()


def target_sha256(target: "Target") -> str:
    """Returns what a target is known by: its text."""
    return hashlib.sha256(target.text.encode()).hexdigest()


def check_unaltered(name: str, found: str, wanted: str) -> None:
    """Raises InputError where what a run reads is not what it was when the campaign began."""
    if found != wanted:
        what = "has changed since the campaign began, or is different on this worker"
        cure = "do not change files while a campaign runs, and give all workers the same files"
        raise InputError(Problem("run-input-changed", name, what, cure))
