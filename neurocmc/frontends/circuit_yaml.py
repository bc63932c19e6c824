"""Reads circuits written by hand: a YAML file with units in its field names becomes a RateCircuit.

`form` says which of the two ways of writing a rate unit the numbers mean, with r = phi(gain (u + bias - threshold))::

    filter-after    tau x' = -x + phi(W x + I)       x is what other units see; inputs reach phi at once
    filter-before   tau u' = -u + W phi(u) + I       u is filtered; what other units see is phi(u)

A RateCircuit has its filters on projections and inputs. So `filter-after` gives each projection the time constant of
its source and leaves inputs unfiltered; `filter-before` gives projections and inputs that of their target. Both are
exact. A projection or an input may name its own `tau_ms` instead. `order: 2` makes a filter two equal ones in a row.
A projection may act later than its filter does by `delay_ms`, one time for all connections or one for each.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.names import nearest_name
from neurocmc.common.strict_yaml import Document, StrictModel, load_document
from neurocmc.common.ticks import not_whole
from neurocmc.common.yaml_complaints import FieldPath
from neurocmc.frontends.centring import centred
from neurocmc.frontends.classifiers_yaml import ClassifierField, read_classifier
from neurocmc.frontends.delays_yaml import split_by_delay
from neurocmc.frontends.stimulus_yaml import Fault, StimulusField, StimulusName, read_stimuli
from neurocmc.frontends.weights_yaml import (
    MOST_UNITS,
    Matrix,
    MatrixFile,
    MatrixFiles,
    Number,
    Pattern,
    Row,
    SparseFile,
    Weight,
    weight_matrix,
)
from neurocmc.ir.rate import Classifier, RateCircuit, RateInput, RatePopulation, RateProjection, Readout, TransferKind
from neurocmc.ir.stimulus import Stimulus

# Names become parts of file names: a file system takes 255 bytes.
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*([.][A-Za-z0-9_-]+)*$", max_length=64)]
Positive = Annotated[float, Field(ge=1e-9, le=1e9)]
NonNegative = Annotated[float, Field(ge=0, le=1e9)]
Form = Literal["filter-after", "filter-before"]


class PopulationField(StrictModel):
    """One population. `gain`, `threshold`, `bias`, `initial` are one number for all units or a list with one each."""

    size: Annotated[int, Field(ge=1, le=MOST_UNITS)]
    tau_ms: NonNegative
    order: Literal[1, 2] = 1
    transfer: TransferKind | Literal["tanh"] = "relu"
    gain: Positive | Annotated[tuple[Positive, ...], Field(min_length=1)] = 1.0
    threshold: Number | Row = 0.0
    bias: Number | Row = 0.0
    initial: Number | Row = 0.0
    observe_ms: NonNegative | None = None
    saturation: Positive | None = None


class ProjectionField(StrictModel):
    """All connections from one population to another; `weight` is (target units x source units)."""

    source: Name = Field(alias="from")
    target: Name = Field(alias="to")
    weight: Weight
    tau_ms: NonNegative | None = None
    order: Literal[1, 2] | None = None
    delay_ms: Number | Matrix | MatrixFile = 0.0


class InputField(StrictModel):
    """A drive from outside; without `weight`, one channel per unit. `weight` is (target units x channels)."""

    target: Name = Field(alias="to")
    channels: Annotated[int, Field(ge=1, le=MOST_UNITS)] | None = None
    weight: Weight | None = None
    tau_ms: NonNegative | None = None
    order: Literal[1, 2] | None = None


class ReadoutField(StrictModel):
    """The readout of the host: the unit most active in the last `window_ms`, or the activity itself."""

    population: Name
    kind: Literal["winner", "activity"]
    labels: tuple[str, ...] = ()
    window_ms: Positive


class CircuitFile(StrictModel):
    """The whole file of a circuit written by hand."""

    name: Name
    dt_ms: Positive
    form: Form
    populations: Annotated[dict[Name, PopulationField], Field(min_length=1)]
    projections: tuple[ProjectionField, ...] = ()
    inputs: dict[Name, InputField] = Field(default_factory=dict)
    readouts: dict[Name, ReadoutField] = Field(default_factory=dict)
    classifiers: dict[Name, ClassifierField] = Field(default_factory=dict)
    stimuli: dict[StimulusName, StimulusField] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedYaml:
    """A circuit and its stimuli; `calibration` and `test` name the stimuli for either use."""

    circuit: RateCircuit
    stimuli: tuple[Stimulus, ...]
    calibration: tuple[str, ...]
    test: tuple[str, ...]
    has_files: bool = False  # whether some of it stands in other files

    def stimulus(self, name: str) -> Stimulus:
        """Returns the stimulus of that name. Raises KeyError."""
        return {stimulus.name: stimulus for stimulus in self.stimuli}[name]


def read_circuit_yaml(path: Path) -> LoadedYaml:
    """Reads a hand-written circuit and its stimuli. Raises InputError with the line of every fault."""
    document = load_document(path)
    file = document.validate(CircuitFile)
    raise_input_problems(_sorted(document, _reference_faults(file)))
    faults: list[Fault] = []
    files = MatrixFiles(path.parent)
    circuit = RateCircuit(
        name=file.name,
        dt_s=file.dt_ms * 1e-3,
        populations=tuple(_population(name, entry, file.form, faults) for name, entry in file.populations.items()),
        projections=tuple(_projections(file, files, faults)),
        inputs=tuple(_input(name, entry, file, files, faults) for name, entry in file.inputs.items()),
        readouts=tuple(_readout(name, entry, file, faults) for name, entry in file.readouts.items()),
        classifiers=tuple(_classifiers(file, files, faults)),
        origin_sha256=hashlib.sha256(document.text.encode("utf-8") + files.digest()).hexdigest(),  # of all read above
    )
    circuit = centred(circuit, _heights(file))
    if not faults:  # a matrix at fault says nothing of the number of classes
        faults += _label_faults(file, circuit)
    channels = {entry.name: entry.channels for entry in circuit.inputs}
    stimuli = read_stimuli(file.stimuli, channels, circuit.dt_s, faults)
    raise_input_problems(_sorted(document, faults))
    rest = [*circuit.problems(), *(fault for stimulus in stimuli for fault in stimulus.problems(circuit.inputs))]
    raise_input_problems(fault.inside(document.filename) for fault in rest)
    return LoadedYaml(
        circuit=circuit,
        stimuli=stimuli,
        calibration=tuple(name for name, entry in file.stimuli.items() if entry.use != "test"),
        test=tuple(name for name, entry in file.stimuli.items() if entry.use != "calibration"),
        has_files=files.has_any,
    )


def _sorted(document: Document, faults: Iterable[Fault]) -> Iterator[Problem]:
    for fault in sorted(faults, key=lambda fault: document.line(*fault[1])):
        yield document.problem(*fault)


def _reference_faults(file: CircuitFile) -> Iterator[Fault]:
    """Names of populations that do not exist, and the absence of anything to calibrate with."""
    references: list[tuple[FieldPath, str]] = []
    for index, entry in enumerate(file.projections):
        references += [(("projections", index, "from"), entry.source), (("projections", index, "to"), entry.target)]
    references += [(("inputs", name, "to"), entry.target) for name, entry in file.inputs.items()]
    references += [(("readouts", name, "population"), entry.population) for name, entry in file.readouts.items()]
    for own, entry in file.classifiers.items():
        references += [(("classifiers", own, "populations", k), name) for k, name in enumerate(entry.populations)]
    for path, name in references:
        if name not in file.populations:
            yield (
                "population-unknown",
                path,
                f"there is no such population (got {name!r})",
                nearest_name(name, file.populations),
            )
    if "at_s" in file.inputs:
        yield (
            "name-reserved",
            ("inputs", "at_s"),
            "is a reserved name: steps use it for their time",
            "give another name",
        )
    if all(entry.use == "test" for entry in file.stimuli.values()):
        what = "there is no stimulus for calibration" if file.stimuli else "is missing"
        cure = (
            "give at least one stimulus with `use: calibration` or `both`: gains are matched over the "
            "activities that it causes"
        )
        yield "calibration-missing", ("stimuli",), what, cure


def _label_faults(file: CircuitFile, circuit: RateCircuit) -> Iterator[Fault]:
    """Right answers that no winner readout and no classifier could give."""
    winners = [file.populations[entry.population].size for entry in file.readouts.values() if entry.kind == "winner"]
    classes = [classifier.layers[-1].weight.shape[0] for classifier in circuit.classifiers]
    answers = max((*winners, *classes), default=0)
    called = ("unit or class", "units or classes") if classes else ("unit", "units")
    for name, entry in file.stimuli.items():
        labels: list[tuple[FieldPath, int | None]] = [(("stimuli", name, "label"), entry.label)]
        for index, trial in enumerate(entry.trials or ()):
            labels.append((("stimuli", name, "trials", index, "label"), trial.label))
        for path, label in labels:
            if label is not None and label >= answers:
                what, cure = "a label needs a winner readout", "add a readout of kind winner"
                if answers:
                    what, cure = f"there is no such {called[0]} (got {label})", f"{called[1]} are 0 to {answers - 1}"
                yield "label-beyond-range", path, what, cure


def _population(name: str, entry: PopulationField, form: Form, faults: list[Fault]) -> RatePopulation:
    values: dict[str, Float] = {}
    for field in ("gain", "threshold", "bias", "initial"):
        given: float | tuple[float, ...] = getattr(entry, field)
        if isinstance(given, tuple) and len(given) != entry.size:
            what = f"{len(given)} values for {entry.size} units"
            faults.append(("values-count", ("populations", name, field), what, "give one number, or one per unit"))
            given = given[0]
        values[field] = np.broadcast_to(np.asarray(given, dtype=np.float64), (entry.size,))
    if entry.transfer == "linear" and entry.saturation is not None:
        path = ("populations", name, "saturation")
        faults.append(
            (
                "field-inconsistent",
                path,
                f"a linear unit does not saturate (got {entry.saturation:g})",
                "leave it out, or use relu",
            )
        )
    if form == "filter-after" and entry.observe_ms is not None:
        what = f"a filter-after circuit is observed by its own filters (got {entry.observe_ms:g})"
        faults.append(("field-inconsistent", ("populations", name, "observe_ms"), what, "leave it out"))
    return RatePopulation(
        name=name,
        size=entry.size,
        transfer="sigmoid" if entry.transfer == "tanh" else entry.transfer,  # see `centred`
        gain=values["gain"],
        offset=values["threshold"],
        bias=values["bias"],
        saturation=_saturation(entry),
        trace_tau_s=entry.tau_ms * 1e-3 if form == "filter-after" else 0.0,
        trace_order=entry.order if form == "filter-after" else 1,
        observe_tau_s=(entry.observe_ms or 0.0) * 1e-3,
        initial=values["initial"],
    )


def _saturation(entry: PopulationField) -> float:
    if entry.saturation is not None:
        return entry.saturation
    return 1.0 if entry.transfer == "sigmoid" else math.inf


def _heights(file: CircuitFile) -> dict[str, float]:
    """The largest activity of each population of tanh."""
    given = {name: entry.saturation for name, entry in file.populations.items() if entry.transfer == "tanh"}
    return {name: 1.0 if height is None else height for name, height in given.items()}


def _classifiers(file: CircuitFile, files: MatrixFiles, faults: list[Fault]) -> Iterator[Classifier]:
    for name, entry in file.classifiers.items():
        units = sum(file.populations[own].size for own in entry.populations)
        yield read_classifier(name, entry, units, file.dt_ms * 1e-3, files, faults)


def _projections(file: CircuitFile, files: MatrixFiles, faults: list[Fault]) -> Iterator[RateProjection]:
    seen: dict[str, int] = {}
    for index, entry in enumerate(file.projections):
        source, target = file.populations[entry.source], file.populations[entry.target]
        own = target if file.form == "filter-before" else source
        name = f"{entry.source}->{entry.target}"
        seen[name] = seen.get(name, 0) + 1
        weight = weight_matrix(
            entry.weight, target.size, source.size, files, ("projections", index, "weight"), faults
        )
        undelayed = RateProjection(
            name=name if seen[name] == 1 else f"{name}#{seen[name]}",
            source=entry.source,
            target=entry.target,
            weight=weight,
            tau_s=(own.tau_ms if entry.tau_ms is None else entry.tau_ms) * 1e-3,
            order=own.order if entry.order is None else entry.order,
        )
        path = ("projections", index, "delay_ms")
        delay_ms = entry.delay_ms
        if isinstance(delay_ms, MatrixFile):
            delay_ms = files.matrix(delay_ms, path, faults)
        yield from split_by_delay(undelayed, 0.0 if delay_ms is None else delay_ms, file.dt_ms * 1e-3, path, faults)


def _input(name: str, entry: InputField, file: CircuitFile, files: MatrixFiles, faults: list[Fault]) -> RateInput:
    target = file.populations[entry.target]
    channels = _channels(entry, target.size, files) if entry.channels is None else entry.channels
    rule = Pattern(pattern="one-to-one", value=1.0) if entry.weight is None else entry.weight
    path = ("inputs", name, "channels" if entry.weight is None else "weight")
    filtered = file.form == "filter-before"
    return RateInput(
        name=name,
        target=entry.target,
        weight=weight_matrix(rule, target.size, channels, files, path, faults),
        tau_s=((target.tau_ms if filtered else 0.0) if entry.tau_ms is None else entry.tau_ms) * 1e-3,
        order=(target.order if filtered else 1) if entry.order is None else entry.order,
    )


def _channels(entry: InputField, units: int, files: MatrixFiles) -> int:
    """The columns of a matrix, and otherwise a channel for each unit."""
    match entry.weight:
        case (MatrixFile() | SparseFile()) as stored:
            matrix = files.named(stored, (), [])  # its faults are told where the weight is read
            return units if matrix is None else matrix.shape[1]
        case tuple() as rows:
            return len(rows[0])
        case _:
            return units


def _readout(name: str, entry: ReadoutField, file: CircuitFile, faults: list[Fault]) -> Readout:
    size = file.populations[entry.population].size
    if entry.labels and len(entry.labels) != size:
        what = f"{len(entry.labels)} labels for {size} units"
        faults.append(("labels-count", ("readouts", name, "labels"), what, "give one per unit, or none"))
    if fault := not_whole(entry.window_ms * 1e-3, file.dt_ms * 1e-3):
        faults.append(("time-off-grid", ("readouts", name, "window_ms"), *fault))
    return Readout(
        name=name,
        population=entry.population,
        kind=entry.kind,
        labels=entry.labels,
        window_s=entry.window_ms * 1e-3,
    )
