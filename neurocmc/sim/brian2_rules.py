"""Writes the rules of a NeuronNetwork as Brian2 text: one source for our simulation and for the script we emit.

Each population becomes one Brian2 group. What arrives through a projection is summed in a variable of its own,
`via_PROJECTION`, and the filters take those in the order of the framework, operation by operation, as the float
interpreter does. A spike of delay 0 passes on within its tick, so every population has slots of its own in Brian2's
schedule, one population after the other::

    inputs, send inputs      the spikes from outside, and what they bring in this tick
    step X                   currents and voltages of X advance, what had arrived is taken
    spike X, reset X         v > v_threshold; what a spike leaves of the voltage
    settle X                 rests are given back, voltages lifted to their floor
    send X                   the synapses of X bring what is due

A projection to a population that is not later in the tick is a tick late by that order alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation, NeuronProjection
from neurocmc.sim.brian2_equations import Names

INPUTS, SEND_INPUTS = "inputs", "send inputs"
STAGES = ("step", "spike", "reset", "settle", "send")


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronText:
    """The rules of one population: its variables, what a tick does to them, and the numbers of each neuron."""

    model: tuple[str, ...]
    step: tuple[str, ...]  # statements of every neuron in a tick
    threshold: str
    reset: tuple[str, ...]  # of each neuron that has spiked
    settle: tuple[str, ...]  # of every neuron, after the resets
    parameters: Mapping[str, Float]  # variable -> (size,)


def schedule(network: NeuronNetwork, names: Names) -> list[str]:
    """Returns the slots of a tick; Brian2 asks for `start`, `groups` and `end`."""
    own = [f"{stage} {names.population[p.name]}" for p in network.populations for stage in STAGES]
    return ["start", "groups", INPUTS, SEND_INPUTS, *own, "end"]


def slot_of_source(network: NeuronNetwork, projection: NeuronProjection, names: Names) -> str:
    """Returns the slot in which the synapses of a projection bring what is due."""
    inputs = {entry.name for entry in network.inputs}
    return SEND_INPUTS if projection.source in inputs else f"send {names.population[projection.source]}"


def sent_late(network: NeuronNetwork, projection: NeuronProjection) -> Int:
    """Returns (synapses,) ticks for which Brian2 keeps a spike, beyond what the order of the slots makes it late."""
    return projection.delay_ticks.astype(np.int64) - _closes_loop(network, projection)


def neuron_text(network: NeuronNetwork, population: NeuronPopulation, names: Names) -> NeuronText:
    """Returns the rules of one population of a network in which a neuron spikes once in a tick."""
    rules = network.semantics
    parameters: dict[str, Float] = {"v_threshold": population.threshold}
    state, arriving = ["v : 1"], list[str]()
    parts = [part for entry in _ordered(network, population) if (part := _part(entry, names, parameters, arriving))]
    filters = _euler if rules.update == "euler" else _pole
    step = filters(population, parts, state, parameters)
    step += [f"{name} = 0" for name in arriving]
    reset, settle, before = list[str](), list[str](), list[str]()
    if population.rest_kept:
        state.append("above : 1")
        before.append("above = int(v > v_threshold)" if not rules.at_threshold else "above = int(v >= v_threshold)")
    if population.reset_late and population.reset != "none":
        state.append("spiked : 1")
        late = "v = v*(1 - spiked)" if population.reset == "zero" else "v -= spiked*v_threshold"
        step += [late, "spiked = 0"]
        reset.append("spiked = 1")
    elif not population.rest_kept:
        reset += {"zero": ["v = 0"], "subtract": ["v -= v_threshold"], "none": []}[population.reset]
    if population.rest_kept:
        step.append("v -= above*v_threshold")
        reset += ["v -= (1 - above)*v_threshold", "above = 0"]
        settle.append("v += above*v_threshold")
    if (held := population.refractory_ticks - 1) > 0:
        state.append("held : 1")
        step += ["v = v*int(held <= 0)", "held = (held - 1)*int(held > 0)"]
        reset.append(f"held = {held}")
    settle += _lift(population, parameters)
    return NeuronText(
        model=(*state, *(f"{name} : 1" for name in arriving), *(f"{name} : 1 (constant)" for name in parameters)),
        step=(*before, *step),
        threshold="v >= v_threshold" if rules.at_threshold else "v > v_threshold",
        reset=tuple(reset),
        settle=tuple(settle),
        parameters=parameters,
    )


def _ordered(network: NeuronNetwork, population: NeuronPopulation) -> Iterator[NeuronProjection]:
    """What reaches a population, in the order in which it is added: inputs and earlier populations, then loops."""
    yield from sorted(network.into(population.name), key=lambda entry: _closes_loop(network, entry))


def _closes_loop(network: NeuronNetwork, projection: NeuronProjection) -> bool:
    """Whether the target is not later in a tick than the source."""
    order = {population.name: index for index, population in enumerate(network.populations)}
    return projection.source in order and order[projection.source] >= order[projection.target]


def _part(
    projection: NeuronProjection, names: Names, parameters: dict[str, Float], arriving: list[str]
) -> str | None:
    """What a projection brings in a tick; its variables are added to the others. None where it brings nothing."""
    name, terms = names.projection[projection.name], list[str]()
    if projection.synapses:
        arriving.append(f"via_{name}")
        terms.append(f"via_{name}")
    if projection.bias.any():
        parameters[f"bias_{name}"] = projection.bias
        first = projection.bias_from_tick
        terms.append(f"bias_{name}*int(t_in_timesteps >= {first})" if first > 0 else f"bias_{name}")
    return f"({' + '.join(terms)})" if len(terms) > 1 else "".join(terms) or None


def _pole(
    population: NeuronPopulation, parts: list[str], state: list[str], parameters: dict[str, Float]
) -> list[str]:
    """The filters of frameworks that add to what a pole has left, term by term."""
    gain_syn = _gain("gain_syn", population.gain_syn, parameters)
    gain_mem = _gain("gain_mem", population.gain_mem, parameters)
    parameters["pole_mem"] = population.pole_mem
    terms, lines = [f"{gain_syn}{part}" for part in parts], list[str]()
    if population.pole_syn.any():
        parameters["pole_syn"] = population.pole_syn
        state.append("current : 1")
        lines += ["current = pole_syn*current", *(f"current += {term}" for term in terms)]
        terms = ["current"]
    elif gain_syn and gain_mem:
        terms = [f"({term})" for term in terms]
    return [*lines, "v = pole_mem*v", *(f"v += {gain_mem}{term}" for term in terms)]


def _euler(
    population: NeuronPopulation, parts: list[str], state: list[str], parameters: dict[str, Float]
) -> list[str]:
    """The filters of frameworks that sum what arrives, and take an Euler step towards it."""
    shares = {name: np.where(pole == 1, 1.0, 1 - pole) for name, pole in _poles(population)}
    gain_syn = _gain("gain_syn", population.gain_syn / shares["share_syn"], parameters)
    gain_mem = _gain("gain_mem", population.gain_mem / shares["share_mem"], parameters)
    parameters["share_mem"] = shares["share_mem"]
    total = " + ".join(parts) or "0"
    lines = [f"drive = {gain_syn}({total})" if gain_syn else f"drive = {total}"]
    if population.pole_syn.any():
        parameters["share_syn"] = shares["share_syn"]
        state.append("current : 1")
        lines += ["current += share_syn*(drive - current)", f"pull = {gain_mem}current"]
    else:
        lines.append(f"pull = {gain_mem}drive")
    leaks = (population.pole_mem != 1).astype(np.float64)
    if leaks.all():
        return [*lines, "v += share_mem*(pull - v)"]
    if not leaks.any():
        return [*lines, "v += share_mem*pull"]
    parameters["leaks"] = leaks  # 0: what arrives is added as it is
    return [*lines, "v += share_mem*(pull - leaks*v)"]


def _poles(population: NeuronPopulation) -> tuple[tuple[str, Float], tuple[str, Float]]:
    return ("share_syn", population.pole_syn), ("share_mem", population.pole_mem)


def _gain(name: str, gain: Float, parameters: dict[str, Float]) -> str:
    """A factor, empty where it is 1 throughout."""
    if (gain == 1).all():
        return ""
    parameters[name] = gain
    return f"{name}*"


def _lift(population: NeuronPopulation, parameters: dict[str, Float]) -> list[str]:
    """Keeps voltages from falling below their floor."""
    bounded = np.isfinite(population.floor)
    if not bounded.any():
        return []
    parameters["floor_v"] = np.where(bounded, population.floor, 0.0)
    lifted = "(v - floor_v)*int(v > floor_v) + floor_v"
    if bounded.all():
        return [f"v = {lifted}"]
    parameters["bounded"] = bounded.astype(np.float64)
    return [f"v = bounded*({lifted}) + (1 - bounded)*v"]
