"""Exports the spiking network, in real numbers, as a program of PyNN for NEST and Brian2."""

from collections.abc import Mapping
from pathlib import Path

from neurocmc.backends.pynn import emit_pynn, synapses
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.exports.registry import Export


def _write(network: SpikingNetwork, stimuli: Mapping[str, Stimulus], folder: Path) -> tuple[str, ...]:
    emit_pynn(network, stimuli, folder)
    return (
        "run.py needs PyNN, numpy, and NEST (--simulator nest) or Brian2 (--simulator brian2)",
        f"{network.neurons:,} neurons and {synapses(network):,} synapses a trial, in real numbers",
    )


EXPORT = Export(takes=SpikingNetwork, called="a spiking network", made_by="any target", folder=True, write=_write)
