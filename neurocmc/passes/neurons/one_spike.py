"""Lets every neuron spike once in a tick, for simulators that have no more, and says by name what was otherwise."""

from dataclasses import dataclass, replace
from typing import ClassVar

from neurocmc.ir.neurons.network import NeuronNetwork


@dataclass(frozen=True)
class OneSpike:
    """NeuronNetwork -> NeuronNetwork whose neurons spike once in a tick, at their threshold or above it as before."""

    name: ClassVar[str] = "one-spike"

    def run(self, network: NeuronNetwork) -> tuple[NeuronNetwork, tuple[str, ...]]:
        """Returns the network and a line on each exchange; the network itself where there is none.

        A voltage of one threshold is a spike where several thresholds are several.
        """
        if not network.semantics.several_spikes:
            return network, ()
        rules = replace(network.semantics, several_spikes=False, at_threshold=True)
        kept = any(p.reset == "subtract" for p in network.populations)
        rest = ": what is left above the threshold spikes in the ticks that follow" if kept else ""
        return replace(network, semantics=rules), (f"several spikes of a neuron in one tick are one{rest}",)
