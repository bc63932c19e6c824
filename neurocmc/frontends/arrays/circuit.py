"""Turns a cell into a RateCircuit: the same recurrence, with a fraction of a step as the pole of a filter.

A step that goes a share a of the way is a filter whose exact pole is 1 - a, so its time constant is -dt / log(1 - a);
a = 1 keeps nothing. tanh(z) is 2 / (1 + exp(-2 z)) - 1: a sigmoid of height 2, centred by 1, which biases and readout
take away again. A filter before the nonlinearity starts from h. Where the units' own first activity keeps up most of
that, as at rest, they are said to have sent it for ever; what is left above it and the bias is an input `start` of
the host, which falls as the filter does, so that one injection before the first step is all that a chip is given of
it. Nothing is approximated.
"""

from collections.abc import Iterator
from math import inf, log1p

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.frontends.arrays.cell import Activation, Cell, CellPopulation
from neurocmc.frontends.centring import centred
from neurocmc.ir.rate import (
    Classifier,
    HostLayer,
    RateCircuit,
    RateInput,
    RatePopulation,
    RateProjection,
    TransferKind,
)

INPUT, START, ANSWER = "x", "start", "class"
ROUNDING = 1e-12  # of the largest state: less than that is nothing
# Activation -> transfer, gain, and the height that it always has.
_TRANSFERS: dict[Activation, tuple[TransferKind, float, float | None]] = {
    "relu": ("relu", 1.0, None),
    "tanh": ("sigmoid", 1.0, 1.0),  # until it is `centred`
    "sigmoid": ("sigmoid", 1.0, 1.0),
    "softplus": ("softplus", 1.0, None),
    "linear": ("linear", 1.0, inf),
}


def circuit_of(cell: Cell, name: str, dt_s: float, classifier: Classifier | None, sha256: str) -> RateCircuit:
    """Returns a cell as a circuit of populations; each input of the cell is a channel of `x`."""
    circuit = RateCircuit(
        name=name,
        dt_s=dt_s,
        populations=tuple(_population(cell, population, dt_s) for population in cell.populations),
        projections=tuple(_projections(cell, dt_s)),
        inputs=tuple(_inputs(cell, dt_s)),
        readouts=(),
        classifiers=() if classifier is None else (classifier,),
        origin_sha256=sha256,
    )
    return centred(circuit, {p.name: 1.0 for p in cell.populations if p.activation == "tanh"})


def classifier_of(cell: Cell, layers: tuple[HostLayer, ...], labels: tuple[str, ...], window_s: float) -> Classifier:
    """Returns the readout of all units."""
    return Classifier(
        name=ANSWER,
        populations=tuple(population.name for population in cell.populations),
        layers=layers,
        labels=labels,
        window_s=window_s,
    )


def tau_s(population: CellPopulation, dt_s: float) -> float:
    """Returns the time constant whose exact pole is that of a population's step; 0 of one that keeps nothing."""
    return 0.0 if population.fraction == 1.0 else -dt_s / log1p(-population.fraction)


def held_before(cell: Cell) -> Float:
    """Returns (n,) what sources are said to have sent for ever: their first activity, if that leaves less to start.

    Where a connection is delayed, sources of a filter that comes first had sent nothing (`Cell.run`).
    """
    if cell.form == "filter-after":
        return cell.initial
    nothing, sent = np.zeros(cell.units), cell.sent(cell.initial)
    if cell.delay_steps.any():
        return nothing
    left = [
        np.abs(cell.initial - cell.bias - cell.settled_weight @ held).max(initial=0.0) for held in (nothing, sent)
    ]
    return sent if left[1] < left[0] else nothing


def start_of(cell: Cell) -> Float:
    """Returns (n,) what the state is above bias and sources before the first step, where the filter comes first."""
    if cell.form == "filter-after":
        return np.zeros(cell.units)
    start = cell.initial - cell.bias - cell.settled_weight @ held_before(cell)
    rounding = ROUNDING * np.abs(cell.initial).max(initial=1.0)
    return np.where(np.abs(start) > rounding, start, 0.0)


def decaying(cell: Cell, steps: int) -> dict[str, Float]:
    """Returns the inputs `start` over time, (steps, 1) each: what the filter of a population keeps of its start."""
    start = start_of(cell)
    return {
        f"{START}.{p.name}": np.power(1.0 - p.fraction, np.arange(steps, dtype=np.float64))[:, None]
        for p in cell.populations
        if start[p.units].any()
    }


def _population(cell: Cell, population: CellPopulation, dt_s: float) -> RatePopulation:
    units, size = population.units, population.stop - population.start
    before = cell.form == "filter-before"
    kind, gain, saturation = _TRANSFERS[population.activation]
    return RatePopulation(
        name=population.name,
        size=size,
        transfer=kind,
        gain=np.full(size, gain),
        offset=np.zeros(size),
        bias=cell.bias[units],
        saturation=population.saturation if saturation is None else saturation,
        trace_tau_s=0.0 if before else tau_s(population, dt_s),
        initial=held_before(cell)[units],
    )


def _projections(cell: Cell, dt_s: float) -> Iterator[RateProjection]:
    """One projection for each pair of populations and delay; the filter is the source's, or the target's."""
    for source in cell.populations:
        for target in cell.populations:
            own = source if cell.form == "filter-after" else target
            for delay, weight in zip(cell.delay_steps.tolist(), cell.weight, strict=True):
                name, block = f"{source.name}->{target.name}", weight[target.units, source.units]
                if block.any():
                    yield RateProjection(
                        name=f"{name}@{delay}" if delay else name,
                        source=source.name,
                        target=target.name,
                        weight=block,
                        tau_s=tau_s(own, dt_s),
                        delay_ticks=delay,
                    )


def _inputs(cell: Cell, dt_s: float) -> Iterator[RateInput]:
    several = sum(bool(cell.input_weight[p.units].any()) for p in cell.populations) > 1
    before, start = cell.form == "filter-before", start_of(cell)
    for population in cell.populations:
        weight = cell.input_weight[population.units]
        if weight.any():
            yield RateInput(
                name=f"{INPUT}.{population.name}" if several else INPUT,
                target=population.name,
                weight=weight,
                tau_s=tau_s(population, dt_s) if before else 0.0,
            )
        if start[population.units].any():
            yield RateInput(
                name=f"{START}.{population.name}", target=population.name, weight=start[population.units][:, None]
            )
