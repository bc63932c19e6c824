"""The cheapest numbers of docs/studies/readme.csv, measured again: a change that moves them has to write it anew."""

import pytest

from neurocmc.ir.spiking import Code
from tests.acceptance.readme import CODES, FIRST_DIGITS, first_digits_nrmse, loihi1
from tests.bench.accuracy import our_errors
from tests.prose.table import read_table

SAME = 1e-4  # relative: what another library of linear algebra may do to the fit of a pool
SEEDS = 5


@pytest.mark.slow
def test_four_units_err_as_the_table_says() -> None:
    table = read_table()
    measured = {f"winner.{row.code}.{row.neurons}": row.nrmse for row in our_errors(loihi1(), (64, 256), SEEDS)}
    assert len(measured) == 4
    for key, errors in measured.items():
        assert sum(errors) / len(errors) == pytest.approx(table[key].value, rel=SAME), key


@pytest.mark.slow
@pytest.mark.parametrize("code", CODES)
def test_the_first_digits_err_as_the_table_says(code: Code) -> None:
    held = read_table()[f"digits.{code}.first-{FIRST_DIGITS}.nrmse"]
    assert first_digits_nrmse(code) == pytest.approx(held.value, rel=SAME)
