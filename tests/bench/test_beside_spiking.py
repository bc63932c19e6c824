"""The table of other tools: the page has it, no tool is left without an answer, and refusals are heard again."""

from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.neurons import PAGE, SEEDS
from tests.bench.beside_spiking.measure import FIRST, Given, Row, imported
from tests.bench.beside_spiking.netx_files import LARGEST, Layer, layers_of, write_netx
from tests.bench.beside_spiking.table import NAME, TABLE, markdown, read
from tests.bench.output import table_on

MOVED = {
    "snnTorch's": ("snnTorch", "neurocmc", "Norse", "lava-dl netx"),
    "Norse's": ("Norse", "neurocmc", "lava-dl netx"),
}
REFUSE = ("lava-dl netx", "sinabs", "snnTorch", "SNN Toolbox")


def of(network: str, tool: str, call: str = "") -> list[Row]:
    return [row for row in read() if (row.network, row.tool) == (network, tool) and call in row.call]


def mean(rows: list[Row]) -> float:
    known = [row.accuracy for row in rows if row.accuracy is not None]
    return sum(known) / len(known)


def test_the_page_has_the_table() -> None:
    assert table_on(PAGE, NAME) == markdown()
    assert TABLE.is_file()


def test_every_call_has_an_answer() -> None:
    rows = read()
    assert all((row.accuracy is None) == bool(row.message) or row.note.startswith("not run") for row in rows)
    assert {row.tool for row in rows if row.message} == set(REFUSE)
    for network, tools in MOVED.items():
        for tool in tools:
            numbers = [row.seed for row in of(network, tool) if row.accuracy is not None]
            assert sorted(set(numbers)) == list(SEEDS), (network, tool)


@pytest.mark.parametrize("network", MOVED)
def test_ours_keeps_what_was_trained(network: str) -> None:
    trained = of(network, MOVED[network][0], "as trained")
    two = of(network, "neurocmc", "--weights two")
    assert all(row.agree is not None and row.agree >= 0.995 for row in two)
    assert abs(mean(two) - mean(trained)) <= 0.005


@pytest.mark.parametrize("network", MOVED)
def test_a_file_for_netx_keeps_less_by_as_much_as_it_cannot_say(network: str) -> None:
    """It has no tick at 0 after a spike, which snnTorch's network has; Norse's resets as Lava's neuron does."""
    careful, plain = (of(network, "lava-dl netx", how) for how in ("careful", "plain"))
    trained = of(network, MOVED[network][0], "as trained")
    assert len(careful) == len(plain) == len(SEEDS)
    assert mean(careful) > 0.85
    if network == "Norse's":
        assert mean(careful) >= mean(trained) - 0.01
    else:
        assert mean(careful) < mean(trained) - 0.01


def test_a_recurrent_bias_that_is_lost_costs_a_point_or_two() -> None:
    lost = of("snnTorch's", "the loss on the NIR paper's path to Lava: emulated by")
    assert len(lost) == len(SEEDS)
    assert 0.005 < mean(of("snnTorch's", "snnTorch", "as trained")) - mean(lost) < 0.025


def test_norse_at_its_default_dt_answers_by_chance() -> None:
    assert all(row.accuracy is not None and row.accuracy < 0.2 for row in of("snnTorch's", "Norse", "dt=1e-3"))
    assert mean(of("snnTorch's", "Norse", "dt=1e-4")) > 0.88


def test_snn_toolbox_keeps_what_it_is_made_for() -> None:
    (fed_forward,) = (row for row in read() if row.tool == "SNN Toolbox" and row.accuracy is not None)
    assert fed_forward.accuracy is not None
    assert fed_forward.accuracy >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("tool", "name"), [("sinabs", "sinabs"), ("snntorch", "snnTorch")])
def test_a_refusal_is_heard_again(tool: str, name: str) -> None:
    pytest.importorskip("torch")
    (told,) = (row for row in of("snnTorch's", name) if row.message)
    assert imported(tool, told.call, Given(**FIRST, seed=0)) == told


def layer(weight: list[list[float]], loop: list[list[float]] | None, bias: list[float]) -> Layer:
    size = len(bias)
    return Layer(
        weight=np.array(weight),
        loop=None if loop is None else np.array(loop),
        bias=np.array(bias),
        share_syn=np.full(size, 0.25),
        share_mem=np.full(size, 0.125),
        threshold=np.full(size, 0.5),
    )


LAYERS = (
    layer([[0.5, -0.25], [1.0, 0.125]], [[0.0, -0.5], [0.25, 0.0]], [0.125, -0.25]),
    layer([[1, -1]], None, [0.5]),
)


def test_a_plain_file_has_the_scale_of_lava_dl(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    write_netx(tmp_path / "network.net", LAYERS, 2, careful=False)
    with h5py.File(tmp_path / "network.net") as file:
        assert [file[f"layer/{index}/type"][()] for index in range(3)] == [b"input", b"dense_rec", b"dense"]
        first = file["layer/1"]
        assert file["layer/0/shape"][()].tolist() == [4]
        assert first["weight"][()].tolist() == np.kron(np.eye(2), [[32, -16], [64, 8]]).tolist()
        assert first["weight_rec"][2:, 2:].tolist() == [[0, -32], [16, 0]]
        assert first["bias"][()].tolist() == 2 * [32, -64]
        neuron = {key: first[f"neuron/{key}"][0] for key in ("iDecay", "vDecay", "vThMant")}
        assert neuron == {"iDecay": 1024, "vDecay": 512, "vThMant": 32}


def test_a_careful_file_has_biases_as_weights_and_passes_them_on(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    write_netx(tmp_path / "network.net", LAYERS, 1, careful=True)
    with h5py.File(tmp_path / "network.net") as file:
        first, second = file["layer/1"], file["layer/2"]
        assert "bias" not in first
        assert first["weight"][()].tolist() == [[128, -64, 32], [254, 32, -64], [0, 0, LARGEST]]
        assert first["neuron/iDecay"][()].tolist() == [1024, 1024, 4096]
        assert second["weight"][()].tolist() == [[254, -254, 128]]


def test_gains_are_multiplied_in(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "graph.nir", "w") as file:
        nodes = file.create_group("node/nodes")
        for name in ("fc1", "hidden.w_rec", "fc2"):
            nodes[f"{name}/weight"], nodes[f"{name}/bias"] = np.eye(2), np.ones(2)
        for name in ("hidden.lif", "out"):
            for key, value in (("tau_syn", 4e-3), ("tau_mem", 8e-3), ("w_in", 2.0), ("r", 8.0), ("v_threshold", 1.0)):
                nodes[f"{name}/{key}"] = np.full(2, value)
    hidden, out = layers_of(tmp_path / "graph.nir", 1e-3)
    assert hidden.weight.tolist() == out.weight.tolist() == [[0.5, 0.0], [0.0, 0.5]]
    assert hidden.bias.tolist() == [1.0, 1.0]
    assert out.loop is None
    assert hidden.share_syn.tolist() == [0.25, 0.25]
