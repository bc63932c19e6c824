"""Reads cells that a user brings: an .npz, checked whole, with every fault in one message."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.files import read_npz, sha256_of
from neurocmc.literature.connectome.prior import Prior

MAX_BYTES = 1 << 28  # unpacked
NAMES = ("weights", "positions_um", "correlation", "tiling")


def read_prior(path: Path, units: int) -> Prior:
    """Reads the cells of a file.

    Args:
        path: An .npz with `weights` (n, n), row = target, none below 0; `positions_um` (n, 3); and `correlation` and
            `tiling` (n, n), -1 to 1. All are numbers.
        units: How many cells are wanted, of n.

    Returns:
        The cells that have the most connections in and out, in the order of the file.

    Raises:
        InputError: With all that is wrong with the file.
    """
    arrays = read_npz(path, max_bytes=MAX_BYTES)
    raise_input_problems(_problems(str(path), arrays, units))
    weights = arrays["weights"].astype(np.float64)
    np.fill_diagonal(weights, 0.0)
    partners = np.count_nonzero(weights, axis=0) + np.count_nonzero(weights, axis=1)
    chosen = np.sort(np.argsort(-partners, kind="stable")[:units])
    pairs = np.ix_(chosen, chosen)
    return Prior(
        positions_um=arrays["positions_um"][chosen],
        weights=weights[pairs],
        correlation=arrays["correlation"][pairs],
        tiling=arrays["tiling"][pairs],
    )


def check_unchanged(path: Path, sha256: str) -> None:
    """Raises InputError where a file of cells is not the one that the recipe means."""
    if sha256_of(path) != sha256:
        what = "is not the file of cells that the recipe means: its content has changed"
        cure = "bring the old file back, or begin the study anew without `sha256`"
        raise InputError(Problem("run-input-changed", str(path), what, cure))


def _problems(where: str, arrays: dict[str, NDArray[Any]], units: int) -> Iterator[Problem]:
    """Every fault of a file of cells."""
    names = ", ".join(NAMES)
    for name in NAMES:
        if name not in arrays:
            yield Problem("field-missing", where, f"there is no array {name!r}", f"give arrays named {names}")
    for name in sorted(arrays):
        if name not in NAMES:
            yield Problem("field-unknown", where, f"an array {name!r} means nothing here", f"give only {names}")
    cells = len(arrays["weights"]) if "weights" in arrays and arrays["weights"].ndim else 0
    if "weights" in arrays and cells < units:
        what = f"holds {cells:,} cells, and the recipe has {units:,} units"
        yield Problem("field-inconsistent", where, what, "give a file of more cells, or fewer units")
    for name, array in ((name, arrays[name]) for name in NAMES if name in arrays):
        shape = (cells, 3) if name == "positions_um" else (cells, cells)
        least, largest = {"weights": (0.0, 1e6), "positions_um": (-1e6, 1e6)}.get(name, (-1.0, 1.0))
        if array.dtype.kind not in "fiu":
            yield Problem("array-shape", where, f"{name} holds no numbers ({array.dtype})", "give real numbers")
        elif array.shape != shape:
            what = f"{name} has shape {array.shape}"
            yield Problem("array-shape", where, what, f"give {shape}: a row for each of the cells of `weights`")
        elif not np.all((array >= least) & (array <= largest)):
            what = f"{name} holds numbers that are not {least:g} to {largest:g}"
            yield Problem("number-out-of-range", where, what, "mend them; unknown pairs are 0")
