"""Solves states of linear-threshold networks of one shape side by side: pieces, activities, stability.

Between thresholds a network is linear. For a guess of which units are linear (L), at their ceiling (C) and silent,
the only candidate is  r_L = (1 - g A_LL)^-1 g (A_LC c_C + d - theta)_L;  it is a fixed point if every unit then is
what it was guessed to be (Hahnloser, Seung & Slotine 2003, Neural Computation 15:621). Its stability is that of the
linear step around it: all eigenvalues of the step inside the unit circle (`step_radius` < 1), or, for the
differential equation, in the left half plane (`abscissa_per_s` < 0). Filters whose source is silent or full decay by
themselves. Eigenvalues are those of the strongly connected parts of the linear filters, each by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Float, Int, set_frozen
from neurocmc.common.matrices import sparse
from neurocmc.theory.linear_threshold import LinearThreshold, summed_by_source

SILENT, LINEAR, FULL = 0, 1, 2
SINGULAR = -25.0  # logarithm of a determinant: below it a piece has a line of states, or none
BOUNDARY = 1e-9  # relative to the largest activity: a unit this close to its threshold counts as silent
AT_ONCE = 1 << 22  # entries of matrices that are solved in one go
WHOLE_UNITS = 64  # of a network up to which all units are solved for together, silent ones as well
KRYLOV_FILTERS = 200  # of a strongly connected part from which on only its extreme eigenvalues are looked for
PARTED_FILTERS = 32  # linear filters from which on their strongly connected parts are looked for


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
        for name in ("drive", "activity", "slack", "piece"):
            if getattr(self, name).flags.writeable:  # rows of what nobody can change are not copied by the thousand
                set_frozen(self, name, np.int64 if name == "piece" else np.float64, (size,))

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
class Stack:
    """Networks whose units have the same filters, side by side; the first axis is (networks,)."""

    dt_s: float
    gain: Float  # (networks, units), as all of a unit
    threshold: Float
    ceiling: Float
    half_neuron: Float
    weight: Float  # (networks, units, filters)
    total: Float  # (networks, units, units) drive per unit of steady activity
    source: Int  # (filters,) of all networks
    tau_s: Float  # (filters,)
    # Of many linear filters, by network and which: radius and abscissa, which runs and solutions ask for again.
    known: dict[tuple[int, bytes], tuple[float, float]] = field(
        default_factory=dict[tuple[int, bytes], tuple[float, float]]
    )

    @classmethod
    def of(cls, networks: Sequence[LinearThreshold]) -> "Stack":
        """Returns networks with equal `source`, `tau_s` and `dt_s` side by side."""
        first = networks[0]
        weight = np.stack([network.full_weight for network in networks])
        return cls(
            dt_s=first.dt_s,
            gain=np.stack([network.gain for network in networks]),
            threshold=np.stack([network.threshold for network in networks]),
            ceiling=np.stack([network.ceiling for network in networks]),
            half_neuron=np.stack([network.half_neuron for network in networks]),
            weight=weight,
            total=summed_by_source(weight, first.source),
            source=first.source,
            tau_s=first.tau_s,
        )

    @property
    def networks(self) -> int:
        return self.gain.shape[0]

    @property
    def units(self) -> int:
        return self.gain.shape[1]

    @property
    def keep(self) -> Float:
        """(filters,) what each filter keeps of itself in a step."""
        return np.exp(-self.dt_s / self.tau_s)

    @property
    def inhibitory(self) -> Bool:
        """(networks, units) units whose weights on others are none above 0 and some below."""
        return np.logical_and((self.total <= 0).all(axis=1), (self.total < 0).any(axis=1))

    def above(self, which: Int, activity: Float, drive: Float) -> Float:
        """Returns (states, units) drive above threshold at steady activities of the networks `which` (states,)."""
        return self.product(self.total, which, activity) + drive - self.threshold[which]

    def product(self, matrix: Float, which: Int, value: Float) -> Float:
        """Returns (states, rows) what each state's network makes of its (states, columns), by its own matrix."""
        if self.networks == 1:
            return value @ matrix[0].T
        found = np.empty((len(which), matrix.shape[1]))
        for part in _parts(len(which), matrix[0].size):
            found[part] = np.einsum("sij,sj->si", matrix[which[part]], value[part])
        return found


def some_of(stack: Stack, networks: Int) -> Stack:
    """Returns some of the networks of a stack, each as often as it is named."""
    if np.array_equal(networks, np.arange(stack.networks)):
        return stack
    own = ("gain", "threshold", "ceiling", "half_neuron", "weight", "total")
    return replace(stack, **{name: getattr(stack, name)[networks] for name in own}, known={})


def _parts(count: int, entries: int) -> Iterator[slice]:
    """Slices of so many states that the matrices of one have room."""
    size = max(AT_ONCE // max(entries, 1), 1)
    return (slice(start, start + size) for start in range(0, count, size))


def solved_at(
    stack: Stack,
    which: Int,
    drive: Float,
    piece: Int,
    half_neuron: Float | None = None,
    *,
    stable: bool = False,
) -> list[FixedPoint | None]:
    """Returns for each guess (states, units) of a network `which` (states,) its fixed point, or None.

    `half_neuron` (states, units) stands for that of the networks; with `stable`, those that are not are left out.
    """
    found: list[FixedPoint | None] = []
    half = stack.half_neuron[which] if half_neuron is None else half_neuron
    for part in _parts(len(which), stack.units**2):
        found += _solved(stack, which[part], drive[part], piece[part], half[part], stable=stable)
    return found


def _solved(
    stack: Stack, which: Int, drive: Float, piece: Int, half: Float, *, stable: bool
) -> list[FixedPoint | None]:
    found: list[FixedPoint | None] = [None] * len(which)
    gain, ceiling = stack.gain[which], stack.ceiling[which]
    linear = piece == LINEAR
    pinned = np.where(piece == FULL, np.where(np.isfinite(ceiling), ceiling, 0.0), 0.0)
    activity, regular = _activities(stack, which, drive, linear, pinned)
    at = np.flatnonzero(regular)
    if not at.size:
        return found
    which, drive, piece, activity, half = which[at], drive[at], piece[at], activity[at], half[at]
    gain, ceiling = gain[at], ceiling[at]
    slack = slack_of(gain, ceiling, half, piece, stack.above(which, activity, drive))
    scale = np.maximum(np.abs(activity).max(axis=1, keepdims=True, initial=0.0), 1e-300)
    near = BOUNDARY * scale / gain
    holds = np.flatnonzero(np.where(piece == LINEAR, slack > near, slack >= -near).all(axis=1))
    radius, abscissa_per_s = stabilities(stack, which[holds], piece[holds] == LINEAR)
    if stable:
        holds, radius, abscissa_per_s = (array[radius < 1.0] for array in (holds, radius, abscissa_per_s))
    activity = np.where(piece[holds] == SILENT, 0.0, activity[holds])
    arrays = (drive[holds], activity, piece[holds], slack[holds])
    for array in arrays:
        array.setflags(write=False)
    numbers = zip(holds.tolist(), *arrays, radius.tolist(), abscissa_per_s.tolist(), strict=True)
    for row, own_drive, own_activity, own_piece, own_slack, each, flow in numbers:
        found[at[row]] = FixedPoint(
            drive=own_drive,
            activity=own_activity,
            piece=own_piece,
            slack=own_slack,
            step_radius=each,
            abscissa_per_s=flow,
        )
    return found


def _activities(stack: Stack, which: Int, drive: Float, linear: Bool, pinned: Float) -> tuple[Float, Bool]:
    """(states, units) activities that the guesses lead to, and (states,) where these are the only ones."""
    gain = stack.gain[which]
    wanted = np.where(linear, gain * (drive - stack.threshold[which]), pinned)
    if stack.units <= WHOLE_UNITS:
        matrix = np.eye(stack.units) - linear[:, :, None] * (gain[:, :, None] * stack.total[which])
        sign, logarithm = np.linalg.slogdet(matrix)
        regular = (sign != 0) & (logarithm > SINGULAR)
        activity = np.zeros_like(wanted)
        activity[regular] = np.linalg.solve(matrix[regular], wanted[regular][:, :, None])[:, :, 0]
        return activity, regular
    # The rows of other units are those of the unit matrix: of many units few are linear, and these alone are solved.
    wanted = np.where(linear, wanted + gain * stack.product(stack.total, which, pinned), wanted)
    activity, regular = np.where(linear, 0.0, wanted), np.ones(len(which), dtype=np.bool_)
    for row in range(len(which)):
        own = np.flatnonzero(linear[row])
        matrix = np.eye(own.size) - gain[row, own, None] * stack.total[which[row]][np.ix_(own, own)]
        sign, logarithm = np.linalg.slogdet(matrix)
        regular[row] = sign != 0 and logarithm > SINGULAR
        if regular[row]:
            activity[row, own] = np.linalg.solve(matrix, wanted[row, own])
    return activity, regular


def slack_of(gain: Float, ceiling: Float, half_neuron: Float, piece: Int, above: Float) -> Float:
    """Returns (..., units) how far each drive `above` threshold is from where its piece ends; below 0 beyond."""
    room, half = ceiling / gain - above, half_neuron / gain
    return np.where(piece == LINEAR, np.minimum(above, room), np.where(piece == FULL, half - room, half - above))


def stabilities(stack: Stack, which: Int, linear: Bool) -> tuple[Float, Float]:
    """Returns (states,) the spectral radius of the step, and largest real part [1/s] of the flow.

    `linear` (states, units) are the units of the networks `which` that are linear.
    """
    rows, keep = linear[:, stack.source], stack.keep
    radius = np.where(rows, 0.0, keep).max(axis=1, initial=0.0)
    abscissa = np.where(rows, -np.inf, -1.0 / stack.tau_s).max(axis=1, initial=-np.inf)
    counts = rows.sum(axis=1)
    for count in np.unique(counts[counts > 0]):
        same = np.flatnonzero(counts == count)
        if count > PARTED_FILTERS:
            _, first, back = np.unique(
                np.column_stack([which[same], rows[same]]), axis=0, return_index=True, return_inverse=True
            )
            found = [_parted(stack, int(which[i]), np.flatnonzero(rows[i])) for i in same[first]]
            step, flow = np.array(found).T[:, back.ravel()]
            radius[same], abscissa[same] = np.maximum(radius[same], step), np.maximum(abscissa[same], flow)
            continue
        for part in _parts(same.size, int(count) ** 2):
            own = same[part]
            at = np.nonzero(rows[own])[1].reshape(own.size, count)
            step, flow = _jacobians(stack, which[own], at)
            radius[own] = np.maximum(radius[own], np.abs(np.linalg.eigvals(step)).max(axis=1))
            abscissa[own] = np.maximum(abscissa[own], np.linalg.eigvals(flow).real.max(axis=1))
    return radius, abscissa


def _jacobians(stack: Stack, which: Int, at: Int) -> tuple[Float, Float]:
    """(states, k, k) step and flow on the filters `at` (states, k), all of them linear."""
    unit = stack.source[at]
    network = which[:, None, None]
    gain = stack.gain[which[:, None], unit][:, :, None] * stack.weight[network, unit[:, :, None], at[:, None, :]]
    keep, tau_s = stack.keep[at], stack.tau_s[at]
    one = np.eye(at.shape[1])
    return keep[:, :, None] * one + (1.0 - keep)[:, :, None] * gain, (gain - one) / tau_s[:, :, None]


def _parted(stack: Stack, network: int, at: Int) -> tuple[float, float]:
    """Radius and abscissa of many linear filters: the largest of their strongly connected parts."""
    key = (network, at.tobytes())
    if key not in stack.known:
        stack.known[key] = _of_parts(stack, network, at)
    return stack.known[key]


def _of_parts(stack: Stack, network: int, at: Int) -> tuple[float, float]:
    from scipy.sparse.csgraph import connected_components  # small networks do without

    unit = stack.source[at]
    count, part = connected_components(
        sparse(stack.weight[network][np.ix_(unit, at)] != 0), directed=True, connection="strong"
    )
    order = np.argsort(part, kind="stable")
    sizes = np.bincount(part, minlength=count)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    radius, abscissa = 0.0, -np.inf
    for size in np.unique(sizes):
        own = at[np.sort(order[starts[sizes == size][:, None] + np.arange(size)], axis=1)]
        step, flow = _jacobians(stack, np.full(len(own), network), own)
        if size >= KRYLOV_FILTERS:
            for matrix, moves in zip(step, flow, strict=True):
                radius = max(radius, float(np.abs(_extreme(matrix, "LM")).max()))
                abscissa = max(abscissa, float(_extreme(moves, "LR").real.max()))
            continue
        values = np.linalg.eigvals(step)
        radius = max(radius, float(np.abs(values).max()))
        keep, tau_s = stack.keep[own[:, :1]], stack.tau_s[own]
        if (tau_s == tau_s[:, :1]).all():  # then the step is keep + (1 - keep) (1 + tau flow)
            rates = ((values - keep) / (1.0 - keep) - 1.0) / tau_s[:, :1]
        else:
            rates = np.linalg.eigvals(flow)
        abscissa = max(abscissa, float(rates.real.max()))
    return radius, abscissa


def _extreme(matrix: Float, which: str) -> NDArray[np.complex128]:
    """The eigenvalues of largest magnitude (LM) or real part (LR) of a large matrix; all where these do not come."""
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    try:
        start = np.ones(len(matrix))  # not drawn: the same matrix has the same eigenvalues to the last digit
        found: Any = eigs(cast("Any", sparse(matrix)), k=4, which=which, v0=start, return_eigenvectors=False)
    except ArpackNoConvergence:
        found = np.linalg.eigvals(matrix)
    return np.asarray(found, dtype=np.complex128)


def pieces_of(stack: Stack, filters: Float, drive: Float) -> Int:
    """Returns (networks, trials, units) what each unit is at (networks, trials, filters)."""
    rate = stack.gain[:, None] * (filters @ stack.weight.transpose(0, 2, 1) + drive - stack.threshold[:, None])
    ceiling = stack.ceiling[:, None]
    # Of all units, as in `solved_at`: those that project nowhere have no filter.
    largest = np.clip(rate, 0.0, ceiling).max(axis=2, initial=0.0)
    scale = np.maximum(np.maximum(np.abs(filters).max(axis=2, initial=0.0), largest), 1e-300)[:, :, None]
    # A run only nears its state: what is within a millionth of a threshold is taken to be on the far side of it.
    linear, full = rate > 1e-6 * scale, rate >= ceiling * (1.0 - 1e-7)
    return np.where(full & linear, FULL, np.where(linear, LINEAR, SILENT)).astype(np.int64)


def rates(stack: Stack, filters: Float, drive: Float) -> Float:
    """Returns (networks, trials, units) activities for (networks, trials, filters)."""
    above = filters @ stack.weight.transpose(0, 2, 1) + drive - stack.threshold[:, None]
    return np.clip(stack.gain[:, None] * above, 0.0, stack.ceiling[:, None])


def in_neurons(ceiling: Float, half_neuron: Float, piece: Int, activity: Float) -> Int:
    """Returns (..., units) pieces as pools show them: silent up to half a neuron, full from that below a ceiling."""
    full = (piece == LINEAR) & (activity >= ceiling - half_neuron)
    silent = (piece == LINEAR) & (activity <= half_neuron)
    return np.where(silent, SILENT, np.where(full, FULL, piece))
