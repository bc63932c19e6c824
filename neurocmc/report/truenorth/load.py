"""Counts how often every neuron and every axon of the host fires on a stimulus, on cores; energy rests on it."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.ir.truenorth.cores import CoreNetwork
from neurocmc.ir.truenorth.program import CoreInput, CorePopulation, CoreProgram
from neurocmc.report.load import SpikeLoad, UnitSpikes
from neurocmc.sim.truenorth import CoreInputSpikes, CoreRun
from neurocmc.targets import TrueNorthLimits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreLoad:
    """Spikes of a core program in a mean tick of a mean trial, and where that was seen."""

    source: str  # which stimulus, on which level, how many trials
    ticks: int  # of one presentation
    trials: int
    neurons_per_tick: Float  # (C, neurons) spikes of each neuron
    host_per_tick: Float  # (C, axons) spikes that the host sends to each axon
    synaptic_events_per_tick: float  # bits of the crossbars on axons that carried a spike, counted in the run
    saturations: int  # how often a potential left its register, in all trials

    def __post_init__(self) -> None:
        set_frozen(self, "neurons_per_tick", np.float64, (None, None))
        set_frozen(self, "host_per_tick", np.float64, (self.neurons_per_tick.shape[0], None))

    @property
    def spikes_per_tick(self) -> float:
        """Of all neurons, those of the host not counted."""
        return float(self.neurons_per_tick.sum())

    def hops_per_tick(self, network: CoreNetwork) -> float:
        """Steps from core to core that the spikes take, east-west first, then north-south, to the bus none."""
        return float((self.neurons_per_tick * hops(network)).sum())

    def of_units(self, program: CoreProgram) -> SpikeLoad:
        """Returns the load by units: spikes of their pools, and of the host's axons to them."""
        return SpikeLoad(
            source=self.source,
            ticks=self.ticks,
            trials=self.trials,
            populations=tuple(
                UnitSpikes(name=entry.name, per_tick=tuple(map(float, self._of_pools(entry))))
                for entry in program.populations
            ),
            inputs=tuple(
                UnitSpikes(name=entry.name, per_tick=tuple(map(float, self._of_input(entry))))
                for entry in program.inputs
            ),
        )

    def _of_pools(self, population: CorePopulation) -> Float:
        neurons = population.first[:, None] + np.arange(population.neurons)
        return self.neurons_per_tick[population.core[:, None], neurons].sum(axis=1)

    def _of_input(self, entry: CoreInput) -> Float:
        # Units with fewer axons than others have places of weight 0 in the table, which are nobody's.
        sent = self.host_per_tick[entry.core[:, None], entry.axon]
        return np.where(entry.weight != 0, sent, 0.0).sum(axis=1)


def hops(network: CoreNetwork) -> Int:
    """Counts (C, neurons) steps between cores from each neuron to its target; 0 to the bus and to nowhere."""
    place = network.coordinates.astype(np.int64)
    target = network.target_core
    away = np.abs(place[np.maximum(target, 0)] - place[:, None, :]).sum(axis=2)
    return np.where(target >= 0, away, 0)


def chip_of_core(network: CoreNetwork, limits: TrueNorthLimits) -> Int:
    """Returns (C,) the chip of each core, counted row by row."""
    column, row = network.coordinates.astype(np.int64).T
    return row // limits.grid_rows * limits.chip_columns + column // limits.grid_columns


def core_load(program: CoreProgram, run: CoreRun, host: CoreInputSpikes, source: str) -> CoreLoad:
    """Returns the load of a run with `neuron_totals` that got the spikes `host`; `source` says on which stimulus.

    Raises InputError where the run kept no totals, ValueError where they are not of this program.
    """
    network = program.network
    totals = run.neuron_totals
    if totals.shape[1:] != (network.cores, network.neurons):
        raise ValueError(f"run of {totals.shape[1:]} cores and neurons, program of {network.cores, network.neurons}")
    if not run.ticks:
        raise ValueError("a run of 0 ticks is no load")
    share = 1.0 / (run.ticks * run.batch)
    sent = np.zeros((network.cores, network.axons))
    np.add.at(sent, (host.core, host.axon), share)
    trials = f"{run.batch:,} trials" if run.batch > 1 else "1 trial"
    return CoreLoad(
        source=f"measured on the emulator: stimulus {source}, {trials} of {run.ticks:,} ticks",
        ticks=run.ticks,
        trials=run.batch,
        neurons_per_tick=totals.sum(axis=0) * share,
        host_per_tick=sent,
        synaptic_events_per_tick=float(run.synaptic_events.sum() * share),
        saturations=int(run.saturations.sum()),
    )
