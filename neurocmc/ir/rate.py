"""RateCircuit: the top level, a recurrent circuit of rate units in continuous values and discrete time.

Every circuit that neurocmc accepts is written in one form::

    u_i = sum_j W_ij (h_ij * r_j) + (h_in * drive)_i + b_i        r_i = phi_i(u_i)

with h a first-order (or critically damped second-order) low-pass filter of unit DC gain times `dc_gain`. A unit
that filters *after* its nonlinearity (tau x' = -x + phi(W x + I)) has filters on its outgoing projections and
unfiltered inputs; one that filters *before* it (tau u' = -u + W phi(u) + I) has the same filters on its incoming
projections and on its inputs. Both are this one form, exactly.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.common.ticks import not_whole
from neurocmc.ir.magnitudes import Numbers, magnitude_problems
from neurocmc.ir.populations import HasPopulations
from neurocmc.ir.trace import Trace

TransferKind = Literal["relu", "sigmoid", "softplus", "linear"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatePopulation:
    """`size` rate units with one kind of transfer function: r = phi(gain (u + bias - offset)).

    relu: min(max(z, 0), saturation); sigmoid: saturation / (1 + exp(-z)); softplus: min(log(1 + exp(z)), saturation);
    linear: z, of either sign, without saturation. `saturation` may be infinite for relu and softplus.

    Activity is observed as the form of the circuit defines it: where filters follow the nonlinearity, as x, which
    is r behind a filter of `trace_tau_s` and `trace_order`; where they come before it, as r itself (`trace_tau_s` 0),
    and its spikes through a filter of `observe_tau_s` (0: none). Both filters start from `initial`.

    A population may be limited to a part of its transfer: `floor` and `top` cut phi off below and above, and r counts
    from the floor, r = min(max(phi, floor), top) - floor. Its pool then has all its neurons for that part.

    `initial` is the activity before the first step, which the filters of all projections from here start with. It
    makes centring exact: W (r - 1/2) is W r with a bias of -W/2 from the first step on, if r starts at 1/2.
    """

    name: str
    size: int
    transfer: TransferKind
    gain: Float  # (size,) activity per unit of drive, > 0
    offset: Float  # (size,) drive at threshold (relu) or at half height (sigmoid)
    bias: Float  # (size,) constant drive
    saturation: float
    trace_tau_s: float
    initial: Float  # (size,) activity before the first step
    floor: float = 0.0
    top: float = np.inf
    trace_order: Literal[1, 2] = 1
    observe_tau_s: float = 0.0

    def __post_init__(self) -> None:
        for field in ("gain", "offset", "bias", "initial"):
            set_frozen(self, field, np.float64, (self.size,))

    @property
    def trace(self) -> Trace:
        """What the form of the circuit observes."""
        return Trace(tau_s=self.trace_tau_s, order=self.trace_order, start=self.initial)

    def phi(self, drive: Float) -> Float:
        """Activity r for total drive u without bias, elementwise; the last axis of `drive` is (size,)."""
        return self.transfer_at(self.normalised(drive))

    def normalised(self, drive: Float) -> Float:
        """z = gain (u + bias - offset), in which all units of the population have one transfer function."""
        return self.gain * (drive + self.bias - self.offset)

    def transfer_at(self, z: Float) -> Float:
        """Activity for normalised drive z, elementwise."""
        value = self._whole_transfer_at(z)
        limited = self.floor != 0.0 or self.top != np.inf
        return np.minimum(np.maximum(value, self.floor), self.top) - self.floor if limited else value

    def _whole_transfer_at(self, z: Float) -> Float:
        match self.transfer:
            case "relu":
                return np.minimum(np.maximum(z, 0.0), self.saturation)  # np.clip does the same three times slower
            case "sigmoid":
                return self.saturation * (0.5 + 0.5 * np.tanh(0.5 * z))
            case "softplus":
                return np.minimum(np.logaddexp(0.0, z), self.saturation)
            case "linear":
                return z

    def drive_at(self, activity: Float) -> Float:
        """The normalised drive z at which the activity is reached, for 0 < activity + floor < saturation."""
        activity = np.asarray(activity, dtype=np.float64) + self.floor
        match self.transfer:
            case "relu" | "linear":
                return activity
            case "sigmoid":
                share = activity / self.saturation
                return np.log(share) - np.log1p(-share)
            case "softplus":
                return activity + np.log(-np.expm1(-activity))  # log(exp(a) - 1) without its overflow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateProjection:
    """All connections from one population to another that share a kernel."""

    name: str
    source: str
    target: str
    weight: Float  # (target size, source size), drive per unit of activity
    tau_s: float  # time constant of the kernel; both poles where order is 2
    order: Literal[1, 2] = 1
    dc_gain: float = 1.0
    delay_ticks: int = 0  # steps of the circuit by which it acts later than a filter alone does

    def __post_init__(self) -> None:
        set_frozen(self, "weight", np.float64, (None, None))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateInput:
    """A drive over time from outside into one population; `tau_s` 0 means that it is not filtered."""

    name: str
    target: str
    weight: Float  # (target size, channels), drive per unit of input
    tau_s: float = 0.0
    order: Literal[1, 2] = 1  # of its filter

    def __post_init__(self) -> None:
        set_frozen(self, "weight", np.float64, (None, None))

    @property
    def channels(self) -> int:
        return self.weight.shape[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """What the host reads from one population: the winner of the last `window_s` seconds, or its activity."""

    name: str
    population: str
    kind: Literal["winner", "activity"]
    labels: tuple[str, ...]
    window_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostLayer:
    """One affine layer of a classifier on the host, rectified or not."""

    weight: Float  # (outputs, inputs)
    bias: Float  # (outputs,)
    rectify: bool

    def __post_init__(self) -> None:
        set_frozen(self, "weight", np.float64, (None, None))
        set_frozen(self, "bias", np.float64, (self.weight.shape[0],))


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A readout that several populations share: affine layers, on the host, of their mean activity at the end.

    Features are the mean activities over the last `window_s` of all units of `populations`, in that order; the answer
    is the largest output of the last layer.
    """

    name: str
    populations: tuple[str, ...]
    layers: tuple[HostLayer, ...]
    labels: tuple[str, ...]
    window_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateCircuit(HasPopulations[RatePopulation]):
    """Populations of rate units, the projections between them, their inputs and readouts.

    `dt_s` is the step in which the circuit is defined; its interpreter advances each filter by its exact pole
    exp(-dt/tau) with the nonlinearity held over a step. A `continuous` circuit was trained with a finer solver: its
    step may be chosen anew, and a smaller one follows it more closely. `origin_sha256` names the file the circuit
    came from. `on_host` says which parts of the model stay on the host (an encoder, say), for the report.
    """

    name: str
    dt_s: float
    populations: tuple[RatePopulation, ...]
    projections: tuple[RateProjection, ...]
    inputs: tuple[RateInput, ...]
    readouts: tuple[Readout, ...]
    origin_sha256: str
    on_host: tuple[str, ...] = ()
    classifiers: tuple[Classifier, ...] = ()
    continuous: bool = False

    @property
    def units(self) -> int:
        return sum(population.size for population in self.populations)

    def problems(self) -> tuple[Problem, ...]:
        """All faults of the circuit at once: names, shapes, signs, NaNs, kernels."""
        return tuple(_problems(self))


def _problems(circuit: RateCircuit) -> Iterable[Problem]:
    if not circuit.dt_s > 0:
        yield Problem("circuit", f"dt is {circuit.dt_s} s", "give a step above 0 s")
    if not circuit.populations:
        yield Problem("circuit", "it has no population", "add at least one")
    yield from _repeated_names(circuit)
    sizes = {population.name: population.size for population in circuit.populations}
    for population in circuit.populations:
        yield from _population_problems(population)
    for projection in circuit.projections:
        where = f"projection {projection.name}"
        yield from _endpoint_problems(where, projection.target, projection.source, projection.weight, sizes)
        if not projection.tau_s > 0:
            yield Problem(
                where,
                f"tau is {projection.tau_s} s",
                "a projection needs a filter (tau > 0): without one its loop has no defined order of events",
            )
        if projection.delay_ticks < 0:
            yield Problem(where, f"delay is {projection.delay_ticks} steps", "give 0 or more")
        if not np.isfinite(projection.dc_gain):
            yield Problem(where, f"DC gain is {projection.dc_gain}", "give a finite gain")
    for entry in circuit.inputs:
        where = f"input {entry.name}"
        yield from _endpoint_problems(where, entry.target, None, entry.weight, sizes)
        if not entry.tau_s >= 0:
            yield Problem(where, f"tau is {entry.tau_s} s", "use 0 for an unfiltered input, or a positive time")
    for readout in circuit.readouts:
        yield from _readout_problems(readout, sizes)
        yield from _window_problems(readout, circuit.dt_s)
    for classifier in circuit.classifiers:
        yield from _classifier_problems(classifier, sizes)
        yield from _window_problems(classifier, circuit.dt_s)
    yield from magnitude_problems(_numbers(circuit))


def _numbers(circuit: RateCircuit) -> Iterable[Numbers]:
    """All numbers that are multiplied with one another when the circuit runs, or when theory looks at it."""
    yield "circuit", "dt", circuit.dt_s, True
    for population in circuit.populations:
        where = f"population {population.name}"
        for field in ("offset", "bias", "initial", "floor", "top"):
            yield where, field, getattr(population, field), False
        for field in ("gain", "saturation", "trace_tau_s", "observe_tau_s"):
            yield where, field.removesuffix("_s").replace("_", " "), getattr(population, field), True
    for entry in (*circuit.projections, *circuit.inputs):
        where = f"{'projection' if isinstance(entry, RateProjection) else 'input'} {entry.name}"
        yield where, "weight", entry.weight, False
        yield where, "tau", entry.tau_s, True
        yield where, "DC gain", getattr(entry, "dc_gain", 1.0), False
    for classifier in circuit.classifiers:
        for layer in classifier.layers:
            yield f"readout {classifier.name}", "weight", layer.weight, False
            yield f"readout {classifier.name}", "bias", layer.bias, False


def _repeated_names(circuit: RateCircuit) -> Iterable[Problem]:
    for kind, items in (
        ("population", circuit.populations),
        ("projection", circuit.projections),
        ("input", circuit.inputs),
        ("readout", (*circuit.readouts, *circuit.classifiers)),
    ):
        for name, count in sorted(Counter(item.name for item in items).items()):
            if count > 1:
                yield Problem(f"{kind} {name}", f"the name stands {count} times", "give each its own name")


def _population_problems(population: RatePopulation) -> Iterable[Problem]:
    where = f"population {population.name}"
    for field in ("gain", "offset", "bias", "initial"):
        values = getattr(population, field)
        if not np.isfinite(values).all():
            bad = np.flatnonzero(~np.isfinite(values))
            yield Problem(
                where,
                f"{field} is not finite at unit {bad[0]} ({values[bad[0]]})",
                "retrain, or repair the value",
            )
    if not (population.gain > 0).all():
        yield Problem(where, "gain is not above 0 everywhere", "a transfer function must rise with its drive")
    if not population.saturation > 0:
        yield Problem(where, f"saturation is {population.saturation}", "it must be above 0")
    if population.transfer == "sigmoid" and not np.isfinite(population.saturation):
        yield Problem(where, "a sigmoid needs a finite saturation", "give its upper limit, usually 1")
    if not population.floor < population.top:
        yield Problem(where, f"floor {population.floor} is not below top {population.top}", "put them in order")
    for called, tau_s in (("trace tau", population.trace_tau_s), ("observe tau", population.observe_tau_s)):
        if not 0 <= tau_s < np.inf:
            yield Problem(where, f"{called} is {tau_s} s", "use 0 or a positive time")


def _endpoint_problems(
    where: str, target: str, source: str | None, weight: Float, sizes: dict[str, int]
) -> Iterable[Problem]:
    known = ", ".join(sizes) or "none"
    for role, name, axis in (("target", target, 0), ("source", source, 1)):
        if name is None:
            continue
        if name not in sizes:
            yield Problem(where, f"{role} population {name!r} does not exist", f"populations are: {known}")
        elif weight.shape[axis] != sizes[name]:
            yield Problem(
                where,
                f"weight has shape {weight.shape}, but {role} {name} has {sizes[name]} units",
                "weights are (target units x source units)",
            )
    if not np.isfinite(weight).all():
        row, column = np.argwhere(~np.isfinite(weight))[0]
        yield Problem(where, f"weight[{row}, {column}] is {weight[row, column]}", "retrain, or repair the value")


def _readout_problems(readout: Readout, sizes: dict[str, int]) -> Iterable[Problem]:
    where = f"readout {readout.name}"
    if readout.population not in sizes:
        yield Problem(
            where, f"population {readout.population!r} does not exist", f"populations are: {', '.join(sizes)}"
        )
    elif readout.labels and len(readout.labels) != sizes[readout.population]:
        yield Problem(
            where,
            f"{len(readout.labels)} labels for {sizes[readout.population]} units",
            "give one label per unit, or none",
        )


def _classifier_problems(classifier: Classifier, sizes: dict[str, int]) -> Iterable[Problem]:
    where = f"readout {classifier.name}"
    if unknown := [name for name in classifier.populations if name not in sizes]:
        yield Problem(where, f"population {unknown[0]!r} does not exist", f"populations are: {', '.join(sizes)}")
        return
    if not classifier.layers:
        yield Problem(where, "it has no layer", "give at least one")
        return
    width = sum(sizes[name] for name in classifier.populations)
    for index, layer in enumerate(classifier.layers):
        if layer.weight.shape[1] != width:
            what = f"layer {index} takes {layer.weight.shape[1]} values, {width} come in"
            yield Problem(where, what, "layers are (outputs x inputs), from the populations' units to the classes")
        if not (np.isfinite(layer.weight).all() and np.isfinite(layer.bias).all()):
            yield Problem(where, f"layer {index} holds NaN or infinity", "retrain, or repair the values")
        width = layer.weight.shape[0]
    if classifier.labels and len(classifier.labels) != width:
        yield Problem(where, f"{len(classifier.labels)} labels for {width} classes", "give one a class, or none")


def _window_problems(readout: Readout | Classifier, dt_s: float) -> Iterable[Problem]:
    where = f"readout {readout.name}"
    if not readout.window_s > 0:
        yield Problem(where, f"window is {readout.window_s} s", "give a positive time")
    elif dt_s > 0 and (fault := not_whole(readout.window_s, dt_s)):
        yield Problem(where, f"window: {fault[0]}", fault[1])
