"""Training of the memory family: recipe and seed in, checkpoint out, by gradient through every step of the delay.

Each batch has trials of its own and a delay of its own. The epoch is chosen on trials that neither train nor test.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurocmc.circuits.checkpoints import checkpoint
from neurocmc.circuits.memory_tasks.evaluate import accuracy, evaluate
from neurocmc.circuits.memory_tasks.match import DelayedMatchCircuit
from neurocmc.circuits.memory_tasks.model import MemoryModel, Noise
from neurocmc.circuits.memory_tasks.recipe import MemoryRecipe, Variant
from neurocmc.circuits.memory_tasks.trials import DIRECTION, Trials, make_trials
from neurocmc.circuits.seeds import check_seed
from neurocmc.circuits.training import EpochReport, reproducible

VALIDATION_TRIALS = 200
BASELINES: tuple[Variant, ...] = ("memory-off", "decision-off", "recurrence-off")


def train(
    recipe: MemoryRecipe, seed: int | None = None, progress: Callable[[EpochReport], None] | None = None
) -> dict[str, Any]:
    """Train the circuit of `recipe` and return its checkpoint, ready for `save_checkpoint`.

    A circuit that is whole is told beside its baselines: itself before training, and the same recipe trained
    without parts of its recurrence, which takes four times as long. `seed` overrides the recipe's. The same recipe
    and seed give the same bytes on the same machine. Raises InputError for a bad seed.
    """
    if seed is not None:
        recipe = recipe.model_copy(update={"seed": check_seed(seed)})
    baselines = BASELINES if recipe.circuit.variant == "full" else ()
    epochs = recipe.training.epochs * (1 + len(baselines))
    told = _Told(progress, epochs)
    model, metrics = _trained(recipe, told)
    if baselines:
        metrics["untrained_accuracy"] = evaluate(_untrained(recipe), recipe)["accuracy"]
    for variant in baselines:
        circuit = recipe.circuit.model_copy(update={"variant": variant})
        _model, found = _trained(recipe.model_copy(update={"circuit": circuit}), told)
        metrics[f"{variant.replace('-', '_')}_accuracy"] = found["accuracy"]
    return checkpoint(recipe.family, recipe.model_dump(mode="json"), recipe.seed, metrics, model)


def _untrained(recipe: MemoryRecipe) -> MemoryModel:
    with reproducible(recipe.seed):
        return MemoryModel(recipe)


def _trained(recipe: MemoryRecipe, told: "_Told") -> tuple[MemoryModel, dict[str, Any]]:
    with reproducible(recipe.seed):
        model = MemoryModel(recipe)
        _Trainer(model, recipe).run(told)
        return model, evaluate(model, recipe)


class _Told:
    """Counts the epochs of all trainings of one call, whole circuit and baselines, for who watches."""

    def __init__(self, progress: Callable[[EpochReport], None] | None, epochs: int) -> None:
        self.progress, self.epochs, self.done = progress, epochs, 0

    def __call__(self, loss: float, validation_accuracy: float) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(
                EpochReport(epoch=self.done, epochs=self.epochs, loss=loss, validation_accuracy=validation_accuracy)
            )


class _Trainer:
    """One training run; owns the optimiser, the random numbers and the best state so far."""

    def __init__(self, model: MemoryModel, recipe: MemoryRecipe) -> None:
        self.model, self.recipe, self.options = model, recipe, recipe.training
        self.noise = Noise(
            self.options.weight_noise, self.options.drive_noise, torch.Generator().manual_seed(recipe.seed)
        )
        self.delays = np.random.Generator(np.random.PCG64(recipe.seed))
        self.optimiser = torch.optim.Adam(model.parameters(), lr=self.options.learning_rate)
        steps = self.options.epochs * self.options.steps
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, steps)
        self.validation = make_trials(recipe, "validation", VALIDATION_TRIALS, self.options.delays_tau[1])
        self.batches = 0

    def run(self, told: _Told) -> None:
        """Train and leave the best epoch's parameters in the model."""
        best, best_state = -1.0, dict[str, Tensor]()
        for _epoch in range(self.options.epochs):
            loss = float(np.mean([self._step() for _ in range(self.options.steps)]))
            reached = accuracy(self.model, self.validation)
            # A later epoch wins a tie: its learning rate is lower, its decisions are settled.
            if reached >= best:
                best = reached
                best_state = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
            told(loss, reached)
        self.model.load_state_dict(best_state)

    def _step(self) -> float:
        low, high = self.options.delays_tau
        delay_tau = float(self.delays.uniform(low, high))
        self.batches += 1
        trials = make_trials(
            self.recipe, "train", self.options.batch_size, delay_tau, seed=self.recipe.seed, index=self.batches
        )
        loss = self._loss(trials)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.options.gradient_clip)
        self.optimiser.step()
        self.schedule.step()
        return loss.item()

    def _loss(self, trials: Trials) -> Tensor:
        """Cross-entropy of the answer, its distance and that of memory to one active unit, and the senses' own."""
        options, model = self.options, self.model
        activity = model.run(trials, self.noise)
        answer, held = model.answer(activity), model.held(activity, trials)
        labels, remembered = torch.tensor(trials.labels), torch.tensor(trials.remembered)
        loss = nn.functional.cross_entropy(options.logit_scale * answer, labels)
        loss = loss + options.amplitude_weight * _distance(answer, labels)
        if self.recipe.circuit.variant in ("full", "decision-off"):
            loss = loss + options.memory_weight * _distance(held, remembered)
        if isinstance(model.circuit, DelayedMatchCircuit):
            shown = torch.tensor(trials.values[DIRECTION][:, 0], dtype=answer.dtype)
            logits = options.logit_scale * shown @ model.circuit.input_weight(DIRECTION).T
            loss = loss + options.sensory_weight * nn.functional.cross_entropy(logits, remembered)
        return loss


def _distance(activity: Tensor, unit: Tensor) -> Tensor:
    """Mean squared distance to activity 1 of one unit and 0 of the others."""
    wanted = nn.functional.one_hot(unit, activity.shape[1]).to(activity.dtype)
    return ((activity - wanted) ** 2).sum(dim=1).mean()
