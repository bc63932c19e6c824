"""Training of the cmc family: recipe and seed in, checkpoint out, by gradient through the steps of the circuit.

The epoch is chosen on a tenth of the training images, held back; the test images are looked at once, at the end.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from neurocmc.circuits.checkpoints import checkpoint, save_checkpoint
from neurocmc.circuits.cmc.augment import augmented
from neurocmc.circuits.cmc.evaluate import accuracy, evaluate
from neurocmc.circuits.cmc.hierarchy import Noise
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.regularise import penalty
from neurocmc.circuits.cmc.resume import AGAIN, read_state, state_path, write_state
from neurocmc.circuits.images import ImageSplit, load_task
from neurocmc.circuits.seeds import check_seed
from neurocmc.circuits.training import EpochReport, reproducible
from neurocmc.common.errors import InputError, Problem, raise_input_problems

Progress = Callable[[EpochReport], None]


def train(
    recipe: CmcRecipe,
    seed: int | None = None,
    progress: Progress | None = None,
    split: ImageSplit | None = None,
    output: Path | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Train the model of `recipe` and return its checkpoint, written to `output` if that is given.

    `seed` overrides the recipe's, `split` the images of its task. With an `output`, the best epoch so far always
    stands there as a checkpoint, and the state of the training beside it, so that `resume` goes on after a kill. The
    same recipe, seed and images give the same bytes on the same machine, interrupted or not. Raises InputError for a
    bad seed, images that do not fit the recipe, files that cannot be written, and nothing to resume.
    """
    if seed is not None:
        recipe = recipe.model_copy(update={"seed": check_seed(seed)})
    split = load_task(recipe.task, recipe.images) if split is None else split
    raise_input_problems(_misfits(recipe, split))
    with reproducible(recipe.seed):
        model = CmcModel(recipe)
        trainer = _Trainer(model, recipe, split, output)
        if resume:
            trainer.resume()
        trainer.run(progress)
        metrics = evaluate(model, recipe, split)
    result = _checkpoint(recipe, model, metrics | trainer.chosen())
    if output is not None:
        save_checkpoint(result, output)
        state_path(output).unlink(missing_ok=True)
    return result


def _misfits(recipe: CmcRecipe, split: ImageSplit) -> list[Problem]:
    problems: list[Problem] = []
    channels, height, width = split.shape
    if channels != recipe.retina.inputs:
        what = f"retina.inputs is {recipe.retina.inputs}, the images of {split.task} have {channels} channels"
        problems.append(Problem("recipe-unlike-images", "recipe", what, f"set retina.inputs: {channels}"))
    if split.classes != recipe.readout.classes:
        what = f"readout.classes is {recipe.readout.classes}, {split.task} has {split.classes} classes"
        problems.append(Problem("recipe-unlike-images", "recipe", what, f"set readout.classes: {split.classes}"))
    if min(height, width) < recipe.retina.grid:
        what = f"retina.grid is {recipe.retina.grid}, the images of {split.task} are {height} x {width} pixels"
        problems.append(
            Problem("recipe-unlike-images", "recipe", what, f"set retina.grid to at most {min(height, width)}")
        )
    return problems


def _checkpoint(recipe: CmcRecipe, model: CmcModel, metrics: dict[str, Any]) -> dict[str, Any]:
    return checkpoint(recipe.family, recipe.model_dump(mode="json"), recipe.seed, metrics, model)


class _Trainer:
    """One training run; owns the optimiser, the order of the images and the best state so far."""

    def __init__(self, model: CmcModel, recipe: CmcRecipe, split: ImageSplit, output: Path | None) -> None:
        self.model, self.recipe, self.output = model, recipe, output
        self.options = options = recipe.training
        fit, self.validation = split.fit_and_validation()
        self.images, self.labels = torch.tensor(fit.planes), torch.tensor(fit.labels)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        # The fingerprint is for resuming alone, and takes its time on large data.
        data = split.fingerprint() if output is not None else ""
        self.identity: dict[str, Any] = {"recipe": recipe.model_dump(mode="json"), "data": data}
        self.noise = (
            Noise(rate=options.rate_noise, relay=options.relay_noise, generator=self.generator)
            if options.rate_noise > 0 or options.relay_noise > 0
            else None
        )
        eye = [*model.retina.parameters(), *model.gaze.parameters()]
        readout, circuit = list(model.readout.parameters()), list(model.circuit.parameters())
        groups: list[dict[str, Any]] = [
            {"params": eye, "lr": options.learning_rate, "weight_decay": options.weight_decay},
            {"params": circuit, "lr": options.circuit_learning_rate},
            {"params": readout, "lr": options.readout_learning_rate, "weight_decay": options.weight_decay},
        ]
        self.optimiser = torch.optim.Adam(groups)
        steps = options.epochs * -(-len(self.labels) // options.batch_size)
        self.schedule = (
            torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, steps)
            if options.schedule == "cosine"
            else torch.optim.lr_scheduler.ConstantLR(self.optimiser, factor=1.0)
        )
        self.done = 0
        self.best, self.best_epoch, self.best_state = -1.0, 0, dict[str, Tensor]()

    def chosen(self) -> dict[str, float]:
        """Which epoch was taken, and how good it was on the validation images."""
        return {"epoch": self.best_epoch, "validation_accuracy": self.best}

    def run(self, progress: Progress | None) -> None:
        """Train to the last epoch and leave the best epoch's parameters in the model."""
        while self.done < self.options.epochs:
            loss = self._epoch()
            self.done += 1
            reached = accuracy(self.model, self.validation)
            # A later epoch wins a tie: its learning rate is lower, its decisions are settled.
            better = reached >= self.best
            if better:
                self.best, self.best_epoch = reached, self.done
                self.best_state = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
            if self.output is not None:
                if better:
                    save_checkpoint(_checkpoint(self.recipe, self.model, self.chosen()), self.output)
                write_state(self.output, self.identity, self._state())
            if progress is not None:
                report = EpochReport(
                    epoch=self.done, epochs=self.options.epochs, loss=loss, validation_accuracy=reached
                )
                progress(report)
        self.model.load_state_dict(self.best_state)

    def resume(self) -> None:
        """Take up the state kept beside the output. Raises InputError if there is none that fits."""
        if self.output is None:
            raise ValueError("resuming needs the output beside which the state stands")
        moved = [parameter for group in self.optimiser.param_groups for parameter in group["params"]]
        state = read_state(self.output, self.identity, self._state(), moved, self.options.epochs)
        try:
            self.generator.set_state(state["generator"])
        except RuntimeError:  # bytes that are none of its states
            what = "state.generator is no state of a random generator"
            raise InputError(Problem("resume-state-damaged", str(state_path(self.output)), what, AGAIN)) from None
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.done, self.best, self.best_epoch = state["done"], state["best"], state["best_epoch"]
        self.best_state = state["best_state"]

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "generator": self.generator.get_state(),
            "done": self.done,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_state": self.best_state,
        }

    def _epoch(self) -> float:
        self.model.train()
        order = torch.randperm(len(self.labels), generator=self.generator)
        total = 0.0
        for batch in order.split(self.options.batch_size):
            loss = self._loss(augmented(self.images[batch], self.options, self.generator), self.labels[batch])
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.options.gradient_clip)
            self.optimiser.step()
            self.schedule.step()
            total += loss.item() * len(batch)
        return total / len(order)

    def _loss(self, images: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy of the readout, and what the recipe charges for activity and ranges."""
        model, options = self.model, self.options
        trajectory = model.present(model.drives(images), self.noise)
        logits = model.readout(model.features(trajectory.rate))
        wrong = nn.functional.cross_entropy(logits, labels, label_smoothing=options.label_smoothing)
        return wrong + penalty(model.circuit, trajectory, options)
