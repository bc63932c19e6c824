"""docs/connectome-priors.md says what the tables of its studies hold, row by row and number by number."""

import re
from collections.abc import Iterable

import pytest

from neurocmc.common.strict_yaml import load_document
from tests.literature.connectome import page
from tests.made.tables import STUDIES as FOLDERS
from tests.made.tables import by_variant, rows_of, runs_of

TABLES = {
    "accuracy": lambda: page.accuracy_rows("microns-rnn"),
    "weights": page.weight_rows,
    "positive": lambda: page.accuracy_rows("microns-rnn-positive"),
    "chip": lambda: page.chip_rows("microns-rnn-chip"),
    "chip, 80 neurons": lambda: page.chip_rows("microns-rnn-chip-80"),
}
ROWS = 13  # eleven variants and two controls
STUDIES = ("microns-rnn", "microns-rnn-positive", "microns-rnn-chip", "microns-rnn-chip-80")


def text() -> str:
    return page.PAGE.read_text(encoding="utf-8")


def measured() -> list[str]:
    """The lines of the section on what was measured."""
    return text().split("\n## Measured\n")[1].split("\n## Limits\n")[0].splitlines()


def prose() -> str:
    """What they say outside of tables, a space for each line break."""
    return " ".join(" ".join(line for line in measured() if not line.startswith("|")).split())


def missing(rows: Iterable[str], said: str) -> list[str]:
    return [row for row in rows if row not in said.splitlines()]


@pytest.mark.parametrize("name", TABLES)
def test_rows_of_tables_are_those_of_the_studies(name: str) -> None:
    rows = list(TABLES[name]())
    assert missing(rows, text()) == []
    assert {row for row in measured() if "±" in row and row.startswith("|")} == {
        row for made in TABLES.values() for row in made()
    }


def test_a_number_that_is_not_that_of_the_table_is_found() -> None:
    rows = list(page.accuracy_rows("microns-rnn"))
    assert missing(rows, text().replace(rows[0], rows[0].replace(" ± ", "1 ± ", 1))) == [rows[0]]


def test_sentences_hold_the_numbers_of_the_tables() -> None:
    for sentence in page.sentences():
        assert sentence in prose(), sentence


def test_every_number_of_a_sentence_is_one_of_those() -> None:
    told = prose()
    for sentence in page.sentences():
        told = told.replace(sentence, "")
    assert re.findall(r"[\d.]*\d (?:%|points|bit)|\d ± \d|\d+ of \d+", told) == []


@pytest.mark.parametrize("study", STUDIES)
def test_all_runs_of_a_study_are_there_and_its_table_is_of_them(study: str) -> None:
    plan = load_document(FOLDERS / study / "study.yaml").data
    runs = runs_of(study)
    assert [(run["variant"], int(run["seed"])) for run in runs] == [
        (variant, seed) for seed in plan["seeds"] for variant in plan["variants"]
    ]
    assert {run["error_id"] for run in runs} == {""}
    for variant, row in by_variant(study).items():
        own = [float(run["accuracy"]) for run in runs if run["variant"] == variant]
        assert float(row["accuracy_mean"]) == pytest.approx(sum(own) / len(own))
        assert int(row["accuracy_count"]) == len(plan["seeds"])


def test_the_entropy_of_w_star_is_below_that_of_the_orthogonal_control_in_every_run() -> None:
    for column in ("entropy_bits_start", "entropy_bits"):
        below, pairs = page.won(column, "w-star", "orthogonal", lambda one, other: one < other)
        assert below == pairs == 9


def test_what_the_page_says_of_w_star_and_its_controls_is_so() -> None:
    rows = by_variant("microns-rnn")
    mean = {name: float(row["accuracy_mean"]) for name, row in rows.items()}
    for task in page.TASKS:
        others = ["orthogonal", "gaussian", *(("w-shuffled", "w-bang") if task != "decision" else ())]
        assert all(mean[f"w-star-{task}"] <= mean[f"{other}-{task}"] for other in others), task
    starts = [name for name in page.names("microns-rnn") if name not in ("l1", "sernn", "sernn-grid")]
    assert all(mean[f"{name}-go-no-go"] > mean["sernn-go-no-go"] for name in starts)
    assert all(float(rows[f"{name}-decision"]["radius_start_mean"]) > 0.9 for name in starts)
    for task in page.TASKS:
        kept = {name: float(rows[f"{name}-{task}"]["modularity_mean"]) for name in page.names("microns-rnn")}
        assert max(kept, key=lambda name: kept[name]) == "w-star-emd"


def test_positive_starts_of_one_radius_differ_by_less_than_their_deviations() -> None:
    rows = by_variant("microns-rnn-positive")
    for task in page.TASKS:
        same = [rows[f"{name}-{task}"] for name in ("orthogonal", "lognormal", "w-star")]
        means = [float(row["accuracy_mean"]) for row in same]
        assert max(means) - min(means) < min(float(row["accuracy_sd"]) for row in same), task
        assert all(float(row["radius_start_mean"]) == pytest.approx(1.0) for row in same)


def test_a_compiled_circuit_is_the_one_of_the_large_study() -> None:
    large = {(run["variant"], run["seed"]): run["accuracy"] for run in runs_of("microns-rnn")}
    chips = [*runs_of("microns-rnn-chip"), *runs_of("microns-rnn-chip-80")]
    assert len({run["variant"].rpartition("-")[0] for run in chips}) >= 3
    for run in chips:
        assert run["accuracy"] == large[run["variant"], run["seed"]]


def test_the_files_beside_a_study_are_its_results_alone() -> None:
    for study in STUDIES:
        found = {path.name for path in (FOLDERS / study).iterdir()}
        assert found == {"study.yaml", "runs.csv", "table.csv", "table.md", "README.md"}
        assert len(rows_of(FOLDERS / study / "table.csv")) == len(by_variant(study))


def test_the_variants_of_the_page_are_those_of_the_study() -> None:
    listed = re.findall(r"^\| `([\w-]+)`(?: \(control\))? \| (?!\d)", text(), flags=re.MULTILINE)
    assert listed[:ROWS] == page.names("microns-rnn")
    assert len(page.names("microns-rnn")) == ROWS


def test_the_picture_is_there_and_small() -> None:
    picture = page.PAGE.parent / "pictures" / "gallery-microns-rnn.png"
    assert 10_000 < picture.stat().st_size <= 150_000
