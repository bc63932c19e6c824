"""Makes a run of a study: trains a transformer behind a filter, judges it, and writes the filter's circuit.

The file is the circuit alone: the chip holds the filter, and the transformer stays on the host. `reader` trains the
same transformer again, to the same bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import neurocmc
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.extras import need
from neurocmc.common.files import write_file
from neurocmc.common.progress import Progress, part_of, silent
from neurocmc.common.strict_yaml import Document
from neurocmc.literature.filter import corruptions
from neurocmc.literature.filter.circuit import circuit_text
from neurocmc.literature.filter.equations import filtered
from neurocmc.literature.filter.recipe import FilterRecipe, Run
from neurocmc.literature.filter.sets import DIGITS, DRAWN_BY, SIDE, Labelled, chosen_on, in_haze, of_the_table, uci

if TYPE_CHECKING:
    from neurocmc.literature.filter.transformer import VisionTransformer

ONE_IN = 10  # digits of UCI is held back to choose the epoch
OF_PIXELS = ("swta", "one_pass", "divisive")  # filters that a circuit of rate units is
UCI_CLASSES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The images of a task as they come: to fit, to choose the epoch and the filter, and to judge by."""

    fit: Labelled
    held_back: Labelled
    test: Labelled
    classes: int


class FilterFamily:
    """A filter over pixels, and what a vision transformer reads behind it."""

    suffix = ".yaml"

    def checked(self, document: Document) -> Mapping[str, Any]:
        """Returns what a run depends on, which of the filters is its own alone."""
        run = document.validate(FilterRecipe).run()
        if SIDE % run.transformer.patch_px:
            what = f"{run.transformer.patch_px} pixels do not divide the {SIDE} of an image"
            cure = "give 1, 2, 4, 7, 14 or 28"
            raise InputError(document.problem("field-inconsistent", ("transformer", "patch_px"), what, cure))
        return run.model_dump()

    def make(self, recipe: Mapping[str, Any], seed: int, path: Path, progress: Progress) -> Mapping[str, float]:
        """Trains, judges and writes. Returns for each set the share of images that is read rightly."""
        run = Run.model_validate(recipe)
        split = images_of(run)
        write_file(path, circuit_of(run, split))
        return _shares(run, split, seed, progress)


FAMILY = FilterFamily()


def images_of(run: Run) -> Split:
    """Returns the images of a run's task. Raises InputError where they are not grey ones of 28 x 28 pixels."""
    split = neurocmc.images(run.task, run.size)
    if split.shape != (1, SIDE, SIDE):
        what = "its images are {} x {} x {}".format(*split.shape)
        raise InputError(Problem("field-inconsistent", f"task {run.task}", what, f"name one of 1 x {SIDE} x {SIDE}"))
    parts = (*split.fit_and_validation(), split.test)
    fit, held_back, test = (
        Labelled(images=part.images.reshape(-1, SIDE, SIDE).astype(np.float64), labels=part.labels) for part in parts
    )
    return Split(fit=fit, held_back=held_back, test=test, classes=split.classes)


def behind(run: Run, images: Labelled) -> Labelled:
    """Returns images behind the filter of a run."""
    return Labelled(images=filtered(images.images, run.filter, run.parameters), labels=images.labels)


def reader(run: Run, split: Split, seed: int, progress: Progress = silent) -> "VisionTransformer":
    """Returns the transformer of a run, trained behind its filter. Raises InputError where torch is missing."""
    need("torch", "filter-vit", "training a vision transformer")
    from neurocmc.literature.filter.training import trained  # here and not above: torch takes seconds to import

    return trained(run, behind(run, split.fit), behind(run, split.held_back), split.classes, seed, progress)


def circuit_of(run: Run, split: Split) -> str:
    """Returns the circuit of a run, with drives of training images to calibrate on and of test images.

    Half of them are as they are, a quarter each with noise and in haze: what the chip's pools must have room for.
    """
    settings = run.circuit
    calibration = _mixed(split.fit.images[: settings.calibration_images])
    test = _mixed(split.test.images[: settings.test_images])
    if run.filter not in OF_PIXELS:
        calibration, test = (filtered(images, run.filter, run.parameters) for images in (calibration, test))
    return circuit_text(run.filter, run.parameters, settings.model_dump(), calibration, test)


def _mixed(images: Float) -> Float:
    half, quarter = len(images) // 2, len(images) // 4
    generator = np.random.Generator(np.random.PCG64(DRAWN_BY))
    noisy = corruptions.noise(images[half : half + quarter], generator)
    return np.concatenate([images[:half], noisy, corruptions.haze(images[half + quarter :])])


def _shares(run: Run, split: Split, seed: int, progress: Progress) -> dict[str, float]:
    """For each set the share that is read rightly; in the table also of MNIST by one that was trained on UCI."""
    if run.judged_on == "choice":
        return _read(run, reader(run, split, seed, progress), chosen_on(split.held_back))
    if run.judged_on == "haze":
        return _read(run, reader(run, split, seed, progress), in_haze(split.test, run.task))
    across = run.task == DIGITS
    model = reader(run, split, seed, part_of(progress, 0.0, 0.6 if across else 1.0))
    shares = _read(run, model, of_the_table(split.test, run.task))
    if across:
        own = _of_uci(split.test)
        there = reader(run, own, seed, part_of(progress, 0.6, 0.4))
        shares |= _read(run, there, {"uci_to_mnist": own.test})
    return shares


def _read(run: Run, model: "VisionTransformer", sets: Mapping[str, Labelled]) -> dict[str, float]:
    from neurocmc.literature.filter.training import accuracy

    return {name: accuracy(model, behind(run, images)) for name, images in sets.items()}


def _of_uci(test: Labelled) -> Split:
    """The digits of UCI, framed as MNIST's are, to train on, and those of MNIST to judge by."""
    digits = uci("centred")
    back = np.arange(len(digits.labels)) % ONE_IN == 0
    fit, held_back = (Labelled(images=digits.images[part], labels=digits.labels[part]) for part in (~back, back))
    return Split(fit=fit, held_back=held_back, test=test, classes=UCI_CLASSES)
