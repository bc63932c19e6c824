"""Reads cues and contents as arrays, and says of each memory what is wrong with it."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from neurocmc.common.arrays import Bool, Int
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.ir.neurons.memories import MOST_CUES, Memories

ONE_HOT = "give (memories,) indices, or (memories, C) with a single 1 in each row"


def memories_of(
    cues: Any,
    contents: Any,
    *,
    cue_names: Sequence[str] | None = None,
    feature_names: Sequence[str] | None = None,
    name: str = "memory",
) -> Memories:
    """Returns memories of arrays.

    Args:
        cues: (memories,) indices of cues, or (memories, C) one-hot.
        contents: (memories, M) of 0 and 1.
        cue_names: Of the C cues; None numbers them.
        feature_names: Of the M content bits; None numbers them.
        name: Of the memory.

    Raises:
        InputError: With everything that is wrong: contents that are no bits or have none, a cue that has two.
    """
    bits = _bits(contents)
    index, count = _indices(cues, len(bits))
    raise_input_problems(_memory_problems(index, bits))
    called = _names("cue_names", cue_names, count, "cue-")
    features = _names("feature_names", feature_names, bits.shape[1], "bit-")
    stored = np.zeros((count, bits.shape[1]), dtype=np.bool_)
    stored[index] = bits
    memories = Memories(name=name, cues=called, features=features, contents=stored)
    raise_input_problems(memories.problems())
    return memories


def _bits(contents: Any) -> Bool:
    values = np.asarray(contents)
    if values.ndim != 2 or not values.size or values.dtype.kind not in "biuf":
        what = f"has shape {values.shape} of {values.dtype.name}"
        raise InputError(Problem("array-shape", "contents", what, "give (memories, M) of 0 and 1"))
    wrong = ~((values == 0) | (values == 1))
    if wrong.any():
        memory, bit = (int(axis[0]) for axis in np.nonzero(wrong))
        what = f"bit {bit} is {values[memory, bit]:g}"
        raise InputError(Problem("memory-not-bits", f"contents[{memory}]", what, "give 0 or 1"))
    return values != 0


def _indices(cues: Any, memories: int) -> tuple[Int, int]:
    """(memories,) the cue of each, and how many cues there are."""
    values = np.asarray(cues)
    if values.ndim not in (1, 2) or len(values) != memories or values.dtype.kind not in "biuf":
        what = f"has shape {values.shape} of {values.dtype.name}, there are {memories:,} contents"
        raise InputError(Problem("array-shape", "cues", what, ONE_HOT))
    if values.ndim == 2:
        wrong = ((values != 0) & (values != 1)).any(axis=1) | ((values != 0).sum(axis=1) != 1)
        if wrong.any():
            memory = int(np.argmax(wrong))
            what = f"it is not one-hot: {np.count_nonzero(values[memory])} of {values.shape[1]} values are not 0"
            raise InputError(Problem("memory-cue-unclear", f"cues[{memory}]", what, ONE_HOT))
        return np.argmax(values, axis=1), values.shape[1]
    wrong = ~((values >= 0) & (values < MOST_CUES) & (np.floor(values) == values))
    if wrong.any():
        memory = int(np.argmax(wrong))
        cure = f"count cues from 0, to {MOST_CUES - 1:,} at most"
        raise InputError(Problem("memory-cue-unclear", f"cues[{memory}]", f"is {values[memory]:g}", cure))
    return values.astype(np.int64), int(values.max(initial=-1)) + 1


def _memory_problems(index: Int, bits: Bool) -> Iterator[Problem]:
    first: dict[int, int] = {}
    for memory, cue in enumerate(index.tolist()):
        if cue in first:
            what = f"cue {cue} has a content already, contents[{first[cue]}]"
            yield Problem("memory-cue-twice", f"cues[{memory}]", what, "give each content a cue of its own")
        first.setdefault(cue, memory)
    for memory in np.flatnonzero(~bits.any(axis=1)).tolist():
        yield Problem("memory-content-empty", f"contents[{memory}]", "it has no bit", "give it one, or leave it out")


def _names(where: str, names: Sequence[str] | None, count: int, prefix: str) -> tuple[str, ...]:
    if names is None:
        return tuple(f"{prefix}{index}" for index in range(count))
    if len(names) != count:
        what = f"{len(names):,} names, there are {count:,}"
        raise InputError(Problem("lengths-differ", where, what, "give each one a name"))
    return tuple(str(name) for name in names)
