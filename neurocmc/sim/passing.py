"""Runs a placed program with its spikes on their way: a chip steps, its spikes are sent, and what is late acts later.

What steps is of one family (`sim.loihi.late`, `sim.truenorth.late`); how spikes go along the mesh, and what is
counted of them, is the same for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.ir.recording import Recording
from neurocmc.sim.mesh import PS_PER_NS, SpikeMesh
from neurocmc.sim.transit import (
    APART,
    BEYOND,
    BINS,
    FLIPPED,
    HOPS,
    INTERVALS,
    LATE,
    LATENCY,
    LONGEST,
    LONGEST_WAIT,
    MOST_HOPS,
    MOVED,
    NEIGHBOURS,
    PARTS,
    SENT,
    WAITED,
    Busy,
    Messages,
    Tally,
    Way,
    Wires,
    pass_tick,
)
from neurocmc.sim.trials import each_trial

PS_PER_US = 1000 * PS_PER_NS
LARGEST = (LONGEST, LONGEST_WAIT)  # of the totals, those that are a maximum and no sum


class Chip(Protocol):
    """The chip in one trial, stepped tick by tick."""

    @property
    def work(self) -> Int: ...  # (cores,) ps that cores spent on synapses in this tick, between their neurons

    def step(self, tick: int) -> NDArray[np.uint8]:
        """Steps all neurons by a tick; returns which of them fired."""
        ...

    def deliver(self, tick: int, axon: Int, late: Int) -> None:
        """Lets a spike on each of these axons act as many ticks later than usual as it is late."""
        ...


class CountedChip(Chip, Protocol):
    """A chip that counts the spikes of its pools."""

    @property
    def counts(self) -> NDArray[np.int32]: ...  # (ticks, units)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traffic:
    """The messages of a run, over all its trials.

    `totals` counts what `sim.transit` names; `link` (routers, 4) and `into` (cores,) are messages, `histogram`
    (hops, bins) too; `done_ps` (trials, ticks) is when the last of each tick was in, from its beginning.
    """

    mesh: SpikeMesh
    tick_ps: int  # 0: a tick lasts until its last message is in
    totals: Int
    link: Int
    into: Int
    histogram: Int
    done_ps: Int

    def __post_init__(self) -> None:
        for name, shape in (("totals", (None,)), ("link", (None, 4)), ("into", (None,)), ("histogram", (None, None))):
            set_frozen(self, name, np.int64, shape)
        set_frozen(self, "done_ps", np.int64, (None, None))

    @property
    def messages(self) -> int:
        return int(self.totals[SENT])

    @property
    def messages_per_tick(self) -> float:
        return self.messages / max(self.done_ps.size, 1)

    @property
    def hops(self) -> float:
        """Hops of a message, in the mean."""
        return _share(self.totals[HOPS], self.totals[SENT])

    @property
    def latency_ns(self) -> float:
        """From the update of its neuron until a message is taken in, in the mean."""
        return _share(self.totals[LATENCY], self.totals[SENT]) / PS_PER_NS

    @property
    def longest_latency_ns(self) -> float:
        return int(self.totals[LONGEST]) / PS_PER_NS

    @property
    def wait_ns(self) -> float:
        """Of the latency, what a message waits in queues, in the mean."""
        return _share(self.totals[WAITED], self.totals[SENT]) / PS_PER_NS

    @property
    def longest_wait_ns(self) -> float:
        return int(self.totals[LONGEST_WAIT]) / PS_PER_NS

    @property
    def tick_us(self) -> Float:
        """(trials, ticks) how long each tick takes where a barrier ends it, in us."""
        return (self.done_ps + self.mesh.times.barrier_ps) / PS_PER_US

    @property
    def late(self) -> float:
        """Share of messages that act a tick later, or more."""
        return _share(self.totals[LATE], self.totals[SENT])

    @property
    def beyond(self) -> int:
        """Messages that came later than the model keeps them: they act as late as it does."""
        return int(self.totals[BEYOND])

    @property
    def isi_distortion(self) -> float:
        """Mean change of the interval between two spikes of an axon, over the mean interval."""
        return _share(self.totals[MOVED], self.totals[APART])

    @property
    def intervals(self) -> int:
        return int(self.totals[INTERVALS])

    @property
    def disorder(self) -> float:
        """Share of spikes that reach a core before the one that was sent there just before them."""
        return _share(self.totals[FLIPPED], self.totals[NEIGHBOURS])

    def latency_at_ns(self, share: float, hops: int | None = None) -> float:
        """Returns the latency that a share of the messages stays below: the end of its bin, at most 1/8 too large."""
        counts = self.histogram.sum(axis=0) if hops is None else self.histogram[hops]
        if not counts.any():
            return 0.0
        bin_ = int(np.searchsorted(np.cumsum(counts), share * counts.sum()))
        return float(edges_ns()[bin_ + 1])


def edges_ns() -> Float:
    """Returns (bins + 1,) where the bins of latencies begin, in ns."""
    octave, part = np.divmod(np.arange(BINS + 1), PARTS)
    return 2.0**octave * (1.0 + part / PARTS) / PS_PER_NS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passed:
    """What a run did with its spikes on their way, and the way that they had."""

    recording: Recording
    traffic: Traffic


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roads:
    """A mesh as the compiled loop takes it: no larger than what its messages can cross."""

    mesh: SpikeMesh
    wires: Wires
    way: Way
    routers: int

    @classmethod
    def of(cls, mesh: SpikeMesh, wires: Wires) -> "Roads":
        """Lays out the mesh for the axons of a program."""
        place = mesh.place - mesh.place.min(axis=0, initial=np.iinfo(np.int64).max)
        width, height = (int(span) + 1 for span in place.max(axis=0, initial=0))
        times = mesh.times
        way = Way(
            column=np.ascontiguousarray(place[:, 0]),
            row=np.ascontiguousarray(place[:, 1]),
            width=width,
            neuron=times.neuron_ps,
            east_west=times.hop_east_west_ps,
            north_south=times.hop_north_south_ps,
            link=times.link_ps,
            within=times.within_tile_ps,
        )
        return cls(mesh=mesh, wires=wires, way=way, routers=width * height)

    def pass_trials(
        self, chip: Callable[[int], CountedChip], batch: int, ticks: int, tick_ps: int
    ) -> tuple[Traffic, NDArray[np.int32]]:
        """Steps the chip of each trial, on all threads; returns their traffic, and (batch, ticks, units) spikes."""

        def one(trial: int) -> tuple[Traffic, NDArray[np.int32]]:
            own = chip(trial)
            return self.pass_trial(own, ticks, tick_ps), own.counts

        traffic, counts = zip(*each_trial(one, batch), strict=True)
        return together(traffic), np.stack(counts)

    def pass_trial(self, chip: Chip, ticks: int, tick_ps: int) -> Traffic:
        """Steps a chip through a trial with its spikes on their way; returns their traffic."""
        cores, axons = self.mesh.cores, self.wires.target.size
        queues = (4 * self.routers, cores, cores, cores)
        busy = Busy(*(np.zeros(size, dtype=np.int64) for size in queues))
        messages = Messages(*(np.zeros(axons, dtype=np.int64) for _ in Messages._fields))
        tally = _new_tally(self.routers, cores, axons)
        done = np.zeros((1, ticks), dtype=np.int64)
        for tick in range(ticks):
            flags = chip.step(tick)
            count, done[0, tick] = pass_tick(
                tick * tick_ps, tick_ps, flags, chip.work, self.wires, self.way, busy, messages, tally
            )
            if count:
                chip.deliver(tick, messages.axon[:count], messages.late[:count])
        return Traffic(
            mesh=self.mesh,
            tick_ps=tick_ps,
            totals=tally.totals,
            link=tally.link.reshape(-1, 4),
            into=tally.into,
            histogram=tally.histogram,
            done_ps=done,
        )


def together(parts: Sequence[Traffic]) -> Traffic:
    """Returns the traffic of several trials, or stimuli of one number of ticks or more, on one mesh as one."""
    totals = np.sum([part.totals for part in parts], axis=0)
    for index in LARGEST:
        totals[index] = max(part.totals[index] for part in parts)
    return Traffic(
        mesh=parts[0].mesh,
        tick_ps=parts[0].tick_ps,
        totals=totals,
        link=np.sum([part.link for part in parts], axis=0),
        into=np.sum([part.into for part in parts], axis=0),
        histogram=np.sum([part.histogram for part in parts], axis=0),
        done_ps=np.concatenate([part.done_ps.reshape(1, -1) for part in parts], axis=1)
        if len({part.done_ps.shape[1] for part in parts}) > 1
        else np.concatenate([part.done_ps for part in parts]),
    )


def _new_tally(routers: int, cores: int, axons: int) -> Tally:
    def none(size: int) -> Int:
        return np.full(size, -1, dtype=np.int64)

    return Tally(
        totals=np.zeros(FLIPPED + 1, dtype=np.int64),
        link=np.zeros(4 * routers, dtype=np.int64),
        into=np.zeros(cores, dtype=np.int64),
        histogram=np.zeros((MOST_HOPS + 1, BINS), dtype=np.int64),
        axon_sent=none(axons),
        axon_served=none(axons),
        core_sent=none(cores),
        core_served=none(cores),
    )


def _share(part: np.int64, whole: np.int64) -> float:
    return int(part) / int(whole) if whole else 0.0
