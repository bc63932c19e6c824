"""`Recording.plot` draws one trial for a notebook: lines in ms, rasters, names; and refuses what is not there."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import neurocmc
from neurocmc.ir.recording import Recording, SpikeTrain

ROOT = Path(__file__).parents[2]
TICKS, TICK_S = 40, 0.002


def recorded(*, spikes: bool = True) -> Recording:
    """Two trials of a population of three units, which spikes, and of one of a single unit, which does not."""
    rng = np.random.default_rng(0)
    # Unit 1 of trial 1 fires in ticks 5 and 6, with the second of its neurons; trial 0 shows how many there are.
    train = SpikeTrain(
        tick=np.array([0, 5, 6]), trial=np.array([0, 1, 1]), unit=np.array([2, 1, 1]), neuron=np.array([3, 1, 1])
    )
    return Recording(
        level="emulator",
        stimulus="steps",
        tick_s=TICK_S,
        activity={"exc": rng.random((2, TICKS, 3)), "inh": rng.random((2, TICKS, 1))},
        spikes={"exc": train} if spikes else {},
        spike_counts={},
    )


def pixels(axes: Any) -> list[np.ndarray]:
    """Where each image of a raster is not white, (rows, ticks), in the order of the units."""
    return [(np.asarray(image.get_array()) < 1.0).any(axis=2) for image in axes.images]


def test_a_panel_shows_the_activity_of_the_trial_over_ms_and_a_raster_its_spikes() -> None:
    recording = recorded()
    figure = recording.plot(trial=1)
    assert isinstance(figure, Figure)
    activity, raster, inhibition = figure.axes
    assert len(activity.lines) == 3
    for unit, line in enumerate(activity.lines):
        np.testing.assert_allclose(line.get_xdata(), 2.0 * np.arange(TICKS))
        np.testing.assert_array_equal(line.get_ydata(), recording.activity["exc"][1, :, unit])
    assert len(inhibition.lines) == 1
    assert [place.tolist() for place in map(np.argwhere, pixels(raster))] == [[], [[2, 5], [2, 6]], []]
    assert {tuple(image.get_extent()[:2]) for image in raster.images} == {(0.0, 80.0)}


def test_axes_and_title_say_what_they_show() -> None:
    activity, raster, inhibition = recorded().plot().axes
    assert activity.get_title(loc="left") == "Chip emulator, integers: steps"
    assert [text.get_text() for text in activity.texts] == ["trial 0 of 0 to 1"]
    assert [axes.get_ylabel() for axes in (activity, raster, inhibition)] == [
        "exc\nactivity",
        "exc spikes,\nneurons by unit",
        "inh\nactivity",
    ]
    assert inhibition.get_xlabel() == "time [ms]"
    assert inhibition.get_xlim() == (0.0, 80.0)
    assert [label.get_text() for label in raster.get_yticklabels()] == ["exc 0", "exc 1", "exc 2"]


def test_populations_are_chosen_in_order_and_keep_their_colours() -> None:
    everything = {axes.get_ylabel(): axes.yaxis.label.get_color() for axes in recorded().plot().axes}
    some = recorded(spikes=False).plot(populations=["inh", "exc"]).axes
    assert [axes.get_ylabel() for axes in some] == ["inh\nactivity", "exc\nactivity"]
    assert all(everything[axes.get_ylabel()] == axes.yaxis.label.get_color() for axes in some)


def test_a_notebook_shows_a_picture_the_same_each_time() -> None:
    shown: Any = recorded().plot()
    picture = shown._repr_png_()
    assert Image.open(io.BytesIO(picture)).size[0] > 600
    again: Any = recorded().plot()
    assert again._repr_png_() == picture


@pytest.mark.parametrize(
    ("arguments", "problem", "said"),
    [
        ({"trial": 2}, "number-out-of-range", "give 0 to 1"),
        ({"trial": -1}, "number-out-of-range", "give 0 to 1"),
        ({"trial": 0.5}, "argument-type", "give an int"),
        ({"populations": ["exc", "pv"]}, "population-unknown", "its populations are: exc, inh"),
        ({"populations": []}, "option-empty", "name some of: exc, inh"),
        ({"populations": "exc"}, "argument-type", "give a list of str or None"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(arguments: dict[str, Any], problem: str, said: str) -> None:
    with pytest.raises(neurocmc.NeurocmcError) as caught:
        recorded().plot(**arguments)
    (found,) = caught.value.problems
    assert (found.id, found.where, found.cure) == (problem, next(iter(arguments)), said)


def test_drawing_alone_imports_matplotlib_and_never_its_pyplot() -> None:
    program = """
import sys, numpy as np
from neurocmc.ir.recording import Recording
recording = Recording(
    level="rate", stimulus="s", tick_s=1e-3, activity={"a": np.zeros((1, 5, 2))}, spikes={}, spike_counts={}
)
print("matplotlib" in sys.modules)
recording.plot()._repr_png_()
print("matplotlib" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]
