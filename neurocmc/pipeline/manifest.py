"""The manifest's own customs: what manifest.json of an artifact must hold before any of it is believed."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field, model_validator

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import ARTIFACT_FORMAT, MANIFEST
from neurocmc.common.strict_yaml import StrictModel, field_name
from neurocmc.common.yaml_complaints import checked
from neurocmc.frontends.stimulus_yaml import StimulusName
from neurocmc.ir.stimulus import name_clashes

FORMAT = ARTIFACT_FORMAT
VERSION = 2
MAX_BYTES = 16 * 2**20
_AGAIN = "compile again"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class OptionsEntry(StrictModel):
    """The options as they were taken; `neurons` is what was chosen where nothing was given."""

    neurons: Annotated[int, Field(ge=1, le=65_536)]
    code: Literal["threshold", "rate"]
    seed: Annotated[int, Field(ge=0)]
    max_error: float | None
    tick_s: Annotated[float, Field(gt=0)] | None
    images: str | None
    calibrate: tuple[StimulusName, ...] = ()  # artifacts from before it do not say
    allow_lost_states: bool = False  # artifacts from before certificates do not say


class TriedEntry(StrictModel):
    """One size that was tried for --max-error."""

    neurons: Annotated[int, Field(ge=1)]
    error: float | None
    worst: str


class SilentUnitEntry(StrictModel):
    """A unit that calibration does not make fire, and the neurons a unit that would."""

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
    version: Literal[2]
    neurocmc: str
    circuit: str
    origin_sha256: Sha256
    on_host: tuple[str, ...]
    source: Annotated[str, Field(pattern=r"^(model|circuit)\.(pt|pth|npz|yaml|yml)$")]
    target: str
    options: OptionsEntry
    neurons_reason: str
    neurons_tried: tuple[TriedEntry, ...]
    silent_units: tuple[SilentUnitEntry, ...] = ()
    stimuli: StimuliEntry
    files: dict[str, Sha256]

    @model_validator(mode="after")
    def _files_are_here(self) -> Self:
        outside = [name for name in self.files if _leads_outside(name)]
        if outside:
            raise ValueError(f"files names {outside[0][:60]!r}, which is not a path inside the artifact")
        stimuli = [f"stimuli/{name}.npz" for name in (*self.stimuli.calibration, *self.stimuli.test)]
        for name in (self.source, "target.yaml", "budget.json", "ir/10-rate.json", "ir/20-spiking.json", *stimuli):
            if name not in self.files:
                raise ValueError(f"files does not name {name}")
        return self


def read_manifest(directory: Path) -> Mapping[str, Any]:
    """The checked manifest of an artifact as plain data. Raises InputError holding all that is wrong with it."""
    path = directory / MANIFEST
    data = _parsed(directory, path)
    if data.get("format") != FORMAT or data.get("version") != VERSION:
        what = f"it is not the manifest of a {FORMAT} of version {VERSION}"
        raise InputError(Problem(str(path), what, _AGAIN))
    manifest, faults = checked(data, Manifest)
    if manifest is None:
        raise InputError(
            Problem(f"{path}: {field_name(fault.path) or 'manifest'}", fault.what, _AGAIN) for fault in faults
        )
    return data


def _parsed(directory: Path, path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputError(Problem(str(path), f"it holds more than {MAX_BYTES:,} bytes", _AGAIN))
        data = json.loads(content.decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        cure = "give a directory made by `neurocmc compile`"
        raise InputError(
            Problem(str(directory), f"it holds no {MANIFEST}" if directory.is_dir() else "no such directory", cure)
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(Problem(str(path), f"it cannot be read: {reason}", _AGAIN)) from None
    return cast(dict[str, Any], data) if isinstance(data, dict) else {}


def _leads_outside(name: str) -> bool:
    path = PurePosixPath(name)
    return not name or len(name) > 255 or "\0" in name or path.is_absolute() or ".." in path.parts
