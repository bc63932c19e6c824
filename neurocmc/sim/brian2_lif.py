"""Runs the pools of LIF neurons of a SpikingNetwork in Brian2, all trials of a stimulus at once.

The trials of a batch are so many copies of the network side by side in one Brian2 Network, trial by trial, unit by
unit, neuron by neuron; large batches are cut into runs that fit a cache and a memory. Equations: brian2_equations.
Brian2: Stimberg, Brette & Goodman 2019, eLife 8:e47314.
"""

import tempfile
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.common.errors import raise_input_problems
from neurocmc.common.matrices import FloatMatrix, any_entry, count, driven_by, entries, is_sparse
from neurocmc.ir.host_start import started
from neurocmc.ir.rate import RateInput
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingInput, SpikingNetwork, SpikingPopulation
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.brian2_equations import (
    RESET,
    THRESHOLD,
    Names,
    PopulationText,
    initial_currents,
    keep_factor,
    population_text,
    projection_text,
)
from neurocmc.sim.quiet_brian2 import LOCK, brian2, own_preferences, reset_device
from neurocmc.sim.rasters import Raster
from neurocmc.sim.recording import recording

Codegen = Literal["numpy", "cython", "cpp_standalone"]
Progress = Callable[[float], None]

CELLS_AT_ONCE = 2**19  # ten-unit soft WTA, 300 ticks: 140 MB; larger runs are no faster
DRIVE_AT_ONCE = 2**24  # values of all drives over a run, 8 bytes each
SYNAPSES_AT_ONCE = 2**21  # between pools, and from cells to what counts their spikes; about 100 bytes each
COUNTS_AT_ONCE = 2**24  # spike counts of all pools over a run, 8 bytes each
REPORT_EVERY_S = 0.5


def simulate_brian2(
    network: SpikingNetwork,
    stimulus: Stimulus,
    *,
    record_spikes: bool = False,
    codegen: Codegen = "numpy",
    progress: Progress | None = None,
) -> Recording:
    """Runs a spiking network on all trials of a stimulus, in double precision.

    With "numpy" a trial's result does not depend on its batch; a compiler may round otherwise, so that a voltage
    within rounding of the threshold can fall to the other side. Brian2's preferences and device are put back
    afterwards.

    Args:
        network: The spiking network.
        stimulus: The stimulus, with a value for each of its inputs.
        record_spikes: Whether every spike is recorded.
        codegen: "numpy" starts at once; "cython" and "cpp_standalone" compile first and need a C++ compiler.
        progress: Called with the share that is done, 0 to 1.

    Returns:
        A Recording of level "brian2": decoded activity (batch, ticks, units) of every population, and spike counts.

    Raises:
        InputError: Where the network is faulty or the stimulus does not fit its inputs.

    Example:
        >>> from neurocmc.sim.brian2_lif import simulate_brian2
        >>> artifact = neurocmc.pipeline.artifact.open_artifact("build/two-state")
        >>> stimulus = artifact.stimuli.test[0].take(slice(0, 1)).lasting(0.1)
        >>> simulate_brian2(artifact.spiking, stimulus).level
        'brian2'
    """
    inputs = [RateInput(name=e.name, target=e.target, weight=e.weight) for e in network.inputs if not e.start]
    raise_input_problems((*network.problems(), *stimulus.problems(inputs)))
    stimulus = started(stimulus, network.inputs, network.tick_s)
    tick_s, units = network.tick_s, sum(population.units for population in network.populations)
    counts = np.zeros((stimulus.batch, stimulus.ticks(tick_s), units), dtype=np.int32)
    spikes = Raster.empty(*counts.shape[:2], network.neurons) if record_spikes else None
    # Every standalone run is compiled anew, which costs more than memory does.
    size = stimulus.batch if codegen == "cpp_standalone" else trials_at_once(network, stimulus)
    for first in range(0, stimulus.batch, size):
        part = stimulus.take(slice(first, first + size))
        report = _report(progress, first / stimulus.batch, part.batch / stimulus.batch)
        with _codegen(codegen):
            groups = _run(
                network, part, record_spikes=record_spikes, report=None if codegen == "cpp_standalone" else report
            )
            _fetch_counts(network, groups, counts[first : first + size])
            if spikes is not None:
                _fetch_spikes(network, groups, first, spikes)
        if report is not None:
            report(None, 1.0, None, None)
    return recording(
        network.populations,
        counts,
        spikes,
        level="brian2",
        stimulus=stimulus.name,
        tick_s=tick_s,
    )


def trials_at_once(network: SpikingNetwork, stimulus: Stimulus) -> int:
    """Returns how many trials go into one Brian2 run: as many as each of the bounds above allows, and never none."""
    names, ticks = Names.of(network), stimulus.ticks(network.tick_s)
    units = {population.name: population.units for population in network.populations}
    drive = ticks * max(1, sum(units[entry.target] for entry in network.inputs))
    synapses = sum(count(projection.weight) for projection in network.projections)
    for population in network.populations:
        counters = len(population_text(network, population, names).counted)
        synapses += counters * population.units * population.neurons
    return max(
        1,
        min(
            stimulus.batch,
            CELLS_AT_ONCE // network.neurons,
            DRIVE_AT_ONCE // drive,
            SYNAPSES_AT_ONCE // max(1, synapses),
            COUNTS_AT_ONCE // (ticks * sum(units.values())),
        ),
    )


def weighted_drive(entry: SpikingInput, stimulus: Stimulus, tick_s: float) -> Float:
    """Returns (ticks, batch * target units) current that an input asks for in each tick, in thresholds.

    Multiplied and summed channel by channel: the rounding of a matrix product depends on the size of the batch.
    """
    driven = stimulus.on_ticks(tick_s, entry.name)
    values = driven.values[entry.name]
    segments = np.zeros((stimulus.batch, len(driven.edges_s), entry.weight.shape[0]))
    if is_sparse(entry.weight):  # which scipy sums row by row, channel by channel
        segments += driven_by(values, entry.weight)
    else:
        for channel, weight in enumerate(entry.weight.T):
            segments += values[:, :, channel, None] * weight
    return segments.transpose(1, 0, 2).reshape(len(driven.edges_s), -1)[driven.segment_of_tick]


@dataclass(frozen=True, slots=True)
class _Groups:
    """The Brian2 objects of one population."""

    text: PopulationText
    pools: Any
    cells: Any
    counting: tuple[Any, ...]
    counts: Any
    spikes: Any | None

    def objects(self) -> list[Any]:
        spikes = [] if self.spikes is None else [self.spikes]
        return [self.pools, self.cells, *self.counting, self.counts, *spikes]


def _run(
    network: SpikingNetwork, stimulus: Stimulus, *, record_spikes: bool, report: Any | None
) -> dict[str, _Groups]:
    """Run all trials of a stimulus at once; the objects of each population, which hold what was recorded."""
    clock = brian2.Clock(dt=network.tick_s * brian2.second, name="ticks")
    names = Names.of(network)
    groups = {
        population.name: _population(network, population, stimulus, names, clock, record_spikes=record_spikes)
        for population in network.populations
    }
    simulation = brian2.Network([thing for group in groups.values() for thing in group.objects()])
    for number, projection in enumerate(network.projections):
        if any_entry(projection.weight):
            source, target = groups[projection.source], groups[projection.target]
            model = projection_text(projection, names, source.text.counter)
            synapses = brian2.Synapses(source.pools, target.pools, model, clock=clock, name=f"projection_{number}")
            _connect(synapses, projection.weight, stimulus.batch)
            simulation.add(synapses)
            for state, current in initial_currents(projection, network.tick_s).items():
                setattr(
                    target.pools, f"{state}_{names.projection[projection.name]}", np.tile(current, stimulus.batch)
                )
    simulation.run(
        stimulus.ticks(network.tick_s) * network.tick_s * brian2.second,
        report=report,
        report_period=REPORT_EVERY_S * brian2.second,
        namespace={},
    )
    return groups


def _fetch_counts(network: SpikingNetwork, groups: dict[str, _Groups], counts: NDArray[np.int32]) -> None:
    """Fill `counts` (batch, ticks, units) with the spikes that each pool counted in a run."""
    batch, ticks, _ = counts.shape
    first = 0
    for population in network.populations:
        per_pool = np.asarray(groups[population.name].counts.fired, dtype=np.int32)  # (batch * units, ticks)
        by_unit = per_pool.reshape(batch, population.units, ticks).transpose(0, 2, 1)
        counts[:, :, first : first + population.units] = by_unit
        first += population.units


def _fetch_spikes(network: SpikingNetwork, groups: dict[str, _Groups], first_trial: int, spikes: Raster) -> None:
    """Keep every spike of a run; its cells are numbered trial by trial, unit by unit, neuron by neuron."""
    first = 0
    for population in network.populations:
        monitor, cells = groups[population.name].spikes, population.units * population.neurons
        assert monitor is not None
        trial, cell = np.divmod(np.asarray(monitor.i, dtype=np.int32), cells)
        tick = np.rint(np.asarray(monitor.t_) / network.tick_s).astype(np.int32)
        spikes.add(trial + np.int32(first_trial), tick, cell + np.int32(first))
        first += cells


def _population(
    network: SpikingNetwork,
    population: SpikingPopulation,
    stimulus: Stimulus,
    names: Names,
    clock: Any,
    *,
    record_spikes: bool,
) -> _Groups:
    text, name = population_text(network, population, names), names.population[population.name]
    entries = {entry.name: entry for entry in network.inputs}
    constants = {key: keep_factor(tau_s, network.tick_s) for key, tau_s in text.tau_s.items()}
    drives = {
        function: brian2.TimedArray(weighted_drive(entries[entry], stimulus, network.tick_s), dt=clock.dt)
        for entry, function in text.drives.items()
    }
    pool_count, cells_each = stimulus.batch * population.units, population.neurons
    pools = brian2.NeuronGroup(
        pool_count, "\n".join(text.pool_model), namespace={**constants, **drives}, clock=clock, name=f"pools_{name}"
    )
    pools.run_regularly("\n".join(text.pool_update), when="groups", order=0, clock=clock)
    cells = brian2.NeuronGroup(
        pool_count * cells_each,
        "\n".join(text.cell_model),
        threshold=THRESHOLD,
        reset=RESET,
        namespace=constants,
        clock=clock,
        name=f"cells_{name}",
    )
    cell, pool = np.arange(pool_count * cells_each), np.repeat(np.arange(pool_count), cells_each)
    cells.current = brian2.linked_var(pools, "current", index=pool)
    cells.v = np.tile(population.v_initial.ravel(), stimulus.batch)
    cells.bias = np.tile(population.bias.ravel(), stimulus.batch)
    cells.run_regularly("\n".join(text.cell_update), when="groups", order=1, clock=clock)
    counting: list[Any] = []
    for delay in text.counted:
        counter = text.counter[delay]
        synapses = brian2.Synapses(
            cells, pools, on_pre=f"{counter}_post += 1", delay=delay * clock.dt, clock=clock, name=f"{counter}_{name}"
        )
        synapses.connect(i=cell, j=pool)
        counting.append(synapses)
    counts = brian2.StateMonitor(pools, "fired", record=True, when="end", clock=clock, name=f"counts_{name}")
    spikes = brian2.SpikeMonitor(cells, name=f"spikes_{name}") if record_spikes else None
    return _Groups(text, pools, cells, tuple(counting), counts, spikes)


def _connect(synapses: Any, weight: FloatMatrix, batch: int) -> None:
    """The unit-to-unit synapses of every trial, by explicit indices: targets draw different random ones."""
    target, source, held = entries(weight)
    trial = np.repeat(np.arange(batch), len(target))
    synapses.connect(
        i=trial * weight.shape[1] + np.tile(source, batch), j=trial * weight.shape[0] + np.tile(target, batch)
    )
    synapses.weight = np.tile(held, batch)


def _report(progress: Progress | None, done: float, share: float) -> Any | None:
    """Brian2's report callback (elapsed, completed, start, duration) that passes on the fraction of the whole."""
    if progress is None:
        return None

    def report(_elapsed: Any, completed: float, _start: Any, _duration: Any) -> None:
        progress(done + share * completed)

    return report


@contextmanager
def _codegen(target: Codegen) -> Generator[None]:
    """Brian2 set to a way of generating code for the body, then back to the device and preferences it had."""
    standalone = target == "cpp_standalone"
    kept = str(brian2.prefs["codegen.target"]) if standalone else target
    with LOCK, ExitStack() as own:
        own.enter_context(own_preferences(kept))
        if standalone:
            # A place on the disk is asked for only where one is needed.
            directory = own.enter_context(tempfile.TemporaryDirectory(prefix="neurocmc-brian2-"))
            brian2.set_device("cpp_standalone", directory=directory, build_on_run=True)
        else:
            brian2.set_device("runtime")
        own.callback(reset_device)
        if standalone:
            own.callback(brian2.all_devices["cpp_standalone"].reinit)
        yield
