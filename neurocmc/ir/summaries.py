"""Formats numbers for a page of text: short, with units, arrays by their pattern rather than entry by entry.

Real numbers count to nine digits here (percentages to six), so that a last bit which another machine's exp rounds
differently changes neither a number, nor a pattern, nor a fingerprint.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.matrices import Matrix, Sparse, is_sparse, span_of

MAX_VECTOR = 10  # entries shown one by one
MAX_MATRIX = 100
INDENT = "    "
DIGITS = 9
ROUNDED_BITS = 22  # of the 52 of a fraction: what is left are steps of 2^-30 of a number, 0.9e-9


def number(value: float) -> str:
    """Formats nine significant digits; whole numbers in full, in groups of three."""
    value = float(value)
    if value.is_integer() and abs(value) < 2**53:
        return f"{int(value):,}"
    return f"{value:.{DIGITS}g}"


def percent(share: float) -> str:
    """Formats a share in percent, to six digits; what is left of rounding real numbers is 0."""
    return f"{100 * share:.6g} %" if abs(share) > 1e-9 else "0 %"


def milliseconds(time_s: float) -> str:
    """Formats a time in ms."""
    return f"{number(round(1e3 * time_s, 9))} ms"


def span(low: float, high: float) -> str:
    """Formats a range of numbers."""
    return f"{number(low)} .. {number(high)}"


def fingerprint(array: NDArray[Any]) -> str:
    """Returns the first digits of a SHA-256 over the bytes of all entries, real numbers rounded to nine digits."""
    return _content(_nine_digits(array))


def _content(rounded: NDArray[Any]) -> str:
    little = np.ascontiguousarray(rounded, dtype=rounded.dtype.newbyteorder("<"))
    return _sha256(f"{rounded.dtype.name} {rounded.shape} ".encode() + little.tobytes())


def text_fingerprint(lines: Iterable[str]) -> str:
    """Returns the fingerprint of a text that is left out."""
    return _sha256("\n".join(lines).encode())


def _sha256(content: bytes) -> str:
    return f"sha256 {hashlib.sha256(content).hexdigest()[:12]}"


def words(names: Iterable[str]) -> str:
    """Joins names with a space between; one that is no single word stands in quotation marks, its own doubled."""
    doubled = (name.replace('"', '""') for name in names)
    return " ".join(name if re.fullmatch(r'[^\s"]+', name) else f'"{name}"' for name in doubled)


def vector(array: NDArray[Any]) -> str:
    """Formats any array as one row: its one value, its few values, or range, size and fingerprint."""
    flat = array.ravel()
    if not flat.size:
        return "none"
    rounded = _nine_digits(flat)
    if (rounded == rounded[0]).all():
        return number(flat[0])
    if flat.size <= MAX_VECTOR:
        return " ".join(number(value) for value in flat)
    return f"{span(flat.min(), flat.max())} ({flat.size:,} values, {_content(rounded)})"


def matrix(array: Matrix, unit: str = "") -> list[str]:
    """Formats a (target units x source units) matrix by lines: pattern, rows, or range and fingerprint."""
    rows, columns = array.shape
    size, unit = f"{rows} x {columns}", f" {unit}" if unit else ""
    if is_sparse(array):
        return [f"{size}, {_sparse(array, unit)}"]
    if not array.size:
        return [f"{size}, empty"]
    rounded = _nine_digits(array)
    if (rounded == rounded[0, 0]).all():
        return [f"{size}, all-to-all {number(array[0, 0])}{unit}"]
    if _is_diagonal(rounded):
        rest = f", every other {number(array[0, 1])}" if array[0, 1] != 0 else ""
        return [f"{size}, one-to-one {number(array[0, 0])}{rest}{unit}"]
    if columns <= MAX_VECTOR and array.size <= MAX_MATRIX:
        return [f"{size}, row by row{unit}", *table([number(value) for value in row] for row in array)]
    filled = f"{np.count_nonzero(array):,} of {array.size:,} not 0"
    return [f"{size}, {span(array.min(), array.max())}{unit}, {filled}, {_content(rounded)}"]


def _sparse(array: Sparse, unit: str) -> str:
    """One-to-one where it is, else range and fingerprint of its places and numbers."""
    rows, columns = array.shape
    rounded = _nine_digits(array.data)
    alike = bool(rounded.size) and bool((rounded == rounded[0]).all())
    if alike and rows == columns == array.nnz and np.array_equal(array.indices, np.arange(rows)):
        return f"one-to-one {number(array.data[0])}{unit}"
    low, high = span_of(array)
    places = [array.indptr.astype(np.int64), array.indices.astype(np.int64), rounded]
    content = text_fingerprint(fingerprint(part) for part in places)
    return f"{span(low, high)}{unit}, {array.nnz:,} of {rows * columns:,} not 0, {content}"


def _nine_digits(array: NDArray[Any]) -> NDArray[Any]:
    """Real numbers rounded to nine digits, without negative zeros; others as they are.

    Rounded are the last bits of the fraction, which is one pass over the array; no other digits are looked at.
    """
    if array.dtype.kind != "f":
        return array
    bits = np.array(array, dtype=np.float64).view(np.int64)
    bits += 1 << (ROUNDED_BITS - 1)
    bits &= -1 << ROUNDED_BITS
    rounded = bits.view(np.float64)
    rounded += 0.0  # -0 + 0 is 0
    return rounded


def _is_diagonal(array: NDArray[Any]) -> bool:
    """Whether a matrix is square, with one value on its diagonal and one beside it."""
    rows, columns = array.shape
    own, other = array[0, 0], array[0, -1]
    return rows == columns and bool((array == np.where(np.eye(rows, dtype=np.bool_), own, other)).all())


def table(rows: Iterable[Sequence[str]], left: int = 0) -> list[str]:
    """Formats rows in columns of equal width; the first `left` columns stand to the left, the rest to the right."""
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
    """Formats a heading and, indented below it, one fact a line: its name, then what it is."""
    facts = list(facts)
    width = max((len(name) for name, _ in facts), default=0) + 2
    lines = ["", head]
    for name, what in facts:
        first, *more = [what] if isinstance(what, str) else what
        lines.append(f"{INDENT}{name.ljust(width)}{first}")
        lines.extend(f"{INDENT}{' ' * width}{line}" for line in more)
    return lines
