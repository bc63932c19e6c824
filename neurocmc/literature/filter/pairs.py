"""Compares variants with plain images, seed by seed, as a study's runs say: differences and their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurocmc.common.errors import InputError, Problem

PLAIN = "plain"
SETS = {
    "clean": "MNIST",
    "uci_padded": "UCI, 20 px",
    "uci_centred": "UCI, centred",
    "uci_scaled": "UCI, 28 px",
    "noise": "noise",
    "contrast": "contrast",
    "haze": "haze",
    "hazy_noise": "haze and noise",
    "gradient": "gradient",
    "occlusion": "occlusion",
    "salt_pepper": "salt and pepper",
    "uci_to_mnist": "UCI to MNIST",
}
VARIANTS = {
    "plain": "plain",
    "swta": "soft WTA",
    "one_pass": "one pass",
    "dog": "DoG",
    "local_contrast": "local contrast",
    "min_max": "min-max",
    "augmentation": "augmentation",
    "divisive": "divisive",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over seeds, and half the width of its 95 % interval (Student's t), in percent or points."""

    mean: float
    half_width: float


def accuracies(rows: Sequence[Mapping[str, Any]], variant: str, name: str) -> dict[int, float]:
    """Returns which share of a set a variant reads rightly, seed by seed. Raises InputError where there is none."""
    found = {row["seed"]: row[name] for row in rows if row["variant"] == variant and name in row}
    if not found:
        what = f"no run of {variant} has a value of {name}"
        raise InputError(
            Problem("measure-unfit", "filter-vit", what, "draw a study of this family judged on the table")
        )
    return found


def accuracy(rows: Sequence[Mapping[str, Any]], variant: str, name: str) -> Interval:
    """Returns how many percent of a set a variant reads rightly."""
    return _interval(list(accuracies(rows, variant, name).values()))


def gain(rows: Sequence[Mapping[str, Any]], variant: str, name: str) -> Interval:
    """Returns by how many points a variant reads more of a set than plain images are read, with the same seeds."""
    own, plain = accuracies(rows, variant, name), accuracies(rows, PLAIN, name)
    return _interval([own[seed] - plain[seed] for seed in sorted(own.keys() & plain.keys())])


def _interval(shares: Sequence[float]) -> Interval:
    from scipy.stats import t  # here and not above: a recipe is read without it

    values = 100.0 * np.asarray(shares)
    if len(values) < 2:
        return Interval(mean=float(values.mean()), half_width=0.0)
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    return Interval(mean=float(values.mean()), half_width=float(t.ppf(0.975, len(values) - 1)) * float(error))
