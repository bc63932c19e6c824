"""Loads a network.net with lava-dl's netx and runs it on stock Lava; started as a script by an interpreter with both.

    python netx_driver.py network.net spikes.npz out.npz

spikes.npz holds `sent`, (ticks, axons), what the host sends in each tick, and `message_bits`; out.npz gets `spikes`,
(ticks, neurons), of the last layer. lava-dl's training half (torch and more, some gigabytes) is not installed: netx
imports it and uses none of it for CUBA neurons, so empty modules stand in for it.
"""

import importlib.machinery
import os
import sys
import types

import lava_driver  # noqa: F401 - beside this file; it mends the import of Lava on newer Python
import numpy as np


def stand_in(name, **content):
    """An importable module that is not there."""
    module = types.ModuleType(name)
    module.__file__, module.__path__ = os.devnull, []
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    vars(module).update(content)
    sys.modules[name] = module


def main():
    stand_in("torch", tensor=None, is_tensor=None, Tensor=type("Tensor", (), {}))
    for name in ("lava.lib.dl.slayer", "lava.lib.dl.slayer.neuron"):
        stand_in(name)
    stand_in("lava.lib.dl.slayer.neuron.rf", neuron_params=None)
    from lava.lib.dl.netx.hdf5 import Network
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi1SimCfg
    from lava.proc.io.sink import RingBuffer as Sink
    from lava.proc.io.source import RingBuffer as Source

    file, spikes, out = sys.argv[1:]
    with np.load(spikes) as given:
        sent, message_bits = given["sent"].astype(np.int32), given["message_bits"].item()
    network = Network(net_config=file, input_message_bits=message_bits)
    source, sink = Source(data=np.ascontiguousarray(sent.T)), Sink(shape=network.out.shape, buffer=len(sent))
    source.s_out.connect(network.inp)
    network.out.connect(sink.a_in)
    try:
        network.run(condition=RunSteps(num_steps=len(sent)), run_cfg=Loihi1SimCfg(select_tag="fixed_pt"))
        np.savez(out, spikes=sink.data.get().T.astype(bool), layers=len(network))
    finally:
        network.stop()


if __name__ == "__main__":
    main()
