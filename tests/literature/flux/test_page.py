"""The page of the study says what its runs hold, and has no number of a result that they do not hold."""

import re

import numpy as np
import pytest

from tests.literature.flux.page import PAGE, ROOT, STUDY, VARIANTS, column, runs, sentences, tables

TEXT = PAGE.read_text(encoding="utf-8")
MEASURED = TEXT.split("\n## Measured\n")[1].split("\n## ")[0]


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", ["variants", "noise", "seeds", "chip"])
def test_a_table_of_the_page_is_that_of_the_runs(name: str) -> None:
    assert tables(runs())[name] in MEASURED


@pytest.mark.parametrize("sentence", sentences(runs()), ids=lambda text: text[:40])
def test_the_page_says_what_was_measured(sentence: str) -> None:
    assert sentence in one_line(MEASURED)


def test_there_is_no_other_number_among_the_results() -> None:
    rest = MEASURED
    for table in tables(runs()).values():
        rest = rest.replace(table, "")
    for defined in ("Seeds 0 to 9", "less than .005 bits", "by .005 bits", "1/2"):
        rest = rest.replace(defined, "")
    rest = one_line(rest)
    for sentence in sentences(runs()):
        rest = rest.replace(sentence, "")
    assert re.findall(r"[^`\w]\d[\d.,]*", rest) == []


def test_all_runs_are_there() -> None:
    rows = runs()
    assert {(row["variant"], row["seed"]) for row in rows} == {
        (name, seed) for name in VARIANTS for seed in range(10)
    }
    assert len(rows) == 80
    assert not any("error" in row for row in rows)


def test_what_was_promised_is_kept() -> None:
    rows = runs()
    isolated, embedded, organised = (
        column(rows, name, "flux") for name in ("isolated", "embedded", "self-organised")
    )
    assert (isolated < 0.005).all()
    assert (embedded > isolated).sum() >= 8
    assert (organised >= 5 * embedded).sum() >= 8
    trapped = column(rows, "isolated", "trapped") * column(rows, "isolated", "resonates")
    assert trapped.sum() >= 1
    assert np.median(column(rows, "self-organised", "chip_error_64")) <= 0.2  # the mean is not


def test_the_folder_holds_results_alone_and_the_picture_is_small() -> None:
    assert sorted(path.name for path in STUDY.iterdir()) == [
        "README.md",
        "runs.csv",
        "study.yaml",
        "table.csv",
        "table.md",
    ]
    assert 10_000 < (ROOT / "docs" / "pictures" / "gallery-flux-l5.png").stat().st_size <= 150_000
