"""Turns the library's modules, trained in a loop of one's own, into circuits with stimuli and torch trajectories.

What stays on the host is the user's: the encoder made the drives that come along, and a linear readout, if there is
one, becomes the classifier of the circuit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.circuits.archive import archive_of
from neurocmc.circuits.checkpoints import checkpoint_bytes
from neurocmc.circuits.cmc.hierarchy import CmcHierarchy
from neurocmc.circuits.own import held, whole_ticks
from neurocmc.circuits.swta import SoftWinnerTakeAll
from neurocmc.circuits.training import parameter_count
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.opening import CHECKPOINT
from neurocmc.common.strict_yaml import field_name
from neurocmc.common.yaml_complaints import checked
from neurocmc.frontends.cmc_checkpoint import cmc_trajectories
from neurocmc.frontends.cmc_circuit import DRIVE, hierarchy_circuit, linear_classifier
from neurocmc.frontends.own_module_file import Description, ModuleFile, check_module, plain_module, shape_of
from neurocmc.frontends.swta_checkpoint import (
    EVIDENCE,
    EXCITE,
    numbers_of,
    soft_wta_circuit,
    soft_wta_trajectories,
)
from neurocmc.ir.rate import Classifier, HostLayer, RateCircuit, Readout
from neurocmc.ir.stimulus import Stimulus

CALIBRATION, TEST = "calibration", "test"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnData:
    """What a user gives beside a module: drives, right answers, times, names, and a readout on the host."""

    calibration: Any  # (trials, channels) or (trials, segments, channels)
    test: Any
    labels: Any  # (test trials,), or None
    duration_ms: float
    window_ms: float
    classes: tuple[str, ...] | None
    readout: Any  # an nn.Linear, or None
    name: str
    on_host: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)  # no slots: `stimuli` is computed once, when it is first asked for
class LoadedModule:
    """A checked file of a module: the circuit for the chip, its stimuli, and the module to compare with."""

    file: ModuleFile
    circuit: RateCircuit

    @cached_property
    def stimuli(self) -> Mapping[str, Stimulus]:
        """The drives to calibrate on (`calibration`), and those to judge the circuit by (`test`)."""
        file = self.file
        none = torch.full((len(file.calibration),), -1)
        return MappingProxyType(
            {
                CALIBRATION: self._stimulus(CALIBRATION, file.calibration, none),
                TEST: self._stimulus(TEST, file.test, file.labels),
            }
        )

    def _stimulus(self, name: str, drive: Tensor, labels: Tensor) -> Stimulus:
        """One step longer for microcircuits: the module looks at rates after a step, a circuit before it."""
        duration_s, dt_s, segments = self.file.description.duration_s, self.circuit.dt_s, drive.shape[1]
        later = 0 if isinstance(self.file.module, SoftWinnerTakeAll) else 1
        ticks = round(duration_s / dt_s)
        return Stimulus(
            name=name,
            duration_s=(ticks + later) * dt_s,
            edges_s=np.arange(segments, dtype=np.float64) * (ticks // segments * dt_s),
            values={EVIDENCE if later == 0 else DRIVE: drive.numpy()},
            labels=labels.numpy(),
        )

    def reference(self, stimulus: Stimulus) -> dict[str, Float]:
        """Returns torch's trajectories {population: (batch, ticks, units)} under `stimulus`, sums in float64.

        Raises InputError where the stimulus does not fit the circuit.
        """
        raise_input_problems(stimulus.problems(self.circuit.inputs))
        module = self.file.module
        if isinstance(module, SoftWinnerTakeAll):
            return soft_wta_trajectories(module, stimulus)
        return cmc_trajectories(module, self.circuit, stimulus)

    def facts(self) -> dict[str, str | float]:
        """Returns what `neurocmc inspect` tells beside the circuit."""
        module, description = self.file.module, self.file.description
        if isinstance(module, SoftWinnerTakeAll):
            numbers: dict[str, float] = numbers_of(module.values())
            family, parameters = "swta, trained in a loop of its own", parameter_count(module)
        else:
            numbers = {"regions": module.regions, "columns": module.columns}
            family, parameters = f"cmc, {module.activation}, trained in a loop of its own", module.live_parameters()
        return {
            "family": family,
            "classes": ", ".join(description.classes[:12]) + (", ..." if len(description.classes) > 12 else ""),
            "parameters: circuit": parameters,
            **{name.replace("_", " "): value for name, value in numbers.items()},
        }


def load_module(file: ModuleFile) -> LoadedModule:
    """Returns a checked file as a circuit and what belongs to it. Raises InputError where it gives no circuit."""
    description, module = file.description, file.module
    if isinstance(module, CmcHierarchy):
        labels, window_s = description.classes, description.window_s
        answers = () if file.readout is None else (linear_classifier(file.readout, module, labels, window_s),)
        circuit = hierarchy_circuit(module, description.name, file.sha256, description.on_host, answers)
    else:
        circuit = _soft_wta(file, module)
    raise_input_problems(circuit.problems())
    return LoadedModule(file=file, circuit=circuit)


def _soft_wta(file: ModuleFile, module: SoftWinnerTakeAll) -> RateCircuit:
    """The winner answers, or the linear readout where there is one."""
    description, readout = file.description, file.readout
    made = soft_wta_circuit(module.values(), description.name, file.sha256, description.on_host)
    if readout is None:
        winner = Readout(
            name="class",
            population=EXCITE,
            kind="winner",
            labels=description.classes,
            window_s=description.window_s,
        )
        return replace(made, readouts=(winner,))
    layer = HostLayer(weight=readout.weight.numpy(), bias=readout.bias.numpy(), rectify=False)
    answer = Classifier(
        name="class",
        populations=(EXCITE,),
        layers=(layer,),
        labels=description.classes,
        window_s=description.window_s,
    )
    return replace(made, classifiers=(answer,))


def module_content(module: object, data: OwnData) -> bytes:
    """Returns the bytes of the file of a module. Raises InputError with what is wrong with the data."""
    shape, own = shape_of(module)
    if not isinstance(data.readout, nn.Linear | None):
        what = f"got a {type(data.readout).__name__}"
        raise InputError(Problem("argument-type", "readout", what, "give an nn.Linear, or None"))
    drives = {name: _held(data, name, shape.dt_s, shape.channels) for name in (CALIBRATION, TEST)}
    ticks = whole_ticks(data.duration_ms, shape.dt_s, "duration_ms")
    window_ticks = whole_ticks(data.window_ms, shape.dt_s, "window_ms")
    if window_ticks > ticks:
        what = f"{data.window_ms:g} ms are longer than a presentation, {data.duration_ms:g} ms"
        raise InputError(Problem("window-too-long", "window_ms", what, "give a shorter window, or a longer duration"))
    given = {
        "name": data.name,
        "shape": shape.model_dump(mode="json"),
        "duration_s": ticks * shape.dt_s,
        "window_s": window_ticks * shape.dt_s,
        "classes": list(_classes(data, shape.features)),
        "on_host": list(data.on_host),
    }
    description, faults = checked(given, Description)
    if description is None:
        raise InputError(Problem(fault.id, field_name(fault.path), fault.what, fault.cure) for fault in faults)
    labels = _labels(data.labels, len(drives[TEST]))
    content = checkpoint_bytes(plain_module(description, own, data.readout, {**drives, "labels": labels}))
    if len(content) > CHECKPOINT.max_bytes:
        what = f"module, readout and stimuli take {len(content):,} bytes, limit {CHECKPOINT.max_bytes:,}"
        raise InputError(Problem("file-too-large", "test", what, "give fewer trials"))
    return content


def _held(data: OwnData, name: str, dt_s: float, channels: int) -> Tensor:
    """Drives as (trials, segments, channels) in float64."""
    given = data.calibration if name == CALIBRATION else data.test
    try:
        drive = torch.as_tensor(given).detach().cpu().double()
    except (TypeError, ValueError, RuntimeError):
        what = f"got a {type(given).__name__}"
        raise InputError(Problem("argument-type", name, what, "give a tensor or an array of numbers")) from None
    try:
        return held(drive, data.duration_ms, dt_s, channels)[0].contiguous().clone()
    except InputError as error:
        raise InputError(problem.inside(name) for problem in error.problems) from None


def _labels(labels: Any, trials: int) -> Tensor:
    if labels is None:
        return torch.full((trials,), -1)
    try:
        given = torch.as_tensor(labels).detach().cpu()
    except (TypeError, ValueError, RuntimeError):
        given = torch.empty(0)
    if given.shape != (trials,) or given.dtype.is_floating_point or given.dtype.is_complex:
        what = f"{trials:,} test trials need as many whole numbers (got {type(labels).__name__} {tuple(given.shape)})"
        raise InputError(Problem("labels-count", "labels", what, "give the right class of each test trial"))
    return given.to(torch.int64)


def _classes(data: OwnData, features: int) -> tuple[str, ...]:
    """The names of the classes: of what the readout tells apart, else of the units."""
    count = features if data.readout is None else data.readout.out_features
    if data.classes is None:
        return tuple(str(label) for label in range(count))
    if len(data.classes) != count:
        what = f"{len(data.classes)} names, and {count} classes"
        raise InputError(Problem("labels-count", "classes", what, "name each class once, in order"))
    return data.classes


def read_content(content: bytes, path: Path) -> LoadedModule:
    """Returns what a file with this content gives. Raises InputError with all that is wrong with it."""
    return load_module(check_module(archive_of(content, str(path)), path))
