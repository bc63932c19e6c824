"""Sets the look of all pictures, and writes them: no display, no date, the same bytes every time."""

import io
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from math import floor, log10
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from neurocmc.common.files import write_file

# Okabe & Ito 2008, Color Universal Design: told apart with every common colour blindness. For populations.
_POPULATIONS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D")
# Tol 2021, Colour Schemes, "muted", dark ones first, and a grey. For the units of one population.
_UNITS = (
    "#332288",
    "#CC6677",
    "#117733",
    "#88CCEE",
    "#882255",
    "#999933",
    "#44AA99",
    "#AA4499",
    "#DDCC77",
    "#555555",
)
INK, FAINT, GRID, HOST = "#222222", "#6B6B6B", "#E4E4E4", "#BBBBBB"
DPI = 150
PAGE_IN = 9.2  # a wider picture is shrunk on a page of the documentation
LEAST_PT = 8.0  # of any text
_MARKERS = "osD^v<>pP*"
_LINES = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (4, 2, 1, 2)))
_LOCK = threading.RLock()  # what pictures look like is set for the whole process

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": cycler(color=_POPULATIONS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "neurocmc",
    "svg.fonttype": "path",
    # Names are the user's: a dollar sign in one must not start mathematics.
    "text.parse_math": False,
}


def population_colours(names: Iterable[str]) -> dict[str, str]:
    """Maps each population to its colour by its place in the network, the same in every picture."""
    return {name: _POPULATIONS[index % len(_POPULATIONS)] for index, name in enumerate(names)}


def unit_colour(unit: int) -> str:
    """Returns the colour of a unit within its population; they repeat after ten."""
    return _UNITS[unit % len(_UNITS)]


def marker(index: int) -> str:
    """Returns the marker of a series: who cannot tell two colours apart sees it."""
    return _MARKERS[index % len(_MARKERS)]


def line_style(index: int) -> str | tuple[int, tuple[float, ...]]:
    """Returns the dashes of a series, drawn through for the first."""
    return _LINES[index % len(_LINES)]


@contextmanager
def own_look() -> Generator[None]:
    """Makes what is drawn in the block look as all our pictures do, whatever the process has set."""
    with _LOCK, mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


@contextmanager
def canvas(path: Path, width_in: float, height_in: float, *, placed: bool = False) -> Generator[Figure]:
    """Yields a figure to draw on, which is written to `path` (.png or .svg) when the block ends.

    Axes that are not `placed` by the block itself are laid out, which costs as much as drawing them. Raises
    InputError if the file cannot be written, ValueError for another suffix.
    """
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in ("png", "svg"):
        raise ValueError(f"{path}: pictures are .png or .svg")
    with own_look():
        layout = None if placed else ConstrainedLayoutEngine(h_pad=0.06, w_pad=0.06)
        figure = Figure(figsize=(width_in, height_in), dpi=DPI, layout=layout)
        FigureCanvasAgg(figure)
        yield figure
        # Left to savefig, the layout would cost one more drawing of everything, whose result is thrown away.
        if layout is not None:
            layout.execute(figure)
            figure.set_layout_engine("none")
        buffer = io.BytesIO()
        metadata = {"Software": None} if suffix == "png" else {"Date": None, "Creator": None}
        figure.savefig(buffer, format=suffix, dpi=DPI, metadata=metadata)
    write_file(path, buffer.getvalue())


def place(
    figure: Figure, left_in: float, top_in: float, width_in: float, height_in: float
) -> tuple[float, float, float, float]:
    """Returns where axes stand in a figure, as matplotlib counts it, from inches: `top_in` from the upper edge."""
    across, down = figure.get_size_inches()
    return left_in / across, 1.0 - (top_in + height_in) / down, width_in / across, height_in / down


def note(axes: Axes, text: str) -> None:
    """Writes a quiet line under the title of an axes."""
    axes.annotate(
        text,
        (0, 1),
        (0, 3),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=LEAST_PT,
        color=FAINT,
        va="bottom",
    )


def heading(axes: Axes, title: str, text: str = "", colour: str = INK) -> None:
    """Writes a title and, under it, a quiet line."""
    axes.set_title(title, color=colour, pad=17 if text else 6)
    if text:
        note(axes, text)


def one_two_five(value: float, _: int | None) -> str:
    """Formats a minor tick on a logarithmic axis: at 2 and 5, which with the major ones is enough."""
    digit = round(value / 10.0 ** floor(log10(value)))
    return f"{value:g}" if digit in (2, 5) else ""
