"""What a page holds of trials: what is shown, what is left out by name, and errors against the first level."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.report.plots import ticks_of
from neurocmc.report.traces import MOST_POINTS, MOST_TRIALS, MOST_UNITS, traces_of
from tests.made.recordings import TICKS, recorded, three_levels


def test_errors_are_shares_of_the_range_of_a_population() -> None:
    traces = traces_of(three_levels())
    assert traces is not None
    worst = {(e.level, e.population, e.unit): e.share for e in traces.unit_errors}
    top = 1.0 + 0.01  # Brian2's, the largest activity of any level
    assert worst["emulator", "a", 1] == pytest.approx(0.02 / top, rel=1e-4)
    assert worst["emulator", "b", 0] == 0.0
    assert worst["brian2", "b", 0] == pytest.approx(0.04 / (4.0 * 0.95 + 0.04), rel=1e-4)
    assert traces.over_time["emulator"] == pytest.approx(np.full(TICKS, 0.02 / top / 3**0.5), rel=1e-4)


def test_what_is_left_out_is_said() -> None:
    wide = np.tile(np.linspace(0, 1, 400)[None, :, None], (5, 1, 12)) * np.arange(1, 13)
    traces = traces_of({"rate": recorded("rate", {f"p{index}": wide for index in range(9)})})
    assert traces is not None
    assert traces.left_out == (
        f"{MOST_TRIALS} of 5 trials are shown",
        "8 of 9 populations are shown, those whose activity goes highest",
        f"of p0, p1, p2, p3, p4, p5, p6, p7 the {MOST_UNITS} units whose activity goes highest are shown",
        f"{MOST_POINTS} of 400 ticks are shown",
    )
    assert traces.units["p0"] == tuple(range(2, 12))


def test_populations_that_answer_come_first_where_not_all_are_shown() -> None:
    small, large = np.zeros((1, 5, 1)), np.ones((1, 5, 1))
    activity = {"answer": small + 0.1, **{f"p{index}": large for index in range(9)}}
    traces = traces_of({"rate": recorded("rate", activity)}, populations=("answer",))
    assert traces is not None
    assert "answer" in traces.units


def test_names_from_files_stay_within_the_script_s_data() -> None:
    hostile = "</script><script>alert(1)</script>"
    levels = {name: replace(r, activity={hostile: r.activity["b"]}) for name, r in three_levels().items()}
    traces = traces_of(levels)
    assert traces is not None
    assert "<" not in traces.as_json()
    assert "</script>" not in traces.as_json()


def test_nothing_recorded_is_nothing_shown() -> None:
    assert traces_of({}) is None


@given(low=st.floats(-1e3, 1e3), width=st.floats(1e-3, 1e4))
def test_ticks_are_round_within_the_axis_and_neither_none_nor_many(low: float, width: float) -> None:
    ticks = ticks_of(low, low + width)
    assert 1 <= len(ticks) <= 6
    assert all(low - 1e-6 * width <= tick <= low + width * (1 + 1e-6) for tick in ticks)
