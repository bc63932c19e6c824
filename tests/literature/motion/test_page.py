"""The page of learned delays says what the studies' tables hold, and no other number."""

import re
from pathlib import Path
from statistics import fmean, stdev

import pytest

from tests.made.tables import by_variant, percent, runs_of

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "delays.md").read_text(encoding="utf-8")

LOIHI = (
    ("with-delays", "with delays"),
    ("four-bits", "with delays, weights of 4 bits"),
    ("pruned-5", "5 % of the synapses, a learned delay each"),
    ("pruned-5-four-bits", "the same, weights of 4 bits"),
    ("random-delays-5", "as many synapses, drawn, a random delay each"),
    ("summed-away", "trained with delays, then all summed to one"),
    ("without-delays", "trained without delays"),
)
CORES = (("clear", "60 % coherent"), ("faint", "30 % coherent"))


def lost(row: dict[str, str]) -> str:
    """Points that the emulator loses against the rate circuit."""
    value = 100 * float(row["chip_accuracy_drop_mean"])
    return f"{value:.1f} ± {100 * float(row['chip_accuracy_drop_sd']):.1f}".replace("-0.0 ", "0.0 ")


def line(name: str, row: dict[str, str]) -> str:
    synapses = f"{float(row['synapses_mean']):,.0f}"
    cores = f"{float(row['chip_cores_mean']):.3g}"
    cells = name, synapses, percent(row, "accuracy"), lost(row), percent(row, "chip_agreement"), cores
    return f"| {' | '.join(cells)} |"


def lines() -> list[str]:
    """All lines of the page's tables, in order."""
    loihi, cores = by_variant("delays-motion"), by_variant("delays-truenorth")
    return [line(name, loihi[variant]) for variant, name in LOIHI] + [
        line(name, cores[variant]) for variant, name in CORES
    ]


def points() -> dict[str, str]:
    """Differences that the page names, in points."""
    mean = {name: 100 * float(row["accuracy_mean"]) for name, row in by_variant("delays-motion").items()}
    return {
        "worth": f"{mean['with-delays'] - mean['without-delays']:.1f}",
        "learned": f"{mean['pruned-5'] - mean['random-delays-5']:.1f}",
        "pruning": f"{mean['with-delays'] - mean['pruned-5']:.1f}",
        "bits": f"{mean['with-delays'] - mean['four-bits']:.1f}",
        "worst drop": f"{max(abs(100 * float(row['chip_accuracy_drop'])) for row in runs_of('delays-motion')):.1f}",
    }


@pytest.mark.parametrize("expected", lines())
def test_each_line_of_the_tables_is_on_the_page(expected: str) -> None:
    assert expected in PAGE


def test_no_other_number_with_a_decimal_stands_on_the_page() -> None:
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", PAGE, flags=re.DOTALL)
    known = {number for text in (*lines(), *points().values()) for number in re.findall(r"\d+\.\d+", text)}
    said = re.findall(r"(?<![\d.])\d{1,3}\.\d{1,2}(?![\d.])", prose)
    assert len(said) > 20
    assert set(said) <= known


def test_what_the_page_concludes_is_what_was_measured() -> None:
    found = points()
    assert f"{found['worth']} points" in PAGE
    assert f"{found['learned']} points" in PAGE
    assert f"{found['pruning']} points" in PAGE
    assert f"{found['bits']} points" in PAGE
    assert f"{found['worst drop']} points" in PAGE
    assert float(found["worth"]) >= 60
    assert float(found["worst drop"]) <= 1


@pytest.mark.parametrize("study", ["delays-motion", "delays-truenorth"])
def test_tables_are_those_of_the_runs(study: str) -> None:
    columns = ("accuracy", "synapses", "chip_accuracy_drop", "chip_agreement", "chip_cores")
    for variant, row in by_variant(study).items():
        for column in columns:
            values = [float(run[column]) for run in runs_of(study) if run["variant"] == variant]
            assert float(row[f"{column}_mean"]) == pytest.approx(fmean(values), abs=1e-12)
            assert float(row[f"{column}_sd"]) == pytest.approx(stdev(values), abs=1e-12)


def test_every_run_was_done_with_three_seeds() -> None:
    for study, variants in (("delays-motion", len(LOIHI)), ("delays-truenorth", len(CORES))):
        rows = runs_of(study)
        assert len(rows) == 3 * variants
        assert {row["seed"] for row in rows} == {"0", "1", "2"}
        assert {row["error_id"] for row in rows} == {""}
