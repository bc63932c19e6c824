"""Counts what nengo-loihi packs of a dense network; started as a script by an interpreter that has it.

    python nengo_loihi_packing.py NEURONS OUT.json

All neurons hear each other, one axon a neuron, through a list of synapses without indices. The network is split as
its builder splits it, so that every block fits a core.
"""

import json
import sys
from pathlib import Path

import numpy as np
from nengo_loihi.block import MAX_SYNAPSE_BITS, Axon, LoihiBlock, Synapse
from nengo_loihi.builder import Model
from nengo_loihi.builder.split_blocks import split_model


def main():
    neurons = int(sys.argv[1])
    block = LoihiBlock(neurons)
    block.compartment.configure_relu()
    synapse = Synapse(neurons)
    synapse.set_weights(np.ones((neurons, neurons)))
    block.add_synapse(synapse)
    axon = Axon(neurons)
    axon.target = synapse
    block.add_axon(axon)
    whole = synapse.bits()
    model = Model()
    model.add_block(block)
    split_model(model)
    told = {"bits": int(whole), "bits_per_core": int(MAX_SYNAPSE_BITS), "cores": len(model.blocks)}
    Path(sys.argv[2]).write_text(json.dumps(told), encoding="utf-8")


main()
