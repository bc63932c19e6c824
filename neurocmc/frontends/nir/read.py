"""Reads a NIR file as a NeuronNetwork: every node, edge, bias and parameter is used, or refused by name."""

from dataclasses import dataclass
from pathlib import Path

from neurocmc.common.arrays import Int
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.names import free_name, nearest_name
from neurocmc.frontends.nir.compose import Signal, compose
from neurocmc.frontends.nir.graph import Edge, NirGraph, NirNode, read_graph
from neurocmc.frontends.nir.neurons import NodeReader
from neurocmc.frontends.nir.nodes import INTEGRATORS, SPIKING
from neurocmc.frontends.nir.operators import delay_of
from neurocmc.frontends.nir.order import in_order, late_pairs, visits
from neurocmc.frontends.nir.projections import projections_of
from neurocmc.frontends.nir.readouts import integrator_problems, readouts_of
from neurocmc.frontends.nir.semantics import Preset, semantics_of
from neurocmc.frontends.nir.shapes import Shapes, shapes_of
from neurocmc.frontends.nir.structure import facts_of, quirk_problems, reset_problems, structure_problems
from neurocmc.ir.neurons.network import DECIDE, Decide, NeuronNetwork, NeuronPopulation, SpikeInput
from neurocmc.ir.neurons.semantics import Reset
from neurocmc.ir.stimulus import as_name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NirModel:
    """A network that was read from a NIR file.

    Args:
        network: The network.
        facts: What the file holds, for a person who looks at it.
        notes: What was decided on reading it, a sentence each.
    """

    network: NeuronNetwork
    facts: dict[str, object]
    notes: tuple[str, ...]


def read_nir(
    path: Path,
    *,
    semantics: str,
    dt_s: float | None = None,
    reset: str | None = None,
    decide: Decide = "last",
    content: bytes | None = None,
) -> NirModel:
    """Reads a spiking network from a NIR file, under the rules of the framework that trained it.

    Args:
        path: A file of HDF5.
        semantics: One of `neurocmc.frontends.nir.semantics.NAMES`.
        dt_s: The time of a tick, in s, for frameworks that let one choose it.
        reset: "zero", "subtract" or "none", where neither the file nor the framework says it.
        decide: How leaky integrators at the output give an answer.
        content: The bytes of the file, where they were read before.

    Raises:
        InputError: For a file that is none, and with everything in it that cannot be used.
    """
    graph = read_graph(path, content)
    preset, problems = semantics_of(semantics, dt_s, reset, graph.metadata)
    faults = list(problems)
    if decide not in DECIDE:
        faults.append(Problem("choice-unknown", "--decide", f"there is no {decide!r}", nearest_name(decide, DECIDE)))
    shapes, wrong = shapes_of(graph)
    faults += wrong
    if preset is None:
        raise_input_problems(problem.inside(path) for problem in faults)
        raise AssertionError("a preset is lacking without a problem")
    faults += structure_problems(graph, preset)
    faults += quirk_problems(graph, shapes, preset)
    faults += reset_problems(graph.of_type(*SPIKING), preset)
    raise_input_problems(problem.inside(path) for problem in faults)
    return _Reading(path, graph, preset, shapes).model(decide)


def nir_facts(path: Path, content: bytes | None = None) -> dict[str, object]:
    """Returns what a NIR file holds, without asking what it computes. Raises InputError for what is no NIR graph."""
    graph = read_graph(path, content)
    return facts_of(graph, shapes_of(graph)[0])


@dataclass(frozen=True, slots=True)
class _Reading:
    """A graph without faults of its own, on its way to a network."""

    path: Path
    graph: NirGraph
    preset: Preset
    shapes: Shapes

    def model(self, decide: Decide) -> NirModel:
        graph, preset = self.graph, self.preset
        signals, late = self.signals()
        reader = NodeReader(preset)
        inputs = self.inputs()
        neurons = [node.name for node in graph.of_type(*SPIKING)]
        pairs = [(source, name) for name in neurons for source in self.driven(name, signals).sources]
        populations = [self.population(name, signals, pairs, reader) for name in self.order(neurons, pairs, late)]
        projections = [
            projection
            for population in populations
            for projection in projections_of(
                population.name, self.driven(population.name, signals), preset, late, inputs, self.shapes
            )
        ]
        spikes, hosts = readouts_of(graph, signals, self.shapes, reader, decide)
        raise_input_problems(problem.inside(self.path) for problem in reader.problems)
        network = NeuronNetwork(
            name=as_name(graph.name),
            semantics=preset.semantics,
            populations=tuple(populations),
            projections=tuple(projections),
            inputs=tuple(inputs.values()),
            readouts=tuple(spikes),
            host_readouts=tuple(hosts),
            origin_sha256=graph.sha256,
        )
        raise_input_problems(problem.inside(self.path) for problem in network.problems())
        facts = facts_of(graph, self.shapes)
        return NirModel(
            network=network, facts=facts, notes=(*self.shapes.notes, *reader.notes(), *self.loop_notes(late))
        )

    def signals(self) -> tuple[dict[str, Signal], tuple[Edge, ...]]:
        """What reaches each node that is not linear, and which connections act a tick later."""
        delays: dict[str, Int] = {}
        faults: list[Problem] = []
        for node in self.graph.of_type("Delay"):
            delays[node.name], fault = delay_of(node, self.shapes.size(node.name), self.preset.dt_s)
            faults += [] if fault is None else [fault]
        raise_input_problems(problem.inside(self.path) for problem in faults)
        place = {name: k for k, name in enumerate(visits(self.graph))} if self.preset.in_nirtorch else {}
        behind = {edge for edge in self.graph.edges if place and place[edge[0]] >= place[edge[1]]}
        signals, problems = compose(self.graph, self.shapes, delays, lambda edge: int(edge in behind))
        problems = (*problems, *integrator_problems(self.graph, signals))
        raise_input_problems(problem.inside(self.path) for problem in problems)
        if self.preset.in_nirtorch:
            return signals, tuple(edge for edge in self.graph.edges if edge in behind)
        neurons = [node.name for node in self.graph.of_type(*SPIKING)]
        pairs = [(source, name) for name in neurons for source in self.driven(name, signals).sources]
        return signals, late_pairs(neurons, pairs, [node.name for node in self.graph.of_type("Input")])

    def driven(self, name: str, signals: dict[str, Signal]) -> Signal:
        """What drives a population: what reaches its node, or the integrator that a Threshold compares."""
        current = self.current(name, signals)
        return signals[name if current is None else current.name]

    def current(self, name: str, signals: dict[str, Signal]) -> NirNode | None:
        """The integrator that is the current of a Threshold."""
        sources = signals[name].sources
        node = self.graph.nodes[sources[0]] if len(sources) == 1 else None
        return node if node is not None and node.type in INTEGRATORS else None

    def order(self, neurons: list[str], pairs: list[Edge], late: tuple[Edge, ...]) -> list[str]:
        if self.preset.in_nirtorch:
            return [name for name in visits(self.graph) if name in neurons]
        return in_order(neurons, pairs, late, [node.name for node in self.graph.of_type("Input")])

    def population(
        self, name: str, signals: dict[str, Signal], pairs: list[Edge], reader: NodeReader
    ) -> NeuronPopulation:
        node = self.graph.nodes[name]
        reset: Reset = self.preset.reset or "zero"  # where the file says it, by its v_reset
        if self.preset.reads_v_reset and self.preset.reset not in (None, "zero") and "v_reset" in node.fields:
            reader.note(name, f"its v_reset is put aside for --reset {reset}")
        recurrent = (name, name) in pairs
        return reader.population(
            node, self.shapes.gets[name], reset, self.current(name, signals), recurrent=recurrent
        )

    def inputs(self) -> dict[str, SpikeInput]:
        """The inputs by the name of their node; their own names can be those of files."""
        taken = set(self.graph.nodes)
        found: dict[str, SpikeInput] = {}
        for node in self.graph.of_type("Input"):
            name = as_name(node.name)
            name = name if name == node.name else free_name(name, taken)
            taken.add(name)
            found[node.name] = SpikeInput(
                name=name, channels=self.shapes.size(node.name), shape=self.shapes.gives[node.name]
            )
        return found

    def loop_notes(self, late: tuple[Edge, ...]) -> list[str]:
        why = "it closes a loop"
        if self.preset.in_nirtorch:
            why = "nirtorch visits its source later, and hands nothing on in tick 0"
        return [f"{source} -> {target} acts a tick later: {why}" for source, target in late]
