"""Chooses the code of a circuit, and with it neurons per unit and what stands for kernels without a filter.

For each code, each of relays and taps where a circuit has kernels that its neurons have no filter for, and weights of
one plane and of two, sizes are tried from the smallest up, compiled and run on calibration trials; the first that
keeps the error, with no budget missed, is what that line offers. Of all offers the one with the fewest cores is
taken, then the one with the least energy of a presentation (of spikes, where nothing is published of energy). A line
ends where its neurons alone would take more cores than the best offer so far, or where larger pools no longer come
closer.

What is chosen for each population by itself is the kernel of the feedback code, by the filters around it; where those
are so fast that a spike can stand for its own tick alone, that is the threshold code. So are the phases of the
interleaved code. Neurons a unit are one number for all populations: unequal numbers are what `steps` is for. Not
searched are other kernels and phases than the chosen ones, unequal steps, and ticks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.common.progress import Progress, silent
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.interleave import chosen_phases
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.lower import lower, stage
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.search.scouts import Scouts, sizes_from
from neurocmc.pipeline.search.tried import Candidate, Choice, Tried, checked_error, compiled, refused, some_trials
from neurocmc.report.wording import energy
from neurocmc.targets import PLANES, Code, Planes, SecondOrder, Target

SIZES: dict[Code, tuple[int, ...]] = {
    "feedback": (4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 64),
    "interleaved": (32, 64, 128, 256),
    "threshold": (8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512),
}
SMALLEST = min(min(sizes) for sizes in SIZES.values())
STAGED_AS: Mapping[str, Any] = {"neurons": SMALLEST, "second_order": "relays"}  # all candidates, but for their own
ERROR = 0.01  # of range, that is kept where none is asked for
WORTH = 0.97  # of the error: three larger sizes that leave more end a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The smallest candidate of a line that keeps the error, and what it takes."""

    candidate: Candidate
    energy_pj: float | None
    spikes: float  # in a trial

    @property
    def cost(self) -> tuple[float, ...]:
        return self.candidate.cores, self.spikes if self.energy_pj is None else self.energy_pj


def choose_code(
    circuit: RateCircuit,
    calibration: tuple[Stimulus, ...],
    target: Target,
    options: CompileOptions,
    progress: Progress | None = None,
    scouts: Scouts | None = None,
) -> Choice:
    """Returns the cheapest of all codes whose NRMSE of rates is at most `max_error`, or 1 % where none is given.

    With `scouts` several candidates are measured at once; what is chosen, and all that is told of it, is the same.
    Raises InputError for an error not between 0 and 1, InfeasibleError, with what was reached, if no code keeps it.
    """
    max_error = checked_error(ERROR if options.max_error is None else options.max_error)
    search = _Search(
        circuit=circuit,
        calibration=calibration,
        trials=some_trials(calibration),
        target=target,
        given=options,
        max_error=max_error,
        told=progress or silent,
        scouts=scouts,
    )
    lines = list(search.lines())
    for index, line in enumerate(lines):
        search.follow(line, index / len(lines))
    best = search.best
    if best is None:
        if all(entry.error is None for entry in search.tried):  # no error is out of reach: nothing fits
            lower(circuit, calibration, target, replace(lines[0], neurons=SMALLEST))
        raise InfeasibleError(search.out_of_reach())
    return Choice(
        options=best.candidate.options,
        tried=tuple(search.tried),
        reason=search.reason(best),
        lowered=best.candidate.lowered,
    )


@dataclass(slots=True)
class _Search:
    """A search, and what it has tried."""

    circuit: RateCircuit
    calibration: tuple[Stimulus, ...]
    trials: tuple[Stimulus, ...]
    target: Target
    given: CompileOptions
    max_error: float
    told: Progress
    scouts: Scouts | None = None
    tried: list[Tried] = field(default_factory=list[Tried])
    best: Offer | None = None
    last: Candidate | None = None  # that was compiled
    stagings: dict[SecondOrder, Staging] = field(default_factory=dict["SecondOrder", Staging])

    def lines(self) -> Iterator[CompileOptions]:
        """Yields each code with each stand-in for kernels and weights of one plane, then of two; without a size."""
        rounds = self.given.planes is None and self.target.registers is not None
        for planes in PLANES if rounds else (self.given.planes or 1,):
            yield from self._of_planes(replace(self.given, max_error=None, steps="equal", planes=planes))

    def _of_planes(self, plain: CompileOptions) -> Iterator[CompileOptions]:
        for code in (code for code in SIZES if code in self.target.codes):
            for second_order in self._stand_ins(replace(plain, code=code)):
                if code == "interleaved" and not self._takes_turns(replace(plain, second_order=second_order)):
                    continue
                kernel = self.given.kernel if code == "feedback" else None
                phases = self.given.phases if code == "interleaved" else None
                yield replace(plain, code=code, kernel=kernel, phases=phases, second_order=second_order)

    def _takes_turns(self, options: CompileOptions) -> bool:
        """Whether any filter is slow enough for neurons to take turns: else the code is the threshold code."""
        staged, largest = self._staging(options).staged, max(SIZES["interleaved"])
        phases = (chosen_phases(staged, self.target, p.name, largest) for p in staged.populations)
        return self.given.phases is not None or max(phases) > 1

    def _stand_ins(self, options: CompileOptions) -> Iterator[SecondOrder | None]:
        """Relays and taps where the circuit needs one of them, else neither."""
        if self.given.second_order is not None:
            yield self.given.second_order
            return
        relayed = self._staging(replace(options, second_order="relays"))
        if len(relayed.staged.populations) == len(self.circuit.populations):
            yield None
            return
        yield "relays"
        if self.target.late_parts:
            yield "taps"

    def _staging(self, options: CompileOptions) -> Staging:
        key: SecondOrder = options.second_order or "relays"
        if key not in self.stagings:
            smallest = replace(options, neurons=SMALLEST)
            self.stagings[key] = stage(self.circuit, self.calibration, self.target, smallest, Clock())
        return self.stagings[key]

    def follow(self, line: CompileOptions, done: float) -> None:
        """Takes the smallest candidate of a line that keeps the error, if one does and it is the best so far."""
        errors: list[float] = []
        sizes = SIZES[line.coded] if self.given.neurons is None else (self.given.neurons,)
        for index, neurons in enumerate(sizes):
            options = replace(line, neurons=neurons)
            self.told(f"trying {neurons} neurons per unit, {_of(options)}", done)
            found = self._found(options, sizes[index + 1 :])
            if found.error is None:
                if errors:  # a small pool may have weights too large for their field; larger ones only need more
                    return
                continue
            if self.best is not None and found.cores > self.best.candidate.cores:
                return
            errors.append(found.error)
            if found.error <= self.max_error and not found.missed:
                self._take(self._compiled(options))
                return
            if len(errors) > 3 and min(errors[-3:]) > WORTH * min(errors[:-3]):
                return

    def _found(self, options: CompileOptions, larger: Sequence[int]) -> Tried:
        """What a candidate comes to, which is noted; with scouts, those of larger pools are measured beside it."""
        if self.scouts is not None:
            found = self.scouts.tried(options, list(sizes_from(options, larger)))
        else:
            try:
                found = self._compiled(options).tried
            except InfeasibleError as refusal:
                found = refused(options, refusal)
        self.tried.append(found)
        return found

    def _compiled(self, options: CompileOptions) -> Candidate:
        if self.last is None or self.last.options != options:
            staging = self._staging(options)
            family_of(self.target).refuse(staging.staged, self.target, options)
            self.last = compiled(staging, self.target, options, self.trials)
        return self.last

    def _take(self, candidate: Candidate) -> None:
        """Measures what a candidate spends, and keeps it if it costs less than the best so far."""
        built, first = candidate.lowered.built, self.trials[0]
        seen: Recording = built.run(first, record_spikes=True)
        spent = built.budget(first, seen).energy
        offer = Offer(
            candidate=candidate,
            energy_pj=None if spent is None else spent.dynamic_per_presentation_pj,
            spikes=sum(float(counts.sum()) for counts in seen.spike_counts.values()) / first.batch,
        )
        if self.best is None or offer.cost < self.best.cost:
            self.best = offer

    def reason(self, best: Offer) -> str:
        """Says in words what was chosen, and why."""
        chosen = best.candidate
        measured = f"measured {chosen.error:.4f}, worst {chosen.tried.worst}"
        spent = f"{best.spikes:,.0f} spikes" if best.energy_pj is None else energy(best.energy_pj)
        cores = f"{chosen.cores:,} core{'s' * (chosen.cores != 1)}, " if chosen.cores else ""
        return (
            f"{chosen.options.pool} neurons per unit in the {_of(chosen.options)}: {cores}{spent} per presentation, "
            f"the least of {len(self.tried)} candidates that keep {self.max_error:g} of range on calibration "
            f"({measured})"
        )

    def out_of_reach(self) -> Problem:
        """Returns what is said where no code keeps the error."""
        closest: dict[str, Tried] = {}
        for entry in self.tried:
            line = _named(entry.code, entry.second_order, entry.planes)
            if entry.error is not None and (line not in closest or entry.error < (closest[line].error or 0.0)):
                closest[line] = entry
        table = "; ".join(f"{line} {tried.error:.4f} at {tried.neurons}" for line, tried in closest.items())
        return Problem(
            "error-out-of-reach",
            "--code auto",
            f"no code keeps {self.max_error:g} of range ({table or 'none could be compiled'})",
            "use a larger --max-error",
        )


def _of(options: CompileOptions) -> str:
    return _named(options.coded, options.second_order, options.planes or 1)


def _named(code: Code, second_order: SecondOrder | None, planes: Planes) -> str:
    parts = [second_order or "", "weights of two planes" if planes == 2 else ""]
    more = " and ".join(part for part in parts if part)
    return f"{code} code{f' with {more}' if more else ''}"
