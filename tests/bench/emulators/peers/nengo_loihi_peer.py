"""nengo-loihi's emulator on networks given in integers. Runs in the environment of requirements-nengo.txt.

The blocks that nengo-loihi's builder would make from floats are filled with the integers themselves, so no
discretisation stands between. Its chip clips voltages at 0 from below by default (`vmin`); here the lower end is
-(2^23 - 1), which its compartments allow, so that all emulators compute the same.
"""

import platform
from importlib.metadata import version

import numpy as np
from nengo_loihi.block import Axon, LoihiBlock, Synapse
from nengo_loihi.builder import Model
from nengo_loihi.emulator import EmulatorInterface
from peer_io import CHECK_TICKS, clocked, run_all
from scipy import sparse

LOWEST, HIGHEST = -(2**23) + 1, 2**23 - 1


def integers(neurons, value):
    return np.broadcast_to(np.asarray(value, dtype=np.int32), (neurons,)).copy()


def build(network):
    neurons = network["v_initial"].size
    block = LoihiBlock(neurons)
    compartment = block.compartment
    compartment.decay_u = integers(neurons, network["decay_u"])
    compartment.decay_v = integers(neurons, network["decay_v"])
    compartment.vth = integers(neurons, network["threshold_mantissa"] << 6)
    compartment.bias = integers(neurons, network["bias_mantissa"] << network["bias_exponent"])
    compartment.refract_delay = integers(neurons, 1)  # the tick of the spike itself
    compartment.scale_u = compartment.scale_v = False
    compartment.vmin, compartment.vmax = LOWEST, HIGHEST
    compartment.noise_exp = 1

    entries = (network["mantissa"].astype(np.int32) << 6, (network["source"], network["target"]))
    rows = sparse.coo_matrix(entries, shape=(neurons, neurons)).tocsr()  # one row an axon
    ends = rows.indptr
    synapse = Synapse(neurons)
    synapse._set_weights_indices(
        [rows.data[ends[i] : ends[i + 1]] for i in range(neurons)],
        [rows.indices[ends[i] : ends[i + 1]] for i in range(neurons)],
        weight_dtype=np.int32,
    )
    block.add_synapse(synapse)
    axon = Axon(neurons)
    axon.target = synapse
    block.add_axon(axon)

    model = Model()
    model.add_block(block)
    emulator = EmulatorInterface(model, seed=0)
    emulator.compartment.voltage[:] = network["v_initial"]
    return emulator


def run_one(network, measured):
    emulator = build(network)
    emulator.run_steps(CHECK_TICKS)
    voltage = emulator.compartment.voltage.copy()
    return voltage, measured(clocked(emulator.run_steps), lambda: int(emulator.compartment.spike_count.sum()))


if __name__ == "__main__":
    names = ("nengo-loihi", "nengo", "numpy")
    run_all(run_one, {"python": platform.python_version()} | {name: version(name) for name in names})
