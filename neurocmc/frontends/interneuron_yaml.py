"""Reads a soft winner-take-all with named interneurons: a few numbers in YAML become a RateCircuit.

Four classes of cortical interneurons, each a population of one unit that may be switched `off`, have the roles that
Iqbal et al. found for them (Biologically grounded neocortex computational primitives implemented on neuromorphic
hardware improve vision transformer performance, PNAS 2025). Their equations here are the simplest that play the role;
I is the drive, G the gate, x_i the trace of pyramidal unit i, each name the trace of its population::

    pyramidal   x_i' ~ [I_i + alpha x_i + alpha2 (x_i-1 + x_i+1) - beta_ff pv - beta1 sst - gamma1 lamp5 - T]_+
    pv          [w sum_i I_i - T_P]_+                feedforward inhibition: driven by the input itself
    sst         [beta2 sum_i x_i - delta vip - T_I]_+    feedback inhibition: what winners do to losers
    vip         [G - T_V]_+                          disinhibition: silences sst
    lamp5       [gamma2 sum_i x_i]_+                 gain normalisation: no threshold, so it only divides

`tau_ms` of a population is the filter of everything that reaches it, one for each, as a chip's compartment has it.
The drive of `pyramidal` is not filtered (the filter follows the rectifier), and what reaches `pv` and `vip` only if
they say so.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from neurocmc.common.errors import raise_input_problems
from neurocmc.common.matrices import FloatMatrix, any_entry, banded
from neurocmc.common.strict_yaml import StrictModel, load_document
from neurocmc.common.ticks import not_whole
from neurocmc.common.yaml_complaints import FieldPath
from neurocmc.frontends.circuit_yaml import LoadedYaml, Name, NonNegative, Number, Positive
from neurocmc.frontends.rectifiers import rectifiers
from neurocmc.frontends.stimulus_yaml import Fault, StimulusField, StimulusName, read_stimuli
from neurocmc.frontends.weights_yaml import MOST_UNITS
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection, Readout
from neurocmc.ir.stimulus import Stimulus

PYRAMIDAL, PV, SST, VIP, LAMP5 = "pyramidal", "pv", "sst", "vip", "lamp5"
DRIVE, GATE, DRIVE_PV = "drive", "gate", "drive_pv"  # the last is the drive once more, as pv receives it
Off = Literal["off"]


class PvField(StrictModel):
    """Parvalbumin: feedforward inhibition, [w sum I - threshold]_+, with weight -beta_ff on every pyramidal unit."""

    w: Positive
    beta_ff: Positive
    threshold: Number = 0.0
    tau_ms: NonNegative = 0.0


class SstField(StrictModel):
    """Somatostatin: feedback inhibition, [beta2 sum x - threshold]_+, with weight -beta1 on every pyramidal unit."""

    beta1: Positive
    beta2: Positive
    threshold: Number = 0.0
    tau_ms: Positive | None = None


class VipField(StrictModel):
    """Vasoactive intestinal peptide: disinhibition, [gate - threshold]_+, with weight -delta on sst."""

    delta: Positive
    threshold: Number = 0.0
    tau_ms: NonNegative = 0.0


class Lamp5Field(StrictModel):
    """LAMP5: gain normalisation, [gamma2 sum x]_+, with weight -gamma1 on every pyramidal unit."""

    gamma1: Positive
    gamma2: Positive
    tau_ms: Positive | None = None


class InterneuronsField(StrictModel):
    """The interneurons that there are; what is not named is off."""

    pv: PvField | Off = "off"
    sst: SstField | Off = "off"
    vip: VipField | Off = "off"
    lamp5: Lamp5Field | Off = "off"


class SwtaField(StrictModel):
    """The winner-take-all; its `tau_ms` is also that of sst and lamp5 where they do not give their own."""

    units: Annotated[int, Field(ge=2, le=MOST_UNITS)]
    tau_ms: Positive
    alpha: NonNegative
    alpha2: NonNegative = 0.0
    threshold: Number = 0.0
    labels: tuple[str, ...] = ()
    window_ms: Positive = 100.0
    interneurons: InterneuronsField = InterneuronsField()


class SwtaFile(StrictModel):
    """The whole file of a winner-take-all with interneurons."""

    name: Name
    dt_ms: Positive
    swta: SwtaField
    stimuli: dict[StimulusName, StimulusField] = Field(default_factory=dict)


def read_interneuron_yaml(path: Path) -> LoadedYaml:
    """Reads a winner-take-all with interneurons, and its stimuli. Raises InputError with the line of every fault.

    Stimuli name `drive`, a channel for each unit, and `gate`, one channel. A gate without a vip to receive it is left
    out, so that one word switches an interneuron off.
    """
    document = load_document(path)
    file = document.validate(SwtaFile)
    faults = list(_faults(file))
    stimuli = read_stimuli(file.stimuli, {DRIVE: file.swta.units, GATE: 1}, file.dt_ms * 1e-3, faults)
    by_line = sorted(faults, key=lambda fault: document.line(*fault[1]))
    raise_input_problems(document.problem(*fault) for fault in by_line)
    circuit = RateCircuit(
        name=file.name,
        dt_s=file.dt_ms * 1e-3,
        populations=tuple(_populations(file.swta)),
        projections=tuple(_projections(file.swta)),
        inputs=tuple(_inputs(file.swta)),
        readouts=(
            Readout(
                name="winner",
                population=PYRAMIDAL,
                kind="winner",
                labels=file.swta.labels,
                window_s=file.swta.window_ms * 1e-3,
            ),
        ),
        origin_sha256=hashlib.sha256(document.text.encode("utf-8")).hexdigest(),
    )
    received = tuple(_received(stimulus, circuit) for stimulus in stimuli)
    rest = [*circuit.problems(), *(fault for stimulus in received for fault in stimulus.problems(circuit.inputs))]
    raise_input_problems(fault.inside(document.filename) for fault in rest)
    return LoadedYaml(
        circuit=circuit,
        stimuli=received,
        calibration=tuple(name for name, entry in file.stimuli.items() if entry.use != "test"),
        test=tuple(name for name, entry in file.stimuli.items() if entry.use != "calibration"),
    )


def _faults(file: SwtaFile) -> Iterator[Fault]:
    """What each field alone cannot show: an interneuron without a target, a loop that nothing holds, labels."""
    swta = file.swta
    cells = swta.interneurons
    place: FieldPath = ("swta", "interneurons")
    if cells.sst == "off" and cells.vip != "off":
        yield (
            "interneuron-without-target",
            (*place, VIP),
            "it inhibits sst, and sst is off",
            "switch vip off as well, or sst on",
        )
    if cells.sst == "off" and cells.lamp5 == "off" and swta.alpha + 2.0 * swta.alpha2 >= 1.0:
        what = (
            f"alpha + 2 alpha2 is {swta.alpha + 2.0 * swta.alpha2:g}, and no inhibition limits it: sst and "
            "lamp5 are off"
        )
        yield "excitation-unheld", ("swta", "alpha"), what, "keep it below 1, or switch sst or lamp5 on"
    if swta.labels and len(swta.labels) != swta.units:
        what = f"{len(swta.labels)} labels for {swta.units} units"
        yield "labels-count", ("swta", "labels"), what, "give one per unit, or none"
    if fault := not_whole(swta.window_ms * 1e-3, file.dt_ms * 1e-3):
        yield "time-off-grid", ("swta", "window_ms"), *fault
    for name, entry in file.stimuli.items():
        labels: list[tuple[FieldPath, int | None]] = [(("stimuli", name, "label"), entry.label)]
        labels += [
            (("stimuli", name, "trials", i, "label"), trial.label) for i, trial in enumerate(entry.trials or ())
        ]
        for path, label in labels:
            if label is not None and label >= swta.units:
                yield (
                    "label-beyond-range",
                    path,
                    f"there is no such unit (got {label})",
                    f"units are 0 to {swta.units - 1}",
                )
    if all(entry.use == "test" for entry in file.stimuli.values()):
        what = "there is no stimulus for calibration" if file.stimuli else "is missing"
        cure = (
            "give at least one stimulus with `use: calibration` or `both`: gains are matched over the "
            "activities that it causes"
        )
        yield "calibration-missing", ("stimuli",), what, cure


def _populations(swta: SwtaField) -> Iterator[RatePopulation]:
    cells, tau_s = swta.interneurons, 1e-3 * swta.tau_ms
    yield rectifiers(PYRAMIDAL, swta.units, swta.threshold, tau_s)
    if cells.pv != "off":
        yield rectifiers(PV, 1, cells.pv.threshold, tau_s)
    if cells.sst != "off":
        yield rectifiers(SST, 1, cells.sst.threshold, tau_s)
        if cells.vip != "off":
            yield rectifiers(VIP, 1, cells.vip.threshold, 1e-3 * (cells.sst.tau_ms or swta.tau_ms))
    if cells.lamp5 != "off":
        yield rectifiers(LAMP5, 1, 0.0, tau_s)


def _projections(swta: SwtaField) -> Iterator[RateProjection]:
    """Every loop of the circuit; the filter of each is that of the population it reaches."""
    cells, n = swta.interneurons, swta.units
    own = banded(n, {0: swta.alpha, 1: swta.alpha2, -1: swta.alpha2})
    if any_entry(own):
        yield _projection(PYRAMIDAL, PYRAMIDAL, own, swta.tau_ms)
    if cells.pv != "off":
        yield _projection(PV, PYRAMIDAL, np.full((n, 1), -cells.pv.beta_ff), swta.tau_ms)
    if cells.sst != "off":
        tau_ms = cells.sst.tau_ms or swta.tau_ms
        yield _projection(PYRAMIDAL, SST, np.full((1, n), cells.sst.beta2), tau_ms)
        yield _projection(SST, PYRAMIDAL, np.full((n, 1), -cells.sst.beta1), swta.tau_ms)
        if cells.vip != "off":
            yield _projection(VIP, SST, np.array([[-cells.vip.delta]]), tau_ms)
    if cells.lamp5 != "off":
        yield _projection(PYRAMIDAL, LAMP5, np.full((1, n), cells.lamp5.gamma2), cells.lamp5.tau_ms or swta.tau_ms)
        yield _projection(LAMP5, PYRAMIDAL, np.full((n, 1), -cells.lamp5.gamma1), swta.tau_ms)


def _projection(source: str, target: str, weight: FloatMatrix, tau_ms: float) -> RateProjection:
    return RateProjection(
        name=f"{source}->{target}", source=source, target=target, weight=weight, tau_s=tau_ms * 1e-3
    )


def _inputs(swta: SwtaField) -> Iterator[RateInput]:
    cells = swta.interneurons
    yield RateInput(name=DRIVE, target=PYRAMIDAL, weight=banded(swta.units, {0: 1.0}))
    if cells.pv != "off":
        weight = np.full((1, swta.units), cells.pv.w)
        yield RateInput(name=DRIVE_PV, target=PV, weight=weight, tau_s=cells.pv.tau_ms * 1e-3)
    if cells.vip != "off":
        yield RateInput(name=GATE, target=VIP, weight=np.ones((1, 1)), tau_s=cells.vip.tau_ms * 1e-3)


def _received(stimulus: Stimulus, circuit: RateCircuit) -> Stimulus:
    """The stimulus as the inputs of the circuit receive it: the drive also by pv, the gate only where vip is."""
    values = {**stimulus.values, DRIVE_PV: stimulus.values[DRIVE]}
    return replace(stimulus, values={entry.name: values[entry.name] for entry in circuit.inputs})
