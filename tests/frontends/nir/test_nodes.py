"""Every field of every type of node that the library `nir` has is used, checked, or refused by name."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.frontends.nir.graph import read_graph
from neurocmc.frontends.nir.nodes import TYPES
from tests.frontends.nir.graphs import (
    affine,
    cuba,
    entry,
    integrate_and_fire,
    lif,
    output,
    print_of,
    put,
    read,
    weights,
    write,
)

# Fields that the library's classes have, and its files have under another name or not at all.
BOOKKEEPING = {"input_type", "output_type", "metadata"}
STORED_AS_SHAPE = {"Input", "Output"}  # their input_type and output_type are stored as `shape`
IN_FILES_TOO = {("Flatten", "input_type")}


def test_every_field_of_the_library_stands_in_the_table() -> None:
    types = {name for name in nir.ir.__all__ if isinstance(getattr(nir, name, None), type)} - {"NIRNode"}
    assert types == set(TYPES)
    for name in types:
        own = {field.name for field in dataclasses.fields(getattr(nir, name))}
        expected = (own - BOOKKEEPING) | {field for kind, field in IN_FILES_TOO if kind == name}
        expected |= {"shape"} if name in STORED_AS_SHAPE else set()
        expected -= {"nodes", "edges"}  # of NIRGraph, which `graph` reads
        assert {field.name for field in TYPES[name]} == expected, name


def conv(kind: str) -> Any:
    shape = (3, 2, 3) if kind == "Conv1d" else (3, 2, 3, 2)
    size = 7 if kind == "Conv1d" else (7, 6)
    one = 1 if kind == "Conv1d" else (1, 1)
    return getattr(nir, kind)(size, weights(*shape), one, one, one, 1, weights(3))


def li(size: int, **more: Any) -> nir.LI:
    values: dict[str, Any] = {"tau": np.full(size, 1e-3), "r": np.full(size, 2.0), "v_leak": np.zeros(size)}
    return nir.LI(**(values | more))


def cuba_li(size: int) -> nir.CubaLI:
    full = lambda value: np.full(size, value)  # noqa: E731
    return nir.CubaLI(tau_syn=full(1e-3), tau_mem=full(2e-3), r=full(2.0), v_leak=full(0.0), w_in=full(3.0))


POOL = {"kernel_size": np.array([2, 2]), "stride": np.array([2, 2]), "padding": np.array([0, 0])}
AROUND: dict[str, dict[str, Any]] = {
    "Affine": {"in": entry(4), "x": affine(3, 4), "lif": lif(3), "out": output(3)},
    "Linear": {"in": entry(4), "x": nir.Linear(weights(3, 4)), "lif": lif(3), "out": output(3)},
    "Scale": {"in": entry(4), "x": nir.Scale(weights(4)), "lif": lif(4), "out": output(4)},
    "Conv1d": {"in": entry(2, 7), "x": conv("Conv1d"), "lif": lif((3, 7)), "out": output(3, 7)},
    "Conv2d": {"in": entry(2, 7, 6), "x": conv("Conv2d"), "lif": lif((3, 7, 7)), "out": output(3, 7, 7)},
    "SumPool2d": {"in": entry(1, 4, 4), "x": nir.SumPool2d(**POOL), "lif": lif((1, 2, 2)), "out": output(1, 2, 2)},
    "AvgPool2d": {"in": entry(1, 4, 4), "x": nir.AvgPool2d(**POOL), "lif": lif((1, 2, 2)), "out": output(1, 2, 2)},
    "Flatten": {
        "in": entry(2, 3),
        "x": nir.Flatten(np.array([2, 3]), 0, -1),
        "fc": affine(3, 6),
        "lif": lif(3),
        "out": output(3),
    },
    "Delay": {"in": entry(3), "x": nir.Delay(np.array([0.0, 1e-4, 3e-4])), "lif": lif(3), "out": output(3)},
    "Threshold": {"in": entry(4), "fc": affine(3, 4), "x": nir.Threshold(np.full(3, 0.5)), "out": output(3)},
    "IF": {"in": entry(4), "fc": affine(3, 4), "x": integrate_and_fire(3), "out": output(3)},
    "LI": {"in": entry(4), "fc": affine(3, 4), "lif": lif(3), "f2": affine(2, 3), "x": li(2), "out": output(2)},
    "LIF": {"in": entry(4), "fc": affine(3, 4), "x": lif(3), "out": output(3)},
    "CubaLI": {"in": entry(4), "fc": affine(3, 4), "lif": lif(3), "f2": affine(2, 3), "x": cuba_li(2),
               "out": output(2)},
    "CubaLIF": {"in": entry(4), "fc": affine(3, 4), "x": cuba(3), "out": output(3)},
    "Input": {"x": entry(4), "fc": affine(3, 4), "lif": lif(3), "out": output(3)},
    "Output": {"in": entry(4), "fc": affine(3, 4), "lif": lif(3), "x": output(3)},
}  # fmt: skip
CHANGED = {"padding": np.array([1, 2]), "start_dim": 1, "end_dim": 0, "groups": 2, "v_reset": np.full(3, 0.25),
           "v_leak": 0.25, "delay": np.array([0.0, 2e-4, 3e-4])}  # fmt: skip


def changed(kind: str, field: str, old: Any) -> Any:
    if field == "padding" and kind == "Conv1d":
        return 2
    if field in CHANGED:
        return CHANGED[field]
    return old + 1 if np.asarray(old).dtype.kind in "iu" else np.asarray(old) * 1.5 + 0.01


CASES = [(kind, field.name) for kind in AROUND for field in TYPES[kind]]


@pytest.mark.parametrize(("kind", "field"), CASES)
@pytest.mark.parametrize("semantics", ["nir", "snntorch-0", "norse", "sinabs", "spyx"])
def test_no_field_is_passed_over(kind: str, field: str, semantics: str, tmp_path: Path) -> None:
    """A field that is altered alters the network, or is refused; so is one that is left out."""
    path = write(tmp_path / "net.nir", AROUND[kind], keep_reset=kind == "IF")
    old = read_graph(path).nodes["x"].fields.get(field)
    try:
        before = print_of(read(path, semantics).network)
    except InputError:
        # The framework does not take this file: then some file that it takes must show it, which `nir` does.
        assert semantics != "nir"
        return
    put(path, f"x/{field}", changed(kind, field, 0.0 if old is None else old))
    try:
        after = print_of(read(path, semantics).network)
    except InputError as error:
        if not re.search(r"\bx\b", str(error).replace(str(path), "")):
            raise
        return
    assert after != before
    if old is None:
        return
    put(path, f"x/{field}", None)
    entry_of = next(entry for entry in TYPES[kind] if entry.name == field)
    if entry_of.required:
        with pytest.raises(InputError) as caught:
            read(path, semantics)
        assert caught.value.problems[0].id == "nir-field-missing"
        assert field in caught.value.problems[0].what


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", AROUND["LIF"])
    put(path, "x/tau_ref", np.full(3, 1e-3))
    with pytest.raises(InputError, match="tau_ref") as caught:
        read(path)
    assert [problem.id for problem in caught.value.problems] == ["nir-field-unknown"]


def test_an_integrator_that_does_not_spike_is_refused(tmp_path: Path) -> None:
    nodes = {"in": entry(3), "i": nir.I(r=np.ones(3)), "lif": lif(3), "out": output(3)}
    with pytest.raises(InputError) as caught:
        read(write(tmp_path / "net.nir", nodes))
    assert "nir-node-unsupported" in {problem.id for problem in caught.value.problems}
