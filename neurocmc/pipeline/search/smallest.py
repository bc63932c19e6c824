"""Chooses the smallest number of neurons per unit that keeps the error under what the user allows.

The error is not the fit's alone but the circuit's: the network is compiled at each candidate size, run on calibration
trials, and its rates are compared with the rate circuit's. Recurrence amplifies errors, a fit does not show that.
"""

from dataclasses import replace

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.common.progress import Progress, silent
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.lower import lower, stage
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.search.scouts import Scouts, sizes_from
from neurocmc.pipeline.search.tried import Choice, Tried, checked_error, compiled, refused, some_trials
from neurocmc.targets import Code, Target

CANDIDATES = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
FEWER = (2, 4, 6)  # of the feedback code, which counts in finer steps than it has neurons


def sizes_of(code: Code | None) -> tuple[int, ...]:
    """Returns the sizes of pools that are tried, smallest first."""
    return (*FEWER, *CANDIDATES) if code == "feedback" else CANDIDATES


def choose_neurons(
    circuit: RateCircuit,
    calibration: tuple[Stimulus, ...],
    target: Target,
    options: CompileOptions,
    progress: Progress | None = None,
    scouts: Scouts | None = None,
) -> Choice:
    """Returns the smallest candidate whose measured NRMSE of rates is at most `max_error` (a fraction of range).

    With `scouts` several candidates are measured at once; what is chosen, and all that is told of it, is the same.
    Raises InputError for an error not between 0 and 1, InfeasibleError, with what was reached, if no size meets it.
    """
    max_error = checked_error(options.max_error or 0.0)
    trials = some_trials(calibration)
    told, staging = progress or silent, None
    tried: list[Tried] = []
    sizes = sizes_of(options.code)
    for index, neurons in enumerate(sizes):
        told(f"trying {neurons} neurons per unit", index / len(sizes))
        sized = replace(options, neurons=neurons)
        if scouts is not None:
            ahead = scouts.tried(sized, list(sizes_from(options, sizes[index + 1 :])))
            if ahead.error is None or ahead.error > max_error:
                tried.append(ahead)
                if ahead.error is None and any(entry.error is not None for entry in tried):
                    break
                continue
        try:
            if staging is None:
                staging = stage(circuit, calibration, target, sized, Clock())
            else:
                family_of(target).refuse(staging.staged, target, sized)
            candidate = compiled(staging, target, sized, trials)
        except InfeasibleError as refusal:
            tried.append(refused(sized, refusal))
            # A small pool may have weights too large for their field; once one fits, larger ones only need more.
            if any(entry.error is not None for entry in tried):
                break
            continue
        tried.append(candidate.tried)
        if candidate.error <= max_error:
            reason = (
                f"{neurons} neurons per unit: the smallest size tried whose rates are within {max_error:g} of range "
                f"on calibration (measured {candidate.error:.4f}, worst {candidate.tried.worst})"
            )
            chosen = replace(sized, steps=options.steps or "equal", planes=options.planes or 1)
            return Choice(options=chosen, tried=tuple(tried), reason=reason, lowered=candidate.lowered)
    if all(entry.error is None for entry in tried):  # no error is out of reach: nothing fits
        lower(circuit, calibration, target, replace(options, neurons=sizes[0]))
    raise InfeasibleError(_out_of_reach(tried, max_error, options.coded))


def _out_of_reach(tried: list[Tried], max_error: float, code: Code) -> Problem:
    measured = [entry for entry in tried if entry.error is not None]
    table = ", ".join(f"{entry.neurons}: {entry.error:.4f}" for entry in measured) or "none could be compiled"
    stopped = next((f"; at {entry.neurons}: {entry.worst}" for entry in reversed(tried) if entry.error is None), "")
    other = "the threshold code (--code threshold) or " if code == "rate" else ""
    return Problem(
        "error-out-of-reach",
        "--max-error",
        f"no size reaches {max_error:g} of range (neurons per unit: error {table}{stopped})",
        f"use {other}a larger --max-error",
    )
