"""The page of layers that divide says what the study's tables hold, and no other number."""

import re
from pathlib import Path
from statistics import fmean, stdev

import pytest

from tests.literature.ei_layers.page import (
    COMPILED,
    ON_CHIP,
    SEEDS,
    SETS,
    SHOWN,
    STUDY,
    accuracy_lines,
    chip_lines,
    chip_percent,
    worst,
)
from tests.made.tables import STUDIES, by_variant, percent, runs_of

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "ei-layers.md").read_text(encoding="utf-8")


def mean(variant: str, column: str) -> float:
    return 100 * float(by_variant(STUDY)[variant][f"{column}_mean"])


def quotes() -> dict[str, str]:
    """What the prose says, as it must stand there."""
    rows = by_variant(STUDY)
    return {
        "quotient": f"reads {percent(rows['quotient'], 'clean')} % of the digits",
        "plain": f"plain layers fall from {mean('plain', 'clean'):.1f} % to {mean('plain', 'contrast_05'):.1f} %",
        "mean": f"read {percent(rows['plain-mean'], 'contrast_05')} %",
        "gain": f"reads {mean('no-gain-control', 'clean'):.1f} % of clean digits",
        "gradient": f"costs {mean('quotient', 'clean') - mean('no-gradient', 'clean'):.1f} points",
        "rate": f"from {mean('quotient', 'clean'):.1f} % to {mean('quotient', 'rate_clean'):.1f} %",
        "feedback": f"{chip_percent('feedback', 'chip_clean')} % clean and "
        f"{chip_percent('feedback', 'chip_contrast_05')} %",
    }


@pytest.mark.parametrize("expected", [*accuracy_lines(), *chip_lines()])
def test_each_line_of_the_tables_is_on_the_page(expected: str) -> None:
    assert expected in PAGE


@pytest.mark.parametrize("quote", quotes().values(), ids=quotes().keys())
def test_the_prose_says_what_was_measured(quote: str) -> None:
    assert quote in re.sub(r"\s+", " ", PAGE)


def test_no_other_number_with_a_decimal_stands_on_the_page() -> None:
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|arXiv:\S+", " ", PAGE, flags=re.DOTALL)
    texts = (*accuracy_lines(), *chip_lines(), *quotes().values())
    known = {number for text in texts for number in re.findall(r"\d+\.\d+", text)}
    said = re.findall(r"(?<![\d.])\d{1,3}\.\d{1,2}(?![\d.])", prose)
    assert len(said) > 20
    assert set(said) <= known | {"0.05"}  # the contrast


def test_the_table_is_that_of_the_runs() -> None:
    for variant, row in by_variant(STUDY).items():
        for column in (*SETS, "rate_clean", "rate_contrast_05", "held_clean", "held_contrast_05"):
            values = [float(run[column]) for run in runs_of(STUDY) if run["variant"] == variant]
            assert float(row[f"{column}_mean"]) == pytest.approx(fmean(values), abs=1e-12)
            assert float(row[f"{column}_sd"]) == pytest.approx(stdev(values), abs=1e-12)


@pytest.mark.parametrize(("study", "variants"), [(STUDY, SHOWN), (ON_CHIP, COMPILED)])
def test_every_run_was_done_with_its_seeds(study: str, variants: dict[str, str]) -> None:
    rows = runs_of(study)
    wanted = [(seed, name) for seed in SEEDS[study] for name in variants]
    assert [(row["seed"], row["variant"]) for row in rows] == wanted
    assert {row["error_id"] for row in rows} == {""}


def test_what_was_promised_is_kept() -> None:
    for row in (*runs_of(STUDY), *runs_of(ON_CHIP)):
        if row["variant"] in ("quotient", "one-denominator"):
            assert row["clean"] == row["contrast_05"]
            assert row["rate_clean"] == row["rate_contrast_05"]
    for row in runs_of(ON_CHIP):
        assert row["chip_images"] == "1000"
        assert row["variant"] == "feedback" or float(row["chip_apart"]) < 1e-9
    assert all(mean(variant, "clean") >= 94.0 for variant in ("quotient", "one-denominator", "feedback"))
    assert all(worst(variant) <= 1.0 for variant in COMPILED)
    assert mean("plain", "contrast_05") < 20.0 < 90.0 < mean("plain-mean", "contrast_05")


@pytest.mark.parametrize("study", [STUDY, ON_CHIP])
def test_the_studies_hold_their_files(study: str) -> None:
    wanted = ["README.md", "runs.csv", "study.yaml", "table.csv", "table.md"]
    assert sorted(path.name for path in (STUDIES / study).iterdir()) == wanted
