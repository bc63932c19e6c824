"""Finds how a unit's neurons are best spread, and how many they must be, for a circuit that nobody has tuned.

Circuits are searched whose graded activities are the answer: a classifier on the host decides by them, or all that is
wanted of the circuit is what they are, as of a reservoir. (A winner is what its circuit makes of itself; equal steps
serve it, and the theory of its states is about them; where nothing is decided and theory knows the circuit's states,
its units are not cut either.) Every candidate is compiled and run on calibration trials; test stimuli are not read.

1. Equal steps; where they change decisions, steps by *decisions*; where hardly any change any more, by *activity*.
2. Two planes of weights, where rounding of weights misses a budget, or alone would change as many decisions as
   `TELLING` says.
3. Twice the neurons, unless their number is given, until no more than `GOAL` of the decisions are expected to change,
   or where nothing is decided until no budget is missed; or it does not help, or misses more.

Of two candidates the one is taken that misses fewer budgets, then the one that changes fewer decisions; where they
are alike in both, the one with the smaller error of rates, unless it takes a third more cores. Where nothing is
decided, the error may fall as the cores rise.
"""

from dataclasses import dataclass, field, replace

from neurocmc.common.errors import InfeasibleError
from neurocmc.common.progress import Progress, silent
from neurocmc.ir.phrases import counted
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.lower import with_sensitivity
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.search.tried import Candidate, Choice, Tried, by_weights, compiled, refused
from neurocmc.targets import Steps, Target

GOAL = 0.005  # of decisions may be expected to change: `verify` allows 1 %, and calibration is not the test
SAFE = 0.003  # of decisions: below it nothing is to be gained for them
ALIKE = 1.25  # times the decisions that change is no more than what trials tell apart
COSTLIER = 1.34  # times the cores are no cost where only rates come closer
TELLING = 0.25  # of the decisions that change: as many by weights alone, and weights get two planes
LARGER = (128, 256, 512)  # neurons per unit, after the default
WORTH = 0.8  # of the decisions that change: twice as many neurons must leave no more, or the smaller pools are taken
TRIALS, LEAST_TRIALS = 256, 64  # of each calibration stimulus; of large circuits as few as
CELLS = 1_000_000  # activities of units and ticks in them


def is_searched(staging: Staging, target: Target, options: CompileOptions) -> bool:
    """Whether there is something to choose: graded activities, and a chip that rounds and has unequal steps."""
    left_open = options.steps is None or options.planes is None
    graded = _decides(staging) or not (staging.staged.readouts or staging.staged.classifiers)
    able = target.unequal_steps and target.registers is not None and options.code == "threshold"
    return left_open and graded and able


def _decides(staging: Staging) -> bool:
    """Whether a classifier on the host decides between several answers."""
    return any(len(classifier.labels) > 1 for classifier in staging.staged.classifiers)


def choose_best(
    staging: Staging, target: Target, options: CompileOptions, progress: Progress | None = None
) -> Choice:
    """Returns the best candidate. Raises InfeasibleError where not even equal steps of one plane fit the target."""
    search = _Search(
        staging=staging,
        target=target,
        given=options,
        trials=tuple(stimulus.take(slice(_trials(staging, stimulus))) for stimulus in staging.calibration),
        told=progress or silent,
    )
    best = search.best()
    chosen = replace(best.options, steps=best.tried.steps, planes=best.tried.planes)
    return Choice(options=chosen, tried=tuple(search.tried), reason=search.reason(best), lowered=best.lowered)


def _trials(staging: Staging, stimulus: Stimulus) -> int:
    a_trial = stimulus.ticks(staging.staged.dt_s) * staging.staged.units
    return min(max(CELLS // max(a_trial, 1), LEAST_TRIALS), TRIALS)


@dataclass(slots=True)
class _Search:
    """A search, and what it has tried."""

    staging: Staging
    target: Target
    given: CompileOptions
    trials: tuple[Stimulus, ...]
    told: Progress
    tried: list[Tried] = field(default_factory=list[Tried])

    def best(self) -> Candidate:
        """Tries one candidate after the other."""
        found = self._at(self.given.pool)
        if self.given.neurons is not None:
            return found
        for neurons in LARGER:
            if found.changed <= GOAL and (_decides(self.staging) or not found.tried.missed):
                break
            larger = self._try(replace(found.options, neurons=neurons))
            if larger is None or larger.lost > WORTH * found.lost or larger.tried.missed > found.tried.missed:
                break
            found = larger
        return found

    def reason(self, best: Candidate) -> str:
        """Says in words what was chosen, and why."""
        given = "" if self.given.neurons is None else " (given by --neurons)"
        size = f"{best.options.pool} neurons per unit{given}"
        planes = " and weights of two planes" if best.tried.planes == 2 else ""
        chosen = f"{size} in {_named(best.tried.steps)}{planes}"
        if not _decides(self.staging):
            missed = (
                f", with {counted(best.tried.missed, 'budget')} missed: {self._cure()}" if best.tried.missed else ""
            )
            error = f"{100 * best.error:.2g} % of range (worst {best.tried.worst})"
            return f"{chosen}: on calibration rates are within {error}{missed}"
        changed = f"{100 * best.changed:.2g} % of decisions are expected to change"
        ending = "" if best.changed <= GOAL else f", more than {100 * GOAL:g} %: {self._cure()}"
        return f"{chosen}: on calibration {changed}{ending}"

    def _cure(self) -> str:
        if self.given.neurons is not None:
            return "more neurons keep more of them (--neurons, or leave it out)"
        return "twice as many neurons keep no more, or do not fit; train it for the chip (train --for)"

    def _at(self, neurons: int) -> Candidate:
        """The best candidate of one size."""
        plain = replace(self.given, neurons=neurons, steps=self.given.steps or "equal", planes=self.given.planes or 1)
        found = self._compiled(plain)
        for steps in self._finer(found):
            if (steps == "activity") == (found.changed <= SAFE):
                other = self._try(replace(plain, steps=steps))
                if other is not None and other.lost < found.lost and other.tried.missed > found.tried.missed:
                    other = self._with_planes(other)  # what is better but for a budget may keep it so
                found = found if other is None else _better(found, other)
        return self._with_planes(found)

    def _finer(self, equal: Candidate) -> tuple[Steps, ...]:
        """The unequal steps to be tried beside equal ones."""
        if self.given.steps is not None:
            return ()
        if _decides(self.staging):
            return ("decisions", "activity")
        return ("activity",) if equal.lowered.certificate.no_theory else ()

    def _with_planes(self, found: Candidate) -> Candidate:
        """The same with two planes, where weights are what is lost."""
        if self.given.planes is not None or found.tried.planes == 2:
            return found
        if not found.tried.missed and not self._rounds_weights(found):
            return found
        finer = self._try(replace(found.options, planes=2))
        return found if finer is None else _better(found, finer)

    def _rounds_weights(self, found: Candidate) -> bool:
        """Whether rounding of weights is much of what changes decisions."""
        safe = found.changed <= SAFE
        return not safe and by_weights(found.lowered.built, self.trials) >= TELLING * found.changed

    def _try(self, options: CompileOptions) -> Candidate | None:
        try:
            return self._compiled(options)
        except InfeasibleError as refusal:
            self.tried.append(refused(options, refusal))
            return None

    def _compiled(self, options: CompileOptions) -> Candidate:
        self.told(
            f"trying {options.pool} neurons per unit, {_named(options.steps or 'equal')}",
            len(self.tried) / (len(self.tried) + 4),
        )
        family_of(self.target).refuse(self.staging.staged, self.target, options)
        if options.steps not in (None, "equal"):
            self.staging = with_sensitivity(self.staging, options, Clock())
        candidate = compiled(self.staging, self.target, options, self.trials)
        self.tried.append(candidate.tried)
        return candidate


def _better(first: Candidate, other: Candidate) -> Candidate:
    """The one that misses fewer budgets, then changes fewer decisions; of two that are alike in both the closer."""
    if first.tried.missed != other.tried.missed:
        return min(first, other, key=lambda one: one.tried.missed)
    fewer, more = sorted((max(one.changed, SAFE), index) for index, one in enumerate((first, other)))
    if more[0] > ALIKE * fewer[0]:
        return (first, other)[fewer[1]]
    if first.tried.changed is None:
        return other if other.error * other.cores < first.error * first.cores else first
    return other if other.error < first.error and other.cores <= COSTLIER * first.cores else first


def _named(steps: str) -> str:
    return "equal steps" if steps == "equal" else f"steps by {steps}"
