"""`neurocmc verify`: every edge between the levels of an artifact, each with value, limit and verdict."""

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurocmc.cli.certificates import tell_certificate
from neurocmc.cli.failures import MISSED
from neurocmc.cli.neurons import refuse_given, verify_network
from neurocmc.cli.options import ArtifactDirectory, Figures, Json
from neurocmc.cli.output import quiet, results, say, say_json, show, stages, verbose

if TYPE_CHECKING:
    from neurocmc.verification.edges import Edge

EXAMPLES = (
    "neurocmc verify build",
    "neurocmc verify build --samples 100 --seeds 3",
    "neurocmc verify build --limit 'rate ~ emulator: NRMSE of rates=2%'",
    "neurocmc verify build --against recorded.npz",
    "neurocmc verify build --latency --tick-us 20",
)


def verify(
    directory: ArtifactDirectory,
    samples: Annotated[
        int | None,
        typer.Option(help="Run only the first trials of each test stimulus: this many.", show_default="all"),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Repeat all that is random with this many seeds; each edge shows the worst.")
    ] = 1,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Count misses of theory beyond your stimuli as misses, too (exit code 1)."),
    ] = False,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="EDGE: QUANTITY=VALUE", help="Set the limit of one edge. May be repeated."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="For spiking networks (.nir): compare with this recording of the framework that trained it.",
            show_default=False,
        ),
    ] = None,
    latency: Annotated[
        bool, typer.Option("--latency", help="Measure how much the network between the cores delays spikes.")
    ] = False,
    tick_us: Annotated[
        float | None,
        typer.Option(metavar="US", help="With --latency: duration of a tick in us.", show_default="the model's"),
    ] = None,
    figures: Figures = True,
    as_json: Json = False,
) -> None:
    """Compare every level with the one before it; exit code 1 if a fidelity budget is missed."""
    from neurocmc.pipeline.neurons.artifact import NeuronArtifact, open_any
    from neurocmc.pipeline.verify import VerifyOptions, read_verification
    from neurocmc.pipeline.verify import verify as walk
    from neurocmc.report.latency import latency_table

    artifact = open_any(directory)
    if isinstance(artifact, NeuronArtifact):
        from neurocmc.pipeline.neurons.verify import NeuronVerifyOptions

        others = {"--seeds": seeds if seeds != 1 else None, "--strict": strict or None}
        refuse_given({**others, "--latency": latency or None, "--tick-us": tick_us}, "rate circuits")
        asked = NeuronVerifyOptions(samples=samples, against=against, limits=tuple(limit or ()), figures=figures)
        verify_network(artifact, asked, as_json=as_json)
        return
    refuse_given({"--against": against}, "networks of spiking neurons")
    with stages("verify") as progress:
        options = VerifyOptions(
            samples=samples,
            seeds=seeds,
            strict=strict,
            limits=tuple(limit or ()),
            figures=figures,
            latency=latency,
            tick_us=tick_us,
        )
        result = walk(artifact, options, progress)
    if as_json:
        say_json(read_verification(artifact))
    else:
        tell_edges(result.edges, strict=strict)
        with results():
            tell_certificate(result.certificate, f"neurocmc show {artifact.directory} certificate")
            if result.latency is not None:
                show(latency_table(result.latency.findings))
        say(f"edges:  {artifact.directory / 'verify.json'}")
        say(f"report: {result.report}")
    if not result.passed:
        raise typer.Exit(MISSED)


def tell_edges(edges: "tuple[Edge, ...]", *, strict: bool = False) -> None:
    """The table of edges, which is closest to its limit, and the verdict on all that decide; or what is missed."""
    from neurocmc.report.notebook import strain
    from neurocmc.report.tables import edge_table
    from neurocmc.verification.edges import misses

    missed = misses(edges, strict=strict)
    if quiet():
        if missed:
            show(edge_table(missed))
        return
    show(edge_table(edges, notes=verbose()))
    if not verbose() and any(edge.note and edge.verdict == "pass" for edge in edges):
        say("notes on what passed: -v prints them, the report has them")
    judged = [edge for edge in edges if edge.verdict != "not run" and (strict or edge.group == "fidelity")]
    if located := [edge for edge in judged if edge.worst and edge.value is not None]:
        edge = max(located, key=strain)
        at = f"at {100 * strain(edge):.3g} % of its limit" if isfinite(strain(edge)) else "beyond its limit of 0"
        say(f"worst: {edge.key}, {edge.worst}, {at}")
    if not judged:
        say("no budget was judged")
        return
    kept = f"{len(missed)} of {len(judged)} budgets are missed" if missed else f"all {len(judged)} budgets are kept"
    left = sum(edge.verdict == "not run" for edge in edges)
    say(f"{kept}; {left} {'edge was' if left == 1 else 'edges were'} not run" if left else kept)
    if warned := len(misses(edges, strict=True)) - len(missed):
        told = f"{warned} {'edge' if warned == 1 else 'edges'} of theory beyond your stimuli"
        say(f"warning: {told} missed; with --strict {'it counts' if warned == 1 else 'they count'} as missed")
