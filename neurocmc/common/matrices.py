"""Keeps a matrix by its entries that are not 0 where that is smaller, and reads both kinds by one set of words.

A weight matrix of a level is a `Matrix`: an array of all its entries, or a `scipy.sparse.csr_array` of those that are
not 0. Which of the two follows from its numbers alone (`frozen_matrix`), so that the same circuit is the same level
whichever way it came in. `m @ x`, `x @ m.T`, `m[rows]`, `m[:, columns]`, `m.shape`, `m.sum(axis)`, `-m` and a product
with one number mean the same for both; whatever else is asked of a matrix is asked by a function of this module. None
but `full` makes a sparse matrix full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray
from typing_extensions import TypeIs

from neurocmc.common.arrays import Float, Int, frozen_array


class Sparse(Protocol):
    """What is asked of a `scipy.sparse.csr_array`, whose own types say less."""

    data: NDArray[Any]
    indices: NDArray[Any]
    indptr: NDArray[Any]

    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def nnz(self) -> int: ...
    @property
    def T(self) -> Any: ...  # noqa: N802 (numpy's name)
    def __matmul__(self, other: NDArray[Any], /) -> NDArray[Any]: ...
    def __rmatmul__(self, other: NDArray[Any], /) -> NDArray[Any]: ...
    def __mul__(self, other: float, /) -> Sparse: ...
    def __rmul__(self, other: float, /) -> Sparse: ...
    def __truediv__(self, other: float, /) -> Sparse: ...
    def __neg__(self) -> Sparse: ...
    def __getitem__(self, at: Any, /) -> Any: ...
    def sum(self, axis: int | None = None) -> Any: ...
    def diagonal(self) -> NDArray[Any]: ...
    def toarray(self) -> NDArray[Any]: ...


Matrix = NDArray[Any] | Sparse
FloatMatrix = NDArray[np.float64] | Sparse
IntMatrix = NDArray[np.int64] | Sparse

LEAST_SPARSE = 1 << 16  # entries of a matrix below which it stays full: half a megabyte is not worth a second kind
_INDEX_BYTES = 4


def is_sparse(value: object) -> TypeIs[Sparse]:
    """Whether a matrix holds only its entries that are not 0."""
    return hasattr(value, "indptr")


def sparse(value: Any, shape: tuple[int, int] | None = None) -> Sparse:
    """Returns what scipy makes a sparse matrix of, its indices of 32 bits where these hold them."""
    from scipy.sparse import csr_array  # which takes a while, and most circuits have none

    return cast("Sparse", csr_array(value, shape=shape))


def frozen_matrix(value: Any, dtype: DTypeLike, shape: tuple[int | None, int | None], name: str) -> Matrix:
    """Returns a read-only copy of a matrix with the given dtype, of the kind that is smaller.

    Raises ValueError naming the field for a wrong shape, or values that the dtype cannot hold.
    """
    if not is_sparse(value):
        array = frozen_array(value, dtype, shape, name)
        if array.size >= LEAST_SPARSE and _is_smaller(array.shape, int(np.count_nonzero(array)), array.dtype):
            return _read_only(sparse(array))
        return array
    found = _tidy(value)
    if any(want not in (None, have) for want, have in zip(shape, found.shape, strict=True)):
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name}: shape ({wanted}) is needed, got {found.shape}")
    data = frozen_array(found.data, dtype, (None,), name)
    found = sparse((data, found.indices, found.indptr), found.shape)
    if _is_smaller(found.shape, found.nnz, data.dtype):
        return _read_only(found)
    array = found.toarray()
    array.setflags(write=False)
    return array


def set_frozen_matrix(owner: object, field: str, dtype: DTypeLike, shape: tuple[int | None, int | None]) -> None:
    """Replaces a matrix of a frozen dataclass by its checked read-only copy (for `__post_init__`)."""
    object.__setattr__(owner, field, frozen_matrix(getattr(owner, field), dtype, shape, field))


def _is_smaller(shape: tuple[int, ...], held: int, dtype: np.dtype[Any]) -> bool:
    """Whether a matrix that holds so many entries is smaller than one of all of them."""
    rows, columns = shape
    size, each = rows * columns, dtype.itemsize
    return size >= LEAST_SPARSE and held * (each + _INDEX_BYTES) + rows * _INDEX_BYTES < size * each


def _tidy(value: Any) -> Sparse:
    """A copy with rising columns, no entry twice, and none that is 0; places that nobody can change are shared."""
    if value.has_canonical_format and value.data.all() and not value.indices.flags.writeable:
        return value
    found = sparse(value.copy())
    cast("Any", found).sum_duplicates()
    cast("Any", found).eliminate_zeros()
    return found


def _read_only(found: Sparse) -> Sparse:
    for part in (found.data, found.indices, found.indptr):
        part.setflags(write=False)
    return found


def no_entries(shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> Matrix:
    """Returns a matrix of zeros, full where it is small."""
    if np.prod(shape) < LEAST_SPARSE:
        return np.zeros(shape, dtype=dtype)
    none, start = np.zeros(0, dtype=np.int32), np.zeros(shape[0] + 1, dtype=np.int32)
    return sparse((np.zeros(0, dtype=dtype), none, start), (shape[0], shape[1]))


def from_entries(row: NDArray[Any], column: NDArray[Any], value: NDArray[Any], shape: tuple[int, int]) -> Matrix:
    """Returns the matrix of entries, those of one place added up; full where it is small."""
    if shape[0] * shape[1] < LEAST_SPARSE:
        found = np.zeros(shape, dtype=value.dtype)
        np.add.at(found, (row, column), value)
        return found
    return sparse((value, (row, column)), shape)


def placed(parts: Iterable[tuple[Matrix, int, int]], shape: tuple[int, int]) -> Sparse:
    """Returns the sum of matrices, each with its first entry in the given row and column of the whole."""
    rows, columns, found = ([np.zeros(0, dtype=np.int64)] for _ in range(3))
    for matrix, first_row, first_column in parts:
        row, column, value = entries(matrix)
        rows.append(row + first_row)
        columns.append(column + first_column)
        found.append(value)
    return sparse((np.concatenate(found), (np.concatenate(rows), np.concatenate(columns))), shape)


def banded(size: int, bands: Mapping[int, float]) -> Matrix:
    """Returns a square matrix with one value on each diagonal, counted from the middle; full where it is small."""
    parts = [(offset, np.arange(max(-offset, 0), size - max(offset, 0))) for offset in bands]
    rows = np.concatenate([row for _, row in parts])
    columns = np.concatenate([row + offset for offset, row in parts])
    found = np.concatenate([np.full(row.size, bands[offset]) for offset, row in parts])
    return from_entries(rows, columns, found, (size, size))


def entries_fault(value: NDArray[Any], column: NDArray[Any], start: NDArray[Any], shape: tuple[int, int]) -> str:
    """Returns what keeps stored arrays from being the entries of a matrix, row by row, or ""."""
    rows, columns = shape
    if rows < 0 or columns < 0:
        return f"its shape is {shape}"
    if any(part.ndim != 1 for part in (value, column, start)) or any(p.dtype.kind != "i" for p in (column, start)):
        return "its columns and the starts of its rows are not rows of whole numbers"
    if start.size != rows + 1 or start[0] != 0 or (np.diff(start) < 0).any() or start[-1] != value.size:
        return f"the starts of its rows do not rise from 0 to its {value.size} entries, one for each of {rows} rows"
    if column.size != value.size or (column.size and not (column.min() >= 0 and column.max() < columns)):
        return f"its columns are not one for each entry, from 0 to {columns - 1}"
    rises = np.diff(column) > 0
    inner = start[1:-1]
    rises[inner[(inner > 0) & (inner < value.size)] - 1] = True
    return "" if rises.all() else "the columns of a row do not rise"


def entries(matrix: Matrix) -> tuple[Int, Int, NDArray[Any]]:
    """Returns row, column and value of every entry that is not 0, row by row."""
    if not is_sparse(matrix):
        row, column = np.nonzero(matrix)
        return row, column, matrix[row, column]
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    held = matrix.data != 0
    return row[held], matrix.indices[held].astype(np.int64), matrix.data[held]


def at(matrix: Matrix, row: Int, column: Int) -> NDArray[Any]:
    """Returns the entries in some places."""
    if not is_sparse(matrix):
        return matrix[row, column]
    rows, columns, held = entries(matrix)
    places, wanted = rows * matrix.shape[1] + columns, row * matrix.shape[1] + column
    found = np.minimum(np.searchsorted(places, wanted), max(places.size - 1, 0))
    return np.where(places[found] == wanted, held[found], 0) if places.size else np.zeros(row.size, matrix.dtype)


def row_entries(matrix: Matrix, row: int) -> list[tuple[int, float]]:
    """Returns column and value of every entry of a row that is not 0."""
    if is_sparse(matrix):
        held = slice(matrix.indptr[row], matrix.indptr[row + 1])
        columns, found = matrix.indices[held], matrix.data[held]
    else:
        columns = np.flatnonzero(matrix[row])
        found = matrix[row, columns]
    return list(zip(columns.tolist(), found.tolist(), strict=True))


def values(matrix: Matrix) -> NDArray[Any]:
    """Returns all entries of a full matrix, those held of a sparse one, to ask something of each number."""
    return matrix.data if is_sparse(matrix) else matrix


def count(matrix: Matrix) -> int:
    """Returns how many entries are not 0."""
    return int(np.count_nonzero(values(matrix)))


def row_counts(matrix: Matrix) -> Int:
    """Returns (rows,) how many entries of each row are not 0."""
    return np.bincount(entries(matrix)[0], minlength=matrix.shape[0]).astype(np.int64)


def column_counts(matrix: Matrix) -> Int:
    """Returns (columns,) how many entries of each column are not 0."""
    return np.bincount(entries(matrix)[1], minlength=matrix.shape[1]).astype(np.int64)


def mapped(matrix: Matrix, function: Callable[[NDArray[Any]], NDArray[Any]]) -> Matrix:
    """Returns the matrix with a function of each entry in its place; of 0 it must be 0."""
    return with_values(matrix, function(values(matrix)))


def with_values(matrix: Matrix, found: NDArray[Any]) -> Matrix:
    """Returns the matrix with others in the places of its `values`."""
    return sparse((found, matrix.indices, matrix.indptr), matrix.shape) if is_sparse(matrix) else found


def per_row(matrix: Matrix, row: NDArray[Any]) -> NDArray[Any]:
    """Returns what stands in `row` (rows,) for each of the `values`, to calculate with them."""
    return np.repeat(row, np.diff(matrix.indptr)) if is_sparse(matrix) else row[:, None]


def per_column(matrix: Matrix, column: NDArray[Any]) -> NDArray[Any]:
    """Returns what stands in `column` (columns,) for each of the `values`."""
    return column[matrix.indices] if is_sparse(matrix) else column


def scaled_rows(matrix: Matrix, row: Float) -> Matrix:
    """Returns the matrix with each row times its factor."""
    return with_values(matrix, per_row(matrix, row) * values(matrix))


def scaled_columns(matrix: Matrix, column: Float) -> Matrix:
    """Returns the matrix with each column times its factor."""
    return with_values(matrix, values(matrix) * per_column(matrix, column))


def divided_rows(matrix: Matrix, row: Float) -> Matrix:
    """Returns the matrix with each row divided by its divisor."""
    return with_values(matrix, values(matrix) / per_row(matrix, row))


def driven_by(value: NDArray[Any], matrix: Matrix) -> NDArray[Any]:
    """Returns (..., rows) what values (..., columns) bring through a matrix: value @ matrix.T for any axes before."""
    if not is_sparse(matrix):
        return value @ matrix.T
    return (value.reshape(-1, value.shape[-1]) @ matrix.T).reshape(*value.shape[:-1], matrix.shape[0])


def full(matrix: Matrix) -> NDArray[Any]:
    """Returns all entries, for matrices whose size the caller has bounded."""
    return matrix.toarray() if is_sparse(matrix) else matrix


def total(matrices: Iterable[Matrix]) -> Matrix:
    """Returns the sum of matrices of one shape, of which there is one at least."""
    return reduce(_sum, matrices)


def _sum(left: Matrix, right: Matrix) -> Matrix:
    if is_sparse(left) or is_sparse(right):
        return cast("Any", sparse(left)) + cast("Any", sparse(right))
    return left + right


def difference(left: Matrix, right: Matrix) -> Matrix:
    """Returns left - right."""
    if is_sparse(left) or is_sparse(right):
        return cast("Any", sparse(left)) - cast("Any", sparse(right))
    return left - right


def same(left: Matrix, right: Matrix) -> bool:
    """Whether two matrices have one shape and the same entries."""
    return left.shape == right.shape and count(difference(left, right)) == 0


def any_entry(matrix: Matrix) -> bool:
    """Whether any entry is not 0."""
    return bool(values(matrix).any())


def largest(matrix: Matrix) -> float:
    """Returns the largest magnitude of all entries; 0 of none."""
    return float(np.abs(values(matrix)).max(initial=0.0))


def span_of(matrix: Matrix) -> tuple[Any, Any]:
    """Returns the least and the largest entry; a sparse matrix has entries that are 0."""
    held = values(matrix)
    if not held.size:
        return 0, 0
    low, high = held.min(), held.max()
    return (min(low, 0), max(high, 0)) if is_sparse(matrix) else (low, high)


def row_largest(matrix: Matrix) -> NDArray[Any]:
    """Returns (rows,) the largest magnitude of each row; 0 of an empty one."""
    if not is_sparse(matrix):
        return np.abs(matrix).max(axis=1, initial=0)
    found = np.zeros(matrix.shape[0], dtype=matrix.dtype)
    filled = np.flatnonzero(np.diff(matrix.indptr))
    if filled.size:
        found[filled] = np.maximum.reduceat(np.abs(matrix.data), matrix.indptr[filled])
    return found


def transposed(matrix: Matrix) -> Matrix:
    """Returns the matrix with its columns as rows, of the same kind."""
    return cast("Sparse", matrix.T.tocsr()) if is_sparse(matrix) else matrix.T


def column_largest(matrix: Matrix) -> NDArray[Any]:
    """Returns (columns,) the largest magnitude of each column; 0 of an empty one."""
    return row_largest(transposed(matrix))


def diagonal(matrix: Matrix) -> NDArray[Any]:
    """Returns the entries of the diagonal."""
    return matrix.diagonal() if is_sparse(matrix) else np.diag(matrix)


def spectral_radius(matrix: NDArray[np.float64]) -> float:
    """Returns the largest modulus of an eigenvalue of a full square matrix."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())
