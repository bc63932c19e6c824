"""The endurance of the up-state in short; what `python -m tests.acceptance.endurance` measured, in full."""

import csv

import numpy as np
import pytest

from neurocmc.pipeline.lower import Lowered
from neurocmc.theory.swta import up_state, waking_drive
from tests.acceptance.endurance import (
    BOUNDARY_SEEDS,
    FAULTS,
    HOLD_S,
    LEVELS,
    PULSES_S,
    SEEDS,
    STUDIES,
    TOLERANCE,
    Boundary,
    Theory,
    boundary,
    compiled,
    endurance,
    faulty_endurance,
    loudest_without_cue,
    theory,
)

PULSE_S = 0.5


@pytest.fixture(scope="module")
def known() -> Theory:
    return theory()


@pytest.fixture(scope="module")
def lowered(known: Theory) -> Lowered:
    return compiled(known, (PULSE_S,))


def test_the_state_and_the_least_distractor_are_those_of_the_formulas(known: Theory) -> None:
    x_star = up_state(alpha=1.0, phi=0.3, beta1=3.0, beta2=0.25, threshold=0.1, threshold_i=0.2)
    assert known.x_star == pytest.approx(x_star)
    least = waking_drive(x_star, beta1=3.0, beta2=0.25, threshold=0.1, threshold_i=0.2)
    assert known.limit(PULSE_S).unnoticed == pytest.approx(least) == pytest.approx(1 / 3)


def test_shorter_distractors_must_be_stronger_as_the_slow_mode_has_it(known: Theory) -> None:
    """Near the state the rival grows by exp(rate t): strength - least is proportional to 1 / (exp(rate t) - 1)."""
    pulses = np.array([0.1, 0.2, 0.5, 1.0])
    excess = np.array([known.limit(float(p)).withstood for p in pulses]) - known.limit(1.0).unnoticed
    scaled = excess * np.expm1(known.growth_hz * pulses)
    assert known.growth_hz == pytest.approx(3.0, rel=0.05)
    np.testing.assert_allclose(scaled, scaled.mean(), rtol=0.08)


def test_items_outlast_noise_of_the_drive_and_of_the_currents(known: Theory, lowered: Lowered) -> None:
    held = endurance(known, lowered, range(4), 8.0) + faulty_endurance(known, lowered, range(1), 8.0)
    assert [entry.held_s for entry in held] == [8.0] * 5
    assert [entry.item for entry in held] == [0, 1, 0, 1, 0]
    assert all(0.95 < entry.amplitude < 1.05 for entry in held)
    assert all(entry.lowest < 0.95 for entry in held)  # the noise is felt
    assert loudest_without_cue(known, lowered, range(4), 8.0) < 0.3  # of x*: 0.3 is where it would ignite


@pytest.mark.parametrize("level", ["rate", "emulator"])
def test_distractors_win_from_the_predicted_strength_on(known: Theory, lowered: Lowered, level: str) -> None:
    found = boundary(known, lowered, level, PULSE_S, None)
    assert found.kept
    assert abs(found.first_lost - 1.0) <= (0.011 if level == "rate" else 0.05)
    assert found.taken[-1]


def test_a_boundary_is_kept_where_all_below_is_withstood_and_nothing_above() -> None:
    ratios = np.round(np.arange(0.85, 1.1501, 0.01), 2)

    def of(held: np.ndarray) -> Boundary:
        return Boundary(level="rate", pulse_s=1.0, seed=0, predicted=0.4, held=held, taken=~held)

    assert of(ratios < 1.0).kept
    assert (of(ratios < 0.96).first_lost, of(ratios < 0.96).last_held) == (0.96, 0.95)
    assert not of(ratios < 0.90).kept
    assert not of(ratios < 1.115).kept
    assert not of(ratios > 0.0).kept
    assert not of((ratios < 1.0) & (ratios != 0.88)).kept


def test_the_long_run_lost_none_of_twenty_seeds_in_a_minute() -> None:
    rows = list(csv.DictReader((STUDIES / "up-state.csv").open()))
    by_condition = {
        name: [row for row in rows if row["condition"] == name] for name in {r["condition"] for r in rows}
    }
    assert set(by_condition) == {"noisy drive", "noisy drive and currents"}
    assert FAULTS.current == 0.05
    for own in by_condition.values():
        assert [int(row["seed"]) for row in own] == list(range(SEEDS))
        assert all(float(row["held_s"]) == HOLD_S for row in own)
        assert all(abs(float(row["amplitude"]) - 1.0) <= 0.05 for row in own)


def test_the_sweep_of_distractors_is_within_ten_percent_on_all_levels() -> None:
    rows = list(csv.DictReader((STUDIES / "distractors.csv").open()))
    plain = [(row["level"], float(row["pulse_s"])) for row in rows if not row["seed"]]
    assert sorted(plain) == sorted((level, pulse_s) for level in LEVELS for pulse_s in PULSES_S)
    assert sum(bool(row["seed"]) for row in rows) == BOUNDARY_SEEDS * len(PULSES_S)
    for row in rows:
        assert float(row["first_lost"]) > 1.0 - TOLERANCE, row
        assert float(row["last_held"]) < 1.0 + TOLERANCE, row
