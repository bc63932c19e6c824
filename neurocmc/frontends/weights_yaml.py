"""Reads the weights of a circuit written by hand: a number, a rule, a matrix written out, or one in an .npz.

weight: {npz: weights.npz, key: W}    the array W of weights.npz, which lies beside the circuit file
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.common.yaml_complaints import FieldPath, nearest_name
from neurocmc.frontends.stimulus_yaml import Fault

LARGEST = 1e9  # far beyond any circuit, and far within what arithmetic in double precision keeps apart
MAX_BYTES = 1 << 30  # unpacked

Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Row = Annotated[tuple[Number, ...], Field(min_length=1)]
Matrix = Annotated[tuple[Row, ...], Field(min_length=1)]


class Pattern(StrictModel):
    """A weight matrix by rule: one number and where it stands."""

    pattern: Literal["one-to-one", "all-to-all", "neighbours"]
    value: Number


class MatrixFile(StrictModel):
    """The array `key` of the file `npz`, whose path is taken from the folder of the circuit file."""

    npz: Annotated[str, Field(min_length=1, max_length=1024)]
    key: Annotated[str, Field(min_length=1, max_length=255)]


Weight = Number | Pattern | Matrix | MatrixFile


@dataclass(slots=True)
class MatrixFiles:
    """The .npz files that a circuit file in `folder` names; each is read once."""

    folder: Path
    _read: dict[str, dict[str, NDArray[Any]]] = field(default_factory=dict[str, dict[str, NDArray[Any]]])
    _used: dict[tuple[str, str], Float] = field(default_factory=dict[tuple[str, str], Float])

    def matrix(self, entry: MatrixFile, path: FieldPath, faults: list[Fault]) -> Float | None:
        """The matrix that `entry` of the field at `path` names, or None: what is wrong with it joins the faults."""
        return self._numbers(entry, 2, path, faults)

    def vector(self, entry: MatrixFile, path: FieldPath, faults: list[Fault]) -> Float | None:
        """The list of numbers that `entry` names, or None, as for `matrix`."""
        return self._numbers(entry, 1, path, faults)

    def _numbers(self, entry: MatrixFile, dimensions: int, path: FieldPath, faults: list[Fault]) -> Float | None:
        arrays = self._arrays(entry.npz, path, faults)
        if arrays is None:
            return None
        place = f"{entry.npz}: {entry.key}"
        if entry.key not in arrays:
            faults.append(
                ("array-missing", (*path, "key"), f"{place} is not there", nearest_name(entry.key, sorted(arrays)))
            )
            return None
        given = arrays[entry.key]
        if given.dtype.kind not in "fiu":
            faults.append(("array-type", (*path, "key"), f"{place} holds {given.dtype}", "give numbers"))
        elif given.ndim != dimensions or not given.size:
            cure = "give a matrix, a row per target unit" if dimensions == 2 else "give a list of numbers"
            faults.append(("array-shape", (*path, "key"), f"{place} has shape {given.shape}", cure))
        elif not np.isfinite(given).all():
            what = f"{place} holds a number that is not finite"
            faults.append(("value-not-finite", (*path, "key"), what, "give finite numbers only"))
        elif (largest := np.abs(given.astype(np.float64)).max()) > LARGEST:
            what = f"{place} holds a number of size {largest:g}"
            faults.append(("field-wrong", (*path, "key"), what, f"give numbers of at most {LARGEST:g}"))
        else:
            return self._used.setdefault((entry.npz, entry.key), given.astype(np.float64))
        return None

    @property
    def has_any(self) -> bool:
        """Whether anything was taken from a file."""
        return bool(self._used)

    def digest(self) -> bytes:
        """Names and numbers of all matrices that were taken, in order of their names, for the hash of the circuit."""
        digest = hashlib.sha256()
        for name, matrix in sorted(self._used.items()):
            digest.update(f"{name} {matrix.shape}".encode())
            digest.update(np.ascontiguousarray(matrix, dtype="<f8").tobytes())
        return digest.digest() if self.has_any else b""

    def _arrays(self, npz: str, path: FieldPath, faults: list[Fault]) -> dict[str, NDArray[Any]] | None:
        if npz not in self._read:
            try:
                self._read[npz] = read_npz(self.folder / npz, max_bytes=MAX_BYTES)
            except InputError as error:
                faults += (
                    (problem.id, (*path, "npz"), f"{problem.where}: {problem.what}", problem.cure)
                    for problem in error.problems
                )
                return None
        return self._read[npz]


def weight_matrix(
    weight: Weight, rows: int, columns: int, files: MatrixFiles, path: FieldPath, faults: list[Fault]
) -> Float:
    """The (rows, columns) matrix that `weight` means: a single number stands everywhere."""
    match weight:
        case MatrixFile():
            matrix = files.matrix(weight, path, faults)
            if matrix is None:
                return np.zeros((rows, columns))
            if matrix.shape != (rows, columns):
                what = f"{weight.npz}: {weight.key} has shape {matrix.shape}, ({rows}, {columns}) is needed"
                faults.append(
                    ("weight-shape", path, what, "a row per target unit, a column per source unit or channel")
                )
                return np.zeros((rows, columns))
            return matrix
        case Pattern(pattern="all-to-all", value=value):
            return np.full((rows, columns), value)
        case Pattern(pattern=pattern, value=value):
            if rows != columns:
                what = f"{pattern} needs as many target units as sources (got {rows} and {columns})"
                faults.append(("weight-shape", path, what, "use all-to-all, or write the matrix out"))
                return np.zeros((rows, columns))
            near = 0 if pattern == "one-to-one" else 1
            distance = np.abs(np.subtract.outer(np.arange(rows), np.arange(columns)))
            return np.where(distance == near, value, 0.0)
        case tuple():
            lengths = {len(row) for row in weight}
            if len(weight) != rows or lengths != {columns}:
                widths = ", ".join(str(length) for length in sorted(lengths))
                what = f"has {len(weight)} rows of {widths} numbers, {rows} rows of {columns} are needed"
                faults.append(
                    ("weight-shape", path, what, "a row per target unit, in it a number per source unit or channel")
                )
                return np.zeros((rows, columns))
            return np.array(weight, dtype=np.float64)
        case value:
            return np.full((rows, columns), value)
