"""Writes the equations of a SpikingNetwork as Brian2 text: one source for our simulation and for the script we emit.

Each population becomes two Brian2 groups. Its *cells* have a voltage each; its *pools*, one per unit, hold what the
cells of a unit share: the synaptic currents and the number of cells that fired. A projection therefore connects
pools with pools (unit x unit), and a cell has one synapse, on its own pool's counter, whatever the number of
projections and delays: what is late a pool remembers, a count for each tick. Nothing is lost: the neurons of a unit
send equal weights and receive equal currents.

Events of one tick, in the slots of Brian2's schedule::

    groups      received <- weight x counter of the source        (spikes of the tick before)
                currents of the pool advance, counts move on by a tick, cells advance
    thresholds  v > 1
    synapses    counters of the pools count the spikes
    resets      v <- 0
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from neurocmc.common.arrays import Float
from neurocmc.common.poles import pole
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.spiking import SpikingInput, SpikingNetwork, SpikingPopulation, SpikingProjection

REMEMBERED_TICKS = 64  # of a delay: a count for each tick; of longer ones Brian2 keeps the spikes themselves
THRESHOLD = "v > 1"
RESET = "v = 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Identifiers for populations, projections and inputs that Brian2 (Python, C++) accepts; distinct in each map."""

    population: Mapping[str, str]
    projection: Mapping[str, str]
    input: Mapping[str, str]

    @classmethod
    def of(cls, network: SpikingNetwork | NeuronNetwork) -> "Names":
        return cls(
            population=_identifiers(population.name for population in network.populations),
            projection=_identifiers(projection.name for projection in network.projections),
            input=_identifiers(entry.name for entry in network.inputs),
        )


def _identifiers(names: Iterable[str]) -> dict[str, str]:
    """A distinct identifier for each name, as close to it as can be: `excite->inhibit` is `excite_to_inhibit`.

    They are always used behind a prefix (`via_` for projections, `drive_` for inputs), which takes care of keywords,
    leading digits, and a projection called like an input. Brian2 gives endings in
    `_pre` and `_post` a meaning of its own in synapses; those, and repetitions, get a number.
    """
    taken: dict[str, str] = {}
    for name in names:
        slug = re.sub(r"[^A-Za-z0-9]+", "_", name.replace("->", "_to_")).strip("_") or "x"
        candidate, number = slug, 2
        while candidate in taken.values() or re.search(r"(^|_)(pre|post)$", candidate):
            candidate, number = f"{slug}_{number}", number + 1
        taken[name] = candidate
    return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationText:
    """The equations of one population: state, what happens to it in each tick, and the constants in both."""

    pool_model: tuple[str, ...]
    pool_update: tuple[str, ...]
    cell_model: tuple[str, ...]
    cell_update: tuple[str, ...]
    tau_s: Mapping[str, float]  # keep_<name> -> time constant; its value is keep_factor(tau, tick)
    drives: Mapping[str, str]  # input name -> the function drive_<name>(t, i) of the pools
    counter: Mapping[int, str]  # delay in ticks -> the pools' count of spikes that arrive with it; 0 is always there
    counted: tuple[int, ...]  # the delays whose spikes are counted as they arrive; of others a pool remembers them


def keep_factor(tau_s: float, tick_s: float) -> float:
    """Returns what is left after one tick of a state that decays with `tau_s`; nothing where that is 0."""
    return pole(tau_s, tick_s)


def population_text(network: SpikingNetwork, population: SpikingPopulation, names: Names) -> PopulationText:
    """Returns the equations of one population of a network."""
    sent = [p for p in network.projections if p.source == population.name]
    delays = {tap.delay_ticks for p in sent for tap in p.arrivals}
    remembered = max((delay for delay in delays if delay <= REMEMBERED_TICKS), default=0)
    counted = (0, *sorted(delay for delay in delays if delay > REMEMBERED_TICKS))
    named = (*range(remembered + 1), *counted[1:])
    counter = {delay: f"fired_{delay}_ticks_ago" if delay else "fired" for delay in named}
    state, update, terms = ["current : 1"], list[str](), list[str]()
    filtered = list[str]()  # a filtered drive of this tick acts from the next one on, as a spike does
    tau_s, drives = dict[str, float](), dict[str, str]()
    for projection in network.projections:
        if projection.target == population.name:
            name = names.projection[projection.name]
            state += _projection_state(projection, name)
            update += _projection_update(projection, name)
            tau_s[f"keep_via_{name}"] = projection.tau_s
            terms.append(f"I_via_{name}")
    for entry in network.inputs:
        if entry.target == population.name:
            name = names.input[entry.name]
            drives[entry.name] = f"drive_{name}"
            if entry.tau_s > 0:
                state += [f"I_drive_{name} : 1", *([f"first_drive_{name} : 1"] if entry.order == 2 else [])]
                filtered += _filtered_input_update(entry, name)
                tau_s[f"keep_drive_{name}"] = entry.tau_s
                terms.append(f"I_drive_{name}")
            else:
                terms.append(f"drive_{name}(t, i)")
    update.append(f"current = {' + '.join(terms) or '0'}")
    moved_on = [f"{counter[delay]} = {counter[delay - 1]}" for delay in range(remembered, 0, -1)]
    update += [*filtered, *moved_on, *(f"{counter[delay]} = 0" for delay in counted)]
    leaky = population.tau_mem_s > 0
    if leaky:
        tau_s["keep_v"] = population.tau_mem_s
    return PopulationText(
        pool_model=(*(f"{name} : integer" for name in counter.values()), *state),
        pool_update=tuple(update),
        cell_model=("v : 1", "bias : 1 (constant)", "current : 1 (linked)"),
        cell_update=(f"v = {'v * keep_v + ' if leaky else ''}current + bias",),
        tau_s=tau_s,
        drives=drives,
        counter=counter,
        counted=counted,
    )


def _projection_state(projection: SpikingProjection, name: str) -> list[str]:
    first_stage = [f"first_{name} : 1"] if projection.order == 2 else []
    return [f"received_{name} : 1", *first_stage, f"I_via_{name} : 1"]


def _projection_update(projection: SpikingProjection, name: str) -> list[str]:
    """One exponential; or two in a row, the second fed by the first as it was one tick before."""
    if projection.order == 1:
        return [f"I_via_{name} = I_via_{name} * keep_via_{name} + received_{name}"]
    return [
        f"I_via_{name} = I_via_{name} * keep_via_{name} + (1 - keep_via_{name}) * first_{name}",
        f"first_{name} = first_{name} * keep_via_{name} + received_{name}",
    ]


def _filtered_input_update(entry: SpikingInput, name: str) -> list[str]:
    """One stage that takes in the drive of this tick; or before it a second one, fed by the first as it was."""
    keep = f"keep_drive_{name}"
    if entry.order == 1:
        return [f"I_drive_{name} = I_drive_{name} * {keep} + (1 - {keep}) * drive_{name}(t, i)"]
    return [
        f"I_drive_{name} = I_drive_{name} * {keep} + (1 - {keep}) * first_drive_{name}",
        f"first_drive_{name} = first_drive_{name} * {keep} + (1 - {keep}) * drive_{name}(t, i)",
    ]


def initial_currents(projection: SpikingProjection, tick_s: float) -> dict[str, Float]:
    """Maps the start of a projection's name to its state before tick 0: what leaves `standing` in that tick.

    One stage is decayed once before it is read. Of two, the first must also feed the second the same value one tick
    later.
    """
    keep = keep_factor(projection.tau_s, tick_s)
    if not projection.standing.any():  # of a filter that keeps nothing, nothing can stand
        return {}
    last = projection.standing / keep
    if projection.order == 1:
        return {"I_via": last}
    return {"first": last, "I_via": (projection.standing - (1.0 - keep) * last) / keep}


def projection_text(projection: SpikingProjection, names: Names, counter: Mapping[int, str]) -> str:
    """Returns the Synapses model of a projection: it sums source pools' counters for the target pools."""
    received = f"received_{names.projection[projection.name]}_post"
    parts = [f"{tap.share!r} * {counter[tap.delay_ticks]}_pre" for tap in projection.arrivals]
    arriving = f"({' + '.join(parts)})" if projection.taps else f"{counter[projection.delay_ticks]}_pre"
    return f"weight : 1 (constant)\n{received} = weight * {arriving} : 1 (summed)"
