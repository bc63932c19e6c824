"""Chooses the setting of each filter from a study that has tried some on validation digits: the rule."""

from collections.abc import Mapping, Sequence
from typing import Any

CHOSEN_BY = ("blur", "gamma_half", "gamma_two", "brighter")


def chosen(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns for each filter the variant of the highest mean accuracy over sets and seeds; of equals the first.

    Args:
        rows: The runs of the study, whose variants are called FILTER-NUMBER, in the order of the plan.
    """
    tried: dict[str, list[float]] = {}
    for row in rows:
        tried.setdefault(row["variant"], []).append(sum(row[name] for name in CHOSEN_BY) / len(CHOSEN_BY))
    best: dict[str, str] = {}
    for variant, means in tried.items():
        name = variant.rpartition("-")[0]
        if name not in best or sum(means) > sum(tried[best[name]]):
            best[name] = variant
    return best
