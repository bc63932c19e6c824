"""Makes pools of the feedback code: neurons that take back from their own drive what their spikes have said.

A spike of the code stands for more than its own tick: it says h_0, h_1, ... of a quantum q, one after the other, and
in every tick takes what it says from the current of its own pool. What is left is what has not been said yet, and a
neuron fires where that passes half a quantum. The pool's error is so carried on and made good, not forgotten: a
first-order error feedback (sigma-delta) of N levels. With H the sum of the kernel, N neurons count in steps of
1 / (H N) of their ceiling in the mean over a kernel, where the threshold code has 1 / N.

With u the normalised drive and m_t the neurons that fire in tick t,

    f_t = q sum_{k >= 1} h_k m_{t-k}        neuron j fires where  u_t - f_t > T_j        q = w / H

All of it is synapses of the ordinary kind. Feedback passes the pool's own filter, of pole d, so a spike brings
-q h_1 in the tick after it, and q (d h_{k-1} - h_k) k ticks after it: with the filter's own decay in the kernel most
of these are 0. Its targets receive the kernel h / H too, as taps (`passes.taps`), and so does whoever decodes it.

*Where neurons are recruited.* A pool at rest with m neurons in every tick has taken back (H - 1)/H w m. So a neuron
that is to come in at the drive q_j, where the transfer crosses (j - 1/2)/N of the ceiling, has its threshold at

    T_j = q_j - (H - 1)/H w (j - 1/2)

which makes every transfer exact at its points of recruitment, with one feedback for all neurons of a pool. The width
w is the least distance of two of the q_j, that of the steepest part: were it more, thresholds would fall somewhere.
A rectifier's are all the same, and its thresholds stand 1/H as far apart as in the threshold code. Where a sigmoid
is flat, feedback takes back less than the distance of the next neuron, and the pool counts as the threshold code.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem
from neurocmc.ir.rate import RatePopulation, RateProjection
from neurocmc.ir.spiking import Tap
from neurocmc.passes.pool_codes import Ladder, span
from neurocmc.theory.feedback import feedback_name

LONGEST = 32  # ticks of a kernel: it is as long that a pool lags when its drive falls
SLOW_TICKS = 15.0  # of a filter, from which long kernels are hidden behind it
FAST_TICKS = 2.5  # of a filter, up to which a spike can stand for its own tick alone
RUNS = 15.0  # time constants, at least, that a run must last for a filter to count as slow as it is
LINEAR_TICKS = 8  # of the kernel of a pool that counts linearly, between the two
CURVED = (1.0, 0.3)  # kernel of pools whose transfer is curved: in its flat parts a longer one lags
HALVES = (0.25, 0.15, 0.15)  # of the filter's time constant: lengths of the parts of a slow kernel, each half as high
FEW, LONGER = (
    6,
    1.6,
)  # up to so many neurons per unit a slow kernel is so much longer: it must average over more ticks
NO_KERNEL = (1.0,)


@dataclass(frozen=True)
class Kernel:
    """What a spike says in its own tick and in those that follow, in quanta: `shape` begins with 1 and falls."""

    shape: tuple[float, ...]

    @cached_property
    def total(self) -> float:
        """H, how much a spike says in all."""
        return float(sum(self.shape))

    @property
    def shares(self) -> tuple[float, ...]:
        """The kernel as shares of what a spike says."""
        return tuple(height / self.total for height in self.shape)

    @property
    def taken_later(self) -> float:
        """The share of what a spike says that is taken from the pool's drive after its own tick."""
        return (self.total - 1.0) / self.total

    def moves(self, keep: float, mantissa_bits: int) -> float:
        """Returns by how much rounded feedback moves thresholds at most, as a share of the range that they span.

        Half a step of a weight of both signs is lost of all parts together; the largest of them has at least half of
        the mantissas. What is taken later is (H - 1)/H of a range of which thresholds span 1/H, or more.
        """
        if self.total == 1.0:
            return 0.0
        largest = max(abs(tap.share) for tap in self.impulses(keep))  # of all that is taken later
        return min((self.total - 1.0) * largest / ((1 << (mantissa_bits - 1)) - 1), 0.5)

    def impulses(self, keep: float) -> tuple[Tap, ...]:
        """Returns the spikes of feedback behind a filter that keeps so much of itself a tick, as shares of all."""
        said = np.append(self.shape, 0.0)
        later = said[1:] - keep * np.append(0.0, said[1:-1])
        # A spike takes a tick, so that what is said a tick after it has no delay.
        late = np.flatnonzero(np.abs(later) > 1e-9)
        whole = float(later[late].sum())
        return tuple(Tap(delay_ticks=int(k), share=float(later[k]) / whole) for k in late)


def kernel_of(text: str, keep: float) -> Kernel:
    """Reads a kernel as a user writes it, for pools whose own filter keeps so much of itself a tick.

    Args:
        text: "12" falls in equal steps to 0 within 12 ticks; "8-4-4" has parts of so many ticks, each beginning half
            as high as the one before, that fall as the filter does, so that feedback costs a spike for each part
            and not for each tick; "1,.5,.25" are the heights themselves.
        keep: The pole of the pool's filter, 0 to 1.

    Raises:
        InputError: For another text, and for a kernel that does not begin with 1, rises, or is too long.
    """
    try:
        shape = _shape(text, keep)
    except ValueError:
        shape = ()
    falls = all(after <= before for before, after in pairwise(shape))
    if not shape or len(shape) > LONGEST or shape[0] != 1.0 or not falls or shape[-1] < 0:
        what = f"got {text!r}"
        cure = (
            f"give ticks (12), lengths of parts (8-4-4) or heights that fall from 1 (1,.5), at most {LONGEST} ticks"
        )
        raise InputError(Problem("choice-unknown", "--kernel", what, cure))
    return Kernel(shape)


def _shape(text: str, keep: float) -> tuple[float, ...]:
    if "," in text:
        return tuple(float(height) for height in text.split(","))
    if "-" in text:
        lengths = [int(ticks) for ticks in text.split("-")]
        return _halving(lengths, keep) if min(lengths) > 0 and sum(lengths) <= LONGEST else ()
    ticks = int(text)
    if ticks > LONGEST:
        return ()
    return tuple(1.0 - k / ticks for k in range(ticks))


def _halving(lengths: list[int], keep: float) -> tuple[float, ...]:
    """Parts that fall by the filter's own decay; a part begins half as high, or where the one before it ended."""
    shape: list[float] = []
    for part, ticks in enumerate(lengths):
        highest = min([0.5**part, *shape[-1:]])
        shape += [highest * keep**k for k in range(ticks)]
    return tuple(shape)


def chosen_kernel(
    population: RatePopulation, neurons: int, keep: float, shared_ticks: float, run_ticks: int
) -> Kernel:
    """Chooses a kernel by the filters that hide it, the length of a run, and the curvature of the transfer.

    Args:
        population: Whose pools they are.
        neurons: Of a pool.
        keep: What their own filter keeps a tick.
        shared_ticks: Time constant, in ticks, of the fastest filter that hears them or that they hear through.
        run_ticks: Of the shortest calibration stimulus: in a short run nothing is slow.
    """
    shared_ticks = min(shared_ticks, run_ticks / RUNS)
    if shared_ticks < FAST_TICKS:
        return Kernel(NO_KERNEL)
    if population.transfer in ("sigmoid", "softplus"):
        return Kernel(CURVED)
    if shared_ticks < SLOW_TICKS:
        return Kernel(_shape(str(LINEAR_TICKS), keep))
    scale = shared_ticks * (LONGER if neurons <= FEW else 1.0)
    return Kernel(_halving([max(round(share * scale), 2) for share in HALVES], keep)[:LONGEST])


def feedback_ladder(population: RatePopulation, ceiling: float, neurons: int, kernel: Kernel) -> tuple[Ladder, float]:
    """Returns the thresholds of the neurons of a pool, in z, and the width w that all of them take back."""
    count = np.arange(neurons) + 0.5
    recruited = population.drive_at(ceiling * count / neurons)
    low, high = span(population, ceiling)
    width = float(np.diff(recruited).min()) if neurons > 1 else high - low
    points = recruited - kernel.taken_later * width * count
    return Ladder(points=points[None, :], low=low, high=high), width


def feedback_of(
    population: RatePopulation, kernel: Kernel, width: float, per_spike: float, tau_s: float
) -> RateProjection:
    """Returns what pools take from themselves, as a projection: drive per unit of activity."""
    return RateProjection(
        name=feedback_name(population.name),
        source=population.name,
        target=population.name,
        weight=np.diag(-kernel.taken_later * width / per_spike / population.gain),
        tau_s=tau_s,
    )


def mean_response(drive: Float, points: Float, kernel: Kernel, width: float, ticks: int = 240) -> Float:
    """Measures (drives,) how many neurons of a pool fire a tick in the mean, at constant drive.

    The first third of the ticks settles. `points` (neurons,) rise; drives and points are in units of `width`.
    """
    said = np.array(kernel.shape) * width / kernel.total
    past = np.zeros((len(said), drive.size))
    fired, settled = np.zeros(drive.size), ticks // 3
    for tick in range(ticks):
        left = drive - said[1:] @ past[:-1]
        count = np.searchsorted(points, left, side="left")
        past = np.concatenate([count[None, :], past[:-1]])
        fired += count * (tick >= settled)
    return fired / (ticks - settled)
