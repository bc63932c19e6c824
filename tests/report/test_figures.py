"""Pictures: they are drawn, are not blank, are the same bytes every time, and hold the numbers they should."""

import struct
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.report.figures import (
    ErrorSeries,
    draw_activity,
    draw_error_against_neurons,
    draw_error_waterfall,
    draw_gain_fits,
)
from neurocmc.report.figures.activity import TIME_BINS, binned, raster
from neurocmc.report.loihi.core_map import draw_core_map
from neurocmc.report.truenorth import core_grid
from neurocmc.report.truenorth.core_grid import draw_core_grid
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from tests.made import by_hand, by_hand_cores, levels
from tests.made.circuits import steps
from tests.made.targets import loihi, truenorth

SERIES = (
    ErrorSeries(code="threshold", neurons=np.array([16, 32, 64]), error=0.5 / np.array([[16, 32, 64]])),
    ErrorSeries(
        code="rate", neurons=np.array([16, 32, 64]), error=np.array([[0.04, 0.03, 0.02], [0.05, 0.03, 0.03]])
    ),
)


def activity(path: Path) -> None:
    stimulus = steps()
    emulated = simulate_emulator(levels.integer(), stimulus, record_spikes=True)
    recordings = {"rate": simulate_rate(levels.rate(), stimulus), "emulator": emulated}
    neurons = {population.name: population.neurons for population in levels.spiking().populations}
    draw_activity(recordings, stimulus, path, neurons=neurons, theory={"excite": 0.6})


DRAWINGS: dict[str, Callable[[Path], None]] = {
    "gain": lambda path: draw_gain_fits(by_hand.spiking_network(), path),
    "activity": activity,
    "cores": lambda path: draw_core_map(levels.chip(), loihi(), path),
    "core-grid": lambda path: draw_core_grid(by_hand_cores.core_program(), truenorth(), path),
    "waterfall": lambda path: draw_error_waterfall(by_hand.edges(), path),
    "against-neurons": lambda path: draw_error_against_neurons(SERIES, path),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_picture_is_drawn_and_drawn_again_the_same(name: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    DRAWINGS[name](first)
    DRAWINGS[name](second)
    assert first.read_bytes() == second.read_bytes()
    pixels = matplotlib.image.imread(first)[..., :3]
    assert min(pixels.shape[:2]) >= 200
    coloured = np.ptp(pixels, axis=-1) > 0.2
    assert coloured.mean() > 0.002  # something beyond black axes on white
    assert (pixels == 1.0).all(axis=-1).mean() > 0.2
    assert chunks(first) <= {"IHDR", "pHYs", "IDAT", "IEND"}  # neither date nor version


def test_bars_of_many_cores_are_outlines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, target = by_hand_cores.core_program(), truenorth()
    draw_core_grid(program, target, tmp_path / "bars.png")
    monkeypatch.setattr(core_grid, "SINGLE_BARS", 2)
    draw_core_grid(program, target, tmp_path / "outlines.png")
    assert (tmp_path / "bars.png").read_bytes() != (tmp_path / "outlines.png").read_bytes()


def test_vector_pictures_are_the_same_bytes_and_have_no_date(tmp_path: Path) -> None:
    for name in ("first.svg", "second.svg"):
        draw_gain_fits(by_hand.spiking_network(), tmp_path / name)
    text = (tmp_path / "first.svg").read_text()
    assert text == (tmp_path / "second.svg").read_text()
    assert "<dc:date>" not in text


def test_a_population_s_name_is_not_mathematics(tmp_path: Path) -> None:
    draw_gain_fits(by_hand.spiking_network(population="$\\frac{$"), tmp_path / "dollar.png")
    assert (tmp_path / "dollar.png").stat().st_size > 10_000


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"pictures are \.png or \.svg"):
        draw_gain_fits(by_hand.spiking_network(), tmp_path / "fits.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_single_spike_is_seen_where_it_fell() -> None:
    train = SpikeTrain(
        tick=np.array([0, 5, 5]), trial=np.array([0, 0, 1]), unit=np.array([1, 1, 1]), neuron=np.array([0, 3, 2])
    )
    image, ticks = raster(train, trial=0, unit=1, neurons=4, ticks=10)
    assert (image.shape, ticks) == ((4, 10), 10)
    assert sorted(zip(*np.nonzero(image), strict=True)) == [(0, 5), (3, 0)]  # neuron 0 at the bottom
    assert not raster(train, trial=0, unit=0, neurons=4, ticks=10)[0].any()


def test_a_long_raster_keeps_every_spike_in_its_bin() -> None:
    ticks = 3 * TIME_BINS - 1
    every = np.arange(ticks)
    train = SpikeTrain(tick=every, trial=0 * every, unit=0 * every, neuron=0 * every)
    image, covered = raster(train, trial=0, unit=0, neurons=1, ticks=ticks)
    assert (image.shape, covered) == ((1, TIME_BINS), ticks + 1)
    np.testing.assert_array_equal(image[0, :-1], 1.0)
    assert 0 < image[0, -1] < 1  # the last bin reaches beyond the end


def test_means_over_bins() -> None:
    values = np.repeat([1.0, 2.0, 4.0], TIME_BINS)
    image, covered = binned(values)
    assert (image.shape, covered) == ((1, TIME_BINS), values.size)
    assert image.mean() == pytest.approx(values.mean())
    assert sorted(set(image[0])) == [1.0, 2.0, 4.0]


def test_slopes_are_those_of_the_errors() -> None:
    assert SERIES[0].slope == pytest.approx(-1.0)
    root = ErrorSeries(code="rate", neurons=np.array([16, 64]), error=np.array([[0.2, 0.1]]))
    assert root.slope == pytest.approx(-0.5)


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.png"
    with pytest.raises(ValueError, match="no recording"):
        draw_activity({}, steps(), path, neurons={})
    with pytest.raises(ValueError, match="no edge has the quantity 'NRMSE of rates'"):
        draw_error_waterfall(by_hand.edges()[:1], path)
    single = ErrorSeries(code="rate", neurons=np.array([16]), error=np.array([[0.1]]))
    with pytest.raises(ValueError, match="two points"):
        draw_error_against_neurons([single], path)
    assert not path.exists()


def test_a_silent_recording_is_drawn(tmp_path: Path) -> None:
    stimulus = steps()
    shape = (stimulus.batch, stimulus.ticks(1e-3))
    none = np.zeros(0, dtype=np.int32)
    silent = Recording(
        level="emulator",
        stimulus=stimulus.name,
        tick_s=1e-3,
        activity={"excite": np.zeros((*shape, 4)), "inhibit": np.zeros((*shape, 1))},
        spikes={name: SpikeTrain(tick=none, trial=none, unit=none, neuron=none) for name in ("excite", "inhibit")},
        spike_counts={},
    )
    draw_activity({"emulator": silent}, stimulus, tmp_path / "silent.png", neurons={"excite": 8, "inhibit": 8})
    assert (tmp_path / "silent.png").stat().st_size > 10_000


def chunks(path: Path) -> set[str]:
    """The kinds of chunk in a PNG file."""
    data, at, found = path.read_bytes(), 8, set[str]()
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.add(data[at + 4 : at + 8].decode("ascii"))
        at += 12 + length
    return found
