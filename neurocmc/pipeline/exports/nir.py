"""Exports the integers of a circuit, or a network of neurons, as a graph of NIR.

A circuit becomes `net.nir`, one recurrent CubaLIF, and for each stimulus `net.<stimulus>.npz`: `input` (trials,
ticks, channels) real numbers by the tick in which they arrive, `labels` (trials,), and `dt_s`. The metadata of the
graph's nodes say which channels and neurons are whose (`backends.nir.pools`).

A network of neurons becomes `net.nir` with its own populations, from the integers of the chip where there are some,
in the time of the network that was brought; each stimulus stands beside it as `--events` reads it. The file is read
in again before it is handed out, and has to be the same network.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.backends.nir.graph import Graph
from neurocmc.backends.nir.neurons import neurons_graph, read_as
from neurocmc.backends.nir.pools import pool_currents, pools_graph
from neurocmc.backends.nir.write import write_graph
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem, raise_infeasible
from neurocmc.common.files import write_npz
from neurocmc.frontends.nir.read import read_nir
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.neurons.network import Decide, NeuronNetwork
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import save_events
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.neurons import NeuronBuilt
from neurocmc.pipeline.exports.registry import Export

ROUNDING = 1e-6  # by which poles and gains may come back otherwise: single precision, where a framework has that


def _write_pools(network: IntegerNetwork, stimuli: Mapping[str, Stimulus], path: Path) -> tuple[str, ...]:
    graph = pools_graph(network)
    for name, stimulus in stimuli.items():
        arrays = {
            "input": pool_currents(network, stimulus),
            "labels": stimulus.labels,
            "dt_s": np.array(network.tick_s),
        }
        write_npz(path.with_name(f"{path.name}.{name}.npz"), arrays)
    write_graph(graph, path)
    channels = graph.nodes["input"].fields["shape"]
    assert isinstance(channels, np.ndarray)
    return (
        f"one CubaLIF of {network.neurons:,} neurons, stepped by Euler with dt = {network.tick_s:g} s, reset to zero",
        f"its {int(channels[0])} channels carry real numbers, no spikes: those of each stimulus stand beside it",
    )


def _write_neurons(built: NeuronBuilt, stimuli: Mapping[str, EventStimulus], path: Path) -> tuple[str, ...]:
    return write_network(built.realised(), stimuli, path)


def write_network(network: NeuronNetwork, stimuli: Mapping[str, EventStimulus], path: Path) -> tuple[str, ...]:
    """Writes a network and its stimuli, and returns what there is to know of them.

    Raises InfeasibleError with everything in the network that a file of NIR, or its reader, cannot say.
    """
    graph, name = neurons_graph(network), read_as(network)
    write_graph(graph, path)
    notes = _read_again(network, graph, path, name)
    for stimulus in stimuli.values():
        save_events(stimulus, path.with_name(f"{path.name}.{stimulus.name}.npz"))
    said = f"read it with --semantics {name}" + ("" if name == "neurocmc" else f" --reset {_reset(graph)}")
    return (
        f"{network.neurons:,} neurons, {network.synapses:,} synapses, dt = {network.semantics.dt_s:g} s",
        said,
        *notes,
    )


def _reset(graph: Graph) -> str:
    return str(graph.metadata["reset"])


def _read_again(network: NeuronNetwork, graph: Graph, path: Path, name: str) -> tuple[str, ...]:
    """Reads the file as a user does. Raises InfeasibleError where what it says is another network."""
    decides: list[Decide] = [readout.decide for readout in network.host_readouts]
    decide: Decide = decides[0] if decides else "last"
    reset = None if name == "neurocmc" else _reset(graph)
    try:
        again = read_nir(path, semantics=name, reset=reset, decide=decide).network
    except InputError as error:
        raise_infeasible(
            Problem(
                "nir-cannot-say",
                problem.where.removeprefix(f"{path}: "),
                problem.what,
                "use the file that was brought",
            )
            for problem in error.problems
        )
        raise
    raise_infeasible(_differences(network, again))
    return () if decide == "last" else (f"its readouts decide by {decide}: read it with --decide {decide}",)


def _differences(network: NeuronNetwork, again: NeuronNetwork) -> Iterator[Problem]:
    """Yields what a network that was read in again has otherwise."""
    cure = "rename its parts, or use the file that was brought"
    where = f"network {network.name}"
    for what, ours, theirs in (
        ("inputs", _inputs(network), _inputs(again)),
        ("populations", _sizes(network), _sizes(again)),
        ("readouts of the host", _hosts(network), _hosts(again)),
    ):
        if ours != theirs:
            yield Problem("nir-cannot-say", where, f"its {what} come back as {theirs}", cure)
            return
    for population in network.populations:
        other = again.population(population.name)
        fields = ("pole_syn", "pole_mem", "gain_syn", "gain_mem", "threshold")
        close = all(np.allclose(getattr(population, f), getattr(other, f), ROUNDING, ROUNDING) for f in fields)
        rules = ("reset", "reset_late", "rest_kept", "refractory_ticks")
        if not close or any(getattr(population, rule) != getattr(other, rule) for rule in rules):
            what = "comes back with other rules or numbers"
            yield Problem("nir-cannot-say", f"population {population.name}", what, cure)
        if not _same_arrives(network, again, population.name):
            what = "other synapses, delays or biases reach it when the graph is read in again"
            yield Problem("nir-cannot-say", f"population {population.name}", what, cure)


def _inputs(network: NeuronNetwork) -> dict[str, tuple[int, ...]]:
    return dict(sorted((entry.name, entry.shape) for entry in network.inputs))


def _sizes(network: NeuronNetwork) -> dict[str, int]:
    return dict(sorted((population.name, population.size) for population in network.populations))


def _hosts(network: NeuronNetwork) -> list[tuple[str, int, float]]:
    rows = [(r.population, r.units, round(float(r.weight.sum() + r.bias.sum()), 6)) for r in network.host_readouts]
    return sorted(rows)


def _same_arrives(left: NeuronNetwork, right: NeuronNetwork, name: str) -> bool:
    """Whether the same reaches a population: weights by source and delay, biases by the tick in which they begin."""
    own, other = _weights_into(left, name), _weights_into(right, name)
    if own.keys() != other.keys() or any((own[place] != other[place]).nnz for place in own):
        return False
    ours, theirs = _biases_into(left, name), _biases_into(right, name)
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[tick], theirs[tick]) for tick in ours)


def _weights_into(network: NeuronNetwork, name: str) -> dict[tuple[str, int], Any]:
    """(source, delay) -> matrix; those without weights are left out."""
    found: dict[tuple[str, int], Any] = {}
    for projection in network.into(name):
        for ticks in projection.delays():
            matrix = projection.matrix(network.size_of(projection.source), ticks)
            place = (projection.source, ticks)
            found[place] = found[place] + matrix if place in found else matrix
    return {place: matrix for place, matrix in found.items() if matrix.count_nonzero()}


def _biases_into(network: NeuronNetwork, name: str) -> dict[int, Float]:
    found: dict[int, Float] = {}
    for projection in network.into(name):
        if projection.bias.any():
            tick = projection.bias_from_tick
            found[tick] = found[tick] + projection.bias if tick in found else projection.bias
    return found


EXPORT = Export(
    takes=IntegerNetwork,
    called="an integer network",
    made_by="loihi1 or loihi2",
    folder=False,
    write=_write_pools,
    neurons=_write_neurons,
)
