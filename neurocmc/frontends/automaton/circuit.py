"""Builds a RateCircuit from a machine's tables and the latch's numbers, with the times of a symbol.

Populations: `symbol` (a unit each, and one for reset), `transition` (a unit for each entry of the table that does
something), `x` and `y` with their inhibition, `copy` between them, and `output`. A symbol that leads to one state
from every state, as reset does, drives x itself: it needs no transition units.
"""

from dataclasses import dataclass
from functools import cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.common.ticks import whole_s
from neurocmc.frontends.automaton.latch import Latch
from neurocmc.frontends.automaton.machine import Machine
from neurocmc.frontends.automaton.parts import Parts, picks
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import simulate_rate

SYMBOL_FROM, SYMBOL_WHOLE = 0.25, 0.75  # an input of less is no symbol, one of more is a whole one
OUTPUT_THRESHOLD = 0.25  # of x*: outputs do not see what is on its way up or down
SETTLED = 0.05  # of x*: how near its final value a map must be, and how silent its losers
SAFETY = 1.5  # pulse and gap over what the exact equations need
LONGEST_TAU = 60.0  # a latch of sound margins settles long before


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The times of symbols. A symbol's latency is from its onset until x has taken it, then until y has."""

    dt_s: float
    tau_s: float
    write_s: float  # from the symbol's onset until x has settled, predicted
    copy_s: float  # from its end until y has settled, predicted
    pulse_s: float
    gap_s: float

    @property
    def period_s(self) -> float:
        return self.pulse_s + self.gap_s

    @property
    def window_s(self) -> float:
        """The time before the next symbol over which states are read: a tau, in whole steps."""
        return whole_s(self.tau_s, self.dt_s)


def machine_circuit(
    machine: Machine, latch: Latch, name: str, dt_s: float, tau_s: float, window_s: float, origin_sha256: str = ""
) -> RateCircuit:
    """Returns the circuit of a machine; input `symbols` has a channel a symbol and, last, one for reset."""
    parts = Parts(tau_s)
    states, symbols, units = len(machine.states), len(machine.symbols) + 1, machine.transitions
    direct = {symbol: int(machine.table[0, symbol]) for symbol in machine.unconditional}
    direct[symbols - 1] = machine.start
    parts.rectifiers("symbol", symbols, SYMBOL_FROM, saturation=1.0, gain=1.0 / (SYMBOL_WHOLE - SYMBOL_FROM))
    parts.listen("symbols", "symbol", np.eye(symbols))
    if units:
        parts.rectifiers("transition", len(units), latch.t_threshold)
    x, y = parts.winners("x", states, latch), parts.winners("y", states, latch)
    copy = parts.rectifiers("copy", states, latch.c_threshold)
    if units:
        held = [(row, state) for row, (state, _) in enumerate(units)]
        seen = [(row, symbol) for row, (_, symbol) in enumerate(units)]
        moved = [(int(machine.table[a, s]), row) for row, (a, s) in enumerate(units) if machine.table[a, s] != a]
        parts.project(y, "transition", picks(len(units), states, held, latch.w_state))
        parts.project("symbol", "transition", picks(len(units), symbols, seen, latch.w_symbol))
        parts.project("transition", x, picks(states, len(units), moved, latch.write))
    parts.project("symbol", x, picks(states, symbols, [(state, s) for s, state in direct.items()], latch.write))
    parts.project(x, copy, latch.w_x * np.eye(states))
    parts.project("symbol", copy, np.full((states, symbols), -latch.w_gate))
    parts.project(copy, y, latch.copy * np.eye(states))
    parts.read("state", y, machine.states, window_s)
    if machine.outputs:
        _outputs(parts, machine, window_s)
    return parts.circuit(name, dt_s, origin_sha256)


def _outputs(parts: Parts, machine: Machine, window_s: float) -> None:
    """Units that say what the machine puts out: of y (Moore), or of the transition units while they fire (Mealy)."""
    count = len(machine.outputs)
    parts.rectifiers("output", count, OUTPUT_THRESHOLD)
    if machine.moore is not None:
        told = [(output, state) for state, output in enumerate(machine.moore.tolist()) if output >= 0]
        parts.project("y", "output", picks(count, len(machine.states), told))
    elif machine.mealy is not None:
        told = [
            (int(machine.mealy[entry]), row)
            for row, entry in enumerate(machine.transitions)
            if machine.mealy[entry] >= 0
        ]
        parts.project("transition", "output", picks(count, len(machine.transitions), told))
    parts.read("output", "output", machine.outputs, window_s, kind="activity")


@cache
def timing(
    latch: Latch, dt_s: float, tau_s: float, pulse_s: float | None = None, gap_s: float | None = None
) -> Timing:
    """Computes the times of a symbol from the exact equations of one transition.

    Losers of a soft winner-take-all are exactly 0, so every transition of every machine is that of the machine of two
    states, whose equations are stepped here. Pulse and gap are SAFETY times what it needs, unless they are given.
    Raises InfeasibleError where it does not settle.
    """
    toggle = Machine(states=("a", "b"), symbols=("s",), start=0, table=np.array([[1], [0]]))
    circuit = machine_circuit(toggle, latch, "one-transition", dt_s, tau_s, window_s=whole_s(tau_s, dt_s))
    longest = _whole(LONGEST_TAU * tau_s, dt_s)

    def settles(edges_s: list[float], values: list[list[float]], population: str, winner: int) -> float:
        stimulus = Stimulus(
            name="one-transition",
            duration_s=edges_s[-1] + longest,
            edges_s=np.array(edges_s),
            values={"symbols": np.array([values])},
            labels=np.array([-1]),
        )
        after = round(edges_s[-1] / dt_s)
        return _settling_s(simulate_rate(circuit, stimulus).activity[population][0, after:], winner, dt_s)

    reset_s = settles([0.0], [[0.0, 1.0]], "x", 0)
    rest_s = settles([0.0, reset_s], [[0.0, 1.0], [0.0, 0.0]], "y", 0)
    start, on, off = [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]
    begin = _whole(reset_s, dt_s) + _whole(2.0 * rest_s, dt_s)
    write_s = max(settles([0.0, _whole(reset_s, dt_s), begin], [start, off, on], "x", 1), reset_s)
    pulse = _whole(SAFETY * write_s, dt_s) if pulse_s is None else pulse_s
    end = begin + pulse
    copy_s = max(settles([0.0, _whole(reset_s, dt_s), begin, end], [start, off, on, off], "y", 1), rest_s)
    gap = _whole(SAFETY * copy_s, dt_s) if gap_s is None else gap_s
    return Timing(dt_s=dt_s, tau_s=tau_s, write_s=write_s, copy_s=copy_s, pulse_s=pulse, gap_s=gap)


def _whole(time_s: float, dt_s: float) -> float:
    """A time of whole steps, rounded up."""
    return ceil(time_s / dt_s - 1e-9) * dt_s


def _settling_s(activity: NDArray[np.float32], winner: int, dt_s: float) -> float:
    """The first time after which the winner stays near its last value and all others stay near 0."""
    final = activity[-1].astype(np.float64)
    wanted = np.zeros_like(final)
    wanted[winner] = final[winner]
    away: Float = np.abs(activity - wanted).max(axis=1)
    if away[-1] > SETTLED or final[winner] < 0.5:
        what = f"a transition has not settled after {LONGEST_TAU:g} time constants"
        raise InfeasibleError(
            Problem("latch-unsettled", "latch", what, "use a finer step (dt_ms) or a longer tau_ms")
        )
    late = np.flatnonzero(away > SETTLED * max(1.0, final[winner]))
    return float((late[-1] + 2 if late.size else 1) * dt_s)
