"""Loads a trained working memory: its circuit, its trials as stimuli, its trajectories to compare with.

Everything goes to the chip but the weights of the inputs: the host sends each unit the sum of what its channels give.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from neurocmc.circuits.memory_tasks.circuit import TaskCircuit
from neurocmc.circuits.memory_tasks.model import MemoryModel
from neurocmc.circuits.memory_tasks.recipe import DelayedMatchRecipe, MemoryRecipe
from neurocmc.circuits.memory_tasks.trials import ANSWERS, CONTEXTS
from neurocmc.circuits.training import parameter_count
from neurocmc.common.arrays import Float
from neurocmc.common.errors import raise_input_problems
from neurocmc.frontends.checkpoint_file import CheckpointFile
from neurocmc.frontends.memory_trials import MemoryTrials
from neurocmc.frontends.rectifiers import rectifiers
from neurocmc.ir.rate import RateCircuit, RateInput, RateProjection, Readout
from neurocmc.ir.stimulus import Stimulus

ANSWER = "answer"
REMEMBERED = "remembered"
_TRIALS_AT_ONCE = 250  # keeps the trajectories of all trials from being held twice


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedMemory(MemoryTrials):
    """A checked checkpoint of the memory family, with the trials of its recipe."""

    circuit: RateCircuit
    seed: int
    metrics: Mapping[str, float]  # as measured at the end of training
    parameters: Mapping[str, int]  # part of the model -> how many numbers it holds
    numbers: Mapping[str, float]  # what was trained, by name, in the circuit's own units
    model: MemoryModel

    def reference(self, stimulus: Stimulus) -> dict[str, Float]:
        """Returns torch's trajectories {population: (batch, ticks, units)} under `stimulus`, in float64, from rest.

        Numbers are those of the float32 model, sums are carried in float64: competition amplifies rounding. Raises
        InputError where the stimulus does not fit the circuit.
        """
        raise_input_problems(stimulus.problems(self.circuit.inputs))
        circuit = deepcopy(self.model.circuit).double()
        driven = stimulus.on_ticks(self.circuit.dt_s)
        segments = driven.segment_of_tick.tolist()
        activity = np.empty((stimulus.batch, len(segments), circuit.units))
        with torch.no_grad():
            for first in range(0, stimulus.batch, _TRIALS_AT_ONCE):
                part = slice(first, first + _TRIALS_AT_ONCE)
                drives = {name: torch.tensor(value[part]) for name, value in driven.values.items()}
                activity[part] = circuit(drives, segments).numpy()
        return {name: activity[..., circuit.place(name)] for name in circuit.sizes}


def load_memory(file: CheckpointFile, recipe: MemoryRecipe, model: MemoryModel) -> LoadedMemory:
    """Loads a checked file as a circuit with what belongs to it. Raises InputError where it gives no circuit."""
    circuit = _circuit(recipe, deepcopy(model.circuit).double(), file.sha256)
    raise_input_problems(circuit.problems())
    return LoadedMemory(
        circuit=circuit,
        recipe=recipe,
        seed=file.seed,
        metrics=MappingProxyType(dict(file.metrics)),
        parameters=MappingProxyType({"circuit": parameter_count(model.circuit)}),
        numbers=MappingProxyType(model.circuit.numbers.values()),
        model=model,
    )


def _circuit(recipe: MemoryRecipe, circuit: TaskCircuit, sha256: str) -> RateCircuit:
    """Every population of the module as one of the circuit; the filter follows the rectifier."""
    with torch.no_grad():
        thresholds = {name: float(value) for name, value in circuit.thresholds().items()}
        blocks = {pair: value.numpy() for pair, value in circuit.blocks().items()}
        inputs = {name: circuit.input_weight(name).numpy() for name in circuit.inputs}
    return RateCircuit(
        name=recipe.task,
        dt_s=circuit.dt_s,
        populations=tuple(
            rectifiers(name, size, thresholds[name], circuit.tau_s) for name, size in circuit.sizes.items()
        ),
        projections=tuple(
            RateProjection(
                name=f"{source}->{target}", source=source, target=target, weight=weight, tau_s=circuit.tau_s
            )
            for (target, source), weight in blocks.items()
            if weight.any()
        ),
        inputs=tuple(
            RateInput(name=name, target=target, weight=inputs[name])
            for name, (target, _channels) in circuit.inputs.items()
        ),
        readouts=(
            Readout(
                name=ANSWER,
                population=circuit.answers_from,
                kind="winner",
                labels=ANSWERS[recipe.task],
                window_s=recipe.trial.window_s,
            ),
            # Labels of trials are answers: what memory holds is told as activity, not judged by them.
            Readout(
                name=REMEMBERED,
                population=circuit.holds_in,
                kind="activity",
                labels=_items(recipe),
                window_s=recipe.trial.window_s,
            ),
        ),
        origin_sha256=sha256,
    )


def _items(recipe: MemoryRecipe) -> tuple[str, ...]:
    if isinstance(recipe, DelayedMatchRecipe):
        items = recipe.circuit.items
        return tuple(f"{360 * item / items:g} deg" for item in range(items))
    return CONTEXTS
