"""Films and figures of states: they show what the picture shows, up to the present, and mark what is wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neurocmc.common.errors import InputError
from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.stimulus import Stimulus
from neurocmc.report.figures import film
from neurocmc.report.figures.film import FRAMES, check_film, film_path, write_film
from neurocmc.report.figures.interneurons import Expected, RoleColumn, draw_interneurons
from neurocmc.report.figures.states import NONE, Band, StateFigure, differs, draw_states
from neurocmc.report.figures.style import canvas, heading

TICKS, TICK_S = 40, 0.005


def recording(level: str, *names: str, units: int = 2, spikes: bool = True) -> Recording:
    ramp = np.linspace(0.0, 1.0, TICKS)[:, None] * np.arange(1, units + 1) / units
    activity = {
        name: ramp[None] if name not in ("pv", "sst", "vip", "lamp5") else ramp[None, :, :1] for name in names
    }
    trains = {}
    for name, value in activity.items():
        trial, tick, unit, neuron = np.nonzero(np.arange(4) < 4 * value[..., None])
        trains[name] = SpikeTrain(tick=tick, trial=trial, unit=unit, neuron=neuron)
    return Recording(
        level=level, stimulus="s", tick_s=TICK_S, activity=activity, spikes=trains if spikes else {}, spike_counts={}
    )


def stimulus(**values: int) -> Stimulus:
    """A pulse on the first channel of every input."""
    edges = np.array([0.0, 0.05, 0.1])
    shaped = {name: np.zeros((1, 3, channels)) for name, channels in values.items()}
    for value in shaped.values():
        value[0, 1, 0] = 1.0
    return Stimulus(name="s", duration_s=TICKS * TICK_S, edges_s=edges, values=shaped, labels=np.array([-1]))


def frames_of(path: Path) -> list[np.ndarray]:
    image = Image.open(path)
    frames = []
    for index in range(image.n_frames):
        image.seek(index)
        frames.append(np.asarray(image.convert("RGB"), dtype=np.int64))
    return frames


def blue(pixels: np.ndarray) -> np.ndarray:
    """(columns,) how much of the drawn line stands in each column of pixels."""
    return ((pixels[..., 2] - pixels[..., 0]) > 100).sum(axis=0)


def line_film(path: Path) -> None:
    with canvas(path.with_suffix(".png"), 4.0, 2.0) as figure:
        axes = figure.subplots()
        heading(axes, "a line", "that rises")
        axes.plot([0.0, 1.0], [0.0, 1.0], color="#0000ff", lw=4)
        axes.set_xlim(0.0, 1.0)
        write_film(figure, [axes], path)


def test_a_frame_shows_the_past_and_not_the_future(tmp_path: Path) -> None:
    line_film(tmp_path / "line.gif")
    frames = frames_of(tmp_path / "line.gif")
    assert len(frames) == FRAMES
    whole = np.flatnonzero(blue(frames[-1]))
    assert not blue(frames[0]).any()
    for index in (20, 45, 70):
        shown = np.flatnonzero(blue(frames[index]))
        now = whole[0] + (whole[-1] - whole[0]) * index / (FRAMES - 1)
        assert shown[0] == whole[0]
        assert abs(shown[-1] - now) <= 3
        past = slice(None, int(now) - 3)  # the picture's own, also its title: nothing moved
        np.testing.assert_array_equal(frames[index][:, past], frames[-1][:, past])


def test_the_same_film_is_the_same_bytes_and_leaves_the_picture_alone(tmp_path: Path) -> None:
    for name in ("a", "b"):
        line_film(tmp_path / f"{name}.gif")
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    with canvas(tmp_path / "without.png", 4.0, 2.0) as figure:
        axes = figure.subplots()
        heading(axes, "a line", "that rises")
        axes.plot([0.0, 1.0], [0.0, 1.0], color="#0000ff", lw=4)
        axes.set_xlim(0.0, 1.0)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "without.png").read_bytes()


def test_mp4_without_ffmpeg_is_refused_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    check_film("gif")
    monkeypatch.setattr(film.shutil, "which", lambda _name: None)
    with pytest.raises(InputError, match=r"\[ffmpeg-missing\]"):
        check_film("mp4")


def test_a_film_stands_beside_its_picture() -> None:
    assert film_path(Path("a/b.png"), None) is None
    assert film_path(Path("a/b.png"), "gif") == Path("a/b.gif")
    with pytest.raises(ValueError, match=r"\.gif or \.mp4"), canvas(Path("x.png"), 1.0, 1.0) as figure:
        write_film(figure, [figure.subplots()], Path("x.avi"))


@pytest.mark.parametrize(("channels", "spikes"), [(2, True), (12, False)])
def test_states_are_drawn(tmp_path: Path, channels: int, spikes: bool) -> None:
    page = StateFigure(
        title="states $2$",
        subtitle="of x",
        neurons={"x": 4, "y": 4},
        traces=("x", "y"),
        units={"x": ("a", "b")},
        theory={"x": 0.5},
        channels={"cue": [f"c{k}" for k in range(channels)]},
        states=("a", "b"),
    )
    bands = {
        "expected": Band(tick_s=TICK_S, state=np.repeat([NONE, 0, 1], [5, 15, 20])),
        "rate": Band(tick_s=TICK_S, state=np.repeat([NONE, 0, 1], [8, 15, 17])),
    }
    seen = recording("emulator", "x", "y", spikes=spikes)
    for name in ("first", "again"):
        draw_states(seen, seen, stimulus(cue=channels), bands, page, tmp_path / f"{name}.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    assert np.asarray(Image.open(tmp_path / "first.png").convert("L")).std() > 10


def test_what_differs_from_the_expected_is_found_in_time() -> None:
    expected = Band(tick_s=0.01, state=np.repeat([0, 1], [10, 10]))
    late = Band(tick_s=0.005, state=np.repeat([0, 1], [26, 14]))  # another tick: 3 of the expected ones late
    (stretch,) = differs(expected, late)
    assert stretch == pytest.approx((0.1, 0.13))
    assert differs(expected, replace(expected)) == []


def test_interneurons_are_drawn_and_filmed(tmp_path: Path) -> None:
    names = ("pv",)
    whole = recording("emulator", "pyramidal", *names)
    columns = [
        RoleColumn(
            name=name,
            title=name,
            note="note",
            stimulus=stimulus(drive=2, gate=1),
            whole=whole,
            without=whole,
            expected=[Expected(start_s=0.05, end_s=0.1, activity=np.array([0.5, 0.0]))],
            expected_without=[],
        )
        for name in names
    ]
    neurons = dict.fromkeys(("pyramidal", *names), 4)
    draw_interneurons(columns, neurons, tmp_path / "cells.png", film=tmp_path / "cells.gif")
    frames = frames_of(tmp_path / "cells.gif")
    assert len(frames) == FRAMES
    assert (frames[0] != frames[-1]).any()
