"""Runs compartment networks: inputs and recordings around the compiled loops, trial by trial or 64 together.

Trials do not know of each other, so they may run at the same time; each writes what is its own, and the result is the
same whatever the number of threads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import aligned
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.process import known_state
from neurocmc.sim.checks import check_range
from neurocmc.sim.loihi.compartments.arguments import by_trial, extent, inputs_of, start
from neurocmc.sim.loihi.compartments.batch import PROBE_TICKS, TrialsTogether, pays_together
from neurocmc.sim.loihi.compartments.fan_in import fan_in_of
from neurocmc.sim.loihi.compartments.kernel import Events, Records, Registers, State, Synapses, step_trial
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork
from neurocmc.sim.loihi.compartments.records import QUANTITIES, CompartmentRun, Quantity, SpikeEvents
from neurocmc.sim.loihi.compartments.tables import registers_of, ring_depth, synapses_of
from neurocmc.sim.masked import LANES
from neurocmc.sim.trials import each_trial

CHUNK = 1 << 20  # compartments times ticks that the loop runs before its spikes are fetched


@known_state()
def run_compartments(
    network: CompartmentNetwork,
    inputs: Any = None,
    *,
    ticks: int | None = None,
    batch: int | None = None,
    record: Iterable[Quantity] = ("spikes",),
    u_initial: Any = None,
    v_initial: Any = None,
    threads: int | None = None,
) -> CompartmentRun:
    """Steps a network through `ticks` ticks, for each trial of a batch.

    Args:
        network: The compartments and synapses.
        inputs: Sums of mantissas that arrive from outside, shifted by their exponent already and not by the 6 of the
            weights: an array (batch, ticks, compartments), or (ticks, compartments) for one trial, or InputEvents.
            Index t is part of the input sum of tick t. None is no input.
        ticks: How many to step; may be left out where `inputs` is an array.
        batch: How many trials; may be left out where `inputs` or the registers before tick 0 say it.
        record: What is kept: some of "spikes", "counts", "u" and "v".
        u_initial: (batch, compartments) LSB of u before tick 0, instead of the network's.
        v_initial: (batch, compartments) LSB of v before tick 0, instead of the network's.
        threads: How many the trials are shared out over. None takes all cores that the process may use; results do
            not depend on it.

    Returns:
        A CompartmentRun with what `record` names.

    Raises:
        InputError: With all that is wrong.

    Example:
        >>> network = neurocmc.CompartmentNetwork.from_arrays(
        ...     compartments=1, decay_u=0, decay_v=0, threshold=500, bias=103, bias_exponent=7
        ... )
        >>> neurocmc.run_compartments(network, ticks=12).spikes.tick.tolist()
        [2, 5, 8, 11]
    """
    wanted = tuple(dict.fromkeys(record))
    faults = [
        Problem("choice-unknown", "record", f"{name!r} cannot be recorded", f"name some of {', '.join(QUANTITIES)}")
        for name in wanted
        if name not in QUANTITIES
    ]
    starts = {"u_initial": u_initial, "v_initial": v_initial}
    dense, events = inputs_of(inputs, network.compartments, faults)
    ticks, batch = extent(dense, events, starts, ticks, batch, faults)
    if threads is not None and threads < 1:
        faults.append(Problem("number-out-of-range", "threads", f"it is {threads}", "give 1 or more"))
    raise_input_problems(faults)
    if events is not None:
        for name, length in (("trial", batch), ("tick", ticks), ("compartment", network.compartments)):
            check_range(getattr(events, name), f"inputs.{name}", (0, length - 1), faults)
    states = [start(network, name, value, batch, faults) for name, value in starts.items()]
    raise_input_problems(faults)
    if dense is None:
        dense = np.zeros((batch, ticks, 0), dtype=np.int32)
    job = _Job(
        network, registers_of(network), synapses_of(network), dense, by_trial(events, batch), ticks, batch, wanted
    )
    return job.result(job.run_all(states[0], states[1], threads))


@dataclass(slots=True, eq=False)
class _Job:
    """One call of `run_compartments`: what all trials share, and the arrays into which they write."""

    network: CompartmentNetwork
    registers: Registers
    synapses: Synapses
    dense: NDArray[np.int32]  # (batch, ticks, compartments), or (batch, ticks, 0)
    events: list[Events]  # by trial
    ticks: int
    batch: int
    wanted: tuple[Quantity, ...]
    counts: NDArray[np.int64] = field(init=False)
    u: NDArray[np.int32] = field(init=False)
    v: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        size, shape = self.network.compartments, (self.batch, self.ticks, self.network.compartments)
        self.counts = np.zeros((self.batch, size if "counts" in self.wanted else 0), dtype=np.int64)
        self.u = np.empty(shape if "u" in self.wanted else (self.batch, 0, 0), dtype=np.int32)
        self.v = np.empty(shape if "v" in self.wanted else (self.batch, 0, 0), dtype=np.int32)

    def run_all(
        self, u: NDArray[np.int32], v: NDArray[np.int32], threads: int | None
    ) -> list[list[NDArray[np.int32]]]:
        """Steps all trials from (batch, compartments) registers; the spikes of each, as `run` has them."""
        groups = [range(first, min(first + LANES, self.batch)) for first in range(0, self.batch, LANES)]
        together = self._together(u, v, [len(group) for group in groups])
        fan_in = fan_in_of(self.network) if any(together) else None
        parts = [
            part
            for group, joined in zip(groups, together, strict=True)
            for part in ([group] if joined else [range(trial, trial + 1) for trial in group])
        ]

        def step(index: int) -> list[list[NDArray[np.int32]]]:
            part = slice(parts[index].start, parts[index].stop)
            if len(parts[index]) == 1 or fan_in is None:
                return [self.run(part.start, u[part.start], v[part.start])]
            trials = TrialsTogether(
                network=self.network,
                registers=self.registers,
                fan_in=fan_in,
                dense=self.dense[part],
                events=self.events[part],
                first_trial=part.start,
                ticks=self.ticks,
                record_spikes="spikes" in self.wanted,
                counts=self.counts[part],
                u=self.u[part],
                v=self.v[part],
            )
            return trials.run(u[part], v[part])

        return [train for trains in each_trial(step, len(parts), threads) for train in trains]

    def _together(self, u: NDArray[np.int32], v: NDArray[np.int32], sizes: list[int]) -> list[bool]:
        """Whether groups of so many trials are stepped together, by the spikes of a part of the first trial."""

        def pays(share: float) -> list[bool]:
            return [pays_together(self.network, self.synapses, size, self.ticks, share) for size in sizes]

        if not any(pays(1.0)):
            return pays(0.0)
        ticks = min(PROBE_TICKS, self.ticks)
        probe = _Job(
            self.network,
            self.registers,
            self.synapses,
            self.dense[:1, :ticks],
            self.events[:1],
            ticks,
            1,
            ("counts",),
        )
        probe.run(0, u[0], v[0])
        return pays(float(probe.counts.sum()) / (ticks * self.network.compartments))

    def run(self, trial: int, u: NDArray[np.int32], v: NDArray[np.int32]) -> list[NDArray[np.int32]]:
        """Steps one trial; its spikes as (3, spikes) trial, tick, compartment, chunk by chunk."""
        size = self.network.compartments
        chunk = min(max(1, CHUNK // size), max(1, self.ticks))
        room = chunk * size if "spikes" in self.wanted else 0
        spike_tick, spike_place = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
        state = State(
            u=aligned(u),
            v=aligned(v),
            waiting=np.zeros(self.registers.refractory.size, dtype=np.int32),
            ring=aligned(np.zeros(ring_depth(self.network) * size, dtype=np.int32)),
            cells=aligned(np.zeros(self.synapses.cell_place.size, dtype=np.int32)),
            row=aligned(np.zeros(size, dtype=np.int32)),
            narrow=aligned(np.zeros(size, dtype=np.int16)),
            flags=np.zeros(-(-size // 8) * 8, dtype=np.uint8),
            fired=np.empty(-(-size // 8) * 8, dtype=np.int32),
        )
        trains: list[NDArray[np.int32]] = []
        event = 0
        for first in range(0, self.ticks, chunk):
            part = slice(first, min(first + chunk, self.ticks))
            records = Records(spike_tick, spike_place, self.counts[trial], self.u[trial, part], self.v[trial, part])
            spikes, event = step_trial(
                first,
                part.stop - first,
                state,
                self.registers,
                self.synapses,
                self.dense[trial, part],
                self.events[trial],
                event,
                records,
            )
            if spikes:
                trains.append(np.stack([np.full(spikes, trial, np.int32), spike_tick[:spikes], spike_place[:spikes]]))
        return trains

    def result(self, trains: list[list[NDArray[np.int32]]]) -> CompartmentRun:
        records: dict[str, Any] = {name: getattr(self, name) for name in self.wanted if name != "spikes"}
        if "spikes" in self.wanted:
            none = np.zeros((3, 0), dtype=np.int32)
            trial, tick, compartment = np.concatenate([none, *(part for train in trains for part in train)], axis=1)
            records["spikes"] = SpikeEvents(trial=trial, tick=tick, compartment=compartment)
        for value in (self.counts, self.u, self.v):
            value.setflags(write=False)
        return CompartmentRun(
            batch=self.batch,
            ticks=self.ticks,
            compartments=self.network.compartments,
            records=MappingProxyType(records),
        )
