"""The tables of what a chip's network does to spikes: the page says what they say, and one is made again."""

import pytest

from tests.bench.output import table_on
from tests.made.tables import rows_of

from .latency import (
    CALIBRATION,
    CASES,
    PAGE,
    PLACEMENTS,
    PLACES,
    RATE_HZ,
    SEEDS,
    SHARES,
    TABLES,
    TRAINS,
    calibration,
    own_rows,
)


def test_the_page_has_the_tables() -> None:
    for name, made in TABLES.items():
        assert table_on(PAGE, name) == made()
    assert len(rows_of(PLACES)) == len(CASES) * (len(PLACEMENTS) - 1 + len(SEEDS)) * len(SHARES)


def test_moved_trains_are_made_again_and_read_as_they_should() -> None:
    """Jitter of 0.5 ms: 2.0 % and about 26 %; of 2 ms: 7.9 % and 41 %; a constant latency exactly nothing."""
    rows = rows_of(CALIBRATION)
    assert list(calibration()) == rows
    own = {r["jitter_ms"]: r for r in rows if (r["trains"], r["rate_hz"]) == (str(TRAINS), f"{RATE_HZ:g}")}
    for jitter, isi, disorder in (("0.5", 2.0, 26.0), ("2", 7.9, 41.0)):
        assert float(own[jitter]["isi_percent"]) == pytest.approx(isi, abs=0.1)
        assert float(own[jitter]["disorder_percent"]) == pytest.approx(disorder, abs=1.0)
    constant = next(row for row in rows if row["jitter_ms"] == "0")
    assert (constant["isi_percent"], constant["disorder_percent"]) == ("0", "0")


def test_what_places_of_cores_change_is_what_the_page_says() -> None:
    for case in CASES:
        placed, ordered, away = (own_rows(case.circuit, name) for name in PLACEMENTS)
        # Random places make ways longer, and messages are the same.
        assert max(float(row["hops"]) for row in (*placed, *ordered)) < min(float(row["hops"]) for row in away)
        assert len({row["messages_per_tick"] for row in (*placed, *ordered, *away)}) == 1
        # They hardly change how long the longest tick is: cores take longer than ways.
        longest = [float(row["longest_tick_us"]) for row in (*placed, *ordered, *away)]
        assert max(longest) < 1.01 * min(longest)
        # A tick as long as the circuit needs lets few messages be late, wherever cores stand.
        assert all(float(row["late_percent"]) < 1.0 for row in (*placed, *ordered, *away))
        assert all(float(row["late_percent"]) > 0.0 for row in own_rows(case.circuit, "placed", SHARES[-1]))
