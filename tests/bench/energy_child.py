"""Runs a placed network on SANA-FE with given spikes, in an environment of its own: reads one JSON, prints another.

In: for each neuron its core and whether it is updated in every tick, for each synapse its two neurons, for each tick
the neurons that fire. Out: what SANA-FE counted, and the energies that it says, by the description of a Loihi that
comes with it. Weights are 0 and a neuron fires by a bias that it has in its own tick alone, so that the spikes are
those that were given.
"""

import contextlib
import io
import json
import sys
from importlib.metadata import version
from importlib.resources import files

import sanafe

ARCHITECTURE = files("sanafe.examples").joinpath("loihi.yaml")


def main() -> None:
    asked = json.load(sys.stdin)
    arch = sanafe.load_arch(str(ARCHITECTURE))
    cores = arch.cores()
    network = sanafe.Network()
    plain = {"threshold": 1.0, "reset": 0.0, "leak_decay": 0.0}
    group = network.create_neuron_group("all", len(asked["core"]), plain)
    neurons = list(group.neurons)
    for source, target in zip(*asked["synapses"], strict=True):
        neurons[source].connect_to_neuron(neurons[target], {"weight": 0.0})
    for neuron, core, always in zip(neurons, asked["core"], asked["always"], strict=True):
        neuron.set_attributes(model_attributes={"force_update": bool(always)})
        neuron.map_to_core(cores[core])
    chip = sanafe.SpikingChip(arch)
    chip.load(network)
    mapped = chip.mapped_neuron_groups["all"]
    found = {"spikes": 0, "packets_sent": 0, "neurons_updated": 0, "neurons_fired": 0}
    energy = {"synapse": 0.0, "dendrite": 0.0, "soma": 0.0, "network": 0.0, "total": 0.0}
    before: list[int] = []
    for fires in asked["fires"]:
        for neuron in before:
            mapped[neuron].set_attributes(model_attributes={"bias": 0.0})
        for neuron in fires:
            mapped[neuron].set_attributes(model_attributes={"bias": 2.0})
        before = fires
        with contextlib.redirect_stdout(io.StringIO()):
            ran = chip.sim(1)
        found = {name: count + ran[name] for name, count in found.items()}
        energy = {name: joules + ran["energy"][name] for name, joules in energy.items()}
    told = {
        "counts": found,
        "energy_j": energy,
        "version": version("sanafe"),
        "architecture": ARCHITECTURE.read_text(),
    }
    print("\n" + json.dumps(told))


if __name__ == "__main__":
    main()
