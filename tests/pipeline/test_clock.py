"""The clock of passes: the name of a pass is told when it begins, shares rise, and time is kept by name."""

import pytest

from neurocmc.pipeline.clock import Clock


def test_a_pass_is_named_when_it_begins_and_its_share_counts_when_it_ends() -> None:
    told: list[tuple[str, float]] = []
    clock = Clock(lambda name, share: told.append((name, share)), until=0.5)
    with clock.timing("first", 0.4):
        assert told == [("first", 0.0)]
    with clock.timing("quick"):
        pass
    with clock.timing("second", 1.0):
        pass
    with clock.writing("levels", 0.5):
        pass
    with clock.writing("report", 1.0):
        pass
    assert told == [("first", 0.0), ("quick", 0.2), ("second", 0.2), ("levels", 0.5), ("report", 0.75)]
    assert list(clock.seconds) == ["first", "quick", "second", "levels", "report"]


def test_time_of_a_pass_that_fails_is_kept_and_of_several_runs_added() -> None:
    clock = Clock()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"), clock.timing("tried", 0.5):
            raise ValueError("no")
    assert clock.as_json()["seconds"].keys() == {"tried"}
    assert clock.as_json()["processor_seconds"]["tried"] >= 0.0
