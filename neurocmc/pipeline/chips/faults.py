"""Defines a circuit on chips with faults, as robustness asks a family for it.

A family joins with a class of two methods, `kinds` and `draw`, and `Built.faulty_chips` that returns one. What it
cannot have it leaves out of `kinds`; asked for, such a kind is refused with the names of those that it has.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from neurocmc.common.arrays import Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.names import did_you_mean
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus

NO_FAULT = "none"  # the kind of fault that a chip without any has
# Kinds that several families share, in the order in which tables have them. A family may have others besides, and
# say more exactly what one is.
SHARED: Mapping[str, str] = {
    "threshold": "threshold mismatch per neuron",
    "weight": "weight mismatch per neuron",
    "synapse": "weight mismatch per synapse",
    "dropped": "dropped synapses",
    "added": "synapses that should not be",
    "dead": "dead neurons",
    "axons": "silent axons",
    "cores": "dead cores",
    "current": "noise of the current",
    "spikes": "background spikes",
}
MAX_SYNAPSES = 20_000_000  # of a network that is expanded to single neurons
DrawnNeurons = Callable[[EventStimulus, Sequence[int]], NeuronRecording]
C = TypeVar("C")


class FaultyChip(Protocol):
    """A chip whose faults are drawn."""

    def run(self, stimulus: Stimulus, trials: Int, host: Any) -> Recording:
        """Runs some trials of a stimulus.

        Args:
            stimulus: All trials.
            trials: (chosen,) those that are run; a trial draws the same noise whichever others are.
            host: What the host sends on all trials, as `FaultyChips.host` gives it.

        Returns:
            The activity of every population, (chosen, ticks, units) in units of the matched circuit.
        """
        ...


class Drawing(ABC, Generic[C]):
    """What draws chips with faults, of circuits or of networks of neurons."""

    @property
    @abstractmethod
    def kinds(self) -> Mapping[str, str]:
        """Kinds of faults that these chips can have, each with what it is in a few words, as tables name it."""

    @abstractmethod
    def draw(self, seed: int, kind: str, level: float) -> C:
        """Draws a chip with faults of one kind at one level.

        Args:
            seed: Of the faults, and of the chip's own noise where it has any.
            kind: One of `kinds`, or "none".
            level: Their size or share, 0 to 1; at 0 the chip is the sound one, spike for spike.

        Returns:
            The chip of that seed.
        """


class FaultyChips(Drawing[FaultyChip], ABC):
    """A circuit on chips that are not as the compiler took them to be."""

    def check(self) -> None:
        """Refuses a circuit that is too large to be run so.

        Raises:
            InputError: With its size and the limit.
        """

    def host(self, stimulus: Stimulus) -> Any:
        """Encodes what the host sends, which knows of no fault: once for all seeds.

        Args:
            stimulus: The stimulus.

        Returns:
            What `FaultyChip.run` takes; None where there is nothing to encode.
        """
        return None


class FaultyNeuronChips(Drawing[DrawnNeurons], ABC):
    """A network of single neurons on such chips; what is drawn runs trials of a stimulus, given their numbers."""


def meanings(*kinds: str, **others: str) -> dict[str, str]:
    """Returns kinds with what they are, in the order of tables; `others` say more exactly what a kind is."""
    named = {kind: SHARED[kind] for kind in kinds} | others
    return {
        kind: named[kind] for kind in (*SHARED, *(kind for kind in others if kind not in SHARED)) if kind in named
    }


def asked_kinds(
    asked: Sequence[str] | None, has: Mapping[str, str], target: str
) -> tuple[tuple[str, ...], list[Problem]]:
    """Returns the kinds that are measured, in the order of tables, and a problem for each that cannot be.

    Args:
        asked: Kinds; None is all that there are.
        has: Those that chips of the target can have.
        target: The name of the target.
    """
    cure = f"kinds are: {', '.join(has)}"
    unfit = f"chips of {target} cannot have"
    problems = [
        Problem("fault-unfit-for-target", "--kinds", f"{unfit} {SHARED[kind]} ({kind})", cure)
        if kind in SHARED
        else Problem("choice-unknown", "--kinds", f"there is no fault {kind!r}", did_you_mean(kind, has) + cure)
        for kind in dict.fromkeys(asked or ())
        if kind not in has
    ]
    return tuple(kind for kind in has if asked is None or kind in asked), problems


def check_expanded(network: str, neurons: Mapping[str, int], pairs: Iterable[tuple[str, str, int]]) -> None:
    """Refuses pools whose single synapses would not fit a memory.

    Args:
        network: Its name.
        neurons: Population -> neurons of a unit.
        pairs: For each projection source, target, and how many pairs of units it connects.

    Raises:
        InputError: With the synapses of single neurons, and the limit.
    """
    synapses = sum(count * neurons[source] * neurons[target] for source, target, count in pairs)
    if synapses > MAX_SYNAPSES:
        what = f"expanded to single neurons it has {synapses:,} synapses, limit {MAX_SYNAPSES:,}"
        cure = "compile with fewer neurons per unit (--neurons)"
        raise InputError(Problem("network-too-large", f"network {network}", what, cure))


def no_faults(target: str) -> Problem:
    """Returns the refusal of a family that has no model of faults."""
    what = "neurocmc has no fault model for its family"
    return Problem("robustness-not-for-target", f"target {target}", what, "compile for loihi1, truenorth or brian2")
