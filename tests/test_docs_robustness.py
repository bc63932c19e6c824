"""The robustness page: its tables say what their CSV files say, and the files are of the runs that the page names."""

import csv
from pathlib import Path

import pytest

from neurocmc.pipeline.robustness import KINDS, LEVELS

STUDIES = Path(__file__).parents[1] / "docs" / "studies"
SEEDS = 20


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((STUDIES / name / "table.csv").open()))


@pytest.mark.parametrize(
    ("name", "levels", "trials"),
    [("robustness-memory", LEVELS, 4 * SEEDS), ("robustness-digits", (0.05, 0.1, 0.2, 0.3, 0.5), 20 * SEEDS)],
)
def test_every_fault_was_measured_at_every_level(name: str, levels: tuple[float, ...], trials: int) -> None:
    table = rows(name)
    assert [(row["kind"], float(row["level"])) for row in table] == [
        ("none", 0.0),
        *((kind, level) for kind in KINDS for level in levels),
    ]
    assert {(int(row["seeds"]), int(row["trials"])) for row in table} == {(SEEDS, trials)}


@pytest.mark.parametrize("name", ["robustness-memory", "robustness-digits"])
def test_tables_say_what_was_measured(name: str) -> None:
    _, _, *lines = (STUDIES / name / "table.md").read_text().splitlines()
    for row, line in zip(rows(name), lines, strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[1] == ("" if row["kind"] == "none" else f"{100 * float(row['level']):g} %")
        error = [100 * float(row[key]) for key in ("error", "error_low", "error_high")]
        assert f"{error[0]:.1f} % ({error[1]:.1f} to {error[2]:.1f})" in cells
        if row["held_s"]:
            held = [float(row[key]) for key in ("held_s", "held_low_s", "held_high_s", "longest_s")]
            assert f"{held[0]:.2f} ({held[1]:.2f} to {held[2]:.2f}) of {held[3]:.1f}" in cells
