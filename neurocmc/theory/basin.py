"""Computes how far a state may be pushed before it is lost: ignition, basin width, distractors, guarantees.

Two kinds of answers, told apart. *Solved*: the drive at which a silent unit wakes, the unstable state on the
boundary, and the guaranteed drop, an ellipsoid around the state within which no unit changes its piece and the
Lyapunov function of the linear step falls (discrete Lyapunov equation), so that the state is surely regained.
*Stepped*: the boundary along the state's own direction and the strongest distractor, found by bisection on runs of
the very step, as exact as the bisection but for the directions and amplitudes tried.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from neurocmc.common.arrays import Bool, Float, set_frozen
from neurocmc.theory.fixed_points import (
    FULL,
    LINEAR,
    SILENT,
    FixedPoint,
    agrees,
    pieces_of,
    rival_drive,
    solved,
    steady_filters,
    step_jacobian,
)
from neurocmc.theory.linear_threshold import LinearThreshold

SCAN = 65  # amplitudes tried side by side in a round of bisection
ROUNDS = 4
NEARLY = 1e-6  # of the largest activity, that nothing moves by in a step any more: enough to tell states apart
SADDLE_UNITS = 12  # active units up to which all their subsets are tried for the boundary
FURTHEST = 16.0  # of the waking drive: the strongest distractor that is tried
LONG_TAUS = 100.0  # of a distractor that lasts
DIGITS = 12  # of a share, that are told


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boundary:
    """The unstable state at which an up-state begins: with a little more activity it follows, with less it does not.

    `activity` (units,); `growth` of a disturbance in a step, above 1.
    """

    activity: Float
    growth: float

    def __post_init__(self) -> None:
        set_frozen(self, "activity", np.float64, (len(self.activity),))


@dataclass(frozen=True, slots=True, kw_only=True)
class DistractorLimit:
    """The strongest drive on a silent unit that a state withstands.

    Up to `unnoticed` the unit stays silent and the state does not move (solved). Up to `withstood` the state comes
    back when the drive ends, after `duration_s` (stepped, the weakest that breaks it is that much stronger at most:
    `resolution`, relative); infinite where none of up to 16 times `unnoticed` breaks it.
    """

    unit: str
    duration_s: float
    unnoticed: float
    withstood: float
    resolution: float


def boundary(network: LinearThreshold, state: FixedPoint) -> Boundary | None:
    """Solves the boundary of a stable state: an unstable state of fewer units with one growing direction.

    It must lead to the state on one side and away from it on the other, which two runs show. None where there is
    none, or more than 12 units are active (`ignition_share` then still finds where the state begins).
    """
    active = np.flatnonzero(state.active)
    if not 0 < len(active) <= SADDLE_UNITS:
        return None
    masks = np.array(list(product((0, 1), repeat=len(active)))[1:], dtype=np.int64).reshape(-1, len(active))
    if not (state.piece == FULL).any():  # the last, all of them linear, is the state itself
        masks = masks[:-1]
    pieces = np.zeros((len(masks), network.size), dtype=np.int64)
    pieces[:, active] = masks
    points = [p for p in solved(network, state.drive, iter(pieces)) if not p.stable]
    points.sort(key=lambda p: -float(p.activity @ state.activity) / float(np.linalg.norm(p.activity)))
    for point in points:
        matrix, rows = step_jacobian(network, point.piece == LINEAR)
        values, vectors = np.linalg.eig(matrix)
        if np.count_nonzero(np.abs(values) >= 1.0) != 1:
            continue
        growing = int(np.argmax(np.abs(values)))
        start = steady_filters(network, point.activity)
        push = np.zeros_like(start)
        push[rows] = np.real(vectors[:, growing])
        push *= 1e-3 * float(np.abs(start).max()) / float(np.abs(push).max())
        back = regained(network, state, np.stack([start + push, start - push]), state.drive)
        if back[0] != back[1]:
            return Boundary(activity=point.activity, growth=float(np.abs(values[growing])))
    return None


def ignition_share(network: LinearThreshold, state: FixedPoint) -> float | None:
    """Finds by runs the share of its activity above which a state is reached, inhibition asleep at first.

    Its excitatory units start at that share of their activity. None where every share or not even the whole leads
    there.
    """
    excite = np.where(network.inhibitory, 0.0, state.activity)
    low, high = 0.0, 1.0
    for _ in range(ROUNDS):
        shares = np.linspace(low, high, SCAN)
        lit = regained(network, state, steady_filters(network, shares[:, None] * excite), state.drive)
        if lit[0] or not lit[-1]:
            return None
        last_dark = int(np.flatnonzero(~lit)[-1])
        low, high = float(shares[last_dark]), float(shares[last_dark + 1])
    return 0.5 * (low + high)


def regained(network: LinearThreshold, state: FixedPoint, filters: Float, drive: Float) -> Bool:
    """Returns (batch,) whether runs from (batch, filters) settle with just the state's units active."""
    ends, settled = network.settle(filters, drive, tolerance=NEARLY)
    active = pieces_of(network, ends, drive) != SILENT
    return np.logical_and(settled, agrees(network, state, active, network.rates(ends, drive)).all(axis=1))


def strongest_distractor(
    network: LinearThreshold, state: FixedPoint, unit: int, duration_s: float | None = None
) -> DistractorLimit:
    """Finds the strongest drive on a silent `unit` for `duration_s` (None: 100 taus) that a state withstands.

    Starts from the state itself and adds to its drive. Raises ValueError where the unit is active in the state.
    """
    if state.active[unit]:
        raise ValueError(f"{network.units[unit]} is active in the state: a drive on it is no distractor")
    tau_s = float(network.tau_s.max(initial=network.dt_s))
    steps = max(round((LONG_TAUS * tau_s if duration_s is None else duration_s) / network.dt_s), 1)
    wakes = rival_drive(network, state, unit)
    low, high, broken = wakes, FURTHEST * wakes, False
    for _ in range(ROUNDS):
        amplitudes = np.linspace(low, high, SCAN)
        drives = np.tile(state.drive, (SCAN, 1))
        drives[:, unit] += amplitudes
        start = np.tile(steady_filters(network, state.activity), (SCAN, 1))
        lost = ~regained(network, state, network.run(start, drives, steps), state.drive)
        if not lost.any():
            break
        first = max(int(np.argmax(lost)), 1)
        low, high, broken = float(amplitudes[first - 1]), float(amplitudes[first]), True
    return DistractorLimit(
        unit=network.units[unit],
        duration_s=steps * network.dt_s,
        unnoticed=wakes,
        withstood=low if broken else np.inf,
        resolution=(high - low) / low if broken else 0.0,
    )


def guaranteed_drop(network: LinearThreshold, state: FixedPoint) -> float:
    """Returns the share of a stable state's own activity that may be lost at once and is surely regained; 0 to 1.

    With P from J' P J - P = -1 on the filters of the linear units, the set (z - z*)' P (z - z*) <= c is kept by the
    step while no unit changes its piece; c is the largest at which none does. All filters are disturbed together, as
    by losing a share of all activity. Sufficient: the true boundary lies further out.
    """
    matrix, rows = step_jacobian(network, state.piece == LINEAR)
    if not state.stable or not rows.size:
        return 0.0
    from scipy.linalg import solve_discrete_lyapunov  # here and not above: only stable states wait for its import

    metric = solve_discrete_lyapunov(matrix.T, np.eye(len(rows)))
    # How far each unit's drive may move is a half space of the filters: its distance in the metric.
    push = network.full_weight[:, rows]
    reach = np.einsum("ij,ji->i", push, np.linalg.solve(metric, push.T))
    moved = reach > 0
    level = float(np.min(np.maximum(state.slack[moved], 0.0) ** 2 / reach[moved], initial=np.inf))
    own = state.activity[network.source[rows]]
    # Solvers differ in the last digits by where their arrays lie in memory, and a certificate has the same bytes.
    return min(round(float(np.sqrt(level / (own @ metric @ own))), DIGITS), 1.0)
