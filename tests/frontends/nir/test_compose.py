"""Linear nodes become one matrix: that of the layer itself, a convolution by hand, and products and sums of them."""

import time
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from neurocmc.common.errors import InputError
from neurocmc.frontends.nir.compose import Signal, summed
from neurocmc.frontends.nir.graph import NirNode
from neurocmc.frontends.nir.operators import operator_of, window_matrix
from neurocmc.frontends.nir.windows import ShapeError, Windows, windows_of
from neurocmc.ir.neurons.network import NeuronNetwork
from tests.frontends.nir.graphs import DT, affine, entry, lif, output, put, read, weights, write


def node(kind: str, **values: Any) -> NirNode:
    return NirNode(
        name="x",
        type=kind,
        metadata={},
        fields={name: value if isinstance(value, str) else np.array(value) for name, value in values.items()},
    )


def by_hand(x: np.ndarray, weight: np.ndarray, windows: Windows) -> np.ndarray:
    """A convolution in 2d, window by window."""
    pads = [(0, 0), *zip(windows.before, windows.after, strict=True)]
    padded = np.pad(x, pads)
    filters, inner, height, width = weight.shape
    out = np.zeros(windows.out)
    for f in range(filters):
        first = (f // (filters // windows.groups)) * inner
        for p in range(out.shape[1]):
            for q in range(out.shape[2]):
                for i in range(height):
                    for j in range(width):
                        at = (p * windows.stride[0] + i * windows.dilation[0],
                              q * windows.stride[1] + j * windows.dilation[1])  # fmt: skip
                        out[f, p, q] += weight[f, :, i, j] @ padded[first : first + inner, at[0], at[1]]
    return out


@settings(max_examples=120, deadline=None)
@given(
    groups=st.integers(1, 3),
    inner=st.integers(1, 2),
    per_group=st.integers(1, 2),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 4)),
    size=st.tuples(st.integers(3, 8), st.integers(4, 9)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 2)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    padding=st.one_of(st.tuples(st.integers(0, 2), st.integers(0, 3)), st.sampled_from(["same", "valid"])),
    seed=st.integers(0, 99),
)
def test_a_convolution_is_that_by_hand(
    groups: int,
    inner: int,
    per_group: int,
    kernel: Any,
    size: Any,
    stride: Any,
    dilation: Any,
    padding: Any,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    stride = (1, 1) if padding == "same" else stride
    weight = rng.normal(size=(groups * per_group, inner, *kernel))
    x = rng.normal(size=(groups * inner, *size))
    layer = node("Conv2d", weight=weight, stride=stride, padding=padding, dilation=dilation, groups=groups,
                 bias=rng.normal(size=groups * per_group))  # fmt: skip
    try:
        windows = windows_of(layer, x.shape)
    except ShapeError as error:
        if "does not fit" not in error.what:
            raise
        return
    operator = operator_of(layer, x.shape)
    assert operator.matrix is not None
    assert operator.bias is not None
    got = (operator.matrix @ x.ravel()).reshape(windows.out)
    assert np.allclose(got, by_hand(x, weight, windows), rtol=1e-12, atol=1e-12)
    assert np.array_equal(operator.bias.reshape(windows.out)[:, 0, 0], layer.numbers("bias"))
    if padding == "same":
        assert windows.out[1:] == size


@pytest.mark.parametrize("mode", ["valid", "same"])
def test_a_convolution_is_scipys(mode: str) -> None:
    rng = np.random.default_rng(3)
    weight, x = rng.normal(size=(2, 3, 3, 5)), rng.normal(size=(3, 8, 9))
    layer = node("Conv2d", weight=weight, stride=[1, 1], padding=mode, dilation=[1, 1], groups=1, bias=np.zeros(2))
    got = operator_of(layer, x.shape).matrix @ x.ravel()  # type: ignore[operator]
    want = [sum(signal.correlate2d(x[c], weight[f, c], mode=mode) for c in range(3)) for f in range(2)]
    assert np.allclose(got, np.ravel(want))


def test_a_convolution_in_1d_and_pools() -> None:
    rng = np.random.default_rng(4)
    weight, x = rng.normal(size=(2, 3, 4)), rng.normal(size=(3, 11))
    layer = node("Conv1d", weight=weight, stride=2, padding=1, dilation=2, groups=1, bias=np.zeros(2))
    padded = np.pad(x, ((0, 0), (1, 1)))
    want = [[(weight[f] * padded[:, 2 * p : 2 * p + 7 : 2]).sum() for p in range(4)] for f in range(2)]
    assert np.allclose(operator_of(layer, x.shape).matrix @ x.ravel(), np.ravel(want))  # type: ignore[operator]
    image = rng.normal(size=(2, 5, 6))
    for kind, share in (("SumPool2d", 1.0), ("AvgPool2d", 1 / 6)):
        pool = node(kind, kernel_size=[2, 3], stride=[2, 1], padding=[0, 0])
        want = [
            [[image[c, 2 * p : 2 * p + 2, q : q + 3].sum() for q in range(4)] for p in range(2)] for c in range(2)
        ]
        assert np.allclose(operator_of(pool, image.shape).matrix @ image.ravel(), share * np.ravel(want))  # type: ignore[operator]


def test_a_large_convolution_takes_no_time() -> None:
    weight = np.random.default_rng(0).normal(size=(16, 16, 3, 3))
    layer = node("Conv2d", weight=weight, stride=[1, 1], padding=[1, 1], dilation=[1, 1], groups=1, bias=np.zeros(16))
    windows = windows_of(layer, (16, 16, 16))
    window_matrix(windows, weight)
    start = time.perf_counter()
    matrix = window_matrix(windows, weight)
    assert time.perf_counter() - start < 2.0  # about 0.03 s; loops over pixels take minutes
    assert matrix.nnz == 541_696


def matrix_of(network: NeuronNetwork, target: str, source: str = "in", delay: int | None = None) -> np.ndarray:
    found = [p for p in network.into(target) if p.source == source]
    return sum(p.matrix(network.size_of(source), delay).toarray() for p in found)  # type: ignore[no-any-return]


def bias_of(network: NeuronNetwork, target: str) -> np.ndarray:
    return sum(projection.bias for projection in network.into(target))  # type: ignore[return-value]


def test_a_single_layer_comes_through_exactly(tmp_path: Path) -> None:
    layer = affine(3, 4)
    network = read(
        write(tmp_path / "net.nir", {"in": entry(4), "fc": layer, "lif": lif(3), "out": output(3)})
    ).network
    assert np.array_equal(matrix_of(network, "lif"), layer.weight.astype(np.float64))
    assert np.array_equal(bias_of(network, "lif"), layer.bias.astype(np.float64))


def test_layers_in_a_row_are_multiplied_and_carry_biases(tmp_path: Path) -> None:
    a, b, s = affine(5, 6), affine(3, 5), weights(3)
    nodes = {"in": entry(2, 3), "flat": nir.Flatten(np.array([2, 3]), 0, -1), "a": a, "b": b, "s": nir.Scale(s),
             "lif": lif(3), "out": output(3)}  # fmt: skip
    network = read(write(tmp_path / "net.nir", nodes)).network
    scale = np.diag(s.astype(np.float64))
    assert np.allclose(matrix_of(network, "lif"), scale @ b.weight.astype(float) @ a.weight, rtol=1e-14)
    assert np.allclose(bias_of(network, "lif"), scale @ (b.weight.astype(float) @ a.bias + b.bias), rtol=1e-14)
    assert network.inputs[0].shape == (2, 3)


def test_edges_that_meet_add(tmp_path: Path) -> None:
    a, b = affine(3, 4), affine(3, 4)
    nodes = {"in": entry(4), "a": a, "b": b, "lif": lif(3), "out": output(3)}
    edges = [("in", "a"), ("in", "b"), ("a", "lif"), ("b", "lif"), ("lif", "out")]
    network = read(write(tmp_path / "net.nir", nodes, edges)).network
    assert len(network.projections) == 1
    assert np.allclose(matrix_of(network, "lif"), a.weight.astype(float) + b.weight, rtol=1e-14)
    assert np.allclose(bias_of(network, "lif"), a.bias.astype(float) + b.bias, rtol=1e-14)


def test_an_input_straight_into_neurons_is_the_identity(tmp_path: Path) -> None:
    network = read(write(tmp_path / "net.nir", {"in": entry(3), "lif": lif(3), "out": output(3)})).network
    assert np.array_equal(matrix_of(network, "lif"), np.eye(3))


def test_delays_are_synapses_of_their_own(tmp_path: Path) -> None:
    a, b, ticks = affine(3, 4), affine(3, 4), np.array([0, 2, 5])
    nodes = {"in": entry(4), "a": a, "d": nir.Delay(ticks * DT), "b": b, "lif": lif(3), "out": output(3)}
    edges = [("in", "a"), ("a", "d"), ("d", "lif"), ("in", "b"), ("b", "lif"), ("lif", "out")]
    network = read(write(tmp_path / "net.nir", nodes, edges)).network
    rows = {int(delay): np.where(ticks == delay, 1.0, 0.0)[:, None] for delay in ticks}
    for delay, own in rows.items():
        straight = b.weight.astype(float) if delay == 0 else 0.0
        assert np.allclose(matrix_of(network, "lif", delay=delay), own * a.weight + straight, rtol=1e-14)
    found = {p.bias_from_tick: p.bias for p in network.projections}
    assert set(found) == {0, 2, 5}
    assert np.array_equal(found[5], [0, 0, a.bias[2]])
    assert np.allclose(found[0], b.bias.astype(float) + np.array([a.bias[0], 0, 0]), rtol=1e-14)


@pytest.mark.parametrize(
    ("delay", "expected"),
    [(1.5 * DT, "time-off-grid"), (63 * DT, "register-beyond-range"), (-DT, "register-beyond-range")],
)
def test_delays_are_whole_ticks(delay: float, expected: str, tmp_path: Path) -> None:
    nodes = {"in": entry(3), "d": nir.Delay(np.full(3, delay)), "lif": lif(3), "out": output(3)}
    with pytest.raises(InputError) as caught:
        read(write(tmp_path / "net.nir", nodes))
    assert [problem.id for problem in caught.value.problems] == [expected]


def test_terms_of_one_place_add_up() -> None:
    identity = Signal(2, {("in", 0): None})
    total = summed(2, [identity, identity, identity.later(1)])
    assert np.array_equal(total.terms["in", 0].toarray(), 2 * np.eye(2))  # type: ignore[union-attr]
    assert total.terms["in", 1] is None


SHAPES: list[tuple[dict[str, Any], str]] = [
    ({"in": entry(5), "fc": affine(3, 4), "lif": lif(3), "out": output(3)}, "gets (5,) from in, needs (4,)"),
    ({"in": entry(4), "fc": affine(3, 4), "lif": lif(2), "out": output(2)}, "gets (3,) from fc, needs (2,)"),
    ({"in": entry(4), "fc": affine(3, 4), "lif": lif(3), "out": output(4)}, "gets (3,), its shape is (4,)"),
    ({"in": entry(2, 2), "fc": affine(3, 4), "lif": lif(3), "out": output(3)}, "put a Flatten between them"),
    (
        {"in": entry(1, 4, 4), "c": nir.Conv2d((4, 4), weights(2, 2, 3, 3), 1, 0, 1, 1, weights(2)),
         "lif": lif((2, 2, 2)), "out": output(2, 2, 2)},
        "needs 2 channels, gets 1",
    ),
    (
        {"in": entry(1, 4, 4), "c": nir.Conv2d((5, 5), weights(2, 1, 3, 3), 1, 0, 1, 1, weights(2)),
         "lif": lif((2, 2, 2)), "out": output(2, 2, 2)},
        "its input_shape is (5, 5), it gets (4, 4)",
    ),
    (
        {"in": entry(1, 4, 4), "c": nir.Conv2d((4, 4), weights(2, 1, 3, 3), 2, "same", 1, 1, weights(2)),
         "lif": lif((2, 2, 2)), "out": output(2, 2, 2)},
        "padding 'same' with stride",
    ),
    (
        {"in": entry(2, 3), "f": nir.Flatten(np.array([2, 3]), 1, 2), "lif": lif(6), "out": output(6)},
        "joins dimensions 1 to 2 of (2, 3)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("nodes", "message"), SHAPES)
def test_shapes_that_do_not_fit_are_named(nodes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(write(tmp_path / "net.nir", nodes))
    assert {problem.id for problem in caught.value.problems} == {"nir-shape"}
    assert message in str(caught.value)


def test_one_number_stands_for_all_neurons(tmp_path: Path) -> None:
    """snnTorch writes a layer with one beta as an array of one number, or of none."""
    path = write(tmp_path / "net.nir", {"in": entry(4), "fc": affine(3, 4), "lif": lif(1), "out": output(3)})
    for scalar in (False, True):
        if scalar:
            for name, value in (("tau", 2e-3), ("r", 20.0), ("v_leak", 0.0), ("v_threshold", 1.0)):
                put(path, f"lif/{name}", value)
        population = read(path).network.populations[0]
        assert population.size == 3
        assert set(population.pole_mem.tolist()) == {float(np.float32(0.95))}
