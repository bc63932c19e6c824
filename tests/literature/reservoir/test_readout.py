"""Readouts are ridge regression with penalties of their own; capacity counts what is remembered."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from neurocmc.common.arrays import Float
from neurocmc.literature.reservoir.readout import PENALTIES, fitted, nrmse, squared_correlation
from neurocmc.literature.reservoir.series import (
    DELAYS,
    STEPS,
    TESTED,
    TRAINED,
    VALIDATED,
    WASHOUT,
    mackey,
    memory,
    memory_curve,
    narma,
    prediction_error,
)


def low(found: Float, wanted: Float) -> Float:
    return -nrmse(found, wanted)


def test_a_readout_is_ridge_regression_with_the_penalty_that_validation_chooses() -> None:
    rng = np.random.default_rng(0)
    features, wanted = rng.normal(size=(90, 30)), rng.normal(size=(90, 2))
    wanted[:, 0] = features @ rng.normal(size=30) + 5  # the second output is noise
    train, validation = slice(0, 40), slice(40, 90)
    readout = fitted(features, wanted, train, validation, low)
    whole = np.concatenate([features, np.ones((90, 1))], axis=1)
    for output in range(2):
        # Ridge regression is least squares with a row sqrt(penalty) for each weight, of which 0 is wanted.
        weights: list[Float] = []
        for penalty in PENALTIES:
            stacked = np.concatenate([whole[train], np.sqrt(penalty) * np.eye(31)])
            aim = np.append(wanted[train, output], np.zeros(31))
            weights.append(np.asarray(np.linalg.lstsq(stacked, aim, rcond=None)[0], dtype=np.float64))
        errors = [np.square(whole[validation] @ one - wanted[validation, output]).mean() for one in weights]
        assert_allclose(readout.weight[:, output], weights[int(np.argmin(errors))], rtol=1e-5, atol=1e-7)
    assert np.abs(readout.weight[:, 1]).sum() < np.abs(readout.weight[:, 0]).sum()


def test_a_delay_line_has_the_capacity_of_its_length_and_noise_none() -> None:
    series = memory(np.random.default_rng(1))
    line = np.stack([np.roll(series.drive, delay) for delay in (1, 2, 3, 5, 8)], axis=1)
    curve = memory_curve(line, series)
    assert curve.shape == (DELAYS,)
    assert_allclose(curve[[0, 1, 2, 4, 7]], 1, atol=1e-6)
    assert curve.sum() == pytest.approx(5, abs=0.1)
    other = np.random.default_rng(2).normal(size=(STEPS, 5))
    assert memory_curve(other, series).sum() < 0.2


def test_the_parts_are_apart() -> None:
    ends = [(part.start, part.stop) for part in (TRAINED, VALIDATED, TESTED)]
    assert ends == [(WASHOUT, 2200), (2200, 3200), (3200, STEPS)]
    assert WASHOUT > DELAYS  # so that no delay reaches round the end of the drive


def test_what_is_tested_is_not_what_is_fitted() -> None:
    """States that hold the answer everywhere but in the test part do not help there."""
    series = narma(np.random.default_rng(3))
    cheating = series.wanted.copy()
    cheating[TESTED] = np.random.default_rng(4).normal(size=cheating[TESTED].shape)
    assert prediction_error(series.wanted, series) < 1e-6
    assert prediction_error(cheating, series) > 1


def test_narma_is_its_recurrence() -> None:
    series = narma(np.random.default_rng(0))
    u, y = (series.drive + 1) / 4, series.wanted[:, 0]  # y[t] here is y(t + 1)
    assert u.min() >= 0
    assert u.max() <= 0.5
    for t in (10, 57, 3000):
        past = sum(y[t - 1 - i] for i in range(10))
        assert y[t] == pytest.approx(0.3 * y[t - 1] + 0.05 * y[t - 1] * past + 1.5 * u[t - 9] * u[t] + 0.1, abs=1e-12)


def test_mackey_glass_follows_its_equation_and_is_wanted_ten_steps_ahead() -> None:
    series = mackey(np.random.default_rng(0))
    s = 0.8 + 0.6 * series.drive
    assert 0.2 < s.min() < s.max() < 1.4
    assert_allclose(series.wanted[:-10, 0], series.drive[10:])
    # The slope over two steps is the right-hand side in their middle.
    slope, late = (s[20:1000] - s[18:998]) / 2, s[19 - 17 : 999 - 17]
    right = 0.2 * late / (1 + late**10) - 0.1 * s[19:999]
    assert np.abs(slope - right).max() < 0.03
    assert np.abs(slope).max() > 0.05


def test_correlation_and_error_of_known_numbers() -> None:
    wanted = np.array([[0.0, 1], [1, 1], [2, 1], [3, 1]])
    found = 2 * wanted + 1
    assert squared_correlation(found, wanted).tolist() == pytest.approx([1, 0])
    assert nrmse(wanted[:, :1] + 1, wanted[:, :1])[0] == pytest.approx(1 / np.std([0, 1, 2, 3]))
