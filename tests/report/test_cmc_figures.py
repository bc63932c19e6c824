"""Figures of studies and of canonical microcircuits: drawn, the same each time, and true to what they are given."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.common.loss_surface import LossSurface
from neurocmc.ir.rate import Classifier, HostLayer
from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.stimulus import Stimulus
from neurocmc.report.figures.cmc_demo import draw_cmc_demo, pool_image, scores_over_time
from neurocmc.report.figures.cmc_dynamics import StateTraces, draw_phase_portraits, draw_voltages, telling_columns
from neurocmc.report.figures.study import (
    StudyPoint,
    draw_accuracy_against_size,
    draw_accuracy_of_variants,
    draw_loss_landscape,
)
from neurocmc.verification.metrics import decisions

TICKS, COLUMNS, NEURONS, TICK_S = 20, 3, 8, 0.005
NAMES = ("V1.ss", "V1.sp", "V2.ss", "V2.sp")
LABELS = np.array([0, 1, 2, 0, 1, 2])
POINTS = [
    StudyPoint(variant=variant, regions=regions, parameters=1000 * regions, accuracy=np.array([0.9, 0.95]) - 0.1 * k)
    for k, variant in enumerate(("full", "no-sp", "ode-off"))
    for regions in (1, 3)
]
AXIS = np.linspace(-1.0, 1.0, 5)
SURFACE = LossSurface(
    first=AXIS, second=AXIS, loss=0.1 + AXIS[:, None] ** 2 + 2.0 * AXIS**2, accuracy=np.full((5, 5), 0.5)
)


def traces(region: str = "V1", seed: int = 0) -> StateTraces:
    """Column 1 tells the classes apart, the others do not."""
    random = np.random.default_rng(seed)
    v = 0.1 * random.standard_normal((len(LABELS), TICKS, COLUMNS)).cumsum(axis=1)
    v[:, :, 1] += LABELS[:, None] * np.linspace(0.0, 5.0, TICKS)
    return StateTraces(region=region, population="sp", tick_s=TICK_S, p=1.1 * v, v=v)


def recording(level: str, spikes: bool) -> Recording:
    random = np.random.default_rng(1)
    activity = {
        name: random.random((len(LABELS), 1, COLUMNS)) * np.linspace(0.0, 1.0, TICKS)[:, None] for name in NAMES
    }
    trains: dict[str, SpikeTrain] = {}
    if spikes:
        for name, value in activity.items():
            trial, tick, unit, neuron = np.nonzero(np.arange(NEURONS) < value[..., None] * NEURONS)
            trains[name] = SpikeTrain(tick=tick, trial=trial, unit=unit, neuron=neuron)
    return Recording(level=level, stimulus="digits", tick_s=TICK_S, activity=activity, spikes=trains, spike_counts={})


def classifier(window_ticks: int = 4, hidden: bool = False) -> Classifier:
    random = np.random.default_rng(2)
    width = COLUMNS * len(NAMES)
    layers = [HostLayer(weight=random.standard_normal((5, width)), bias=np.ones(5), rectify=True)] if hidden else []
    last = HostLayer(weight=random.standard_normal((3, 5 if hidden else width)), bias=np.zeros(3), rectify=False)
    return Classifier(
        name="digit",
        populations=NAMES,
        layers=(*layers, last),
        labels=("a", "b", "c"),
        window_s=window_ticks * TICK_S,
    )


def stimulus() -> Stimulus:
    values = np.random.default_rng(3).standard_normal((len(LABELS), 4, COLUMNS))
    edges_s = np.arange(4) * TICKS / 4 * TICK_S
    return Stimulus(
        name="digits", duration_s=TICKS * TICK_S, edges_s=edges_s, values={"glimpse": values}, labels=LABELS
    )


def demo(path: Path, images: np.ndarray | None = None, driven: bool = True) -> None:
    recordings = {"rate": recording("rate", False), "emulator": recording("emulator", True)}
    images = np.random.default_rng(4).random((len(LABELS), 28, 28)) if images is None else images
    neurons = dict.fromkeys(NAMES, NEURONS)
    shown = stimulus() if driven else replace(stimulus(), values={})
    draw_cmc_demo(recordings, shown, images, classifier(), path, neurons=neurons, trials=(0, 2))


VOLTAGES = {("V1", "ss"): traces().v[0], ("V1", "sp"): traces().v[1], ("V2", "ss"): traces().v[2]}
DRAWINGS: dict[str, Callable[[Path], None]] = {
    "variants": lambda path: draw_accuracy_of_variants(POINTS, path, chance=0.7),
    "size": lambda path: draw_accuracy_against_size(POINTS, path),
    "one point": lambda path: draw_accuracy_against_size(POINTS[:1], path),
    "landscape": lambda path: draw_loss_landscape(SURFACE, path, title="a landscape"),
    "portraits": lambda path: draw_phase_portraits([traces(), traces("V2", 1)], LABELS, path),
    "voltages": lambda path: draw_voltages(VOLTAGES, TICK_S, path, title="a digit", drive=traces().p[0]),
    "demo": demo,
    "demo without input": lambda path: demo(path, driven=False),
    "demo in colour": lambda path: demo(path, np.random.default_rng(4).random((len(LABELS), 3, 32, 32))),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_picture_is_drawn_and_drawn_again_the_same(name: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    DRAWINGS[name](first)
    DRAWINGS[name](second)
    assert first.read_bytes() == second.read_bytes()
    pixels = matplotlib.image.imread(first)[..., :3]
    assert min(pixels.shape[:2]) >= 200
    assert (np.ptp(pixels, axis=-1) > 0.2).mean() > 0.0005  # something beyond black axes on white


def test_points_are_means_with_sample_deviations() -> None:
    point = StudyPoint(variant="full", regions=1, parameters=10, accuracy=np.array([0.9, 0.94]))
    assert point.mean == pytest.approx(0.92)
    assert point.spread == pytest.approx(0.04 / np.sqrt(2))
    assert StudyPoint(variant="full", regions=1, parameters=10, accuracy=np.array([0.9])).spread == 0.0


def test_columns_that_tell_classes_apart_come_first() -> None:
    assert telling_columns(traces().v, LABELS)[0] == 1


def test_scores_end_with_the_decision_and_begin_with_what_was_seen_so_far() -> None:
    seen = recording("rate", False)
    for hidden in (False, True):
        reader = classifier(hidden=hidden)
        scores = scores_over_time(seen, reader, (1, 4))
        assert scores.shape == (2, TICKS, 3)
        features = np.concatenate([seen.activity[name].astype(float) for name in NAMES], axis=2)
        for tick, window in ((TICKS - 1, slice(TICKS - 4, TICKS)), (1, slice(0, 2)), (10, slice(7, 11))):
            values = features[[1, 4], window].mean(axis=1)
            for layer in reader.layers:
                values = values @ layer.weight.T + layer.bias
                values = np.maximum(values, 0.0) if layer.rectify else values
            assert np.allclose(scores[:, tick], values)
        assert np.array_equal(scores[:, -1].argmax(axis=1), decisions(seen, reader)[[1, 4]])


@given(st.data())
def test_a_pool_image_holds_every_spike_once(data: st.DataObject) -> None:
    units, neurons, ticks = (data.draw(st.integers(1, limit)) for limit in (3, 9, 6))
    rows = data.draw(st.integers(1, neurons))
    fired = np.array(
        data.draw(st.lists(st.booleans(), min_size=units * neurons * ticks, max_size=units * neurons * ticks))
    )
    tick, unit, neuron = np.nonzero(fired.reshape(ticks, units, neurons))
    train = SpikeTrain(tick=tick, trial=np.zeros_like(tick), unit=unit, neuron=neuron)
    image = pool_image(train, 0, units, neurons, ticks, rows)
    assert image.shape == (units * rows, ticks)
    assert image.max(initial=0.0) <= 1.0
    size = np.bincount(np.arange(neurons) * rows // neurons, minlength=rows)[::-1]
    assert (image * np.tile(size, units)[:, None]).sum() == pytest.approx(fired.sum())
    assert not pool_image(train, 1, units, neurons, ticks, rows).any()
    if rows == neurons:  # the neuron recruited first stands lowest in its unit
        assert np.array_equal(
            image[:, 0].reshape(units, neurons)[:, ::-1] > 0, fired.reshape(ticks, units, neurons)[0]
        )


@pytest.mark.parametrize(
    "call",
    [
        lambda path: draw_accuracy_of_variants([], path),
        lambda path: draw_accuracy_against_size(
            [StudyPoint(variant="full", regions=1, parameters=1, accuracy=np.zeros(0))], path
        ),
        lambda path: draw_phase_portraits([], LABELS, path),
        lambda path: draw_voltages({}, TICK_S, path, title=""),
        lambda path: draw_cmc_demo({}, stimulus(), np.zeros((1, 28, 28)), classifier(), path, neurons={}),
        lambda path: draw_loss_landscape(
            LossSurface(first=AXIS, second=AXIS, loss=np.full((5, 5), np.nan), accuracy=np.zeros((5, 5))),
            path,
            title="",
        ),
    ],
)
def test_nothing_to_draw_is_no_picture(call: Callable[[Path], None], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"needs|no voltage|must be finite"):
        call(tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
