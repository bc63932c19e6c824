"""Reads and writes circuit files: a trained circuit and what drives it, in one .npz for which no torch is needed.

    document   ()   text: JSON with `format` ("neurocmc-circuit"), `version`, `made_from` and `made_with` (the
                    checkpoint and the torch that made the file), `facts` for `inspect`, `images`, `trials`, `level`
    circuit/..., calibration/..., test/...   the arrays to which `level` refers, as `neurocmc.ir.codec` names them

What torch computed is kept as numbers: the circuit, and the drives that its encoder on the host makes of the images
of the task that `images` names. Trials that numpy makes of a recipe alone (`trials`) are made anew. Like all that is
read, such a file may be damaged or hostile: what is wrong is an InputError that names the place.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from neurocmc.circuits.images import check_task, load_task
from neurocmc.circuits.memory_tasks.recipe import TASKS, MemoryRecipe
from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.files import json_text, npz_bytes, read_npz, write_file
from neurocmc.common.packing import packed, unpacked
from neurocmc.common.strict_json import parsed, validated
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.frontends.memory_trials import MemoryTrials
from neurocmc.ir.codec import Coded, Malformed, decode, encode
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus

FORMAT, VERSION = "neurocmc-circuit", 1
ENDING = ".circuit.npz"
MAX_BYTES = 1 << 30  # unpacked
DOCUMENT = "document"
_AGAIN = "make it again from its checkpoint, where torch is installed (docs/circuits.md)"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")  # of a stimulus: it becomes the name of a file

Facts = Mapping[str, str | int | float]


class ImagesEntry(StrictModel):
    """The images that test stimuli show: a task, and how many images it was cut to."""

    task: Annotated[str, AfterValidator(check_task)]
    size: Annotated[int, Field(ge=1)] | None


class _Document(StrictModel):
    format: Literal["neurocmc-circuit"]
    version: Literal[1]
    made_from: str
    made_with: str
    facts: dict[str, str | int | float]
    images: ImagesEntry | None
    trials: dict[str, Any] | None
    level: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Input:
    name: str
    values: Float  # (batch, edges, channels)

    def __post_init__(self) -> None:
        set_frozen(self, "values", np.float64, (None, None, None))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stimulus:
    """A stimulus in the words of the codec, which knows tuples and no mappings."""

    name: str
    duration_s: float
    edges_s: Float
    labels: Int
    inputs: tuple[_Input, ...]

    @staticmethod
    def of(stimulus: Stimulus) -> "_Stimulus":
        return _Stimulus(
            name=stimulus.name,
            duration_s=stimulus.duration_s,
            edges_s=stimulus.edges_s,
            labels=stimulus.labels,
            inputs=tuple(_Input(name=name, values=value) for name, value in stimulus.values.items()),
        )

    def stimulus(self) -> Stimulus:
        """Returns the stimulus itself. Raises ValueError where its arrays do not fit one another."""
        values = {entry.name: entry.values for entry in self.inputs}
        return Stimulus(
            name=self.name, duration_s=self.duration_s, edges_s=self.edges_s, values=values, labels=self.labels
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Level:
    circuit: RateCircuit
    calibration: tuple[_Stimulus, ...]
    test: tuple[_Stimulus, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CircuitFile:
    """A trained circuit free of torch. Either it holds its stimuli, or `memory` makes them."""

    circuit: RateCircuit
    calibration: tuple[Stimulus, ...]
    test: tuple[Stimulus, ...]
    facts: Facts
    images: ImagesEntry | None
    memory: MemoryTrials | None
    made_from: str  # the name of the checkpoint
    made_with: str  # the torch that computed circuit and drives; "" where none did

    def stimuli(self) -> tuple[tuple[Stimulus, ...], tuple[Stimulus, ...]]:
        """Returns the stimuli to calibrate on and those to judge by; trials of a recipe are made here."""
        if self.memory is None:
            return self.calibration, self.test
        calibration, *test = self.memory.stimuli.values()
        return (calibration,), tuple(test)

    @property
    def test_images(self) -> Callable[[], NDArray[np.float32]] | None:
        """A function that reads what the last stimulus shows, (trials, channels, height, width); or None."""
        images = self.images
        return None if images is None else lambda: load_task(images.task, images.size).test.planes


def save_circuit_file(file: CircuitFile, path: Path) -> None:
    """Writes a circuit file: the same bytes for the same contents. Raises InputError if that fails."""
    write_file(path, circuit_content(file))


def circuit_content(file: CircuitFile) -> bytes:
    """Returns what `save_circuit_file` writes."""
    level = _Level(
        circuit=file.circuit,
        calibration=tuple(_Stimulus.of(stimulus) for stimulus in file.calibration),
        test=tuple(_Stimulus.of(stimulus) for stimulus in file.test),
    )
    coded = encode(level)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "made_from": file.made_from,
        "made_with": file.made_with,
        "facts": dict(file.facts),
        "images": None if file.images is None else file.images.model_dump(mode="json"),
        "trials": None if file.memory is None else file.memory.recipe.model_dump(mode="json"),
        "level": coded.json,
    }
    return npz_bytes({**packed(coded.arrays), DOCUMENT: np.array(json_text(document))})


def read_circuit_file(path: Path) -> CircuitFile:
    """Reads what `save_circuit_file` wrote. Raises InputError holding all that is wrong with the file."""
    arrays = read_npz(path, max_bytes=MAX_BYTES)
    document = _document(path, arrays.pop(DOCUMENT, None))
    arrays = unpacked(path, arrays)
    try:
        level = decode(Coded(document.level, arrays), _Level)
    except Malformed as fault:
        raise InputError(Problem("level-malformed", f"{path}: {fault.key}", fault.what, _AGAIN)) from None
    raise_input_problems(_at(path, level.circuit.problems()))
    calibration, test = (_stimuli(path, stored) for stored in (level.calibration, level.test))
    raise_input_problems(
        _at(path, _problems(level.circuit, calibration, test, has_trials=document.trials is not None))
    )
    return CircuitFile(
        circuit=level.circuit,
        calibration=calibration,
        test=test,
        facts=document.facts,
        images=document.images,
        memory=None if document.trials is None else MemoryTrials(recipe=_recipe(path, document.trials)),
        made_from=document.made_from,
        made_with=document.made_with,
    )


def _document(path: Path, text: NDArray[Any] | None) -> _Document:
    if text is None or text.dtype.kind != "U" or text.ndim:
        what = f"is not a circuit file: it has no text {DOCUMENT!r}, and no recurrent weights W of a network"
        cure = "give a circuit file, arrays, a checkpoint (.pt) or YAML; stimuli and recordings are for simulate"
        raise InputError(Problem("not-a-circuit-file", str(path), what, cure))
    try:
        document = parsed(str(text).encode())
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            Problem("json-malformed", f"{path}: {DOCUMENT}", f"is not well-formed JSON ({reason})", _AGAIN)
        ) from None
    if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        what = f"is not a circuit file of version {VERSION}, which this neurocmc reads"
        raise InputError(Problem("format-version", str(path), what, _AGAIN))
    return validated(path, document, _Document)


def _recipe(path: Path, trials: dict[str, Any]) -> MemoryRecipe:
    task = trials.get("task")
    if not isinstance(task, str) or task not in TASKS:
        what = f"trials of an unknown task {ascii(task)[:60]}"
        raise InputError(Problem("task-unknown", f"{path}: trials.task", what, f"known tasks: {', '.join(TASKS)}"))
    return validated(path, trials, TASKS[task])


def _stimuli(path: Path, stored: Iterable[_Stimulus]) -> tuple[Stimulus, ...]:
    try:
        return tuple(entry.stimulus() for entry in stored)
    except ValueError as error:
        raise InputError(Problem("level-malformed", f"{path}: stimuli", str(error), _AGAIN)) from None


def _problems(
    circuit: RateCircuit, calibration: tuple[Stimulus, ...], test: tuple[Stimulus, ...], *, has_trials: bool
) -> Iterable[Problem]:
    stimuli = (*calibration, *test)
    if has_trials == bool(stimuli):
        yield Problem("level-malformed", "stimuli", "a file holds either stimuli or trials", _AGAIN)
    for stimulus in stimuli:
        if not _NAME.fullmatch(stimulus.name):
            yield Problem(
                "stimulus-name", "stimuli", f"{ascii(stimulus.name)[:60]} is not a valid name of a stimulus", _AGAIN
            )
    if any(len({stimulus.name for stimulus in of_use}) < len(of_use) for of_use in (calibration, test)):
        yield Problem("name-twice", "stimuli", "a name occurs twice", _AGAIN)
    tested = {stimulus.name: stimulus for stimulus in test}
    for stimulus in calibration:
        if stimulus.name in tested and not _is_same(stimulus, tested[stimulus.name]):
            what = f"{stimulus.name} names one stimulus for calibration and a different one for the test"
            yield Problem("name-twice", "stimuli", what, _AGAIN)
    for stimulus in stimuli:
        yield from stimulus.problems(circuit.inputs)


def _is_same(one: Stimulus, other: Stimulus) -> bool:
    coded, again = encode(_Stimulus.of(one)), encode(_Stimulus.of(other))
    return coded.json == again.json and all(
        np.array_equal(coded.arrays[key], again.arrays[key]) for key in coded.arrays
    )


def _at(path: Path, problems: Iterable[Problem]) -> list[Problem]:
    return [problem.inside(path) for problem in problems]
