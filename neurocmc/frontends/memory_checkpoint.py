"""A trained working memory, loaded: its circuit, its trials as stimuli, its trajectories to compare with.

Everything goes to the chip but the weights of the inputs: the host sends each unit the sum of what its channels give.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import torch

from neurocmc.circuits.memory_tasks.circuit import TaskCircuit
from neurocmc.circuits.memory_tasks.model import MemoryModel
from neurocmc.circuits.memory_tasks.recipe import DelayedMatchRecipe, MemoryRecipe
from neurocmc.circuits.memory_tasks.trials import ANSWERS, CONTEXTS, Trials, make_trials
from neurocmc.circuits.training import parameter_count
from neurocmc.common.arrays import Float
from neurocmc.common.errors import raise_input_problems
from neurocmc.frontends.checkpoint_file import CheckpointFile
from neurocmc.frontends.rectifiers import rectifiers
from neurocmc.ir.rate import RateCircuit, RateInput, RateProjection, Readout
from neurocmc.ir.stimulus import Stimulus

CALIBRATION = "trials-calibration"
ANSWER = "answer"
REMEMBERED = "remembered"
_TRIALS_AT_ONCE = 250  # keeps the trajectories of all trials from being held twice


@dataclass(frozen=True, kw_only=True, eq=False)  # no slots: `stimuli` is computed once, when it is first asked for
class LoadedMemory:
    """A checked checkpoint of the memory family."""

    circuit: RateCircuit
    recipe: MemoryRecipe
    seed: int
    metrics: Mapping[str, float]  # as measured at the end of training
    parameters: Mapping[str, int]  # part of the model -> how many numbers it holds
    numbers: Mapping[str, float]  # what was trained, by name, in the circuit's own units
    model: MemoryModel

    @cached_property
    def stimuli(self) -> Mapping[str, Stimulus]:
        """Trials of the shortest delay to calibrate on, then test trials: one stimulus a delay, `delay-10-tau`."""
        evaluation = self.recipe.evaluation
        calibration = make_trials(self.recipe, "calibration", evaluation.calibration_trials, evaluation.delays_tau[0])
        tests = [self.test_stimulus(delay_tau) for delay_tau in evaluation.delays_tau]
        stimuli = (_stimulus(CALIBRATION, calibration), *tests)
        return MappingProxyType({stimulus.name: stimulus for stimulus in stimuli})

    def test_trials(
        self, delay_tau: float, trials: int | None = None, coherences: Sequence[float] | None = None
    ) -> Trials:
        """Test trials of a delay in time constants, as many as the recipe evaluates unless told otherwise.

        `coherences` replaces those of the recipe where the task has such, for a psychometric curve.
        """
        count = self.recipe.evaluation.trials if trials is None else trials
        return make_trials(self.recipe, "test", count, delay_tau, coherences=coherences)

    def test_stimulus(
        self, delay_tau: float, trials: int | None = None, coherences: Sequence[float] | None = None
    ) -> Stimulus:
        """The same as a stimulus."""
        return _stimulus(f"delay-{delay_tau:g}-tau", self.test_trials(delay_tau, trials, coherences))

    def reference(self, stimulus: Stimulus) -> dict[str, Float]:
        """Torch trajectories {population: (batch, ticks, units)} under `stimulus`, in float64, from rest.

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
    """A checked file as a circuit and what belongs to it. Raises InputError where its numbers give no circuit."""
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


def _stimulus(name: str, trials: Trials) -> Stimulus:
    return Stimulus(
        name=name,
        duration_s=trials.duration_s,
        edges_s=trials.edges_s,
        values=trials.values,
        labels=trials.labels,
    )
