"""Explains why activity passed what rates may be: a drive too large, or a loop in which disturbances grow.

The limit alone says neither. A unit that no loop of projections leads to only passes on what it is driven with; any
other is run on from where it is, its drive held, and *unstable* is said of a loop only where that run shows it: the
changes from step to step, which a steady drive does not feed, grow without end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from neurocmc.common.arrays import Bool, Float, starts
from neurocmc.common.errors import Problem
from neurocmc.common.matrices import Sparse, mapped, placed
from neurocmc.ir.rate import RateCircuit

RUNAWAY = 1e6  # activity that no circuit of normalised rates comes near
HELD_TAUS, MOST_STEPS = 100, 50_000  # of the slowest kernel, that a run with the drive held lasts, and its steps
SETTLED_TAUS = 40  # after which what grows, or dies, is no transient of a stable loop
FURTHER = 1e9  # times what is there, or is driven: who gets there with the drive held grows without end
DIED = 1e-3  # of the largest change from step to step: changes that stay below have died
LOOK = 200  # steps after which it is looked whether they have
SURELY = 1.05  # times that change from one quarter of the run to the next: it grows, or below its inverse it dies
RESCALE = "rescale: make the drive or the weights smaller, so that activities are near 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """The first unit found beyond the limit."""

    population: str
    unit: int
    trial: int
    activity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a run with the drive held shows of some loops: `grows` None where neither growth nor decay is sure."""

    grows: bool | None
    per_step: float  # by what factor the changes from step to step grow in a step
    oscillates: bool
    population: str  # whose changes are largest in the end
    steps: int


def beyond_limit(rates: Mapping[str, Float]) -> Beyond | None:
    """Returns the first unit with an activity, (batch, size), beyond RUNAWAY or none at all (NaN); else None."""
    for name, rate in rates.items():
        if not np.abs(rate).max() < RUNAWAY:
            trial, unit = (int(i) for i in np.argwhere(~(np.abs(rate) < RUNAWAY))[0])
            return Beyond(population=name, unit=unit, trial=trial, activity=float(rate[trial, unit]))
    return None


def explained(
    beyond: Beyond,
    time_s: float,
    drive: float,
    loops: Mapping[str, Bool],
    held: Iterator[Mapping[str, Float]],
    slowest_steps: float,
) -> Problem:
    """Returns the problem that a unit beyond the limit is; `drive` is the largest from outside, with biases.

    `loops` are the units that stand in loops and lead to it (`loops_to`); `held` are the rates of its trial from the
    step in question on, (1, size) each, with the drive held, and is read only where there are any. `slowest_steps` is
    the time constant of the slowest kernel.
    """
    where, under = f"population {beyond.population}", f"at {time_s:.3f} s, under a drive of up to {drive:.4g}"
    if not np.isfinite(beyond.activity):
        return Problem(
            "activity-overflows",
            where,
            f"activity is {beyond.activity} {under}: no number of 64 bits holds it",
            RESCALE,
        )
    facts = f"activity of {beyond.activity:.4g} is beyond {RUNAWAY:g} {under}"
    if not loops:
        return Problem("activity-too-large", where, f"{facts}; no loop of projections leads to it", RESCALE)
    run = run_on(held, loops, max(abs(beyond.activity), drive), slowest_steps)
    if run.grows is None:
        seen = f"whether a change in the loop through {run.population} grows was not seen in {counted(run.steps)}"
        return Problem("activity-too-large", where, f"{facts}; {seen}", f"{RESCALE}, or weaken that loop")
    through = f"with the drive held, changes from step to step in the loop through {run.population}"
    if not run.grows:
        died = f"die by {100 * (1.0 - run.per_step):.3g} % a step"
        return Problem("activity-too-large", where, f"{facts}; {through} {died}", RESCALE)
    grown = f"grow by {100 * (run.per_step - 1.0):.3g} % a step"
    if not run.per_step < 10.0:  # or no number at all
        grown = f"grow beyond {FURTHER:g} times what was there in {counted(run.steps)}"
    cure = "lower its recurrent excitation, or strengthen its inhibition"
    if run.oscillates:
        cure = "it oscillates: weaken its weights, or use a smaller step (dt_ms)"
    what = f"activity grows without limit: beyond {RUNAWAY:g} {under}; {through} {grown}"
    return Problem("circuit-unstable", where, what, f"the circuit is unstable: {cure}")


def counted(steps: int) -> str:
    """Formats a number of steps."""
    return f"{steps:,} step{'' if steps == 1 else 's'}"


def loops_to(circuit: RateCircuit, population: str, unit: int) -> dict[str, Bool]:
    """Maps populations to (size,) those of their units that stand in a loop and lead to the unit."""
    # Here and not above: only a circuit that ran away waits for its import.
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    first = starts({p.name: p.size for p in circuit.populations})
    heard = _connections(circuit, first)
    count, part = connected_components(heard, connection="strong")
    in_loop = np.logical_or(np.bincount(part, minlength=count)[part] > 1, heard.diagonal() != 0)
    leads = np.zeros(circuit.units, dtype=np.bool_)
    leads[breadth_first_order(heard, first[population] + unit, return_predecessors=False)] = True
    found = np.logical_and(in_loop, leads)
    parts = {p.name: found[first[p.name] : first[p.name] + p.size] for p in circuit.populations}
    return {name: units for name, units in parts.items() if units.any()}


def _connections(circuit: RateCircuit, first: Mapping[str, int]) -> Sparse:
    """(units, units) 1 where the row's unit hears the column's."""
    parts = [(mapped(p.dc_gain * p.weight, _heard), first[p.target], first[p.source]) for p in circuit.projections]
    return placed(parts, (circuit.units, circuit.units))


def _heard(weight: Float) -> Float:
    return (weight != 0).astype(np.float64)


def held_steps(slowest_steps: float) -> int:
    """Returns how many steps a run with the drive held lasts at most."""
    return int(min(max(HELD_TAUS * slowest_steps, 5 * LOOK), MOST_STEPS))


def run_on(
    held: Iterator[Mapping[str, Float]], loops: Mapping[str, Bool], scale: float, slowest_steps: float
) -> Held:
    """Whether changes grow in the loops while `held` runs on; `scale` is what is there already, or driven."""
    changes, most = list[float](), list[tuple[str, int, bool]]()  # the largest change, of which unit, upwards or not
    before: dict[str, Float] = {}
    beyond_all, died, settled = False, False, SETTLED_TAUS * slowest_steps
    with np.errstate(all="ignore"):
        for step, rates in enumerate(islice(held, held_steps(slowest_steps))):
            now = {name: rates[name][0, units] for name, units in loops.items()}
            for name in loops if before else ():
                moved = now[name] - before[name]
                unit = int(np.abs(moved).argmax())
                if len(changes) < step or abs(moved[unit]) > changes[-1]:
                    changes[step - 1 :] = [float(abs(moved[unit]))]
                    most[step - 1 :] = [(name, unit, bool(moved[unit] > 0))]
            before = now
            beyond_all = not max(float(np.abs(rate).max()) for rate in now.values()) < FURTHER * scale
            if step % LOOK == LOOK - 1 and step > settled:
                died = max(changes[-LOOK // 2 :]) <= DIED * max(changes)
            if beyond_all or died:
                break
    name = most[-1][0] if most else next(iter(loops))
    late = most[-(len(most) // 2 + 1) :]
    oscillates = len(set(late)) > len({(n, unit) for n, unit, _ in late})
    per_step = _dying(changes) if died else _growing(changes)
    if beyond_all:  # unless what is driven is itself close to the largest number
        grows = True if np.isfinite(FURTHER * scale) else None
    else:
        ratio = per_step ** (len(changes) / 4) if len(changes) > settled else 1.0
        grows = True if ratio > SURELY else False if ratio < 1.0 / SURELY else None
    return Held(grows=grows, per_step=per_step, oscillates=oscillates, population=name, steps=len(changes))


def _growing(changes: list[float]) -> float:
    """By what factor the largest change of a quarter of a run grows in a step, from the third quarter to the last."""
    quarter = len(changes) // 4
    if not quarter:
        return changes[-1] / changes[0] if changes and changes[0] > 0 else 1.0
    last, third = max(changes[-quarter:]), max(changes[-2 * quarter : -quarter])
    return (last / third) ** (1.0 / quarter) if third > 0 else 0.0


def _dying(changes: list[float]) -> float:
    """By what factor changes fall in a step, from the largest to where they stay below DIED of it."""
    largest = int(np.argmax(changes))
    alive = np.flatnonzero(np.array(changes) > DIED * changes[largest])
    return float(DIED ** (1.0 / (alive[-1] + 1 - largest))) if alive.size else 0.0
