"""Runs core networks: spikes that come in and what is kept, around the compiled loop.

Trials do not know of each other: a batch is shared out over threads trial by trial, and the cores of a single trial
are shared out in every tick. Results do not depend on either.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int, set_frozen
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.process import known_state
from neurocmc.ir.truenorth.cores import OUTPUT, CoreNetwork
from neurocmc.sim.checks import check_columns, check_range
from neurocmc.sim.events import by_trial
from neurocmc.sim.masked import LANES
from neurocmc.sim.trials import each_trial, usable_threads
from neurocmc.sim.truenorth.batch import FEWEST_TOGETHER, Together, can_run_together
from neurocmc.sim.truenorth.draws import trial_key
from neurocmc.sim.truenorth.kernel import Cores, Events, Int32, Records, State, step_trial
from neurocmc.sim.truenorth.records import CoreRecord, CoreRun, OutputSpikes
from neurocmc.sim.truenorth.shared import step_trial_shared
from neurocmc.sim.truenorth.tables import cores_of, padded_groups, state_of

CHUNK = 1 << 18  # spikes of the output bus that fit between two looks at what was recorded
FEWEST_SHARED = 1024  # cores of one trial that are worth more than one thread
LARGEST_TICKS = 2**31 - 1
LARGEST_SEED = 2**64 - 1
LARGEST_REGISTER = (1 << 30) - 1  # of threshold, noise mask and floor: two of them add up in 32 bits
POTENTIAL_BITS = (2, 30)
LARGEST_AXONS = 1 << 14  # whose weights of 16 bits and a potential add up in 32 bits
EVENT_FIELDS = ("trial", "tick", "core", "axon")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreInputSpikes:
    """Spikes from outside: in tick `tick` of trial `trial`, axon `axon` of core `core` carries one.

    The four arrays have one length and any order. An axon carries a spike or none: several that meet are one.

    Args:
        trial: (events,) from 0.
        tick: (events,) from 0.
        core: (events,) from 0.
        axon: (events,) from 0.

    Raises:
        InputError: Where the arrays differ in length or hold something else than whole numbers from 0.

    Example:
        >>> spikes = neurocmc.CoreInputSpikes(trial=[0, 0], tick=[0, 3], core=[0, 0], axon=[1, 1])
    """

    trial: Int | Int32  # (events,) and so are all
    tick: Int | Int32
    core: Int | Int32
    axon: Int | Int32

    def __post_init__(self) -> None:
        faults: list[Problem] = []
        cure = "give every spike a trial, tick, core and axon"
        for name, whole in check_columns(self, EVENT_FIELDS, "spikes", cure, faults).items():
            check_range(whole, f"spikes.{name}", (0, LARGEST_TICKS), faults)
        raise_input_problems(faults)
        for name in EVENT_FIELDS:
            set_frozen(self, name, np.int32, (None,))

    @classmethod
    def from_trains(cls, *trials: Mapping[tuple[int, int], Sequence[int]]) -> "CoreInputSpikes":
        """Makes the spikes of trains: for each axon, the ticks in which it carries one.

        Args:
            trials: One mapping a trial, from (core, axon) to ticks.

        Returns:
            The spikes of all trials.

        Example:
            >>> spikes = neurocmc.CoreInputSpikes.from_trains({(0, 1): [0, 3]})
        """
        rows = [
            (trial, tick, core, axon)
            for trial, trains in enumerate(trials)
            for (core, axon), ticks in trains.items()
            for tick in ticks
        ]
        columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
        return cls(**dict(zip(EVENT_FIELDS, columns, strict=True)))

    @classmethod
    def none(cls) -> "CoreInputSpikes":
        """Returns no spike at all."""
        return cls(**dict.fromkeys(EVENT_FIELDS, np.zeros(0, dtype=np.int64)))


@known_state()
def run_cores(
    network: CoreNetwork,
    spikes: CoreInputSpikes | None = None,
    ticks: int = 1000,
    *,
    batch: int = 1,
    seed: int = 0,
    record: CoreRecord | None = None,
    threads: int | None = 1,
    first_trial: int = 0,
    numbers: Sequence[int] | None = None,
) -> CoreRun:
    """Steps a network through `ticks` ticks, for each trial of a batch; tick 0 is the first.

    The equations of a tick are those of `CoreNetwork`; V saturates at the ends of its register after the tick's
    integration and again after the leak. All random numbers follow from `seed`, trial, tick, core and place
    (`sim.truenorth.draws`).

    Args:
        network: The cores.
        spikes: What comes in from outside. None is nothing.
        ticks: How many to step.
        batch: How many trials.
        seed: Of all random numbers, 0 to 2^64 - 1.
        record: What is kept. None keeps the spikes of the output bus.
        threads: How many the trials of a batch, or the cores of a single trial, are shared out over. None takes all
            that the process may use; results do not depend on it.
        first_trial: The number of the first trial, for random numbers: so a part of a batch draws what it would draw
            in the whole.
        numbers: The number of each trial, for random numbers. None counts on from `first_trial`.

    Returns:
        A CoreRun with what `record` names, and the sums of spikes, synaptic events and saturations of each trial.

    Raises:
        InputError: With all that is wrong.

    Example:
        >>> cores = neurocmc.CoreBuilder(axons=1, neurons=1)
        >>> neuron = cores.add_neuron(cores.add_core(), weight=[0], threshold=6, leak=2)
        >>> line = cores.put_out(neuron)
        >>> neurocmc.run_cores(cores.network(), ticks=12).outputs.tick.tolist()
        [2, 5, 8, 11]
    """
    wanted = record or CoreRecord()
    given = spikes or CoreInputSpikes.none()
    faults = list(network.problems()) or list(_limits(network))
    check_range(np.asarray(ticks), "ticks", (0, LARGEST_TICKS), faults, "give a number of ticks")
    check_range(np.asarray(batch), "batch", (1, LARGEST_TICKS), faults, "give a number of trials")
    check_range(np.asarray(first_trial), "first_trial", (0, LARGEST_TICKS), faults, "give a number of trials")
    if numbers is not None:
        check_range(np.asarray(numbers), "numbers", (0, LARGEST_TICKS), faults, "give the number of each trial")
        if len(numbers) != batch:
            what = f"{len(numbers)} of them, for {batch} trials"
            faults.append(Problem("array-shape", "numbers", what, "give one for each trial"))
    if not 0 <= seed <= LARGEST_SEED:
        faults.append(
            Problem("seed-out-of-range", "seed", f"{seed} is not in 0 to {LARGEST_SEED}", "give a number of 64 bits")
        )
    if threads is not None:
        check_range(np.asarray(threads), "threads", (1, 1024), faults, "give 1 or more, or None for all cores")
    bounds = {"trial": batch, "tick": ticks, "core": network.cores, "axon": network.axons}
    for name, count in bounds.items():
        check_range(getattr(given, name), f"spikes.{name}", (0, count - 1), faults)
    faults += wanted.problems(network)
    raise_input_problems(faults)
    events = [Events(*part) for part in by_trial(given.trial, given.tick, (given.core, given.axon), batch)]
    named = range(first_trial, first_trial + batch) if numbers is None else [int(number) for number in numbers]
    job = _Job(network, cores_of(network), events, ticks, batch, seed, wanted, threads, named)
    return job.result(job.run_all())


def _limits(network: CoreNetwork) -> Iterable[Problem]:
    """What the loop's 32-bit arithmetic cannot hold, and registers that a potential cannot have."""
    low, high = POTENTIAL_BITS
    bits = network.potential_bits
    if not low <= bits <= high:
        yield Problem("number-out-of-range", "network", f"potential_bits is {bits}", f"use {low} to {high}")
        return
    faults: list[Problem] = []
    ends = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    for name in ("threshold", "noise_mask", "floor"):
        check_range(getattr(network, name), name, (0, LARGEST_REGISTER), faults)
    for name in ("potential", "reset_potential"):
        check_range(getattr(network, name), name, ends, faults, f"V has {bits} bits, signed")
    check_range(np.asarray(network.axons), "axons", (1, LARGEST_AXONS), faults, "spread them over more cores")
    check_range(np.asarray(network.neurons), "neurons", (1, 1 << 20), faults, "spread them over more cores")
    yield from faults


@dataclass(slots=True, eq=False)
class _Job:
    """One call of `run_cores`: what all trials share, and the arrays into which each writes its own part."""

    network: CoreNetwork
    cores: Cores
    events: list[Events]  # by trial
    ticks: int
    batch: int
    seed: int
    wanted: CoreRecord
    threads: int | None
    numbers: Sequence[int]  # by trial
    groups: NDArray[np.int32] = field(init=False)  # (C, P), or (0, 0)
    places: dict[str, NDArray[np.int32]] = field(init=False)  # (chosen, 2) whose spikes and potentials are kept
    counts: NDArray[np.uint16] = field(init=False)
    neuron_totals: NDArray[np.int64] = field(init=False)
    spikes: NDArray[np.uint8] = field(init=False)
    potentials: NDArray[np.int32] = field(init=False)
    totals: NDArray[np.int64] = field(init=False)  # (batch, 3) spikes, synaptic events, saturations

    def __post_init__(self) -> None:
        wanted, network = self.wanted, self.network
        none = np.zeros((0, 0), dtype=np.int32)
        self.groups = none if wanted.group is None else padded_groups(np.asarray(wanted.group, dtype=np.int32))
        self.places = {name: wanted.places(name, network) for name in ("spikes", "potentials")}
        shape = (self.batch, self.ticks)
        self.counts = np.zeros((*shape, int(self.groups.max(initial=-1)) + 1), dtype=np.uint16)
        self.spikes = np.empty((*shape, len(self.places["spikes"])), dtype=np.uint8)
        self.potentials = np.empty((*shape, len(self.places["potentials"])), dtype=np.int32)
        padded = self.cores.threshold.shape if wanted.neuron_totals else (0, 0)
        self.neuron_totals = np.zeros((self.batch, *padded), dtype=np.int64)
        self.totals = np.zeros((self.batch, 3), dtype=np.int64)

    def run_all(self) -> list[list[NDArray[np.int32]]]:
        """Steps all trials, many together where that is cheaper; the output spikes of each, as `run` has them."""
        if self.batch < FEWEST_TOGETHER or not can_run_together(self.network, self.wanted):
            return each_trial(self.run, self.batch, self.threads)
        together = Together.of(
            self.network,
            np.asarray(-1 if self.wanted.group is None else self.wanted.group, dtype=np.int32),
            self.places["spikes"],
            outputs=self.wanted.outputs,
            ticks=self.ticks,
            seed=self.seed,
        )
        firsts = range(0, self.batch, LANES)

        def step(index: int) -> list[list[NDArray[np.int32]]]:
            part = slice(firsts[index], firsts[index] + LANES)
            arrays = (self.counts[part], self.spikes[part], self.totals[part])
            return together.run(firsts[index], self.numbers[part], self.events[part], *arrays)

        return [train for trains in each_trial(step, len(firsts), self.threads) for train in trains]

    def run(self, trial: int) -> list[NDArray[np.int32]]:
        """Steps one trial; its output spikes as (3, spikes) trial, tick, line, chunk by chunk."""
        state = state_of(self.network)
        on_bus = int((self.network.target_core == OUTPUT).sum()) if self.wanted.outputs else 0
        chunk = max(1, CHUNK // max(on_bus, self.network.cores))
        room = min(chunk, self.ticks) * on_bus
        out_tick, out_line = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
        outputs: list[NDArray[np.int32]] = []
        event = 0
        for first in range(0, self.ticks, chunk):
            part = slice(first, min(first + chunk, self.ticks))
            records = Records(
                self.groups,
                self.counts[trial, part],
                self.neuron_totals[trial],
                self.places["spikes"],
                self.spikes[trial, part],
                self.places["potentials"],
                self.potentials[trial, part],
                out_tick,
                out_line,
            )
            event, found = self.step(first, part.stop - first, trial, state, event, records)
            order = np.lexsort((out_line[:found], out_tick[:found]))
            outputs.append(
                np.stack([np.full(found, trial, np.int32), out_tick[:found][order], out_line[:found][order]])
            )
        self.totals[trial] = state.spikes.sum(), state.synaptic.sum(), state.saturated.sum()
        return outputs

    def step(self, first: int, ticks: int, trial: int, state: State, event: int, records: Records) -> tuple[int, int]:
        """Steps some ticks of one trial; returns the next event's index, and how many output spikes there were."""
        key, rest = (
            trial_key(self.seed, self.numbers[trial]),
            (self.cores, state, self.events[trial], event, records),
        )
        threads = min(usable_threads(self.threads), self.network.cores)
        if self.batch > 1 or threads == 1 or self.network.cores < FEWEST_SHARED:
            return step_trial(first, ticks, np.uint64(key), *rest)
        return step_trial_shared(first, ticks, key, *rest, threads)

    def result(self, outputs: list[list[NDArray[np.int32]]]) -> CoreRun:
        kept: dict[str, Any] = {}
        if self.wanted.outputs:
            none = np.zeros((3, 0), dtype=np.int32)
            spikes = np.concatenate([none, *(part for parts in outputs for part in parts)], axis=1)
            spikes.setflags(write=False)
            trial, tick, line = spikes
            kept["outputs"] = OutputSpikes(trial=trial, tick=tick, line=line)
        if self.places["spikes"].size:
            kept["spikes"] = self.spikes.view(np.bool_)
        if self.places["potentials"].size:
            kept["potentials"] = self.potentials
        if self.wanted.group is not None:
            kept["counts"] = self.counts
        if self.wanted.neuron_totals:
            kept["neuron_totals"] = self.neuron_totals[:, :, : self.network.neurons]
        for value in (self.totals, *kept.values()):
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        fired, synaptic, saturations = self.totals.T
        return CoreRun(
            batch=self.batch,
            ticks=self.ticks,
            spikes_total=fired,
            synaptic_events=synaptic,
            saturations=saturations,
            recorded=kept,
        )
