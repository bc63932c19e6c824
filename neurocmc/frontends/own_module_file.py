"""Writes and checks the file of a module that was trained in a loop of one's own: numbers, readout and stimuli.

A dictionary of torch.save, of tensors and plain values alone, read with `weights_only=True`: `format`, `version`,
`description` (kind and shape of the circuit, times, names), `state_dict`, `readout` (`weight`, `bias`, or empty) and
`stimuli` (`calibration`, `test`: drives (trials, segments, channels); `labels`: the right answers of the test).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from neurocmc.circuits.archive import Archive, listed, plain_values, shown, state_problems, tensor_problem
from neurocmc.circuits.cmc.hierarchy import CmcHierarchy
from neurocmc.circuits.cmc.recipe import CmcCircuitRecipe
from neurocmc.circuits.fields import Step
from neurocmc.circuits.own import CmcRegions
from neurocmc.circuits.swta import SoftWinnerTakeAll
from neurocmc.circuits.swta_values import PARAMETERS, SwtaValues
from neurocmc.common.errors import FieldError, InputError, Problem, raise_input_problems
from neurocmc.common.strict_yaml import StrictModel, field_name
from neurocmc.common.yaml_complaints import checked

FORMAT = "neurocmc-module"
VERSION = 1
AGAIN = "write it again: neurocmc.from_module(..., path=...)"
LARGEST_DRIVE = 1e9
DTYPES = (torch.float32, torch.float64)
_KEYS = ("format", "version", "description", "state_dict", "readout", "stimuli")
_STIMULI = ("calibration", "test", "labels")

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
OwnModule = SoftWinnerTakeAll | CmcHierarchy


class SoftWtaShape(StrictModel):
    """What the numbers of a soft winner-take-all do not say."""

    kind: Literal["soft-wta"] = "soft-wta"
    units: int = Field(ge=2, le=1024)
    tau_s: float = Field(ge=1e-6, le=10)
    dt_s: Step

    def module(self) -> SoftWinnerTakeAll:
        """Returns a module of this shape."""
        none = dict.fromkeys(PARAMETERS, 0.0)
        return SoftWinnerTakeAll(SwtaValues(units=self.units, tau_s=self.tau_s, dt_s=self.dt_s, **none))

    @property
    def channels(self) -> int:
        """Of the drive."""
        return self.units

    @property
    def features(self) -> int:
        """Units that a readout gets."""
        return self.units


class CmcShape(StrictModel):
    """What the numbers of a hierarchy do not say."""

    kind: Literal["cmc-regions"] = "cmc-regions"
    circuit: CmcCircuitRecipe

    @model_validator(mode="after")
    def _has_dynamics(self) -> Self:
        if self.circuit.solver != "euler" or self.circuit.variant == "ode-off":
            what = f"solver {self.circuit.solver}, variant {self.circuit.variant} does not step as a chip does"
            raise FieldError(what, "take solver euler and a variant with an ODE")
        return self

    @property
    def dt_s(self) -> float:
        """The step."""
        return self.circuit.dt_s

    def module(self) -> CmcHierarchy:
        """Returns a module of this shape."""
        with torch.random.fork_rng(devices=[]):
            return CmcHierarchy(self.circuit)

    @property
    def channels(self) -> int:
        """Of the drive."""
        return self.circuit.columns

    @property
    def features(self) -> int:
        """Units that a readout gets."""
        return self.circuit.regions * 4 * self.circuit.columns


class Description(StrictModel):
    """The plain part of a file."""

    name: Name
    shape: SoftWtaShape | CmcShape = Field(discriminator="kind")
    duration_s: Seconds  # of a presentation
    window_s: Seconds  # at its end, that is read
    classes: tuple[Text, ...] = Field(min_length=1, max_length=4096)
    on_host: tuple[Text, ...] = Field(default=(), max_length=16)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModuleFile:
    """The content of a sound file."""

    path: Path
    sha256: str
    description: Description
    module: OwnModule  # in evaluation mode
    readout: nn.Linear | None
    calibration: Tensor  # (trials, segments, channels), float64
    test: Tensor
    labels: Tensor  # (test trials,), int64, -1 where there is no right answer


def shape_of(module: object) -> tuple[SoftWtaShape | CmcShape, nn.Module]:
    """Returns the shape of a module, and the module. Raises InputError for one that is none of the library's."""
    if isinstance(module, CmcRegions):
        return CmcShape(circuit=module.recipe), module
    if isinstance(module, SoftWinnerTakeAll):
        return SoftWtaShape(units=module.units, tau_s=module.tau_s, dt_s=module.dt_s), module
    what = f"got a {type(module).__name__}"
    raise InputError(Problem("argument-type", "module", what, "give a neurocmc.SoftWta or neurocmc.CmcRegions"))


def plain_module(
    description: Description,
    module: nn.Module,
    readout: nn.Linear | None,
    stimuli: Mapping[str, Tensor],
) -> dict[str, Any]:
    """Returns the content of a file, ready for torch.save."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "description": description.model_dump(mode="json"),
        "state_dict": {name: value.detach().cpu().clone() for name, value in module.state_dict().items()},
        "readout": {} if readout is None else _linear(readout),
        "stimuli": dict(stimuli),
    }


def _linear(readout: nn.Linear) -> dict[str, Tensor]:
    weight = readout.weight.detach().cpu().double().clone()
    bias = torch.zeros(len(weight)) if readout.bias is None else readout.bias.detach().cpu()  # pyright: ignore[reportUnnecessaryComparison]
    return {"weight": weight, "bias": bias.double().clone()}


def is_module(archive: Archive) -> bool:
    """Whether an archive says that it is of this format."""
    return archive.plain.get("format") == FORMAT


def check_module(archive: Archive, path: Path) -> ModuleFile:
    """Returns the module in an archive of this format. Raises InputError with all that is wrong."""
    where, plain = str(path), archive.plain
    raise_input_problems(_header_problems(plain, where))
    description = _description(plain["description"], where)
    module = _module(description, plain["state_dict"], where)
    readout = _readout(description, plain["readout"], where)
    stimuli = cast(dict[str, Any], plain["stimuli"])
    raise_input_problems(_stimulus_problems(description, stimuli, readout, where))
    return ModuleFile(
        path=path,
        sha256=archive.sha256,
        description=description,
        module=module,
        readout=readout,
        calibration=stimuli["calibration"],
        test=stimuli["test"],
        labels=stimuli["labels"],
    )


def _header_problems(plain: dict[str, Any], where: str) -> Iterable[Problem]:
    if type(plain.get("version")) is not int or plain["version"] != VERSION:
        what = f"version {shown(plain.get('version'))} of the format; this neurocmc reads {VERSION}"
        yield Problem("format-version", where, what, AGAIN)
        return
    if missing := [key for key in _KEYS if key not in plain]:
        yield Problem("entries-missing", where, f"lacks {listed(missing)}", AGAIN)
    if extra := [key for key in plain if key not in _KEYS]:
        yield Problem("entries-unknown", where, f"holds unknown entries {listed(extra)}", "remove them")
    for key in _KEYS[2:]:
        if key in plain and not isinstance(plain[key], dict):
            yield Problem("entry-not-a-dict", where, f"{key} should be a dict (got {shown(plain[key])})", AGAIN)


def _description(data: dict[str, Any], where: str) -> Description:
    description, faults = checked(plain_values(data, "description", where, AGAIN), Description)
    if description is None:
        raise InputError(
            Problem(fault.id, where, f"{field_name(('description', *fault.path))}: {fault.what}", fault.cure)
            for fault in faults
        )
    return description


def _module(description: Description, state: dict[Any, Any], where: str) -> OwnModule:
    module = description.shape.module()
    first = next(iter(state.values()), None)
    if isinstance(first, Tensor) and first.dtype in DTYPES:  # one of both precisions, for all
        module = module.to(first.dtype)
    raise_input_problems(state_problems(state, module.state_dict(), "state_dict", where, AGAIN))
    module.load_state_dict(state)
    if isinstance(module, SoftWinnerTakeAll):
        raise_input_problems(problem.inside(where) for problem in module.values().problems())
    return module.eval()


def _readout(description: Description, held: dict[Any, Any], where: str) -> nn.Linear | None:
    """The readout on the host, in float64; None where the winner answers, or nobody."""
    classes, features = len(description.classes), description.shape.features
    if not held:
        if isinstance(description.shape, SoftWtaShape) and classes != features:
            what = f"{classes} classes, and {features} units compete"
            cure = "name one class a unit, or give a linear readout"
            raise InputError(Problem("labels-count", f"{where}: classes", what, cure))
        return None
    readout = nn.Linear(features, classes, dtype=torch.float64)
    raise_input_problems(state_problems(held, readout.state_dict(), "readout", where, AGAIN))
    readout.load_state_dict(held)
    return readout.requires_grad_(False)


def _stimulus_problems(
    description: Description, stimuli: dict[str, Any], readout: nn.Linear | None, where: str
) -> Iterable[Problem]:
    if set(stimuli) != set(_STIMULI):
        what = f"stimuli should hold {listed(_STIMULI)} and nothing else (they are {listed(stimuli)})"
        yield Problem("entries-missing", where, what, AGAIN)
        return
    for name in ("calibration", "test"):
        yield from _drive_problems(stimuli[name], f"stimuli.{name}", description.shape.channels, where)
    labels, test = stimuli["labels"], stimuli["test"]
    trials = len(test) if isinstance(test, Tensor) and test.ndim else 0
    if fault := tensor_problem(labels, torch.zeros(trials, dtype=torch.int64), "stimuli.labels", where, AGAIN):
        yield fault
        return
    answers = description.shape.features if readout is None else len(description.classes)
    if readout is None and isinstance(description.shape, CmcShape):
        answers = 0
    if bool(((labels < -1) | (labels >= answers)).any()):
        worst = int(labels.max()) if int(labels.max()) >= answers else int(labels.min())
        cure = f"give 0 to {answers - 1}, or -1 for none" if answers else "give a readout, or no labels"
        yield Problem("label-beyond-range", f"{where}: labels", f"label {worst} names no class of {answers}", cure)


def _drive_problems(drive: object, name: str, channels: int, where: str) -> Iterable[Problem]:
    if not isinstance(drive, Tensor) or drive.ndim != 3 or 0 in drive.shape:
        what = f"{name} should be (trials, segments, channels) (got {shown(drive)})"
        yield Problem("tensor-shape", where, what, AGAIN)
        return
    wanted = torch.empty(*drive.shape[:2], channels, dtype=torch.float64, device="meta")
    if fault := tensor_problem(drive, wanted, name, where, AGAIN):
        yield fault
    elif float(drive.abs().max()) > LARGEST_DRIVE:
        what = f"{name} holds {float(drive.abs().max()):g}, limit {LARGEST_DRIVE:g}"
        yield Problem("drive-too-large", where, what, "give drives of the size of the circuit's activities")
