"""Shows a finished figure as time goes by, as an animated GIF or, where ffmpeg is at hand, an MP4.

The figure is drawn twice, whole and without its data; a frame is the whole up to the present and the empty one after
it, with a line between. So a film costs two drawings, shows exactly what the picture shows, and, being mostly
unchanged pixels, is small.
"""

import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, assert_never

import numpy as np
from matplotlib.animation import FFMpegWriter
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from numpy.typing import NDArray
from PIL import Image

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import write_file

FilmKind = Literal["gif", "mp4"]
FILM_DPI = 80
FRAMES, FRAMES_PER_S = 90, 15
LAST_FRAME_S = 2.0  # how long the finished figure stands
COLOURS = 64  # of a GIF's palette
_PRESENT = (34, 34, 34)
Pixels = NDArray[np.uint8]


def check_film(kind: FilmKind) -> None:
    """Raises InputError where this machine cannot write such a film, before anything is computed for it."""
    if kind == "mp4" and shutil.which("ffmpeg") is None:
        what = "mp4 needs the program ffmpeg, and there is none on this machine"
        raise InputError(Problem("ffmpeg-missing", "--animate", what, "install ffmpeg, or use --animate gif"))


def write_film(figure: Figure, moving: Sequence[Axes], path: Path) -> None:
    """Writes the film of a figure whose axes `moving` have time from left to right; .gif or .mp4 by the suffix.

    The figure must stand on an Agg canvas and be left as it was found. Raises InputError if the file cannot be
    written or ffmpeg is missing, ValueError for another suffix.
    """
    frames = list(_frames(figure, moving))
    match path.suffix.lower():
        case ".gif":
            write_file(path, _gif(frames))
        case ".mp4":
            check_film("mp4")
            _write_mp4(frames, path)
        case other:
            raise ValueError(f"{path}: films are .gif or .mp4, not {other!r}")


def film_path(picture: Path, kind: FilmKind | None) -> Path | None:
    """Returns where the film of a picture goes: beside it; None without a kind."""
    match kind:
        case None:
            return None
        case "gif" | "mp4":
            return picture.with_suffix(f".{kind}")
        case other:
            assert_never(other)


def _frames(figure: Figure, moving: Sequence[Axes]) -> Iterator[Pixels]:
    """(height, width, 3) pixels of each frame, both sides even, as video codecs want them."""
    dpi, layout = figure.dpi, figure.get_layout_engine()
    figure.set_dpi(FILM_DPI)
    whole = _drawn(figure)
    # Without its data the figure would be laid out anew, and nothing would stand where it stood.
    figure.set_layout_engine("none")
    boxes = [_box(axes, whole.shape[0]) for axes in moving]
    data = [artist for axes in moving for artist in _data(axes) if artist.get_visible()]
    for artist in data:
        artist.set_visible(False)
    empty = _drawn(figure)
    for artist in data:
        artist.set_visible(True)
    figure.set_layout_engine(layout)
    figure.set_dpi(dpi)
    for share in np.linspace(0.0, 1.0, FRAMES):
        frame = empty.copy()
        for top, bottom, left, right in boxes:
            now = left + round(float(share) * (right - left))
            frame[top:bottom, left:now] = whole[top:bottom, left:now]
            if share < 1.0:
                frame[top:bottom, now : now + 1] = _PRESENT
        yield whole if share == 1.0 else frame


def _drawn(figure: Figure) -> Pixels:
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    return pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]


def _box(axes: Axes, height: int) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of an axes in pixels from the upper left corner."""
    extent = axes.get_window_extent()
    top, bottom = height - round(extent.y1), height - round(extent.y0)
    return max(top, 0), bottom, round(extent.x0), round(extent.x1)


def _data(axes: Axes) -> list[Artist]:
    """What time brings: all that is drawn at its place in data, but nothing that stands beside the axes."""
    drawn: list[Artist] = [*axes.lines, *axes.collections, *axes.patches, *axes.images]
    drawn += [text for text in axes.texts if isinstance(text, Annotation) and text.xycoords == "data"]
    return [artist for artist in drawn if artist.get_clip_on()]


def _gif(frames: Sequence[Pixels]) -> bytes:
    palette = Image.fromarray(frames[-1]).quantize(COLOURS, dither=Image.Dither.NONE)
    images = [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    durations = [round(1000 / FRAMES_PER_S)] * (len(images) - 1) + [round(1000 * LAST_FRAME_S)]
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=durations, loop=0, disposal=1)
    return buffer.getvalue()


def _write_mp4(frames: Sequence[Pixels], path: Path) -> None:
    height, width, _ = frames[0].shape
    figure = Figure(figsize=(width / FILM_DPI, height / FILM_DPI), dpi=FILM_DPI)
    FigureCanvasAgg(figure)
    image = figure.figimage(frames[0])
    writer = FFMpegWriter(fps=FRAMES_PER_S)
    with TemporaryDirectory(prefix="neurocmc-film-") as folder:
        whole = Path(folder) / "film.mp4"
        with writer.saving(figure, str(whole), FILM_DPI):
            for frame in (*frames, *[frames[-1]] * round(LAST_FRAME_S * FRAMES_PER_S)):
                image.set_data(frame)
                writer.grab_frame()
        write_file(path, whole.read_bytes())
