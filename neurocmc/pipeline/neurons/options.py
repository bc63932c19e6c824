"""Holds what a user chooses for a network of neurons."""

from dataclasses import dataclass
from typing import Literal

from neurocmc.common.errors import Problem
from neurocmc.targets import Planes

Weights = Literal["one", "two"]
PLANES: dict[Weights, Planes] = {"one": 1, "two": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronOptions:
    """The choices of a user for a compilation."""

    weights: Weights | None = None  # of how many synapses a weight is the sum; None: two where the chip holds them
    source: bool = True  # whether the artifact holds a copy of what was brought
    figures: bool = True  # whether the pictures of the report are drawn

    def problems(self) -> tuple[Problem, ...]:
        """Returns choices that there are not."""
        if self.weights in (None, *PLANES):
            return ()
        return (Problem("choice-unknown", "--weights", f"got {self.weights!r}", "use one or two"),)
