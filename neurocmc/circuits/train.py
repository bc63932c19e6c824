"""Training: recipe and seed in, checkpoint out, end to end by gradient through the dynamics of the circuit.

The epoch is chosen on 400 digits held back from the training digits; the test digits are looked at once, at the end.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from neurocmc.circuits.checkpoints import checkpoint
from neurocmc.circuits.digits import CLASSES, SIDE, Digits, DigitSplit, load_digits
from neurocmc.circuits.model import DigitModel
from neurocmc.circuits.recipe import Recipe, TrainingRecipe
from neurocmc.circuits.seeds import check_seed
from neurocmc.circuits.swta import SoftWinnerTakeAll
from neurocmc.circuits.training import EpochReport, parameter_count, reproducible
from neurocmc.common.strict_yaml import load_model

CLOSE_CALL = 0.05  # a decision is close when its two best activities differ by less than this part of the maximum


def load_recipe(path: Path) -> Recipe:
    """The recipe in a YAML file. Raises InputError with file and line of every fault."""
    return load_model(path, Recipe)


def train(
    recipe: Recipe,
    seed: int | None = None,
    progress: Callable[[EpochReport], None] | None = None,
    split: DigitSplit | None = None,
) -> dict[str, Any]:
    """Train the model of `recipe` and return its checkpoint, ready for `save_checkpoint`.

    `seed` overrides the recipe's. The same recipe, seed and split give the same bytes on the same machine: one
    thread, deterministic algorithms, random numbers from generators of its own. Raises InputError for a bad seed.
    """
    if seed is not None:
        recipe = recipe.model_copy(update={"seed": check_seed(seed)})
    split = load_digits() if split is None else split
    with reproducible(recipe.seed):
        model = DigitModel(recipe)
        _Trainer(model, recipe, split).run(progress)
        metrics = evaluate(model, split.test)
    return checkpoint(recipe.family, recipe.model_dump(mode="json"), recipe.seed, metrics, model)


class _Trainer:
    """One training run; owns the optimiser, the order of the digits and the best state so far."""

    def __init__(self, model: DigitModel, recipe: Recipe, split: DigitSplit) -> None:
        self.model = model
        self.options: TrainingRecipe = recipe.training
        fit, validation = split.fit_and_validation()
        self.images, self.labels = _tensors(fit)
        self.validation = validation
        self.epochs = self.options.warmup_epochs + self.options.epochs
        self.generator = torch.Generator().manual_seed(recipe.seed)
        circuit = [parameter for parameter in model.circuit.parameters() if parameter.requires_grad]
        groups: list[dict[str, Any]] = [
            {
                "params": list(model.encoder.parameters()),
                "lr": self.options.learning_rate,
                "weight_decay": self.options.weight_decay,
            },
            {"params": circuit, "lr": self.options.circuit_learning_rate},
        ]
        self.optimiser = torch.optim.Adam(groups)
        self.schedule = (
            torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, self.epochs)
            if self.options.schedule == "cosine"
            else torch.optim.lr_scheduler.ConstantLR(self.optimiser, factor=1.0)
        )

    def run(self, progress: Callable[[EpochReport], None] | None) -> None:
        """Train and leave the best epoch's parameters in the model."""
        best, best_state = -1.0, dict[str, Tensor]()
        for epoch in range(1, self.epochs + 1):
            warming = epoch <= self.options.warmup_epochs
            loss = self._epoch(warming)
            accuracy = evaluate(self.model, self.validation)["accuracy"]
            # A later epoch wins a tie: its learning rate is lower, its decisions are settled.
            if not warming and accuracy >= best:
                best = accuracy
                best_state = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
            if progress is not None:
                progress(EpochReport(epoch=epoch, epochs=self.epochs, loss=loss, validation_accuracy=accuracy))
        self.model.load_state_dict(best_state)

    def _epoch(self, warming: bool) -> float:
        self.model.train()
        order = torch.randperm(len(self.labels), generator=self.generator)
        total = 0.0
        for batch in order.split(self.options.batch_size):
            images = _shifted(self.images[batch], self.options.shift_pixels, self.generator)
            labels = self.labels[batch]
            loss = self._warmup_loss(images, labels) if warming else self._loss(images, labels)
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.options.gradient_clip)
            self.optimiser.step()
            self.model.circuit.project_(self.options.stability_margin)
            total += loss.item() * len(batch)
        self.schedule.step()
        return total / len(order)

    def _warmup_loss(self, images: Tensor, labels: Tensor) -> Tensor:
        wanted = nn.functional.one_hot(labels, CLASSES).to(images.dtype)
        return nn.functional.binary_cross_entropy_with_logits(self.model.encoder.logits(images), wanted)

    def _loss(self, images: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy of the read activities, and their distance to one winner of the target amplitude."""
        options, model = self.options, self.model
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


def _tensors(digits: Digits) -> tuple[Tensor, Tensor]:
    return torch.tensor(digits.images), torch.tensor(digits.labels)


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
    """Accuracy of model and baselines on `digits`, the clearness of its decisions, its sizes.

    Baselines: `encoder_only_accuracy` has no dynamics (the largest evidence answers), `uncoupled_accuracy` the same
    units with all coupling at 0, `chance` is the share of the commonest class. `close_calls` is the share of digits
    whose two best activities differ by less than 5 % of the largest activity read. `one_active` is the share in which
    just one unit is above 1 % of it, with and without coupling. Activities are in the circuit's own units.
    """
    model.eval()
    images, labels = _tensors(digits)
    evidence = model.encoder(images)
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
