"""Neurosynaptic cores, tick by tick: hand-made or compiled, with every random number stated."""

from neurocmc.sim.truenorth.build import Axon, CoreBuilder, Neuron
from neurocmc.sim.truenorth.records import CoreRecord, CoreRun, OutputSpikes
from neurocmc.sim.truenorth.run import CoreInputSpikes, run_cores

__all__ = [
    "Axon",
    "CoreBuilder",
    "CoreInputSpikes",
    "CoreRecord",
    "CoreRun",
    "Neuron",
    "OutputSpikes",
    "run_cores",
]
