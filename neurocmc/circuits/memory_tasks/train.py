"""Trains the memory family: recipe and seed in, checkpoint out, by gradient through every step of the delay.

Each batch has trials of its own and a delay of its own. The epoch is chosen on trials that neither train nor test.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.circuits.checkpoints import trained_checkpoint
from neurocmc.circuits.memory_tasks.evaluate import accuracy, evaluate
from neurocmc.circuits.memory_tasks.match import DelayedMatchCircuit
from neurocmc.circuits.memory_tasks.model import MemoryModel, Noise
from neurocmc.circuits.memory_tasks.recipe import MemoryRecipe, Variant
from neurocmc.circuits.memory_tasks.trials import DIRECTION, Trials, make_trials
from neurocmc.circuits.seeds import with_seed
from neurocmc.circuits.seen_pools import SeenPools
from neurocmc.circuits.training import EpochReport, Progress, Training, TrainingPlan, reproducible

VALIDATION_TRIALS = 200
BASELINES: tuple[Variant, ...] = ("memory-off", "decision-off", "recurrence-off")


def train(recipe: MemoryRecipe, seed: int | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Trains the circuit of `recipe` and returns its checkpoint, ready for `save_checkpoint`.

    A circuit that is whole is told beside its baselines: itself before training, and the same recipe trained
    without parts of its recurrence, which takes four times as long. `seed` overrides the recipe's. The same recipe
    and seed give the same bytes on the same machine. Raises InputError for a bad seed.
    """
    recipe = with_seed(recipe, seed)
    baselines = BASELINES if recipe.circuit.variant == "full" else ()
    epochs = recipe.training.epochs * (1 + len(baselines))
    told = _counted(progress, epochs)
    model, metrics = _trained(recipe, told)
    if baselines:
        metrics["untrained_accuracy"] = evaluate(_untrained(recipe), recipe)["accuracy"]
    for variant in baselines:
        circuit = recipe.circuit.model_copy(update={"variant": variant})
        _model, found = _trained(recipe.model_copy(update={"circuit": circuit}), told)
        metrics[f"{variant.replace('-', '_')}_accuracy"] = found["accuracy"]
    return trained_checkpoint(recipe, metrics, model)


def _untrained(recipe: MemoryRecipe) -> MemoryModel:
    with reproducible(recipe.seed):
        return MemoryModel(recipe)


def _trained(recipe: MemoryRecipe, progress: Progress | None) -> tuple[MemoryModel, dict[str, Any]]:
    with reproducible(recipe.seed):
        model = MemoryModel(recipe)
        trainer = _Trainer(model, recipe)
        trainer.run(progress)
        on_chip = {"chip_accuracy": evaluate(model, recipe)["accuracy"]} if trainer.pools() is not None else {}
        model.circuit.pools = None
        return model, evaluate(model, recipe) | on_chip


def _counted(progress: Progress | None, epochs: int) -> Progress | None:
    """`progress` of all trainings of one call, whole circuit and baselines, as if they were one of `epochs`."""
    if progress is None:
        return None
    number = count(1)

    def passed_on(report: EpochReport) -> None:
        progress(replace(report, epoch=next(number), epochs=epochs))

    return passed_on


class _Trainer(Training[Trials]):
    """A training of trials that are drawn anew for each batch, with a delay that is drawn for each batch."""

    model: MemoryModel

    def __init__(self, model: MemoryModel, recipe: MemoryRecipe) -> None:
        self.recipe, self.options = recipe, recipe.training
        plan = TrainingPlan(
            epochs=self.options.epochs,
            gradient_clip=self.options.gradient_clip,
            steps=self.options.epochs * self.options.steps,
        )
        groups = [{"params": list(model.parameters()), "lr": self.options.learning_rate}]
        super().__init__(model, groups, plan, torch.Generator().manual_seed(recipe.seed))
        self.noise = Noise(self.options.weight_noise, self.options.drive_noise, self.generator)
        self.delays = np.random.Generator(np.random.PCG64(recipe.seed))
        self.validation = make_trials(recipe, "validation", VALIDATION_TRIALS, self.options.delays_tau[1])
        self.numbers = count(1)  # of the batches
        evaluation, circuit = recipe.evaluation, model.circuit
        if self.options.pools is not None:
            circuit.pools = SeenPools(circuit.groups(), circuit.units, self.options.pools.neurons)
            self.calibration = make_trials(
                recipe, "calibration", evaluation.calibration_trials, evaluation.delays_tau[0]
            )

    def batches(self) -> Iterator[Trials]:
        low, high = self.options.delays_tau
        for _ in range(self.options.steps):
            delay_tau = float(self.delays.uniform(low, high))
            yield make_trials(
                self.recipe,
                "train",
                self.options.batch_size,
                delay_tau,
                seed=self.recipe.seed,
                index=next(self.numbers),
            )

    def pools(self) -> SeenPools | None:
        return self.model.circuit.pools

    def rehearse(self) -> None:
        self.model.run(self.calibration)

    def accuracy(self) -> float:
        return accuracy(self.model, self.validation)

    def loss(self, batch: Trials) -> Tensor:
        """Returns the cross-entropy of the answer, its distance and memory's to one active unit, and the senses'."""
        options, model = self.options, self.model
        activity = model.run(batch, self.noise)
        answer, held = model.answer(activity), model.held(activity, batch)
        labels, remembered = torch.tensor(batch.labels), torch.tensor(batch.remembered)
        loss = nn.functional.cross_entropy(options.logit_scale * answer, labels)
        loss = loss + options.amplitude_weight * _distance(answer, labels)
        if self.recipe.circuit.variant in ("full", "decision-off"):
            loss = loss + options.memory_weight * _distance(held, remembered)
        if isinstance(model.circuit, DelayedMatchCircuit):
            shown = torch.tensor(batch.values[DIRECTION][:, 0], dtype=answer.dtype)
            logits = options.logit_scale * shown @ model.circuit.input_weight(DIRECTION).T
            loss = loss + options.sensory_weight * nn.functional.cross_entropy(logits, remembered)
        return loss


def _distance(activity: Tensor, unit: Tensor) -> Tensor:
    """Mean squared distance to activity 1 of one unit and 0 of the others."""
    wanted = nn.functional.one_hot(unit, activity.shape[1]).to(activity.dtype)
    return ((activity - wanted) ** 2).sum(dim=1).mean()
