"""Measures how good a trained circuit is, delay by delay."""

from typing import Any

import torch
from torch import Tensor

from neurocmc.circuits.memory_tasks.model import MemoryModel, winner
from neurocmc.circuits.memory_tasks.recipe import MemoryRecipe
from neurocmc.circuits.memory_tasks.trials import Trials, make_trials
from neurocmc.circuits.training import parameter_count
from neurocmc.common.arrays import Int


@torch.no_grad()
def accuracy(model: MemoryModel, trials: Trials) -> float:
    """Returns the share of trials answered rightly; a silent decision is wrong."""
    return _share(winner(model.answer(model.run(trials))), trials.labels)


@torch.no_grad()
def evaluate(model: MemoryModel, recipe: MemoryRecipe) -> dict[str, Any]:
    """Measures the accuracy on the test trials of all delays together, and of each.

    `held_*` is the share of trials at the end of whose delay memory holds the right item; `chance` is the share of
    the commoner answer.
    """
    model.eval()
    delays, count = recipe.evaluation.delays_tau, recipe.evaluation.trials
    by_delay: dict[str, float] = {}
    right, commoner = 0.0, 0.0
    for delay_tau in delays:
        trials = make_trials(recipe, "test", count, delay_tau)
        activity = model.run(trials)
        reached = _share(winner(model.answer(activity)), trials.labels)
        by_delay[f"accuracy_at_{delay_tau:g}_tau"] = reached
        by_delay[f"held_at_{delay_tau:g}_tau"] = _share(winner(model.held(activity, trials)), trials.remembered)
        right += reached
        commoner += max(int((trials.labels == label).sum()) for label in (0, 1)) / count
    means = {"accuracy": right / len(delays), "chance": commoner / len(delays)}
    return {"trials": count * len(delays), **means, **by_delay, "circuit_parameters": parameter_count(model.circuit)}


def _share(chosen: Tensor, wanted: Int) -> float:
    return int((chosen == torch.tensor(wanted)).sum()) / len(chosen)
