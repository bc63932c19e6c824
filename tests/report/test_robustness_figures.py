"""Pictures of robustness and of distractors: drawn, the same bytes every time, and not without numbers."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.report.figures.distractors import BoundaryPoint, PredictedBoundary, draw_distractors
from neurocmc.report.figures.robustness import FaultCurve, draw_robustness
from neurocmc.verification.intervals import Interval


def around(value: float) -> Interval:
    return Interval(value=value, low=0.8 * value, high=1.1 * value)


CURVES = [
    FaultCurve(
        title=f"fault {index}",
        levels=(0.0, 0.1, 0.2),
        error=tuple(around(0.2 * index * level) for level in (0.0, 1.0, 2.0)),
        held_s=tuple(around(10.0 - index) for _ in range(3)) if index % 2 else (),
        longest_s=10.0,
    )
    for index in range(5)
]
POINTS = [
    BoundaryPoint(level=level, pulse_s=pulse_s, predicted=0.4, first_lost=0.41, last_held=0.40)
    for level in ("rate", "emulator")
    for pulse_s in (0.1, 1.0)
]
LINE = PredictedBoundary(
    pulse_s=np.array([0.1, 0.3, 1.0]), strength=np.array([0.7, 0.5, 0.4]), least=0.33, tolerance=0.1
)


def test_robustness_is_drawn_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_robustness(CURVES, tmp_path / name, title="on faulty chips")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    draw_robustness(CURVES[:4], tmp_path / "fewer.png", title="on faulty chips")
    assert (tmp_path / "fewer.png").read_bytes() != (tmp_path / "a.png").read_bytes()
    with pytest.raises(ValueError, match="at least one kind"):
        draw_robustness([], tmp_path / "none.png", title="")


def test_distractors_are_drawn_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_distractors(POINTS, LINE, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    draw_distractors(POINTS[:2], LINE, tmp_path / "fewer.png")
    assert (tmp_path / "fewer.png").read_bytes() != (tmp_path / "a.png").read_bytes()
    with pytest.raises(ValueError, match="nothing was measured"):
        draw_distractors([], LINE, tmp_path / "none.png")
