"""Defines Memories: which cue recalls which content bits, what a content-addressable memory is to hold.

It is a level of its own, apart from the circuit that holds it, so that `verify` can judge any circuit by it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Bool, set_frozen
from neurocmc.common.errors import Problem

GIVEN_TICKS = 5  # from a spike of an input to that of the output which repeats it
RECALLED_TICKS = 6  # to those of the output that answers
TRIAL_TICKS = 14  # of a recall that is watched: twice the ticks that it takes, so that late spikes are seen
Side = Literal["cue", "content"]
CUE: Side = "cue"  # inputs
CONTENT: Side = "content"
CUE_OUT, CONTENT_OUT = "cue_out", "content_out"  # populations that hold what is recalled
MOST_CUES = MOST_FEATURES = 2_048
OUT: dict[Side, str] = {"cue": CUE_OUT, "content": CONTENT_OUT}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memories:
    """C cues and the content bits, of M, that each of them recalls.

    Args:
        name: Of the memory.
        cues: Names of the C cues.
        features: Names of the M content bits.
        contents: (C, M) whether a cue's content has a bit. A row of zeros is a cue that nothing is stored under.
    """

    name: str
    cues: tuple[str, ...]
    features: tuple[str, ...]
    contents: Bool

    def __post_init__(self) -> None:
        set_frozen(self, "contents", np.bool_, (len(self.cues), len(self.features)))

    @property
    def stored(self) -> int:
        """The number of cues that something is stored under."""
        return int(self.contents.any(axis=1).sum())

    @property
    def neurons(self) -> int:
        """The neurons of the circuit that holds it: 3 a cue, 4 a content bit, and 1."""
        return 3 * len(self.cues) + 4 * len(self.features) + 1

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults of the memory at once."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[Problem]:
        where = f"memory {self.name}"
        if not self.cues or not self.features:
            what = f"it has {len(self.cues)} cues and {len(self.features)} content bits"
            yield Problem("level-empty", where, what, "give at least one of both")
        elif not self.contents.any():
            yield Problem(
                "memory-content-empty", where, "no cue has a content bit", "give a content at least one bit"
            )
        for what, names in ((CUE, self.cues), ("content bit", self.features)):
            for name in sorted(name for name, count in Counter(names).items() if count > 1):
                yield Problem("name-twice", where, f"two {what}s are called {name}", "give other names")
        for what, count, most in (
            ("cues", len(self.cues), MOST_CUES),
            ("content bits", len(self.features), MOST_FEATURES),
        ):
            if count > most:
                cure = "split the memory in several"
                yield Problem("memory-too-large", where, f"{count:,} {what}, limit {most:,}", cure)

    def recalled(self, side: Side) -> Bool:
        """Returns what each channel of an input recalls on the other side.

        Args:
            side: The input, "cue" or "content".

        Returns:
            (C, M) content bits of each cue, or (M, C) cues that have each content bit.
        """
        return self.contents if side == CUE else np.ascontiguousarray(self.contents.T)


def print_memories(memories: Memories) -> str:
    """Formats a memory as text: a line a cue, with the names of its content bits."""
    lines = [
        f"memory {memories.name}: {len(memories.cues):,} cues, {memories.stored:,} of them stored, "
        f"{len(memories.features):,} content bits"
    ]
    for cue, content in zip(memories.cues, memories.contents, strict=True):
        bits = ", ".join(memories.features[bit] for bit in np.flatnonzero(content).tolist())
        lines.append(f"{cue}: {bits or 'nothing'}")
    return "\n".join(lines) + "\n"
