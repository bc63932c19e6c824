"""Draws small plots of a report as SVG text: they take the colours of the page, and can be read out.

matplotlib draws what is a picture; what follows the page's light and dark, and what a script draws anew, stands here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from neurocmc.common.arrays import Float
from neurocmc.common.printable import printable
from neurocmc.report.traces import Traces

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 24, 12, 40
MOST_COLOURS = 10
MARKS = (  # around a point: a disc, a square, a diamond, a triangle
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
    "m-3.5 -3.5h7v7h-7z",
    "m0 -5l5 5l-5 5l-5 -5z",
    "m0 -5l5 8.5h-10z",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a plot: points in units of the axes, its colour (0 to 9) and its kind, "solid" or "dashed".

    `palette` is "l" for levels and what else a plot compares, "u" for units, whose colours pictures have as well.
    """

    name: str
    x: Float
    y: Float
    colour: int = 0
    kind: str = "solid"
    palette: str = "l"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """The axes of a plot: labels with units, and their ends; `log` makes both logarithmic."""

    x_label: str
    y_label: str
    x: tuple[float, float]
    y: tuple[float, float]
    log: bool = False

    def across(self, value: float) -> float:
        """Returns where a value of x stands."""
        return LEFT + (WIDTH - LEFT - RIGHT) * self._share(value, self.x)

    def down(self, value: float) -> float:
        """Returns where a value of y stands."""
        return TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - self._share(value, self.y))

    def ticks(self, ends: tuple[float, float]) -> list[float]:
        """Returns the values that an axis of these ends names."""
        if not self.log:
            return ticks_of(*ends)
        low, high = ceil(log10(ends[0])), floor(log10(ends[1]))
        return [10.0**power for power in range(low, high + 1)]

    def _share(self, value: float, ends: tuple[float, float]) -> float:
        low, high = ends
        return log10(value / low) / log10(high / low) if self.log else (value - low) / (high - low)


def line_plot(axes: Axes, lines: Sequence[Line], title: str) -> str:
    """Returns a plot of lines as SVG; `title` is what a screen reader says."""
    drawn = "".join(_polyline(axes, line) for line in lines)
    return _svg(title, f"{_frame(axes)}<g class='lines'>{drawn}</g>")


def marked_plot(axes: Axes, lines: Sequence[Line], told: Sequence[str], here: tuple[float, float], title: str) -> str:
    """Returns lines with a mark at each point, in a shape for each line, and a ring at `here`.

    `told` is what a pointer reads at each point, in the order of lines and their points.
    """
    places = [(line, axes.across(float(x)), axes.down(float(y))) for line in lines for x, y in _points(line)]
    marks = "".join(
        f"<path class='c{line.colour}' d='M{x:.1f} {y:.1f}{MARKS[line.colour % len(MARKS)]}'>"
        f"<title>{_text(text)}</title></path>"
        for (line, x, y), text in zip(places, told, strict=True)
    )
    drawn = "".join(_polyline(axes, line) for line in lines)
    x, y = axes.across(here[0]), axes.down(here[1])
    ring = f"<circle class='here' cx='{x:.1f}' cy='{y:.1f}' r='7'><title>this circuit</title></circle>"
    return _svg(title, f"{_frame(axes)}<g class='lines'>{drawn}</g>{marks}{ring}")


def trajectory_plot(traces: Traces, trial: int = 0) -> str:
    """Returns the first population of a trial on all levels: what is seen before, or without, the script."""
    name = next(iter(traces.units))
    times_ms = 1e3 * traces.times_s
    axes = Axes(
        x_label="time [ms]",
        y_label=f"activity of {name}",
        x=(0.0, float(times_ms[-1])),
        y=traces.ranges[name],
    )
    lines = [
        Line(
            name=f"{name}[{unit}] on {level}",
            x=times_ms,
            y=own[name][trial, :, place],
            colour=unit % MOST_COLOURS,
            palette="u",
            kind=("dashed", "dotted", "solid")[min(index, 1) if index < len(traces.levels) - 1 else 2],
        )
        for index, (level, own) in enumerate(traces.levels.items())
        for place, unit in enumerate(traces.units[name])
    ]
    return line_plot(
        axes, lines, f"Activity of {name} over time, {traces.labels[trial]}, on {', '.join(traces.levels)}"
    )


def error_over_time_plot(traces: Traces) -> str:
    """Returns the error of each level over time, in percent of the range of the populations."""
    times_ms = 1e3 * traces.times_s
    most = max((float(values.max()) for values in traces.over_time.values()), default=0.0)
    axes = Axes(
        x_label="time [ms]",
        y_label="rms error [% of range]",
        x=(0.0, float(times_ms[-1])),
        y=(0.0, 110 * most or 1.0),
    )
    lines = [
        Line(name=level, x=times_ms, y=100.0 * values, colour=index)
        for index, (level, values) in enumerate(traces.over_time.items())
    ]
    return line_plot(axes, lines, f"Error over time on {', '.join(traces.over_time)}")


def bars(rows: Sequence[tuple[str, float]], unit: str, title: str) -> str:
    """Returns horizontal bars with their values beside them; rows are (name, value), values 0 or more."""
    step, start, most = 22, 220, max((value for _, value in rows), default=0.0) or 1.0
    height = step * len(rows) + 8
    parts: list[str] = []
    for index, (name, value) in enumerate(rows):
        middle, width = 4 + step * index + step / 2, (WIDTH - start - 110) * value / most
        parts.append(
            f"<text x='{start - 8}' y='{middle + 4:.0f}' text-anchor='end'>{_text(name)}</text>"
            f"<rect class='c0' x='{start}' y='{middle - 7:.0f}' width='{width:.1f}' height='14'/>"
            f"<text x='{start + width + 6:.1f}' y='{middle + 4:.0f}'>{value:.3g} {_text(unit)}</text>"
        )
    return _svg(title, "".join(parts), height)


def meter(percent: float) -> str:
    """Returns a bar of how much of a limit is used, for a cell of a table; the number stands beside it."""
    kind = "full" if percent >= 90 else "used"
    width = 80 * min(percent, 100.0) / 100
    return (
        "<svg class='meter' viewBox='0 0 80 9' width='80' height='9' aria-hidden='true'>"
        f"<rect class='room' width='80' height='9'/><rect class='{kind}' width='{width:.1f}' height='9'/></svg>"
    )


def state_plot(states: Sequence[Mapping[str, object]], title: str) -> str:
    """Returns the states of a certificate as pairs of bars: activity as trained, and as the chip holds it.

    Args:
        states: Each with `name`, `trained` and `rounded` (activity, 0 or more; None where there is no such state).
        title: What a screen reader says.
    """
    step, start = 34, 220
    values = [float(str(state[key])) for state in states for key in ("trained", "rounded") if state[key] is not None]
    most = max(values, default=0.0) or 1.0
    parts: list[str] = []
    for index, state in enumerate(states):
        top = 4 + step * index
        parts.append(f"<text x='{start - 8}' y='{top + 19}' text-anchor='end'>{_text(str(state['name']))}</text>")
        for offset, key in ((0, "trained"), (14, "rounded")):
            value = state[key]
            kind = "small lost" if value is None else "small"
            told, width = ("lost", 0.0) if value is None else (f"{float(str(value)):.3g}", float(str(value)) / most)
            wide = (WIDTH - start - 170) * width
            parts.append(
                f"<rect class='{'c7' if key == 'trained' else 'c0'}' x='{start}' y='{top + offset}' "
                f"width='{wide:.1f}' height='12'/>"
                f"<text x='{start + wide + 6:.1f}' y='{top + offset + 10}' class='{kind}'>"
                f"{told} {'as trained' if key == 'trained' else 'on the chip'}</text>"
            )
    return _svg(title, "".join(parts), step * len(states) + 8)


def ticks_of(low: float, high: float, about: int = 5) -> list[float]:
    """Returns round numbers within a range, about so many."""
    step = 10.0 ** floor(log10((high - low) / about))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= about)
    return [step * index for index in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _frame(axes: Axes) -> str:
    """Ticks, grid and labels."""
    parts: list[str] = []
    for value in axes.ticks(axes.x):
        x = axes.across(value)
        parts.append(f"<text x='{x:.1f}' y='{HEIGHT - BOTTOM + 16}' text-anchor='middle'>{value:g}</text>")
    for value in axes.ticks(axes.y):
        y = axes.down(value)
        parts.append(
            f"<path class='grid' d='M{LEFT} {y:.1f}H{WIDTH - RIGHT}'/>"
            f"<text x='{LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{value:g}</text>"
        )
    middle, centre = (TOP + HEIGHT - BOTTOM) / 2, (LEFT + WIDTH - RIGHT) / 2
    parts.append(f"<text x='{centre:.0f}' y='{HEIGHT - 6}' text-anchor='middle'>{_text(axes.x_label)}</text>")
    parts.append(
        f"<text transform='translate(14 {middle:.0f}) rotate(-90)' text-anchor='middle'>{_text(axes.y_label)}</text>"
    )
    return "<g class='frame'>" + "".join(parts) + "</g>"


def mark(colour: int) -> str:
    """Returns the mark of a line of `marked_plot` for the key beside it."""
    shape = MARKS[colour % len(MARKS)]
    return f"<svg width='28' height='12' aria-hidden='true'><path class='c{colour}' d='M14 6{shape}'/></svg>"


def ring() -> str:
    """Returns the ring of `marked_plot` for the key beside it."""
    return "<svg width='28' height='16' aria-hidden='true'><circle class='here' cx='14' cy='8' r='6'/></svg>"


def _points(line: Line) -> Iterator[tuple[float, float]]:
    return zip(line.x, line.y, strict=True)


def _polyline(axes: Axes, line: Line) -> str:
    points = " ".join(f"{axes.across(float(x)):.1f},{axes.down(float(y)):.1f}" for x, y in _points(line))
    look = f"{line.palette}{line.colour} {line.kind}"
    return f"<polyline class='{look}' points='{points}'><title>{_text(line.name)}</title></polyline>"


def _svg(title: str, content: str, height: int = HEIGHT) -> str:
    label = _text(title)
    return f"<svg class='plot' viewBox='0 0 {WIDTH} {height}' role='img' aria-label='{label}'>{content}</svg>"


def _text(text: str) -> str:
    return escape(printable(text), quote=True)


__all__ = [
    "Axes",
    "Line",
    "bars",
    "error_over_time_plot",
    "line_plot",
    "mark",
    "marked_plot",
    "meter",
    "ring",
    "state_plot",
    "ticks_of",
    "trajectory_plot",
]
