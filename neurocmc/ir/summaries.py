"""Numbers as a page of text shows them: short, with units, arrays by their pattern rather than entry by entry.

Real numbers count to nine digits here, so that a last bit which another machine's exp rounds differently changes
neither a pattern nor a fingerprint.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_VECTOR = 10  # entries shown one by one
MAX_MATRIX = 100
INDENT = "    "


def number(value: float) -> str:
    """Six significant digits; whole numbers in full, in groups of three."""
    value = float(value)
    if value.is_integer() and abs(value) < 2**53:
        return f"{int(value):,}"
    return f"{value:.6g}"


def percent(share: float) -> str:
    """A share in percent, to three digits; what is left of rounding real numbers is 0."""
    return f"{100 * share:.3g} %" if abs(share) > 1e-9 else "0 %"


def milliseconds(time_s: float) -> str:
    """A time in ms."""
    return f"{number(round(1e3 * time_s, 9))} ms"


def span(low: float, high: float) -> str:
    """A range of numbers."""
    return f"{number(low)} .. {number(high)}"


def fingerprint(array: NDArray[Any]) -> str:
    """The first digits of a SHA-256 over all entries: arrays equal to nine digits print alike, others do not."""
    text = " ".join(f"{value:.9g}" for value in _nine_digits(array).ravel().tolist())
    return f"sha256 {hashlib.sha256(f'{array.shape} {text}'.encode()).hexdigest()[:12]}"


def exact_fingerprint(array: NDArray[Any]) -> str:
    """The same of whole numbers and truth values, over their bytes: for arrays too large to be spelt out."""
    content = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return f"sha256 {hashlib.sha256(f'{array.dtype.name} {array.shape} '.encode() + content).hexdigest()[:12]}"


def vector(array: NDArray[Any]) -> str:
    """Any array as one row: its one value, its few values, or range, size and fingerprint."""
    flat = _nine_digits(array).ravel()
    if not flat.size:
        return "none"
    if (flat == flat[0]).all():
        return number(flat[0])
    if flat.size <= MAX_VECTOR:
        return " ".join(number(value) for value in flat)
    return f"{span(flat.min(), flat.max())} ({flat.size:,} values, {fingerprint(array)})"


def matrix(array: NDArray[Any], unit: str = "") -> list[str]:
    """A (target units x source units) matrix: its pattern, its rows, or range, filling and fingerprint; by lines."""
    rows, columns = array.shape
    size, unit = f"{rows} x {columns}", f" {unit}" if unit else ""
    if not array.size:
        return [f"{size}, empty"]
    values = _nine_digits(array)
    if (values == values[0, 0]).all():
        return [f"{size}, all-to-all {number(values[0, 0])}{unit}"]
    if (pattern := _diagonal(values)) is not None:
        return [f"{size}, {pattern}{unit}"]
    if columns <= MAX_VECTOR and array.size <= MAX_MATRIX:
        return [f"{size}, row by row{unit}", *table([number(value) for value in row] for row in values)]
    filled = f"{np.count_nonzero(values):,} of {array.size:,} not 0"
    return [f"{size}, {span(values.min(), values.max())}{unit}, {filled}, {fingerprint(array)}"]


def _nine_digits(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind != "f":
        return array
    rounded = [float(f"{value:.9g}") + 0.0 for value in array.ravel().tolist()]  # + 0.0: no negative zeros
    return np.array(rounded).reshape(array.shape)


def _diagonal(array: NDArray[Any]) -> str | None:
    """A square matrix with one value on the diagonal and one beside it."""
    rows, columns = array.shape
    if rows != columns:
        return None
    own, other = array[0, 0], array[0, 1]
    if not (array == np.where(np.eye(rows, dtype=np.bool_), own, other)).all():
        return None
    rest = f", every other {number(other)}" if other != 0 else ""
    return f"one-to-one {number(own)}{rest}"


def table(rows: Iterable[Sequence[str]], left: int = 0) -> list[str]:
    """Rows in columns of equal width; the first `left` columns stand to the left, the rest to the right."""
    cells = [list(row) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))] if cells else []
    return [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def entry(head: str, facts: Iterable[tuple[str, str | list[str]]]) -> list[str]:
    """A heading and, indented below it, one fact a line: its name, then what it is (further lines below that)."""
    facts = list(facts)
    width = max((len(name) for name, _ in facts), default=0) + 2
    lines = ["", head]
    for name, what in facts:
        first, *more = [what] if isinstance(what, str) else what
        lines.append(f"{INDENT}{name.ljust(width)}{first}")
        lines.extend(f"{INDENT}{' ' * width}{line}" for line in more)
    return lines
