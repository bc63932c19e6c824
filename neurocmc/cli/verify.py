"""`neurocmc verify`: every edge between the levels of an artifact, each with value, limit and verdict."""

from math import inf
from typing import TYPE_CHECKING, Annotated

import typer

from neurocmc.cli.failures import MISSED
from neurocmc.cli.options import ArtifactDirectory, Json
from neurocmc.cli.output import say, say_json, show, stages

if TYPE_CHECKING:
    from neurocmc.verification.edges import Edge

EXAMPLES = ("neurocmc verify build", "neurocmc verify build --samples 100 --seeds 3")


def verify(
    directory: ArtifactDirectory,
    samples: Annotated[
        int | None, typer.Option(help="Only the first so many trials of each test stimulus.", show_default="all")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Compile again under so many seeds; each edge shows the worst.")] = 1,
    as_json: Json = False,
) -> None:
    """Compare every level with the one before it; exit code 1 where a fidelity budget is missed."""
    from neurocmc.pipeline.artifact import open_artifact
    from neurocmc.pipeline.verify import verify as walk
    from neurocmc.theory.wording import certificate_lines

    artifact = open_artifact(directory)
    with stages("verify") as progress:
        result = walk(artifact, samples, seeds, progress)
    if as_json:
        say_json(
            {
                "passed": result.passed,
                "edges": result.edges,
                "certificate": result.certificate.as_json(),
                "report": result.report,
            }
        )
    else:
        tell_edges(result.edges)
        for line in certificate_lines(result.certificate):
            say(line)
        say(f"edges:  {artifact.directory / 'verify.json'}")
        say(f"report: {result.report}")
    if not result.passed:
        raise typer.Exit(MISSED)


def tell_edges(edges: "tuple[Edge, ...]") -> None:
    """The table of edges, which population or projection is worst, and the verdict on all."""
    from neurocmc.report.tables import edge_table

    show(edge_table(edges))
    walked = [edge for edge in edges if edge.value is not None]
    if located := [edge for edge in walked if edge.worst]:
        edge = max(located, key=strain)
        say(f"worst: {edge.worst}, {edge.quantity} of {edge.name} at {100 * strain(edge):.3g} % of its limit")
    missed = sum(edge.verdict == "miss" for edge in edges)
    left = len(edges) - len(walked)
    kept = f"all {len(walked)} budgets are kept" if not missed else f"{missed} of {len(walked)} budgets are missed"
    say(f"{kept}; {left} {'edge was' if left == 1 else 'edges were'} not run" if left else kept)


def strain(edge: "Edge") -> float:
    """How much of its limit an edge has used, 1 at the limit: what makes edges of different units comparable."""
    if edge.value is None or edge.limit is None:
        return 0.0
    match edge.better, edge.unit:
        case "low", _:
            used, allowed = edge.value, edge.limit
        case "high", "of trials":  # 99.5 % of trials where 99 % must agree: half of what may go wrong
            used, allowed = 1.0 - edge.value, 1.0 - edge.limit
        case _:
            used, allowed = edge.limit, edge.value
    return used / allowed if allowed else inf if used else 0.0
