"""Trains: recipe and seed in, checkpoint out, end to end by gradient through the dynamics of the circuit.

The epoch is chosen on 400 digits held back from the training digits; the test digits are looked at once, at the end.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from neurocmc.circuits.checkpoints import trained_checkpoint
from neurocmc.circuits.digits import CLASSES, SIDE, Digits, DigitSplit, load_digits
from neurocmc.circuits.model import DigitModel
from neurocmc.circuits.recipe import Recipe, TrainingRecipe
from neurocmc.circuits.seeds import with_seed
from neurocmc.circuits.seen_pools import SeenPools
from neurocmc.circuits.swta import SoftWinnerTakeAll
from neurocmc.circuits.training import ImageBatch, Progress, Training, TrainingPlan, parameter_count, reproducible
from neurocmc.common.strict_yaml import load_model

CLOSE_CALL = 0.05  # a decision is close when its two best activities differ by less than this part of the maximum


def load_recipe(path: Path) -> Recipe:
    """Returns the recipe in a YAML file. Raises InputError with file and line of every fault."""
    return load_model(path, Recipe)


def train(
    recipe: Recipe,
    seed: int | None = None,
    progress: Progress | None = None,
    split: DigitSplit | None = None,
) -> dict[str, Any]:
    """Trains the model of `recipe` and returns its checkpoint, ready for `save_checkpoint`.

    `seed` overrides the recipe's. The same recipe, seed and split give the same bytes on the same machine: one
    thread, deterministic algorithms, random numbers from generators of its own. Raises InputError for a bad seed.
    """
    recipe = with_seed(recipe, seed)
    split = load_digits() if split is None else split
    with reproducible(recipe.seed):
        model = DigitModel(recipe)
        trainer = _Trainer(model, recipe, split)
        trainer.run(progress)
        on_chip = {"chip_accuracy": trainer.accuracy_on(split.test)} if trainer.pools() is not None else {}
        model.circuit.pools = None
        metrics = evaluate(model, split.test) | on_chip
    return trained_checkpoint(recipe, metrics, model)


class _Trainer(Training[ImageBatch]):
    """A training of digits: encoder alone at first, noise on evidence and drives, a circuit that is kept stable."""

    model: DigitModel

    def __init__(self, model: DigitModel, recipe: Recipe, split: DigitSplit) -> None:
        self.options: TrainingRecipe = recipe.training
        options = self.options
        fit, self.validation = split.fit_and_validation()
        self.digits = _tensors(fit)
        self.calibration = split.calibration()
        if options.pools is not None:
            circuit = model.circuit
            circuit.pools = SeenPools(circuit.groups(), circuit.units + 1, options.pools.neurons)
        moved = [parameter for parameter in model.circuit.parameters() if parameter.requires_grad]
        encoder = list(model.encoder.parameters())
        groups: list[dict[str, Any]] = [
            {"params": encoder, "lr": options.learning_rate, "weight_decay": options.weight_decay},
            {"params": moved, "lr": options.circuit_learning_rate},
        ]
        epochs = options.warmup_epochs + options.epochs
        plan = TrainingPlan(
            epochs=epochs,
            warmup_epochs=options.warmup_epochs,
            gradient_clip=options.gradient_clip,
            schedule=options.schedule,
            steps=epochs,
            falls_at="epoch",
        )
        super().__init__(model, groups, plan, torch.Generator().manual_seed(recipe.seed))

    def batches(self) -> Iterator[ImageBatch]:
        for batch in self.digits.split(self.options.batch_size, self.generator):
            yield ImageBatch(_shifted(batch.images, self.options.shift_pixels, self.generator), batch.labels)

    def loss(self, batch: ImageBatch) -> Tensor:
        return self._warmup_loss(batch) if self.warming else self._circuit_loss(batch)

    def after_step(self) -> None:
        self.model.circuit.project_(self.options.stability_margin)

    def pools(self) -> SeenPools | None:
        return self.model.circuit.pools

    def rehearse(self) -> None:
        self.model(torch.tensor(self.calibration.images))

    def accuracy(self) -> float:
        return self.accuracy_on(self.validation)

    def accuracy_on(self, digits: Digits) -> float:
        """Returns the share of right answers of the model as it stands, through pools if it has them."""
        return evaluate(self.model, digits)["accuracy"]

    def _warmup_loss(self, batch: ImageBatch) -> Tensor:
        wanted = nn.functional.one_hot(batch.labels, CLASSES).to(batch.images.dtype)
        return nn.functional.binary_cross_entropy_with_logits(self.model.encoder.logits(batch.images), wanted)

    def _circuit_loss(self, batch: ImageBatch) -> Tensor:
        """Cross-entropy of the read activities, and their distance to one winner of the target amplitude."""
        options, model, images, labels = self.options, self.model, batch.images, batch.labels
        evidence = model.encoder(images)
        noise = torch.randn(evidence.shape, generator=self.generator)
        # Evidence is a drive of known range: noise may not carry it outside.
        evidence = (evidence + options.evidence_noise * model.encoder.ceiling * noise).clamp(0, model.encoder.ceiling)
        ticks = (len(images), model.ticks, model.circuit.units + 1)
        drive_noise = options.drive_noise * torch.randn(ticks, generator=self.generator)
        read = model.read(model.present(evidence, drive_noise))
        wanted = options.target_activity * nn.functional.one_hot(labels, CLASSES)
        amplitude = ((read - wanted) ** 2).sum(dim=1).mean()
        return nn.functional.cross_entropy(options.logit_scale * read, labels) + options.amplitude_weight * amplitude


def _tensors(digits: Digits) -> ImageBatch:
    return ImageBatch(torch.tensor(digits.images), torch.tensor(digits.labels))


def _shifted(images: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Each image moved by up to `pixels` in both directions, zeros moving in."""
    if pixels == 0:
        return images
    padded = nn.functional.pad(images, (pixels,) * 4)
    corner = torch.randint(0, 2 * pixels + 1, (2, len(images), 1), generator=generator)
    rows, columns = corner + torch.arange(SIDE)
    trials = torch.arange(len(images))[:, None, None]
    return padded[trials, rows[:, :, None], columns[:, None, :]]


@torch.no_grad()
def evaluate(model: DigitModel, digits: Digits) -> dict[str, Any]:
    """Returns the accuracy of model and baselines on `digits`, the clearness of its decisions, its sizes.

    Baselines: `encoder_only_accuracy` has no dynamics (the largest evidence answers), `uncoupled_accuracy` the same
    units with all coupling at 0, `chance` is the share of the commonest class. `close_calls` is the share of digits
    whose two best activities differ by less than 5 % of the largest activity read. `one_active` is the share in which
    just one unit is above 1 % of it, with and without coupling. Activities are in the circuit's own units.
    """
    model.eval()
    shown = _tensors(digits)
    labels, evidence = shown.labels, model.encoder(shown.images)
    activity = model.present(evidence)
    read = model.read(activity)
    uncoupled = model.read(_uncoupled(model)(evidence.unsqueeze(1).expand(-1, model.ticks, -1)))
    best = read.topk(2, dim=1).values
    units = model.circuit.units
    return {
        "digits": len(labels),
        "accuracy": _share(read.argmax(dim=1) == labels),
        "encoder_only_accuracy": _share(evidence.argmax(dim=1) == labels),
        "uncoupled_accuracy": _share(uncoupled.argmax(dim=1) == labels),
        "chance": float(torch.bincount(labels, minlength=CLASSES).max()) / len(labels),
        "close_calls": _share(best[:, 0] - best[:, 1] < CLOSE_CALL * read.max()),
        "one_active": _one_active(read),
        "one_active_uncoupled": _one_active(uncoupled),
        "median_winner_activity": float(best[:, 0].median()),
        "largest_excite_activity": float(activity[..., :units].max()),
        "largest_inhibit_activity": float(activity[..., units].max()),
        "circuit_parameters": parameter_count(model.circuit),
        "encoder_parameters": parameter_count(model.encoder),
    }


def _uncoupled(model: DigitModel) -> SoftWinnerTakeAll:
    """The circuit of `model` with thresholds and filters only."""
    values = replace(model.circuit.values(), alpha=0.0, alpha2=0.0, beta1=0.0, beta2=0.0)
    return SoftWinnerTakeAll(values)


def _one_active(read: Tensor) -> float:
    return _share((read > 0.01 * read.max()).sum(dim=1) == 1)


def _share(hits: Tensor) -> float:
    return int(hits.sum()) / len(hits)
