"""Reads an automaton or a sequence in YAML as a Machine, or as a list of its faults."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from neurocmc.common.errors import raise_input_problems
from neurocmc.common.names import nearest_name
from neurocmc.common.strict_yaml import Document
from neurocmc.frontends.automaton.documents import (
    MAX_STATES,
    MAX_SYMBOLS,
    MAX_TRANSITIONS,
    AutomatonField,
    SequenceField,
    Word,
)
from neurocmc.frontends.automaton.machine import NO_OUTPUT, RESET, Machine
from neurocmc.frontends.stimulus_yaml import Fault

MOST_NAMED = 8  # entries that a message lists
NEXT = "next"
IDLE = "idle"


def automaton_machine(document: Document, form: AutomatonField) -> Machine:
    """Returns the machine of an `automaton` document. Raises InputError with the line of every fault."""
    states, symbols = _words(form.states), _words(form.symbols)
    _raise(document, _name_faults(form, states, symbols))
    _raise(document, _table_faults(form, states, symbols))
    table = np.tile(np.arange(len(states))[:, None], (1, len(symbols)))
    for state, row in form.transitions.items():
        for symbol, after in row.items():
            table[states.index(state), symbols.index(symbol)] = states.index(str(after))
    names, moore, mealy = _outputs(form, states, symbols)
    machine = Machine(
        states=states,
        symbols=symbols,
        start=states.index(str(form.start)),
        table=table,
        outputs=names,
        moore=moore,
        mealy=mealy,
    )
    _raise(document, _reach_faults(form, machine))
    return machine


def sequence_machine(document: Document, form: SequenceField) -> Machine:
    """Returns the machine that plays named orders: a state for each place in each of them, and one to wait in."""
    _raise(document, _order_faults(form))
    places = [(name, index) for name, items in form.orders.items() for index in range(len(items))]
    states = (IDLE, *(f"{name} {index + 1}" for name, index in places))
    symbols = (NEXT, *form.orders)
    table = np.zeros((len(states), len(symbols)), dtype=np.int64)
    for state, (name, index) in enumerate(places, start=1):
        ends = index + 1 == len(form.orders[name])
        table[state, 0] = state + 1 if not ends else (state - index if form.at_end == "loop" else state)
    for symbol, name in enumerate(form.orders, start=1):
        table[:, symbol] = 1 + places.index((name, 0))
    told = [str(form.orders[name][index]) for name, index in places]
    outputs = tuple(dict.fromkeys(told))
    moore = np.array([NO_OUTPUT, *(outputs.index(item) for item in told)])
    return Machine(states=states, symbols=symbols, start=0, table=table, outputs=outputs, moore=moore)


def _words(words: Iterable[Word]) -> tuple[str, ...]:
    return tuple(str(word) for word in words)


def _raise(document: Document, faults: Iterable[Fault]) -> None:
    ordered = sorted(faults, key=lambda fault: document.line(*fault[1]))
    raise_input_problems(document.problem(*fault) for fault in ordered)


def _name_faults(form: AutomatonField, states: tuple[str, ...], symbols: tuple[str, ...]) -> Iterator[Fault]:
    """Names that stand twice, are not free, or are too many or too few."""
    for field, names, limit in (("states", states, MAX_STATES), ("symbols", symbols, MAX_SYMBOLS)):
        path = ("automaton", field)
        for name, count in Counter(names).items():
            if count > 1:
                yield (
                    "name-twice",
                    (*path, names.index(name)),
                    f"{name!r} occurs {count} times",
                    "give each its own name",
                )
        if len(names) > limit:
            yield "machine-too-large", path, f"{len(names)} names, limit {limit}", "split the machine into several"
    if len(states) * len(symbols) > MAX_TRANSITIONS:
        what = f"{len(states)} states x {len(symbols)} symbols make {len(states) * len(symbols):,} entries"
        yield (
            "machine-too-large",
            ("automaton", "transitions"),
            f"{what}, limit {MAX_TRANSITIONS:,}",
            "split the machine into several",
        )
    if len(states) < 2:
        yield (
            "machine-too-small",
            ("automaton", "states"),
            "a machine of one state has nothing to remember",
            "give at least two states",
        )
    if RESET in symbols:
        what = f"{RESET!r} is a reserved name: every machine has that symbol, and it leads to the start state"
        yield "name-reserved", ("automaton", "symbols", symbols.index(RESET)), what, "give another name"
    if str(form.start) not in states:
        yield (
            "machine-name-unknown",
            ("automaton", "start"),
            _unknown("state", str(form.start)),
            nearest_name(str(form.start), states),
        )


def _table_faults(form: AutomatonField, states: tuple[str, ...], symbols: tuple[str, ...]) -> Iterator[Fault]:
    """Names that do not exist, entries with several next states, and entries that are missing."""
    for state, row in form.transitions.items():
        path = ("automaton", "transitions", state)
        if state not in states:
            yield "machine-name-unknown", path, _unknown("state", state), nearest_name(state, states)
        for symbol, after in row.items():
            entry = (*path, symbol)
            if symbol not in symbols:
                yield "machine-name-unknown", entry, _unknown("symbol", symbol), nearest_name(symbol, symbols)
            if isinstance(after, tuple):
                what = f"{len(after)} next states ({', '.join(_words(after))}): the automaton is not deterministic"
                yield (
                    "machine-not-deterministic",
                    entry,
                    what,
                    "give one next state; the subset construction makes an equivalent deterministic automaton",
                )
            elif str(after) not in states:
                yield "machine-name-unknown", entry, _unknown("state", str(after)), nearest_name(str(after), states)
    missing = [
        f"{state} on {symbol}"
        for state in states
        for symbol in symbols
        if symbol not in form.transitions.get(state, {})
    ]
    if missing and form.missing is None:
        what = f"{len(missing)} of {len(states) * len(symbols)} are missing: {_listed(missing)}"
        yield (
            "transitions-missing",
            ("automaton", "transitions"),
            what,
            "add them, or say `missing: stay`: the state then stays",
        )
    yield from _output_name_faults(form, states, symbols)


def _output_name_faults(form: AutomatonField, states: tuple[str, ...], symbols: tuple[str, ...]) -> Iterator[Fault]:
    if form.outputs is None:
        return
    if not form.outputs:
        yield "outputs-unclear", ("automaton", "outputs"), "is empty", "give an output for a state, or leave it out"
    kinds = {isinstance(entry, dict) for entry in form.outputs.values()}
    if len(kinds) > 1:
        what = "some outputs belong to states, some to transitions"
        yield (
            "outputs-unclear",
            ("automaton", "outputs"),
            what,
            "give all by state (Moore), or all by state and symbol (Mealy)",
        )
    for state, entry in form.outputs.items():
        path = ("automaton", "outputs", state)
        if state not in states:
            yield "machine-name-unknown", path, _unknown("state", state), nearest_name(state, states)
        if isinstance(entry, dict):
            if not entry:
                yield "outputs-unclear", path, "is empty", "give an output for a symbol, or leave the state out"
            for symbol in entry:
                if symbol not in symbols:
                    yield (
                        "machine-name-unknown",
                        (*path, symbol),
                        _unknown("symbol", symbol),
                        nearest_name(symbol, symbols),
                    )


def _reach_faults(form: AutomatonField, machine: Machine) -> Iterator[Fault]:
    """A state that cannot be reached would be neurons that never fire, whose gain nothing could calibrate."""
    for state in machine.unreachable():
        name, start = machine.states[state], machine.states[machine.start]
        what = f"no sequence of symbols leads from {start!r} to {name!r}"
        yield "state-unreachable", ("automaton", "states", state), what, "remove the state, or add a transition to it"


class _Outputs(NamedTuple):
    """What a machine says; of the two tables at most one."""

    names: tuple[str, ...]  # in order of appearance
    moore: np.ndarray | None  # (states,)
    mealy: np.ndarray | None  # (states, symbols)


def _outputs(form: AutomatonField, states: tuple[str, ...], symbols: tuple[str, ...]) -> _Outputs:
    """Outputs as the file names them, by state or by transition."""
    if form.outputs is None:
        return _Outputs((), None, None)
    told: dict[tuple[int, ...], str] = {}
    for state, entry in form.outputs.items():
        row = states.index(state)
        match entry:
            case Mapping():
                told |= {(row, symbols.index(symbol)): str(output) for symbol, output in entry.items()}
            case output:
                told[row,] = str(output)
    names = tuple(dict.fromkeys(told.values()))
    by_transition = len(next(iter(told))) == 2
    table = np.full((len(states), len(symbols)) if by_transition else (len(states),), NO_OUTPUT, dtype=np.int64)
    for index, output in told.items():
        table[index] = names.index(output)
    return _Outputs(names, None, table) if by_transition else _Outputs(names, table, None)


def _order_faults(form: SequenceField) -> Iterator[Fault]:
    places = sum(len(items) for items in form.orders.values())
    path = ("sequence", "orders")
    if places + 1 > MAX_STATES:
        yield (
            "machine-too-large",
            path,
            f"{places} items in all, limit {MAX_STATES - 1}",
            "split them over several sequences",
        )
    if len(form.orders) + 1 > MAX_SYMBOLS:
        yield (
            "machine-too-large",
            path,
            f"{len(form.orders)} orders, limit {MAX_SYMBOLS - 1}",
            "split them over several files",
        )
    for name in form.orders:
        if name in (NEXT, RESET):
            yield (
                "name-reserved",
                (*path, name),
                f"{name!r} cannot be used as a name: it is a symbol",
                "give another name",
            )
        if not 1 <= len(name) <= 64:
            yield "field-wrong", (*path, name), f"a name of {len(name)} characters", "give 1 to 64"
    if all(len(items) < 2 for items in form.orders.values()):
        yield "machine-too-small", path, "no order has more than one item", "give an order of two items or more"


def _unknown(kind: str, name: str) -> str:
    return f"there is no such {kind} (got {name!r})"


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
