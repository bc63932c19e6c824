"""Defines RateCircuit: the top level, a recurrent circuit of rate units in continuous values and discrete time.

Every circuit that neurocmc accepts is written in one form::

    u_i = sum_j W_ij (h_ij * r_j) + (h_in * drive)_i + b_i        r_i = phi_i(u_i)

with h a first-order (or critically damped second-order) low-pass filter of unit DC gain times `dc_gain`. A unit
that filters *after* its nonlinearity (tau x' = -x + phi(W x + I)) has filters on its outgoing projections and
unfiltered inputs; one that filters *before* it (tau u' = -u + W phi(u) + I) has the same filters on its incoming
projections and on its inputs. Both are this one form, exactly.
"""

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float, set_frozen
from neurocmc.common.errors import Problem
from neurocmc.common.matrices import FloatMatrix, set_frozen_matrix
from neurocmc.ir.codec import SELDOM
from neurocmc.ir.populations import HasWires
from neurocmc.ir.segments import Segments
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
    from the floor, r = min(max(phi, floor), top) - floor. Its pool then has all its neurons for that part. Or its
    units are `segments` of the units of another: each then shows how full it is, 0 to 1.

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
    segments: tuple[Segments, ...] = dataclasses.field(default=(), metadata=SELDOM)  # none, or one

    def __post_init__(self) -> None:
        for field in ("gain", "offset", "bias", "initial"):
            set_frozen(self, field, np.float64, (self.size,))

    @property
    def trace(self) -> Trace:
        """What the form of the circuit observes."""
        return Trace(tau_s=self.trace_tau_s, order=self.trace_order, start=self.initial)

    @property
    def highest(self) -> float:
        """The activity at which its units cannot rise any more; may be infinite."""
        return min(self.saturation, self.top) - self.floor

    def phi(self, drive: Float) -> Float:
        """Returns the activity r for total drive u without bias, elementwise; the last axis is (size,)."""
        return self.transfer_at(self.normalised(drive))

    def normalised(self, drive: Float) -> Float:
        """Returns z = gain (u + bias - offset), in which all units of the population have one transfer function."""
        return self.gain * (drive + self.bias - self.offset)

    @property
    def undriven(self) -> Float:
        """The normalised drive (size,) of its units where the drive is 0."""
        return self.normalised(np.zeros(self.size))

    def transfer_at(self, z: Float) -> Float:
        """Returns the activity for normalised drive z, elementwise."""
        value = self._whole_transfer_at(z)
        if self.floor != 0.0 or self.top != np.inf:
            value = np.minimum(np.maximum(value, self.floor), self.top) - self.floor
        return self.segments[0].shares(value) if self.segments else value

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
        """Returns the normalised drive z at which the activity is reached, for 0 < activity + floor < saturation.

        Of a population of segments the activities are (..., size) shares of their widths.
        """
        activity = np.asarray(activity, dtype=np.float64)
        if self.segments:
            activity = self.segments[0].low + self.segments[0].width * activity
        activity = activity + self.floor
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
    weight: FloatMatrix  # (target size, source size), drive per unit of activity
    tau_s: float  # time constant of the kernel; both poles where order is 2; 0: it acts for one step, the next
    order: Literal[1, 2] = 1
    dc_gain: float = 1.0
    delay_ticks: int = 0  # steps of the circuit by which it acts later than a filter alone does

    def __post_init__(self) -> None:
        set_frozen_matrix(self, "weight", np.float64, (None, None))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateInput:
    """A drive over time from outside into one population; `tau_s` 0 means that it is not filtered."""

    name: str
    target: str
    weight: FloatMatrix  # (target size, channels), drive per unit of input
    tau_s: float = 0.0
    order: Literal[1, 2] = 1  # of its filter

    def __post_init__(self) -> None:
        set_frozen_matrix(self, "weight", np.float64, (None, None))

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RateCircuit(HasWires[RatePopulation, RateProjection, RateInput]):
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
        """Returns all faults of the circuit at once: names, shapes, signs, NaNs, kernels."""
        from neurocmc.ir.rate_problems import rate_problems  # which reads these classes

        return tuple(rate_problems(self))
