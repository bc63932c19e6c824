"""The tables of content-addressable memories: the page has them, nothing is recalled wrongly, a row is made again."""

import pytest

from tests.acceptance.recall import (
    CHIPS,
    GAPS,
    GRID,
    MEMORIES,
    PAGE,
    SEEDS,
    SIZES,
    TARGETS,
    gap_row,
    measured,
    sized,
    tables,
)
from tests.bench.output import table_on
from tests.lava_environment import lava_python
from tests.made.tables import rows_of


def test_the_page_has_the_tables() -> None:
    for name, table in tables().items():
        assert table_on(PAGE, name) == table


def test_a_hundred_memories_are_recalled_without_an_error_on_every_target() -> None:
    rows = rows_of(MEMORIES)
    assert [int(row["seed"]) for row in rows] == list(SEEDS)
    for row in rows:
        assert {row[f"wrong_{target}"] for target in ("float", *TARGETS)} == {"0"}
        assert int(row["neurons"]) == 3 * int(row["cues"]) + 4 * int(row["content_bits"]) + 1
        assert int(row["overlapping_cues"]) > 1
    assert {row["differ_lava"] for row in rows} == {"0"}
    assert {len({row[name] for row in rows}) > 10 for name in ("cues", "content_bits")} == {True}


def test_every_size_that_fits_is_recalled_without_an_error() -> None:
    rows = rows_of(SIZES)
    assert [(int(row["cues"]), int(row["content_bits"])) for row in rows] == list(GRID)
    for target in CHIPS:
        held = [row for row in rows if row[f"cores_{target}"].isdigit()]
        assert {row[f"wrong_{target}"] for row in held} == {"0"}
        assert len(held) >= 6


def test_recalls_three_ticks_apart_do_not_disturb_each_other() -> None:
    for row in rows_of(GAPS):
        wrong = {name for name in row if "_then_" in name and row[name] != "0"}
        assert wrong == {1: {"cue_then_content"}, 2: {"content_then_content"}}.get(int(row["gap_ticks"]), set())


@pytest.mark.slow
def test_rows_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROCMC_LAVA_PYTHON", raising=False)
    told = next(row for row in rows_of(MEMORIES) if row["seed"] == "3")
    assert measured(3) == {**told, "differ_lava": ""}
    told = rows_of(SIZES)[1]
    again = sized(*GRID[1])
    assert again == {name: told[name] for name in again}
    assert gap_row(6) == next(row for row in rows_of(GAPS) if row["gap_ticks"] == "6")


@pytest.mark.lava
def test_lava_spikes_as_the_emulator_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", str(lava_python()))
    assert measured(5)["differ_lava"] == "0"
