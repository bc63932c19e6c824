"""Trains a run of a study or takes it up again, and says what its circuit does with test images."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from neurocmc.circuits.archive import read_archive, state_problems
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.resume import state_path
from neurocmc.circuits.cmc.train import train
from neurocmc.circuits.cmc.wiring import POPULATIONS
from neurocmc.circuits.images import Images, ImageSplit
from neurocmc.circuits.study.landscape import loss_landscape
from neurocmc.circuits.study.plan import FigureRecipe, Result, Run, write_result
from neurocmc.circuits.training import EpochReport, reproducible
from neurocmc.common.arrays import Float, Int, set_frozen
from neurocmc.common.errors import raise_input_problems
from neurocmc.common.files import make_folder
from neurocmc.common.loss_surface import LossSurface


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dynamics:
    """The state of a trained circuit while it looks at test images; ablated populations are left out."""

    tick_s: float
    p: dict[tuple[str, str], Float]  # (region, population) -> (images, ticks, columns)
    v: dict[tuple[str, str], Float]
    drive: Float  # (images, ticks, columns) into ss of the first region
    labels: Int  # (images,)

    def __post_init__(self) -> None:
        set_frozen(self, "drive", np.float64, (None, None, None))
        set_frozen(self, "labels", np.int64, (len(self.drive),))


def train_run(run: Run, split: ImageSplit, progress: Callable[[EpochReport], None] | None = None) -> Result:
    """Trains a run, from where it was left if it was, and keeps its result.

    Raises InputError for images that do not fit the recipe, files that cannot be written, and a state of training
    that is damaged or of another recipe.
    """
    make_folder(run.folder)
    begun = os.path.lexists(state_path(run.checkpoint))
    checkpoint = train(run.recipe, progress=progress, split=split, output=run.checkpoint, resume=begun)
    return write_result(run, checkpoint)


def trained_model(path: Path, recipe: CmcRecipe) -> CmcModel:
    """Returns the model of a checkpoint that a study wrote. Raises InputError where it is not that of the recipe."""
    again = "delete the run; it is then repeated"
    state = read_archive(path, cure=again).plain.get("state_dict")
    model = CmcModel(recipe)
    raise_input_problems(state_problems(state, model.state_dict(), "state_dict", str(path), again))
    model.load_state_dict(cast("dict[str, Any]", state))
    return model.eval()


@torch.no_grad()
def dynamics(model: CmcModel, recipe: CmcRecipe, images: Images) -> Dynamics:
    """Returns what the circuit does with `images`."""
    drives = model.drives(torch.tensor(images.planes))
    trajectory = model.present(drives)
    p: dict[tuple[str, str], Float] = {}
    v: dict[tuple[str, str], Float] = {}
    for region in range(recipe.circuit.regions):
        for place, population in enumerate(POPULATIONS):
            if bool(model.circuit.present[place]):
                name = (f"V{region + 1}", population)
                p[name] = trajectory.p[:, :, region, place].double().numpy()
                v[name] = trajectory.v[:, :, region, place].double().numpy()
    held = drives.repeat_interleave(model.hold_ticks, dim=1).double().numpy()
    return Dynamics(tick_s=recipe.circuit.dt_s, p=p, v=v, drive=held, labels=images.labels)


def landscape(
    model: CmcModel, run: Run, split: ImageSplit, options: FigureRecipe, progress: Callable[[float], None]
) -> LossSurface:
    """Returns the loss of a run's model around it, over the first training images, without augmentation or noise."""
    fit, _ = split.fit_and_validation()
    seen = fit.take(slice(0, options.landscape_images))
    with reproducible(run.seed):
        return loss_landscape(
            model,
            model,
            torch.tensor(seen.planes),
            torch.tensor(seen.labels),
            points=options.landscape_points,
            reach=options.landscape_reach,
            seed=run.seed,
            progress=progress,
        )
