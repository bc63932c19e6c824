"""Paired differences and their intervals, against one worked out by hand; and the refusal of other studies."""

import pytest

from neurocmc.common.errors import InputError
from neurocmc.literature.filter.pairs import accuracy, gain

ROWS = [
    *({"variant": "plain", "seed": seed, "noise": share} for seed, share in enumerate((0.30, 0.40, 0.50))),
    *({"variant": "swta", "seed": seed, "noise": share} for seed, share in enumerate((0.70, 0.81, 0.92))),
]


def test_differences_are_of_the_same_seeds() -> None:
    # Differences of 40, 41 and 42 points: standard error 1/sqrt(3), and t of 2 degrees of freedom is 4.303.
    found = gain(ROWS, "swta", "noise")
    assert found.mean == pytest.approx(41.0)
    assert found.half_width == pytest.approx(4.303 / 3**0.5, rel=1e-3)
    alone = accuracy(ROWS, "plain", "noise")
    assert (alone.mean, alone.half_width) == pytest.approx((40.0, 4.303 * 10 / 3**0.5), rel=1e-3)
    assert gain(ROWS[1:], "swta", "noise").mean == pytest.approx(41.5)


def test_one_seed_has_no_interval() -> None:
    assert accuracy(ROWS[:1], "plain", "noise").half_width == 0.0


def test_runs_of_another_study_are_refused() -> None:
    with pytest.raises(InputError, match="no run of swta has a value of haze"):
        gain(ROWS, "swta", "haze")
