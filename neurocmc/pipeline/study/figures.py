"""Draws the figures of a study: all runs against each other, and what single circuits do."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.circuits.images import ImageSplit, load_task
from neurocmc.circuits.study.plan import FigureRecipe, Result, Run, group
from neurocmc.circuits.study.run import Dynamics, dynamics, landscape, trained_model
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import read_npz, write_npz
from neurocmc.common.loss_surface import LossSurface
from neurocmc.report.figures.cmc_dynamics import StateTraces, draw_phase_portraits, draw_voltages
from neurocmc.report.figures.study import (
    StudyPoint,
    draw_accuracy_against_size,
    draw_accuracy_of_variants,
    draw_loss_landscape,
)

PORTRAYED = "sp"
LANDSCAPE = "landscape.npz"


def draw_whole(results: Sequence[Result], folder: Path) -> list[Path]:
    """Draws the accuracy of every variant, and accuracy against parameters and depth."""
    points = [
        StudyPoint(
            variant=variant,
            regions=regions,
            parameters=runs[0].parameters,
            accuracy=np.array([run.accuracy for run in runs]),
        )
        for (regions, variant), runs in group(results).items()
    ]
    pictures = [folder / "variants.png", folder / "size.png"]
    draw_accuracy_of_variants(points, pictures[0], chance=results[0].metrics.get("chance"))
    draw_accuracy_against_size(points, pictures[1])
    return pictures


def draw_run(run: Run, options: FigureRecipe, folder: Path, progress: Callable[[float], None]) -> list[Path]:
    """Draws phase portraits, voltages and, if asked for, the loss landscape of one run."""
    split = load_task(run.recipe.task, run.recipe.images)
    seen = dynamics(trained_model(run.checkpoint, run.recipe), run.recipe, split.test.take(slice(0, options.images)))
    progress(0.1)
    pictures = [folder / f"voltages-{run.name}.png"]
    first = {name: v[0] for name, v in seen.v.items()}
    title = f"a test image of class {seen.labels[0]}"
    draw_voltages(first, seen.tick_s, pictures[0], title=title, drive=seen.drive[0])
    if portrayed := _portrayed(seen):
        pictures.append(folder / f"phase-{run.name}.png")
        draw_phase_portraits(portrayed, seen.labels, pictures[-1], names=[str(c) for c in range(split.classes)])
    progress(0.2)
    if options.landscape_points:
        pictures.append(folder / f"landscape-{run.name}.png")
        surface = _landscape(run, split, options, lambda share: progress(0.2 + 0.8 * share))
        draw_loss_landscape(surface, pictures[-1], title=f"Loss around {run.name}")
    progress(1.0)
    return pictures


def _portrayed(seen: Dynamics) -> list[StateTraces]:
    return [
        StateTraces(region=region, population=population, tick_s=seen.tick_s, p=seen.p[region, population], v=v)
        for (region, population), v in seen.v.items()
        if population == PORTRAYED
    ]


def _landscape(run: Run, split: ImageSplit, options: FigureRecipe, progress: Callable[[float], None]) -> LossSurface:
    """The landscape, from disk where it was computed before with the same options."""
    path = run.folder / LANDSCAPE
    asked = {"reach": np.array(options.landscape_reach), "images": np.array(options.landscape_images)}
    if os.path.lexists(path):
        kept = read_npz(path)
        found = _kept_landscape(kept, path)
        same = all(np.array_equal(kept.get(name, np.nan), value) for name, value in asked.items())
        if same and len(found.first) == options.landscape_points:
            return found
    found = landscape(trained_model(run.checkpoint, run.recipe), run, split, options, progress)
    arrays = {name: getattr(found, name) for name in ("first", "second", "loss", "accuracy")}
    write_npz(path, {**arrays, **asked})
    return found


def _kept_landscape(kept: Mapping[str, NDArray[Any]], path: Path) -> LossSurface:
    """The landscape in the arrays of a file. Raises InputError where it is none."""
    try:
        found = LossSurface(**{name: kept[name] for name in ("first", "second", "loss", "accuracy")})
        sound = all(np.isfinite(values).all() for values in (found.first, found.second, found.accuracy))
    except (KeyError, TypeError, ValueError):
        sound, found = False, None
    if found is None or not sound:
        raise InputError(
            Problem("study-file-wrong", str(path), "is not the landscape of a run", "delete it: it is computed again")
        )
    return found
