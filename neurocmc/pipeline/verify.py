"""Walks every edge between the levels of an artifact, judges what was kept, and says what would cure a miss."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import json_text, write_file
from neurocmc.common.opening import SUMMARY
from neurocmc.common.progress import DONE, Progress, part_of, rising
from neurocmc.common.strict_json import read_json
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.cures import find_cures
from neurocmc.pipeline.emitted import emitted_edges
from neurocmc.pipeline.latency import LatencyBench, tick_problems
from neurocmc.pipeline.program import check_nothing_added
from neurocmc.pipeline.reporting import Reported, read_budget, write_report_of
from neurocmc.pipeline.traced import first_trials, rasters, traced
from neurocmc.pipeline.walk import walk
from neurocmc.report.budget import Budget
from neurocmc.report.html import edges_as_html
from neurocmc.theory.certificate import Certificate
from neurocmc.verification.edges import Edge, misses
from neurocmc.verification.latency import Latency
from neurocmc.verification.limits import read_limits, with_limits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VERIFY = "verify.json"
FORMAT, VERSION = "neurocmc-verification", 2  # 1 had no latency
MOST_SEEDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """The choices of a user for a verification."""

    samples: int | None = None  # trials of each stimulus, None: all
    seeds: int = 1
    strict: bool = False  # whether edges of theory decide as well
    limits: tuple[str, ...] = ()  # `EDGE: QUANTITY=VALUE`
    figures: bool = True  # whether the pictures of the report are drawn
    cures: bool = True  # whether what would keep a missed budget is looked for, which takes compilations
    latency: bool = False  # whether it is measured what the network between cores does to spikes
    tick_us: float | None = None  # the fixed length of a tick for that; None: the model's

    def problems(self) -> tuple[Problem, ...]:
        """Returns numbers that make no sense."""
        given = (("--samples", self.samples), ("--seeds", self.seeds))
        found = [
            Problem("number-out-of-range", name, f"got {value}", "give 1 or more")
            for name, value in given
            if value is not None and value < 1
        ]
        if self.seeds > MOST_SEEDS:
            cure = f"give {MOST_SEEDS:,} at most: each runs all trials again"
            found.append(Problem("number-out-of-range", "--seeds", f"got {self.seeds:,}", cure))
        return (*found, *tick_problems(self.tick_us, latency=self.latency))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verification:
    """All edges that were walked, and the page that shows them."""

    edges: tuple[Edge, ...]
    report: Path
    certificate: Certificate
    strict: bool = False
    latency: Latency | None = None  # it decides nothing: see `pipeline.latency`

    def __repr__(self) -> str:
        """One line: whether it passed, and how many budgets were kept."""
        judged = [edge for edge in self.edges if edge.verdict != "not run"]
        missed = [edge.key for edge in misses(self.edges, strict=self.strict)]
        told = "passed" if self.passed else f"missed {', '.join(missed)}"
        return f"<Verification {told}: {len(judged) - len(missed)} of {len(judged)} budgets kept>"

    def _repr_html_(self) -> str:
        """A table of all edges, for notebooks."""
        return edges_as_html(self.edges)

    def plot(self) -> "Figure":
        """Draws how much of its limit each edge has used; what lies right of the line misses.

        Returns:
            A figure of matplotlib, which shows itself as the last value of a notebook's cell.
        """
        from neurocmc.report.notebook import draw_edges  # here and not above: only notebooks draw it

        return draw_edges(self.edges)

    @property
    def passed(self) -> bool:
        return not misses(self.edges, strict=self.strict)

    def as_json(self) -> dict[str, Any]:
        """Returns what `verify --json` prints: the edges with their groups, and the certificate."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "passed": self.passed,
            "strict": self.strict,
            "edges": [_edge_json(edge) for edge in self.edges],
            "certificate": self.certificate.as_json(),
            "latency": None if self.latency is None else self.latency.findings.as_json(),
        }


def verify(
    artifact: Artifact, options: VerifyOptions | None = None, progress: Progress | None = None
) -> Verification:
    """Walks all edges over the test stimuli of an artifact, and looks for what would keep a budget that is missed.

    verify.json is written into the artifact, and its report again.

    Args:
        artifact: The artifact. One without test stimuli is verified on those of its calibration.
        options: What the user chose; None is the defaults.
        progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.

    Returns:
        All edges, the path of the report, and the certificate.

    Raises:
        InputError: For options that make no sense, and for an artifact that is damaged.

    Example:
        >>> from neurocmc.pipeline.artifact import open_artifact
        >>> from neurocmc.pipeline.verify import VerifyOptions, verify
        >>> verify(open_artifact("build/two-state"), VerifyOptions(samples=1)).strict
        False
    """
    options = options or VerifyOptions()
    if problems := options.problems():
        raise InputError(problems)
    limits = read_limits(options.limits)
    told = rising(progress)
    told("read", 0.0)
    check_nothing_added(artifact)
    budget = _read_whole(artifact)
    mesh = artifact.built.spike_mesh() if options.latency else None  # refused before anything is run
    whole = artifact.stimuli.test or artifact.stimuli.calibration
    stimuli = tuple(stimulus.take(slice(options.samples)) for stimulus in whole)
    walked = walk(artifact, artifact.compared_with(), stimuli, options.seeds, told)
    told("emitted program", 0.9)
    edges = with_limits((*walked.edges, *emitted_edges(artifact, whole[0])), limits)
    if options.cures:
        edges = _with_cures(artifact, edges, stimuli, limits, told)
    latency = None
    if mesh is not None:
        bench = LatencyBench.of(artifact.built, stimuli, artifact.seed)
        (latency,) = bench.measure(mesh, (options.tick_us,), part_of(told, 0.96, 0.01))
    found = Verification(
        edges=edges,
        report=artifact.directory / "report.html",
        certificate=walked.certificate,
        strict=options.strict,
        latency=latency,
    )
    told("report", 0.97)
    asked = {"samples": options.samples, "seeds": options.seeds, "limits": limits}
    write_file(artifact.directory / VERIFY, json_text({**found.as_json(), **asked}))
    reported = Reported(
        artifact.manifest,
        artifact.built,
        budget,
        artifact.circuit,
        edges,
        certificate=walked.certificate,
        traces=traced(
            artifact.built,
            first_trials(artifact.built, walked.first, artifact.seed),
            {} if walked.brian2 is None else {"brian2": walked.brian2},
        ),
        rasters=tuple(rasters(artifact.built, walked.first, artifact.seed)),
        latency=latency,
    )
    write_report_of(artifact.directory, reported, draw=options.figures)
    told(DONE, 1.0)
    return found


def _read_whole(artifact: Artifact) -> Budget:
    """Read every level, and the budget, before anything is run or written. Raises InputError where one is damaged."""
    for level in ("circuit", "staged", "spiking", "built", "stimuli"):
        getattr(artifact, level)
    return read_budget(artifact)


def read_verification(artifact: Artifact) -> dict[str, Any]:
    """Reads verify.json as it was written last, as plain values. Raises InputError where there is none."""
    path = artifact.directory / VERIFY
    again = f"run neurocmc verify {artifact.directory}"
    if not path.is_file():
        raise InputError(Problem("verification-missing", str(path), "it does not exist yet", again))
    return read_json(path, SUMMARY, again)


def _with_cures(
    artifact: Artifact,
    edges: Sequence[Edge],
    stimuli: Sequence[Stimulus],
    limits: Mapping[str, float],
    progress: Progress | None,
) -> tuple[Edge, ...]:
    missed = [edge for edge in edges if edge.verdict == "miss"]
    cures = find_cures(artifact, missed, stimuli, limits, progress) if missed else {}
    return tuple(replace(edge, cure=cures.get(edge.key, "")) for edge in edges)


def _edge_json(edge: Edge) -> dict[str, Any]:
    """Plain values, None for what is not a number."""
    return {
        name: None if isinstance(value, float) and not isfinite(value) else value
        for name, value in {**asdict(edge), "group": edge.group}.items()
    }
