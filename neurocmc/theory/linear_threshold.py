"""Turns a rate circuit into one network of linear-threshold units, whose states can be solved for, not run.

Any circuit whose populations are rectifiers (with or without a ceiling) and whose kernels are of first order is

    r = clip(g (A z + d - theta), 0, c)          z_k' = keep_k z_k + (1 - keep_k) r_source(k),   keep = exp(-dt/tau)

with one filter z_k for each unit and time constant that its projections have; the step is that of the interpreter of
the rate circuit (`sim.rate`), so that a statement about the step is one about the interpreter and about the chip,
whose spikes arrive a tick later. At a fixed point z is r, and only A summed over time constants matters.

Where units are pools of spiking neurons, r comes in whole neurons: up to `half_neuron` above 0 a pool is silent, and
as far below its ceiling it is full. The step above does not round to neurons; which states stand (`fixed_points`) is
decided with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int, set_frozen
from neurocmc.ir.rate import RateCircuit, RatePopulation

SETTLED = 1e-9  # largest change of a filter in a step, relative to the largest activity, at which a run has settled


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTheory:
    """The reason why a circuit has no linear-threshold network: theory says nothing about it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Channel:
    """One channel of an input: what a value of 1 adds to the drive of each unit."""

    name: str
    drive: Float  # (units,)

    def __post_init__(self) -> None:
        set_frozen(self, "drive", np.float64, (None,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinearThreshold:
    """Units and filters of a circuit in one row each; drives are in units of the circuit."""

    name: str
    dt_s: float
    units: tuple[str, ...]  # "x[0]"
    populations: tuple[str, ...]  # of each unit
    gain: Float  # (units,) activity per unit of drive above threshold
    threshold: Float  # (units,) drive at which a unit leaves 0
    ceiling: Float  # (units,) highest activity, may be infinite
    weight: Float  # (units, filters) drive per unit of a filter's output
    source: Int  # (filters,) the unit that each filter listens to
    tau_s: Float  # (filters,)
    channels: tuple[Channel, ...]
    half_neuron: Float  # (units,) activity up to which a pool's first neuron stays silent; 0 where units are no pools

    def __post_init__(self) -> None:
        for field in ("gain", "threshold", "ceiling", "half_neuron"):
            set_frozen(self, field, np.float64, (len(self.units),))
        set_frozen(self, "weight", np.float64, (len(self.units), None))
        set_frozen(self, "source", np.int64, (self.weight.shape[1],))
        set_frozen(self, "tau_s", np.float64, (self.weight.shape[1],))

    @property
    def size(self) -> int:
        return len(self.units)

    @property
    def keep(self) -> Float:
        """(filters,) what each filter keeps of itself in a step."""
        return np.exp(-self.dt_s / self.tau_s)

    @property
    def total_weight(self) -> Float:
        """(units, units) drive on each unit per unit of steady activity of each other."""
        total = np.zeros((self.size, self.size))
        np.add.at(total.T, self.source, self.weight.T)
        return total

    @property
    def inhibitory(self) -> Bool:
        """(units,) units whose weights on others are none above 0 and some below."""
        total = self.total_weight
        return np.logical_and((total <= 0).all(axis=0), (total < 0).any(axis=0))

    def of(self, population: str) -> Int:
        """Returns the indices of the units of a population. Raises KeyError for a name that none has."""
        found = np.flatnonzero(np.array(self.populations) == population)
        if not found.size:
            raise KeyError(population)
        return found

    def drive_of(self, activity: Float, drive: Float) -> Float:
        """Returns drive above threshold, in units of drive, at steady activities; the last axis is (units,)."""
        return activity @ self.total_weight.T + drive - self.threshold

    def rates(self, filters: Float, drive: Float) -> Float:
        """Returns (batch, units) activities for (batch, filters) and a drive that broadcasts to (batch, units)."""
        return np.clip(self.gain * (filters @ self.weight.T + drive - self.threshold), 0.0, self.ceiling)

    def step(self, filters: Float, drive: Float) -> Float:
        """Returns the filters (batch, filters) one step later."""
        keep = self.keep
        return keep * filters + (1.0 - keep) * self.rates(filters, drive)[:, self.source]

    def run(self, filters: Float, drive: Float, steps: int) -> Float:
        """Returns the filters (batch, filters) after so many steps under a constant drive."""
        # On the filters themselves: each row the drive of the unit that it listens to, times that unit's gain.
        weight = (self.gain[:, None] * self.weight)[self.source].T
        constant = (self.gain * (drive - self.threshold))[..., self.source]
        keep, ceiling = self.keep, self.ceiling[self.source]
        arrives, limited = 1.0 - keep, bool(np.isfinite(ceiling).any())
        filters = filters.copy()
        with _may_run_away():
            for _ in range(steps):
                rates = filters @ weight
                rates += constant
                np.maximum(rates, 0.0, out=rates)
                if limited:
                    np.minimum(rates, ceiling, out=rates)
                rates *= arrives
                filters *= keep
                filters += rates
        return filters

    def settle(
        self, filters: Float, drive: Float, longest_taus: float = 400.0, tolerance: float = SETTLED
    ) -> tuple[Float, Bool]:
        """Runs until nothing moves by more than `tolerance` a step, `longest_taus` of the slowest filter at most.

        Returns (batch, filters) at the end and (batch,) whether each trial had settled; one that runs away has not.
        """
        chunk = max(round(float(self.tau_s.max(initial=self.dt_s)) / self.dt_s), 1)
        settled = np.zeros(len(filters), dtype=np.bool_)
        drive = np.broadcast_to(drive, (len(filters), self.size))
        filters = filters.copy()
        for _ in range(round(longest_taus)):
            going = ~settled & (np.abs(filters).max(axis=1, initial=0.0) < 1e9)
            if not going.any():
                break
            before = self.run(filters[going], drive[going], chunk - 1)
            with _may_run_away():
                after = self.step(before, drive[going])
                filters[going] = after
                scale = np.abs(after).max(axis=1, initial=0.0)
                moved = np.abs(after - before).max(axis=1, initial=0.0)
                settled[going] = moved <= tolerance * np.maximum(scale, 1e-9)
        return filters, settled


def _may_run_away() -> np.errstate:
    """A trial without a bound leaves the numbers that there are before it is looked at; it has then not settled."""
    return np.errstate(over="ignore", invalid="ignore")


def linear_threshold(
    circuit: RateCircuit, half_neuron: Mapping[str, Float] | None = None
) -> LinearThreshold | NoTheory:
    """Returns the network that a circuit is, or the reason why it is none.

    `half_neuron` gives, for each population whose units are pools, (units,) the activity of half a neuron.
    """
    for population in circuit.populations:
        if population.transfer != "relu" or population.floor < 0:
            return NoTheory(
                reason=f"population {population.name} has a {population.transfer} transfer function, not a rectifier"
            )
        if population.segments:
            return NoTheory(
                reason=f"the units of population {population.name} are cut into segments of unequal steps"
            )
    for projection in circuit.projections:
        if projection.order != 1:
            return NoTheory(reason=f"projection {projection.name} has a kernel of order {projection.order}")
        if not projection.tau_s:
            return NoTheory(reason=f"projection {projection.name} has no filter")
        if projection.delay_ticks:  # states would be the same, but not which of them are stable
            return NoTheory(reason=f"projection {projection.name} has a delay of {projection.delay_ticks} steps")
    sizes = [population.size for population in circuit.populations]
    first = dict(zip((p.name for p in circuit.populations), np.cumsum([0, *sizes]).tolist(), strict=False))
    weight, source, tau_s = _filters(circuit, first, sum(sizes))
    return LinearThreshold(
        name=circuit.name,
        dt_s=circuit.dt_s,
        units=tuple(f"{p.name}[{i}]" for p in circuit.populations for i in range(p.size)),
        populations=tuple(p.name for p in circuit.populations for _ in range(p.size)),
        gain=np.concatenate([p.gain for p in circuit.populations]),
        threshold=np.concatenate([threshold_of(p) for p in circuit.populations]),
        ceiling=np.concatenate([np.full(p.size, p.highest) for p in circuit.populations]),
        weight=weight,
        source=source,
        tau_s=tau_s,
        channels=_channels(circuit, first, sum(sizes)),
        half_neuron=np.concatenate([(half_neuron or {}).get(p.name, np.zeros(p.size)) for p in circuit.populations]),
    )


def threshold_of(population: RatePopulation) -> Float:
    """Returns (units,) the drive u at which gain (u + bias - offset) reaches the floor."""
    return population.offset - population.bias + population.floor / population.gain


def _filters(circuit: RateCircuit, first: dict[str, int], units: int) -> tuple[Float, Int, Float]:
    """One filter for each unit of each source and time constant, as the interpreter has them."""
    banks = list(dict.fromkeys((p.source, p.tau_s) for p in circuit.projections))
    weights: list[Float] = []
    sources: list[Int] = []
    taus: list[Float] = []
    for name, tau_s in banks:
        size = circuit.population(name).size
        block = np.zeros((units, size))
        for p in circuit.projections:
            if (p.source, p.tau_s) == (name, tau_s):
                start = first[p.target]
                block[start : start + len(p.weight)] += p.dc_gain * p.weight
        weights.append(block)
        sources.append(first[name] + np.arange(size))
        taus.append(np.full(size, tau_s))
    if not banks:
        return np.zeros((units, 0)), np.zeros(0, dtype=np.int64), np.zeros(0)
    return np.concatenate(weights, axis=1), np.concatenate(sources), np.concatenate(taus)


def _channels(circuit: RateCircuit, first: dict[str, int], units: int) -> tuple[Channel, ...]:
    found: list[Channel] = []
    for entry in circuit.inputs:
        for channel in range(entry.channels):
            drive = np.zeros(units)
            drive[first[entry.target] : first[entry.target] + len(entry.weight)] = entry.weight[:, channel]
            found.append(Channel(name=f"{entry.name}[{channel}]", drive=drive))
    return tuple(found)
