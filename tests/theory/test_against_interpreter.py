"""Theory against the interpreter of the rate circuit: 500 random stable circuits within 0.5 %; unstable ones leave.

Circuits stand side by side in one (block by block, they do not touch), so that a run costs what one costs.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import simulate_rate
from neurocmc.theory import swta
from neurocmc.theory.fixed_points import LINEAR, SILENT, fixed_point, fixed_points, gains, rival_drive
from neurocmc.theory.linear_threshold import LinearThreshold, linear_threshold
from tests.made.solved_circuits import circuit, projection, rectifiers

CIRCUITS, ITEMS, LIMIT = 25, 3, 0.005
EXAMPLES = 10  # x 25 single winner-take-alls, and x 25 pairs: 500 circuits
SEEDS = st.integers(0, 2**32 - 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Parameters of winner-take-alls side by side, (circuits,) each; `tau_s` of all, in steps of 1 ms."""

    alpha: Float
    phi: Float
    beta1: Float
    beta2: Float
    threshold: Float
    threshold_i: Float
    tau_s: float

    def joined(
        self, initial: Float | None = None, ceiling: float = np.inf, *, awake: Float | None = None
    ) -> RateCircuit:
        """All as one circuit; single maps x where phi is 0, else pairs x, y.

        `initial` (circuits,) is the activity of item 0 before the start; `awake` (circuits,) is 1 where inhibition is
        what that excites, and 0 where it sleeps.
        """
        count = len(self.alpha)
        blocks = np.eye(count)
        start = np.zeros((count, ITEMS))
        if initial is not None:
            start[:, 0] = initial
        excited = np.maximum(self.beta2 * start[:, 0] - self.threshold_i, 0.0)
        inhibition = np.zeros(count) if awake is None else awake * excited
        populations, projections = [], []
        names = ("x", "y") if self.phi.any() else ("x",)
        for name in names:
            own, inhibit = np.repeat(self.threshold, ITEMS), self.threshold_i
            populations += [
                replace(rectifiers(name, own, self.tau_s, start.ravel()), saturation=ceiling),
                replace(rectifiers(f"{name}z", inhibit, self.tau_s, inhibition), saturation=ceiling),
            ]
            shared = np.kron(blocks, np.ones((1, ITEMS)))
            projections += [
                projection(name, name, np.diag(np.repeat(self.alpha, ITEMS)), self.tau_s),
                projection(name, f"{name}z", self.beta2[:, None] * shared, self.tau_s),
                projection(f"{name}z", name, -shared.T * self.beta1, self.tau_s),
            ]
        for name, other in zip(names, reversed(names), strict=True):
            if len(names) == 2:
                projections.append(projection(other, name, np.diag(np.repeat(self.phi, ITEMS)), self.tau_s))
        return circuit("joined", tuple(populations), tuple(projections))

    def repeated(self, times: int) -> "Drawn":
        """The same circuits several times over."""
        values = {f.name: np.tile(getattr(self, f.name), times) for f in fields(self) if f.name != "tau_s"}
        return replace(self, **values)

    def one(self, index: int) -> LinearThreshold:
        """A circuit of its own, as the theory sees it."""
        values = {f.name: getattr(self, f.name)[[index]] for f in fields(self) if f.name != "tau_s"}
        network = linear_threshold(replace(self, **values).joined())
        assert isinstance(network, LinearThreshold)
        return network


def run(whole: RateCircuit, drives: Float, edges_taus: list[float], taus: float) -> Float:
    """Drives (trials, edges, circuits, items) into x; end activity of x, (trials, circuits, items)."""
    return history(whole, drives, edges_taus, taus)[:, -1]


def history(whole: RateCircuit, drives: Float, edges_taus: list[float], taus: float) -> Float:
    """The same over time: (trials, ticks, circuits, items)."""
    tau_s = whole.projections[0].tau_s
    stimulus = Stimulus(
        name="drives",
        duration_s=taus * tau_s,
        edges_s=np.array(edges_taus) * tau_s,
        values={"cue": drives.reshape(*drives.shape[:2], -1)},
        labels=np.full(len(drives), -1),
    )
    activity = simulate_rate(whole, stimulus).activity["x"].astype(np.float64)
    return activity.reshape(*activity.shape[:2], -1, ITEMS)


def draw(seed: int, *, hard: bool) -> Drawn:
    """Stable single maps: of alpha above 1 where `hard`, else below."""
    rng = np.random.default_rng(seed)
    beta1, beta2 = rng.uniform(1.5, 4.0, CIRCUITS), rng.uniform(0.15, 0.3, CIRCUITS)
    bound = np.array([swta.stability_bound(*p) for p in zip(beta1, beta2, strict=True)])
    low, high = (np.full(CIRCUITS, 1.08), bound - 0.12) if hard else (np.full(CIRCUITS, 0.1), np.full(CIRCUITS, 0.9))
    return Drawn(
        alpha=rng.uniform(low, high),
        phi=np.zeros(CIRCUITS),
        beta1=beta1,
        beta2=beta2,
        threshold=rng.uniform(0.0, 0.2, CIRCUITS),
        threshold_i=rng.uniform(0.0, 0.1, CIRCUITS),
        tau_s=0.001 * int(rng.integers(5, 11)),
    )


def draw_pairs(seed: int) -> Drawn:
    """Pairs with an up-state, alpha + phi a little within its range."""
    rng = np.random.default_rng(seed)
    beta1, beta2 = rng.uniform(2.5, 4.0, CIRCUITS), rng.uniform(0.2, 0.3, CIRCUITS)
    threshold, threshold_i = rng.uniform(0.05, 0.1, CIRCUITS), rng.uniform(0.15, 0.3, CIRCUITS)
    ranges = [swta.up_state_range(*p) for p in zip(beta1, beta2, threshold, threshold_i, strict=True)]
    total = np.array([rng.uniform(low + 0.03, min(high - 0.1, low + 0.4)) for low, high in ranges])
    phi = rng.uniform(0.1, 0.4, CIRCUITS)
    return Drawn(
        alpha=total - phi,
        phi=phi,
        beta1=beta1,
        beta2=beta2,
        threshold=threshold,
        threshold_i=threshold_i,
        tau_s=0.001 * int(rng.integers(5, 11)),
    )


def alone(values: Float) -> Float:
    """(circuits,) -> (circuits, items): a drive on item 0 alone."""
    return values[:, None] * np.eye(ITEMS)[0]


@settings(max_examples=EXAMPLES)
@given(SEEDS)
def test_single_winner_take_alls(seed: int) -> None:
    """Fixed point, gain and switching of circuits that forbid several winners; sum mode of others that do not."""
    hard, soft = draw(seed, hard=True), draw(seed + 1, hard=False)
    whole = hard.joined()
    drive = np.full(CIRCUITS, 0.8)
    piece = np.array([LINEAR, *[SILENT] * (ITEMS - 1), LINEAR])
    winners, slopes, rivals = [], [], []
    for index in range(CIRCUITS):
        network = hard.one(index)
        state = fixed_point(network, np.array([0.8, *[0.0] * ITEMS]), piece)
        assert state is not None
        assert state.stable
        winners.append(state.activity[0])
        slopes.append(gains(network, state)[0, 0])
        rivals.append(rival_drive(network, state, 1))
        formula = swta.winner_gain(hard.alpha[index], hard.beta1[index], hard.beta2[index])
        assert np.isclose(slopes[-1], formula, rtol=1e-9)
    rival = np.array(rivals)
    contest = [alone(drive) + (share * rival)[:, None] * np.eye(ITEMS)[1] for share in (1 - LIMIT, 1 + LIMIT)]
    first = np.stack([alone(drive), alone(1.1 * drive), alone(drive), alone(drive)])
    drives = np.stack([first, np.stack([first[0], first[1], *contest])], axis=1)
    ends = run(whole, drives, [0.0, 100.0], 260.0)
    assert np.abs(ends[0, :, 0] / winners - 1.0).max() <= LIMIT
    measured = (ends[1, :, 0] - ends[0, :, 0]) / (0.1 * drive)
    assert np.abs(measured / slopes - 1.0).max() <= LIMIT
    assert (ends[2, :, 1] == 0).all(), "a rival 0.5 % too weak stays silent"
    assert (ends[3, :, 1] > ends[3, :, 0]).all(), "one 0.5 % stronger than theory asks takes over"

    together = np.full((1, 1, CIRCUITS, ITEMS), 0.8)
    ends = run(soft.joined(), np.concatenate([together, 1.1 * together]), [0.0], 120.0)
    sum_gain = np.array(
        [swta.winner_gain(a, b1, b2, ITEMS) for a, b1, b2 in zip(soft.alpha, soft.beta1, soft.beta2, strict=True)]
    )
    measured = (ends[1] - ends[0]) / 0.08
    assert np.abs(measured / sum_gain[:, None] - 1.0).max() <= LIMIT


@settings(max_examples=EXAMPLES)
@given(SEEDS)
def test_coupled_winner_take_alls(seed: int) -> None:
    """Up-state and ignition of pairs: 0.5 % below goes out, 0.5 % above climbs, and started at x* it stands there."""
    drawn = draw_pairs(seed)
    parameters = list(
        zip(drawn.alpha, drawn.phi, drawn.beta1, drawn.beta2, drawn.threshold, drawn.threshold_i, strict=True)
    )
    star = np.array([swta.up_state(*p) for p in parameters])
    ignition = np.array([swta.ignition_threshold(p[0], p[1], p[4]) for p in parameters])
    piece = np.array([*([LINEAR] + [SILENT] * (ITEMS - 1) + [LINEAR]) * 2])
    for index in range(CIRCUITS):
        network = drawn.one(index)
        state = fixed_point(network, np.zeros(network.size), piece)
        assert state is not None
        assert state.stable
        assert np.isclose(state.activity[0], star[index], rtol=1e-9)
    start = np.concatenate([(1 - LIMIT) * ignition, (1 + LIMIT) * ignition, star])
    awake = np.repeat([0.0, 0.0, 1.0], CIRCUITS)
    none = np.zeros((1, 1, 3 * CIRCUITS, ITEMS))
    over_time = history(drawn.repeated(3).joined(start, awake=awake), none, [0.0], 180.0)[0, :, :, 0]
    below, above, stands = np.split(over_time, 3, axis=1)
    assert (below[-1] == 0).all()
    assert (above.max(axis=0) > 1.2 * ignition).all()
    assert np.abs(stands[-1] / star - 1.0).max() <= LIMIT


@settings(max_examples=3)
@given(SEEDS)
def test_what_is_predicted_unstable_is_unstable(seed: int) -> None:
    """Beyond either bound no winner stands below its ceiling: it oscillates (alpha > 2) or runs into it."""
    rng = np.random.default_rng(seed)
    beta1 = rng.uniform(4.0, 5.0, CIRCUITS)
    beta2 = np.where(
        np.arange(CIRCUITS) % 2 == 0, rng.uniform(0.35, 0.45, CIRCUITS), rng.uniform(0.05, 0.15, CIRCUITS)
    )
    product = beta1 * beta2
    alpha = np.where(product > 1, rng.uniform(2.1, 2.3, CIRCUITS), 1.0 + product + rng.uniform(0.05, 0.2, CIRCUITS))
    zeros = np.zeros(CIRCUITS)
    drawn = Drawn(
        alpha=alpha,
        phi=zeros,
        beta1=beta1,
        beta2=beta2,
        threshold=zeros + 0.05,
        threshold_i=zeros + 0.05,
        tau_s=0.001 * int(rng.integers(5, 11)),
    )
    ceiling = 30.0
    below: list[float] = []
    for index in range(CIRCUITS):
        assert alpha[index] > swta.stability_bound(beta1[index], beta2[index])
        network = replace(drawn.one(index), ceiling=np.full(ITEMS + 1, ceiling))
        points = fixed_points(network, np.array([0.5, *[0.0] * ITEMS]))
        assert points.complete
        winners = [p for p in points.points if p.piece[0] == LINEAR and not p.active[1:ITEMS].any()]
        assert not any(p.stable for p in winners)
        below.append(winners[0].activity[0] if winners else 0.0)
    first = np.array(below)
    # Started within 1 % of the state, where there is one, each circuit is further away in the end than that.
    whole = drawn.joined(1.01 * first, ceiling, awake=np.ones(CIRCUITS))
    over_time = history(whole, alone(np.full(CIRCUITS, 0.5))[None, None], [0.0], 200.0)[0, :, :, 0]
    last = over_time[-round(20 * drawn.tau_s / whole.dt_s) :]
    assert (np.abs(last - first).max(axis=0) > 0.05 * np.maximum(first, 0.1)).all()
    assert (last[:, product < 1] == ceiling).all()
