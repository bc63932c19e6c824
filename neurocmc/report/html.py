"""Writes the report as one HTML file: pictures inside, no script, no link to fetch, same bytes for same content."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from neurocmc.common.files import write_file
from neurocmc.common.printable import printable
from neurocmc.common.templates import templates
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.report import wording
from neurocmc.report.bits import remarks, rows
from neurocmc.report.budget import Budget
from neurocmc.report.energy import citations
from neurocmc.report.latency import latency_parts
from neurocmc.report.losses import Losses
from neurocmc.report.pictures import Picture
from neurocmc.report.staging import StagingCost
from neurocmc.targets import Target
from neurocmc.verification.edges import Edge
from neurocmc.verification.latency import LatencyFindings


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
    `staging`: what relays and offsets cost; `time_scale`: what a tick stands for.
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
    certified: tuple[str, ...] = ()  # what theory says of a circuit of several blocks, and of which it does not
    losses: Losses | None = None
    latency: LatencyFindings | None = None
    budget: Budget | None = None
    pictures: tuple[Picture, ...] = ()


def write_report(path: Path, content: ReportContent) -> None:
    """Writes the report. Raises InputError if it cannot be written, ValueError for a picture of no known section."""
    write_file(path, render_report(content))


def render_report(content: ReportContent) -> str:
    """Returns the report as HTML text."""
    sections = ("gain", "activity", "cores", "errors", "latency")
    for picture in content.pictures:
        if picture.section not in sections:
            raise ValueError(f"a picture is of section {picture.section!r}, sections are {', '.join(sections)}")
    energy = content.budget.energy if content.budget else None
    bits = content.budget.bits if content.budget else None
    return (
        templates(Path(__file__).parent, html=True, trim=True, finalize=_shown)
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
            pictures={section: [p for p in content.pictures if p.section == section] for section in sections},
            verdicts=[
                (kind, sum(edge.verdict == kind for edge in content.edges)) for kind in ("pass", "miss", "not run")
            ],
            words=wording,
        )
    )


def _shown(value: Any) -> Any:
    """Plain text without what does not print; what a macro made is left as it is."""
    return printable(value) if type(value) is str else value


def edges_as_html(edges: Iterable[Edge]) -> str:
    """Returns edges as one HTML table, for a notebook: value, limit, verdict and what is worst."""
    head = "".join(f"<th>{title}</th>" for title in ("edge", "quantity", "value", "limit", "verdict", "worst"))
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
    cells = ["".join(f"<td>{escape(printable(text))}</td>" for text in row) for row in rows]
    return f"<table><thead><tr>{head}</tr></thead><tbody><tr>{'</tr><tr>'.join(cells)}</tr></tbody></table>"
