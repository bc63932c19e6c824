"""Finds what would keep a budget that was missed, by trying it.

Each candidate is what a user could type. The circuit is compiled with it in memory, and the edges are walked over
some trials of the stimuli that were judged. The cure of all misses is the first candidate with which every budget is
kept; without one, that of an edge is the first with which it is kept itself. Trials are taken on which the misses
show; where a few do not show them, all are. Where nothing that was tried helps, that is said, with the best that was
reached, and how to accept the value. Brian2, which costs more than the rest, runs only where an edge of it is missed,
or where a candidate keeps all that it was tried for; theory only where it is missed, for it decides nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from neurocmc.common.errors import InfeasibleError
from neurocmc.common.progress import Progress
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.walk import Part, walk
from neurocmc.report.wording import amount, limit_text
from neurocmc.verification.edges import Edge, misses
from neurocmc.verification.limits import with_limits

TRIALS = 64  # of each stimulus
MOST_NEURONS = 1024  # tried of a unit
NO_COMPILATION = ("torch ~ rate", "emulator ~ emitted", "brian2 ~ emitted", "emulator == Lava")
DEFECT = "compile again; if the budget is still missed, this is a defect of neurocmc: please report it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A way of compiling otherwise, and how a user asks for it."""

    flags: str
    options: CompileOptions


@dataclass(slots=True)
class _Search:
    """What was tried for the edges that miss, and how far each got."""

    limits: Mapping[str, float]
    cures: dict[str, str] = field(default_factory=dict[str, str])
    best: dict[str, tuple[float, str]] = field(default_factory=dict[str, tuple[float, str]])
    tried: list[str] = field(default_factory=list[str])


def find_cures(
    artifact: Artifact,
    missed: Sequence[Edge],
    stimuli: Sequence[Stimulus],
    limits: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> dict[str, str]:
    """Maps `Edge.key` of each missed edge to what would keep it, in a line.

    `stimuli` are those that were judged, `limits` those that replaced the limit of an edge.
    """
    defects = {edge.key: DEFECT for edge in missed if edge.name in NO_COMPILATION}
    left = [edge for edge in missed if edge.key not in defects]
    if not left:
        return defects
    search = _Search(limits=limits or {})
    trials = _trials(artifact, left, stimuli)
    candidates = list(_candidates(artifact))
    for index, candidate in enumerate(candidates, start=1):
        if progress:
            progress(f"trying {candidate.flags} ({index} of at most {len(candidates)})", 0.95)
        if _try(artifact, candidate, left, trials, search):
            break
    return defects | {edge.key: search.cures.get(edge.key) or _accept(edge, search) for edge in left}


def _trials(artifact: Artifact, missed: Sequence[Edge], stimuli: Sequence[Stimulus]) -> Sequence[Stimulus]:
    """Some trials, if all of the misses show on them; else all."""
    some = tuple(stimulus.take(slice(TRIALS)) for stimulus in stimuli)
    if all(few.batch == stimulus.batch for few, stimulus in zip(some, stimuli, strict=True)):
        return stimuli
    walked = walk(artifact, None, some, parts=_parts(missed))
    shown = {edge.key for edge in walked.edges if edge.verdict == "miss"}
    return some if {edge.key for edge in missed} <= shown else stimuli


def _candidates(artifact: Artifact) -> Iterator[Candidate]:
    """Cheapest first: what was left out of calibration, the exact code, larger pools, all of them, a finer tick."""
    own = CompileOptions.of(artifact.manifest)
    calibrated = {stimulus.name for stimulus in artifact.stimuli.calibration}
    left_out = tuple(stimulus.name for stimulus in artifact.stimuli.test if stimulus.name not in calibrated)
    covering = replace(own, calibrate=(*own.calibrate, *left_out))
    # Pools of the threshold code are as good as far smaller ones of the rate code; only the former may go to cores.
    starts = [own, covering] if left_out else [own]
    if left_out:
        yield _candidate(own, covering)
    if own.code == "rate":
        starts = [replace(start, code="threshold") for start in starts]
        yield from (_candidate(own, start) for start in starts)
    for start in starts:
        neurons = 2 * artifact.neurons
        while neurons <= MOST_NEURONS:
            yield _candidate(own, replace(start, neurons=neurons))
            neurons *= 2
    for parts in (2, 4, 8):
        yield _candidate(own, replace(own, tick_s=artifact.staged.dt_s / parts))
    for neurons in (artifact.neurons // 2, artifact.neurons // 4):
        if neurons >= 8:  # fewer neurons have larger weights, which round less
            yield _candidate(own, replace(own, neurons=neurons))


def _candidate(own: CompileOptions, changed: CompileOptions) -> Candidate:
    flags: list[str] = []
    if changed.neurons != own.neurons:
        flags.append(f"--neurons {changed.neurons}")
    if changed.code != own.code:
        flags.append(f"--code {changed.code}")
    if changed.tick_s is not None and changed.tick_s != own.tick_s:
        flags.append(f"--tick-ms {1e3 * changed.tick_s:g}")
    flags += [f"--calibrate {name}" for name in changed.calibrate if name not in own.calibrate]
    return Candidate(flags=" ".join(flags), options=changed)


def _try(
    artifact: Artifact, candidate: Candidate, missed: Sequence[Edge], trials: Sequence[Stimulus], search: _Search
) -> bool:
    """Compile and walk one candidate, and note how far it takes each edge; whether it keeps every budget."""
    search.tried.append(candidate.flags)
    try:
        compiled = _compiled(artifact, candidate.options)
    except InfeasibleError as refusal:
        search.tried[-1] += f" (cannot be compiled: {refusal.problems[0].what})"
        return False
    first = _parts(missed)
    steps: list[tuple[Part, ...]] = [first] if "brian2" in first else [first, (*first, "brian2")]
    return all(_keeps(compiled, candidate, missed, trials, search, parts) for parts in steps)


def _parts(missed: Sequence[Edge]) -> tuple[Part, ...]:
    """What must be walked to see these edges again."""
    needed: dict[Part, bool] = {
        "brian2": any("brian2" in edge.name for edge in missed),
        "theory": any(edge.name.endswith("~ theory") for edge in missed),
    }
    return tuple(part for part, is_needed in needed.items() if is_needed)


def _keeps(
    compiled: Artifact,
    candidate: Candidate,
    missed: Sequence[Edge],
    trials: Sequence[Stimulus],
    search: _Search,
    parts: Sequence[Part],
) -> bool:
    """Walk a candidate; whether it keeps every budget that was walked."""
    walked = walk(compiled, None, trials, parts=parts).edges
    keys = {edge.key for edge in walked}
    own_limits = {key: limit for key, limit in search.limits.items() if key in keys}
    edges = {edge.key: edge for edge in with_limits(walked, own_limits)}
    after = [edge for own in missed if (edge := edges.get(own.key))]
    cures_all = all(edge.verdict == "pass" for edge in after) and not misses(edges.values())
    for edge in after:
        if edge.verdict == "pass" and (cures_all or edge.key not in search.cures):
            search.cures[edge.key] = f"compile with {candidate.flags}: gives {_told(edge)} on {_counted(trials)}"
        elif edge.value is not None:
            best = search.best.get(edge.key)
            if best is None or (edge.value < best[0] if edge.better == "low" else edge.value > best[0]):
                search.best[edge.key] = (edge.value, candidate.flags)
    return cures_all


def _compiled(artifact: Artifact, options: CompileOptions) -> Artifact:
    """The artifact as it would be with other options, in memory."""
    stimuli = artifact.stimuli.calibrated_on(options.calibrate)
    asked = replace(options, neurons=options.neurons or artifact.neurons, allow_lost_states=True)
    lowered = lower(artifact.circuit, stimuli.calibration, artifact.target, asked)
    given = {"neurons": asked.neurons, "code": asked.code, "axons": asked.axons}
    manifest = {**artifact.manifest, "options": {**artifact.manifest["options"], **given}}
    levels = {"staged": lowered.staged, "spiking": lowered.spiking, "built": lowered.built}
    return artifact.with_levels(manifest, circuit=artifact.circuit, stimuli=stimuli, **levels)


def _told(edge: Edge) -> str:
    return f"{amount(edge.value, edge.unit)} (limit {limit_text(edge)})"


def _counted(trials: Sequence[Stimulus]) -> str:
    count = sum(stimulus.batch for stimulus in trials)
    return f"{count:,} trial{'s' * (count != 1)}"


def _accept(edge: Edge, search: _Search) -> str:
    """What is left where nothing helps: to say that the value is good enough."""
    tried = f"none of {', '.join(search.tried)} keeps this budget" if search.tried else "there is nothing to try"
    reached = search.best.get(edge.key)
    told = f" (best: {amount(reached[0], edge.unit)}, with {reached[1]})" if reached else ""
    if edge.value is None:
        return f"{tried}{told}"
    return f"{tried}{told}; to accept it: neurocmc verify DIR --limit '{edge.key}={_next(edge.value, edge.better)}'"


def _next(value: float, better: str) -> str:
    """A value in two digits on the side on which the edge is kept."""
    for digits in range(2, 18):
        text = f"{value:.{digits}g}"
        if (float(text) >= value) if better == "low" else (float(text) <= value):
            return text
    return repr(value)
