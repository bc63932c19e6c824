"""Writes the report as one HTML file: pictures, style and script inside, nothing to fetch.

A content-security policy allows the page's own style and script by their hashes, pictures that it holds, and
nothing else. Same bytes for same content. Without the script all is there but the choice of trial and population.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from neurocmc.common.files import write_file
from neurocmc.common.printable import printable
from neurocmc.common.templates import templates
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.report import plots, wording
from neurocmc.report.bits import remarks, rows
from neurocmc.report.budget import Budget
from neurocmc.report.energy import citations
from neurocmc.report.explain import meaning
from neurocmc.report.frontier import Beside, circuits_of, frontier_plot
from neurocmc.report.latency import latency_parts
from neurocmc.report.losses import Losses
from neurocmc.report.notebook import table_as_html
from neurocmc.report.pictures import Picture
from neurocmc.report.staging import StagingCost
from neurocmc.report.traces import Traces
from neurocmc.targets import Target
from neurocmc.verification.edges import Edge, misses
from neurocmc.verification.latency import LatencyFindings

PAGE = Path(__file__).parent / "page"
SECTIONS = ("gain", "activity", "cores", "errors", "latency")
FIRST_QUANTITIES = ("decisions agree", "NRMSE")  # what the first number of a page is, in this order


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeuronSummary:
    """A network of neurons as a report tells of it: in a line, its rules, and what was decided under headings."""

    name: str
    summary: str
    semantics: str
    told: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportContent:
    """The content of a report. What is None or empty is left out, heading and all.

    `versions`: program -> version, for the foot of the page; `options`: option of the compilation -> value;
    `staging`: what relays and offsets cost; `time_scale`: what a tick stands for; `sample`: what was kept of the
    calibration, while nothing was verified; `states`: of the certificate, as `plots.state_plot` takes them.
    """

    network: SpikingNetwork | NeuronSummary
    target: Target
    origin: str  # the file the circuit came from, by name
    origin_sha256: str
    on_host: tuple[str, ...]
    options: Mapping[str, str]
    versions: Mapping[str, str]
    edges: tuple[Edge, ...] = ()
    staging: tuple[StagingCost, ...] = ()
    time_scale: str = ""
    certified: tuple[str, ...] = ()  # what theory says of the states, those of the same populations in one line
    each_state: tuple[str, ...] = ()  # the same, state by state
    losses: Losses | None = None
    latency: LatencyFindings | None = None
    budget: Budget | None = None
    pictures: tuple[Picture, ...] = ()
    sample: tuple[Edge, ...] = ()
    traces: Traces | None = None
    beside: Beside | None = None  # the measured frontier of codes
    states: tuple[Mapping[str, object], ...] = ()
    states_told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a page says first."""

    kind: Literal["passed", "missed", "open"]
    title: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One of the three numbers at the head of a page."""

    value: str
    what: str


def write_report(path: Path, content: ReportContent) -> None:
    """Writes the report. Raises InputError if it cannot be written, ValueError for a picture of no known section."""
    write_file(path, render_report(content))


def render_report(content: ReportContent) -> str:
    """Returns the report as HTML text."""
    for picture in content.pictures:
        if picture.section not in SECTIONS:
            raise ValueError(f"a picture is of section {picture.section!r}, sections are {', '.join(SECTIONS)}")
    energy = content.budget.energy if content.budget else None
    bits = content.budget.bits if content.budget else None
    page = (
        templates(PAGE, html=True, trim=True, finalize=_shown)
        .get_template("neurons.html.j2" if isinstance(content.network, NeuronSummary) else "report.html.j2")
        .render(
            content=content,
            network=content.network,
            target=content.target,
            edges=content.edges,
            latency=() if content.latency is None else latency_parts(content.latency),
            budget=content.budget,
            energy=energy,
            bits=bits,
            bit_rows=rows(bits) if bits else (),
            bit_remarks=remarks(bits) if bits else (),
            citations=citations(energy) if energy else (),
            pictures={section: [p for p in content.pictures if p.section == section] for section in SECTIONS},
            verdict=_verdict(content.edges),
            numbers=tuple(_numbers(content)),
            missed=[(edge, meaning(edge)) for edge in content.edges if edge.verdict == "miss"],
            traces=content.traces,
            worst_units=partial(_worst_units, content.traces),
            plots=plots,
            frontier_plot=frontier_plot,
            circuits_of=circuits_of,
            style=_part("style.css"),
            script=_part("trajectories.js"),
            policy=_policy(),
            verdicts=[
                (kind, sum(wording.verdict(edge) == kind for edge in content.edges))
                for kind in ("pass", "miss", "warns", "not run")
            ],
            words=wording,
        )
    )
    entries = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', page)
    listed = "".join(f'<li><a href="#{name}">{title}</a></li>\n' for name, title in entries)
    return page.replace("<!--contents-->\n", listed, 1)


def _verdict(edges: Sequence[Edge]) -> Verdict:
    judged = [edge for edge in edges if edge.group == "fidelity" and edge.verdict != "not run"]
    if not judged:
        return Verdict(
            kind="open",
            title="Not verified yet.",
            told="Run neurocmc verify DIR on the artifact to compare its levels.",
        )
    missed = misses(edges)
    left = sum(edge.verdict == "not run" for edge in edges)
    told = f" {left} {'edge was' if left == 1 else 'edges were'} not run." if left else ""
    if missed:
        named = "; ".join(edge.key for edge in missed)
        return Verdict(
            kind="missed", title=f"Missed: {len(missed)} of {len(judged)} budgets.", told=f"{named}.{told}"
        )
    return Verdict(kind="passed", title="Passed.", told=f"All {len(judged)} budgets are kept.{told}")


def _numbers(content: ReportContent) -> Iterable[Number]:
    """How well, how much, at what cost."""
    if (kept := _first_edge(content.edges or content.sample)) is not None:
        where = kept.name if content.edges else "on calibration stimuli, not verified yet"
        value, _, whole = wording.amount(kept.value, kept.unit).partition(" of ")
        yield Number(value=value, what=f"{'of trials: ' if whole == 'trials' else ''}{kept.quantity} ({where})")
    if (budget := content.budget) is not None:
        if budget.cores_used is not None and budget.cores_per_chip is not None:
            chips = budget.chips.chips if budget.chips else 1
            there, least = budget.cores_per_chip * chips, budget.cores_lower_bound
            told = f"of {there:,}; no placement needs fewer than {least:,}"
            yield Number(value=f"{budget.cores_used:,} {'core' if budget.cores_used == 1 else 'cores'}", what=told)
        if budget.energy is not None:
            spent_pj = budget.energy.dynamic_per_presentation_pj
            told = "dynamic energy per presentation" + ("" if spent_pj is None else " (estimate)")
            yield Number(value=wording.energy(spent_pj), what=told)


def _first_edge(edges: Sequence[Edge]) -> Edge | None:
    """The edge that a reader asks for first: decisions of the chip, else the error of its rates."""
    run = [edge for edge in edges if edge.value is not None and edge.group == "fidelity"]
    whole = [edge for edge in run if edge.name.startswith(("rate ~ emulator", "fitted ~", "float ~"))] or run
    return next((e for start in FIRST_QUANTITIES for e in whole if e.quantity.startswith(start)), None)


def _worst_units(traces: Traces | None, level: str) -> list[tuple[str, float]]:
    errors = () if traces is None else traces.unit_errors
    return [(f"{error.population}[{error.unit}]", 100.0 * error.share) for error in errors if error.level == level]


@cache
def _part(name: str) -> str:
    """A part of the page that stands in a file of its own."""
    return (PAGE / name).read_text(encoding="utf-8")


def _policy() -> str:
    """The content-security policy: the page's own style and script, and the pictures that it holds."""
    style, script = (
        b64encode(sha256(_part(name).encode()).digest()).decode() for name in ("style.css", "trajectories.js")
    )
    return f"default-src 'none'; img-src data:; style-src 'sha256-{style}'; script-src 'sha256-{script}'"


def _shown(value: Any) -> Any:
    """Plain text without what does not print; what a macro made is left as it is."""
    return printable(value) if type(value) is str else value


def edges_as_html(edges: Iterable[Edge]) -> str:
    """Returns edges as one HTML table, for a notebook: value, limit, verdict and what is worst."""
    rows = [
        (
            edge.name,
            edge.quantity,
            wording.amount(edge.value, edge.unit),
            wording.limit_text(edge),
            wording.verdict(edge),
            edge.worst,
        )
        for edge in edges
    ]
    return table_as_html(("edge", "quantity", "value", "limit", "verdict", "worst"), rows)
