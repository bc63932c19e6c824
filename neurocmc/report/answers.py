"""The answers of a classifier on every level, digit by digit, and how often they agree and are right."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Answers = NDArray[np.int64]

LISTED = 10


def answers_table(answers: Mapping[str, Answers], labels: Answers, names: tuple[str, ...] = ()) -> RenderableType:
    """The first answers of every level beside the labels, then agreement with the first level and accuracy of each.

    `answers`: level -> (trials,) classes; `labels` (trials,) with -1 where none is known. Raises ValueError without a
    level or where lengths differ.
    """
    if not answers or any(len(given) != len(labels) for given in answers.values()):
        raise ValueError("answers and labels must be as many")
    levels = tuple(answers)
    digits = Table(
        title="answers", title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for column in ("image", "is", *levels):
        digits.add_column(column, justify="right")
    for trial in range(min(LISTED, len(labels))):
        given = [_answer(int(answers[level][trial]), int(labels[trial]), names) for level in levels]
        digits.add_row(str(trial), _name(int(labels[trial]), names), *given)
    return Group(digits, _summary(answers, labels))


def _summary(answers: Mapping[str, Answers], labels: Answers) -> Table:
    first = next(iter(answers))
    known = labels >= 0
    table = Table(
        title=f"over {len(labels):,} images", title_justify="left", title_style="bold", header_style="bold", box=None,
        pad_edge=False,
    )  # fmt: skip
    table.add_column("level")
    table.add_column("right", justify="right")
    table.add_column(f"agrees with {first}", justify="right")
    for level, given in answers.items():
        right = f"{100.0 * float(np.mean(given[known] == labels[known])):.2f} %" if known.any() else "no labels"
        agrees = "" if level == first else f"{100.0 * float(np.mean(given == answers[first])):.2f} %"
        table.add_row(level, right, agrees)
    return table


def _answer(answer: int, label: int, names: tuple[str, ...]) -> Text:
    return Text(_name(answer, names), style="" if label < 0 else "green" if answer == label else "bold red")


def _name(answer: int, names: tuple[str, ...]) -> str:
    return "none" if answer < 0 else names[answer] if answer < len(names) else str(answer)
