"""Builds an item memory: winners that hold themselves, one of n or any number of n, and the distractors they resist.

    tau x_i' = -x_i + [alpha x_i + cue_i - beta1 z - T]_+        tau z' = -z + [beta2 sum x - T_I]_+

A held item, x* = 1, keeps a silent rival below threshold up to a drive of (alpha - 1) x*; beyond it the rival takes
over, at whatever time. A cue of 1 is `copy` times that drive (latch.py), so the limit in units of a cue is 1 / copy.
Where items are held each by itself, an inhibition of its own belongs to each, and cues do not compete at all.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.ticks import whole_s
from neurocmc.frontends.automaton.latch import Latch
from neurocmc.frontends.automaton.parts import Parts
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus

CLEAR = 1.5  # drive of a clear, over the stiffness of a winner: what brings a held item below ignition, and more
RESISTED, YIELDED = 0.8, 1.4  # of the limit: distractors of the tests, apart by more than pools of 32 blur it
CUE_TAU, REST_TAU, DISTRACTOR_TAU = 15.0, 15.0, 40.0  # durations


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Names of the items, and whether one or many are held."""

    items: tuple[str, ...]
    many: bool


def limit(latch: Latch) -> float:
    """Returns the cue to another item up to which the one held stays, in units of a full cue."""
    return latch.takeover / latch.copy


def add_memory(parts: Parts, name: str, size: int, latch: Latch, cue: str, *, rivals: bool = True) -> None:
    """Adds a map that holds what its input `cue` says."""
    parts.winners(name, size, latch, rivals=rivals)
    parts.listen(cue, name, latch.copy * np.eye(size))


def add_clear(parts: Parts, target: str, size: int, latch: Latch) -> None:
    """Adds an input `clear` that silences a map, with the drive by which inhibition's threshold lifts winners."""
    parts.listen("clear", target, np.full((size, 1), -CLEAR * (1.0 - latch.alpha + latch.beta2)))


def memory_circuit(memory: Memory, latch: Latch, name: str, dt_s: float, tau_s: float, sha256: str) -> RateCircuit:
    """Returns the circuit of an item memory: inputs `cue`, a channel an item, and `clear`."""
    parts = Parts(tau_s)
    add_memory(parts, "item", len(memory.items), latch, "cue", rivals=not memory.many)
    add_clear(parts, "item", len(memory.items), latch)
    kind = "activity" if memory.many else "winner"
    parts.read("held", "item", memory.items, whole_s(tau_s, dt_s), kind=kind)
    return parts.circuit(name, dt_s, sha256)


def memory_stimuli(
    memory: Memory, latch: Latch, dt_s: float, tau_s: float
) -> tuple[tuple[Stimulus, ...], tuple[Stimulus, ...]]:
    """Returns (calibration, test). Labels are the items that theory says are held at the end."""
    items = len(memory.items)
    step = Steps(items, dt_s, tau_s)
    if memory.many:
        sets = [tuple(i for i in range(items) if code >> i & 1) for code in _subsets(items)]
        cues = step.stimulus("cues", [[("cue", (*held,), 1.0)] for held in sets], [-1] * len(sets))
        cleared = step.stimulus("cleared", [[("cue", tuple(range(items)), 1.0), ("clear", (0,), 1.0)]], [-1])
        return (cues, cleared), (cues,)
    after = [(item + 1) % items for item in range(items)]
    visits = [
        [("cue", (item,), 1.0), ("cue", (after[item],), 1.0), ("clear", (0,), 1.0), ("cue", (item,), 1.0)]
        for item in range(items)
    ]
    calibration = step.stimulus("cues", visits, list(range(items)))
    pairs = [(item, other) for item in range(items) for other in (after[item], (item - 1) % items)]
    tests: list[Stimulus] = []
    for name, share, right in (("distractors", RESISTED, 0), ("takeovers", YIELDED, 1)):
        trials = [[("cue", (a,), 1.0), ("distractor", (b,), share * limit(latch))] for a, b in pairs]
        tests.append(step.stimulus(name, trials, [pair[right] for pair in pairs]))
    return (calibration,), (calibration, *tests)


def _subsets(items: int) -> list[int]:
    """Every subset of few items as bits; of many, each alone, each missing, and all."""
    if items <= 4:
        return list(range(1, 2**items))
    full = 2**items - 1
    return [*(1 << i for i in range(items)), *(full ^ (1 << i) for i in range(items)), full]


Event = tuple[str, tuple[int, ...], float]  # kind, channels, amplitude


class Steps:
    """Turns trials of events into a stimulus: each event for its time, then rest."""

    def __init__(self, items: int, dt_s: float, tau_s: float) -> None:
        self._items = items
        self._dt_s, self._tau_s = dt_s, tau_s

    def _s(self, taus: float) -> float:
        return round(taus * self._tau_s / self._dt_s) * self._dt_s

    def stimulus(self, name: str, trials: list[list[Event]], labels: list[int]) -> Stimulus:
        """Returns the stimulus of trials that have the same kinds of events in the same order."""
        edges, time_s = [0.0], self._s(1.0)
        kinds = [kind for kind, _, _ in trials[0]]
        for kind in kinds:
            edges += [time_s, time_s + self._s(DISTRACTOR_TAU if kind == "distractor" else CUE_TAU)]
            time_s = edges[-1] + self._s(REST_TAU)
        cue: Float = np.zeros((len(trials), len(edges), self._items))
        clear: Float = np.zeros((len(trials), len(edges), 1))
        for trial, events in enumerate(trials):
            for index, (kind, channels, amplitude) in enumerate(events):
                into = clear if kind == "clear" else cue
                into[trial, 1 + 2 * index, list(channels)] = amplitude
        return Stimulus(
            name=name,
            duration_s=time_s,
            edges_s=np.array(edges),
            values={"cue": cue, "clear": clear},
            labels=np.array(labels),
        )
