"""Checks what the manifest of a network of neurons must hold, before any of it is believed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import MANIFEST
from neurocmc.common.strict_yaml import StrictModel, field_name
from neurocmc.common.yaml_complaints import checked
from neurocmc.frontends.stimulus_yaml import StimulusName
from neurocmc.pipeline.manifest import FORMAT, Sha256, leads_outside, read_plain

LINE = "neurons"
VERSION = 1
SOURCE, MEMORY_SOURCE = "network.nir", "memory.yaml"
_AGAIN = "compile again"


class SemanticsEntry(StrictModel):
    """What was said of the framework; all None where the network was brought in integers."""

    name: str | None
    dt_s: float | None
    reset: str | None


class NeuronOptionsEntry(StrictModel):
    """The options as they were taken."""

    weights: Literal["one", "two"] | None  # None: the target rounds nothing


class NeuronStimuliEntry(StrictModel):
    """Names of the files in stimuli/, without their ending."""

    calibration: StimulusName
    test: StimulusName


class NeuronManifest(StrictModel):
    """The whole file. Its paths stay inside the artifact."""

    format: Literal["neurocmc-artifact"]
    line: Literal["neurons"]
    version: Literal[1]
    neurocmc: str
    network: str
    origin_sha256: Sha256 | Literal[""]
    source: Literal["network.nir", "memory.yaml"] | None
    target: str
    semantics: SemanticsEntry
    options: NeuronOptionsEntry
    weights_reason: str
    notes: tuple[str, ...]
    exchanged: tuple[str, ...]
    stimuli: NeuronStimuliEntry
    files: Annotated[dict[str, Sha256], Field(min_length=1)]

    @model_validator(mode="after")
    def _files_are_here(self) -> Self:
        if outside := [name for name in self.files if leads_outside(name)]:
            raise ValueError(f"files names {outside[0][:60]!r}, which is not a path inside the artifact")
        stimuli = [f"stimuli/{name}.npz" for name in (self.stimuli.calibration, self.stimuli.test)]
        for name in (*(() if self.source is None else (self.source,)), "target.yaml", "budget.json", *stimuli):
            if name not in self.files:
                raise ValueError(f"files does not name {name}")
        return self


def is_of_neurons(directory: Path) -> bool:
    """Whether a directory holds a compiled network of neurons. Raises InputError where it is no artifact."""
    return read_plain(directory).get("line") == LINE


def read_neuron_manifest(directory: Path) -> Mapping[str, Any]:
    """Returns the checked manifest as plain data. Raises InputError with all that is wrong with it."""
    path, data = directory / MANIFEST, read_plain(directory)
    if data.get("format") != FORMAT or data.get("line") != LINE:
        what = "it is not the manifest of a network of neurons"
        raise InputError(Problem("format-version", str(path), what, _AGAIN))
    if data.get("version") != VERSION:
        what = f"it is of version {data.get('version')!r}; this neurocmc reads version {VERSION}"
        raise InputError(Problem("format-version", str(path), what, f"{_AGAIN} from the network"))
    manifest, faults = checked(data, NeuronManifest)
    if manifest is None:
        raise InputError(
            Problem(fault.id, f"{path}: {field_name(fault.path) or 'manifest'}", fault.what, _AGAIN)
            for fault in faults
        )
    return data
