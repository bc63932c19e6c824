"""Runs networks given in integers on nengo-loihi's emulator; started as a script by an interpreter that has it.

    python nengo_loihi_driver.py networks.npz out.npz

Blocks are filled with the integers themselves, so that no discretisation of floats stands between. For network K
`K.weights` (targets, sources) have their exponent multiplied in; `K.vmin` is the lowest voltage; out.npz gets K.u,
K.v and K.spikes, (ticks, neurons), after every tick, and K.error, what ended the run before its time, or nothing.
"""

import sys

import numpy as np
from nengo_loihi.block import Axon, LoihiBlock, Synapse
from nengo_loihi.builder import Model
from nengo_loihi.emulator import EmulatorInterface


def build(network):
    neurons = network["v_initial"].size
    block = LoihiBlock(neurons)
    compartment = block.compartment
    registers = {
        "decay_u": network["decay_u"],
        "decay_v": network["decay_v"],
        "vth": network["threshold_mantissa"] << 6,
        "bias": network["bias"],
        "refract_delay": network["refractory_ticks"],
    }
    for name, value in registers.items():
        setattr(compartment, name, value.astype(np.int32))
    compartment.scale_u = compartment.scale_v = False
    compartment.vmin, compartment.vmax = int(network["vmin"]), 2**23 - 1
    compartment.noise_exp = 1
    synapse = Synapse(neurons)
    outgoing = network["weights"].T.astype(np.int32) << 6
    everything = [np.arange(neurons)] * neurons
    synapse._set_weights_indices(list(outgoing), everything, weight_dtype=np.int32)
    block.add_synapse(synapse)
    axon = Axon(neurons)
    axon.target = synapse
    block.add_axon(axon)
    model = Model()
    model.add_block(block)
    emulator = EmulatorInterface(model, seed=0)
    emulator.compartment.voltage[:] = network["v_initial"]
    emulator.compartment.current[:] = network["u_initial"]
    return emulator


def run(network, ticks):
    emulator = build(network)
    rows = {"u": [], "v": [], "spikes": []}
    error = ""
    for _ in range(ticks):
        try:
            emulator.step()
        except Exception as stop:  # what ends a run is a result here
            error = f"{type(stop).__name__}: {stop}"
            break
        rows["u"].append(emulator.compartment.current.copy())
        rows["v"].append(emulator.compartment.voltage.copy())
        rows["spikes"].append(emulator.compartment.spiked.copy())
    size = network["v_initial"].size
    return {name: np.array(kept).reshape(-1, size) for name, kept in rows.items()} | {"error": error}


def main():
    with np.load(sys.argv[1]) as file:
        given = dict(file)
    out = {}
    for key in given["names"]:
        network = {name[len(key) + 1 :]: value for name, value in given.items() if name.startswith(f"{key}.")}
        out.update({f"{key}.{name}": value for name, value in run(network, given["ticks"].item()).items()})
    np.savez(sys.argv[2], **out)


if __name__ == "__main__":
    main()
