"""The cheapest numbers of docs/studies/readme.csv, measured again: a change that moves them has to write it anew."""

import pytest

from neurocmc.targets import Code
from tests.acceptance.readme import FIRST_DIGITS, SEEDS, first_digits_nrmse, loihi1
from tests.bench.accuracy import our_errors
from tests.prose.table import read_table

SAME = 1e-4  # relative: what another library of linear algebra may do to the fit of a pool


@pytest.mark.slow
@pytest.mark.parametrize(("code", "neurons"), [("threshold", (64, 256)), ("rate", (64,))])
def test_four_units_err_as_the_table_says(code: Code, neurons: tuple[int, ...]) -> None:
    table = read_table()
    rows = our_errors(loihi1(), neurons, SEEDS, (code,))
    assert [row.neurons for row in rows] == [*neurons]
    for row in rows:
        held = table[f"winner.{code}.{row.neurons}"]
        assert sum(row.nrmse) / len(row.nrmse) == pytest.approx(held.value, rel=SAME), held.key


@pytest.mark.slow
def test_the_first_digits_err_as_the_table_says() -> None:
    held = read_table()[f"digits.threshold.first-{FIRST_DIGITS}.nrmse"]
    assert first_digits_nrmse("threshold") == pytest.approx(held.value, rel=SAME)
