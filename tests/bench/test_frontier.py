"""The frontier of codes: page and picture are of the committed table, and one row of it is made again."""

import csv
from pathlib import Path

import numpy as np
import pytest

from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.frontier import TABLE as PACKAGED
from tests.bench.energy import TABLE as SANAFE
from tests.bench.frontier.circuits import circuits, four_units
from tests.bench.frontier.measure import Bench, errors_of_trials
from tests.bench.frontier.packaged import write_packaged
from tests.bench.frontier.picture import PICTURE, unbeaten
from tests.bench.frontier.points import NEF, STEP, Point, points
from tests.bench.frontier.table import PAGE, TABLE, read, tables, write
from tests.bench.output import table_on
from tests.torch_extra import needs_torch


def test_the_page_has_the_tables() -> None:
    assert {name: table_on(PAGE, name) for name in tables(read())} == tables(read())
    assert f"pictures/{PICTURE.name}" in PAGE.read_text(encoding="utf-8")
    assert PICTURE.is_file()


def test_the_table_is_of_points_that_are_listed(tmp_path: Path) -> None:
    """And stands as a run would write it."""
    listed = {point.name: point.code for point in points()}
    assert len(listed) == len(points())
    for row in read().values():
        assert row.circuit in circuits()
        assert row.code in (STEP, NEF) or listed[row.point] == row.code
    write(read(), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == TABLE.read_bytes()


@pytest.mark.parametrize("circuit", circuits())
def test_the_table_has_every_point(circuit: str) -> None:
    """But for those whose steps the compiler chose to be equal, which stand there already."""
    wanted = [point.name for point in points() if point.is_of(circuit) and not point.name.endswith("steps chosen")]
    assert [name for name in wanted if (circuit, name) not in read()] == []


@pytest.mark.parametrize("circuit", ["four-units", "swta-digits", "cmc-v1v3", "tanh-rnn"])
def test_a_point_of_the_feedback_code_is_better_than_each_of_the_rate_code(circuit: str) -> None:
    """In error, spikes and energy at once: which is why the rate code is a baseline and no more."""
    own = [row for (name, _), row in read().items() if name == circuit and row.energy_uj is not None]
    feedback = [row for row in own if row.code == "feedback"]
    rate = [row for row in own if row.code == "rate"]
    assert len(rate) >= 4
    for row in rate:
        assert any(
            better.euler_median <= row.euler_median
            and better.spikes <= row.spikes
            and better.energy_uj <= row.energy_uj
            for better in feedback
        ), row.point


def test_what_was_asked_of_the_codes_is_reached() -> None:
    """Four units: .35 % with 16,500 spikes and .8 with 3,600 on the fixed drive; digits and microcircuit by cores."""
    found = read()
    ten, two = found["four-units", "feedback 10"], found["four-units", "feedback 2"]
    assert ten.euler_median <= 0.0035
    assert ten.fixed_euler <= 0.002
    assert two.euler_median <= 0.008
    digits = found["swta-digits", "feedback 6"]
    assert (digits.cores, digits.trials) == (1, 1000)
    assert digits.agree >= 0.999
    assert digits.energy_uj <= 12
    fine, cheap = found["cmc-v1v3", "threshold 48, taps"], found["cmc-v1v3", "threshold 28, taps"]
    assert (fine.cores, cheap.cores, fine.trials) == (12, 7, 1000)
    assert fine.agree >= 0.999
    assert fine.worst_population <= 0.010
    assert cheap.agree >= 0.997
    assert cheap.worst_population <= 0.018


def test_a_point_is_compiled_as_it_is_listed() -> None:
    point = next(point for point in points() if point.name == "threshold 32, steps chosen")
    assert point.compile_options() == CompileOptions(neurons=32, source=False, figures=False)
    assert not point.missing
    assert Point(name="new", code="unheard of").missing == "code unheard of"
    assert Point(name="new", code="rate", options={"neurons": 8, "odd": 1}).missing == "option odd"


def test_errors_are_over_units_and_pieces() -> None:
    truth, found = np.zeros((1, 5, 2)), np.zeros((1, 5, 2))
    truth[0, 1:3, 0], truth[0, 3:, 0] = 2.0, -4.0
    found[0, 1:3, 0], found[0, 3:, 0] = 2.0, -5.0
    found[0, 3:, 1] = 1.0
    assert errors_of_trials(truth, found, pieces=2) == pytest.approx([0.0, 0.25])


def test_unbeaten_points_fall_with_their_cost() -> None:
    assert unbeaten([(3.0, 1.0), (1.0, 2.0), (2.0, 2.5), (2.0, 1.5)]) == [(1.0, 2.0), (2.0, 1.5), (3.0, 1.0)]


def test_a_row_is_made_again() -> None:
    point = next(point for point in points() if point.name == "threshold 16")
    again, kept = Bench("four-units", four_units()).row(point), read()["four-units", "threshold 16"]
    for name in ("euler_median", "ode_p90", "fixed_euler", "spikes", "energy_uj"):
        assert getattr(again, name) == pytest.approx(getattr(kept, name), rel=1e-3)
    assert (again.cores, again.options) == (kept.cores, kept.options)


def test_the_share_of_hops_is_that_of_the_table() -> None:
    with SANAFE.open(newline="", encoding="utf-8") as stream:
        ours = {row["term"]: float(row["our_pj"]) for row in csv.DictReader(stream) if row["circuit"] == "cmc-v1v3"}
    assert f"on eight cores hops are {100 * ours['hops'] / ours['all']:.2f} %" in PAGE.read_text(encoding="utf-8")


@needs_torch
def test_reports_hold_the_points_that_none_beats(tmp_path: Path) -> None:
    write_packaged(read(), tmp_path / "frontier.csv")
    assert (tmp_path / "frontier.csv").read_bytes() == PACKAGED.read_bytes()
