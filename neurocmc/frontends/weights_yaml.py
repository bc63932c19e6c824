"""Reads the weights of a circuit written by hand: a number, a rule, a matrix written out, or one in an .npz.

weight: {npz: weights.npz, key: W}    the array W of weights.npz, which lies beside the circuit file
weight: {sparse: weights.npz}         the sparse matrix that scipy.sparse.save_npz wrote into it
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
from neurocmc.common.matrices import FloatMatrix as AnyMatrix
from neurocmc.common.matrices import Sparse, banded, is_sparse, no_entries, sparse, values
from neurocmc.common.matrices import largest as largest_of
from neurocmc.common.names import nearest_name
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.common.yaml_complaints import FieldPath
from neurocmc.frontends.stimulus_yaml import Fault

LARGEST = 1e9  # far beyond any circuit, and far within what arithmetic in double precision keeps apart
MAX_BYTES = 1 << 30  # unpacked
MOST_UNITS = 10_000_000  # of one population: ten times what the largest circuits have, and no memory is asked for yet
MOST_ENTRIES = 1 << 27  # of a matrix that is not sparse: a gigabyte

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

    @property
    def place(self) -> str:
        """Where it is, as it is told."""
        return f"{self.npz}: {self.key}"


class SparseFile(StrictModel):
    """The sparse matrix of a file that `scipy.sparse.save_npz` wrote, beside the circuit file."""

    sparse: Annotated[str, Field(min_length=1, max_length=1024)]

    @property
    def place(self) -> str:
        """Where it is, as it is told."""
        return self.sparse


Weight = Number | Pattern | Matrix | MatrixFile | SparseFile


@dataclass(slots=True)
class MatrixFiles:
    """The .npz files that a circuit file in `folder` names; each is read once."""

    folder: Path
    _read: dict[str, dict[str, NDArray[Any]]] = field(default_factory=dict[str, dict[str, NDArray[Any]]])
    _used: dict[tuple[str, str], AnyMatrix] = field(default_factory=dict[tuple[str, str], AnyMatrix])

    def matrix(self, entry: MatrixFile, path: FieldPath, faults: list[Fault]) -> Float | None:
        """The matrix that `entry` of the field at `path` names, or None: what is wrong with it joins the faults."""
        return self._numbers(entry, 2, path, faults)

    def sparse(self, entry: SparseFile, path: FieldPath, faults: list[Fault]) -> Sparse | None:
        """The sparse matrix that `entry` names, or None, as for `matrix`."""
        if (taken := self._used.get((entry.sparse, ""))) is not None and is_sparse(taken):
            return taken
        arrays = self._arrays(entry.sparse, path, faults, "sparse")
        if arrays is None:
            return None
        fault = (*path, "sparse")
        try:
            found = _stored_sparse(arrays)
        except (KeyError, ValueError) as error:
            reason = " ".join(str(error).split())[:120]
            what = f"{entry.sparse} is not a sparse matrix ({reason})"
            faults.append(("array-missing", fault, what, "write it with scipy.sparse.save_npz, as CSR, CSC or COO"))
            return None
        if not np.isfinite(found.data).all():
            what = f"{entry.sparse} holds a number that is not finite"
            faults.append(("value-not-finite", fault, what, "give finite numbers only"))
        elif (largest := largest_of(found)) > LARGEST:
            what = f"{entry.sparse} holds a number of magnitude {largest:g}"
            faults.append(("field-wrong", fault, what, f"give numbers of at most {LARGEST:g}"))
        else:
            self._used[entry.sparse, ""] = found
            return found
        return None

    def named(self, entry: MatrixFile | SparseFile, path: FieldPath, faults: list[Fault]) -> AnyMatrix | None:
        """The matrix, sparse or not, that `entry` names, or None, as for `matrix`."""
        return self.sparse(entry, path, faults) if isinstance(entry, SparseFile) else self.matrix(entry, path, faults)

    def vector(self, entry: MatrixFile, path: FieldPath, faults: list[Fault]) -> Float | None:
        """The list of numbers that `entry` names, or None, as for `matrix`."""
        return self._numbers(entry, 1, path, faults)

    def _numbers(self, entry: MatrixFile, dimensions: int, path: FieldPath, faults: list[Fault]) -> Float | None:
        arrays = self._arrays(entry.npz, path, faults, "npz")
        if arrays is None:
            return None
        place = entry.place
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
            what = f"{place} holds a number of magnitude {largest:g}"
            faults.append(("field-wrong", (*path, "key"), what, f"give numbers of at most {LARGEST:g}"))
        else:
            numbers = given.astype(np.float64)
            self._used.setdefault((entry.npz, entry.key), numbers)
            return numbers
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
            parts = (matrix.indptr, matrix.indices) if is_sparse(matrix) else ()
            for places in parts:
                digest.update(np.ascontiguousarray(places, dtype="<i8").tobytes())
            digest.update(np.ascontiguousarray(values(matrix), dtype="<f8").tobytes())
        return digest.digest() if self.has_any else b""

    def _arrays(self, npz: str, path: FieldPath, faults: list[Fault], called: str) -> dict[str, NDArray[Any]] | None:
        if npz not in self._read:
            try:
                self._read[npz] = read_npz(self.folder / npz, max_bytes=MAX_BYTES)
            except InputError as error:
                faults += (
                    (problem.id, (*path, called), f"{problem.where}: {problem.what}", problem.cure)
                    for problem in error.problems
                )
                return None
        return self._read[npz]


def _stored_sparse(arrays: dict[str, NDArray[Any]]) -> Sparse:
    """What `scipy.sparse.save_npz` wrote. Raises KeyError or ValueError where it is no such matrix."""
    kind = arrays["format"].item()
    kind = kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)
    rows, columns = (int(length) for length in arrays["shape"].tolist())
    data = arrays["data"]
    if data.dtype.kind not in "fiu" or data.ndim != 1 or not (0 < rows <= MOST_UNITS and 0 < columns <= MOST_UNITS):
        raise ValueError(f"{data.dtype.name} of shape {data.shape} in a matrix of {rows} x {columns}")
    numbers = data.astype(np.float64)
    if kind == "coo":
        row, column = arrays["row"], arrays["col"]
        ends = ((row, rows), (column, columns))
        if any(at.shape != data.shape or at.dtype.kind not in "iu" for at, _ in ends):
            raise ValueError("not one row and column for each number")
        if any(at.size and not (at.min() >= 0 and at.max() < most) for at, most in ends):
            raise ValueError("a number lies outside its shape")
        return sparse((numbers, (row, column)), (rows, columns))
    if kind not in ("csr", "csc"):
        raise ValueError(f"format {kind[:20]!r}")
    lines, across = (rows, columns) if kind == "csr" else (columns, rows)
    start, place = arrays["indptr"], arrays["indices"]
    if start.dtype.kind not in "iu" or place.dtype.kind not in "iu" or place.shape != data.shape:
        raise ValueError("not one place for each number")
    steps = np.diff(start.astype(np.int64))
    if start.shape != (lines + 1,) or start[0] != 0 or start[-1] != data.size or (steps < 0).any():
        raise ValueError("its lines do not begin one after the other")
    if place.size and not (place.min() >= 0 and place.max() < across):
        raise ValueError("a number lies outside its shape")
    line = np.repeat(np.arange(lines), steps)
    return sparse((numbers, (line, place) if kind == "csr" else (place, line)), (rows, columns))


def _too_large(rows: int, columns: int, path: FieldPath, faults: list[Fault]) -> bool:
    """Whether a matrix of all its entries is too large, which joins the faults."""
    if rows * columns <= MOST_ENTRIES:
        return False
    what = f"a full matrix of {rows:,} x {columns:,} numbers, limit {MOST_ENTRIES:,}"
    faults.append(("weight-shape", path, what, "give a sparse matrix ({sparse: FILE.npz}), or split the population"))
    return True


def weight_matrix(
    weight: Weight, rows: int, columns: int, files: MatrixFiles, path: FieldPath, faults: list[Fault]
) -> AnyMatrix:
    """The (rows, columns) matrix that `weight` means: a single number stands everywhere."""
    size = (rows, columns, path, faults)
    match weight:
        case MatrixFile() | SparseFile():
            matrix = files.named(weight, path, faults)
            if matrix is None:
                return no_entries((rows, columns))
            if matrix.shape != (rows, columns):
                what = f"{weight.place} has shape {matrix.shape}, ({rows}, {columns}) is needed"
                faults.append(
                    ("weight-shape", path, what, "a row per target unit, a column per source unit or channel")
                )
                return no_entries((rows, columns))
            return matrix
        case Pattern(pattern="all-to-all", value=value):
            return no_entries((rows, columns)) if _too_large(*size) else np.full((rows, columns), value)
        case Pattern(pattern=pattern, value=value):
            if rows != columns:
                what = f"{pattern} needs as many target units as sources (got {rows} and {columns})"
                faults.append(("weight-shape", path, what, "use all-to-all, or write the matrix out"))
                return no_entries((rows, columns))
            return banded(rows, {0: value} if pattern == "one-to-one" else {1: value, -1: value})
        case tuple():
            lengths = {len(row) for row in weight}
            if len(weight) != rows or lengths != {columns}:
                widths = ", ".join(str(length) for length in sorted(lengths))
                what = f"has {len(weight)} rows of {widths} numbers, {rows} rows of {columns} are needed"
                faults.append(
                    ("weight-shape", path, what, "a row per target unit, in it a number per source unit or channel")
                )
                return no_entries((rows, columns))
            return np.array(weight, dtype=np.float64)
        case value:
            return no_entries((rows, columns)) if _too_large(*size) else np.full((rows, columns), value)
