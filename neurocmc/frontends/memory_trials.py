"""Makes the trials of a memory task into stimuli, from its recipe alone: no torch is needed to drive a circuit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from neurocmc.circuits.memory_tasks.recipe import MemoryRecipe
from neurocmc.circuits.memory_tasks.trials import Trials, make_trials
from neurocmc.ir.stimulus import Stimulus

CALIBRATION = "trials-calibration"


@dataclass(frozen=True, kw_only=True, eq=False)  # no slots: `stimuli` is computed once, when it is first asked for
class MemoryTrials:
    """The trials that drive a circuit of the memory family."""

    recipe: MemoryRecipe

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
        """Returns test trials of a delay in time constants, as many as the recipe evaluates unless told otherwise.

        `coherences` replaces those of the recipe where the task has such, for a psychometric curve.
        """
        count = self.recipe.evaluation.trials if trials is None else trials
        return make_trials(self.recipe, "test", count, delay_tau, coherences=coherences)

    def test_stimulus(
        self, delay_tau: float, trials: int | None = None, coherences: Sequence[float] | None = None
    ) -> Stimulus:
        """Returns the same trials as a stimulus."""
        return _stimulus(f"delay-{delay_tau:g}-tau", self.test_trials(delay_tau, trials, coherences))


def _stimulus(name: str, trials: Trials) -> Stimulus:
    return Stimulus(
        name=name,
        duration_s=trials.duration_s,
        edges_s=trials.edges_s,
        values=trials.values,
        labels=trials.labels,
    )
