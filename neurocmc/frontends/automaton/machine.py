"""Holds a deterministic finite automaton as tables, steps it through a sequence, and draws one at random."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurocmc.common.arrays import Int, set_frozen

NO_OUTPUT = -1
RESET = "reset"  # the symbol that every machine has: to the start, from any state and from rest


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Machine:
    """A complete deterministic automaton; states, symbols and outputs are indices into their names.

    `outputs` belong to states (`moore`) or to transitions (`mealy`); both are None without outputs. -1 is no output.
    """

    states: tuple[str, ...]
    symbols: tuple[str, ...]
    start: int
    table: Int  # (states, symbols) next state
    outputs: tuple[str, ...] = ()
    moore: Int | None = None  # (states,) output
    mealy: Int | None = None  # (states, symbols) output

    def __post_init__(self) -> None:
        shape = (len(self.states), len(self.symbols))
        set_frozen(self, "table", np.int64, shape)
        if self.moore is not None:
            set_frozen(self, "moore", np.int64, shape[:1])
        if self.mealy is not None:
            set_frozen(self, "mealy", np.int64, shape)

    @property
    def unconditional(self) -> tuple[int, ...]:
        """Symbols that lead to one state from every state: they need no transition unit, they drive x at once."""
        if self.mealy is not None:
            return ()
        return tuple(s for s in range(len(self.symbols)) if (self.table[:, s] == self.table[0, s]).all())

    @property
    def transitions(self) -> tuple[tuple[int, int], ...]:
        """(state, symbol) of every transition unit: of each that changes the state or has an output of its own."""
        direct = set(self.unconditional)
        return tuple(
            (a, s)
            for a in range(len(self.states))
            for s in range(len(self.symbols))
            if (self.table[a, s] != a and s not in direct) or (self.mealy is not None and self.mealy[a, s] >= 0)
        )

    @property
    def changes(self) -> int:
        """Entries of the table that change the state."""
        return int((self.table != np.arange(len(self.states))[:, None]).sum())

    def path(self, symbols: Sequence[int] | Int) -> Int:
        """Returns (len(symbols) + 1,) the states from the start on, one after each symbol."""
        states = [self.start]
        for symbol in symbols:
            states.append(int(self.table[states[-1], symbol]))
        return np.array(states, dtype=np.int64)

    def unreachable(self) -> tuple[int, ...]:
        """Returns states to which no sequence of symbols leads from the start."""
        seen = {self.start}
        waiting = deque(seen)
        while waiting:
            for state in self.table[waiting.popleft()].tolist():
                if state not in seen:
                    seen.add(state)
                    waiting.append(state)
        return tuple(state for state in range(len(self.states)) if state not in seen)

    def tour(self) -> list[int]:
        """Returns symbols that take every reachable entry of the table at least once; the nearest goes first.

        Where the walk cannot come back to what is left, it starts anew: RESTART stands between the parts.
        """
        left = {
            (a, s)
            for a in range(len(self.states))
            for s in range(len(self.symbols))
            if a not in set(self.unreachable())
        }
        here, walk = self.start, list[int]()
        while left:
            leg = self._nearest(here, left)
            if leg is None:
                walk.append(RESTART)
                here = self.start
                continue
            for symbol in leg:
                left.discard((here, symbol))
                here = int(self.table[here, symbol])
                walk.append(symbol)
        return walk

    def way_to(self, state: int) -> list[int]:
        """Returns the shortest sequence of symbols from the start to a reachable state."""
        waiting: deque[tuple[int, list[int]]] = deque([(self.start, [])])
        seen = {self.start}
        while waiting:
            here, walked = waiting.popleft()
            if here == state:
                return walked
            for symbol, after in enumerate(self.table[here].tolist()):
                if after not in seen:
                    seen.add(after)
                    waiting.append((after, [*walked, symbol]))
        raise ValueError(f"no sequence of symbols leads to state {self.states[state]!r}")

    def _nearest(self, state: int, left: set[tuple[int, int]]) -> list[int] | None:
        """The shortest sequence from a state that ends with an entry of `left`, or None."""
        waiting: deque[tuple[int, list[int]]] = deque([(state, [])])
        seen = {state}
        while waiting:
            here, walked = waiting.popleft()
            for symbol in range(len(self.symbols)):
                if (here, symbol) in left:
                    return [*walked, symbol]
                after = int(self.table[here, symbol])
                if after not in seen:
                    seen.add(after)
                    waiting.append((after, [*walked, symbol]))
        return None


RESTART = -1  # in a walk: the symbol `reset`


def random_machine(seed: int, states: int = 8, symbols: int = 4) -> Machine:
    """Draws a random automaton of 2 up to `states` states and 1 up to `symbols` symbols; the seed determines it."""
    rng = np.random.default_rng(seed)
    return drawn_machine(rng, int(rng.integers(2, states + 1)), int(rng.integers(1, symbols + 1)))


def drawn_machine(rng: np.random.Generator, states: int, symbols: int) -> Machine:
    """Draws an automaton of that many states and symbols (at most 26), all of its states reachable.

    Tables are drawn evenly until one reaches every state. Where even 1,000 do not (a single symbol and many states
    that must form one chain), a random order of the states is laid through the last table drawn.
    """
    table = rng.integers(0, states, size=(states, symbols))
    for _ in range(1000):
        if not _machine(table).unreachable():
            return _machine(table)
        table = rng.integers(0, states, size=(states, symbols))
    order = [0, *(1 + rng.permutation(states - 1)).tolist()]
    for here, after in pairwise(order):
        table[here, 0] = after
    return _machine(table)


def _machine(table: Int) -> Machine:
    states, symbols = table.shape
    names = tuple("abcdefghijklmnopqrstuvwxyz"[:symbols])
    return Machine(states=tuple(f"s{index}" for index in range(states)), symbols=names, start=0, table=table)
