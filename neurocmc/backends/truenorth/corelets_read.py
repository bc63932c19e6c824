"""Reads a JSON description of corelets back to the network that it was written from, array for array.

A description may be damaged or hostile: it is checked against `corelet_schema` first, then for what a schema cannot
say (runs that do not fill their core, rows of the wrong width, wires from neurons that are not there), and only then
are arrays made, of a size that is known by then and bounded.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.backends.truenorth.corelet_schema import (
    FORMAT,
    MAX_DEPTH,
    VERSION,
    Core,
    Corelet,
    Description,
    InputConnector,
    OutputConnector,
    Prototype,
    Wire,
)
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.opening import CORELETS
from neurocmc.common.strict_json import problem_at, read_json, validated
from neurocmc.common.yaml_complaints import FieldPath
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, CoreNetwork
from neurocmc.ir.truenorth.program import AxonGroup, CoreProgram, NeuronGroup

MOST_BYTES = 2**31  # of the arrays of a network, at their largest
MOST_TOLD = 20
CODES = {"nowhere": NOWHERE, "output": OUTPUT}
Fault = tuple[FieldPath, str, str]  # where, what, cure
Found = Iterator[Fault]


def read_corelets(path: Path) -> CoreProgram:
    """Reads the cores, wiring and corelets of a description.

    Its populations, projections, inputs and readouts are empty: a description of a chip does not hold them. Groups
    come in the order of the tree of corelets. Raises InputError with the place of everything that is wrong.
    """
    return corelets_of(path, read_json(path, CORELETS))


def is_corelets(document: dict[str, Any]) -> bool:
    """Whether a JSON object calls itself a corelet description."""
    return document.get("format") == FORMAT


def corelets_of(path: Path, document: dict[str, Any]) -> CoreProgram:
    """Reads the cores, wiring and corelets of a document that was read from `path`."""
    _check_kind(path, document)
    description = validated(path, document, Description)
    found = [*_shape_faults(description), *_depth_faults(description)]
    _raise(path, found)
    network, wiring_faults = _network(description)
    _raise(path, wiring_faults)
    corelets = tuple(_flat(description.corelets))
    program = CoreProgram(
        network=network,
        target=description.target,
        tick_s=description.tick_s,
        populations=(),
        projections=(),
        inputs=(),
        readouts=(),
        neuron_groups=tuple(_neuron_group(name, output) for name, corelet in corelets for output in corelet.outputs),
        axon_groups=tuple(_axon_group(name, entry) for name, corelet in corelets for entry in corelet.inputs),
    )
    raise_input_problems(problem.inside(path) for problem in program.problems())
    return program


def _check_kind(path: Path, document: dict[str, Any]) -> None:
    """What a newer or another program wrote is not said to be full of faults."""
    if not is_corelets(document):
        cure = f'a corelet description says "format": "{FORMAT}"'
        raise InputError(
            problem_at("file-of-cores-unknown", path, ("format",), "this is not a corelet description", cure)
        )
    version = document.get("version")
    if version != VERSION:
        what = f"this neurocmc reads version {VERSION} (got {ascii(version)[:40]})"
        raise InputError(
            problem_at("format-version", path, ("version",), what, "use the version of neurocmc that wrote it")
        )


def _raise(path: Path, found: Iterable[Fault]) -> None:
    problems = [problem_at("cores-inconsistent", path, place, what, cure) for place, what, cure in found]
    if (left_out := len(problems) - MOST_TOLD) > 0:
        rest = Problem("more-faults", str(path), f"{left_out:,} more errors are not shown", "fix these first")
        problems = [*problems[:MOST_TOLD], rest]
    raise_input_problems(problems)


def _shape_faults(description: Description) -> Found:
    chip = description.chip
    if not description.cores:
        yield ("cores",), "there is none", "describe at least one core"
        return
    each = chip.axons * (8 + chip.neurons // 8) + 8 * chip.neurons * (chip.types + 12)
    if (needed := len(description.cores) * each) > MOST_BYTES:
        yield ("cores",), f"their arrays would take {needed:,} bytes, limit {MOST_BYTES:,}", "describe fewer cores"
    digits = 2 * -(-chip.neurons // 8)
    for index, row in enumerate(description.rows):
        if len(row) != digits:
            what = f"{len(row)} digits, {chip.neurons} neurons need {digits}"
            yield ("rows", index), what, "write one bit a neuron, four to a digit"
    for index, prototype in enumerate(description.prototypes):
        yield from _prototype_faults(index, prototype, chip.types)
    for index, core in enumerate(description.cores):
        yield from _core_faults(index, core, description)
    for index, wire in enumerate(description.wiring):
        yield from _wire_faults(index, wire, description)


def _prototype_faults(index: int, prototype: Prototype, types: int) -> Found:
    if len(prototype.weights) != types:
        what = f"{len(prototype.weights)} weights, there are {types} axon types"
        yield ("prototypes", index, "weights"), what, "give one weight for each axon type"
    if any(drawn >= types for drawn in prototype.stochastic_types):
        beyond = max(prototype.stochastic_types)
        what = f"there is no axon type {beyond}"
        yield ("prototypes", index, "stochastic_types"), what, f"axon types are 0 to {types - 1}"


def _core_faults(index: int, core: Core, description: Description) -> Found:
    chip = description.chip
    runs = (
        ("axon_types", core.axon_types, chip.axons, chip.types),
        ("crossbar", core.crossbar, chip.axons, len(description.rows)),
        ("neurons", core.neurons, chip.neurons, len(description.prototypes)),
    )
    for name, entries, places, known in runs:
        if (total := sum(count for _, count in entries)) != places:
            what = f"runs cover {total:,} places, the core has {places:,}"
            yield ("cores", index, name), what, f"make the counts of its runs add up to {places:,}"
        if bad := [value for value, _ in entries if value >= known]:
            yield ("cores", index, name), f"{bad[0]} is not there", f"there are {known}, counted from 0"
    for name, ladders, lowest in (("threshold", core.threshold, 0), ("potential", core.potential, -(2**31))):
        if (total := sum(count for _, count, _ in ladders)) != chip.neurons:
            what = f"ladders cover {total:,} neurons, the core has {chip.neurons:,}"
            yield ("cores", index, name), what, f"make the counts of its ladders add up to {chip.neurons:,}"
        ends = [value for first, count, step in ladders for value in (first, first + step * (count - 1))]
        if bad := [value for value in ends if not lowest <= value < 2**31]:
            what = f"{bad[0]:,} is not within {lowest:,} to {2**31 - 1:,}"
            yield ("cores", index, name), what, "a ladder runs from its first value in steps: change one of the two"


def _wire_faults(index: int, wire: Wire, description: Description) -> Found:
    core, first, count = wire.source
    if core >= len(description.cores) or first + count > description.chip.neurons:
        what = f"core {core}, neurons {first} to {first + count - 1} are not there"
        there = f"there are {len(description.cores)} cores of {description.chip.neurons} neurons, counted from 0"
        yield ("wiring", index, "from"), what, there
    if isinstance(wire.target, int) and wire.target >= len(description.cores):
        cure = f"there are {len(description.cores)}, counted from 0"
        yield ("wiring", index, "to"), f"core {wire.target} is not there", cure
    axon, step = wire.axons
    if abs(axon + step * (count - 1)) >= 2**31:
        yield ("wiring", index, "axons"), "beyond 32 bits", "give a smaller first axon or a smaller step"


def _depth_faults(description: Description) -> Found:
    """Too deep a tree, and names from which no path can be made."""
    level, depth = description.corelets, 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            what = f"more than {MAX_DEPTH} corelets nested in each other"
            yield ("corelets",), what, "put some of them next to each other"
            return
        for corelet in level:
            if "/" in corelet.name:
                what = f"the name {ascii(corelet.name)[:60]} holds a slash, which separates parts of a path"
                yield ("corelets",), what, "write it with a hyphen"
        level = tuple(part for corelet in level for part in corelet.corelets)


def _network(description: Description) -> tuple[CoreNetwork, list[Fault]]:
    chip, cores = description.chip, description.cores
    row = _by_core(core.crossbar for core in cores)
    rows = np.frombuffer(bytes.fromhex("".join(description.rows)), dtype=np.uint8).reshape(len(description.rows), -1)
    prototype = _by_core(core.neurons for core in cores)
    target, axon, delay, faults = _wired(description)
    network = CoreNetwork(
        name=description.name,
        neurons=chip.neurons,
        coordinates=np.array([core.place for core in cores]),
        axon_type=_by_core(core.axon_types for core in cores),
        crossbar=rows[row],
        threshold=_laddered(core.threshold for core in cores),
        potential=_laddered(core.potential for core in cores),
        target_core=target,
        target_axon=axon,
        delay=delay,
        outputs=chip.outputs,
        potential_bits=chip.potential_bits,
        **{name: table[prototype] for name, table in _tables(description).items()},
    )
    return network, faults


def _tables(description: Description) -> dict[str, NDArray[Any]]:
    """Each parameter by prototype."""
    prototypes, types = description.prototypes, description.chip.types
    single = (
        "leak",
        "stochastic_leak",
        "leak_reversal",
        "noise_mask",
        "floor",
        "floor_saturates",
        "reset_potential",
        "reset_mode",
    )
    drawn = np.zeros((len(prototypes), types), dtype=np.bool_)
    for index, prototype in enumerate(prototypes):
        drawn[index, list(prototype.stochastic_types)] = True
    return {
        "weight": np.array([prototype.weights for prototype in prototypes], dtype=np.int64),
        "stochastic_weight": drawn,
        **{name: np.array([getattr(prototype, name) for prototype in prototypes]) for name in single},
    }


def _by_core(runs: Iterable[tuple[tuple[int, int], ...]]) -> NDArray[Any]:
    """(cores, places) values of runs that were checked; CoreNetwork gives them their types."""
    tables = (np.array(entries, dtype=np.int64) for entries in runs)
    return np.stack([np.repeat(table[:, 0], table[:, 1]) for table in tables])


def _laddered(ladders: Iterable[tuple[tuple[int, int, int], ...]]) -> NDArray[Any]:
    """(cores, neurons) values of ladders that were checked."""
    rows: list[NDArray[np.int64]] = []
    for entries in ladders:
        first, count, step = np.array(entries, dtype=np.int64).T
        rung = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        rows.append(np.repeat(first, count) + rung * np.repeat(step, count))
    return np.stack(rows)


class _Wires(NamedTuple):
    """Where every neuron sends its spikes, (cores, neurons) each."""

    target: NDArray[Any]
    axon: NDArray[Any]
    delay: NDArray[Any]
    faults: list[Fault]  # neurons that two wires claim


def _wired(description: Description) -> _Wires:
    shape = (len(description.cores), description.chip.neurons)
    target, axon = np.full(shape, NOWHERE, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    delay, wired = np.ones(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
    faults: list[Fault] = []
    for index, wire in enumerate(description.wiring):
        core, first, count = wire.source
        place = (core, slice(first, first + count))
        if wired[place].any():
            what = "a wire before it has one of these neurons already"
            faults.append(
                (
                    ("wiring", index, "from"),
                    what,
                    "a neuron can send its spikes to one axon: remove one of the two wires",
                )
            )
        wired[place] = True
        target[place] = CODES[wire.target] if isinstance(wire.target, str) else wire.target
        axon[place] = wire.axons[0] + wire.axons[1] * np.arange(count)
        delay[place] = wire.delay
    return _Wires(target, axon, delay, faults)


def _flat(corelets: Iterable[Corelet], above: str = "") -> Iterator[tuple[str, Corelet]]:
    """Every corelet by its path, those within it behind it."""
    for corelet in corelets:
        path = above + corelet.name
        yield path, corelet
        yield from _flat(corelet.corelets, f"{path}/")


def _neuron_group(path: str, output: OutputConnector) -> NeuronGroup:
    start, stop = output.neurons
    return NeuronGroup(corelet=path, role=output.role, core=output.core, start=start, stop=stop)


def _axon_group(path: str, entry: InputConnector) -> AxonGroup:
    start, stop = entry.axons
    return AxonGroup(corelet=path, role=entry.role, source=entry.source, core=entry.core, start=start, stop=stop)
