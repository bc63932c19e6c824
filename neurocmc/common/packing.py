"""Stores thousands of small arrays as a few: an .npz has a file for each, which takes longer than the numbers do.

Beyond MOST_MEMBERS all numbers of one type stand in one row, `packed/<type>`, array after array; `packed/index` is a
JSON text of {type: [[key, length of each axis, ...], ...]}.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem

MOST_MEMBERS = 2048
_INDEX = "packed/index"


def packed(arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
    """Returns the arrays themselves, or where they are very many, those that hold them all."""
    if len(arrays) <= MOST_MEMBERS:
        return arrays
    of_type: defaultdict[str, list[str]] = defaultdict(list)
    for key in sorted(arrays):
        of_type[arrays[key].dtype.name].append(key)
    rows = {f"packed/{name}": np.concatenate([arrays[key].ravel() for key in keys]) for name, keys in of_type.items()}
    index = {name: [[key, *arrays[key].shape] for key in keys] for name, keys in of_type.items()}
    return {**rows, _INDEX: np.array(json.dumps(index, sort_keys=True, separators=(",", ":")))}


def unpacked(path: Path, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Returns the arrays that were packed. Raises InputError where their index does not fit them."""
    if _INDEX not in arrays:
        return arrays
    try:
        return _unpacked(arrays)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        what = f"does not fit the arrays beside it ({reason})"
        raise InputError(Problem("file-damaged", f"{path}: {_INDEX}", what, "make the file again")) from None


def _unpacked(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    left = dict(arrays)
    found: dict[str, NDArray[Any]] = {}
    for name, entries in json.loads(str(left.pop(_INDEX))).items():
        row = left.pop(f"packed/{name}")
        shapes = [tuple(shape) for _, *shape in entries]
        if any(type(length) is not int or length < 0 for shape in shapes for length in shape):
            raise ValueError("an axis has no length")
        sizes = [prod(shape) for shape in shapes]
        if row.ndim != 1 or sum(sizes) != row.size:
            raise ValueError(f"{sum(sizes):,} numbers of {name}, {row.size:,} are there")
        for (key, *_), shape, size, start in zip(entries, shapes, sizes, accumulate(sizes, initial=0), strict=False):
            if type(key) is not str or key in found:
                raise ValueError(f"the key {ascii(key)[:60]} is not text, or occurs twice")
            found[key] = row[start : start + size].reshape(shape)
    if left.keys() & found.keys():
        raise ValueError("a key occurs twice")
    return {**left, **found}
