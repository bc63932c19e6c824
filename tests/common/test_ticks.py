"""A drive on ticks keeps its integral, and its bits where it lay on them already; what lasts is whole, or refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurocmc.common import ticks
from neurocmc.common.ticks import not_whole, sampled, ticks_before, whole_s
from neurocmc.ir.stimulus import Stimulus
from tests.made.mean_drive import mean_drive

TICK_S = st.sampled_from([1e-4, 0.001, 0.00125, 0.005, 0.01, 1 / 3])


def by_tick(drive: ticks.Sampled) -> NDArray[np.float64]:
    """(batch, ticks, channels) of input `drive`."""
    return drive.values["drive"][:, drive.segment_of_tick]


@settings(max_examples=200)
@given(data=st.data(), tick_s=TICK_S, count=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_the_integral_of_a_drive_is_kept_for_any_edges(
    data: st.DataObject, tick_s: float, count: int, seed: int
) -> None:
    """Edges anywhere, some on ticks, several in one tick, some after the end."""
    at = st.one_of(st.floats(0.0, 1.5 * count), st.integers(0, 2 * count).map(float))
    edges_s = np.array(sorted({0.0, *data.draw(st.lists(at, max_size=12))})) * tick_s
    values = np.random.default_rng(seed).normal(0, 1, (2, len(edges_s), 3))
    stimulus = Stimulus(
        name="s", duration_s=count * tick_s, edges_s=edges_s, values={"drive": values}, labels=[-1, -1]
    )
    drive = stimulus.on_ticks(tick_s)
    np.testing.assert_allclose(by_tick(drive), mean_drive(stimulus, "drive", tick_s), rtol=0, atol=1e-5)
    ends = np.minimum(np.append(edges_s[1:], np.inf), stimulus.duration_s)
    lasts = np.maximum(ends - np.minimum(edges_s, stimulus.duration_s), 0.0)
    integral = (values * lasts[:, None]).sum(axis=1)
    np.testing.assert_allclose(by_tick(drive).sum(axis=1) * tick_s, integral, rtol=0, atol=1e-4 * tick_s)
    again = sampled(drive.edges_s, drive.values, count, tick_s)  # every segment begins on a tick
    assert again.values["drive"] is drive.values["drive"]
    np.testing.assert_array_equal(again.segment_of_tick, drive.segment_of_tick)


@settings(max_examples=100)
@given(data=st.data(), tick_s=TICK_S, count=st.integers(1, 30), seed=st.integers(0, 2**32 - 1))
def test_a_drive_that_lies_on_ticks_is_not_touched(data: st.DataObject, tick_s: float, count: int, seed: int) -> None:
    first = np.array(sorted({0, *data.draw(st.lists(st.integers(0, 40), max_size=10))}))
    edges_s = first * tick_s
    values = np.random.default_rng(seed).normal(0, 1, (2, len(first), 1))
    drive = sampled(edges_s, {"drive": values}, count, tick_s)
    assert drive.values["drive"] is values
    assert drive.edges_s is edges_s
    wanted = [max(k for k, start in enumerate(first) if start <= tick) for tick in range(count)]
    assert drive.segment_of_tick.tolist() == wanted


def test_a_pulse_within_a_tick_is_the_share_of_it_that_it_takes() -> None:
    """3 ms of 1 in the tick from 20 to 30 ms, 7 ms of 2 over the edge at 50 ms."""
    edges_s = np.array([0.0, 0.022, 0.025, 0.047, 0.054])
    drive = sampled(edges_s, {"drive": np.array([[[0.0], [1.0], [0.0], [2.0], [0.0]]])}, 7, 0.01)
    assert by_tick(drive)[0, :, 0] == pytest.approx([0.0, 0.0, 0.3, 0.0, 0.6, 0.8, 0.0])
    assert drive.edges_s == pytest.approx([0.0, 0.02, 0.03, 0.04, 0.05, 0.06])


def test_what_does_not_change_keeps_its_bits_where_something_else_does() -> None:
    edges_s = np.array([0.0, 0.0137, 0.0149, 0.0161])
    values = np.array([[[0.1, 1.0], [0.1, -1.0], [0.1, 0.3], [0.1, 0.7]]])
    drive = sampled(edges_s, {"drive": values}, 4, 0.01)
    assert (by_tick(drive)[..., 0] == 0.1).all()
    assert by_tick(drive)[0, 1, 1] == pytest.approx(0.37 - 0.12 + 0.3 * 0.12 + 0.7 * 0.39)


def test_an_edge_within_a_millionth_of_a_tick_is_on_it() -> None:
    assert 0.1 / 0.001 != 0.7 / 0.007  # what the allowance is for: neither times nor ticks are exact
    for edge_s in (0.1 + 1e-10, 0.1 - 1e-10, np.nextafter(0.1, 1.0)):
        values = np.array([[[0.0], [1.0]]])
        drive = sampled(np.array([0.0, edge_s]), {"drive": values}, 200, 0.001)
        assert drive.values["drive"] is values
        assert np.flatnonzero(np.diff(drive.segment_of_tick)).tolist() == [99]
    drive = sampled(np.array([0.0, 0.1 + 1e-8]), {"drive": values}, 200, 0.001)
    assert by_tick(drive)[0, 99:102, 0] == pytest.approx([0.0, 1 - 1e-5, 1.0], abs=1e-9)


def test_trials_are_averaged_part_by_part_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    edges_s = np.append(0.0, np.sort(rng.uniform(0, 0.05, 60)))
    values = {"drive": rng.normal(0, 1, (23, 61, 2))}
    at_once = sampled(edges_s, values, 50, 0.001)
    monkeypatch.setattr(ticks, "_AT_ONCE", 500)
    in_parts = sampled(edges_s, values, 50, 0.001)
    np.testing.assert_array_equal(by_tick(in_parts), by_tick(at_once))
    with pytest.raises(ValueError, match="read-only"):
        in_parts.values["drive"][0] = 0.0


@pytest.mark.parametrize(
    ("time_s", "tick_s", "what", "cure"),
    [
        (0.025, 0.01, "25 ms are 2.5 steps of 10 ms", "give 20 or 30 ms"),
        (0.004, 0.01, "4 ms are 0.4 steps of 10 ms", "give 10 ms"),
        (1.0005, 0.001, "1000.5 ms are 1000.5 steps of 1 ms", "give 1000 or 1001 ms"),
        (0.3, 0.007, "300 ms are 42.85714286 steps of 7 ms", "give 294 or 301 ms"),
        (0.0101, 0.0005, "10.1 ms are 20.2 steps of 0.5 ms", "give 10 or 10.5 ms"),
        (float("inf"), 0.001, "inf s is no number of steps of 1 ms", "give a finite time"),
    ],
)
def test_a_time_that_is_no_number_of_steps_is_told_the_two_nearest(
    time_s: float, tick_s: float, what: str, cure: str
) -> None:
    assert not_whole(time_s, tick_s) == (what, cure)


@settings(max_examples=200)
@given(tick_s=TICK_S, whole=st.integers(1, 10**7), off=st.floats(-0.49, 0.49))
def test_whole_numbers_of_steps_are_whole_and_nothing_else(tick_s: float, whole: int, off: float) -> None:
    assert not_whole(whole * tick_s, tick_s) is None
    assert whole_s(whole * tick_s, tick_s) == whole * tick_s
    assert ticks_before(whole * tick_s, tick_s) == whole
    time_s = (whole + off) * tick_s
    assert not_whole(whole_s(time_s, tick_s), tick_s) is None
    assert abs(whole_s(time_s, tick_s) - time_s) <= max(0.5 * tick_s, tick_s - time_s) * (1 + 1e-6)
    if abs(off) > 1e-5:
        assert not_whole(time_s, tick_s) is not None
        assert ticks_before(time_s, tick_s) == (whole if off > 0 else whole - 1)
