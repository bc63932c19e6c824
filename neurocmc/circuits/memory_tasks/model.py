"""Builds the model of a recipe of either task: a circuit, and how its trials are run and read."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from neurocmc.circuits.memory_tasks.circuit import TaskCircuit
from neurocmc.circuits.memory_tasks.context import ContextCircuit
from neurocmc.circuits.memory_tasks.match import DelayedMatchCircuit
from neurocmc.circuits.memory_tasks.recipe import DelayedMatchRecipe, MemoryRecipe
from neurocmc.circuits.memory_tasks.trials import Trials

SILENT = -1  # the answer where no unit of the decision is active


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise that disturbs a circuit while it is trained."""

    weight: float  # sd of every strength, relative
    drive: float  # sd per tick and unit
    generator: torch.Generator


class MemoryModel(nn.Module):
    """The circuit of a recipe; state-dict keys are `circuit.*`."""

    circuit: TaskCircuit

    def __init__(self, recipe: MemoryRecipe) -> None:
        super().__init__()
        self.window_ticks = round(recipe.trial.window_s / recipe.circuit.dt_s)
        match recipe:
            case DelayedMatchRecipe():
                self.circuit = DelayedMatchCircuit(recipe.circuit)
            case _:
                self.circuit = ContextCircuit(recipe.circuit)

    def run(self, trials: Trials, noise: Noise | None = None) -> Tensor:
        """Returns activity (batch, ticks, units) of a batch of trials."""
        dtype = next(self.parameters()).dtype
        driven = trials.on_ticks(self.circuit.dt_s)
        drives = {name: torch.tensor(value, dtype=dtype) for name, value in driven.values.items()}
        segment_of_tick = driven.segment_of_tick.tolist()
        if noise is None:
            return self.circuit(drives, segment_of_tick)
        units, ticks = self.circuit.units, len(segment_of_tick)
        weight = 1.0 + noise.weight * torch.randn(units, units, generator=noise.generator)
        drive = noise.drive * torch.randn(len(trials.labels), ticks, units, generator=noise.generator)
        return self.circuit(drives, segment_of_tick, weight, drive)

    def answer(self, activity: Tensor) -> Tensor:
        """Returns (batch, 2) mean activity of the decision over the window at the end."""
        return activity[:, -self.window_ticks :, self.circuit.place(self.circuit.answers_from)].mean(dim=1)

    def held(self, activity: Tensor, trials: Trials) -> Tensor:
        """Returns (batch, items) what memory holds when the delay ends."""
        last = round(trials.held_s / self.circuit.dt_s) - 1
        return activity[:, last, self.circuit.place(self.circuit.holds_in)]


def winner(activity: Tensor) -> Tensor:
    """Returns (batch,) the most active unit, SILENT where none is."""
    return torch.where(activity.any(dim=1), activity.argmax(dim=1), SILENT)
