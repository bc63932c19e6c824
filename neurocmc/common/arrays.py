"""Makes arrays that cannot be changed behind one's back, checked for dtype and shape; rows; and aligned ones."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

CACHE_LINE = 64  # bytes

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]


def frozen_array(value: Any, dtype: DTypeLike, shape: tuple[int | None, ...], name: str) -> NDArray[Any]:
    """Returns a read-only copy of `value` with the given dtype, or `value` where that is all its own and read-only.

    `shape` holds the wanted length of each axis, None where any length will do. Raises ValueError naming the
    field, the shape that was wanted and the one that came, or values that the dtype cannot hold.
    """
    source = np.asarray(value)
    kept = source.base is None and not source.flags.writeable and source.flags.c_contiguous and source.dtype == dtype
    array = source if kept else np.array(source, dtype=dtype, copy=True, order="C")
    fits = array.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name}: shape ({wanted}) is needed, got {array.shape}")
    if array is not source and np.issubdtype(array.dtype, np.integer) and not np.array_equal(array, source):
        raise ValueError(f"{name}: whole numbers that fit {array.dtype} are needed")
    array.setflags(write=False)
    return array


def set_frozen(owner: object, field: str, dtype: DTypeLike, shape: tuple[int | None, ...]) -> None:
    """Replaces an array field of a frozen dataclass by its checked read-only copy (for `__post_init__`)."""
    object.__setattr__(owner, field, frozen_array(getattr(owner, field), dtype, shape, field))


def aligned(values: NDArray[Any]) -> NDArray[Any]:
    """Returns a copy that begins where a line of the cache does, so that a vector of 64 bytes is read from one."""
    room = np.empty(values.nbytes + CACHE_LINE, dtype=np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    copy = room[first : first + values.nbytes].view(values.dtype).reshape(values.shape)
    copy[...] = values
    return copy


def starts(sizes: Mapping[str, int]) -> dict[str, int]:
    """Returns the index of each name's first entry when the entries of all stand in one row, in the order given."""
    return dict(zip(sizes, accumulate(sizes.values(), initial=0), strict=False))


def row_starts(counts: NDArray[Any] | Sequence[int]) -> Int:
    """Returns (rows + 1,) where rows of so many values begin that stand one after the other, and the end."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def in_row(arrays: Iterable[NDArray[Any]]) -> Int:
    """Returns the entries of whole-numbered arrays of any shapes, one after the other."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *(array.ravel() for array in arrays)])
