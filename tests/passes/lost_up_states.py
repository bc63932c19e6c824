"""Circuits whose up-states 8-bit rounding destroys, and how many a nearby rounding keeps.

`python -m tests.passes.lost_up_states` runs 50 of them. That a state is lost is found by running the rounded circuit,
not by the certificate that is to catch it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool
from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.passes.loihi.keep_states import KeepStates, StatesKept
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import LoihiTarget
from neurocmc.theory.loihi import kept_by_integers
from neurocmc.theory.realised import realised_circuit
from tests.made import built
from tests.made.solved_circuits import Memory, thin_memory
from tests.made.targets import loihi

CASES = 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A circuit as rounded plainly, and which of its items the trained and the rounded circuit hold."""

    seed: int
    memory: Memory
    lowered: Lowered
    integer: IntegerNetwork
    trained: Bool
    rounded: Bool


def held(circuit: RateCircuit, memory: Memory) -> Bool:
    """(items,) whether each item is still there 2 s after its cue."""
    return simulate_rate(circuit, memory.cues).activity["x"][:, -1].max(axis=1) > 0.1


def as_rounded(case: Case, kept: StatesKept) -> RateCircuit:
    staged = case.lowered.staged
    return realised_circuit(staged, kept_by_integers(staged, kept.spiking, kept.integer))


def lost_cases(target: LoihiTarget) -> Iterator[Case]:
    """Circuits that hold an item as trained and not as rounded, by rising seed."""
    seed = 0
    while True:
        memory = thin_memory(seed)
        lowered = lower(
            memory.circuit,
            (memory.strong,),
            target,
            CompileOptions(neurons=64, allow_lost_states=True),
        )
        made = built.loihi(lowered)
        rounded = held(
            realised_circuit(made.staged, kept_by_integers(made.staged, made.spiking, made.integer)), memory
        )
        trained = held(memory.circuit, memory)
        if (trained & ~rounded).any():
            yield Case(
                seed=seed, memory=memory, lowered=lowered, integer=made.integer, trained=trained, rounded=rounded
            )
        seed += 1


def caught(case: Case, target: LoihiTarget) -> bool:
    """Whether plain rounding is refused."""
    try:
        KeepStates(search=False).run(case.lowered.staged, spiking(case), case.integer, target)
    except InfeasibleError:
        return True
    return False


def searched(case: Case, target: LoihiTarget) -> StatesKept | None:
    """What the search finds."""
    try:
        return KeepStates().run(case.lowered.staged, spiking(case), case.integer, target)
    except InfeasibleError:
        return None


def spiking(case: Case) -> SpikingNetwork:
    return case.lowered.spiking


def main() -> None:
    target, found, refused, stands, moved = loihi(), 0, 0, 0, list[int]()
    case = None
    for case in lost_cases(target):
        found += 1
        refused += caught(case, target)
        kept = searched(case, target)
        if kept is not None and held(as_rounded(case, kept), case.memory)[case.trained].all():
            stands += 1
            moved.append(len(kept.certificate.changes))
        if found == CASES:
            break
    assert case is not None
    print(f"{found} circuits that rounding makes lose an up-state, of the first {case.seed + 1} seeds")
    print(f"caught before emission: {refused}; kept by a nearby rounding, and held in a run of it: {stands}")
    print(f"changes a circuit (changes: circuits): {dict(enumerate(np.bincount(moved).tolist()))}")


if __name__ == "__main__":
    main()
