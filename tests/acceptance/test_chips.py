"""The table of chips: the page says what it says, its numbers keep their promises, and some are placed again."""

import pytest

from tests.acceptance.chips import KINDS, NAME, PAGE, SIZES, markdown, measured, read
from tests.bench.output import table_on


def test_the_page_has_the_table() -> None:
    assert table_on(PAGE, NAME) == markdown()


def test_the_table_has_every_circuit_and_size() -> None:
    assert list(read()) == [(kind, neurons) for kind in KINDS for neurons in SIZES]


def test_cores_are_within_a_twentieth_of_the_bound_but_at_random() -> None:
    for (circuit, neurons), found in read().items():
        if circuit != "random":
            assert found["cores"] <= 1.05 * found["bound"], (circuit, neurons)


def test_less_crosses_chips_than_in_any_other_order() -> None:
    for (circuit, neurons), found in read().items():
        if found["chips"] > 1:
            assert found["crossing"] < found["crossing in the file's order"], (circuit, neurons)
            assert found["crossing"] < found["crossing at random"], (circuit, neurons)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "random"])
def test_what_is_measured_again_is_the_same(kind: str) -> None:
    neurons = SIZES[0]
    table = read()[kind, neurons]
    for circuit, _, quantity, value in measured(kind, neurons):  # type: ignore[arg-type]
        if not quantity.startswith("seconds"):
            assert table[quantity] == pytest.approx(value, rel=1e-5), (circuit, quantity)
