"""Loihi's arithmetic by hand: steps two compartments given as arrays, bit for bit, and compares them with a trace.

python examples/compartments.py [TRACE.npz]

TRACE.npz may hold a recording of the same network by a chip, Lava or another emulator: any of the arrays `u`, `v`,
`spikes`, each (ticks, compartments).
"""

import sys

import numpy as np

import neurocmc

TICKS = 12

# The bias drives the first compartment; its spikes reach the second after one tick and a delay of two ticks.
network = neurocmc.CompartmentNetwork.from_arrays(
    weights=[[0, 0], [200, 0]],  # rows are targets, columns are sources
    weight_exponent=-1,
    delay_ticks=2,
    decay_u=[0, 1023],
    decay_v=[0, 409],
    threshold=[500, 300],  # mantissas: a compartment spikes above 64 times this value
    bias=[103, 0],
    bias_exponent=7,
    refractory_ticks=[1, 3],
)
inputs = np.zeros((TICKS, 2), dtype=int)
inputs[1, 1] = -50  # an input from outside, as a mantissa: a graded spike, or the weights of some axons

run = neurocmc.run_compartments(network, inputs, record=("spikes", "u", "v"))
print("tick    u          v          spikes")
for tick in range(TICKS):
    spikes = "".join("|" if fires else "." for fires in run.raster()[0, tick])
    print(f"{tick:4} {run.u[0, tick]!s:>10} {run.v[0, tick]!s:>16}   {spikes}")

if len(sys.argv) > 1:
    ours = {"u": run.u[0], "v": run.v[0], "spikes": run.raster()[0]}
    with np.load(sys.argv[1]) as trace:
        for name in sorted(set(ours) & set(trace.files)):
            ticks = min(len(trace[name]), TICKS)
            differs = np.argwhere(ours[name][:ticks] != trace[name][:ticks])
            first = f"first at tick {differs[0][0]}, compartment {differs[0][1]}" if len(differs) else "none"
            print(f"{name}: {len(differs)} of {ours[name][:ticks].size} values differ, {first}")
