"""The table of PyNN: the page has it, it holds what was promised, and the whole of it can be made again."""

from pathlib import Path

import pytest

from tests.bench.output import table_on
from tests.made.tables import rows_of

from .pynn import CASES, PAGE, TABLE, markdown, measured

TIMED = {"seconds"}


def test_the_page_has_the_table() -> None:
    assert table_on(PAGE, "pynn") == markdown(rows_of(TABLE))


def test_the_table_has_every_case() -> None:
    found = [(row["circuit"], row["simulator"], int(row["trials"])) for row in rows_of(TABLE)]
    assert found == [(*case.key, case.trials) for case in CASES]


def test_500_digits_are_decided_on_nest_as_on_our_brian2() -> None:
    digits = rows_of(TABLE)[0]
    assert (digits["circuit"], digits["simulator"], digits["trials"]) == ("swta-digits", "nest", "500")
    assert float(digits["nrmse"]) <= 0.01
    assert float(digits["agree"]) >= 0.99


def test_every_spike_of_every_row_is_ours() -> None:
    for row in rows_of(TABLE):
        assert int(row["spikes"]) > 0
        assert int(row["differing"]) == 0


@pytest.mark.pynn
@pytest.mark.nightly
@pytest.mark.parametrize("index", range(len(CASES)))
def test_a_row_is_made_again(index: int, tmp_path: Path) -> None:
    again = {name: str(value) for name, value in measured(CASES[index], tmp_path).items() if name not in TIMED}
    assert again == {name: value for name, value in rows_of(TABLE)[index].items() if name not in TIMED}
