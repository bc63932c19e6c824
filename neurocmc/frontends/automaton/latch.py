"""Derives the two-phase latch: which numbers make a soft winner-take-all a register, and with what margin.

A state machine is two maps of winners. x is written while a symbol is on, by the transition unit of (held state,
symbol); y, which alone the transition units read, follows x only while no symbol is on::

    t_as = [w_state y_a + w_symbol s - T_t]_+          x_b is driven by  write * t_as
    c_a  = [w_x x_a - w_gate sum s - T_c]_+            y_a is driven by  copy * c_a
    tau x' = -x + [alpha x + drive - beta1 z - T]_+    tau z' = -z + [beta2 sum x - T_I]_+       (y alike)

Transition units can fire only while a symbol is above s_off, copy units only while it is below s_open. With
s_open < s_off a symbol of any length, amplitude and shape moves the machine by one step: the condition holds between
thresholds, and no duration stands in it. (The transition neurons are those of Rutishauser & Douglas 2009, Neural
Computation 21:478, whose two maps are coupled both ways: there, a symbol that lasts runs on through the states.)

Activities are in units of the held one, x* = 1; t and c are 1 where they drive. x and y saturate a little above x*, a
symbol at 1. All inequalities are evaluated with
every weight and threshold off by a relative error, each in its least favourable direction; the largest error that
leaves all of them true is the *tolerance*, and the parameters are those of the grid with the largest tolerance.
"""

from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from math import exp, log, pi, sqrt

from neurocmc.theory.swta import contracts_while_oscillating

LEAST_MARGIN = 0.15  # of every inequality at the nominal numbers
SLOWEST = 7.0  # tau that the two winners may take to change, in sum
STRONGEST_GATE = 8.0  # w_gate: beyond it, rounding to 8 bits would coarsen what copy units read of x
IGNITION = 0.25  # of x*: activity beyond which a unit climbs by itself
CEILING = 1.25  # x and y saturate at it, so that the drive that moves them does not raise them far above x*
SILENT = 0.25  # T_c: activity of x that copy units do not see
TOO_MANY = 0.3  # tolerance is sought below
_BISECTIONS = 16

_ALPHA = (1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4)
_LOOP = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)  # beta1 beta2, within 1/4 .. 1
_WRITE = (2.0, 3.0, 4.0, 5.0)  # times the drive at which a rival takes over
_COPY = (1.5, 2.0, 2.5, 3.0, 4.0)
_AND = (1.15, 1.175, 1.2, 1.225, 1.25, 1.275, 1.3)
_OVERLAP = (1.5, 1.75, 2.0)


@dataclass(frozen=True, slots=True)
class Margin:
    """One inequality, lesser < greater, at the nominal numbers."""

    name: str
    lesser: float
    greater: float

    @property
    def ratio(self) -> float:
        """How much greater the greater side is: greater / lesser - 1."""
        return self.greater / self.lesser - 1.0 if self.lesser > 0 else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The choices that are free; every weight and threshold follows from them."""

    alpha: float  # self-excitation
    loop: float  # beta1 beta2
    write: float  # drive of x by a transition, over the drive at which a rival takes over
    copy: float  # the same for y
    both: float  # margin of the AND: of symbol alone below, and of state and symbol together above threshold
    overlap: float  # s_off over s_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Latch:
    """Weights and thresholds of a two-phase latch, x* = 1, symbol 1; beta1 is 1, so the loop gain is beta2."""

    design: Design
    alpha: float
    beta1: float
    beta2: float
    threshold: float  # T
    threshold_i: float  # T_I
    takeover: float  # drive of a silent unit at which it takes over from the winner, (alpha - 1) x*
    write: float  # weight of a transition on x
    copy: float  # weight of a copy unit on y
    w_state: float
    w_symbol: float
    t_threshold: float
    w_x: float
    w_gate: float
    c_threshold: float
    ceiling: float  # saturation of x and y
    margins: tuple[Margin, ...]
    tolerance: float  # relative error of all weights and thresholds at once under which every inequality holds

    @property
    def worst(self) -> Margin:
        """The inequality with the least margin."""
        return min(self.margins, key=lambda margin: margin.ratio)


# What `search` finds, for the search takes seconds.
FOUND = Design(alpha=1.15, loop=0.95, write=5.0, copy=4.0, both=1.3, overlap=2.0)


@cache
def derive() -> Latch:
    """Returns the latch with the largest tolerance of those that meet the margins and the speed above."""
    latch = _nominal(FOUND)
    if latch is None:
        raise ValueError("the design that was found contradicts itself")
    return replace(latch, tolerance=_tolerance(latch))


def search() -> Design:
    """Searches the whole grid for the design of that latch."""
    best: tuple[float, Design] | None = None
    for values in product(_ALPHA, _LOOP, _WRITE, _COPY, _AND, _OVERLAP):
        alpha, loop, write, copy, both, overlap = values
        design = Design(alpha=alpha, loop=loop, write=write, copy=copy, both=both, overlap=overlap)
        if not contracts_while_oscillating(alpha, 1.0, loop) or switching_tau(design) > SLOWEST:
            continue
        latch = _nominal(design)
        if latch is None or latch.w_gate > STRONGEST_GATE or latch.worst.ratio < LEAST_MARGIN - 1e-9:
            continue
        if best is None or _all_hold(latch, best[0] + 1e-6):
            best = (_tolerance(latch), design)
    if best is None:
        raise ValueError("no point of the grid keeps the margins asked for")
    return best[1]


def switching_tau(design: Design) -> float:
    """Returns the taus both winners take to change: ln(k / (k - 1)) / (alpha - 1) each, at k times takeover.

    While both units are active their difference d obeys tau d' = (alpha - 1) d + D from -x*, D = k (alpha - 1) x*.
    """
    return sum(log(k / (k - 1.0)) for k in (design.write, design.copy)) / (design.alpha - 1.0)


def overshoot(alpha: float, loop: float) -> float:
    """Returns the share of a step by which the winner overshoots, where both filters are alike."""
    square = loop - alpha * alpha / 4.0
    return exp(-pi * (1.0 - alpha / 2.0) / sqrt(square)) if square > 0 else 0.0


def _nominal(design: Design) -> Latch | None:
    """The latch of a design, or None where its inequalities contradict each other."""
    alpha, loop = design.alpha, design.loop
    stiffness = 1.0 - alpha + loop  # drive over activity of a winner
    if not stiffness > 0.2:
        return None
    takeover = alpha - 1.0
    threshold = IGNITION * takeover
    over = overshoot(alpha, loop)
    copy, write = design.copy * takeover, design.write * takeover
    least_y = 1.0 - over * (CEILING - 1.0)
    t_threshold = least_y * design.both / (design.both**2 - 1.0)  # in units of w_state, as is w_symbol
    w_symbol = t_threshold / design.both
    off = (t_threshold - CEILING) / w_symbol
    if not off > 0:
        return None
    w_x = 1.0 + SILENT
    w_state = 1.0 / (1.0 + w_symbol - t_threshold)
    latch = Latch(
        design=design,
        alpha=alpha,
        beta1=1.0,
        beta2=loop,
        threshold=threshold,
        threshold_i=stiffness + threshold,
        takeover=takeover,
        write=write,
        copy=copy,
        w_state=w_state,
        w_symbol=w_state * w_symbol,
        t_threshold=w_state * t_threshold,
        w_x=w_x,
        w_gate=design.overlap * (w_x * CEILING - SILENT) / off,
        c_threshold=SILENT,
        ceiling=CEILING,
        margins=(),
        tolerance=0.0,
    )
    margins = margins_at(latch, 0.0)
    return replace(latch, margins=margins) if margins else None


def margins_at(latch: Latch, error: float) -> tuple[Margin, ...]:
    """Returns every inequality with weights and thresholds off by `error`, each side where that hurts most.

    Empty where no up-state is left. Products of two weights are off twice.
    """
    up, down = 1.0 + error, 1.0 - error
    alpha_low, alpha_high = latch.alpha * down, latch.alpha * up
    loop_low, loop_high = latch.beta2 * down * down, latch.beta2 * up * up
    stiff_low, stiff_high = 1.0 - alpha_high + loop_low, 1.0 - alpha_low + loop_high
    if not (alpha_low > 1.0 and stiff_low > 0):
        return ()
    lift, threshold = latch.beta1 * latch.threshold_i, latch.threshold
    low = (lift * down * down - threshold * up) / stiff_high  # x*
    high = (lift * up * up - threshold * down) / stiff_low
    copied_low = latch.copy * down * (latch.w_x * down * low - latch.c_threshold * up)
    least_y = low - overshoot(latch.alpha, latch.beta2) * (latch.ceiling - low)
    t_low = (latch.w_state * least_y + latch.w_symbol) * down - latch.t_threshold * up
    takeover = (alpha_high - 1.0) * high
    off = (latch.t_threshold * down - latch.w_state * up * latch.ceiling) / (latch.w_symbol * up)
    opens = (latch.w_x * up * latch.ceiling - latch.c_threshold * down) / (latch.w_gate * down)
    limit = latch.t_threshold * down
    return (
        Margin("1 < alpha: a winner holds itself", 1.0, alpha_low),
        Margin("alpha < 1 + beta1 beta2: it is stable", alpha_high, 1.0 + loop_low),
        Margin("ignition below the held activity", threshold * up / (alpha_low - 1.0), low),
        Margin("a transition takes over x", takeover, latch.write * down * t_low),
        Margin("a copy takes over y", takeover, copied_low),
        Margin("state alone below T_t", latch.w_state * up * latch.ceiling, limit),
        Margin("symbol alone below T_t", latch.w_symbol * up, limit),
        Margin(
            "state and symbol above T_t", latch.t_threshold * up, (latch.w_state * least_y + latch.w_symbol) * down
        ),
        Margin("copying stops before transitions start", opens, off),
    )


def _all_hold(latch: Latch, error: float) -> bool:
    found = margins_at(latch, error)
    return bool(found) and all(margin.greater > margin.lesser for margin in found)


def _tolerance(latch: Latch) -> float:
    low, high = 0.0, TOO_MANY
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _all_hold(latch, middle) else (low, middle)
    return low
