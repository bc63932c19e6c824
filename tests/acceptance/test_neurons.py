"""The table of networks that spike already: the page has it, it holds what was promised, some is made again."""

from pathlib import Path

import pytest

from neurocmc.frontends.nir.read import read_nir
from tests.bench.output import table_on

from .event_cnn import INPUT, drawn_events, write_event_cnn
from .neurons import (
    CASES,
    EVENT_CNN,
    FINE_TUNED,
    ON_LAVA,
    PAGE,
    SEEDS,
    TABLES,
    WEIGHTS,
    Case,
    Row,
    expected,
    measured,
    measured_event_cnn,
    read,
    rows_of,
)

TUNED = [f"snnTorch, fine-tuned for {epochs} epochs" for epochs in FINE_TUNED]
TO_ZERO = ["snnTorch, zero", "Norse, zero", *TUNED]  # what the chip does as well
TRAINED = [case.network for case in CASES]


def mean(rows: list[Row], name: str) -> float:
    return sum(row[name] for row in rows) / len(rows)


@pytest.mark.parametrize("name", TABLES)
def test_the_page_has_the_tables(name: str) -> None:
    assert table_on(PAGE, name) == TABLES[name]()


def test_the_table_has_every_case() -> None:
    assert list(read()) == expected()


@pytest.mark.parametrize("network", ["snnTorch, subtract", *TO_ZERO])
def test_the_float_interpreter_has_every_spike_of_the_framework(network: str) -> None:
    rows = rows_of(network, "two")
    assert len(rows) == len(SEEDS)
    assert all(row["samples"] == 500 and row["spikes"] > 50_000 and row["spikes_apart"] == 0 for row in rows)
    assert all(row["accuracy_float"] == row["accuracy_framework"] >= 0.92 for row in rows)


def test_convolutions_add_up_in_another_order() -> None:
    """A voltage that meets its threshold to the last bit of float32 is a spike in one order, and none in another."""
    rows = rows_of("sinabs, CNN", "two")
    assert all(row["spikes_apart"] <= 3 and row["spikes"] > 1_000_000 for row in rows)
    assert all(row["accuracy_float"] == row["accuracy_framework"] >= 0.9 for row in rows)


@pytest.mark.parametrize("network", TO_ZERO)
def test_decisions_are_kept(network: str) -> None:
    two, one = rows_of(network, "two"), rows_of(network, "one")
    assert all(row["agree_float_chip"] >= 0.995 for row in two)
    assert all(abs(row["accuracy_chip"] - row["accuracy_framework"]) <= 0.005 for row in two)
    assert all(row["agree_float_chip"] >= 0.96 for row in one)


def test_what_integers_cost_a_network_of_another_reset() -> None:
    assert all(row["agree_fitted_chip"] >= 0.995 for row in rows_of("snnTorch, subtract", "two"))
    assert all(row["agree_fitted_chip"] >= 0.96 for row in rows_of("snnTorch, subtract", "one"))
    assert all(row["agree_fitted_chip"] >= 0.99 for row in rows_of("sinabs, CNN", "two"))
    assert all(row["agree_fitted_chip"] >= 0.93 for row in rows_of("sinabs, CNN", "one"))


def test_fine_tuning_gives_back_what_the_reset_took() -> None:
    for network in TUNED:
        rows = rows_of(network, "two")
        assert mean(rows, "accuracy_swapped") < mean(rows, "accuracy_before") - 0.03
        assert mean(rows, "accuracy_chip") >= mean(rows, "accuracy_swapped") + 0.03
    for network in TUNED[1:]:
        assert (
            mean(rows_of(network, "two"), "accuracy_chip") >= mean(rows_of(network, "two"), "accuracy_before") - 0.005
        )


@pytest.mark.parametrize("network", TRAINED)
def test_lava_has_every_spike(network: str) -> None:
    for weights in WEIGHTS:
        for row in rows_of(network, weights):
            assert (row["lava_samples"], row["lava_apart"]) == (ON_LAVA, 0)
            assert row["lava_spikes"] > 5000
            assert row["cores"] <= 2


def test_the_cnn_is_placed() -> None:
    for weights, cores in (("two", 42), ("one", 22)):
        (row,) = (row for key, row in read().items() if key == (EVENT_CNN, 0, weights))
        assert (row["neurons"], row["cores"], row["twin_apart"]) == (8970, cores, 0)
        assert row["twin_spikes"] > 100_000


def test_the_cnn_has_the_shape_of_the_papers(tmp_path: Path) -> None:
    pytest.importorskip("nir")
    write_event_cnn(tmp_path / "cnn.nir")
    network = read_nir(tmp_path / "cnn.nir", semantics="sinabs").network
    assert [population.size for population in network.populations] == [4096, 4096, 512, 256, 10]
    assert network.inputs[0].shape == INPUT
    assert not drawn_events(trials=2).problems(network.inputs)


@pytest.mark.slow
@pytest.mark.parametrize("case", [CASES[0], CASES[-2]], ids=["snntorch", "norse"])
def test_a_row_is_made_again(case: Case, tmp_path: Path) -> None:
    (again,) = measured(case, 0, tmp_path, ("one",), lava=False)
    told = read()[case.network, 0, "one"]
    assert again["spikes_apart"] == 0
    # Training does not end alike on every machine: six trials of 500 were seen.
    for name in ("agree_float_chip", "accuracy_chip", "accuracy_framework"):
        assert again[name] == pytest.approx(told[name], abs=0.0161), name


@pytest.mark.slow
def test_the_cnn_is_placed_again(tmp_path: Path) -> None:
    pytest.importorskip("nir")
    (again,) = measured_event_cnn(tmp_path, ("one",))
    told = read()[EVENT_CNN, 0, "one"]
    assert {name: again[name] for name in ("cores", "synapses", "twin_apart")} == {
        name: told[name] for name in ("cores", "synapses", "twin_apart")
    }
