"""Formats a program of cores: pools, gains and latencies, then what stands on every core, as a page of text.

A network of cores has too many numbers to read; they appear as ranges, and each array with a fingerprint, so that two
texts differ wherever two programs do.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from neurocmc.common.matrices import count as filled
from neurocmc.common.matrices import difference, largest
from neurocmc.ir.phrases import arrow, counted, observed, page, readouts
from neurocmc.ir.summaries import (
    INDENT,
    entry,
    fingerprint,
    matrix,
    milliseconds,
    number,
    percent,
    table,
    text_fingerprint,
    vector,
)
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, CoreNetwork
from neurocmc.ir.truenorth.program import (
    AxonGroup,
    CoreInput,
    CorePopulation,
    CoreProgram,
    CoreProjection,
    NeuronGroup,
)

AnyGroup = TypeVar("AnyGroup", NeuronGroup, AxonGroup)

MAX_GROUPS = 64  # beyond it, groups are summed over the units of a population
_FIELDS = (
    "coordinates",
    "axon_type",
    "crossbar",
    "weight",
    "stochastic_weight",
    "leak",
    "stochastic_leak",
    "leak_reversal",
    "threshold",
    "noise_mask",
    "floor",
    "floor_saturates",
    "reset_potential",
    "reset_mode",
    "potential",
    "target_core",
    "target_axon",
    "delay",
)
Facts = list[tuple[str, str | list[str]]]


def print_cores(program: CoreProgram) -> str:
    """Formats the core program: what each population became, every core, corelets by role, fingerprints."""
    network = program.network
    used = sum(group.stop - group.start for group in program.neuron_groups)
    lines = [
        f"core program {program.name} on {program.target}: {counted(used, 'neuron')} on "
        f"{counted(network.cores, 'core')} of {network.axons} axons and {network.neurons} neurons, tick "
        f"{milliseconds(program.tick_s)}",
        f"{counted(network.types, 'type')} of axons; V has {network.potential_bits} bits and saturates; "
        f"{'no neuron draws a random number' if network.deterministic else 'some neurons draw random numbers'}; "
        f"the output bus has {counted(network.outputs, 'line')}",
        f"the chip begins with tick {program.first_tick} of a trial",
    ]
    for population in program.populations:
        lines += _population(population)
    for projection in program.projections:
        lines += _projection(projection)
    for given in program.inputs:
        lines += _input(given)
    lines += readouts(program.readouts)
    lines += ["", "cores (ranges of groups without their end)", *_cores(program)]
    lines += ["", *_neuron_groups(program), "", *_axon_groups(program), "", "fingerprints of the cores"]
    lines += table(([INDENT + name, fingerprint(getattr(network, name))] for name in _FIELDS), left=2)
    return page(lines)


def _population(population: CorePopulation) -> list[str]:
    head = (
        f"population {population.name}: {counted(population.units, 'unit')} x {counted(population.neurons, 'neuron')}"
    )
    facts: Facts = [
        ("pole", f"{vector(population.realised_pole)} of V kept a tick, wanted {vector(population.wanted_pole)}"),
        (
            "residual",
            f"{percent(float(population.gain_residual.max(initial=0.0)))} of a unit's largest gain at worst; of each "
            f"{vector(population.gain_residual)}",
        ),
        ("scale", f"{vector(population.lsb_per_drive)} LSB of V per unit of drive"),
        ("activity", f"{number(population.activity_per_spike)} a spike"),
        ("observed", observed(population.trace)),
        ("given back", f"{vector(population.given_back)} of drive, for what rounding took of gains"),
        ("before", f"{vector(population.before)} spikes stand for the tick before the chip's first"),
        ("pools", f"on cores {vector(population.core)}, from neuron {vector(population.first)}"),
    ]
    return entry(head, facts)


def _projection(projection: CoreProjection) -> list[str]:
    lost = largest(difference(projection.realised_gain, projection.wanted_gain))
    share = lost / (largest(projection.wanted_gain) or 1.0)
    head = arrow(projection.name, projection.source, projection.target)
    facts: Facts = [
        ("gain", matrix(projection.realised_gain, "of drive per unit of activity")),
        ("wanted", matrix(projection.wanted_gain)),
        ("residual", f"largest {percent(share)} of the largest gain"),
        ("axons", matrix(projection.axons, "a connection")),
        ("latency", matrix(projection.latency_ticks, "ticks beyond the one every spike takes")),
    ]
    return entry(f"{head}{counted(filled(projection.wanted_gain), 'connection')}", facts)


def _input(given: CoreInput) -> list[str]:
    kind = "filtered" if given.filter_pole else "unfiltered (the host sends the innovation)"
    head = f"input {given.name}: {counted(given.lsb_per_input.shape[1], 'channel')} -> {given.target}, {kind}"
    facts: Facts = [
        ("axons", f"{vector((given.weight != 0).sum(axis=1))} a unit, weights {vector(given.weight)} LSB a spike"),
        ("at", f"cores {vector(given.core)}, axons {vector(given.axon)}"),
        ("weight", matrix(given.lsb_per_input, "LSB of V per unit of input")),
        ("lift", f"{vector(given.lift)} LSB in the chip's first tick"),
        ("pole", f"{vector(given.keep)} of V kept a tick, {_filter(given)}"),
    ]
    return entry(head, facts)


def _filter(given: CoreInput) -> str:
    return f"of the drive's filter {number(given.filter_pole)}" if given.filter_pole else "the drive is not filtered"


def _cores(program: CoreProgram) -> list[str]:
    """Place, axons, neurons and set bits of each core, and whose it is."""
    network = program.network
    axons, neurons = np.zeros(network.cores, dtype=np.int64), np.zeros(network.cores, dtype=np.int64)
    corelets: list[dict[str, None]] = [{} for _ in range(network.cores)]
    for group in program.axon_groups:
        if _is_there(network, group):
            axons[group.core] += group.stop - group.start
    for group in program.neuron_groups:
        if _is_there(network, group):
            neurons[group.core] += group.stop - group.start
            corelets[group.core][group.corelet] = None
    bits = np.unpackbits(network.crossbar.reshape(network.cores, -1), axis=1).sum(axis=1, dtype=np.int64)
    places = network.coordinates.tolist()
    rows = [
        [
            f"{core}",
            f"({places[core][0]}, {places[core][1]})",
            f"{axons[core]:,}",
            f"{neurons[core]:,}",
            f"{bits[core]:,}",
            " ".join(corelets[core]),
        ]
        for core in range(network.cores)
    ]
    head = ["core", "place", "axons", "neurons", "set bits", "corelets"]
    # The last column is text: it stands to the left, whatever its width.
    return [
        f"{line}  {row[-1]}".rstrip()
        for line, row in zip(table([row[:-1] for row in [head, *rows]]), [head, *rows], strict=True)
    ]


def _is_there(network: CoreNetwork, group: NeuronGroup | AxonGroup) -> bool:
    """Whether a group holds something on a core that the network has: a program with faults is printed as well."""
    return 0 <= group.core < network.cores and 0 <= group.start < group.stop


def _neuron_groups(program: CoreProgram) -> list[str]:
    head = ["corelet", "role", "core", "neurons", "threshold", "noise", "leak", "reset", "start", "to"]
    return _listed("neurons", head, program.neuron_groups, lambda group: _neuron_row(program.network, group))


def _axon_groups(program: CoreProgram) -> list[str]:
    head = ["corelet", "role", "from", "core", "axons", "type"]
    return _listed("axons", head, program.axon_groups, lambda group: _axon_row(program.network, group))


def _listed(
    what: str, head: list[str], groups: Sequence[AnyGroup], row: Callable[[AnyGroup], list[str]]
) -> list[str]:
    """A row a group; of very many groups their sums by population and role."""
    if len(groups) > MAX_GROUPS:
        return [
            f"{what} by population and role (group by group: {text_fingerprint(f'{g}' for g in groups)})",
            *_summed((g.corelet, g.role, g.core, g.stop - g.start) for g in groups),
        ]
    return [f"{what} by corelet", *table([head, *map(row, groups)], left=len(head))]


def _neuron_row(network: CoreNetwork, group: NeuronGroup) -> list[str]:
    place = [f"{group.core}", f"[{group.start}, {group.stop})"]
    return [group.corelet, group.role, *place, *_neurons(network, group)]


def _axon_row(network: CoreNetwork, group: AxonGroup) -> list[str]:
    place = [group.source, f"{group.core}", f"[{group.start}, {group.stop})"]
    return [group.corelet, group.role, *place, _types(network, group)]


def _neurons(network: CoreNetwork, group: NeuronGroup) -> list[str]:
    if not _is_there(network, group):
        return ["none"] * 6
    part = (group.core, slice(group.start, group.stop))
    values = [_few(getattr(network, name)[part]) for name in ("threshold", "noise_mask", "leak")]
    modes = {0: "to", 1: "subtract", 2: "none"}
    reset = " ".join(modes.get(mode, f"{mode}") for mode in np.unique(network.reset_mode[part]).tolist())
    names = {NOWHERE: "nowhere", OUTPUT: "bus"}
    targets = " ".join(names.get(core, f"core {core}") for core in np.unique(network.target_core[part]).tolist())
    return [*values, reset, _few(network.potential[part]), targets]


def _types(network: CoreNetwork, group: AxonGroup) -> str:
    if not _is_there(network, group):
        return "none"
    return " ".join(f"{kind}" for kind in np.unique(network.axon_type[group.core, group.start : group.stop]).tolist())


def _summed(groups: Iterable[tuple[str, str, int, int]]) -> list[str]:
    """Groups, cores and members of each population and role."""
    sums: dict[tuple[str, str], tuple[int, set[int], int]] = {}
    for corelet, role, core, count in groups:
        key = (corelet.partition("/")[0], role)
        number_of, cores, members = sums.get(key, (0, set[int](), 0))
        sums[key] = (number_of + 1, cores | {core}, members + count)
    rows = [[*key, f"{n:,}", f"{len(cores):,}", f"{members:,}"] for key, (n, cores, members) in sums.items()]
    return table([["population", "role", "groups", "cores", "in all"], *rows], left=2)


def _few(values: np.ndarray) -> str:
    """The one value, or the range."""
    if not values.size:
        return "none"
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} .. {high:,}"
