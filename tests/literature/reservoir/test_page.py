"""docs/reservoirs.md says what the committed runs of the study say, and they hold what was promised."""

import csv
import re

import pytest

from neurocmc.pipeline.study.measured_table import MeasuredRow, MeasuredTable, table_csv, table_md
from neurocmc.pipeline.study.plan import load_plan
from tests.bench.output import table_on

from .page import PAGE, PICTURE, STUDY, mean, quotes, rows, tables, values

# Numbers that no run measures, in the sections that tell what was measured.
SETTINGS = {
    "0 to 4",
    "Loihi 1",
    "64 neurons",
    "100 units",
    "8 x 8",
    "40 units",
    "1,000 digits",
    "297 to",
    "500 others",
    "130 %",
    "at 40",
}


def measured_part() -> str:
    """The page from what was measured to what was decided, without tables."""
    text = PAGE.read_text(encoding="utf-8")
    part = text[text.index("## What was measured") : text.index("## What was decided")]
    return re.sub(r"<!-- table.*?<!-- end[^>]*-->", "", part, flags=re.DOTALL)


@pytest.mark.parametrize("name", sorted(tables()))
def test_tables_are_those_of_the_runs(name: str) -> None:
    assert table_on(PAGE, name) == tables()[name], "run python -m tests.literature.reservoir.page"


def test_every_number_in_the_prose_is_one_of_the_runs_or_a_setting() -> None:
    text = " ".join(measured_part().split())
    for quote in quotes():
        assert quote in text
        text = text.replace(quote, "")
    for setting in SETTINGS:
        text = text.replace(setting, "")
    text = re.sub(r"\(https?://\S+\)|arXiv:\S+|NARMA-10|u\(t - \d+\)|gallery-\S+", "", text)
    assert re.findall(r"\d+(?:\.\d+)?", text) == []


def test_all_runs_of_the_plan_are_there_and_none_failed() -> None:
    plan = load_plan(STUDY / "study.yaml")
    wanted = [(variant.name, seed) for seed in plan.study.seeds for variant in plan.variants]
    assert [(row["variant"], row["seed"]) for row in rows()] == wanted
    with (STUDY / "runs.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["error_id"] for row in found} == {""}
    compiled = plan.study.compile
    assert compiled is not None
    assert {row["variant"] for row in found if row["chip_neurons"]} == set(compiled.variants or ())


def test_tables_beside_the_runs_are_made_of_them() -> None:
    table = MeasuredTable.of(
        [
            MeasuredRow(
                variant=row["variant"],
                seed=row["seed"],
                columns={name: value for name, value in row.items() if name not in ("variant", "seed")},
                problems=(),
            )
            for row in rows()
        ]
    )
    assert (STUDY / "table.csv").read_text() == table_csv(table)
    assert (STUDY / "table.md").read_text() == table_md(table)


def test_local_adaptation_remembers_a_quarter_more_than_the_best_factor() -> None:
    assert len(values("local-100", "rate_memory")) == 5
    assert mean("local-100", "rate_memory") >= 1.25 * mean("global-100", "rate_memory")


def test_the_chip_keeps_four_fifths_of_the_capacity() -> None:
    for variant in ("excitation-40", "global-40", "local-40", "heterogeneous-40"):
        assert len(values(variant, "chip_memory")) == 5
    assert mean("local-40", "chip_memory") >= 0.8 * mean("local-40", "rate_memory")
    assert mean("local-40", "chip_neurons") == 64 * 40


def test_the_liquid_needs_its_recurrence() -> None:
    for where in ("rate", "chip"):
        assert mean("liquid", f"{where}_digits") > 3 * mean("liquid-uncoupled", f"{where}_digits")
        assert mean("liquid", f"{where}_digits") > 3 * mean("liquid", "last_column_digits")


def test_the_picture_is_small() -> None:
    assert 10_000 < PICTURE.stat().st_size <= 150_000
