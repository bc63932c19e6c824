"""Mutations of .nir files: fields of other types, shapes and values, graphs wired otherwise, and HDF5 that is odd."""

import copy
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np

from tests.fuzz import arrays, raw, texts
from tests.fuzz.neuron_files import Tree, content_of, file_of

Place = tuple[Tree, str]
Change = Callable[[Random, Tree], str]
TYPES = (
    *("Affine", "Linear", "Scale", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Flatten", "Delay", "Threshold"),
    *("I", "IF", "LI", "LIF", "CubaLI", "CubaLIF", "Input", "Output", "NIRGraph"),
)
FIELDS = (
    *("bias", "weight", "scale", "stride", "padding", "dilation", "groups", "kernel_size", "input_type", "delay"),
    *("threshold", "r", "tau", "tau_syn", "tau_mem", "v_leak", "v_threshold", "v_reset", "w_in", "shape"),
    *("metadata", "type", "nodes", "edges"),
)
# What is finite and far from all that was trained; as factors, so that what is read is sound more often than not.
FACTORS = (0.0, -1.0, 1e-3, 0.1, 0.5, 0.9, 1.1, 2.0, 7.0, 50.0, 1e4, 1e9, 1e30, 1e-30, 1e38, 1e-44, 1e200, 1e-300)
# Channels and neurons: what is compiled in seconds, and what is too large.
_MANY = ((64, 7), (513, 64), (2000, 7), (7, 513), (70_000, 2), (70_000, 70_000), (2**31, 2), (2, 2**31), (2**40, 3))
_SIZES = (0, 1, 2, 3, 7, 64, 513, 2000, 70_000, 2**31, 2**40)


def mutated(rng: Random, tree: Tree) -> tuple[bytes, str]:
    """The HDF5 file of a network in which something was changed, and what that was."""
    if rng.random() < 0.1:
        return raw.mutated(rng, content_of(tree))
    tree = copy.deepcopy(tree)
    done = [rng.choice(_CHANGES)(rng, tree) for _ in range(rng.choice((1, 1, 1, 1, 2, 3)))]
    content = content_of(_written(tree))
    if rng.random() < 0.03:
        content, more = raw.mutated(rng, content)
        done.append(more)
    return content, ", ".join(done)


def other_rules(rng: Random) -> tuple[str, ...]:
    """Options for reading a network, of which many are none."""
    name = rng.choice(("snntorch-0", "snntorch-1", "norse", "sinabs", "spyx", "nir", "neurocmc", "snntorch", "", "é"))
    step = rng.choice(("0", "-1", "1e-300", "1e-5", "1e-4", "1e-3", "1", "1e300", "nan", "inf", "x"))
    reset = rng.choice(("zero", "subtract", "none", "", "one"))
    decide = rng.choice(("last", "mean", "max", "count"))
    given = (("--semantics", name), ("--dt", step), ("--reset", reset), ("--decide", decide))
    return tuple(word for option in given if rng.random() < 0.7 for word in option)


def _written(tree: Mapping[str, Any]) -> Tree:
    """The same as HDF5 can hold it: names that are no text or lead elsewhere are written as what can be."""
    found: Tree = {}
    for name, entry in tree.items():
        plain = name.encode("utf-8", "replace").decode().replace("\0", "0") or "empty"
        found["dot" if plain.strip("/.") == "" else plain] = (
            _written(entry) if isinstance(entry, Mapping) else entry if callable(entry) else _leaf(entry)
        )
    return found


def _leaf(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").replace(b"\0", b"0")
    array = np.asarray(value)
    if array.dtype.kind == "U":
        return np.char.encode(array, "utf-8", "replace").astype("S")
    if array.dtype == object:  # names, of which there may be none
        return array.astype(h5py.string_dtype())
    return array.astype("i8") if array.dtype.kind in "Mm" else array


def _graphs(tree: Tree) -> list[Tree]:
    """The graph of a file, and those within it."""
    found: list[Tree] = []
    waiting: list[Any] = [tree.get("node")]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict) and isinstance(here.get("nodes"), dict):
            found.append(here)
            waiting += here["nodes"].values()
    return found


def _graph(rng: Random, tree: Tree) -> Tree:
    """One of the graphs; an empty one where an earlier change left none."""
    found = _graphs(tree)
    return rng.choice(found) if found else {"nodes": {}, "edges": np.zeros((0, 2), dtype=object)}


def _node(rng: Random, tree: Tree) -> tuple[Tree, str]:
    """One of the nodes that are groups, with its name."""
    nodes = _graph(rng, tree)["nodes"]
    names = [name for name, node in nodes.items() if isinstance(node, dict) and node]
    if not names:
        return {"type": "Input"}, "none"
    name = rng.choice(names)
    return nodes[name], name


def _places(tree: Tree) -> list[Place]:
    """Every place of a tree."""
    found: list[Place] = []
    waiting = [tree]
    while waiting:
        here = waiting.pop()
        for name, entry in here.items():
            found.append((here, name))
            if isinstance(entry, dict):
                waiting.append(entry)
    return found


def _numbers(rng: Random, tree: Tree) -> Place:
    """A place at which numbers stand."""
    found = [place for place in _places(tree) if getattr(_at(place), "dtype", np.dtype("O")).kind in "fiu"]
    return rng.choice(found) if found else ({"x": np.ones(1)}, "x")


def _at(place: Place) -> Any:
    return place[0][place[1]]


def _scale(rng: Random, tree: Tree) -> str:
    """Numbers, one or all of a field, times a factor."""
    container, name = _numbers(rng, tree)
    factor = rng.choice(FACTORS)
    array = np.array(container[name])
    with np.errstate(all="ignore"):
        if array.dtype.kind == "f":
            array = array.astype(rng.choice(("f4", "f8")))
        scaled = np.asarray(array * factor).astype(array.dtype)
    if array.size and rng.random() < 0.4:
        array.reshape(-1)[rng.randrange(array.size)] = scaled.reshape(-1)[0]
        scaled = array
    container[name] = scaled
    return f"{name} times {factor:g}"


def _whole_numbers(rng: Random, tree: Tree) -> str:
    """A size, stride or delay that is another."""
    container, name = _numbers(rng, tree)
    array = np.array(container[name])
    wanted = rng.choice((*_SIZES, -1, -(2**31), 1.5))
    if array.size:
        with np.errstate(all="ignore"):
            array = array.astype("f8" if isinstance(wanted, float) else "i8")
        array.reshape(-1)[rng.randrange(array.size)] = wanted
    container[name] = array
    return f"{name} with a {wanted}"


def _other_array(rng: Random, tree: Tree) -> str:
    container, name = _numbers(rng, tree)
    container[name], done = arrays.changed(rng, np.array(container[name]))
    return f"{name} {done}"


def _other_leaf(rng: Random, tree: Tree) -> str:
    container, name = rng.choice(_places(tree))
    kept = container[name]
    container[name] = rng.choice(
        (
            "",
            texts.text(rng),
            1.5,
            0,
            np.zeros(0),
            np.zeros((0, 2)),
            np.zeros((2, 0)),
            {},
            {"type": "LIF"},
            np.array(["a", "b"]),
            h5py.Empty("f4"),
            {name: kept},
        )
    ) if rng.random() < 0.8 else np.array(texts.NUMBERS[rng.randrange(17)], dtype="f8")  # fmt: skip
    if isinstance(container[name], h5py.Empty):
        container[name] = lambda group, here: group.create_dataset(here, data=h5py.Empty("f4"))
    return f"{name[:30]!r} is another thing"


def _drop(rng: Random, tree: Tree) -> str:
    container, name = rng.choice(_places(tree))
    del container[name]
    return f"{name[:30]!r} left out"


def _rename(rng: Random, tree: Tree) -> str:
    container, name = rng.choice(_places(tree))
    new = rng.choice((texts.text(rng), rng.choice(FIELDS), f"{name}s", name.upper(), f"{name}.x", f"a/{name}"))
    entry = container[name] if rng.random() < 0.2 else container.pop(name)
    container[_free(container, new)] = entry
    return f"{name[:30]!r} is called {new[:30]!r}"


def _free(container: Tree, name: str) -> str:
    """The name, or one like it of which no other is the beginning."""
    taken = {_root(other) for other in container}
    while _root(name) in taken:
        name += "0"
    return name


def _root(name: str) -> str:
    """What `_written` makes of the first part of a name."""
    return name.encode("utf-8", "replace").decode().replace("\0", "0").strip("/.").split("/")[0]


def _field(rng: Random, tree: Tree) -> str:
    node, name = _node(rng, tree)
    new = rng.choice(FIELDS)
    node[new] = rng.choice((0.0, 1.0, -1.0, np.ones(3), np.zeros(4), "same", "valid", {"a": 1.0}, np.array([2, 2])))
    return f"{new} put into {name[:30]!r}"


def _type(rng: Random, tree: Tree) -> str:
    node, name = _node(rng, tree)
    node["type"] = rng.choice(TYPES) if rng.random() < 0.8 else texts.text(rng)
    return f"{name[:30]!r} is of type {node['type'][:30]!r}"


def _double(rng: Random, tree: Tree) -> str:
    """A node once more, beside the first one."""
    found = _graph(rng, tree)
    if not found["nodes"]:
        return "nothing"
    name = rng.choice(sorted(found["nodes"]))
    new = _free(found["nodes"], f"{name}2")
    found["nodes"][new] = copy.deepcopy(found["nodes"][name])
    edges = _edges(found)
    edges += [(new if a == name else a, new if b == name else b) for a, b in edges if name in (a, b)]
    found["edges"] = np.array(edges, dtype=object).reshape(-1, 2)
    return f"{name[:30]!r} twice"


def _edges(found: Tree) -> list[tuple[str, str]]:
    """The edges of a graph; none where an earlier change left no pairs."""
    edges = found.get("edges")
    if not isinstance(edges, np.ndarray) or edges.shape[1:] != (2,):
        return []
    return [(str(source), str(target)) for source, target in edges.tolist()]


def _rewire(rng: Random, tree: Tree) -> str:
    found = _graph(rng, tree)
    edges = _edges(found)
    names = [*found["nodes"], "nowhere"]
    at = rng.randrange(len(edges)) if edges else 0
    match rng.randrange(6) if edges else 0:
        case 0 | 1:
            edges.append((rng.choice(names), rng.choice(names)))
            done = "an edge more"
        case 2:
            del edges[at]
            done = "an edge less"
        case 3:
            edges[at] = edges[at][::-1]
            done = "an edge turned round"
        case 4:
            edges.insert(at, edges[at])
            done = "an edge twice"
        case _:
            rng.shuffle(edges)
            done = "edges in another order"
    found["edges"] = np.array(edges, dtype=object).reshape(-1, 2)
    return done


def _edges_of_another_form(rng: Random, tree: Tree) -> str:
    found = _graph(rng, tree)
    found["edges"] = rng.choice(
        (
            np.zeros((0, 2), dtype="f8"),
            np.zeros((3, 2), dtype="i8"),
            np.array([["a", "b", "c"]]),
            np.array(["input", "output"]),
            np.array([["input", "output"]] * 3000),
            np.array([[texts.text(rng), texts.text(rng)]]),
            "input",
            {"0": "input", "1": "output"},
        )
    )
    return "edges of another form"


def _within(rng: Random, tree: Tree) -> str:
    """The graph within a graph, now and then deep; or its nodes."""
    times = rng.choice((1, 1, 2, 20, 300))
    for _ in range(times):
        nodes = {"input": _end("Input"), "inner": tree.get("node", {}), "output": _end("Output")}
        tree |= file_of(nodes, [("input", "inner"), ("inner", "output")])
    return f"within {times} graphs"


def _end(kind: str) -> Tree:
    return {"type": kind, "shape": np.array([4 if kind == "Input" else 3])}


def _deep(rng: Random, tree: Tree) -> str:
    """More layers, with biases, behind the last one."""
    count = rng.choice((5, 20, 70))
    layer = {"tau": np.full(3, rng.choice((2e-4, 1e-3))), "r": np.full(3, 10.0), "v_leak": np.zeros(3)}
    nodes: Tree = {"input": {"type": "Input", "shape": np.array([4])}}
    for index in range(count):
        weight = np.full((3, 3 if index else 4), 0.5)
        nodes[f"fc{index}"] = {"type": "Affine", "weight": weight, "bias": np.full(3, rng.choice((0.1, -1.0, 2.0)))}
        nodes[f"lif{index}"] = {"type": "LIF", "v_threshold": np.ones(3)} | layer
    nodes["output"] = _end("Output")
    tree |= file_of(nodes, list(pairwise(nodes)))
    return f"{count} layers"


def _many(rng: Random, tree: Tree) -> str:
    """An input and a layer of many, whose weights take little room in the file."""
    channels, neurons = rng.choice(_MANY)

    def filled(value: float, *shape: int) -> Callable[[h5py.Group, str], None]:
        return lambda group, name: group.create_dataset(name, shape, "f4", chunks=True, fillvalue=value)

    whole = {name: filled(1.0, neurons) for name in ("tau", "r", "v_threshold")} | {"v_leak": filled(0.0, neurons)}
    nodes: Tree = {
        "input": {"type": "Input", "shape": np.array([channels])},
        "fc": {"type": "Linear", "weight": filled(0.01, neurons, channels)},
        "lif": {"type": "LIF"} | whole,
        "output": {"type": "Output", "shape": np.array([neurons])},
    }
    tree |= file_of(nodes, list(pairwise(nodes)))
    return f"{channels:,} channels to {neurons:,} neurons"


def _odd_entry(rng: Random, tree: Tree) -> str:
    """A link, data that stand elsewhere or nowhere, an attribute, a type: what HDF5 has and NIR has not."""
    container, name = rng.choice(_places(tree))
    what = rng.choice(sorted(_ODD))
    container[name] = _ODD[what]
    return f"{name[:30]!r} is {what}"


def _virtual(group: h5py.Group, name: str) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(4,))
    group.create_virtual_dataset(name, layout)


def _with_attribute(group: h5py.Group, name: str) -> None:
    group[name] = np.ones(3)
    group[name].attrs["__type__" if len(name) % 2 else "a\x1b[31m"] = "x"


def _to_itself(group: h5py.Group, name: str) -> None:
    group[name] = group


_ODD: dict[str, Callable[[h5py.Group, str], None]] = {
    "a soft link": lambda group, name: group.__setitem__(name, h5py.SoftLink("/node/nodes/input")),
    "a broken link": lambda group, name: group.__setitem__(name, h5py.SoftLink("/nowhere")),
    "a link to a file": lambda group, name: group.__setitem__(name, h5py.ExternalLink("/etc/passwd", "/")),
    "its own group": _to_itself,
    "the file": lambda group, name: group.__setitem__(name, group.file["/"]),
    "virtual": _virtual,
    "outside": lambda group, name: group.create_dataset(
        name, shape=(4,), dtype="f8", external=[(str(Path("/etc/passwd")), 0, 32)]
    ),
    "with an attribute": _with_attribute,
    "a type": lambda group, name: group.__setitem__(name, np.dtype("f8")),
    "huge": lambda group, name: group.create_dataset(name, shape=(2**33,), dtype="f4", chunks=(2**20,)),
    "huge and of texts": lambda group, name: group.create_dataset(
        name, shape=(2**24, 2), dtype=h5py.string_dtype(), chunks=(2**16, 2)
    ),
    "packed": lambda group, name: group.create_dataset(
        name, data=np.zeros((2000, 2000)), compression="gzip", compression_opts=9
    ),
    "of pairs": lambda group, name: group.create_dataset(name, data=np.zeros(3, dtype=[("a", "f8"), ("b", "i4")])),
    "references": lambda group, name: group.create_dataset(name, shape=(2,), dtype=h5py.ref_dtype),
    "arrays of all lengths": lambda group, name: group.create_dataset(
        name, shape=(2,), dtype=h5py.vlen_dtype(np.dtype("i4"))
    ),
    "an enumeration": lambda group, name: group.create_dataset(
        name, data=np.ones(4, dtype="i4"), dtype=h5py.enum_dtype({"a": 0, "b": 1}, basetype="i4")
    ),
    "opaque": lambda group, name: group.create_dataset(name, data=np.zeros(3, dtype="V5")),
    "a text that is no UTF-8": lambda group, name: group.create_dataset(name, data=b"\xff\xfe\x1b[31m"),
}  # fmt: skip
_CHANGES: tuple[Change, ...] = (
    *(_scale,) * 12,
    *(_whole_numbers,) * 3,
    *(_other_array,) * 3,
    *(_rewire,) * 3,
    *(_type,) * 2,
    *(_double,) * 2,
    *(_odd_entry,) * 2,
    _other_leaf,
    _drop,
    _rename,
    _field,
    _edges_of_another_form,
    _within,
    _deep,
    _many,
)
