"""Neurosynaptic cores, tick by tick: hand-made or compiled, with every random number stated."""

from neurocmc.sim.cores.build import Axon, CoreBuilder, Neuron
from neurocmc.sim.cores.records import CoreRecord, CoreRun, OutputSpikes
from neurocmc.sim.cores.run import CoreInputSpikes, run_cores

__all__ = [
    "Axon", "CoreBuilder", "CoreInputSpikes", "CoreRecord", "CoreRun", "Neuron", "OutputSpikes", "run_cores",
]  # fmt: skip
