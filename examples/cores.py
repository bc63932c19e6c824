"""TrueNorth's neuron by hand: steps two cores with four neurons, one of them random, tick by tick.

python examples/cores.py
"""

from neurocmc import CoreBuilder, CoreInputSpikes, CoreRecord, run_cores

cores = CoreBuilder(axons=4, neurons=4)
left, right = cores.add_core(), cores.add_core()

# The left core has an axon of type 0 and one of type 1. The type selects one of the weights of a neuron.
excite, inhibit = cores.add_axon(left, kind=0), cores.add_axon(left, kind=1)
divider = cores.add_neuron(left, weight=[5, -3], threshold=7, leak=-1, reset_mode=1, floor=0)  # reset by subtraction
pacemaker = cores.add_neuron(left, weight=[0], threshold=6, leak=2)  # its leak drives it; fires in every third tick
cores.connect(excite, divider)
cores.connect(inhibit, divider)

# The right core receives the spikes of the left one.
relayed, clock = cores.add_axon(right, kind=0), cores.add_axon(right, kind=1)
cores.send(divider, relayed, delay=3)
cores.send(pacemaker, clock, delay=1)
counter = cores.add_neuron(right, weight=[4, 1], threshold=5, reset_mode=0, reset_potential=-1)
coin = cores.add_neuron(right, weight=[0, 128], stochastic_weight=True, threshold=1)  # receives half of the spikes
cores.connect(relayed, counter)
cores.connect(clock, counter, coin)
for neuron in (counter, coin):
    cores.put_out(neuron)

spikes = CoreInputSpikes.from_trains({excite: [0, 1, 2, 4, 5], inhibit: [3, 4]})
neurons = (divider, pacemaker, counter, coin)
run = run_cores(cores.network(), spikes, ticks=12, record=CoreRecord(spikes=neurons, potentials=neurons))
print("tick  divider  pacemaker  counter  coin   V")
for tick in range(run.ticks):
    marks = ["|" if fires else "." for fires in run.spikes[0, tick]]
    print(f"{tick:4}  {marks[0]:>4} {marks[1]:>9} {marks[2]:>9} {marks[3]:>7}   {run.potentials[0, tick]}")
print(f"{run.synaptic_events[0]} synaptic events, output bus: ", end="")
print(
    *(f"line {line} in tick {tick}" for tick, line in zip(run.outputs.tick, run.outputs.line, strict=True)), sep=", "
)
