"""Fits linear readouts by ridge regression; the penalty of each output is the one that is best on validation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float

PENALTIES: Float = np.power(10.0, np.arange(-9.0, 3.0))
Score = Callable[[Float, Float], Float]  # found and wanted, (rows, outputs), to (outputs,): high is good


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Readout:
    """Weights of all features and a constant, (features + 1, outputs), and what each output scores on validation."""

    weight: Float
    validation: Float  # (outputs,)

    def __call__(self, features: Float) -> Float:
        """Returns (rows, outputs) of (rows, features)."""
        return _with_constant(features) @ self.weight


def fitted(features: Float, wanted: Float, train: slice, validation: slice, score: Score) -> Readout:
    """Returns readouts fitted on the rows `train`, with penalties chosen on the rows `validation`.

    Args:
        features: (rows, features), such as what units do.
        wanted: (rows, outputs).
        train: The rows to fit on.
        validation: The rows to choose by; they share none with `train`.
        score: What is to be high on validation.
    """
    whole = _with_constant(features)
    squares, crossed = whole[train].T @ whole[train], whole[train].T @ wanted[train]
    weights = np.stack([np.linalg.solve(squares + p * np.eye(len(squares)), crossed) for p in PENALTIES])
    scores = np.stack([score(whole[validation] @ weight, wanted[validation]) for weight in weights])
    best = scores.argmax(axis=0)
    return Readout(weight=weights[best, :, np.arange(len(best))].T, validation=scores.max(axis=0))


def squared_correlation(found: Float, wanted: Float) -> Float:
    """Returns (outputs,) squared correlations; 0 where one of the two never changes."""
    found, wanted = found - found.mean(axis=0), wanted - wanted.mean(axis=0)
    spread = (found**2).mean(axis=0) * (wanted**2).mean(axis=0)
    return np.where(spread > 0, (found * wanted).mean(axis=0) ** 2 / np.where(spread > 0, spread, 1.0), 0.0)


def nrmse(found: Float, wanted: Float) -> Float:
    """Returns (outputs,) root mean squared errors, as fractions of the standard deviation of what is wanted."""
    return np.sqrt(((found - wanted) ** 2).mean(axis=0)) / wanted.std(axis=0)


def _with_constant(features: Float) -> Float:
    return np.concatenate([features, np.ones((len(features), 1))], axis=1)
