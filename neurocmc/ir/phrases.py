"""Formats counts, arrows, filters, delays and readouts of the printed levels, alike everywhere."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from neurocmc.common.printable import distinctly
from neurocmc.ir.copies import Copies
from neurocmc.ir.rate import Readout
from neurocmc.ir.summaries import entry, milliseconds, number, vector, words
from neurocmc.ir.trace import Trace


def counted(count: int, thing: str) -> str:
    """Formats a number of things: `1 tick`, `1,200 ticks`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


# The cure of a pass that refuses a size: `pipeline.search.largest`, which can compile, replaces it by a number.
SMALLER = "use fewer neurons per unit (--neurons), fewer units, or a larger chip"

MOST_PRINTED = 512  # populations, projections or inputs on a page; the level itself holds all


class Printed(Protocol):
    """A level, as far as a page lists its parts."""

    @property
    def populations(self) -> Sequence[object]: ...
    @property
    def projections(self) -> Sequence[object]: ...
    @property
    def inputs(self) -> Sequence[object]: ...


def left_out(level: Printed, most: int) -> list[str]:
    """Says how many parts of a level stand on no page of `most` of each kind, and how to see them."""
    parts = ((level.populations, "population"), (level.projections, "projection"), (level.inputs, "input"))
    more = [counted(len(of) - most, called) for of, called in parts if len(of) > most]
    return (
        ["", f"not printed, but in the .npz of the level and shown by `neurocmc show`: {', '.join(more)}"]
        if more
        else []
    )


def arrow(name: str, source: str, target: str) -> str:
    """Formats the head of a projection; its ends are not said twice."""
    return f"projection {name}: " if name == f"{source}->{target}" else f"projection {name}: {source} -> {target}, "


def filtered(tau_s: float) -> str:
    """Formats a synaptic filter."""
    return f"filter {milliseconds(tau_s)}" if tau_s > 0 else "unfiltered"


def second_order(order: int) -> str:
    """Returns the suffix for order 2, else an empty text."""
    return ", second order" if order == 2 else ""


def observed(trace: Trace) -> str:
    """Formats how activity is observed."""
    how = f"through a filter of {milliseconds(trace.tau_s)}" if trace.tau_s else "as it is"
    held = f", from {vector(trace.start)}" if trace.start.any() else ""
    spread = f", a spike spread over {counted(len(trace.kernel), 'tick')}: " if trace.kernel else ""
    return f"{how}{second_order(trace.order)}{held}{spread}{' '.join(number(share) for share in trace.kernel)}"


def delayed(ticks: int) -> str:
    """Formats a delay."""
    return (
        f"{counted(ticks, 'tick')} beyond the one every spike takes" if ticks else "none beyond that of every spike"
    )


def own_values(start: tuple[tuple[float, ...], ...]) -> list[tuple[str, str | list[str]]]:
    """Formats what the host sends of its own in the first ticks, where it does."""
    return (
        [("host start", [f"tick {tick}: {vector(np.array(row))}" for tick, row in enumerate(start)])] if start else []
    )


def dealt_out(held: Iterable[Copies], *, clock: bool) -> list[tuple[str, str | list[str]]]:
    """Formats of which units a population's are copies, and whether it is a clock of others."""
    dealt = (f"of {counted(copies.units, 'unit')}, {counted(copies.phases, 'phase')} each" for copies in held)
    turns = ["its neurons let others fire in turn"] if clock else []
    return [*(("copies", text) for text in dealt), *(("clock", text) for text in turns)]


def readouts(entries: Iterable[Readout]) -> list[str]:
    """Formats all readouts, with their labels."""
    lines: list[str] = []
    for readout in entries:
        what = "winner" if readout.kind == "winner" else "activity"
        head = (
            f"readout {readout.name}: {what} of {readout.population} over the last {milliseconds(readout.window_s)}"
        )
        lines += entry(head, [("labels", words(readout.labels))] if readout.labels else [])
    return lines


def page(lines: Iterable[str]) -> str:
    """Joins lines to one text; a name that would begin a new one, or reverse this one, is shown as it is written."""
    return "\n".join(distinctly(line) for line in lines) + "\n"
