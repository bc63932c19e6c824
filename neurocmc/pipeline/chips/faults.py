"""Defines a circuit on chips with faults, as campaigns of robustness ask a family for it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus

NO_FAULT = "none"  # the kind of fault that a chip without any has


class FaultyChips(Protocol):
    """A circuit on chips that are not as the compiler took them to be."""

    def check(self) -> None:
        """Refuses a circuit that is too large to be run so.

        Raises:
            InputError: With its size and the limit.
        """
        ...

    def host(self, stimulus: Stimulus) -> Mapping[str, NDArray[Any]]:
        """Encodes what the host sends, which knows of no fault.

        Args:
            stimulus: The stimulus.

        Returns:
            Input -> (batch, ticks, units) values.
        """
        ...

    def draw(self, seed: int, kind: str, level: float) -> "FaultyChip":
        """Draws a chip with faults of one kind at one level.

        Args:
            seed: Of the faults.
            kind: Of the faults; "none" gives none.
            level: Their size or share, 0 to 1.

        Returns:
            The chip of that seed.
        """
        ...


class FaultyChip(Protocol):
    """A chip whose faults are drawn."""

    def run(self, stimulus: Stimulus, trials: Sequence[int], host: Mapping[str, NDArray[Any]]) -> Recording:
        """Runs all trials of a stimulus.

        Args:
            stimulus: The trials.
            trials: The number of each, for the draws of its noise.
            host: What the host sends on these trials, as `FaultyChips.host` gives it.

        Returns:
            The activity of every population, (batch, ticks, units) in units of the staged circuit.
        """
        ...
