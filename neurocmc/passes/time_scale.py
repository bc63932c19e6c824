"""Chooses how much of the model's time one tick of the target stands for.

A circuit that was defined in steps (a winner-take-all, anything trained by Euler steps) is followed exactly with a
tick equal to its step, and that is the choice. A continuous one is followed the better the shorter the tick: its
step is divided until the fastest filter loses at most `FASTEST_LOSS` a tick, and further until no filter rounds by
more than `LARGEST_ERROR` on the target's grid of decays. A tick that is given must divide the step as well, so that
the instants of both can be compared.
"""

from dataclasses import dataclass, replace
from math import inf
from typing import ClassVar

import numpy as np

from neurocmc.common.errors import InfeasibleError, InputError, Problem
from neurocmc.ir.rate import RateCircuit
from neurocmc.targets import Target

FASTEST_LOSS = 0.1  # share of its state that the fastest filter loses in a tick
LARGEST_ERROR = 0.01  # relative error of a filter's decay, rounded to its register: what verification allows
FINEST = 64  # parts of a step
MOST_PARTS = 10_000
_DIVIDES = 1e-9


@dataclass(frozen=True)
class TimeScale:
    """Gives a RateCircuit the step that one tick stands for; `tick_s` None chooses it."""

    name: ClassVar[str] = "time-scale"
    tick_s: float | None = None

    def run(self, circuit: RateCircuit, target: Target) -> RateCircuit:
        """Raises InputError for a tick that does not divide the step, InfeasibleError where none fits all filters."""
        if self.tick_s is not None:
            parts = _parts(self.tick_s, circuit.dt_s)
            return _divided(circuit, parts)
        if not circuit.continuous:
            return circuit
        return _refined(circuit, target)


def _parts(tick_s: float, step_s: float) -> int:
    """Into how many ticks a step is divided."""
    given, step = f"{1e3 * tick_s:g} ms", f"{1e3 * step_s:g} ms"
    if not 0 < tick_s < inf:
        raise InputError(
            Problem("tick-unfit", "--tick-ms", f"{given} is not a time", f"give the step, {step}, or a part of it")
        )
    parts = step_s / tick_s
    if parts > MOST_PARTS:
        what = f"{given} makes more than {MOST_PARTS:,} ticks of the circuit's step of {step}"
        raise InputError(Problem("tick-unfit", "--tick-ms", what, "give a longer tick"))
    if round(parts) < 1 or abs(parts - round(parts)) > _DIVIDES * parts:
        near = max(round(parts), 1)
        what = f"{given} does not divide the circuit's step of {step}"
        raise InputError(
            Problem("tick-unfit", "--tick-ms", what, f"give {1e3 * step_s / near:g}, or another part of the step")
        )
    return round(parts)


def time_constants(circuit: RateCircuit) -> dict[str, float]:
    """Maps each projection with a filter, and each filtered input, to its time constant in s."""
    taus = {f"projection {p.name}": p.tau_s for p in circuit.projections if p.tau_s > 0}
    return taus | {f"input {entry.name}": entry.tau_s for entry in circuit.inputs if entry.tau_s > 0}


def _divided(circuit: RateCircuit, parts: int) -> RateCircuit:
    """The circuit with a step that is a part of its own; delays last as long as they did."""
    if parts == 1:
        return circuit
    projections = tuple(replace(p, delay_ticks=p.delay_ticks * parts) for p in circuit.projections)
    return replace(circuit, dt_s=circuit.dt_s / parts, projections=projections)


def _refined(circuit: RateCircuit, target: Target) -> RateCircuit:
    taus = time_constants(circuit)
    if not taus:
        return circuit
    fastest = min(taus, key=lambda name: taus[name])
    for parts in range(1, FINEST + 1):
        tick_s = circuit.dt_s / parts
        follows = -np.expm1(-tick_s / taus[fastest]) <= FASTEST_LOSS
        if follows and max(_decay_error(tau_s, tick_s, target) for tau_s in taus.values()) <= LARGEST_ERROR:
            return _divided(circuit, parts)
    slowest = max(taus, key=lambda name: taus[name])
    raise InfeasibleError(
        Problem(
            "time-constants-too-far-apart",
            f"circuit {circuit.name}",
            f"its filters span {1e3 * taus[fastest]:.3g} ms ({fastest}) to {1e3 * taus[slowest]:.3g} ms ({slowest}): "
            f"of 1 to {FINEST} ticks a step of {1e3 * circuit.dt_s:g} ms none is fine enough for the fastest (a loss "
            f"of at most {100 * FASTEST_LOSS:g} % a tick) and holds every decay within {100 * LARGEST_ERROR:g} % on "
            f"{target.name}",
            "train with time constants closer together, or choose the tick yourself (--tick-ms)",
        )
    )


def _decay_error(tau_s: float, tick_s: float, target: Target) -> float:
    """Relative error of the decay per tick on the target's grid, at worst half a step of the register."""
    if target.registers is None:  # a leak of spikes holds any decay, or refuses it, in its own pass
        return 0.0
    decay = -float(np.expm1(-tick_s / tau_s)) * (1 << target.registers.decay_bits)
    return abs(max(round(decay), 1) - decay) / decay
