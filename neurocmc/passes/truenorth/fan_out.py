"""Copies a pool, or adds splitters, for every further core that it must reach: a neuron reaches one core alone.

So it is with delays, of which a neuron has one: a core that hears a pool with several hears a copy for each. A copy
is free of axons, since it hears what its unit hears, and it costs no time; it takes neurons of the unit's own core.
Where these run out, one feed goes to a splitter: neurons that fire once for every spike that arrives, so that one
axon serves several neurons, each with a core of its own. A splitter costs one tick, which is taken off a delay where
there is one. Where even the feeds are too many, splitters feed splitters.
"""

from dataclasses import dataclass

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.phrases import SMALLER


@dataclass(frozen=True, slots=True)
class Branch:
    """Spikes of `neurons` neurons on their way to one core: to delivery `end`, or a splitter with own branches."""

    neurons: int
    end: int | None
    branches: tuple["Branch", ...] = ()

    def latencies(self, above: int = 0) -> dict[int, int]:
        """Maps each delivery to the ticks that splitters on the way to it cost."""
        if self.end is not None:
            return {self.end: above}
        return {end: ticks for branch in self.branches for end, ticks in branch.latencies(above + 1).items()}


def plan_fan_out(corelet: str, wanted: list[tuple[int, int]], free: int, core_neurons: int) -> tuple[Branch, ...]:
    """Plans branches out of a unit with `free` neurons; `wanted` is (delivery, neurons) for each core to be reached.

    Raises InfeasibleError where not even a tree of splitters can start from the neurons that are free.
    """
    branches = [Branch(neurons, end) for end, neurons in wanted]
    while sum(branch.neurons for branch in branches) > free:
        merged = _with_splitters(branches, free, core_neurons)
        if len(merged) >= len(branches):
            raise InfeasibleError(
                Problem(
                    "fan-out-beyond-core",
                    f"unit {corelet}",
                    f"its spikes must reach {len(wanted)} cores; its core has {free} neurons left to feed splitters",
                    SMALLER,
                )
            )
        branches = merged
    return tuple(branches)


def _with_splitters(branches: list[Branch], free: int, core_neurons: int) -> list[Branch]:
    """As many branches as can stay direct, strongest first, the rest behind as few splitters as hold them."""
    ranked = sorted(branches, key=lambda branch: (-branch.neurons, branch.end is None))
    for direct in range(len(ranked) - 2, -1, -1):
        splitters = _packed(ranked[direct:], core_neurons)
        if sum(b.neurons for b in ranked[:direct]) + sum(b.neurons for b in splitters) <= free:
            return ranked[:direct] + splitters
    return _packed(ranked, core_neurons)


def _packed(branches: list[Branch], core_neurons: int) -> list[Branch]:
    """Splitters that hold the branches, filled in order."""
    bins: list[list[Branch]] = []
    for branch in branches:
        fits = [held for held in bins if sum(b.neurons for b in held) + branch.neurons <= core_neurons]
        if fits:
            fits[0].append(branch)
        else:
            bins.append([branch])
    return [held[0] if len(held) == 1 else Branch(max(b.neurons for b in held), None, tuple(held)) for held in bins]
