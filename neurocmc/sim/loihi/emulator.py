"""Steps an IntegerNetwork as Loihi-like chips do, bit for bit, at the cost of its populations.

All neurons of a unit receive the same spikes through the same weights, so they hold the same current u at every
tick: u is kept once a unit, and a projection costs one multiplication per pair of connected *units* of which the
sender fired. Only the voltage is a neuron's own. The readable twin that expands
everything to single neurons is `sim.loihi.reference`; tests hold the two, and Lava itself, equal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import in_row
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.loihi.host import encode, host_mantissas
from neurocmc.sim.loihi.kernel import Pools, Scratch, Share, State, Weights, step_trial
from neurocmc.sim.loihi.shared import step_trial_shared
from neurocmc.sim.loihi.tables import pools_of, shares_of, weights_of
from neurocmc.sim.rasters import Raster
from neurocmc.sim.recording import recording
from neurocmc.sim.trials import each_trial, usable_threads

CHUNK = 1 << 22  # neurons times ticks of a trial that are stepped before their spikes are fetched
FEWEST_SHARED = 1 << 18  # neurons from which on threads share a trial, instead of taking one each


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmulatorRun:
    """Registers and spikes of a run; units and neurons stand in one row, population by population, unit by unit."""

    counts: NDArray[np.int32]  # (batch, ticks, units) spikes of each pool
    spikes: NDArray[np.uint8]  # (batch, ticks, neurons), or (0, 0, 0) if not recorded
    u: NDArray[np.int32]  # (batch, ticks, units), or (0, 0, 0) if not recorded
    v: NDArray[np.int32]  # (batch, ticks, neurons), or (0, 0, 0) if not recorded
    wraps: NDArray[np.int64]  # (units,) how often a current left its register, over all trials


def simulate_emulator(network: IntegerNetwork, stimulus: Stimulus, *, record_spikes: bool = False) -> Recording:
    """Runs a network on all trials of a stimulus, and decodes the activity of every population.

    Args:
        network: The integer network.
        stimulus: The stimulus, with a value for each of its inputs.
        record_spikes: Whether every spike is recorded.

    Returns:
        A Recording of level "emulator": activity (batch, ticks, units) in units of the rate circuit, and spike
        counts.

    Raises:
        InputError: Where the stimulus does not fit the network's inputs.
        InfeasibleError: Where it drives a current out of its register: what follows a wrap means nothing.

    Example:
        >>> from neurocmc.sim.loihi.emulator import simulate_emulator
        >>> artifact = neurocmc.pipeline.artifact.open_artifact("build/two-state")
        >>> simulate_emulator(artifact.built.integer, artifact.stimuli.test[0]).level
        'emulator'
    """
    job = _Job(network, encode(network, stimulus), stimulus.batch, stimulus.ticks(network.tick_s))
    spikes = None
    if record_spikes:
        spikes = Raster.empty(stimulus.batch, job.ticks, job.pools.bias.size)
        each_trial(lambda trial: job.step_spikes(trial, spikes), stimulus.batch, job.trials_at_once)
    else:
        each_trial(job.step, stimulus.batch, job.trials_at_once)
    run = job.result()
    raise_infeasible(_wrapped(network, stimulus, run))
    return recording(
        network.populations,
        run.counts,
        spikes,
        level="emulator",
        stimulus=stimulus.name,
        tick_s=network.tick_s,
    )


def emulate(
    network: IntegerNetwork,
    values: Mapping[str, NDArray[np.int32]],
    batch: int,
    ticks: int,
    *,
    record_spikes: bool = False,
    record_state: bool = False,
    threads: int | None = None,
) -> EmulatorRun:
    """Steps a network on host values, and returns its registers as they are.

    Args:
        network: The integer network.
        values: Input name -> (batch, ticks, units) values, as `encode` makes them.
        batch: How many trials.
        ticks: How many to step.
        record_spikes: Whether every spike is recorded.
        record_state: Whether u and v are recorded after each tick, in LSB.
        threads: How many the trials, or the pools of a large network, are shared out over. None takes one for each
            core that the process may use; results do not depend on it.

    Returns:
        Spike counts of each pool, what was recorded, and how often a current left its register.

    Example:
        >>> from neurocmc.sim.loihi.emulator import emulate
        >>> from neurocmc.sim.loihi.host import encode
        >>> artifact = neurocmc.pipeline.artifact.open_artifact("build/two-state")
        >>> network, stimulus = artifact.built.integer, artifact.stimuli.test[0]
        >>> run = emulate(network, encode(network, stimulus), stimulus.batch, stimulus.ticks(network.tick_s))
    """
    job = _Job(network, values, batch, ticks, record_spikes, record_state, threads)
    each_trial(job.step, batch, job.trials_at_once)
    return job.result()


def _wrapped(network: IntegerNetwork, stimulus: Stimulus, run: EmulatorRun) -> Iterable[Problem]:
    """Populations whose currents left their register."""
    for population in network.populations:
        start = network.first_unit()[population.name]
        if wraps := int(run.wraps[start : start + population.units].sum()):
            yield Problem(
                "current-wraps",
                f"stimulus {stimulus.name}, population {population.name}",
                f"its current leaves the {network.rule.current_bits}-bit register {wraps:,} times and wraps",
                "compile with a calibration stimulus that covers this drive, or scale the drive down",
            )


@dataclass(slots=True, eq=False)
class _Job:
    """One run: what all trials share, and the arrays into which each writes its own part."""

    network: IntegerNetwork
    values: Mapping[str, NDArray[np.int32]]
    batch: int
    ticks: int
    record_spikes: bool = False
    record_state: bool = False
    threads: int | None = None
    pools: Pools = field(init=False)
    weights: Weights = field(init=False)
    shares: list[Share] = field(init=False)  # more than one where threads share a trial
    counts: NDArray[np.int32] = field(init=False)
    spikes: NDArray[np.uint8] = field(init=False)
    u: NDArray[np.int32] = field(init=False)
    v: NDArray[np.int32] = field(init=False)
    wraps: NDArray[np.int64] = field(init=False)  # (batch, units)

    def __post_init__(self) -> None:
        self.pools, self.weights = pools_of(self.network), weights_of(self.network)
        units, neurons = self.pools.keep_u.size, self.pools.bias.size
        threads = usable_threads(self.threads) if neurons >= FEWEST_SHARED else 1
        self.shares = shares_of(self.network, self.pools, self.weights, threads)
        none = (self.batch, 0, 0)
        self.counts = np.zeros((self.batch, self.ticks, units), dtype=np.int32)
        self.spikes = np.zeros((self.batch, self.ticks, neurons) if self.record_spikes else none, dtype=np.uint8)
        self.u = np.zeros((self.batch, self.ticks, units) if self.record_state else none, dtype=np.int32)
        self.v = np.zeros((self.batch, self.ticks, neurons) if self.record_state else none, dtype=np.int32)
        self.wraps = np.zeros((self.batch, units), dtype=np.int64)

    def step(self, trial: int) -> None:
        """Steps one trial, into the arrays of the job."""
        state, scratches = self._state(trial), self._scratches()
        chunk = max(1, CHUNK // max(1, self.pools.keep_u.size))  # whose host values are made at once
        for start in range(0, self.ticks, chunk):
            part = slice(start, min(start + chunk, self.ticks))
            self._advance(trial, state, scratches, part, self.spikes[trial, part])

    def step_spikes(self, trial: int, spikes: Raster) -> None:
        """Steps one trial and keeps its spikes as bits, chunk by chunk so that no flags of all ticks are held."""
        state, scratches, neurons = self._state(trial), self._scratches(), self.pools.bias.size
        chunk = max(1, CHUNK // max(1, neurons))
        raster = np.zeros((min(chunk, self.ticks), neurons), dtype=np.uint8)
        for start in range(0, self.ticks, chunk):
            part = slice(start, min(start + chunk, self.ticks))
            here = raster[: part.stop - start]
            self._advance(trial, state, scratches, part, here)
            spikes.keep(trial, part, here)

    def _state(self, trial: int) -> State:
        units, populations = self.pools.keep_u.size, self.network.populations
        return State(
            u=in_row(p.u_initial for p in populations),
            v=in_row(p.v_initial for p in populations).astype(np.int32),
            drive=np.zeros(self.pools.bias.size, dtype=np.int32),
            ring=np.zeros((int(self.weights.delay.max(initial=0)) + 1, units), dtype=np.int64),
            flags=np.zeros(self.pools.bias.size, dtype=np.uint8),
            wraps=self.wraps[trial],
        )

    def _scratches(self) -> list[Scratch]:
        units, dtype = self.pools.keep_u.size, self.weights.mantissa.dtype
        return [
            Scratch(
                total=np.zeros(units, dtype=dtype),
                sender=np.zeros(units, dtype=np.int64),
                row=np.zeros(units, dtype=np.int64),
                times=np.zeros(units, dtype=dtype),
            )
            for _ in self.shares
        ]

    def _advance(
        self, trial: int, state: State, scratches: list[Scratch], part: slice, spikes: NDArray[np.uint8]
    ) -> None:
        first, host = part.start, host_mantissas(self.network, self.values, trial, part)
        records = (self.counts[trial, part], spikes, self.u[trial, part], self.v[trial, part])
        if len(self.shares) == 1:
            step_trial(first, host, self.shares[0], state, self.pools, self.weights, scratches[0], *records)
        else:
            step_trial_shared(first, host, self.shares, state, self.pools, self.weights, scratches, *records)

    @property
    def trials_at_once(self) -> int | None:
        """How many threads take a trial each."""
        return self.threads if len(self.shares) == 1 else 1

    def result(self) -> EmulatorRun:
        def kept(array: NDArray[Any], *, wanted: bool) -> NDArray[Any]:
            return array if wanted else np.zeros((0, 0, 0), dtype=array.dtype)

        return EmulatorRun(
            counts=self.counts,
            spikes=kept(self.spikes, wanted=self.record_spikes),
            u=kept(self.u, wanted=self.record_state),
            v=kept(self.v, wanted=self.record_state),
            wraps=self.wraps.sum(axis=0),
        )
