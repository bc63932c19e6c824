"""Turns a rate circuit into one network of linear-threshold units, whose states can be solved for, not run.

Any circuit whose populations are rectifiers (with or without a ceiling) and whose kernels are of first order is

    r = clip(g (A z + d - theta), 0, c)          z_k' = keep_k z_k + (1 - keep_k) r_source(k),   keep = exp(-dt/tau)

with one filter z_k for each unit and time constant that its projections have; the step is that of the interpreter of
the rate circuit (`sim.rate`), so that a statement about the step is one about the interpreter and about the chip,
whose spikes arrive a tick later. At a fixed point z is r, and only A summed over time constants matters.

Where units are pools of spiking neurons, r comes in whole neurons: up to `half_neuron` above 0 a pool is silent, and
as far below its ceiling it is full. The step above does not round to neurons; which states stand (`fixed_points`) is
decided with them.

The network of a large circuit holds its weights by their entries and is cut into connected blocks (`blocks`), whose
weights are full. What runs or solves a network needs it full, and so of bounded size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Bool, Float, Int, set_frozen
from neurocmc.common.matrices import (
    LEAST_SPARSE,
    FloatMatrix,
    entries,
    from_entries,
    full,
    is_sparse,
    set_frozen_matrix,
    sparse,
)
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.theory.steps import may_run_away, stepped

SETTLED = 1e-9  # largest change of a filter in a step, relative to the largest activity, at which a run has settled


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTheory:
    """The reason why a circuit has no linear-threshold network: theory says nothing about it."""

    reason: str


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
    weight: FloatMatrix  # (units, filters) drive per unit of a filter's output
    source: Int  # (filters,) the unit that each filter listens to
    tau_s: Float  # (filters,)
    channels: tuple[str, ...]  # of all inputs, "cue[0]"
    channel_drive: FloatMatrix  # (channels, units) what a value of 1 adds to the drive of each unit
    half_neuron: Float  # (units,) activity up to which a pool's first neuron stays silent; 0 where units are no pools

    def __post_init__(self) -> None:
        for field in ("gain", "threshold", "ceiling", "half_neuron"):
            set_frozen(self, field, np.float64, (len(self.units),))
        set_frozen_matrix(self, "weight", np.float64, (len(self.units), None))
        set_frozen_matrix(self, "channel_drive", np.float64, (len(self.channels), len(self.units)))
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
    def full_weight(self) -> Float:
        """(units, filters) all weights, for networks whose size is bounded."""
        return full(self.weight)

    @property
    def total_weight(self) -> Float:
        """(units, units) drive on each unit per unit of steady activity of each other."""
        return summed_by_source(self.full_weight, self.source)

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
        above = filters @ self.full_weight.T + drive - self.threshold
        return np.clip(self.gain * above, 0.0, self.ceiling)

    def step(self, filters: Float, drive: Float) -> Float:
        """Returns the filters (batch, filters) one step later."""
        keep = self.keep
        return keep * filters + (1.0 - keep) * self.rates(filters, drive)[:, self.source]

    def run(self, filters: Float, drive: Float, steps: int) -> Float:
        """Returns the filters (batch, filters) after so many steps under a constant drive."""
        # On the filters themselves: each row the drive of the unit that it listens to, times that unit's gain.
        weight = (self.gain[:, None] * self.full_weight)[self.source]
        constant = (self.gain * (drive - self.threshold))[..., self.source]
        constant = np.broadcast_to(constant, filters.shape)
        ceiling = self.ceiling[self.source, None]
        return stepped(weight, constant.T, self.keep[:, None], ceiling, filters.T, steps).T

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
            with may_run_away():
                after = self.step(before, drive[going])
                filters[going] = after
                scale = np.abs(after).max(axis=1, initial=0.0)
                moved = np.abs(after - before).max(axis=1, initial=0.0)
                settled[going] = moved <= tolerance * np.maximum(scale, 1e-9)
        return filters, settled


def summed_by_source(weight: Float, source: Int) -> Float:
    """Returns (..., units, units) weights: of (..., units, filters) those of filters that hear one unit, summed."""
    units = weight.shape[-2]
    if np.array_equal(source, np.arange(units)):
        return weight
    total, left = np.zeros((*weight.shape[:-1], units)), np.arange(source.size)
    while left.size:  # as often as a unit has filters
        unit, first = np.unique(source[left], return_index=True)
        total[..., unit] += weight[..., left[first]]
        left = np.delete(left, first)
    return total


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
    channels, channel_drive = _channels(circuit, first, sum(sizes))
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
        channels=channels,
        channel_drive=channel_drive,
        half_neuron=np.concatenate([(half_neuron or {}).get(p.name, np.zeros(p.size)) for p in circuit.populations]),
    )


def threshold_of(population: RatePopulation) -> Float:
    """Returns (units,) the drive u at which gain (u + bias - offset) reaches the floor."""
    return population.offset - population.bias + population.floor / population.gain


def _filters(circuit: RateCircuit, first: dict[str, int], units: int) -> tuple[FloatMatrix, Int, Float]:
    """One filter for each unit of each source and time constant, as the interpreter has them."""
    banks = dict.fromkeys((p.source, p.tau_s) for p in circuit.projections)
    column, sources, taus = 0, [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    start: dict[tuple[str, float], int] = {}
    for name, tau_s in banks:
        size = circuit.population(name).size
        start[name, tau_s] = column
        sources.append(first[name] + np.arange(size))
        taus.append(np.full(size, tau_s))
        column += size
    placed = [(p, first[p.target], start[p.source, p.tau_s]) for p in circuit.projections]
    return _placed(placed, (units, column)), np.concatenate(sources), np.concatenate(taus)


def _placed(parts: Sequence[tuple[RateProjection, int, int]], shape: tuple[int, int]) -> FloatMatrix:
    """The weights of projections, each from its row and column on, in one matrix."""
    if shape[0] * shape[1] < LEAST_SPARSE:
        whole = np.zeros(shape)
        for p, row, column in parts:
            rows, columns = p.weight.shape
            whole[row : row + rows, column : column + columns] += p.dc_gain * full(p.weight)
        return whole
    first, row, column = parts[0]
    weight = first.weight
    if len(parts) == 1 and is_sparse(weight):  # millions of entries are not copied more often than needed
        ends = np.concatenate([np.zeros(row, dtype=np.int64), weight.indptr])
        ends = np.append(ends, np.full(shape[0] - row - weight.shape[0], ends[-1]))
        return sparse((first.dc_gain * weight.data, weight.indices + column, ends), shape)
    held = [(entries(p.weight), p.dc_gain, row, column) for p, row, column in parts]
    return from_entries(
        np.concatenate([(found[0] + row).astype(np.int32) for found, _, row, _ in held]),
        np.concatenate([(found[1] + column).astype(np.int32) for found, _, _, column in held]),
        np.concatenate([gain * found[2] for found, gain, _, _ in held]),
        shape,
    )


def _channels(circuit: RateCircuit, first: dict[str, int], units: int) -> tuple[tuple[str, ...], FloatMatrix]:
    names = tuple(f"{entry.name}[{channel}]" for entry in circuit.inputs for channel in range(entry.channels))
    held = [entries(entry.weight) for entry in circuit.inputs]
    start = np.cumsum([0, *(entry.channels for entry in circuit.inputs)])
    none = np.zeros(0, dtype=np.int64)
    channel = np.concatenate([none, *(found[1] + at for found, at in zip(held, start, strict=False))])
    unit = np.concatenate([none, *(f[0] + first[e.target] for f, e in zip(held, circuit.inputs, strict=True))])
    value = np.concatenate([np.zeros(0), *(found[2] for found in held)])
    return names, from_entries(channel, unit, value, (len(names), units))
