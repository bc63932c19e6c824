"""Runs linear-threshold networks of one shape side by side until their states stand, and solves where they end.

A trial has settled when nothing moves any more; or earlier, where the stable state of the piece that it is in is so
near that no unit could leave its piece on the way: every unit's drive is within `SURELY` of its slack of what it is
in that state.
"""

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int
from neurocmc.common.matrices import FloatMatrix, sparse
from neurocmc.theory.linear_threshold import SETTLED
from neurocmc.theory.stack import FixedPoint, Stack, in_neurons, pieces_of, rates, solved_at, some_of
from neurocmc.theory.steps import may_run_away, stepped

LONGEST_TAUS = 400  # of the slowest filter, that a run lasts at most
LOOKS = frozenset(6 << n for n in range(7))  # taus after which states are looked for nearby
SURELY = 0.01  # of the slack of a unit, that its drive may still be away
RUNAWAY = 1e9  # activity beyond which a trial has no state
SPARSE_SHARE = 0.1  # of the entries of a large matrix: with fewer its product by entries is faster
SPARSE_FILTERS = 128  # of a network from which on it is run by itself, by its entries where these are few


def settle(stack: Stack, start: Float, drive: Float) -> tuple[Float, Bool]:
    """Runs from (networks, trials, filters) under drives (networks, trials, units), 400 taus at most.

    Returns (networks, trials, filters) at the end and (networks, trials) whether each had settled; one that runs away
    has not.
    """
    run = _Run(stack, start, drive)
    for tau in range(1, LONGEST_TAUS + 1):
        if not run.goes_on():
            break
        run.for_a_tau()
        if tau in LOOKS:
            run.accept()
    run.keep_ends()
    return run.ends, run.settled


class _Run:
    """Trials that have not settled yet: of one network only these, of several all of those that have some."""

    def __init__(self, stack: Stack, start: Float, drive: Float) -> None:
        self.stack, self.drive = stack, np.broadcast_to(drive, (*start.shape[:2], stack.units))
        self.ends, self.settled = start.copy(), np.zeros(start.shape[:2], dtype=np.bool_)
        self.chunk = max(round(float(stack.tau_s.max(initial=stack.dt_s)) / stack.dt_s), 1)
        self.keep = stack.keep[:, None]
        self.ceiling = stack.ceiling[:, stack.source, None]
        self.weight = (stack.gain[:, :, None] * stack.weight)[:, stack.source]
        self.solved: dict[bytes, FixedPoint | None] = {}
        self.networks, self.trials = np.arange(start.shape[0]), np.arange(start.shape[1])
        self._take()

    def _take(self) -> None:
        """Takes from all trials those that go on."""
        stack, at = self.stack, np.ix_(self.networks, self.trials)
        constant = stack.gain[self.networks, None] * (self.drive[at] - stack.threshold[self.networks, None])
        self.filters = self.ends[at].transpose(0, 2, 1)
        self.constant = constant[:, :, stack.source].transpose(0, 2, 1)
        self.weights = self.weight[self.networks]

    def goes_on(self) -> bool:
        """Whether any trial has yet to settle; those that need not run any more are left out."""
        at = np.ix_(self.networks, self.trials)
        going = ~self.settled[at] & (np.abs(self.filters).max(axis=1, initial=0.0) < RUNAWAY)
        networks, trials = going.any(axis=1), going.any(axis=0)
        if not going.any():
            return False
        if networks.all() and (self.stack.networks > 1 or trials.all()):
            return True
        self.keep_ends()
        self.networks = self.networks[networks]
        if self.stack.networks == 1:
            self.trials = self.trials[trials]
        self._take()
        return True

    def keep_ends(self) -> None:
        self.ends[np.ix_(self.networks, self.trials)] = self.filters.transpose(0, 2, 1)

    def for_a_tau(self) -> None:
        before = self._stepped(self.filters, self.chunk - 1)
        after = self._stepped(before, 1)
        with may_run_away():
            scale = np.abs(after).max(axis=1, initial=0.0)
            moved = np.abs(after - before).max(axis=1, initial=0.0)
            still = moved <= SETTLED * np.maximum(scale, 1e-9)
        self.settled[np.ix_(self.networks, self.trials)] |= still
        self.filters = after

    def _stepped(self, filters: Float, steps: int) -> Float:
        weight: FloatMatrix = self.weights
        ceiling, only = self.ceiling[self.networks], self.weights[0]
        held = np.count_nonzero(only) if len(self.weights) == 1 and len(only) >= SPARSE_FILTERS else only.size
        if held < SPARSE_SHARE * only.size:
            weight = sparse(only)
            return stepped(weight, self.constant[0], self.keep, ceiling[0], filters[0], steps)[None]
        return stepped(weight, self.constant, self.keep, ceiling, filters, steps)

    def accept(self) -> None:
        """Ends the trials whose state is so near that they surely reach it."""
        self.keep_ends()
        stack, row, column = self.stack, *np.nonzero(~self.settled[np.ix_(self.networks, self.trials)])
        at = np.ix_(self.networks, self.trials)
        finite: Bool = np.all(np.isfinite(self.filters), axis=1)[row, column]
        row, column = row[finite], column[finite]
        if not row.size:
            return
        with may_run_away():
            piece = pieces_of(some_of(stack, self.networks), self.ends[at], self.drive[at])[row, column]
        which, trial = self.networks[row], self.trials[column]
        points = self._points(which, self.drive[which, trial], piece)
        near = np.flatnonzero([point is not None for point in points])
        stands = [point for point in points if point is not None]
        if not stands:
            return
        which, trial, row, column = which[near], trial[near], row[near], column[near]
        steady = np.stack([point.activity for point in stands])[:, stack.source]
        slack = np.stack([point.slack for point in stands])
        off = np.abs(self.ends[which, trial] - steady)
        surely: Bool = np.all(stack.product(np.abs(stack.weight), which, off) <= SURELY * slack, axis=1)
        self.settled[which[surely], trial[surely]] = True
        self.filters.transpose(0, 2, 1)[row[surely], column[surely]] = steady[surely]

    def _points(self, which: Int, drive: Float, piece: Int) -> list[FixedPoint | None]:
        """The state of each piece, in real numbers, as a run knows no half neurons; each is solved once."""
        keys = [a.tobytes() + b.tobytes() + c.tobytes() for a, b, c in zip(which, drive, piece, strict=True)]
        new = {key: index for index, key in enumerate(keys) if key not in self.solved}
        at = np.array(list(new.values()), dtype=np.int64)
        real = np.zeros((at.size, self.stack.units))
        points = solved_at(self.stack, which[at], drive[at], piece[at], real, stable=True)
        self.solved.update(zip(new, points, strict=True))
        return [self.solved[key] for key in keys]


def all_reached(stack: Stack, start: Float, drive: Float) -> list[list[FixedPoint | None]]:
    """Returns for each network and trial the fixed point that a run settles in; None where it does not settle.

    What a run leaves within half a neuron of its threshold or ceiling is silent or full, if it can stand so.
    """
    ends, settled = settle(stack, start, drive)
    drive = np.broadcast_to(drive, (*start.shape[:2], stack.units))
    network, trial = np.nonzero(settled)
    found: list[list[FixedPoint | None]] = [[None] * start.shape[1] for _ in range(stack.networks)]
    if not network.size:
        return found
    with may_run_away():
        piece = pieces_of(stack, ends, drive)[network, trial]
        activity = rates(stack, ends, drive)[network, trial]
    shown = in_neurons(stack.ceiling[network], stack.half_neuron[network], piece, activity)
    driven = drive[network, trial]
    first = solved_at(stack, network, driven, shown)
    other = np.flatnonzero((shown != piece).any(axis=1))
    second = dict(zip(other.tolist(), solved_at(stack, network[other], driven[other], piece[other]), strict=True))
    for index, (n, t) in enumerate(zip(network.tolist(), trial.tolist(), strict=True)):
        points = [point for point in (first[index], second.get(index)) if point is not None]
        found[n][t] = next((point for point in points if point.stable), points[0] if points else None)
    return found
