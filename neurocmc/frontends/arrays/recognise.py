"""Recognises a recurrent cell by what one step of it does: form, activations, fractions and matrices.

The Jacobian of a step says what kind of cell it is. With h' = (1 - a) h + a phi(z), z = W h + U x + b, row i of the
Jacobians by x and h is (U_i, W_i) times a_i phi'(z_i): one factor for the whole row, but for the 1 - a_i on the
diagonal. With h' = (1 - a) h + a (W phi(h) + U x + b) the Jacobian by x is constant, and column j of the other is
W_j phi'(h_j). A gate, a second nonlinearity or a second matrix breaks both. Which phi it is follows from how the
factor belongs to the value: for tanh it is 1 - phi^2, for a sigmoid phi (1 - phi), for softplus 1 - exp(-phi), for
relu 0 or 1.

What is recognised is held against the cell itself, near and far, and refused if it is not the same function.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.frontends.arrays.cell import Activation, Cell, CellForm, CellPopulation

SEED = 20_250_101
PROBES, SCALES = 16, (0.05, 0.3, 1.0, 2.0)  # points with Jacobians, and how far from 0 they lie
MORE_PROBES = 64  # where a unit was silent in all of them
FAR = (10.0, 100.0)  # along which a unit is silenced, where no probe has silenced it
CHECKS, CHECK_SCALES = 32, (0.1, 1.0, 10.0)  # points without
SAME = 1e-8  # of a factor or a fraction, relative
EXACT = 1e-12  # of the step, relative to the largest number in it
SOFT = 1e-9  # where there is softplus, which libraries cut short for large numbers
NONE = 1e-14
FULL = 1e4  # of a drive that reaches every end there may be
CURVED: tuple[Activation, ...] = ("tanh", "sigmoid", "softplus")
BENT: tuple[Activation, ...] = ("relu", *CURVED)


class NotRecognisedError(ValueError):
    """What does not fit, in words that end a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Probe:
    """A point (x, h), the step y from there, and its Jacobians by x and h."""

    x: Float  # (m,)
    h: Float  # (n,)
    y: Float  # (n,)
    by_x: Float  # (n, m)
    by_h: Float  # (n, n)


Probing = Callable[[Float, Float], Probe]
Stepping = Callable[[Float, Float], Float]  # x (batch, m), h (batch, n) -> (batch, n)


@dataclass(slots=True)
class _Unit:
    """What one unit was found to be; `row` is (U_i, W_i) of a filter-after unit, (W_j) of a filter-before one."""

    activation: Activation
    keep: float
    row: Float
    own: float  # W_ii
    bias: float = 0.0
    saturation: float = float("inf")


def recognise(probing: Probing, stepping: Stepping, inputs: int, initial: Float) -> tuple[Cell, float]:
    """Returns a cell that computes the same step, and the largest difference found, relative.

    Args:
        probing: Gives the step and its Jacobians at a point.
        stepping: The step alone, of many points.
        inputs: m, the inputs of a step.
        initial: (n,) the state before the first step.

    Raises:
        NotRecognisedError: With what does not fit.
    """
    rng = np.random.default_rng(SEED)
    points = [
        (SCALES[k % len(SCALES)] * rng.normal(size=inputs), SCALES[k % len(SCALES)] * rng.normal(size=initial.size))
        for k in range(PROBES)
    ]
    probes = [probing(x, h) for x, h in points]
    try:
        cell = _ended(stepping, _filter_after(probing, probes, initial))
    except NotRecognisedError as why:
        cell = _filter_before(probes, initial, str(why))
    difference = _difference(stepping, cell, inputs, rng)
    if difference > (SOFT if any(p.activation == "softplus" for p in cell.populations) else EXACT):
        raise NotRecognisedError(
            f"it looks like {cell.form}, and differs from that by {difference:.2g} (a clamp, a gate?)"
        )
    return cell, difference


def _filter_after(probing: Probing, probes: list[Probe], initial: Float) -> Cell:
    units = [_unit_after(probing, probes, k) for k in range(initial.size)]
    if all(unit.activation == "linear" for unit in units):
        return _linear(probes, initial)
    inputs = probes[0].x.size
    weight, input_weight = np.zeros((initial.size, initial.size)), np.zeros((initial.size, inputs))
    for k, unit in enumerate(units):
        input_weight[k] = unit.row[:inputs]
        weight[k, np.arange(initial.size) != k] = unit.row[inputs:]
        weight[k, k] = unit.own
    bias = np.array([unit.bias for unit in units])
    return _cell("filter-after", units, weight, input_weight, bias, initial)


def _unit_after(probing: Probing, probes: list[Probe], k: int) -> _Unit:
    """Unit k as one whose filter follows the nonlinearity."""
    rows = np.stack([np.concatenate([p.by_x[k], np.delete(p.by_h[k], k)]) for p in probes])
    if not rows.any():
        probes = [*probes, *_waking(probing, probes[0], k)]
        rows = np.stack([np.concatenate([p.by_x[k], np.delete(p.by_h[k], k)]) for p in probes])
    factor, reference = _factors(rows, k)
    if rows[reference].any() and _spread(factor) <= SAME:
        probes = [*probes, *_silencing(probing, probes[reference], rows[reference], k)]
        rows = np.stack([np.concatenate([p.by_x[k], np.delete(p.by_h[k], k)]) for p in probes])
        factor, reference = _factors(rows, k)
    diagonal = np.array([p.by_h[k, k] for p in probes])
    keep, slope = _line(factor, diagonal, k)
    value = np.array([p.y[k] - keep * p.h[k] for p in probes]) / (1.0 - keep)
    activation, scale, saturation = _activation(factor, value, k)
    row = rows[reference] * scale / (1.0 - keep)
    probe = probes[reference]
    own = slope * scale / (1.0 - keep)
    others = np.concatenate([probe.x, np.delete(probe.h, k)])
    bias = _inverse(activation, float(value[reference])) - float(row @ others) - own * float(probe.h[k])
    return _Unit(activation, keep, row, own, bias, saturation)


def _ended(stepping: Stepping, cell: Cell) -> Cell:
    """The cell with the values at which its rectifiers end: each is driven far beyond any, the others alone."""
    reach = np.concatenate([cell.input_weight, cell.settled_weight], axis=1)
    sizes = np.linalg.norm(reach, axis=1)
    points = FULL * reach / np.maximum(sizes, NONE)[:, None]
    x, h = points[:, : cell.inputs], points[:, cell.inputs :]
    own = np.diag(stepping(x, h)) - (1.0 - cell.fraction) * np.diag(h)
    ends = own / cell.fraction
    drives = np.diag(x @ cell.input_weight.T + h @ cell.settled_weight.T) + cell.bias
    relu = np.concatenate([np.full(p.stop - p.start, p.activation == "relu") for p in cell.populations])
    ended = relu & (sizes > NONE) & (ends < 0.5 * drives)
    units = [
        _Unit(p.activation, 1.0 - p.fraction, np.zeros(0), 0.0, 0.0, float(ends[k]) if ended[k] else np.inf)
        for p in cell.populations
        for k in range(p.start, p.stop)
    ]
    return _cell(cell.form, units, cell.settled_weight, cell.input_weight, cell.bias, cell.initial)


def _waking(probing: Probing, probe: Probe, k: int) -> Iterator[Probe]:
    """Points until one is found at which a unit that has always been at an end of its range is not."""
    rng = np.random.default_rng(SEED + k)
    for attempt in range(MORE_PROBES):
        scale = SCALES[attempt % len(SCALES)]
        found = probing(scale * rng.normal(size=probe.x.size), scale * rng.normal(size=probe.h.size))
        yield found
        if found.by_x[k].any() or np.delete(found.by_h[k], k).any():
            return


def _silencing(probing: Probing, probe: Probe, row: Float, k: int) -> Iterator[Probe]:
    """Points at which a unit that has always been active would be silent, if it can be."""
    inputs = probe.x.size
    direction = row / np.linalg.norm(row)
    for far in FAR:
        for sign in (-1.0, 1.0):
            h = probe.h.copy()
            h[np.arange(h.size) != k] += sign * far * direction[inputs:]
            yield probing(probe.x + sign * far * direction[:inputs], h)


def _factors(rows: Float, k: int) -> tuple[Float, int]:
    """The factor of each row to the largest of them, whose index comes second."""
    sizes = np.linalg.norm(rows, axis=1)
    reference = int(sizes.argmax())
    if sizes[reference] <= NONE:
        return np.zeros(len(rows)), reference
    factor = rows @ rows[reference] / sizes[reference] ** 2
    if np.abs(rows - factor[:, None] * rows[reference]).max() > SAME * sizes[reference]:
        raise NotRecognisedError(
            f"what reaches unit {k} is not weighed by one slope: inputs and states are multiplied by one another, or "
            "pass two nonlinearities"
        )
    return factor, reference


def _line(factor: Float, diagonal: Float, k: int) -> tuple[float, float]:
    """What the unit keeps of itself a step, and its slope by itself at a factor of 1."""
    if _spread(factor) <= SAME:
        if _spread(diagonal) > SAME:
            raise NotRecognisedError(f"unit {k} weighs itself by another slope than all else")
        keep = float(diagonal[0])
        return (keep, 0.0) if factor[0] == 0 else (0.0, keep)
    low, high = int(factor.argmin()), int(factor.argmax())
    slope = (diagonal[high] - diagonal[low]) / (factor[high] - factor[low])
    keep = float(diagonal[low] - slope * factor[low])
    if np.abs(diagonal - keep - slope * factor).max() > SAME * max(1.0, float(np.abs(diagonal).max())):
        raise NotRecognisedError(f"what unit {k} keeps of itself depends on the state or the input (a gate)")
    if keep >= 1.0 - SAME or keep < -SAME:
        raise NotRecognisedError(f"unit {k} keeps {keep:.6g} of its state a step, which is no filter")
    return (0.0 if abs(keep) < SAME else keep), float(slope)


def _activation(factor: Float, value: Float, k: int) -> tuple[Activation, float, float]:
    """The activation whose slope is the factor, 1 over its slope where the factor is 1, and where it ends."""
    near_one, near_none = np.abs(factor - 1.0) <= SAME, np.abs(factor) <= SAME
    if near_one.all() or near_none.all():
        return "linear", 1.0, np.inf
    if (near_one | near_none).all():
        silent = value[near_none]
        ends = silent[np.abs(silent) > 1e-9]
        if ends.size and np.ptp(ends) > SAME * ends.max():
            raise NotRecognisedError(f"unit {k} is cut off at values that differ")
        if value[near_one].min() < -1e-9:
            raise NotRecognisedError(f"unit {k} is rectified at another value than 0")
        return "relu", 1.0, float(ends.mean()) if ends.size else np.inf
    kept = factor > 0.05 * factor.max()
    for activation in CURVED:
        slope = _slope_of_value(activation, value[kept])
        if (slope > 0).all():
            scale = factor[kept] / slope
            if _spread(scale) <= 1e-6 * scale.max():
                return activation, float(scale[int(slope.argmax())]), np.inf
    raise NotRecognisedError(f"the nonlinearity of unit {k} is none of relu, tanh, sigmoid, softplus and linear")


def _slope_of_value(activation: Activation, value: Float) -> Float:
    """phi'(z) by phi(z)."""
    match activation:
        case "tanh":
            return 1.0 - value**2
        case "sigmoid":
            return value * (1.0 - value)
        case "softplus":
            return -np.expm1(-value)
        case _:
            return np.ones_like(value)


def _inverse(activation: Activation, value: float) -> float:
    """z by phi(z)."""
    match activation:
        case "tanh":
            return float(np.arctanh(value))
        case "sigmoid":
            return float(np.log(value) - np.log1p(-value))
        case "softplus":
            return float(value + np.log(-np.expm1(-value)))
        case _:
            return value


def _filter_before(probes: list[Probe], initial: Float, otherwise: str) -> Cell:
    by_x = np.stack([p.by_x for p in probes])
    if by_x.size and np.abs(by_x - by_x[0]).max() > SAME * max(float(np.abs(by_x).max()), NONE):
        raise NotRecognisedError(otherwise)
    units = [_unit_before(probes, k, otherwise) for k in range(initial.size)]
    known = Counter[Activation](unit.activation for unit in units if unit.row.any() or unit.own)
    for unit in units:
        if not (unit.row.any() or unit.own) and known:
            ((unit.activation, _),) = known.most_common(1)
    a = 1.0 - np.array([unit.keep for unit in units])
    weight = np.zeros((initial.size, initial.size))
    for k, unit in enumerate(units):
        weight[np.arange(initial.size) != k, k] = unit.row
        weight[k, k] = unit.own
    weight, input_weight = weight / a[:, None], by_x[0] / a[:, None]
    bare = _cell("filter-before", units, weight, input_weight, np.zeros(initial.size), initial)
    probe = probes[0]
    bias = (probe.y - (1.0 - a) * probe.h) / a - weight @ bare.sent(probe.h[None])[0] - input_weight @ probe.x
    return _cell("filter-before", units, weight, input_weight, bias, initial)


def _unit_before(probes: list[Probe], k: int, otherwise: str) -> _Unit:
    """Unit k as one whose filter comes before the nonlinearity."""
    state = np.array([p.h[k] for p in probes])
    columns = np.stack([np.delete(p.by_h[:, k], k) for p in probes])
    diagonal = np.array([p.by_h[k, k] for p in probes])
    if not columns.any() and _spread(diagonal) <= SAME:
        return _Unit("relu", float(diagonal[0]), np.zeros(columns.shape[1]), 0.0)
    for activation in BENT:
        slope = _slope_of_state(activation, state)
        high, low = int(slope.argmax()), int(slope.argmin())
        row = columns[high] / slope[high]
        own = (diagonal[high] - diagonal[low]) / (slope[high] - slope[low])
        keep = diagonal[high] - own * slope[high]
        largest = max(float(np.abs(columns).max(initial=0.0)), float(np.abs(diagonal).max()), NONE)
        fits = np.abs(columns - slope[:, None] * row).max(initial=0.0) <= SAME * largest
        if fits and np.abs(diagonal - keep - own * slope).max() <= SAME * largest and -SAME < keep < 1.0 - SAME:
            return _Unit(activation, 0.0 if abs(keep) < SAME else float(keep), row, float(own))
    raise NotRecognisedError(otherwise)


def _slope_of_state(activation: Activation, state: Float) -> Float:
    """phi'(h)."""
    match activation:
        case "relu":
            return (state > 0).astype(np.float64)
        case "tanh":
            return 1.0 - np.tanh(state) ** 2
        case "sigmoid":
            return 0.25 - 0.25 * np.tanh(0.5 * state) ** 2
        case _:
            return 1.0 / (1.0 + np.exp(-state))


def _linear(probes: list[Probe], initial: Float) -> Cell:
    """A linear cell, whose fraction nothing tells: the one that leaves its units least for themselves."""
    probe = probes[0]
    keep = float(np.clip(np.median(np.diag(probe.by_h)), 0.0, 1.0))
    keep = 0.0 if keep >= 1.0 - SAME else keep
    weight = (probe.by_h - keep * np.eye(initial.size)) / (1.0 - keep)
    bias = (probe.y - probe.by_h @ probe.h - probe.by_x @ probe.x) / (1.0 - keep)
    units = [_Unit("linear", keep, np.zeros(0), 0.0) for _ in range(initial.size)]
    return _cell("filter-after", units, weight, probe.by_x / (1.0 - keep), bias, initial)


def _cell(
    form: CellForm, units: Sequence[_Unit], weight: Float, input_weight: Float, bias: Float, initial: Float
) -> Cell:
    """A cell of these units; neighbours that are alike are one population."""
    keeps, ends = (_rounded([getattr(unit, name) for unit in units]) for name in ("keep", "saturation"))
    kinds = [(unit.activation, keep, end) for unit, keep, end in zip(units, keeps, ends, strict=True)]
    starts = [k for k in range(len(kinds)) if not k or kinds[k] != kinds[k - 1]]
    names = ["h"] if len(starts) == 1 else [f"h{k + 1}" for k in range(len(starts))]
    populations = tuple(
        CellPopulation(
            name=name,
            start=start,
            stop=stop,
            activation=units[start].activation,
            fraction=1.0 - kinds[start][1],
            saturation=kinds[start][2],
        )
        for name, start, stop in zip(names, starts, [*starts[1:], len(kinds)], strict=True)
    )
    return Cell(
        form=form,
        populations=populations,
        weight=weight[None],
        input_weight=input_weight,
        bias=bias,
        initial=initial,
        delay_steps=np.zeros(1, dtype=np.int64),
    )


def _rounded(values: list[float]) -> list[float]:
    """Values that differ by rounding alone become one: the mean of each cluster."""
    order = np.argsort(values)
    found, cluster = list(values), list[int]()
    for place, k in enumerate(order.tolist()):
        if cluster and values[k] > values[cluster[-1]] + SAME:
            cluster = []
        cluster.append(k)
        last = place + 1 == len(order) or values[order[place + 1]] > values[k] + SAME
        if last:
            for member in cluster:
                found[member] = float(np.median([values[m] for m in cluster]))
    return found


def _difference(stepping: Stepping, cell: Cell, inputs: int, rng: np.random.Generator) -> float:
    """The largest difference of a step at points that were not probed, over the largest number in it."""
    worst = 0.0
    for scale in CHECK_SCALES:
        x, h = scale * rng.normal(size=(CHECKS, inputs)), scale * rng.normal(size=(CHECKS, cell.units))
        truth, ours = stepping(x, h), cell.step(x, h)
        worst = max(worst, float(np.abs(truth - ours).max() / max(1.0, float(np.abs(truth).max()))))
    return worst


def _spread(values: Float) -> float:
    return float(np.ptp(values)) if values.size else 0.0
