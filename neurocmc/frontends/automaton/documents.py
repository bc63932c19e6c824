"""Describes the forms in which a cortical program is written: state machine, memory, decision, sequence, in YAML.

Every file has a `name`, optional times, and one of the top-level fields of PROGRAMS. What a form cannot check by
itself (names that do not exist, entries that are missing) is checked where the program is built.
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from neurocmc.common.strict_yaml import StrictModel
from neurocmc.frontends.circuit_yaml import Name

MAX_STATES = 64
MAX_SYMBOLS = 32
MAX_TRANSITIONS = 1024
MAX_ITEMS = 64

# A name of the user's: a state, a symbol, an output. Numbers are names too: `symbols: [0, 1]`.
Word = (
    Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")] | Annotated[int, Field(ge=0)]
)
Words = Annotated[tuple[Word, ...], Field(min_length=1)]
Time = Annotated[float, Field(gt=0, le=1e6)]


class TestField(StrictModel):
    """The test: `trials` sequences of `symbols` symbols each, drawn evenly with `seed`."""

    __test__ = False  # no pytest class

    trials: Annotated[int, Field(ge=1, le=1000)] = 10
    symbols: Annotated[int, Field(ge=1, le=1000)] = 20
    seed: Annotated[int, Field(ge=0)] = 0


class Program(StrictModel):
    """The fields that all programs share; times that are not given follow from the theory."""

    name: Name
    dt_ms: Annotated[float, Field(ge=0.01, le=1000)] = 1.0
    tau_ms: Annotated[float, Field(ge=0.01, le=10000)] = 10.0


class TimedProgram(Program):
    """A program that takes symbols."""

    pulse_ms: Time | None = None
    gap_ms: Time | None = None
    test: TestField = TestField()


class AutomatonField(StrictModel):
    """`transitions`: state -> symbol -> next state. `outputs`: state -> output, or state -> symbol -> output."""

    states: Words
    symbols: Words
    start: Word
    transitions: dict[str, dict[str, Word | Words]]
    missing: Literal["stay"] | None = None
    outputs: dict[str, Word | dict[str, Word]] | None = None


class AutomatonFile(TimedProgram):
    automaton: AutomatonField


class SequenceField(StrictModel):
    """Named orders of items. The name of one is the symbol that begins it, `next` goes on; at its end it may loop."""

    orders: Annotated[dict[str, Words], Field(min_length=1)]
    at_end: Literal["loop", "stay"] = "loop"


class SequenceFile(TimedProgram):
    sequence: SequenceField


class MemoryField(StrictModel):
    """Items of which one (or, each by itself, any number) is held after its cue."""

    items: Annotated[tuple[Word, ...], Field(min_length=2, max_length=MAX_ITEMS)]
    holds: Literal["one", "many"] = "one"


class MemoryFile(Program):
    memory: MemoryField


class DecisionField(StrictModel):
    """Choices, and contexts, each with evidence of its own for every choice; the one held is listened to."""

    contexts: Annotated[tuple[Word, ...], Field(min_length=2, max_length=8)]
    choices: Annotated[tuple[Word, ...], Field(min_length=2, max_length=8)]
    noise: Annotated[float, Field(ge=0, le=1)] = 0.1
    seed: Annotated[int, Field(ge=0)] = 0


class DecisionFile(Program):
    decision: DecisionField


PROGRAMS = ("automaton", "sequence", "memory", "decision")


def is_program(fields: Iterable[str]) -> bool:
    """Whether a YAML file with these top-level fields is a cortical program."""
    return not set(PROGRAMS).isdisjoint(fields)
