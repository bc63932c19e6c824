"""Computes how a number that is read from a rate circuit depends on every unit's activity in every step.

One run of the circuit forward, all trials at once, and one run back over its steps: the adjoint of the recurrence of
`sim.rate`, filter by filter. If f is a number for each trial whose derivative with respect to what is observed is
given, the result is df / dr, (trials, ticks, units) for each population: what f changes by if the activity r that a
unit sends in that step were off by one.

    z <- keep z + (1 - keep) r                 u = W z + drive + b         r = phi(gain (u + bias - offset))
    l <- keep l + W' du        (backwards)     dr = (1 - keep) l           du = gain phi'(z) dr

(Pontryagin et al. 1962; for recurrent networks Werbos, Proc. IEEE 78:1550, 1990.)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.poles import pole
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import states_of

Observed = Mapping[str, Float]  # population -> (trials, ticks, units)
Cotangent = Callable[[Observed], Observed]  # from what is observed to the derivative of f with respect to it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjoint:
    """The run of a circuit, and what each activity weighs in the number that is read; all (trials, ticks, units)."""

    activity: Observed  # r
    observed: Observed  # its traces
    weight: Observed  # df / dr


def adjoint(circuit: RateCircuit, stimulus: Stimulus, cotangent: Cotangent) -> Adjoint:
    """Runs a circuit on all trials of a stimulus, and back.

    Args:
        circuit: The circuit.
        stimulus: Trials; what is kept is three numbers for each trial, step and unit, and the normalised drive.
        cotangent: Given the traces, returns df / dtrace of the same shapes; a population may be left out.

    Returns:
        Activities, traces and df / dr.

    Raises:
        InfeasibleError: Where an activity is beyond what rates may be.
    """
    states = list(states_of(circuit, stimulus))
    populations = {p.name: p for p in circuit.populations}
    activity = {name: np.stack([state.rates[name] for state in states], axis=1) for name in populations}
    observed = {name: np.stack([state.traces[name] for state in states], axis=1) for name in populations}
    slopes = {
        name: np.stack([slope_at(p, state.drives[name]) for state in states], axis=1) * p.gain
        for name, p in populations.items()
    }
    given = cotangent(observed)
    weight = {
        name: _through_trace(p, given.get(name, np.zeros_like(observed[name])), circuit.dt_s)
        for name, p in populations.items()
    }
    _backwards(circuit, slopes, weight)
    return Adjoint(activity=activity, observed=observed, weight=weight)


def _backwards(circuit: RateCircuit, slopes: Observed, weight: Mapping[str, Float]) -> None:
    """Adds to `weight`, from the last step to the first, what each activity does through the projections."""
    filters = {_bank(p): _Bank.of(p, weight[p.source].shape, circuit.dt_s) for p in circuit.projections}
    drive = {name: np.zeros_like(slope) for name, slope in slopes.items()}  # df / du
    ticks = next(iter(slopes.values())).shape[1]
    for tick in reversed(range(ticks)):
        for bank in filters.values():
            bank.arriving[:] = 0.0
        for p in circuit.projections:
            heard = tick + 1 + p.delay_ticks  # the step in which the target hears the filter after this one
            if heard < ticks:
                filters[_bank(p)].arriving += p.dc_gain * (drive[p.target][:, heard] @ p.weight)
        for (source, _tau_s, _order), bank in filters.items():
            weight[source][:, tick] += bank.back()
        for name, slope in slopes.items():
            drive[name][:, tick] = slope[:, tick] * weight[name][:, tick]


def _bank(projection: RateProjection) -> tuple[str, float, int]:
    return projection.source, projection.tau_s, projection.order


@dataclass(slots=True)
class _Bank:
    """The adjoint of a bank of filters of first or second order."""

    keep: float
    arriving: Float  # (trials, units) df / doutput of this step
    last: Float  # df / dlast stage
    first: Float | None  # df / dfirst stage, where there are two

    @classmethod
    def of(cls, projection: RateProjection, shape: tuple[int, ...], dt_s: float) -> "_Bank":
        nothing = np.zeros((shape[0], shape[2]))
        return cls(
            pole(projection.tau_s, dt_s),
            nothing.copy(),
            nothing.copy(),
            nothing.copy() if projection.order == 2 else None,
        )

    def back(self) -> Float:
        """Goes a step back; returns df / dr of the step."""
        before = self.last
        self.last = self.keep * before + self.arriving
        if self.first is None:
            return (1.0 - self.keep) * self.last
        self.first = self.keep * self.first + (1.0 - self.keep) * before
        return (1.0 - self.keep) * self.first


def _through_trace(population: RatePopulation, given: Float, dt_s: float) -> Float:
    """df / dr through the filter that the population is observed through, from df / dtrace."""
    keep = pole(population.trace_tau_s, dt_s)
    found = np.asarray(given, dtype=np.float64).copy()
    for stage in range(population.trace_order):
        running = np.zeros_like(found[:, 0])
        for tick in reversed(range(found.shape[1])):
            before = running
            running = keep * running + found[:, tick]
            # A second stage hears the first as it was a step before.
            found[:, tick] = (1.0 - keep) * (before if stage else running)
    return found


def slope_at(population: RatePopulation, z: Float) -> Float:
    """Returns d phi / dz at normalised drives z (..., size); 0 where phi is cut off or full."""
    value = population.transfer_at(z)
    match population.transfer:
        case "relu":
            slope = ((z > 0) & (z < population.saturation)).astype(np.float64)
        case "sigmoid":
            share = 0.5 + 0.5 * np.tanh(0.5 * z)
            slope = population.saturation * share * (1.0 - share)
        case "softplus":
            slope = np.where(value + population.floor < population.saturation, 0.5 + 0.5 * np.tanh(0.5 * z), 0.0)
        case "linear":
            slope = np.ones_like(z)
    if population.floor != 0.0 or population.top != np.inf:
        slope = np.where((value > 0.0) & (value < population.top - population.floor), slope, 0.0)
    return slope
