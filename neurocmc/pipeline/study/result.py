"""Holds the result of a study; needs no torch to be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neurocmc.circuits.study.plan import ChipResult, Result
from neurocmc.circuits.study.table import Row

Chips = Mapping[tuple[int, str, int], ChipResult]  # by (regions, variant, seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyResult:
    """The result of a study; `files` are its tables and pictures."""

    name: str
    table: tuple[Row, ...]  # a row for each regions and variant, over seeds
    results: tuple[Result, ...]  # of each run
    chips: Chips  # (regions, variant, seed) -> verdict
    files: tuple[Path, ...]

    @property
    def passed(self) -> bool:
        """Whether no chip misses a budget; a circuit that could not be compiled has none."""
        return not any(chip.missed for chip in self.chips.values())
