"""The page of the filter says what its tables hold, and the tables hold what was promised."""

import re

import pytest

from neurocmc.literature.filter.pairs import SETS, VARIANTS, gain
from tests.acceptance import filter as made
from tests.bench.output import table_on

from .settings import PAGE, ROOT, STUDY

TEXT = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))


def points(variant: str, name: str) -> str:
    found = gain(made.runs(), variant, name)
    return f"{found.mean:+.1f} ± {found.half_width:.1f}"


def shown(variant: str, name: str) -> str:
    return made.percent(variant, name)


@pytest.mark.parametrize("name", ["accuracy", "gain", "chip"])
def test_the_tables_of_the_page_are_those_of_the_runs(name: str) -> None:
    assert table_on(PAGE, name) == made.tables()[name]


def test_every_variant_has_all_seeds_and_sets() -> None:
    rows = made.runs()
    assert [(row["seed"], row["variant"]) for row in rows] == [(s, v) for s in range(5) for v in VARIANTS]
    assert all(set(SETS) < set(row) for row in rows)


def test_what_was_promised_is_kept() -> None:
    rows = made.runs()
    assert gain(rows, "swta", "uci_centred").mean >= 5.0
    assert gain(rows, "swta", "noise").mean >= 35.0
    assert gain(rows, "swta", "haze").mean >= 55.0
    chip = made.read()
    assert [(row["seed"], row["set"]) for row in chip] == [(str(s), n) for s in range(5) for n in made.JUDGED]
    for row in chip:
        assert (row["images"], row["nrmse_images"]) == ("1000", "200")
        if row["set"] == "clean":
            assert float(row["nrmse"]) <= 0.02
            assert abs(float(row["closed_form"]) - float(row["chip"])) <= 0.01


def test_the_picture_is_there_and_small() -> None:
    assert 10_000 < (ROOT / "docs" / "pictures" / "gallery-filter-vit.png").stat().st_size <= 150_000
    assert sorted(path.name for path in STUDY.iterdir()) == [
        "README.md",
        "chip.csv",
        "runs.csv",
        "study.yaml",
        "table.csv",
        "table.md",
    ]
