"""Chooses the smallest number of neurons per unit that keeps the error under what the user allows.

The error is not the fit's alone but the circuit's: the network is compiled at each candidate size, run on calibration
trials, and its rates are compared with the rate circuit's. Recurrence amplifies errors, a fit does not show that.
"""

from dataclasses import dataclass, replace

from neurocmc.common.errors import InfeasibleError, InputError, Problem
from neurocmc.common.progress import Progress, silent
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.family import Built
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.lower import Lowered, lower_staged, stage
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import Code, Target
from neurocmc.verification.metrics import nrmse

CANDIDATES = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
TRIALS = 32  # of each calibration stimulus


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A candidate, with its worst population's NRMSE or why it could not be compiled."""

    neurons: int
    error: float | None
    worst: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """The size chosen, with what was tried on the way, why it is this one, and what it gives."""

    neurons: int
    tried: tuple[Tried, ...]
    reason: str
    lowered: Lowered  # the circuit at this size


def choose_neurons(
    circuit: RateCircuit,
    calibration: tuple[Stimulus, ...],
    target: Target,
    options: CompileOptions,
    progress: Progress | None = None,
) -> Choice:
    """Returns the smallest candidate whose measured NRMSE of rates is at most `max_error` (a fraction of range).

    Raises InputError for an error not between 0 and 1, InfeasibleError, with what was reached, if no size meets it.
    """
    max_error = 0.0 if options.max_error is None else options.max_error
    if not 0 < max_error < 1:
        raise InputError(
            Problem(
                "number-out-of-range", "--max-error", f"got {max_error:g}", "give a fraction of range, such as 0.02"
            )
        )
    trials = tuple(stimulus.take(slice(TRIALS)) for stimulus in calibration)
    told, staging = progress or silent, None
    tried: list[Tried] = []
    for index, neurons in enumerate(CANDIDATES):
        told(f"trying {neurons} neurons a unit", index / len(CANDIDATES))
        sized = replace(options, neurons=neurons)
        clock = Clock()
        try:
            if staging is None:
                staging = stage(circuit, calibration, target, sized, clock)
            else:
                family_of(target).refuse(staging.staged, target, sized)
            lowered = lower_staged(staging, target, sized, clock)
            error, worst = measured_error(lowered.built, trials)
        except InfeasibleError as refusal:
            tried.append(Tried(neurons=neurons, error=None, worst=refusal.problems[0].what))
            # A small pool may have weights too large for their field; once one fits, larger ones only need more.
            if any(entry.error is not None for entry in tried):
                break
            continue
        tried.append(Tried(neurons=neurons, error=error, worst=worst))
        if error <= max_error:
            reason = (
                f"{neurons} neurons a unit: the smallest size tried whose rates are within {max_error:g} of range on "
                f"calibration (measured {error:.4f}, worst {worst})"
            )
            return Choice(neurons=neurons, tried=tuple(tried), reason=reason, lowered=lowered)
    raise InfeasibleError(_out_of_reach(tried, max_error, options.code))


def measured_error(built: Built, stimuli: tuple[Stimulus, ...]) -> tuple[float, str]:
    """Measures the NRMSE of rates on the lowest level; returns that of the worst population, and its name."""
    worst = (0.0, built.staged.populations[0].name)
    for stimulus in stimuli:
        pair = built.beside_rate(stimulus, built.run(stimulus))
        for name, error in nrmse(pair.reference.activity, pair.other.activity).items():
            worst = max(worst, (error, name))
    return worst


def _out_of_reach(tried: list[Tried], max_error: float, code: Code) -> Problem:
    measured = [entry for entry in tried if entry.error is not None]
    table = ", ".join(f"{entry.neurons}: {entry.error:.4f}" for entry in measured) or "none could be compiled"
    stopped = next((f"; at {entry.neurons}: {entry.worst}" for entry in reversed(tried) if entry.error is None), "")
    other = "the threshold code (--code threshold) or " if code == "rate" else ""
    return Problem(
        "error-out-of-reach",
        "--max-error",
        f"no size reaches {max_error:g} of range (neurons a unit: error {table}{stopped})",
        f"use {other}a larger --max-error",
    )
