"""Measures what the network between the cores of a chip does to the spikes of an artifact, for `verify --latency`.

Two questions are kept apart. What a chip does whose ticks are ended by a barrier: no message is late, results are those of
the emulator, and a tick is as long as its last message takes, which bounds the speed. And what would become of the
spikes on a chip that began a tick every so many microseconds, whether they are there or not: a message that is late acts
a tick later.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from neurocmc.common.errors import Problem
from neurocmc.common.progress import Progress, silent
from neurocmc.ir.rate import Classifier, Readout
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.built import Built
from neurocmc.sim.mesh import SpikeMesh, doubts
from neurocmc.sim.passing import PS_PER_US, Passed, Traffic, together
from neurocmc.verification.deviation import changed
from neurocmc.verification.metrics import decisions, nrmse

TRIALS = 20  # at most, of each stimulus
LONGEST_TICK_US = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedReadout:
    """A readout, and the share of trials whose decision is another one."""

    readout: str
    share: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyFindings:
    """What was measured, in the units that the names say."""

    places: str
    doubts: tuple[str, ...]  # of the numbers that it rests on
    cores: int
    trials: int
    ticks: int  # in all
    # Where a barrier ends each tick
    messages_per_tick: float
    hops: float  # of a message, in the mean
    latency_ns: float  # the same
    latency_99_ns: float  # 99 % of the messages take less
    longest_latency_ns: float
    wait_ns: float  # of the latency, in queues
    longest_wait_ns: float
    barrier_ns: float
    mean_tick_us: float
    longest_tick_us: float
    model_tick_us: float
    # In ticks of a fixed length
    tick_us: float
    late: float  # share of messages
    beyond: int  # messages that came later than the model keeps them
    isi_distortion: float
    disorder: float
    nrmse: float  # of rates, of the worst population, against the run in which none is late
    changed: tuple[ChangedReadout, ...]

    @property
    def speed(self) -> float:
        """How many times as fast as its model time the circuit can run, where every tick may be the longest."""
        return self.model_tick_us / self.longest_tick_us

    def as_json(self) -> dict[str, Any]:
        """Returns plain values, None for what is not a number."""
        found = {**asdict(self), "speed": self.speed}
        return {
            name: None if isinstance(value, float) and not isfinite(value) else value for name, value in found.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Latency:
    """What was measured, and the traffic under it for pictures."""

    findings: LatencyFindings
    barrier: Traffic
    fixed: Traffic


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LatencyBench:
    """A circuit with its stimuli and what it does on a mesh where no message is late, which is run once.

    Args:
        built: The circuit on the chip.
        stimuli: Those that are run; the first 20 trials of each.
        seed: Of the chip's noise.
    """

    built: Built
    stimuli: tuple[Stimulus, ...]
    seed: int
    in_time: dict[int, list[Passed]] = field(default_factory=dict[int, list[Passed]])

    @classmethod
    def of(cls, built: Built, stimuli: Sequence[Stimulus], seed: int) -> "LatencyBench":
        """Takes the first trials of each stimulus."""
        taken = tuple(stimulus.take(slice(min(TRIALS, stimulus.batch))) for stimulus in stimuli)
        return cls(built=built, stimuli=taken, seed=seed)

    def measure(self, mesh: SpikeMesh, tick_us: float | None = None, progress: Progress | None = None) -> Latency:
        """Runs all stimuli on a mesh, in ticks as long as their messages take, and in ticks of a fixed length.

        Args:
            mesh: The mesh, with the cores where they are to stand.
            tick_us: The fixed length; None is that of the model.
            progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.

        Returns:
            What was measured.
        """
        told = progress or silent
        model_us = 1e6 * self.built.spiking.tick_s
        length_us = model_us if tick_us is None else tick_us
        if id(mesh) not in self.in_time:
            told("messages", 0.0)
            self.in_time.clear()
            self.in_time[id(mesh)] = self._passed(mesh, 0)
        in_time = self.in_time[id(mesh)]
        told("messages in fixed ticks", 0.5)
        fixed = self._passed(mesh, max(round(PS_PER_US * length_us), 1))
        told("messages in fixed ticks", 1.0)
        barrier, late = (together([one.traffic for one in passed]) for passed in (in_time, fixed))
        return Latency(
            findings=self._findings(mesh, length_us, (barrier, late), self._errors(in_time, fixed), in_time, fixed),
            barrier=barrier,
            fixed=late,
        )

    def _passed(self, mesh: SpikeMesh, tick_ps: int) -> list[Passed]:
        return [self.built.pass_spikes(stimulus, mesh, tick_ps, seed=self.seed) for stimulus in self.stimuli]

    def _errors(self, in_time: Sequence[Passed], fixed: Sequence[Passed]) -> float:
        """The error of rates of the worst population in any stimulus."""
        pairs = zip(in_time, fixed, strict=True)
        found = [nrmse(a.recording.activity, b.recording.activity) for a, b in pairs]
        return max(max(errors.values()) for errors in found)

    def _findings(
        self,
        mesh: SpikeMesh,
        length_us: float,
        traffic: tuple[Traffic, Traffic],
        error: float,
        in_time: Sequence[Passed],
        fixed: Sequence[Passed],
    ) -> LatencyFindings:
        barrier, late = traffic
        return LatencyFindings(
            places=mesh.note,
            doubts=doubts(self.built.target),
            cores=mesh.cores,
            trials=sum(stimulus.batch for stimulus in self.stimuli),
            ticks=int(barrier.done_ps.size),
            messages_per_tick=barrier.messages_per_tick,
            hops=barrier.hops,
            latency_ns=barrier.latency_ns,
            latency_99_ns=min(barrier.latency_at_ns(0.99), barrier.longest_latency_ns),
            longest_latency_ns=barrier.longest_latency_ns,
            wait_ns=barrier.wait_ns,
            longest_wait_ns=barrier.longest_wait_ns,
            barrier_ns=mesh.times.barrier_ps / 1000,
            mean_tick_us=float(barrier.tick_us.mean()),
            longest_tick_us=float(barrier.tick_us.max()),
            model_tick_us=1e6 * self.built.spiking.tick_s,
            tick_us=length_us,
            late=late.late,
            beyond=late.beyond,
            isi_distortion=late.isi_distortion,
            disorder=late.disorder,
            nrmse=error,
            changed=tuple(self._changed(readout, in_time, fixed) for readout in self.built.readouts if _decides(readout)),
        )

    def _changed(
        self, readout: Readout | Classifier, in_time: Sequence[Passed], fixed: Sequence[Passed]
    ) -> ChangedReadout:
        """How many trials of all stimuli are decided otherwise."""
        before, after = (
            np.concatenate([decisions(self.built.of_whole_units(one.recording), readout) for one in passed])
            for passed in (in_time, fixed)
        )
        return ChangedReadout(readout=readout.name, share=changed(before, after), trials=int(before.size))


def _decides(readout: Readout | Classifier) -> bool:
    return isinstance(readout, Classifier) or readout.kind == "winner"


def tick_problems(tick_us: float | None, *, latency: bool) -> tuple[Problem, ...]:
    """Returns what is wrong with the length of a tick: no time, or given for nothing."""
    if tick_us is None:
        return ()
    if not latency:
        what = "it is the length of a tick for --latency, which was not given"
        return (Problem("option-not-for-this", "--tick-us", what, "give --latency as well, or leave it out"),)
    if not 0 < tick_us <= LONGEST_TICK_US:
        what = f"got {tick_us:g}"
        cure = f"give microseconds above 0, {LONGEST_TICK_US:,.0f} at most"
        return (Problem("number-out-of-range", "--tick-us", what, cure),)
    return ()
