"""Solves the fixed points of a linear-threshold network piece by piece, and says which of them are stable.

Between thresholds the network is linear. For a guess of which units are linear (L), at their ceiling (C) and silent,
the only candidate is  r_L = (1 - g A_LL)^-1 g (A_LC c_C + d - theta)_L;  it is a fixed point if every unit then is
what it was guessed to be (Hahnloser, Seung & Slotine 2003, Neural Computation 15:621). Its stability is that of the
linear step around it: all eigenvalues of the step inside the unit circle (`step_radius` < 1), or, for the
differential equation, in the left half plane (`abscissa_per_s` < 0). Filters whose source is silent or full decay by
themselves.

A unit that is a pool of neurons is silent up to half a neuron above its threshold, and full from half a neuron below
its ceiling (`LinearThreshold.half_neuron`). There both readings hold, linear and not, half a neuron apart at most.

Up to `PIECES` guesses all are tried, and the list of fixed points is complete (but for whole lines of them, where a
matrix is singular). Beyond, stable ones are searched for: from every unit alone, every pair that excites, and every
input channel pulsed, each at several strengths; a list found so may miss some, and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int, set_frozen
from neurocmc.theory.linear_threshold import LinearThreshold

PIECES = 1 << 16
BATCH = 4096
LADDER = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # strengths of a start, in units of the network's largest threshold
PULSE_TAUS = 5.0
SILENT, LINEAR, FULL = 0, 1, 2
SINGULAR = -25.0  # logarithm of a determinant: below it a piece has a line of states, or none
BOUNDARY = 1e-9  # relative to the largest activity: a unit this close to its threshold counts as silent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixedPoint:
    """A state that the network stays in under a constant drive, if nothing disturbs it."""

    drive: Float  # (units,)
    activity: Float  # (units,)
    piece: Int  # (units,) 0 silent, 1 linear, 2 at its ceiling
    slack: Float  # (units,) how far each unit's drive is from where its piece ends, half neurons included
    step_radius: float
    abscissa_per_s: float

    def __post_init__(self) -> None:
        size = len(self.activity)
        for field in ("drive", "activity", "slack"):
            set_frozen(self, field, np.float64, (size,))
        set_frozen(self, "piece", np.int64, (size,))

    @property
    def active(self) -> Bool:
        return self.piece != SILENT

    @property
    def stable(self) -> bool:
        return self.step_radius < 1.0

    def settle_s(self, dt_s: float) -> float:
        """Returns the time constant in s of the slowest disturbance; infinite for an unstable point."""
        return (
            -dt_s / float(np.log(self.step_radius)) if 0 < self.step_radius < 1 else (0.0 if self.stable else np.inf)
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixedPoints:
    """The fixed points that were found, and whether these are all."""

    points: tuple[FixedPoint, ...]
    complete: bool
    how: str

    @property
    def stable(self) -> tuple[FixedPoint, ...]:
        return tuple(point for point in self.points if point.stable)


def fixed_points(network: LinearThreshold, drive: Float, pieces: int = PIECES) -> FixedPoints:
    """Finds fixed points at a constant drive: all of them up to `pieces` guesses, else stable ones by search."""
    guesses = int(min(np.prod(np.where(np.isfinite(network.ceiling), 3.0, 2.0)), 2.0**60))
    if guesses <= pieces:
        found = solved(network, drive, _all_pieces(network))
        return FixedPoints(points=found, complete=True, how=f"all {guesses:,} active sets")
    starts, pulses = _starts(network), _pulsed(network, drive)
    ends, settled = network.settle(np.concatenate([starts, pulses]), drive)
    candidates = np.unique(pieces_of(network, ends[settled], drive), axis=0)
    found = tuple(point for point in solved(network, drive, iter(candidates)) if point.stable)
    how = f"searched from {len(starts):,} starts and {len(pulses):,} pulses; {guesses:.3g} active sets are too many"
    return FixedPoints(points=found, complete=False, how=how)


def fixed_point(network: LinearThreshold, drive: Float, piece: Int) -> FixedPoint | None:
    """Returns the fixed point in which each unit is what `piece` (units,) says, or None where there is none."""
    found = solved(network, drive, iter([piece]))
    return found[0] if found else None


def reached(network: LinearThreshold, drive: Float, filters: Float) -> FixedPoint | None:
    """Returns the fixed point that a run from (filters,) settles in; None where it does not settle.

    What a run leaves within half a neuron of its threshold or ceiling is silent or full, if it can stand so.
    """
    ends, settled = network.settle(filters[None], drive)
    if not settled[0]:
        return None
    piece = pieces_of(network, ends, drive)[0]
    shown = in_neurons(network, piece, network.rates(ends, drive)[0])
    points = [point for p in (shown, piece) if (point := fixed_point(network, drive, p)) is not None]
    return next((point for point in points if point.stable), points[0] if points else None)


def in_neurons(network: LinearThreshold, piece: Int, activity: Float) -> Int:
    """Returns (units,) pieces as pools show them: silent up to half a neuron, full from that below a ceiling."""
    full = (piece == LINEAR) & (activity >= network.ceiling - network.half_neuron)
    silent = (piece == LINEAR) & (activity <= network.half_neuron)
    return np.where(silent, SILENT, np.where(full, FULL, piece))


def is_seen(network: LinearThreshold, state: FixedPoint) -> Bool:
    """Returns (units,) the active units of which at least one neuron fires."""
    return np.logical_and(state.active, state.activity > network.half_neuron)


def agrees(network: LinearThreshold, state: FixedPoint, active: Bool, activity: Float) -> Bool:
    """Returns (..., units) whether units that are active so are as in a state, but for less than half a neuron."""
    half = network.half_neuron
    return np.where(state.active, np.logical_or(active, state.activity <= half), ~active | (activity <= half))


def pieces_of(network: LinearThreshold, filters: Float, drive: Float) -> Int:
    """Returns (batch, units) what each unit is at (batch, filters)."""
    rate = network.gain * (filters @ network.weight.T + drive - network.threshold)
    # Of all units, as in `solved`: those that project nowhere have no filter.
    largest = np.abs(network.rates(filters, drive)).max(axis=1, initial=0.0)
    scale = np.maximum(np.maximum(np.abs(filters).max(axis=1, initial=0.0), largest), 1e-300)[:, None]
    # A run only nears its state: what is within a millionth of a threshold is taken to be on the far side of it.
    linear, full = rate > 1e-6 * scale, rate >= network.ceiling * (1.0 - 1e-7)
    return np.where(full & linear, FULL, np.where(linear, LINEAR, SILENT)).astype(np.int64)


def steady_filters(network: LinearThreshold, activity: Float) -> Float:
    """Returns (..., filters) of sources that have been active like this (..., units) for ever."""
    return activity[..., network.source]


def _all_pieces(network: LinearThreshold) -> Iterator[Int]:
    choices = [(SILENT, LINEAR, FULL) if np.isfinite(c) else (SILENT, LINEAR) for c in network.ceiling]
    return (np.array(piece, dtype=np.int64) for piece in product(*choices))


def solved(network: LinearThreshold, drive: Float, pieces: Iterator[Int]) -> tuple[FixedPoint, ...]:
    """Returns the fixed points among guesses (units,) of the units' pieces, in their order."""
    total, found = network.total_weight, list[FixedPoint]()
    ceiling = np.where(np.isfinite(network.ceiling), network.ceiling, 0.0)
    while batch := list(islice(pieces, BATCH)):
        piece = np.stack(batch)
        linear = piece == LINEAR
        matrix = np.eye(network.size) - linear[:, :, None] * (network.gain[:, None] * total)
        wanted = np.where(linear, network.gain * (drive - network.threshold), np.where(piece == FULL, ceiling, 0.0))
        sign, logarithm = np.linalg.slogdet(matrix)
        regular = (sign != 0) & (logarithm > SINGULAR)
        piece, linear = piece[regular], linear[regular]
        activity = np.linalg.solve(matrix[regular], wanted[regular][:, :, None])[:, :, 0]
        above = network.drive_of(activity, drive)
        slack = slack_of(network, piece, above)
        scale = np.maximum(np.abs(activity).max(axis=1, keepdims=True, initial=0.0), 1e-300)
        near = BOUNDARY * scale / network.gain
        holds = np.where(piece == LINEAR, slack > near, slack >= -near).all(axis=1)
        for row in np.flatnonzero(holds):
            found.append(_judged(network, drive, activity[row], piece[row], slack[row]))
    return tuple(found)


def slack_of(network: LinearThreshold, piece: Int, above: Float) -> Float:
    """Returns (..., units) how far each drive `above` threshold is from where its piece ends; below 0 beyond."""
    room, half = network.ceiling / network.gain - above, network.half_neuron / network.gain
    return np.where(piece == LINEAR, np.minimum(above, room), np.where(piece == FULL, half - room, half - above))


def _judged(network: LinearThreshold, drive: Float, activity: Float, piece: Int, slack: Float) -> FixedPoint:
    radius, abscissa_per_s = stability(network, piece == LINEAR)
    return FixedPoint(
        drive=drive,
        activity=np.where(piece == SILENT, 0.0, activity),
        piece=piece,
        slack=slack,
        step_radius=radius,
        abscissa_per_s=abscissa_per_s,
    )


def step_jacobian(network: LinearThreshold, linear: Bool) -> tuple[Float, Int]:
    """Returns the step around a state whose linear units are given, on their filters, and which those are."""
    rows = np.flatnonzero(linear[network.source])
    keep = network.keep[rows]
    gain = (network.gain[:, None] * network.weight)[network.source[rows]][:, rows]
    return np.diag(keep) + (1.0 - keep)[:, None] * gain, rows


def stability(network: LinearThreshold, linear: Bool) -> tuple[float, float]:
    """Returns the spectral radius of the step, and largest real part [1/s] of the flow, with these units linear."""
    matrix, rows = step_jacobian(network, linear)
    others = np.delete(network.keep, rows), -1.0 / np.delete(network.tau_s, rows)
    gain = (network.gain[:, None] * network.weight)[network.source[rows]][:, rows]
    flow = (gain - np.eye(len(rows))) / network.tau_s[rows][:, None]
    radius = max(np.abs(np.linalg.eigvals(matrix)).max(initial=0.0), others[0].max(initial=0.0))
    abscissa = max(np.linalg.eigvals(flow).real.max(initial=-np.inf), others[1].max(initial=-np.inf))
    return float(radius), float(abscissa)


def gains(network: LinearThreshold, point: FixedPoint) -> Float:
    """Returns (units, units) change of each activity per unit of drive, while no unit changes its piece."""
    linear = np.flatnonzero(point.piece == LINEAR)
    result = np.zeros((network.size, network.size))
    own = network.gain[linear][:, None] * network.total_weight[np.ix_(linear, linear)]
    result[np.ix_(linear, linear)] = np.linalg.solve(np.eye(len(linear)) - own, np.diag(network.gain[linear]))
    return result


def rival_drive(network: LinearThreshold, point: FixedPoint, unit: int) -> float:
    """Returns the drive on a silent unit, beyond what it has, at which it wakes: a winner's switching point."""
    return -float(network.drive_of(point.activity, point.drive)[unit])


def typical_drive(network: LinearThreshold) -> float:
    """Returns the scale of starts and pulses: the largest threshold, or 1 where there is none."""
    return float(np.abs(network.threshold).max(initial=0.0)) or 1.0


def _starts(network: LinearThreshold) -> Float:
    """(starts, filters) silence, each unit alone and each pair that excites, at several strengths."""
    total, excite = network.total_weight, np.flatnonzero(~network.inhibitory)
    sets: list[Sequence[int]] = [[int(i)] for i in excite]
    sets += [[int(i), int(j)] for i in excite for j in excite if i < j and (total[i, j] > 0 or total[j, i] > 0)]
    rows = [np.zeros(network.size)]
    for members in sets:
        for strength in LADDER:
            row = np.zeros(network.size)
            row[members] = np.minimum(strength * typical_drive(network), network.ceiling[members])
            rows.append(row)
    return steady_filters(network, np.stack(rows))


def _pulsed(network: LinearThreshold, drive: Float) -> Float:
    """(pulses, filters) after a pulse on each input channel at several strengths, from silence."""
    if not network.channels:
        return np.zeros((0, network.weight.shape[1]))
    strengths = np.array(LADDER) * typical_drive(network)
    pulses = np.concatenate([strengths[:, None] * channel.drive for channel in network.channels]) + drive
    steps = round(PULSE_TAUS * float(network.tau_s.max(initial=network.dt_s)) / network.dt_s)
    return network.run(np.zeros((len(pulses), network.weight.shape[1])), pulses, steps)
