"""Defines a candidate of a search, compiles it, and measures what it keeps of calibration trials.

Decisions are few and change one at a time: of 256 trials a pool that turns one in a hundred turns 0 to 6. So that two
candidates can be told apart, their *margins* are compared instead. If a chip changes margins by errors of a standard
deviation s, a trial of margin m is decided otherwise with the chance Q(m / s); the mean of that over the trials is
the share of decisions that is expected to change. s is measured where it matters, on the half of the trials with the
smaller margins. A model is surer of what it was trained on than of what it never saw, and calibration often is
training data: at least `UNSEEN` s / (median margin) is expected, which is what was measured on test trials.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import InfeasibleError, InputError, Problem
from neurocmc.ir.rate import Classifier
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.built import Built
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.lower import Lowered, lower_staged
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import Code, Planes, SecondOrder, Steps, Target
from neurocmc.theory.realised import realised_circuit
from neurocmc.verification.edges import misses
from neurocmc.verification.fidelity import fidelity_edges
from neurocmc.verification.metrics import class_scores, nrmse

TRIALS = 32  # of each calibration stimulus
UNSEEN = 0.2  # of test decisions change for errors as large as the median margin; smaller ones in proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A candidate, with its worst population's NRMSE or why it could not be compiled."""

    neurons: int
    error: float | None
    worst: str
    code: Code = "threshold"
    second_order: SecondOrder | None = None
    steps: Steps = "equal"
    planes: Planes = 1
    cores: int = 0  # none of a target without them, or where it could not be compiled
    changed: float | None = None  # share of decisions that is expected to change; None where nothing is decided
    missed: int = 0  # budgets of `verify`, of what rounding lost and of rates on calibration


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """What was chosen, with what was tried on the way, why it is this one, and what it gives."""

    options: CompileOptions  # with everything chosen that was left open
    tried: tuple[Tried, ...]
    reason: str
    lowered: Lowered


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A candidate that could be compiled."""

    options: CompileOptions
    lowered: Lowered
    tried: Tried

    @property
    def changed(self) -> float:
        return self.tried.changed or 0.0

    @property
    def lost(self) -> float:
        """What more neurons are to make smaller: decisions that change, or the error where nothing is decided."""
        return self.error if self.tried.changed is None else self.tried.changed

    @property
    def cores(self) -> int:
        return self.lowered.built.cores_used

    @property
    def error(self) -> float:
        return self.tried.error or 0.0


def checked_error(max_error: float) -> float:
    """Returns the error that a search is to keep. Raises InputError where it is no fraction of range."""
    if 0 < max_error < 1:
        return max_error
    what, cure = f"got {max_error:g}", "give a fraction of range, such as 0.02"
    raise InputError(Problem("number-out-of-range", "--max-error", what, cure))


def some_trials(calibration: tuple[Stimulus, ...]) -> tuple[Stimulus, ...]:
    """Returns the trials that candidates are run on."""
    return tuple(stimulus.take(slice(TRIALS)) for stimulus in calibration)


def compiled(staging: Staging, target: Target, options: CompileOptions, trials: tuple[Stimulus, ...]) -> Candidate:
    """Compiles a candidate and measures it. Raises InfeasibleError where the target cannot hold it."""
    lowered = lower_staged(staging, target, options, Clock())
    error, worst, changed, missed = measured(lowered.built, trials)
    tried = Tried(
        neurons=options.pool,
        error=error,
        worst=worst,
        code=options.coded,
        second_order=options.second_order,
        steps=options.steps or "equal",
        planes=options.planes or 1,
        cores=lowered.built.cores_used,
        changed=changed,
        missed=missed,
    )
    return Candidate(options=options, lowered=lowered, tried=tried)


def refused(options: CompileOptions, refusal: InfeasibleError) -> Tried:
    """Returns what is noted of a candidate that could not be compiled."""
    what = refusal.problems[0].what
    return Tried(
        neurons=options.pool,
        error=None,
        worst=what,
        code=options.coded,
        second_order=options.second_order,
        steps=options.steps or "equal",
        planes=options.planes or 1,
    )


def measured(built: Built, stimuli: tuple[Stimulus, ...]) -> tuple[float, str, float | None, int]:
    """Measures the lowest level: NRMSE of the worst population, its name, decisions changed, budgets missed."""
    worst = (0.0, built.staged.populations[0].name)
    margins: list[tuple[Float, Float]] = []
    pairs = [built.beside_rate(stimulus, built.run(stimulus)) for stimulus in stimuli]
    for pair in pairs:
        for name, error in nrmse(pair.reference.activity, pair.other.activity).items():
            worst = max(worst, (error, name))
        decided = pair.decided or pair.reference
        margins += [_margins(decided, pair.other, classifier) for classifier in built.staged.classifiers]
    edges = fidelity_edges(built.edge_to_rate, pairs, built.readouts, gates=built.gates, network=built.spiking)
    # Of few trials the count of decisions says less than their margins do.
    rates = [edge for edge in edges if not edge.quantity.startswith(("decisions", "accuracy"))]
    missed = len(misses([*rates, *built.lost_edges()]))
    return *worst, expected_changes(margins) if margins else None, missed


def by_weights(built: Built, stimuli: tuple[Stimulus, ...]) -> float:
    """Returns the share of decisions that rounding of weights, poles and thresholds alone is expected to change."""
    if built.kept is None:
        return 0.0
    rounded = realised_circuit(built.matched, built.kept)
    margins: list[tuple[Float, Float]] = []
    for stimulus in stimuli:
        reference = simulate_rate(built.staged, stimulus)
        other = built.of_whole_units(simulate_rate(rounded, stimulus))
        margins += [_margins(reference, other, classifier) for classifier in built.staged.classifiers]
    return expected_changes(margins)


def _margins(reference: Recording, other: Recording, classifier: Classifier) -> tuple[Float, Float]:
    """(trials,) by how much the reference's own answer is ahead of its next, on both."""
    scores, others = class_scores(reference, classifier), class_scores(other, classifier)
    first, second = np.argsort(-scores, axis=1, kind="stable")[:, :2].T
    trials = np.arange(len(scores))
    return scores[trials, first] - scores[trials, second], others[trials, first] - others[trials, second]


def expected_changes(margins: list[tuple[Float, Float]]) -> float:
    """Returns the share of trials that errors of margins as large as these are expected to decide otherwise."""
    own, others = (np.concatenate(column) for column in zip(*margins, strict=True))
    near = own <= np.median(own)
    spread = float(np.sqrt(np.mean((others - own)[near] ** 2)))
    if not spread > 0:
        return 0.0
    from scipy.special import ndtr  # here and not above: what measures nothing need not wait for its import

    return max(float(ndtr(-own / spread).mean()), UNSEEN * spread / float(np.median(own)))
