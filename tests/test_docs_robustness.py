"""The robustness page: its tables say what their CSV files say, and the files are of the runs that the page names."""

from pathlib import Path

import pytest

from neurocmc.pipeline.chips.faults import meanings
from neurocmc.pipeline.robustness import LEVELS
from neurocmc.sim.loihi.perturbed.perturb import STREAM as ON_LOIHI
from neurocmc.sim.truenorth.faulty import KINDS
from tests.made.tables import STUDIES, rows_of

PAGE = Path(__file__).parents[1] / "docs" / "robustness.md"
SEEDS = 20
ON_CORES, CORE_LEVELS = tuple(meanings(*KINDS)), (0.02, 0.05, 0.1, 0.2, 0.3)
TABLES = ("robustness-memory", "robustness-digits", "robustness-truenorth", "robustness-items")


def rows(name: str) -> list[dict[str, str]]:
    return rows_of(STUDIES / name / "table.csv")


@pytest.mark.parametrize(
    ("name", "kinds", "levels", "trials"),
    [
        ("robustness-memory", ON_LOIHI, LEVELS, 4 * SEEDS),
        ("robustness-digits", ON_LOIHI, (0.05, 0.1, 0.2, 0.3, 0.5), 20 * SEEDS),
        ("robustness-truenorth", ON_CORES, CORE_LEVELS, 15 * SEEDS),
        ("robustness-items", ON_CORES, CORE_LEVELS, 2 * SEEDS),
    ],
)
def test_every_fault_was_measured_at_every_level(
    name: str, kinds: tuple[str, ...], levels: tuple[float, ...], trials: int
) -> None:
    table = rows(name)
    assert [(row["kind"], float(row["level"])) for row in table] == [
        ("none", 0.0),
        *((kind, level) for kind in kinds for level in levels),
    ]
    assert {(int(row["seeds"]), int(row["trials"])) for row in table} == {(SEEDS, trials)}


@pytest.mark.parametrize("name", TABLES)
def test_tables_say_what_was_measured(name: str) -> None:
    _, _, *lines = (STUDIES / name / "table.md").read_text().splitlines()
    for row, line in zip(rows(name), lines, strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[1] == ("" if row["kind"] == "none" else f"{100 * float(row['level']):g} %")
        error = [100 * float(row[key]) for key in ("error", "error_low", "error_high")]
        assert f"{error[0]:.1f} % ({error[1]:.1f} to {error[2]:.1f})" in cells
        if row["held_s"]:
            held = [float(row[key]) for key in ("held_s", "held_low_s", "held_high_s", "longest_s")]
            assert f"{held[0]:.2f} ({held[1]:.2f} to {held[2]:.2f}) of {held[3]:.3g}" in cells


def points(name: str, kind: str, level: float) -> str:
    """What a fault costs over the sound chip, in points."""
    wrong = {(row["kind"], float(row["level"])): float(row["error"]) for row in rows(name)}
    return f"{100 * (wrong[kind, level] - wrong['none', 0.0]):.1f}"


def test_the_page_says_what_cores_lose() -> None:
    text = " ".join(PAGE.read_text().split())
    tenth = [points("robustness-truenorth", kind, 0.1) for kind in ("dropped", "dead", "axons")]
    fifth = [points("robustness-truenorth", kind, 0.2) for kind in ("dropped", "dead", "axons")]
    assert f"silent costs {tenth[0]}, {tenth[1]} and {tenth[2]} points, a fifth {fifth[0]}, {fifth[1]} and" in text
    assert f"and {fifth[2]}; on Loihi a fifth of the neurons cost half a point" in text
    assert points("robustness-digits", "dead", 0.2) == "0.5"
    few, many = (points("robustness-truenorth", "added", level) for level in (0.02, 0.3))
    assert f"cost {few} points at 2 % and {many} at 30 %" in text
    for kind in ("current", "spikes"):
        assert all(float(points("robustness-truenorth", kind, level)) < 0.5 for level in CORE_LEVELS)
    low = {row["kind"]: 100 * float(row["error"]) for row in rows("robustness-items") if row["level"] == "0.02"}
    assert f"in {low['dropped']:g} % of the trials, 2 % of mismatch of weights in {low['weight']:g} %" in text
    assert f"dead neurons in {low['dead']:g} %, and background spikes of 2 % in {low['spikes']:g} %" in text
    assert {row["error"] for row in rows("robustness-items") if row["kind"] == "added"} == {"0.0"}
