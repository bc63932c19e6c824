"""Compiles circuits for their emulator alone: without a search for steps, pictures, or a copy of the source."""

from pathlib import Path
from typing import Any

import neurocmc


def for_emulation(path: Path, folder: Path, target: str, neurons: int) -> Any:
    """Returns the artifact of a circuit in a folder; no decisions are there for whose sake steps would be searched.

    Args:
        path: The file of the circuit.
        folder: Where the artifact is put.
        target: The chip.
        neurons: Neurons a unit in the mean.
    """
    return neurocmc.compile(
        path, target=target, out=folder, neurons=neurons, steps="equal", planes=1, source=False, figures=False
    )
