"""Trains the cmc family: recipe and seed in, checkpoint out, by gradient through the steps of the circuit.

The epoch is chosen on a tenth of the training images, held back; the test images are looked at once, at the end.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from neurocmc.circuits.checkpoints import save_checkpoint, trained_checkpoint
from neurocmc.circuits.cmc.augment import augmented
from neurocmc.circuits.cmc.evaluate import accuracy, evaluate
from neurocmc.circuits.cmc.hierarchy import Noise
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.regularise import penalty
from neurocmc.circuits.cmc.resume import AGAIN, read_state, state_path, write_state
from neurocmc.circuits.cmc.stepping import CmcPools
from neurocmc.circuits.images import ImageSplit, load_task
from neurocmc.circuits.seeds import with_seed
from neurocmc.circuits.training import ImageBatch, Progress, Training, TrainingPlan, reproducible
from neurocmc.common.errors import InputError, Problem, raise_input_problems


def train(
    recipe: CmcRecipe,
    seed: int | None = None,
    progress: Progress | None = None,
    split: ImageSplit | None = None,
    output: Path | None = None,
    *,
    resume: bool = False,
) -> dict[str, Any]:
    """Trains the model of `recipe` and returns its checkpoint, written to `output` if that is given.

    `seed` overrides the recipe's, `split` the images of its task. With an `output`, the best epoch so far always
    stands there as a checkpoint, and the state of the training beside it, so that `resume` goes on after a kill. The
    same recipe, seed and images give the same bytes on the same machine, interrupted or not. Raises InputError for a
    bad seed, images that do not fit the recipe, files that cannot be written, and nothing to resume.
    """
    recipe = with_seed(recipe, seed)
    split = load_task(recipe.task, recipe.images) if split is None else split
    raise_input_problems(_misfits(recipe, split))
    with reproducible(recipe.seed):
        model = CmcModel(recipe)
        trainer = _Trainer(model, recipe, split, output)
        if resume:
            trainer.resume()
        trainer.run(progress)
        on_chip = {"chip_accuracy": accuracy(model, split.test)} if trainer.pools() is not None else {}
        model.circuit.pools = None
        metrics = evaluate(model, recipe, split) | on_chip
    result = trained_checkpoint(recipe, metrics | trainer.chosen(), model)
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


class _Trainer(Training[ImageBatch]):
    """A training of a hierarchy of columns; where it has an output, its state stands beside it."""

    model: CmcModel

    def __init__(self, model: CmcModel, recipe: CmcRecipe, split: ImageSplit, output: Path | None) -> None:
        self.recipe, self.output = recipe, output
        self.options = options = recipe.training
        fit, self.validation = split.fit_and_validation()
        self.images = ImageBatch(torch.tensor(fit.planes), torch.tensor(fit.labels))
        self.calibration = split.calibration()
        if options.pools is not None:
            model.circuit.pools = model.circuit.chip_pools(options.pools.neurons, relays=options.pools.relays)
        generator = torch.Generator().manual_seed(recipe.seed)
        # The fingerprint is for resuming alone, and takes its time on large data.
        data = split.fingerprint() if output is not None else ""
        self.identity: dict[str, Any] = {"recipe": recipe.model_dump(mode="json"), "data": data}
        self.noise = (
            Noise(rate=options.rate_noise, relay=options.relay_noise, generator=generator)
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
        plan = TrainingPlan(
            epochs=options.epochs,
            gradient_clip=options.gradient_clip,
            schedule=options.schedule,
            steps=options.epochs * -(-len(self.images) // options.batch_size),
        )
        super().__init__(model, groups, plan, generator)

    def chosen(self) -> dict[str, float]:
        """Returns which epoch was taken, and how good it was on the validation images."""
        return {"epoch": self.best_epoch, "validation_accuracy": self.best}

    def batches(self) -> Iterator[ImageBatch]:
        for batch in self.images.split(self.options.batch_size, self.generator):
            yield ImageBatch(augmented(batch.images, self.options, self.generator), batch.labels)

    def pools(self) -> CmcPools | None:
        return self.model.circuit.pools

    def rehearse(self) -> None:
        self.model(torch.tensor(self.calibration.planes))

    def accuracy(self) -> float:
        return accuracy(self.model, self.validation)

    def after_epoch(self) -> None:
        if self.output is not None:
            if self.best_epoch == self.done:
                save_checkpoint(trained_checkpoint(self.recipe, self.chosen(), self.model), self.output)
            write_state(self.output, self.identity, self.state())

    def resume(self) -> None:
        """Takes up the state kept beside the output. Raises InputError if there is none that fits."""
        if self.output is None:
            raise ValueError("resuming needs the output file next to which the state was written")
        moved = [parameter for group in self.optimiser.param_groups for parameter in group["params"]]
        state = read_state(self.output, self.identity, self.state(), moved, self.options.epochs)
        try:
            self.generator.set_state(state["generator"])
        except RuntimeError:  # bytes that are none of its states
            what = "state.generator is no state of a random generator"
            raise InputError(Problem("resume-state-damaged", str(state_path(self.output)), what, AGAIN)) from None
        self.take_up(state)

    def loss(self, batch: ImageBatch) -> Tensor:
        """Returns the cross-entropy of the readout, and what the recipe charges for activity and ranges."""
        model, options = self.model, self.options
        trajectory = model.present(model.drives(batch.images), self.noise)
        logits = model.readout(model.features(trajectory.rate))
        wrong = nn.functional.cross_entropy(logits, batch.labels, label_smoothing=options.label_smoothing)
        return wrong + penalty(model.circuit, trajectory, options)
