"""Runs compartment networks: inputs and recordings around the compiled loop, trial by trial on all cores.

Trials do not know of each other, so they may run at the same time; each writes what is its own, and the result is the
same whatever the number of threads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Int, set_frozen
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.process import known_state
from neurocmc.sim.checks import check_columns, check_range, shape_of, whole_numbers
from neurocmc.sim.events import by_trial
from neurocmc.sim.loihi.compartments.kernel import Events, Records, Registers, State, Synapses, step_trial
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, register_bounds
from neurocmc.sim.loihi.compartments.tables import registers_of, ring_depth, synapses_of
from neurocmc.sim.trials import each_trial

Quantity = Literal["spikes", "counts", "u", "v"]
QUANTITIES: tuple[Quantity, ...] = ("spikes", "counts", "u", "v")
CHUNK = 1 << 20  # compartments times ticks that the loop runs before its spikes are fetched
LARGEST_TICKS = 2**31 - 1
EMPTY = np.zeros(0, dtype=np.int32)
EVENT_FIELDS = ("trial", "tick", "compartment", "value")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InputEvents:
    """Sparse input: `value` mantissas are added to the input sum of a compartment in the tick in which they arrive.

    The four arrays have one length and any order; values that meet in one place are summed.

    Args:
        trial: (events,) from 0.
        tick: (events,) from 0.
        compartment: (events,) from 0.
        value: (events,) mantissas, shifted by their exponent already.

    Raises:
        InputError: Where the arrays differ in length or hold something else than whole numbers.

    Example:
        >>> events = neurocmc.InputEvents(trial=[0, 0], tick=[1, 5], compartment=[1, 1], value=[-50, 20])
    """

    trial: Int  # (events,)
    tick: Int  # (events,)
    compartment: Int  # (events,)
    value: Int  # (events,)

    def __post_init__(self) -> None:
        faults: list[Problem] = []
        cure = "give every event a trial, tick, compartment and value"
        check_columns(self, EVENT_FIELDS, "inputs", cure, faults)
        raise_input_problems(faults)
        for name in EVENT_FIELDS:
            set_frozen(self, name, np.int64, (None,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikeEvents:
    """Every spike of a run, in order of trial, tick, compartment; three arrays of one length."""

    trial: NDArray[np.int32]
    tick: NDArray[np.int32]
    compartment: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompartmentRun:
    """The recordings of a run. Reading what was not recorded raises InputError."""

    batch: int
    ticks: int
    compartments: int
    records: Mapping[str, Any]

    def _recorded(self, quantity: Quantity) -> Any:
        if quantity not in self.records:
            cure = f"run_compartments(..., record=({quantity!r},)) keeps it"
            raise InputError(Problem("not-recorded", f"run.{quantity}", "it was not recorded", cure))
        return self.records[quantity]

    @property
    def spikes(self) -> SpikeEvents:
        return self._recorded("spikes")

    @property
    def counts(self) -> NDArray[np.int64]:
        """(batch, compartments) spikes in all."""
        return self._recorded("counts")

    @property
    def u(self) -> NDArray[np.int32]:
        """(batch, ticks, compartments) LSB, after each tick."""
        return self._recorded("u")

    @property
    def v(self) -> NDArray[np.int32]:
        """(batch, ticks, compartments) LSB, after each tick and its reset."""
        return self._recorded("v")

    def raster(self) -> Bool:
        """Returns (batch, ticks, compartments) whether there was a spike; from `spikes`."""
        dense = np.zeros((self.batch, self.ticks, self.compartments), dtype=np.bool_)
        dense[self.spikes.trial, self.spikes.tick, self.spikes.compartment] = True
        return dense


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
    dense, events = _inputs(inputs, network.compartments, faults)
    ticks, batch = _extent(dense, events, starts, ticks, batch, faults)
    if threads is not None and threads < 1:
        faults.append(Problem("number-out-of-range", "threads", f"it is {threads}", "give 1 or more"))
    raise_input_problems(faults)
    if events is not None:
        for name, length in (("trial", batch), ("tick", ticks), ("compartment", network.compartments)):
            check_range(getattr(events, name), f"inputs.{name}", (0, length - 1), faults)
    states = [_start(network, name, value, batch, faults) for name, value in starts.items()]
    raise_input_problems(faults)
    if dense is None:
        dense = np.zeros((batch, ticks, 0), dtype=np.int32)
    job = _Job(
        network, registers_of(network), synapses_of(network), dense, _by_trial(events, batch), ticks, batch, wanted
    )
    trains = each_trial(lambda trial: job.run(trial, states[0][trial], states[1][trial]), batch, threads)
    return job.result(trains)


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

    def run(self, trial: int, u: NDArray[np.int32], v: NDArray[np.int32]) -> list[NDArray[np.int32]]:
        """Steps one trial; its spikes as (3, spikes) trial, tick, compartment, chunk by chunk."""
        size = self.network.compartments
        chunk = min(max(1, CHUNK // size), max(1, self.ticks))
        room = chunk * size if "spikes" in self.wanted else 0
        spike_tick, spike_place = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
        state = State(
            u=u.copy(),
            v=v.copy(),
            waiting=np.zeros(self.registers.refractory.size, dtype=np.int32),
            ring=np.zeros(ring_depth(self.network) * size, dtype=np.int32),
            cells=np.zeros(self.synapses.cell_place.size, dtype=np.int32),
            row=np.zeros(size, dtype=np.int32),
            narrow=np.zeros(size, dtype=np.int16),
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


def _inputs(
    inputs: Any, compartments: int, faults: list[Problem]
) -> tuple[NDArray[np.int32] | None, InputEvents | None]:
    """The input as (batch, ticks, compartments), modulo 2^32 as every sum is, or as events."""
    if inputs is None or isinstance(inputs, InputEvents):
        return None, inputs
    whole = whole_numbers(inputs, "inputs", faults)
    if whole is None:
        return None, None
    if whole.ndim not in (2, 3) or whole.shape[-1] != compartments:
        what = f"shape {whole.shape}, the network has {compartments} compartments"
        faults.append(
            Problem("array-shape", "inputs", what, "give (batch, ticks, compartments) or (ticks, compartments)")
        )
        return None, None
    with np.errstate(over="ignore"):
        narrow = whole.astype(np.int32)
    return narrow if narrow.ndim == 3 else narrow[None], None


def _extent(
    dense: NDArray[np.int32] | None,
    events: InputEvents | None,
    starts: Mapping[str, Any],
    ticks: int | None,
    batch: int | None,
    faults: list[Problem],
) -> tuple[int, int]:
    """How many ticks and trials the arguments speak of, all of them the same."""
    told = {"ticks": ticks, "inputs": None if dense is None else dense.shape[1]}
    if all(value is None for value in told.values()) and not faults:
        faults.append(Problem("length-missing", "ticks", "nothing says how many to step", "give ticks=..."))
    trials = {"batch": batch, "inputs": None if dense is None else dense.shape[0]}
    shapes = {name: shape_of(value) for name, value in starts.items()}
    trials |= {name: shape[0] for name, shape in shapes.items() if len(shape) == 2}
    if events is not None and batch is None:
        trials["inputs"] = max(int(events.trial.max(initial=0)) + 1, 1)
    return (
        _agreed(told, "ticks", (0, LARGEST_TICKS), 0, faults),
        _agreed(trials, "trials", (1, LARGEST_TICKS), 1, faults),
    )


def _agreed(
    told: Mapping[str, int | None], what: str, bounds: tuple[int, int], default: int, faults: list[Problem]
) -> int:
    """The one number that all arguments give. Two that differ are a fault."""
    known = {name: value for name, value in told.items() if value is not None}
    for name, value in known.items():
        check_range(np.asarray(value), name, bounds, faults, f"give a number of {what}")
    if len(set(known.values())) > 1:
        list_ = " and ".join(f"{name} has {value}" for name, value in known.items())
        faults.append(
            Problem("lengths-differ", " and ".join(known), f"{list_} {what}", "give all of them the same number")
        )
    return next(iter(known.values()), default)


def _start(
    network: CompartmentNetwork, name: str, value: Any, batch: int, faults: list[Problem]
) -> NDArray[np.int32]:
    """(batch, compartments) registers before tick 0."""
    shape = (batch, network.compartments)
    if value is None:
        return np.broadcast_to(getattr(network, name).astype(np.int32), shape)
    whole = whole_numbers(value, name, faults)
    if whole is None:
        return np.zeros(shape, dtype=np.int32)
    if whole.shape not in (shape, shape[1:]):
        faults.append(
            Problem("array-shape", name, f"shape {whole.shape} is not {shape}", "give (batch, compartments)")
        )
        return np.zeros(shape, dtype=np.int32)
    check_range(whole, name, register_bounds(network.rule)[name], faults)
    return np.broadcast_to(whole.astype(np.int32), shape)


def _by_trial(events: InputEvents | None, batch: int) -> list[Events]:
    """For each trial the events in order of tick."""
    if events is None:
        return [Events(EMPTY, EMPTY, EMPTY)] * batch
    parts = by_trial(events.trial, events.tick, (events.compartment, events.value), batch)
    return [Events(*part) for part in parts]
