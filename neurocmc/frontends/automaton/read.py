"""Reads a cortical program: a YAML file of any of the four forms becomes a circuit, stimuli and facts."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.strict_yaml import Document, load_document
from neurocmc.frontends.automaton.circuit import Timing, machine_circuit, timing
from neurocmc.frontends.automaton.decision import Decision, decision_circuit, decision_stimuli
from neurocmc.frontends.automaton.documents import (
    PROGRAMS,
    AutomatonFile,
    DecisionFile,
    MemoryFile,
    Program,
    SequenceFile,
    TimedProgram,
)
from neurocmc.frontends.automaton.facts import decision_facts, machine_facts, memory_facts
from neurocmc.frontends.automaton.latch import Latch, derive
from neurocmc.frontends.automaton.machine import Machine
from neurocmc.frontends.automaton.machine_yaml import automaton_machine, sequence_machine
from neurocmc.frontends.automaton.memory import Memory, memory_circuit, memory_stimuli
from neurocmc.frontends.automaton.walks import random_walks, tour_walks, walk_stimulus
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus

LEAST_STEPS = 5  # dt in a tau: what coarser steps do to a loop is no longer what the theory says
LONGEST_TOUR = 24  # symbols of a calibration trial


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MachineProgram:
    """The parts that are needed to drive a machine and to judge it."""

    machine: Machine
    latch: Latch
    timing: Timing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedProgram:
    """A program as a circuit with stimuli; `machine` where it is a state machine or a sequence."""

    circuit: RateCircuit
    calibration: tuple[Stimulus, ...]
    test: tuple[Stimulus, ...]
    facts: dict[str, str | float]
    machine: MachineProgram | None


def read_program(path: Path) -> LoadedProgram:
    """Reads a cortical program. Raises InputError with the line of every fault, InfeasibleError for its times."""
    document = load_document(path)
    found = [field for field in PROGRAMS if field in document.data]
    if len(found) != 1:
        what = f"has {' and '.join(found)}" if found else "holds no program"
        raise InputError(document.problem("program-unclear", (), what, f"give one of {', '.join(PROGRAMS)}"))
    match found[0]:
        case "automaton":
            file = document.validate(AutomatonFile)
            return _machine_program(document, file, automaton_machine(document, file.automaton), "state machine")
        case "sequence":
            file = document.validate(SequenceFile)
            return _machine_program(document, file, sequence_machine(document, file.sequence), "sequence memory")
        case "memory":
            return _memory_program(document, document.validate(MemoryFile))
        case _:
            return _decision_program(document, document.validate(DecisionFile))


class AssembledMachine(NamedTuple):
    """A machine as a circuit, without a file."""

    circuit: RateCircuit
    times: Timing
    calibration: Stimulus


def assembled(
    machine: Machine, *, name: str = "machine", dt_s: float = 1e-3, tau_s: float = 1e-2, sha256: str = ""
) -> AssembledMachine:
    """Returns the circuit of a machine, without a file: what a study of many machines needs."""
    latch = derive()
    times = timing(latch, dt_s, tau_s)
    circuit = machine_circuit(machine, latch, name, dt_s, tau_s, times.window_s, sha256)
    return AssembledMachine(circuit, times, _tour(machine, times))


def _tour(machine: Machine, times: Timing) -> Stimulus:
    return walk_stimulus("tour", machine, times, tour_walks(machine, LONGEST_TOUR))


def _machine_program(document: Document, file: TimedProgram, machine: Machine, family: str) -> LoadedProgram:
    dt_s, tau_s = _times(document, file)
    latch = derive()
    times = _symbol_times(document, file, latch, dt_s, tau_s)
    circuit = machine_circuit(machine, latch, file.name, dt_s, tau_s, times.window_s, _sha256(document))
    test = file.test
    random = walk_stimulus(
        "random", machine, times, random_walks(machine, trials=test.trials, symbols=test.symbols, seed=test.seed)
    )
    return LoadedProgram(
        circuit=circuit,
        calibration=(_tour(machine, times),),
        test=(random,),
        facts=machine_facts(family, machine, latch, times),
        machine=MachineProgram(machine=machine, latch=latch, timing=times),
    )


def _memory_program(document: Document, file: MemoryFile) -> LoadedProgram:
    dt_s, tau_s = _times(document, file)
    memory = Memory(items=_words(document, "memory", "items", file.memory.items), many=file.memory.holds == "many")
    latch = derive()
    calibration, test = memory_stimuli(memory, latch, dt_s, tau_s)
    return LoadedProgram(
        circuit=memory_circuit(memory, latch, file.name, dt_s, tau_s, _sha256(document)),
        calibration=calibration,
        test=test,
        facts=memory_facts(memory, latch),
        machine=None,
    )


def _decision_program(document: Document, file: DecisionFile) -> LoadedProgram:
    dt_s, tau_s = _times(document, file)
    form, latch = file.decision, derive()
    decision = Decision(
        contexts=_words(document, "decision", "contexts", form.contexts),
        choices=_words(document, "decision", "choices", form.choices),
        noise=form.noise,
        seed=form.seed,
    )
    calibration, test = decision_stimuli(decision, dt_s, tau_s)
    return LoadedProgram(
        circuit=decision_circuit(decision, latch, file.name, dt_s, tau_s, _sha256(document)),
        calibration=calibration,
        test=test,
        facts=decision_facts(decision, latch),
        machine=None,
    )


def _words(document: Document, top: str, field: str, words: tuple[str | int, ...]) -> tuple[str, ...]:
    names = tuple(str(word) for word in words)
    raise_input_problems(
        document.problem("name-twice", (top, field, index), f"{name!r} occurs twice", "give each its own name")
        for index, name in enumerate(names)
        if name in names[:index]
    )
    return names


def _times(document: Document, file: Program) -> tuple[float, float]:
    if file.tau_ms < LEAST_STEPS * file.dt_ms:
        what = f"{file.tau_ms:g} ms are {file.tau_ms / file.dt_ms:.3g} steps of {file.dt_ms:g} ms"
        raise InputError(
            document.problem("step-too-coarse", ("tau_ms",), what, f"give at least {LEAST_STEPS} steps (dt_ms)")
        )
    return file.dt_ms * 1e-3, file.tau_ms * 1e-3


def _symbol_times(document: Document, file: TimedProgram, latch: Latch, dt_s: float, tau_s: float) -> Timing:
    """Pulse and gap: derived, or as given if that is enough."""
    derived = timing(latch, dt_s, tau_s)
    given = {"pulse_ms": file.pulse_ms, "gap_ms": file.gap_ms}
    needs = {
        "pulse_ms": (derived.write_s, "x has taken the new state"),
        "gap_ms": (derived.copy_s, "y has followed x"),
    }
    problems: list[Problem] = []
    for field, value in given.items():
        least_s, until = needs[field]
        if value is not None and value * 1e-3 < least_s:
            what = f"{value:g} ms are less than the {1e3 * least_s:g} ms until {until}"
            problems.append(
                document.problem(
                    "pulse-too-short", (field,), what, "leave it out: neurocmc then chooses a value with a margin"
                )
            )
        elif value is not None and abs(value / file.dt_ms - round(value / file.dt_ms)) > 1e-6:
            what = f"{value:g} ms are not a whole number of steps of {file.dt_ms:g} ms"
            problems.append(document.problem("time-off-grid", (field,), what, "give a multiple of dt_ms"))
    raise_input_problems(problems)
    if file.pulse_ms is None and file.gap_ms is None:
        return derived
    pulse_s = derived.pulse_s if file.pulse_ms is None else file.pulse_ms * 1e-3
    return timing(latch, dt_s, tau_s, pulse_s, derived.gap_s if file.gap_ms is None else file.gap_ms * 1e-3)


def _sha256(document: Document) -> str:
    return hashlib.sha256(document.text.encode("utf-8")).hexdigest()
