"""Tells what the network between cores does to spikes: rows for a terminal and for the report."""

from typing import TYPE_CHECKING

from neurocmc.ir.phrases import counted
from neurocmc.report import wording
from neurocmc.verification.latency import LatencyFindings

if TYPE_CHECKING:
    from rich.console import RenderableType

Row = tuple[str, str, str]  # what, its value, what is to be said of it


def latency_parts(found: LatencyFindings) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    """Returns titles with their rows: the way of messages, ticks that wait for them, ticks that do not."""
    runs = f"{counted(found.trials, 'trial')}, {found.ticks:,} ticks in all; {found.places}"
    return (
        (f"messages between {counted(found.cores, 'core')}", _way(found, runs)),
        ("in ticks that wait for their last message", _waiting(found)),
        (f"in ticks of {found.tick_us:g} us that wait for nothing", _fixed(found)),
    )


def latency_table(found: LatencyFindings) -> "RenderableType":
    """Makes tables of all rows, and lines of the numbers that are in doubt."""
    # Here and not above: rich draws a random number as it is imported, and the page needs none of it.
    from rich.console import Group

    from neurocmc.report.layout import cell, line, plain_table

    tables: list[RenderableType] = []
    for title, rows in latency_parts(found):
        table = plain_table(title, ("what", "!>value", "note"))
        for what, value, note in rows:
            table.add_row(cell(what), cell(value), cell(note))
        tables.append(table)
    return Group(*tables, *(line(f"times and places that are {doubt}") for doubt in found.doubts))


def _way(found: LatencyFindings, runs: str) -> tuple[Row, ...]:
    return (
        ("messages in a mean tick", f"{found.messages_per_tick:.4g}", runs),
        ("hops of a message", f"{found.hops:.3g}", "from router to router, in the mean"),
        (
            "latency of a message",
            f"{found.latency_ns:.4g} ns",
            f"99 % below {found.latency_99_ns:.4g}, longest {found.longest_latency_ns:.4g} ns",
        ),
        ("of it, in queues", f"{found.wait_ns:.4g} ns", f"longest {found.longest_wait_ns:.4g} ns"),
    )


def _waiting(found: LatencyFindings) -> tuple[Row, ...]:
    barrier = (
        f"{found.barrier_ns:g} ns of it the barrier" if found.barrier_ns else "no time of a barrier is published"
    )
    return (
        ("messages that are late", "0", "results are those of the emulator, whatever the placement"),
        ("longest tick", f"{found.longest_tick_us:.4g} us", f"mean {found.mean_tick_us:.4g} us; {barrier}"),
        (
            "speed",
            f"{found.speed:.3g} times",
            f"the model's, with {found.model_tick_us:g} us a tick, where every tick may be the longest",
        ),
    )


def _fixed(found: LatencyFindings) -> tuple[Row, ...]:
    beyond = f"{found.beyond:,} by more than is kept: queues grow without end" if found.beyond else ""
    return (
        ("messages that are late", wording.percent(found.late), beyond or "each acts a tick later, or more"),
        (
            "ISI distortion",
            wording.percent(found.isi_distortion),
            "mean change of an interval, over the mean interval",
        ),
        ("disorder", wording.percent(found.disorder), "of neighbouring spikes at a core arrive in the other order"),
        (
            "NRMSE of rates",
            wording.percent(found.nrmse),
            "of the worst population, against the run without late ones",
        ),
        *(
            (f"decisions changed ({one.readout})", wording.percent(one.share), f"of {counted(one.trials, 'trial')}")
            for one in found.changed
        ),
    )
