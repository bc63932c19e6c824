"""Writes a placed network of cores and its groups as one JSON text of corelets, every number kept.

The form is that of `corelet_schema`. One core, prototype, crossbar row, wire and connector stands on a line, so that
two descriptions can be compared with ordinary tools. The same program gives the same text.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.backends.truenorth.corelet_schema import FORMAT, MAX_DEPTH, MAX_NAME, VERSION
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.files import write_file
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, CoreNetwork
from neurocmc.ir.truenorth.program import AxonGroup, CoreProgram, NeuronGroup

TARGET_NAMES = {NOWHERE: "nowhere", OUTPUT: "output"}
UNWIRED = (NOWHERE, 0, 1)  # target core, axon and delay of a neuron that no wire names


def write_corelets(program: CoreProgram, path: Path) -> None:
    """Writes a program's cores, wiring and corelets; what the compiler knows beyond them stays in the artifact.

    Raises InputError where the program has faults, a name is too long, or the file cannot be written.
    """
    write_file(path, corelets_text(program))


def corelets_text(program: CoreProgram) -> str:
    """Returns the JSON text of `write_corelets`. Raises InputError for faults of the program."""
    raise_input_problems([*program.problems(), *_name_problems(program)])
    network = program.network
    prototypes, neuron_runs = _prototypes(network)
    rows, row_runs = _rows(network)
    head = {
        "format": FORMAT,
        "version": VERSION,
        "name": program.name,
        "target": program.target,
        "tick_s": program.tick_s,
        "chip": {
            "axons": network.axons,
            "neurons": network.neurons,
            "types": network.types,
            "potential_bits": network.potential_bits,
            "outputs": network.outputs,
        },
    }
    cores = [
        {
            "place": network.coordinates[core].tolist(),
            "axon_types": _runs(network.axon_type[core]),
            "crossbar": row_runs[core],
            "neurons": neuron_runs[core],
            "threshold": _ladders(network.threshold[core]),
            "potential": _ladders(network.potential[core]),
        }
        for core in range(network.cores)
    ]
    lists = {
        "prototypes": map(_compact, prototypes),
        "rows": map(_compact, rows),
        "cores": map(_compact, cores),
        "wiring": map(_compact, _wiring(network)),
        "corelets": (_corelet_text(part, "  ") for part in corelet_tree(program.neuron_groups, program.axon_groups)),
    }
    parts = [f" {_compact(key)}: {_compact(value)}" for key, value in head.items()]
    parts += [f" {_compact(key)}: {_listed(entries, '  ', ' ')}" for key, entries in lists.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


@dataclass(slots=True)
class CoreletNode:
    """A corelet while the tree is made: groups in order of first appearance."""

    name: str
    inputs: list[AxonGroup] = field(default_factory=list)
    outputs: list[NeuronGroup] = field(default_factory=list)
    parts: dict[str, "CoreletNode"] = field(default_factory=dict)


def corelet_tree(outputs: Iterable[NeuronGroup], inputs: Iterable[AxonGroup]) -> list[CoreletNode]:
    """Returns the corelets that paths of groups name, as a forest in order of first appearance."""
    root = CoreletNode("")
    for group in outputs:
        _node(root, group.corelet).outputs.append(group)
    for group in inputs:
        _node(root, group.corelet).inputs.append(group)
    return list(root.parts.values())


def _node(root: CoreletNode, path: str) -> CoreletNode:
    for part in path.split("/"):
        root = root.parts.setdefault(part, CoreletNode(part))
    return root


def _corelet_text(node: CoreletNode, indent: str) -> str:
    deeper = indent + " "
    inputs = (
        _compact({"role": group.role, "source": group.source, "core": group.core, "axons": [group.start, group.stop]})
        for group in node.inputs
    )
    outputs = (
        _compact({"role": group.role, "core": group.core, "neurons": [group.start, group.stop]})
        for group in node.outputs
    )
    parts = [f'"name": {_compact(node.name)}']
    for key, entries in (("inputs", inputs), ("outputs", outputs)):
        if (listed := _listed(entries, deeper, indent)) != "[]":
            parts.append(f'"{key}": {listed}')
    if node.parts:
        below = (_corelet_text(part, deeper) for part in node.parts.values())
        parts.append(f'"corelets": {_listed(below, deeper, indent)}')
    return "{" + ", ".join(parts) + "}"


def _prototypes(network: CoreNetwork) -> tuple[list[dict[str, Any]], list[list[list[int]]]]:
    """Distinct parameter sets in order of first appearance, and for each core its runs of them."""
    shape = (network.cores, network.neurons)
    columns = (
        network.leak,
        network.stochastic_leak,
        network.leak_reversal,
        network.noise_mask,
        network.floor,
        network.floor_saturates,
        network.reset_potential,
        network.reset_mode,
    )
    table = np.concatenate(
        [network.weight, network.stochastic_weight, np.stack(columns, axis=-1)], axis=-1, dtype=np.int64
    ).reshape(*shape, -1)
    distinct, runs = _distinct(table)
    return [_prototype(row.tolist(), network.types) for row in distinct], runs


def _prototype(row: list[int], types: int) -> dict[str, Any]:
    """A row of the table above; what is 0 or false by default is left out."""
    leak, stochastic_leak, reversal, mask, floor, saturates, reset, mode = row[2 * types :]
    optional = {
        "stochastic_types": [index for index, drawn in enumerate(row[types : 2 * types]) if drawn],
        "leak": leak,
        "stochastic_leak": bool(stochastic_leak),
        "leak_reversal": bool(reversal),
        "noise_mask": mask,
        "floor": floor,
        "floor_saturates": bool(saturates),
        "reset_potential": reset,
        "reset_mode": mode,
    }
    return {"weights": row[:types], **{key: value for key, value in optional.items() if value}}


def _rows(network: CoreNetwork) -> tuple[list[str], list[list[list[int]]]]:
    """Distinct crossbar rows as hexadecimal text, and for each core its runs of them."""
    distinct, runs = _distinct(network.crossbar)
    return [row.tobytes().hex() for row in distinct], runs


def _distinct(table: NDArray[Any]) -> tuple[list[NDArray[Any]], list[list[list[int]]]]:
    """(cores, places, width): distinct rows by first appearance, and for each core [index of a row, how many]."""
    index: dict[bytes, int] = {}
    distinct: list[NDArray[Any]] = []
    runs: list[list[list[int]]] = []
    for core in table:
        starts, lengths = _run_starts((core[1:] != core[:-1]).any(axis=1))
        runs.append([])
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            key = core[start].tobytes()
            if key not in index:
                index[key] = len(distinct)
                distinct.append(core[start])
            runs[-1].append([index[key], length])
    return distinct, runs


def _run_starts(changes: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First entries of runs and their lengths, where `changes[i]` says that entry i + 1 differs from entry i."""
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    return starts, np.diff(starts, append=len(changes) + 1)


def _runs(values: NDArray[Any]) -> list[list[int]]:
    """[value, how many] along a row."""
    starts, lengths = _run_starts(values[1:] != values[:-1])
    return np.stack([values[starts], lengths], axis=1, dtype=np.int64).tolist()


def _ladders(row: NDArray[Any]) -> list[list[int]]:
    """[first, how many, step] along a row, each as long as it can be."""
    values: list[int] = row.tolist()
    return [[values[first], count, step] for first, count, step in _rungs(values, 0, len(values))]


def _rungs(values: list[int], first: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """(first, how many, step) for stretches of [first, stop) with one step between their values."""
    while first < stop:
        after, step = first + 1, 0
        if after < stop:
            step = values[after] - values[first]
        while after < stop and values[after] - values[after - 1] == step:
            after += 1
        yield first, after - first, step
        first = after


def _wiring(network: CoreNetwork) -> Iterator[dict[str, Any]]:
    """Neighbours whose spikes go to one core with one delay, to axons at one distance from each other."""
    for core in range(network.cores):
        targets, delays = network.target_core[core], network.delay[core]
        axons: list[int] = network.target_axon[core].tolist()
        starts, lengths = _run_starts((targets[1:] != targets[:-1]) | (delays[1:] != delays[:-1]))
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            target, delay = int(targets[start]), int(delays[start])
            for first, count, step in _rungs(axons, start, start + length):
                if (target, axons[first], delay, step) != (*UNWIRED, 0):
                    yield {
                        "from": [core, first, count],
                        "to": TARGET_NAMES.get(target, target),
                        "axons": [axons[first], step],
                        "delay": delay,
                    }


def _name_problems(program: CoreProgram) -> Iterable[Problem]:
    groups = (*program.neuron_groups, *program.axon_groups)
    names = {program.name, program.target, *(group.source for group in program.axon_groups)}
    names |= {part for group in groups for part in group.corelet.split("/")}
    for name in sorted(names):
        if len(name) > MAX_NAME:
            yield Problem(
                "corelet-beyond-limit",
                f"name {name[:40]}...",
                f"{len(name):,} characters, limit {MAX_NAME}",
                "use a shorter one",
            )
    deepest = max((group.corelet for group in groups), key=lambda path: path.count("/"), default="")
    if deepest.count("/") >= MAX_DEPTH:
        what = f"{deepest.count('/') + 1} corelets nested in each other, limit {MAX_DEPTH}"
        yield Problem("corelet-beyond-limit", f"corelet {deepest[:40]}...", what, "use fewer")


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _listed(entries: Iterable[str], indent: str, closing: str) -> str:
    lines = [f"{indent}{entry}" for entry in entries]
    return "[\n" + ",\n".join(lines) + f"\n{closing}]" if lines else "[]"
