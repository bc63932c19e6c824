"""What a graph becomes: populations in order, loops a tick later, readouts; and what is refused by name."""

from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.frontends.nir.graph import read_graph
from neurocmc.frontends.nir.order import in_order, late_pairs, visits
from neurocmc.frontends.nir.read import nir_facts, read_nir
from neurocmc.ir.neurons.network import DECIDE, HostReadout
from tests.frontends.nir.graphs import (
    DT,
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

Edges = list[tuple[str, str]]


def refused(path: Path, semantics: str = "nir", **more: Any) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read(path, semantics, **more)
    return [(problem.id, f"{problem.where}: {problem.what}; {problem.cure}") for problem in caught.value.problems]


def li(size: int, v_leak: float = 0.0) -> nir.LI:
    return nir.LI(tau=np.full(size, 2e-3), r=np.full(size, 20.0), v_leak=np.full(size, v_leak))


def test_a_loop_over_populations_is_cut_where_the_inputs_come_in(tmp_path: Path) -> None:
    nodes = {"in": entry(4), "fc": affine(3, 4), "a": lif(3), "ab": affine(2, 3), "b": lif(2), "ba": affine(3, 2),
             "out": output(2)}  # fmt: skip
    edges = [("ba", "a"), ("b", "ba"), ("in", "fc"), ("fc", "a"), ("a", "ab"), ("ab", "b"), ("b", "out")]
    model = read(write(tmp_path / "net.nir", nodes, edges))
    assert [population.name for population in model.network.populations] == ["a", "b"]
    assert {(p.source, p.target): p.delays() for p in model.network.projections} == {
        ("in", "a"): (0,),
        ("a", "b"): (0,),
        ("b", "a"): (1,),
    }
    assert "b -> a acts a tick later: it closes a loop" in model.notes


def test_late_pairs_cut_every_loop() -> None:
    names = ["a", "b", "c"]
    pairs: Edges = [("in", "a"), ("a", "c"), ("a", "b"), ("b", "c"), ("c", "a"), ("b", "b")]
    late = late_pairs(names, pairs, ["in"])
    assert set(late) == {("b", "b"), ("c", "a")}
    assert in_order(names, pairs, late, ["in"]) == ["a", "b", "c"]
    pairs = [("in", "a"), ("a", "b"), ("b", "c"), ("c", "b"), ("c", "a")]
    late = late_pairs(names, pairs, ["in"])
    assert set(late) == {("c", "a"), ("c", "b")}
    assert in_order(names, pairs, late, ["in"]) == ["a", "b", "c"]


def test_visits_are_depth_first(tmp_path: Path) -> None:
    nodes = {"in": entry(3), "a": affine(3, 3), "b": affine(3, 3), "x": lif(3), "out": output(3)}
    edges = [("in", "b"), ("b", "x"), ("in", "a"), ("x", "out"), ("a", "x")]
    assert visits(read_graph(write(tmp_path / "net.nir", nodes, edges))) == ("in", "b", "x", "out", "a")


def test_a_delay_within_a_loop_is_the_delay_of_the_loop(tmp_path: Path) -> None:
    nodes = {"in": entry(3), "x": lif(3), "rec": nir.Linear(weights(3, 3)), "d": nir.Delay(np.full(3, 4 * DT)),
             "out": output(3)}  # fmt: skip
    edges = [("in", "x"), ("x", "rec"), ("rec", "d"), ("d", "x"), ("x", "out")]
    network = read(write(tmp_path / "net.nir", nodes, edges)).network
    assert {p.source: p.delays() for p in network.projections} == {"in": (0,), "x": (4,)}


def test_names_may_have_dots_and_digits(tmp_path: Path) -> None:
    nodes = {
        "0 in/put"[:4]: entry(3),
        "1": integrate_and_fire(3),
        "2.lif": integrate_and_fire(3),
        "out put": output(3),
    }
    network = read(write(tmp_path / "net.nir", nodes), "sinabs").network
    assert [population.name for population in network.populations] == ["1", "2.lif"]
    assert network.inputs[0].name == "0-in"
    assert network.projections[0].source == "0-in"
    assert network.readouts[0].name == "out-put"


def test_an_integrator_at_the_output_is_read_on_the_host(tmp_path: Path) -> None:
    last = affine(2, 3)
    nodes = {"in": entry(4), "fc": affine(3, 4), "x": lif(3), "f2": last, "li": li(2), "out": output(2)}
    path = write(tmp_path / "net.nir", nodes)
    for decide in DECIDE:
        network = read(path, decide=decide).network
        assert not network.readouts
        found = network.host_readouts[0]
        assert (found.name, found.population, found.decide) == ("out", "x", decide)
        assert np.array_equal(found.weight, last.weight)
        assert np.array_equal(found.bias, last.bias)
        assert (found.pole_syn == 0).all()
        assert np.array_equal(found.pole_mem, np.full(2, np.float32(0.95)))
        assert (found.gain_mem == 1).all()
    assert refused(path, decide="mode")[0][0] == "choice-unknown"  # type: ignore[arg-type]


def test_a_current_based_integrator_at_the_output(tmp_path: Path) -> None:
    full = lambda value: np.full(2, value)  # noqa: E731
    last = nir.CubaLI(tau_syn=full(1e-3), tau_mem=full(2e-3), r=full(20.0), v_leak=full(0.0), w_in=full(10.0))
    nodes = {"in": entry(4), "x": lif(4), "f2": affine(2, 4), "li": last, "out": output(2)}
    found = read(write(tmp_path / "net.nir", nodes)).network.host_readouts[0]
    assert np.array_equal(found.pole_syn, np.full(2, np.float32(0.9)))
    assert (found.gain_syn == 1).all()


def test_a_layer_at_the_output_has_no_memory(tmp_path: Path) -> None:
    last = affine(2, 3)
    nodes = {"in": entry(4), "fc": affine(3, 4), "x": lif(3), "f2": last, "out": output(2)}
    found: HostReadout = read(write(tmp_path / "net.nir", nodes)).network.host_readouts[0]
    assert np.array_equal(found.weight, last.weight)
    assert not found.pole_mem.any()
    assert (found.gain_mem == 1).all()


def test_a_flatten_before_the_output_leaves_spikes(tmp_path: Path) -> None:
    nodes = {"in": entry(2, 3), "x": lif((2, 3)), "f": nir.Flatten(np.array([2, 3]), 0, -1), "out": output(6)}
    assert read(write(tmp_path / "net.nir", nodes)).network.readouts[0].population == "x"


def test_a_threshold_compares_a_layer_or_an_integrator(tmp_path: Path) -> None:
    nodes = {"in": entry(4), "fc": affine(3, 4), "t": nir.Threshold(np.full(3, 0.5)), "out": output(3)}
    found = read(write(tmp_path / "net.nir", nodes)).network.populations[0]
    assert (found.reset, found.pole_syn.max(), found.pole_mem.max(), found.threshold.tolist()) == (
        "none",
        0,
        0,
        [0.5] * 3,
    )
    nodes = {"in": entry(4), "fc": affine(3, 4), "li": li(3), "t": nir.Threshold(np.full(3, 0.5)), "out": output(3)}
    path = write(tmp_path / "net.nir", nodes)
    network = read(path).network
    found = network.populations[0]
    assert (found.name, found.reset) == ("t", "none")
    assert np.array_equal(found.pole_syn, np.full(3, np.float32(0.95)))
    assert (found.gain_syn == 1).all()
    assert not found.pole_mem.any()
    assert [(p.source, p.target) for p in network.projections] == [("in", "t")]
    put(path, "li/v_leak", np.full(3, 0.125))
    assert read(path, "nir").network.populations[0].threshold.tolist() == [0.375] * 3


def test_two_inputs_and_two_outputs(tmp_path: Path) -> None:
    nodes = {"a": entry(3), "b": entry(2), "fb": affine(3, 2), "x": lif(3), "o1": output(3), "f": affine(2, 3),
             "o2": output(2)}  # fmt: skip
    edges = [("a", "x"), ("b", "fb"), ("fb", "x"), ("x", "o1"), ("x", "f"), ("f", "o2")]
    network = read(write(tmp_path / "net.nir", nodes, edges)).network
    assert [entry.name for entry in network.inputs] == ["a", "b"]
    assert [(p.source, p.synapses) for p in network.into("x")] == [("a", 3), ("b", 6)]
    assert [entry.name for entry in network.readouts] == ["o1"]
    assert [entry.name for entry in network.host_readouts] == ["o2"]


BASE = {"in": entry(3), "x": lif(3), "out": output(3)}
WRONG: list[tuple[dict[str, Any], Edges, str, str]] = [
    (
        BASE | {"y": lif(3)},
        [("in", "x"), ("x", "out"), ("x", "y")],
        "nir-node-unused",
        "node y (LIF): reaches no Output",
    ),
    (BASE | {"y": lif(3)}, [("in", "x"), ("x", "out"), ("y", "x")], "nir-node-unused", "y (LIF): is not reached"),
    (BASE | {"o2": output(3)}, [("in", "x"), ("x", "out")], "nir-node-unused", "o2 (Output): is not reached"),
    (BASE | {"i2": entry(3)}, [("in", "x"), ("x", "out")], "nir-node-unused", "i2 (Input): reaches no Output"),
    ({"in": entry(3), "x": lif(3)}, [("in", "x")], "nir-node-unused", "has no Output"),
    ({"x": lif(3), "out": output(3)}, [("x", "out")], "nir-node-unused", "has no Input"),
    ({"in": entry(3), "out": output(3)}, [("in", "out")], "level-empty", "has no node that spikes"),
    (BASE, [("in", "x"), ("x", "out"), ("x", "in")], "nir-node-unsupported", "edges reach it, from x"),
    (BASE, [("in", "x"), ("x", "out"), ("out", "x")], "nir-node-unsupported", "edges leave it, to x"),
    (
        BASE | {"a": affine(3, 3), "b": affine(3, 3)},
        [("in", "a"), ("a", "b"), ("b", "a"), ("b", "x"), ("x", "out")],
        "nir-loop",
        "put a spiking node into the loop",
    ),
    (
        BASE | {"li": li(3)},
        [("in", "li"), ("li", "x"), ("x", "out")],
        "nir-node-unsupported",
        "node li (LI): its values go to x",
    ),
    (
        BASE | {"li": li(3), "f": affine(3, 3)},
        [("in", "x"), ("x", "li"), ("li", "f"), ("f", "out")],
        "nir-node-unsupported",
        "its values are changed, or others added",
    ),
    (
        BASE | {"y": lif(3)},
        [("in", "x"), ("in", "y"), ("x", "out"), ("y", "out")],
        "nir-node-unsupported",
        "driven by x, y",
    ),
    (
        BASE | {"o2": output(3)},
        [("in", "x"), ("x", "out"), ("in", "o2")],
        "nir-node-unsupported",
        "driven by in, which",
    ),
    (
        BASE | {"d": nir.Delay(np.full(3, DT))},
        [("in", "x"), ("x", "d"), ("d", "out")],
        "nir-node-unsupported",
        "is driven with a delay",
    ),
    (
        BASE | {"li": li(3, 0.5)},
        [("in", "x"), ("x", "li"), ("li", "out")],
        "nir-field-unsupported",
        "integrators on the host rest at 0",
    ),
]


@pytest.mark.parametrize(("nodes", "edges", "name", "message"), WRONG)
def test_what_cannot_be_compiled_is_refused_by_name(
    nodes: dict[str, Any], edges: Edges, name: str, message: str, tmp_path: Path
) -> None:
    found = refused(write(tmp_path / "net.nir", nodes, edges))
    assert any(problem == name and message in text for problem, text in found), found


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("semantics", ["snntorch-0", "nir", "norse"])
def test_a_gain_that_overflows_is_refused_without_a_warning(semantics: str, tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", {"in": entry(3), "x": cuba(3, r=np.full(3, 1e305)), "out": output(3)})
    put(path, "x/w_in", np.full(3, 1e200))
    with pytest.raises(InputError) as caught:
        read(path, semantics)
    assert {p.id for p in caught.value.problems} <= {"value-not-finite", "magnitude-out-of-range"}


def test_no_edge_is_passed_over(tmp_path: Path) -> None:
    """A graph without any one of its edges is another network, or is refused."""
    nodes = {"in": entry(4), "a": affine(3, 4), "b": affine(3, 4), "x": cuba(3), "rec": affine(3, 3),
             "f2": affine(2, 3), "y": lif(2), "out": output(2)}  # fmt: skip
    edges = [("in", "a"), ("in", "b"), ("a", "x"), ("b", "x"), ("x", "rec"), ("rec", "x"), ("x", "f2"), ("f2", "y"),
             ("y", "out")]  # fmt: skip
    path = tmp_path / "net.nir"
    whole = print_of(read(write(path, nodes, edges)).network)
    for edge in edges:
        left = [other for other in edges if other != edge]
        try:
            assert print_of(read(write(path, nodes, left)).network) != whole
        except InputError:
            continue


def test_the_order_of_the_file_changes_nothing(tmp_path: Path) -> None:
    nodes = {"in": entry(4), "a": affine(3, 4), "x": cuba(3), "rec": affine(3, 3), "f2": affine(2, 3), "y": lif(2),
             "out": output(2)}  # fmt: skip
    edges = [("in", "a"), ("a", "x"), ("x", "rec"), ("rec", "x"), ("x", "f2"), ("f2", "y"), ("y", "out")]
    first = print_of(read(write(tmp_path / "net.nir", nodes, edges)).network)
    assert print_of(read(write(tmp_path / "net.nir", dict(reversed(nodes.items())), edges[::-1])).network) == first


def test_facts_need_no_semantics(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", BASE, metadata={"author": "me"})
    facts = nir_facts(path)
    assert facts["nodes"] == {"Input": 1, "LIF": 1, "Output": 1}
    assert facts["v_reset"] == {"x": "absent"}
    assert facts["metadata"] == {"author": "me"}
    assert facts["neurons"] == {"x": 3}
    assert read(path).facts == facts


def test_the_content_may_be_given(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", BASE)
    content = path.read_bytes()
    path.unlink()
    model = read_nir(path, semantics="snntorch-0", reset="zero", content=content)
    assert model.network.name == "net"
    assert len(model.network.origin_sha256) == 64
