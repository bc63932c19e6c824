"""Draws pools of LIF neurons with faults from a seed, and runs them in real numbers, every cell for itself.

What Brian2 computes for a pool is computed here for each of its cells, in the same order of operations, so that
without a fault the spikes are Brian2's, which tests hold. A fault changes what one cell receives, or when it fires:
the sum that its pool receives is multiplied by a factor of the cell, and what single synapses lack or have too much
is added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocmc.common.arrays import Bool, Float
from neurocmc.common.errors import raise_input_problems
from neurocmc.common.matrices import any_entry, entries
from neurocmc.ir.host_start import started
from neurocmc.ir.rate import RateInput
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingInput, SpikingNetwork, SpikingPopulation, SpikingProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.brian2_equations import initial_currents, keep_factor
from neurocmc.sim.faults import factors, stream
from neurocmc.sim.recording import recording

KINDS = ("threshold", "weight", "synapse", "dropped", "dead", "current", "spikes")
THRESHOLD = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaultyPools:
    """Pools with faults; arrays are of the cells of a population, unit by unit."""

    network: SpikingNetwork
    seed: int
    threshold: Mapping[str, Float]  # population -> (cells,)
    gain: Mapping[str, Float]  # population -> (cells,) on all that a cell receives
    alive: Mapping[str, Bool]  # population -> (cells,)
    more: Mapping[str, sparse.csr_matrix]  # projection -> (target cells, source cells) that synapses lack or add
    share: Mapping[str, Float]  # input -> (target cells,) of the drive that reaches a cell
    noise: float = 0.0  # standard deviation of the noise in each cell's current, in thresholds
    background: float = 0.0  # probability of a background spike for each cell and tick


def draw_pools(network: SpikingNetwork, kind: str, level: float, seed: int) -> FaultyPools:
    """Draws pools with faults of one kind at one level.

    Args:
        network: The pools.
        kind: One of `KINDS`. `threshold`, `weight` and `synapse` are relative standard deviations, of each cell's
            threshold, of one factor on all that a cell receives, and of each synapse by itself, drives from outside
            included; `dropped` and `dead` are shares of synapses and of cells; `current` is the standard deviation of
            the noise in a cell's current, in thresholds; `spikes` the probability of a background spike for each cell
            and tick, sent through synapses like the cell's own.
        level: Of the fault, 0 to 1; at 0 nothing is changed.
        seed: Of the faults, and of noise.

    Returns:
        The pools of that seed.
    """
    if kind not in KINDS:
        raise ValueError(f"pools have no fault {kind}")
    own = stream(seed, kind)
    cells = {p.name: p.units * p.neurons for p in network.populations}
    ones = {name: np.ones(count) for name, count in cells.items()}
    mismatch = kind in ("threshold", "weight")
    drawn = {name: factors(level, count, own) for name, count in cells.items()} if mismatch else ones
    alive = {name: own.random(n) >= level if kind == "dead" else np.ones(n, np.bool_) for name, n in cells.items()}
    single = kind in ("synapse", "dropped") and level > 0.0
    return FaultyPools(
        network=network,
        seed=seed,
        threshold=drawn if kind == "threshold" else ones,
        gain=drawn if kind == "weight" else ones,
        alive=alive,
        more={p.name: _more(network, p, kind, level, own) for p in network.projections} if single else {},
        share={e.name: _each(kind, level, (cells[e.target],), own) for e in network.inputs} if single else {},
        noise=level if kind == "current" else 0.0,
        background=level if kind == "spikes" else 0.0,
    )


def _each(kind: str, level: float, shape: tuple[int, ...], own: np.random.Generator) -> Float:
    """A factor for each synapse."""
    return factors(level, shape, own) if kind == "synapse" else (own.random(shape) >= level).astype(np.float64)


def _more(
    network: SpikingNetwork, p: SpikingProjection, kind: str, level: float, own: np.random.Generator
) -> sparse.csr_matrix:
    """(target cells, source cells) by which the weights of a projection differ from what they should be."""
    source, target = network.population(p.source), network.population(p.target)
    row, column, held = entries(p.weight)
    # Every cell of a sending unit reaches every cell of a target unit.
    to, of, weight = np.broadcast_arrays(
        (row * target.neurons)[:, None, None] + np.arange(target.neurons)[:, None],
        (column * source.neurons)[:, None, None] + np.arange(source.neurons),
        held[:, None, None],
    )
    differs = (weight * (_each(kind, level, weight.shape, own) - 1.0)).ravel()
    shape = (target.units * target.neurons, source.units * source.neurons)
    return sparse.csr_matrix((differs, (to.ravel(), of.ravel())), shape=shape)


def simulate_faulty_pools(faulty: FaultyPools, stimulus: Stimulus, trials: Sequence[int]) -> Recording:
    """Runs some trials of a stimulus on pools with faults, and decodes them as `simulate_brian2` does.

    Args:
        faulty: The pools.
        stimulus: All trials.
        trials: Those that are run; a trial draws the same noise whichever others are.

    Returns:
        A Recording of level "brian2": activity (trials, ticks, units) of every population, and spike counts.

    Raises:
        InputError: Where the stimulus does not fit the inputs.
    """
    network = faulty.network
    inputs = [RateInput(name=e.name, target=e.target, weight=e.weight) for e in network.inputs if not e.start]
    raise_input_problems((*network.problems(), *stimulus.problems(inputs)))
    part = started(stimulus.take(np.asarray(trials, dtype=np.int64)), network.inputs, network.tick_s)
    run = _Run(faulty, part, [int(trial) for trial in trials])
    counts = np.concatenate([run.counted[p.name] for p in network.populations], axis=2)
    return recording(network.populations, counts, None, level="brian2", stimulus=stimulus.name, tick_s=network.tick_s)


class _Run:
    """Some trials on their way through time; `counted` is (trials, ticks, units) spikes of every population."""

    def __init__(self, faulty: FaultyPools, stimulus: Stimulus, numbers: list[int]) -> None:
        network = faulty.network
        self.faulty, self.batch, self.ticks = faulty, stimulus.batch, stimulus.ticks(network.tick_s)
        self.fired = {  # by cell: what synapses of single cells ask for
            p.name: np.zeros((self.batch, self.ticks, p.units * p.neurons), dtype=np.bool_)
            for p in network.populations
            if faulty.more
        }
        self.counted = {
            p.name: np.zeros((self.batch, self.ticks, p.units), dtype=np.int32) for p in network.populations
        }
        self.sent = self._background(numbers) if faulty.background else self.counted
        cells = [_Cells(p, faulty, stimulus, numbers) for p in network.populations]
        for tick in range(self.ticks):
            for each in cells:  # all that arrives has been fired in ticks before this one
                each.receive(tick, self)
            for each in cells:
                fired = each.step(tick)
                name, pool = each.name, each.pool
                self.counted[name][:, tick] = fired.reshape(self.batch, pool.units, pool.neurons).sum(axis=2)
                if self.sent is not self.counted:
                    self.sent[name][:, tick] += self.counted[name][:, tick]
                if name in self.fired:
                    self.fired[name][:, tick] = fired

    def _background(self, numbers: list[int]) -> dict[str, NDArray[np.int32]]:
        """(trials, ticks, units) spikes of cells beside the cells of every pool."""
        populations = self.faulty.network.populations
        drawn = {p.name: np.zeros((self.batch, self.ticks, p.units), dtype=np.int32) for p in populations}
        for index, trial in enumerate(numbers):
            own = stream(self.faulty.seed, "spikes", trial)
            for p in populations:
                raster = own.random((self.ticks, p.units, p.neurons)) < self.faulty.background
                drawn[p.name][index] = raster.sum(axis=2)
        return drawn


class _Cells:
    """The cells of a population in all trials; state is (trials, cells)."""

    def __init__(self, pool: SpikingPopulation, faulty: FaultyPools, stimulus: Stimulus, numbers: list[int]) -> None:
        from neurocmc.sim.brian2_lif import weighted_drive  # Brian2 takes seconds to import

        network, batch = faulty.network, stimulus.batch
        self.name, self.pool, self.faulty, self.batch = pool.name, pool, faulty, batch
        cells = pool.units * pool.neurons
        self.v = np.tile(pool.v_initial.ravel(), (batch, 1))
        self.keep_v = keep_factor(pool.tau_mem_s, network.tick_s) if pool.tau_mem_s > 0 else 0.0
        self.synapses = [_Synapses(p, network, batch) for p in network.projections if p.target == pool.name]
        self.drives = [
            _Drive(e, weighted_drive(e, stimulus, network.tick_s).reshape(-1, batch, pool.units), network.tick_s)
            for e in network.inputs
            if e.target == pool.name
        ]
        self.current = np.zeros((batch, cells))
        slowest = max((p.tau_s for p in network.projections if p.target == pool.name), default=0.0)
        self.keep_noise = keep_factor(slowest, network.tick_s)
        self.noise = np.zeros((batch, cells))
        place = [p.name for p in network.populations].index(pool.name)
        self.draws = [stream(faulty.seed, "current", trial, place) for trial in numbers]

    def receive(self, tick: int, run: _Run) -> None:
        """Takes in what arrives in a tick, term by term as Brian2 adds it up."""
        faulty, neurons = self.faulty, self.pool.neurons
        gain, terms = faulty.gain[self.name], list[Float]()
        for synapses in self.synapses:
            received = np.repeat(synapses.arriving(tick, run.sent), neurons, axis=1) * gain
            if synapses.name in faulty.more:
                received = received + synapses.arriving_more(tick, run.fired, faulty.more[synapses.name])
            terms.append(synapses.filtered(received))
        for drive in self.drives:
            share = faulty.share.get(drive.name, gain)
            terms.append(np.repeat(drive.at(tick), neurons, axis=1) * share)
        current = np.zeros_like(self.v)
        for index, term in enumerate(terms):
            current = term if index == 0 else current + term
        for drive in self.drives:
            drive.move_on(tick)
        if faulty.noise:
            white = np.stack([own.standard_normal(self.v.shape[1]) for own in self.draws])
            self.noise = self.noise * self.keep_noise + faulty.noise * np.sqrt(1.0 - self.keep_noise**2) * white
            current = current + self.noise
        self.current = current

    def step(self, tick: int) -> Bool:
        """Steps all cells by a tick, and returns which fired."""
        leaky = self.pool.tau_mem_s > 0
        bias = self.pool.bias.ravel()
        self.v = (self.v * self.keep_v + self.current if leaky else self.current) + bias
        over = self.v > self.faulty.threshold[self.name] * THRESHOLD
        self.v = np.where(over, 0.0, self.v)
        return over & self.faulty.alive[self.name]


class _Synapses:
    """The filters of a projection in all trials."""

    def __init__(self, projection: SpikingProjection, network: SpikingNetwork, batch: int) -> None:
        self.name, self.projection, self.batch = projection.name, projection, batch
        target = network.population(projection.target)
        self.row, self.column, self.held = entries(projection.weight)
        self.units = target.units
        self.index = (np.arange(batch)[:, None] * target.units + self.row).ravel()
        self.keep = keep_factor(projection.tau_s, network.tick_s)
        starts = initial_currents(projection, network.tick_s) if any_entry(projection.weight) else {}
        cells = (batch, target.units * target.neurons)

        def start(state: str) -> Float:
            value = np.repeat(starts[state], target.neurons) if state in starts else np.zeros(cells[1])
            return np.broadcast_to(value, cells).copy()

        self.current, self.first = start("I_via"), start("first")

    def _late(self, tick: int, sent: NDArray[np.int32] | NDArray[np.bool_]) -> Float:
        """(batch, senders) spikes that arrive in a tick, those of each tap by its share."""
        projection = self.projection
        parts = [
            (tap.share, sent[:, emitted]) if (emitted := tick - 1 - tap.delay_ticks) >= 0 else (tap.share, None)
            for tap in projection.arrivals
        ]
        none = np.zeros((self.batch, sent.shape[2]))
        if not projection.taps:
            return none if parts[0][1] is None else parts[0][1].astype(np.float64)
        total = none
        for index, (share, spikes) in enumerate(parts):
            own = none if spikes is None else share * spikes.astype(np.float64)
            total = own if index == 0 else total + own
        return total

    def arriving(self, tick: int, sent: Mapping[str, NDArray[np.int32]]) -> Float:
        """(batch, target units) what pools receive, summed in the order of Brian2's synapses."""
        counts = self._late(tick, sent[self.projection.source])
        weights = (self.held * counts[:, self.column]).ravel()
        sums: Float = np.bincount(self.index, weights, self.batch * self.units).astype(np.float64)
        return sums.reshape(self.batch, self.units)

    def arriving_more(
        self, tick: int, fired: Mapping[str, NDArray[np.bool_]], more: sparse.csr_matrix
    ) -> NDArray[np.float64]:
        """(batch, target cells) what single synapses add, each entry by itself: no trial rounds otherwise."""
        spikes = self._late(tick, fired[self.projection.source])
        return np.asarray(more @ np.ascontiguousarray(spikes.T)).T

    def filtered(self, received: Float) -> Float:
        """Moves the filters on, and returns the current."""
        if self.projection.order == 1:
            self.current = self.current * self.keep + received
        else:
            self.current = self.current * self.keep + (1 - self.keep) * self.first
            self.first = self.first * self.keep + received
        return self.current


class _Drive:
    """A drive from the host: as it is, or behind its filter from the next tick on; (batch, units)."""

    def __init__(self, entry: SpikingInput, values: Float, tick_s: float) -> None:
        self.name, self.entry, self.values = entry.name, entry, values
        self.keep = keep_factor(entry.tau_s, tick_s)
        self.current, self.first = np.zeros(values.shape[1:]), np.zeros(values.shape[1:])

    def at(self, tick: int) -> Float:
        """What acts in a tick."""
        return self.current if self.entry.tau_s > 0 else self.values[tick]

    def move_on(self, tick: int) -> None:
        """Lets the filter take in the drive of a tick."""
        value, keep = self.values[tick], self.keep
        if self.entry.tau_s > 0 and self.entry.order == 1:
            self.current = self.current * keep + (1 - keep) * value
        elif self.entry.tau_s > 0:
            self.current = self.current * keep + (1 - keep) * self.first
            self.first = self.first * keep + (1 - keep) * value
