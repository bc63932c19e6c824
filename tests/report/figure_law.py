"""What every picture keeps to, and how a drawn figure is looked at: `faults` says what is wrong with one."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any
from unittest.mock import patch

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from neurocmc.report.figures.style import LEAST_PT, own_look

PAGE_PX = 900  # CSS pixels, of a picture on a page of the documentation: 96 an inch
TOUCH_PX = 1.5  # by which the boxes of two lines may overlap: they hold some room around the letters
APART_PX = 3.0  # between two texts beside each other: nearer, they read as one
# What has no unit, or is its own.
PLAIN = [
    "accuracy",
    "column",
    "row",
    "activity",
    "core",
    "neuron",
    "neurons",
    "unit",
    "state",
    "score",
    "drive",
    "value",
    "modularity",
    "variant",
    "code",
    "inhibition",
    "chip",
    "layer",
    "tiles",
    "sensors",
]
SAME_PLACE = 1e-3  # of a figure
SAME_COLOURS = 2  # from so many colours in a panel on, something must say what they are


@contextmanager
def collected() -> Generator[list[Figure]]:
    """Gives the figures that are written in the block."""
    found: list[Figure] = []
    real = Figure.savefig

    def kept(figure: Figure, *arguments: Any, **options: Any) -> None:
        real(figure, *arguments, **options)
        found.append(figure)

    with patch.object(Figure, "savefig", kept):
        yield found


def faults(figure: Figure) -> list[str]:
    """Returns what is wrong with a figure: texts that collide, leave it or are small; axes that say too little."""
    with own_look():
        figure.canvas.draw()
        texts = [(text, text.get_window_extent()) for text in _texts(figure)]
        return [*_collisions(texts), *_outside(figure, texts), *_small(figure, texts), *_unsaid(figure)]


def _texts(figure: Figure) -> Iterator[Text]:
    """All texts that are seen."""
    for axes in _axes(figure):
        yield from (text for text in _texts_of(axes) if text.get_visible() and text.get_text().strip())
    for part in (figure, *figure.subfigs):
        own = [*part.texts, *(text for legend in part.legends for text in legend.get_texts())]
        yield from (text for text in own if text.get_visible() and text.get_text().strip())


def _axes(figure: Figure) -> list[Axes]:
    found = [axes for axes in figure.get_axes() if axes.get_visible()]
    children: list[Any] = [child for axes in found for child in axes.child_axes if child.get_visible()]
    return [*found, *children]


def _texts_of(axes: Any) -> Iterator[Text]:
    yield from axes.texts
    yield from (axes.title, axes._left_title, axes._right_title)
    if (legend := axes.get_legend()) is not None:
        yield from legend.get_texts()
    if not axes.axison:
        return
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        yield axis.label
        yield axis.get_offset_text()
        low, high = sorted(limits)
        slack = 1e-6 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if low - slack <= tick.get_loc() <= high + slack:
                yield from (tick.label1, tick.label2)


def _collisions(texts: list[tuple[Text, Any]]) -> list[str]:
    found: list[str] = []
    for (first, one), (second, other) in combinations(texts, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        up = min(one.y1, other.y1) - max(one.y0, other.y0)
        if up > TOUCH_PX and across > -APART_PX:
            found.append(f"{first.get_text()!r} runs into {second.get_text()!r}")
    return found


def _outside(figure: Figure, texts: list[tuple[Text, Any]]) -> list[str]:
    box = figure.bbox
    return [
        f"{text.get_text()!r} leaves the canvas"
        for text, own in texts
        if own.x0 < box.x0 - 1 or own.y0 < box.y0 - 1 or own.x1 > box.x1 + 1 or own.y1 > box.y1 + 1
    ]


def _small(figure: Figure, texts: list[tuple[Text, Any]]) -> list[str]:
    shrunk = min(1.0, PAGE_PX / (96 * figure.get_size_inches()[0]))
    return [
        f"{text.get_text()!r} has {shrunk * text.get_fontsize():.1f} pt on a page"
        for text, _ in texts
        if shrunk * text.get_fontsize() < LEAST_PT - 0.01
    ]


def _unsaid(figure: Figure) -> list[str]:
    found: list[str] = []
    legends = [legend for part in (figure, *figure.subfigs) for legend in part.legends]
    legends += [legend for axes in _axes(figure) if (legend := axes.get_legend()) is not None]
    for number, axes in enumerate(axes for axes in _axes(figure) if axes.has_data() and axes.axison):
        where = f"panel {number}"
        for name in ("x", "y"):
            label = _label(figure, axes, name)
            if not label and not _named(axes, name):
                found.append(f"{where} has no {name} label")
            elif label and not _named(axes, name) and not _has_unit(label):
                found.append(f"{where} has no unit in {label!r}")
        legend = axes.get_legend()
        colours = {to_hex(line.get_color()) for line in axes.lines if len(line.get_xydata()) > 1}
        if len(colours) > SAME_COLOURS and not (legend or legends or axes.texts or _named(axes, "y")):
            found.append(f"{where} has {len(colours)} colours and no legend")
        if legend is not None:
            found += [f"{where}: the legend covers data"] * _covers(axes, legend)
    return found


def _label(figure: Figure, axes: Axes, name: str) -> str:
    """The label of an axis: its own, of one that shares it, or of one left of it in its row or below it."""
    group = getattr(axes, f"get_shared_{name}_axes")().get_siblings(axes)
    place, line = axes.get_position(), list[Axes]()
    for other in figure.get_axes():
        own = other.get_position()
        below = abs(own.x0 - place.x0) < SAME_PLACE and own.y0 < place.y0
        beside = abs(own.y0 - place.y0) < SAME_PLACE and own.x0 < place.x0
        if other.get_visible() and (below if name == "x" else beside):
            line.append(other)
    sup = getattr(figure, f"_sup{name}label", None)
    labels = [getattr(other, f"get_{name}label")() for other in (axes, *group, *line)]
    return next((label for label in labels if label), "" if sup is None else sup.get_text()) or _colour_bar(axes)


def _colour_bar(axes: Any) -> str:
    """What a bar of colours says along itself or as its title; its narrow side needs nothing."""
    bar = getattr(axes, "_colorbar", None)
    return "" if bar is None else axes.get_ylabel() or axes.get_title(loc="center") or axes.get_title(loc="left")


def _named(axes: Axes, name: str) -> bool:
    """Whether the ticks of an axis are names, or there are none."""
    labels = [text.get_text() for text in getattr(axes, f"get_{name}ticklabels")() if text.get_text()]
    return not labels or any(not _is_number(label) for label in labels)


def _is_number(label: str) -> bool:
    try:
        float(label.replace(",", "").replace("\N{MINUS SIGN}", "-").removeprefix("≤ "))
    except ValueError:
        return False
    return True


def _has_unit(label: str) -> bool:
    words = label.replace("\n", " ").replace(",", " ").split()
    return ("[" in label and "]" in label) or any(word in PLAIN for word in words)


def _covers(axes: Axes, legend: Any) -> bool:
    box = legend.get_window_extent()
    points = [
        axes.transData.transform(line.get_xydata()) for line in axes.lines if line.get_transform() == axes.transData
    ]
    return any(box.contains(x, y) for line in points for x, y in line.tolist())
