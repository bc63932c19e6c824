"""Steps neurosynaptic cores, tick by tick: hand-made or compiled, with every random number stated.

build        builds networks by hand
run          runs networks
records      says what is kept of a run
kernel       is the compiled loop
shared       steps one trial on several threads
tables       lays a network out for the loop
batch        runs trials together
lanes        is the compiled loop of 64 trials together
lane_tables  lays a network out for that loop
draws        draws the random numbers
emulator     runs compiled programs
host         turns drives into the spikes that carry them
faulty       runs programs on cores with faults
late         runs compiled programs whose spikes come late
neurons      runs single neurons on cores
reference    steps networks in plain numpy
"""

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
