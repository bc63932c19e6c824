"""Runs networks given in integers on brian2-loihi; started as a script by an interpreter that has it.

    python brian2_loihi_driver.py networks.npz out.npz

For network K `K.weights` (targets, sources) are mantissas with the exponent `K.exponent` and the delay `K.delay`;
decays, threshold and refractory time are one number for all neurons; there is no bias. out.npz gets K.u, K.v and
K.spikes, (ticks, neurons), and K.w_act, the effective weights, (targets, sources). v is that after the tick; the
current is taken between synapses and equations, where it is what drives v: after the tick it has decayed already.
"""

import sys
import warnings

import numpy as np
from brian2 import SpikeMonitor, StateMonitor, prefs
from brian2_loihi import LoihiNetwork, LoihiNeuronGroup, LoihiSynapses

warnings.filterwarnings("ignore")
prefs.codegen.target = "numpy"  # small networks: compiling would take longer than running
prefs.logging.console_log_level = "ERROR"


def run(network, ticks):
    size = network["v_initial"].size
    neurons = LoihiNeuronGroup(
        size,
        refractory=int(network["refractory_ticks"][0]),
        threshold_v_mant=int(network["threshold_mantissa"][0]),
        decay_v=int(network["decay_v"][0]),
        decay_I=int(network["decay_u"][0]) + 1,  # what the chip makes of its register
    )
    neurons.v, neurons.I = network["v_initial"], network["u_initial"]
    synapses = LoihiSynapses(
        neurons, neurons, sign_mode=1, w_exp=int(network["exponent"]), delay=int(network["delay"]), num_weight_bits=8
    )
    target, source = np.nonzero(network["weights"])
    synapses.connect(i=source, j=target)
    synapses.w = network["weights"][target, source].astype(np.int64)
    current = StateMonitor(neurons, "I", record=True, when="after_synapses")
    voltage = StateMonitor(neurons, "v", record=True, when="end")
    spikes = SpikeMonitor(neurons)
    LoihiNetwork(neurons, synapses, current, voltage, spikes).run(ticks)
    raster = np.zeros((ticks, size), dtype=bool)
    raster[np.rint(np.asarray(spikes.t) * 1000).astype(int), np.asarray(spikes.i)] = True
    effective = np.zeros((size, size), dtype=np.int64)
    effective[target, source] = np.asarray(synapses.w_act)
    return {"u": np.asarray(current.I).T, "v": np.asarray(voltage.v).T, "spikes": raster, "w_act": effective}


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
