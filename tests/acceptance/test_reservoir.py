"""The table of reservoirs: the page says what it says, it holds what was promised, and a row of it is made again."""

import pytest

from tests.bench.output import table_on

from .reservoir import NAME, OPTIONS, PAGE, SEEDS, SIZES, markdown, measured, read


def test_the_page_has_the_table() -> None:
    assert table_on(PAGE, NAME) == markdown()
    assert len(read()) == len(SEEDS) * len(SIZES) * len(OPTIONS)


def test_four_fifths_of_the_capacity_are_kept_at_64_neurons() -> None:
    own = [row for row in read() if row["neurons"] == "64" and row["options"] == "default"]
    assert sum(float(row["capacity"]) for row in own) >= 0.8 * sum(float(row["rate"]) for row in own)


@pytest.mark.slow
def test_a_row_is_made_again() -> None:
    (told,) = [r for r in read() if (r["seed"], r["neurons"], r["options"]) == ("0", "64", "default")]
    again = measured(0, 64, "default")
    for name in ("rate", "capacity"):
        assert float(again[name]) == pytest.approx(float(told[name]), rel=0.01)
    assert again["planes"] == told["planes"]
