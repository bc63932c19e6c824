"""Measures what the network between the cores of a chip does to the spikes of an artifact, for `verify --latency`.

Two questions are kept apart. What a chip does whose ticks are ended by a barrier: no message is late, results are
those of the emulator, and a tick is as long as its last message takes, which bounds the speed. And what would become
of the spikes on a chip that began a tick every so many microseconds, whether they are there or not: a message that is
late acts a tick later.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.common.errors import Problem
from neurocmc.common.progress import Progress, silent
from neurocmc.ir.rate import Classifier, Readout
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.built import Built
from neurocmc.sim.mesh import SpikeMesh, doubts
from neurocmc.sim.passing import PS_PER_US, Passed, Traffic, together
from neurocmc.verification.deviation import changed
from neurocmc.verification.latency import ChangedReadout, Latency, LatencyFindings
from neurocmc.verification.metrics import decisions, nrmse

TRIALS = 20  # at most, of each stimulus
LONGEST_TICK_US = 1e9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LatencyBench:
    """A circuit and stimuli, to be run with its cores at places on a mesh.

    Args:
        built: The circuit on the chip.
        stimuli: Those that are run.
        seed: Of the chip's noise.
    """

    built: Built
    stimuli: tuple[Stimulus, ...]
    seed: int

    @classmethod
    def of(cls, built: Built, stimuli: Sequence[Stimulus], seed: int) -> "LatencyBench":
        """Takes the first 20 trials of each stimulus."""
        taken = tuple(stimulus.take(slice(min(TRIALS, stimulus.batch))) for stimulus in stimuli)
        return cls(built=built, stimuli=taken, seed=seed)

    def measure(
        self, mesh: SpikeMesh, ticks_us: Sequence[float | None] = (None,), progress: Progress | None = None
    ) -> list[Latency]:
        """Runs all stimuli on a mesh: in ticks as long as their messages take, then in ticks of fixed lengths.

        Args:
            mesh: The mesh, with the cores where they are to stand.
            ticks_us: The fixed lengths, in us; None is that of the model.
            progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.

        Returns:
            What was measured, one for each length.
        """
        told = progress or silent
        told("messages", 0.0)
        in_time, found = self._passed(mesh, 0), list[Latency]()
        for index, tick_us in enumerate(ticks_us):
            told("messages in fixed ticks", (index + 1) / (len(ticks_us) + 1))
            length_us = 1e6 * self.built.spiking.tick_s if tick_us is None else tick_us
            fixed = self._passed(mesh, max(round(PS_PER_US * length_us), 1))
            found.append(self._compared(mesh, length_us, in_time, fixed))
        return found

    def _passed(self, mesh: SpikeMesh, tick_ps: int) -> list[Passed]:
        return [self.built.pass_spikes(stimulus, mesh, tick_ps, seed=self.seed) for stimulus in self.stimuli]

    def _errors(self, in_time: Sequence[Passed], fixed: Sequence[Passed]) -> float:
        """The error of rates of the worst population in any stimulus."""
        pairs = zip(in_time, fixed, strict=True)
        found = [nrmse(a.recording.activity, b.recording.activity) for a, b in pairs]
        return max(max(errors.values()) for errors in found)

    def _compared(
        self, mesh: SpikeMesh, length_us: float, in_time: Sequence[Passed], fixed: Sequence[Passed]
    ) -> Latency:
        barrier, late = (together([one.traffic for one in passed]) for passed in (in_time, fixed))
        findings = self._findings(
            mesh, barrier, late, length_us, self._errors(in_time, fixed), self._changes(in_time, fixed)
        )
        return Latency(findings=findings, barrier=barrier, fixed=late)

    def _findings(
        self,
        mesh: SpikeMesh,
        barrier: Traffic,
        late: Traffic,
        length_us: float,
        error: float,
        changes: tuple[ChangedReadout, ...],
    ) -> LatencyFindings:
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
            changed=changes,
        )

    def _changes(self, in_time: Sequence[Passed], fixed: Sequence[Passed]) -> tuple[ChangedReadout, ...]:
        return tuple(
            self._changed(readout, in_time, fixed)
            for readout in self.built.readouts
            if isinstance(readout, Classifier) or readout.kind == "winner"
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
