"""Makes a graph of any network of neurons that NIR can say, so that neurocmc reads the same network from it again.

Populations become CubaLIFs under their own names, those without reset a Threshold behind a CubaLI. Synapses of one
projection and delay are one matrix; a Delay follows it, but where a loop over one population takes the one tick that
such loops take anyway. A bias stands in the first matrix that acts at once, or else in one of its own.

NIR has no refractory times, and one word for the reset. What snnTorch computes comes back under its own name: a file
says in `neurocmc_semantics` what it is to be read as. Whatever neither says is refused.
"""

from collections.abc import Iterator

import numpy as np

from neurocmc.backends.nir.filters import cuba_fields
from neurocmc.backends.nir.graph import Graph, Value, check_size, header
from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.neurons.network import HostReadout, NeuronNetwork, NeuronPopulation, NeuronProjection, SpikeInput
from neurocmc.ir.neurons.semantics import Reset

SNNTORCH_DT_S = 1e-4  # the one tick that it reads and writes NIR with


def neurons_graph(network: NeuronNetwork) -> Graph:
    """Returns the graph of a network. Raises InfeasibleError with everything in it that NIR cannot say."""
    name = read_as(network)
    raise_infeasible(_problems(network, name))
    graph = Graph(header(network.semantics.dt_s, _reset(network), name))
    given = {entry.name: _input(graph, entry) for entry in network.inputs}
    into: dict[str, str] = {}
    for population in network.populations:
        into[population.name], given[population.name] = _population(graph, network, population, name)
    for projection in network.projections:
        _projection(graph, network, projection, given[projection.source], into[projection.target])
    shown = [(entry.name, entry.population) for entry in network.readouts]
    read = {entry.population for entry in (*network.readouts, *network.host_readouts)}
    shown += [(f"{ending}.spikes", ending) for ending in _endings(network, read)]
    for readout, population in shown:
        graph.chain(given[population], graph.ends("Output", readout, (network.population(population).size,)))
    for host in network.host_readouts:
        _host(graph, host, given[host.population], network.semantics.dt_s)
    return graph


def read_as(network: NeuronNetwork) -> str:
    """Returns the semantics under which its graph is the network: neurocmc's own, or those of snnTorch."""
    resetting = [population for population in network.populations if population.reset != "none"]
    if all(p.refractory_ticks == 1 and not p.reset_late and not p.rest_kept for p in resetting):
        return "neurocmc"
    return "snntorch-0" if all(p.rest_kept for p in resetting) else "snntorch-1"


def _reset(network: NeuronNetwork) -> Reset:
    resets: list[Reset] = [p.reset for p in network.populations if p.reset != "none"]
    return resets[0] if resets else "zero"


def _problems(network: NeuronNetwork, name: str) -> Iterator[Problem]:
    rules = network.semantics
    where = f"network {network.name}"
    for wrong, what in (
        (rules.at_threshold, "a voltage at the threshold is a spike"),
        (rules.several_spikes, "a neuron can spike several times in a tick"),
        (not network.inputs, "it has no input"),
        (
            name != "neurocmc" and rules.dt_s != SNNTORCH_DT_S,
            f"{name} reads a tick as 0.1 ms, it has {rules.dt_s:g} s",
        ),
    ):
        if wrong:
            yield _unsaid(where, what)
    resets = sorted({population.reset for population in network.populations} - {"none"})
    if len(resets) > 1:
        yield _unsaid(where, f"some neurons reset to zero, others by subtraction, and {name} reads one reset")
    for population in network.populations:
        if (what := _fault(network, population, name)) is not None:
            yield _unsaid(f"population {population.name}", what)
        if "/" in population.name or population.name == ".":
            yield _unsaid(f"population {population.name}", "NIR does not allow its name for a node")


def _unsaid(where: str, what: str) -> Problem:
    return Problem(
        "nir-cannot-say",
        where,
        f"{what}: NIR cannot say it",
        "compile it for loihi1, or use the file that was brought",
    )


def _fault(network: NeuronNetwork, population: NeuronPopulation, name: str) -> str | None:
    """What of a population NIR cannot say under these semantics."""
    if np.isfinite(population.floor).any():
        return "its voltage has a floor"
    if population.reset == "none":
        return None if population.refractory_ticks == 1 else "it has a refractory time, and no reset"
    if name == "neurocmc":
        return None
    ticks = population.refractory_ticks
    if name == "snntorch-0":
        return None if population.reset == "subtract" and ticks == 1 else "only some neurons keep a rest"
    if population.reset == "subtract":
        return None if population.reset_late and ticks == 1 else f"it is not reset as {name} does it"
    if ticks == 2 or (ticks == 1 and _is_lif(network, population)):
        return None
    return f"{ticks} refractory ticks" if ticks > 2 else "others have a refractory time, and it has none"


def _is_lif(network: NeuronNetwork, population: NeuronPopulation) -> bool:
    """Whether a LIF says it all: no memory of the current, and no loop. Under snntorch-1 it is reset at once."""
    loops = any(projection.source == population.name for projection in network.into(population.name))
    return not population.pole_syn.any() and bool((population.gain_syn == 1).all()) and not loops


def _input(graph: Graph, entry: SpikeInput) -> str:
    """The node that gives the channels of an input in one row."""
    name = graph.ends("Input", entry.name, entry.shape)
    if len(entry.shape) == 1:
        return name
    shape = np.array(entry.shape, dtype=np.int64)
    fields: dict[str, Value] = {"input_type": shape, "start_dim": 0, "end_dim": len(shape) - 1}
    flat = graph.node(f"{entry.name}.flat", "Flatten", fields)
    graph.chain(name, flat)
    return flat


def _population(graph: Graph, network: NeuronNetwork, population: NeuronPopulation, name: str) -> tuple[str, str]:
    """The node that what arrives goes into, and the one that gives the spikes."""
    dt_s = network.semantics.dt_s
    fields = cuba_fields(dt_s, population.pole_syn, population.pole_mem, population.gain_syn, population.gain_mem)
    if population.reset == "none":
        current = graph.node(f"{population.name}.current", "CubaLI", fields)
        own = graph.node(population.name, "Threshold", {"threshold": population.threshold})
        graph.chain(current, own)
        return current, own
    spikes = {"v_threshold": population.threshold, "v_reset": np.zeros(population.size)}
    if name == "snntorch-1" and population.reset == "zero" and population.refractory_ticks == 1:
        leaky = {"tau": fields["tau_mem"], "r": fields["r"], "v_leak": fields["v_leak"]}
        own = graph.node(population.name, "LIF", leaky | spikes)
    else:
        own = graph.node(population.name, "CubaLIF", fields | spikes)
    return own, own


def _projection(graph: Graph, network: NeuronNetwork, projection: NeuronProjection, source: str, target: str) -> None:
    """The matrices of a projection, one for each delay, with its bias."""
    sources, dt_s, named = network.size_of(projection.source), network.semantics.dt_s, _named(projection)
    targets = projection.bias.size
    check_size(f"projection {projection.name}", targets, sources)
    loop = projection.source == projection.target
    bias: Float | None = projection.bias if projection.bias.any() else None
    for ticks in projection.delays():
        at_once = ticks == 0 or (loop and ticks == 1)
        own = bias if at_once and projection.bias_from_tick == 0 else None
        bias = None if own is not None else bias
        name = graph.weights(named, projection.matrix(sources, ticks).toarray(), own)
        _delayed(graph, source, name, target, 0 if at_once else ticks, targets, dt_s)
    if bias is not None:
        name = graph.weights(f"{named}.bias", np.zeros((targets, sources)), bias)
        _delayed(graph, source, name, target, projection.bias_from_tick, targets, dt_s)


def _named(projection: NeuronProjection) -> str:
    """A name for its matrix: frameworks make names of attributes of the names of nodes."""
    return f"{projection.source}_to_{projection.target}".replace("/", "_")


def _delayed(graph: Graph, source: str, name: str, target: str, ticks: int, size: int, dt_s: float) -> None:
    if not ticks:
        graph.chain(source, name, target)
        return
    delay = graph.node(f"{name}.delay", "Delay", {"delay": np.full(size, ticks * dt_s)})
    graph.chain(source, name, delay, target)


def _endings(network: NeuronNetwork, read: set[str]) -> Iterator[str]:
    """Populations whose spikes reach no readout, of a set of them one: a graph has to end where something ends."""
    shown = set(read)
    for population in reversed(network.populations):
        seen, queue = {population.name}, [population.name]
        while queue:
            after = queue.pop()
            further = {p.target for p in network.projections if p.source == after} - seen
            seen |= further
            queue += sorted(further)
        if not seen & shown:
            shown.add(population.name)
            yield population.name


def _host(graph: Graph, readout: HostReadout, source: str, dt_s: float) -> None:
    matrix = graph.weights(f"{readout.name}.weights", readout.weight, readout.bias)
    output = graph.ends("Output", readout.name, (readout.units,))
    plain = not readout.pole_syn.any() and bool((readout.gain_syn == 1).all())
    if plain and not readout.pole_mem.any() and (readout.gain_mem == 1).all():
        graph.chain(source, matrix, output)
        return
    fields = cuba_fields(dt_s, readout.pole_syn, readout.pole_mem, readout.gain_syn, readout.gain_mem)
    if plain:
        leaky = {"tau": fields["tau_mem"], "r": fields["r"], "v_leak": fields["v_leak"]}
        own = graph.node(f"{readout.name}.values", "LI", leaky)
    else:
        own = graph.node(f"{readout.name}.values", "CubaLI", fields)
    graph.chain(source, matrix, own, output)
