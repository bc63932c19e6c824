"""Reads the delays of a projection written by hand: one for all connections, or a matrix with one for each.

All connections of a projection have one delay, so a matrix becomes a projection for each delay that stands in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.matrices import entries, from_entries
from neurocmc.common.ticks import not_whole
from neurocmc.common.yaml_complaints import FieldPath
from neurocmc.frontends.stimulus_yaml import Fault
from neurocmc.ir.rate import RateProjection

LONGEST_TICKS = 100_000  # of any simulation; what a chip holds is far less, and is its own matter

DelayField = float | tuple[tuple[float, ...], ...] | Float  # ms


def split_by_delay(
    projection: RateProjection, delay_ms: DelayField, dt_s: float, path: FieldPath, faults: list[Fault]
) -> Iterator[RateProjection]:
    """Yields a projection for each delay, in rising order; `path` is where the delays stand in the file.

    One number leaves the projection its name. Of a matrix, `a->b` holds the connections without delay and `a->b@3`
    those of three steps; a connection of weight 0 is none, and its delay is not looked at.
    """
    if isinstance(delay_ms, float | int):
        yield replace(projection, delay_ticks=int(_steps(np.full((1, 1), float(delay_ms)), dt_s, path, faults)[0, 0]))
        return
    ticks = _ticks(projection, delay_ms, dt_s, path, faults)
    target, source, weight = entries(projection.weight)
    late = ticks[target, source]
    delays = np.unique(late).tolist() or [0]
    for delay in delays:
        own = late == delay
        yield replace(
            projection,
            name=f"{projection.name}@{delay}" if delay else projection.name,
            weight=from_entries(target[own], source[own], weight[own], projection.weight.shape),
            delay_ticks=delay,
        )


def _ticks(
    projection: RateProjection,
    delay_ms: "tuple[tuple[float, ...], ...] | Float",
    dt_s: float,
    path: FieldPath,
    faults: list[Fault],
) -> Int:
    """(target units, source units) delays in steps; 0 where something is wrong with one, which joins the faults."""
    rows, columns = projection.weight.shape
    lengths = {len(row) for row in delay_ms}
    if len(delay_ms) != rows or lengths != {columns}:
        widths = ", ".join(str(length) for length in sorted(lengths))
        what = f"has {len(delay_ms)} rows of {widths} numbers, {rows} rows of {columns} are needed"
        faults.append(("delay-shape", path, what, "a row per target unit, in it a delay per source unit, or 0"))
        return np.zeros((rows, columns), dtype=np.int64)
    return _steps(np.array(delay_ms, dtype=np.float64), dt_s, path, faults)


def _steps(given: Float, dt_s: float, path: FieldPath, faults: list[Fault]) -> Int:
    """Delays in steps, or all 0 where something is wrong with one; one alone stands at the path itself."""
    fault = _first_fault(given, dt_s)
    if fault is not None:
        place, (name, what, cure) = fault
        faults.append((name, path if given.size == 1 else (*path, *place), what, cure))
        return np.zeros(given.shape, dtype=np.int64)
    return np.rint(given * 1e-3 / dt_s).astype(np.int64)


def _first_fault(given_ms: Float, dt_s: float) -> tuple[Sequence[int], tuple[str, str, str]] | None:
    """The first entry that is no delay, by rows: where it stands, and the id, what is wrong with it, and the cure."""
    for delay in dict.fromkeys(given_ms.ravel().tolist()):
        fault = _fault(delay, dt_s)
        if fault is not None:
            return np.argwhere(given_ms == delay)[0].tolist(), fault
    return None


def _fault(delay_ms: float, dt_s: float) -> tuple[str, str, str] | None:
    if delay_ms < 0:
        return "delay-negative", f"a delay of {delay_ms:g} ms is below 0", "give 0 or more"
    if delay_ms > 0 and (fault := not_whole(delay_ms * 1e-3, dt_s)):
        return "time-off-grid", *fault
    if delay_ms * 1e-3 > LONGEST_TICKS * dt_s:
        what = f"a delay of {delay_ms:g} ms is more than {LONGEST_TICKS:,} steps"
        return "delay-beyond-limit", what, "shorten the delay, or use a longer step (dt_ms)"
    return None
