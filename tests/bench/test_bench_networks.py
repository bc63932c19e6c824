"""What the bench of emulators times is what it says: the share that fires, the balance, the matrix given to peers."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.bench.emulators.networks import (
    BIAS_EXPONENT,
    CHECK_TICKS,
    BenchNetwork,
    Kind,
    expected,
    make_network,
    save_expanded,
)
from tests.bench.emulators.ours import compartment_network, final_voltage, integer_network, stepper
from tests.bench.emulators.tables import GOALS, PROCESSOR, goal_rows
from tests.bench.output import rewrite


@pytest.fixture(scope="module", params=["sparse", "pools"])
def network(request: pytest.FixtureRequest) -> BenchNetwork:
    kind: Kind = request.param
    return make_network(kind, 128, 0.05)


def matrix_of(path: Path) -> NDArray[np.int64]:
    with np.load(path) as file:
        neurons = file["v_initial"].size
        matrix = np.zeros((neurons, neurons), dtype=np.int64)
        np.add.at(matrix, (file["target"], file["source"]), file["mantissa"])
    return matrix


def test_the_wanted_share_fires(network: BenchNetwork) -> None:
    assert expected(network, 1000).share(network.neurons, first=200) == pytest.approx(0.05, rel=0.1)


def test_weights_are_even_balanced_and_within_eight_bits(network: BenchNetwork) -> None:
    weights = network.weights.toarray()
    assert (weights % 2 == 0).all()
    assert (weights.sum(axis=1) == 0).all()
    assert 0 < np.abs(weights).max() <= 254


def test_peers_are_given_our_matrix(network: BenchNetwork, tmp_path: Path) -> None:
    ones = np.ones((network.pool, network.pool), dtype=np.int64)
    assert np.array_equal(matrix_of(save_expanded(network, tmp_path)), np.kron(network.weights.toarray(), ones))


def test_ours_computes_what_the_plain_interpreter_does(network: BenchNetwork) -> None:
    wanted = expected(network, CHECK_TICKS)
    assert np.array_equal(final_voltage(network), wanted.voltage)
    assert stepper(network)(CHECK_TICKS) == wanted.spikes.sum() > 0


def test_pools_and_compartments_are_one_network() -> None:
    pools = make_network("pools", 128, 0.05)
    assert integer_network(pools, driven=True).problems() == ()
    single = make_network("sparse", 64, 0.3)
    assert np.array_equal(compartment_network(single).bias_mantissa, single.bias)


def test_an_overflow_is_refused() -> None:
    network = make_network("pools", 128, 0.05)
    strong = BenchNetwork(
        kind="pools",
        pool=network.pool,
        wanted_share=0.05,
        density=network.density,
        weights=network.weights * 0 + 254 * abs(network.weights).sign(),
        bias=np.full(128, 8_388_607 >> BIAS_EXPONENT),
        v_initial=network.v_initial,
    )
    with pytest.raises(ValueError, match="a register overflows in tick"):
        expected(strong, 50)


def test_goals_are_told_met_or_missed() -> None:
    kind, neurons, percent, peer, wanted = GOALS[0]
    name = f"{kind}-{neurons}-{percent}"

    def told(ours: float) -> list[str]:
        systems = {"neurocmc": {name: {PROCESSOR: [ours]}}, peer: {name: {PROCESSOR: [10.0]}}}
        return goal_rows({"systems": systems})[1][0]

    assert told(10.0 * wanted)[-1] == "met"
    assert told(10.0 * wanted - 1)[-1] == "missed"


def test_tables_stand_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- table: x -->\n\nold\n\n<!-- end: x -->\nb\n")
    rewrite(page, {"x": "new"})
    assert page.read_text() == "a\n<!-- table: x -->\n\nnew\n\n<!-- end: x -->\nb\n"
    with pytest.raises(ValueError, match="needs the marks"):
        rewrite(page, {"y": "new"})
