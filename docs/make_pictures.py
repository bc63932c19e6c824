"""Pictures of pages whose studies take long: draws them again from the tables in docs/studies.

    python docs/make_pictures.py                       all
    python docs/make_pictures.py robustness-digits     some

The gallery has a script of its own, docs/make_gallery.py.
"""

import argparse
import csv
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from neurocmc.report.figures.robustness import FaultCurve, draw_robustness
from neurocmc.report.figures.study import StudyPoint, draw_accuracy_against_size, draw_accuracy_of_variants
from neurocmc.verification.intervals import Interval

DOCS = Path(__file__).parent
STUDIES, PICTURES = DOCS / "studies", DOCS / "pictures"
ROBUSTNESS = {  # table -> circuit, as `neurocmc robustness` calls it
    "robustness-memory": "working-memory",
    "robustness-digits": "swta-mnist-5k",
    "robustness-truenorth": "swta-mnist-5k on TrueNorth",
    "robustness-items": "memory-items on TrueNorth",
}
CHANCE = 0.1  # of ten digits


def fault_curves(folder: Path, rows: Sequence[Mapping[str, str]]) -> list[FaultCurve]:
    """The curves of a table of robustness, with the chip without a fault at level 0; table.md names the faults."""
    lines = (folder / "table.md").read_text(encoding="utf-8").splitlines()[2:]
    titles = [line.split("|")[1].strip() for line in lines]
    named = dict(zip((row["kind"] for row in rows), titles, strict=True))
    none, *others = rows
    return [
        _curve(title, [none, *(row for row in others if row["kind"] == kind)])
        for kind, title in named.items()
        if kind != none["kind"]
    ]


def _curve(title: str, rows: Sequence[Mapping[str, str]]) -> FaultCurve:
    held = [row for row in rows if row["held_s"]]
    return FaultCurve(
        title=title,
        levels=tuple(float(row["level"]) for row in rows),
        error=tuple(_interval(row, "error", "error_low", "error_high") for row in rows),
        held_s=tuple(_interval(row, "held_s", "held_low_s", "held_high_s") for row in held),
        longest_s=float(rows[0]["longest_s"] or 0.0),
    )


def _interval(row: Mapping[str, str], value: str, low: str, high: str) -> Interval:
    return Interval(value=float(row[value]), low=float(row[low]), high=float(row[high]))


def draw_faults(name: str, path: Path) -> None:
    """Draw a table of robustness."""
    folder = STUDIES / name
    with (folder / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    seeds = max(int(row["seeds"]) for row in rows)
    draw_robustness(fault_curves(folder, rows), path, title=f"{ROBUSTNESS[name]}, faulty chips: {seeds} seeds")


def study_points(name: str) -> list[StudyPoint]:
    """The runs of a study of canonical microcircuits, by variant and depth, in the order of the table."""
    found: dict[tuple[str, int, int], list[float]] = {}
    with (STUDIES / name / "runs.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = row["variant"], int(row["regions"]), int(row["parameters"])
            found.setdefault(key, []).append(float(row["accuracy"]))
    return [
        StudyPoint(variant=variant, regions=regions, parameters=parameters, accuracy=np.array(accuracy))
        for (variant, regions, parameters), accuracy in found.items()
    ]


DRAWN: dict[str, Callable[[Path], None]] = {
    "cmc-variants": lambda path: draw_accuracy_of_variants(study_points("cmc-variants"), path, chance=CHANCE),
    "cmc-depth": lambda path: draw_accuracy_against_size(study_points("cmc-depth"), path),
    **{name: lambda path, name=name: draw_faults(name, path) for name in ROBUSTNESS},
}


def main(arguments: list[str]) -> None:
    """Draw what is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these pictures")
    names = parser.parse_args(arguments).names
    if unknown := sorted(set(names) - set(DRAWN)):
        parser.error(f"there is no {unknown[0]!r}: there are {', '.join(DRAWN)}")
    for name in names or DRAWN:
        DRAWN[name](PICTURES / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
