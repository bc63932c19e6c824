"""Checks what manifest.json of an artifact must hold, before any of it is believed."""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field, model_validator

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import ARTIFACT_FORMAT, MANIFEST
from neurocmc.common.opening import MANIFEST_FILE, check_name
from neurocmc.common.replacing import put_back
from neurocmc.common.strict_json import read_json
from neurocmc.common.strict_yaml import StrictModel, field_name
from neurocmc.common.yaml_complaints import checked
from neurocmc.frontends.stimulus_yaml import StimulusName
from neurocmc.ir.stimulus import name_clashes
from neurocmc.targets import Code, SecondOrder, known_targets

BUDGET, TIMINGS = "budget.json", "timings.json"
FORMAT = ARTIFACT_FORMAT
VERSION = 6
SOURCE = r"(model|circuit)\.(pt|pth|npz|yaml|yml)"  # the copy of the model
_AGAIN = "compile again"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class OptionsEntry(StrictModel):
    """The options as they were taken; `neurons` is what was chosen where nothing was given."""

    neurons: Annotated[int, Field(ge=1, le=65_536)]
    code: Code
    kernel: str | None = None  # of the feedback code; artifacts of other codes do not say
    phases: Annotated[int, Field(ge=1)] | None = None  # of the interleaved code; the same
    second_order: SecondOrder | None = None
    axons: Literal["shared", "own"] | None  # None: as the target states
    steps: Literal["equal", "decisions", "activity"] = "equal"  # artifacts from before segments do not say
    planes: Literal[1, 2] = 1
    seed: Annotated[int, Field(ge=0)]
    max_error: float | None
    tick_s: Annotated[float, Field(gt=0)] | None
    images: str | None
    calibrate: tuple[StimulusName, ...] = ()  # artifacts from before it do not say
    allow_lost_states: bool = False  # artifacts from before certificates do not say


class TriedEntry(StrictModel):
    """One candidate that was tried."""

    neurons: Annotated[int, Field(ge=1)]
    error: float | None
    worst: str
    code: Code = "threshold"
    second_order: SecondOrder | None = None
    cores: Annotated[int, Field(ge=0)] = 0
    steps: Literal["equal", "decisions", "activity"] = "equal"
    planes: Literal[1, 2] = 1
    changed: float | None = None
    missed: Annotated[int, Field(ge=0)] = 0


class SilentUnitEntry(StrictModel):
    """A unit that calibration does not make fire, and the neurons per unit that would."""

    population: str
    unit: Annotated[int, Field(ge=0)]
    activity: float
    first_at: float
    neurons: Annotated[int, Field(ge=1)]


class StimuliEntry(StrictModel):
    """Names of the files in stimuli/, without their ending."""

    calibration: Annotated[tuple[StimulusName, ...], Field(min_length=1)]
    test: tuple[StimulusName, ...]

    @model_validator(mode="after")
    def _are_files_of_their_own(self) -> Self:
        for name, what in name_clashes((*self.calibration, *self.test)):
            raise ValueError(f"{name}: {what}")
        return self


class Manifest(StrictModel):
    """The whole file. Its paths stay inside the artifact."""

    format: Literal["neurocmc-artifact"]
    version: Literal[6]
    neurocmc: str
    circuit: str
    origin_sha256: Sha256 | Literal[""]  # "": of a circuit that was made in Python
    on_host: tuple[str, ...]
    # None: left out
    source: Annotated[str, Field(pattern=f"^{SOURCE}$")] | None
    target: str
    options: OptionsEntry
    neurons_reason: str
    neurons_tried: tuple[TriedEntry, ...]
    silent_units: tuple[SilentUnitEntry, ...] = ()
    stimuli: StimuliEntry
    files: dict[str, Sha256]

    @model_validator(mode="after")
    def _files_are_here(self) -> Self:
        outside = [name for name in self.files if leads_outside(name)]
        if outside:
            raise ValueError(f"files names {outside[0][:60]!r}, which is not a path inside the artifact")
        stimuli = [f"stimuli/{name}.npz" for name in (*self.stimuli.calibration, *self.stimuli.test)]
        source = () if self.source is None else (self.source,)
        for name in (*source, "target.yaml", "budget.json", "ir/10-rate.json", "ir/20-spiking.json", *stimuli):
            if name not in self.files:
                raise ValueError(f"files does not name {name}")
        return self


def read_manifest(directory: Path) -> Mapping[str, Any]:
    """Returns the checked manifest of an artifact as plain data. Raises InputError with all that is wrong with it."""
    path = directory / MANIFEST
    data = read_plain(directory)
    if data.get("line") is not None:
        what = f"it is an artifact of {ascii(data['line'])[:40]}, where one of a circuit is needed"
        cure = "networks of neurons are for compile, simulate, verify, budget, robustness and export"
        raise InputError(Problem("format-version", str(path), what, cure))
    if data.get("format") != FORMAT:
        raise InputError(Problem("format-version", str(path), f"it is not the manifest of a {FORMAT}", _AGAIN))
    if data.get("version") != VERSION:
        raise InputError(_of_another_version(directory, data))
    manifest, faults = checked(data, Manifest)
    if manifest is None:
        raise InputError(
            Problem(fault.id, f"{path}: {field_name(fault.path) or 'manifest'}", fault.what, _AGAIN)
            for fault in faults
        )
    return data


def _of_another_version(directory: Path, data: Mapping[str, Any]) -> Problem:
    """Says by what an artifact was made, and by which command it is made again, as far as its manifest tells."""
    made = f", made by neurocmc {data['neurocmc']}" if isinstance(data.get("neurocmc"), str) else ""
    what = f"it is an artifact of version {data.get('version')!r}{made}; this neurocmc reads version {VERSION}"
    source, options = data.get("source"), data.get("options")
    if not (isinstance(source, str) and re.fullmatch(SOURCE, source) and isinstance(options, dict)):
        return Problem("format-version", str(directory / MANIFEST), what, f"{_AGAIN} from the model")
    words = ["neurocmc", "compile", str(directory / source), "--target", _target(directory, data.get("target"))]
    given = cast("dict[str, Any]", options)
    for name in ("neurons", "code", "axons", "seed"):
        if isinstance(value := given.get(name), int | str):
            words += [f"--{name}", str(value)]
    words += ["-o", f"{directory}-again"]
    return Problem("format-version", str(directory / MANIFEST), what, f"make it again: {shlex.join(words)}")


def _target(directory: Path, name: object) -> str:
    """The name that a target is known by, or the file that the artifact has of it."""
    return name if isinstance(name, str) and name in known_targets() else str(directory / "target.yaml")


def read_plain(directory: Path) -> dict[str, Any]:
    """Returns what the manifest of a directory says, unchecked. Raises InputError where it is no artifact."""
    path = directory / MANIFEST
    check_name(directory)
    put_back(Path(os.path.realpath(directory)))  # a compilation may have been killed while it replaced this artifact
    if not directory.is_dir() or not os.path.lexists(path):
        what = f"it holds no {MANIFEST}" if directory.is_dir() else "no such directory"
        raise InputError(Problem("not-an-artifact", str(directory), what, MANIFEST_FILE.if_missing))
    return read_json(path, MANIFEST_FILE, _AGAIN)


def leads_outside(name: str) -> bool:
    """Whether a path is none inside of an artifact."""
    path = PurePosixPath(name)
    return not name or len(name) > 255 or "\0" in name or path.is_absolute() or ".." in path.parts
