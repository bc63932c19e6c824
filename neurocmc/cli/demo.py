"""`neurocmc demo`: a bundled circuit from its source to its pictures, in one command."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from neurocmc.cli import complete
from neurocmc.cli.failures import MISSED
from neurocmc.cli.options import Code, Json, Target
from neurocmc.cli.output import PLAIN_WIDTH, grid, results, say, say_json, show, stages
from neurocmc.cli.verify import tell_edges

EXAMPLES = (
    "neurocmc demo",
    "neurocmc demo up-state --code feedback --neurons 8 -o demo",
    "neurocmc demo interneurons --animate gif",
)


def demo(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="The demo to run. Without a name, all demos are listed.",
            autocompletion=complete.demos,
        ),
    ] = None,
    target: Target = "loihi1",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="The directory for all results.", show_default="demo-NAME"
        ),
    ] = None,
    code: Annotated[
        Code,
        typer.Option(help="How the spikes of a pool encode activity. auto takes the cheapest code within 1 % error."),
    ] = Code.threshold,
    neurons: Annotated[int | None, typer.Option(help="Neurons per unit.", show_default="the demo's own")] = None,
    animate: Annotated[
        Literal["gif", "mp4"] | None,
        typer.Option(help="Write an animation of the figure as well. mp4 needs ffmpeg.", show_default="none"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compile a bundled circuit, run it as rates, in Brian2 and on the chip emulator, and draw its activity."""
    from neurocmc.pipeline.demos import DEMOS, find_demo, run_demo
    from neurocmc.pipeline.options import CompileOptions
    from neurocmc.pipeline.reporting import read_budget
    from neurocmc.report.tables import budget_table

    if name is None:
        _list({known: entry.title for known, entry in DEMOS.items()}, as_json=as_json)
        return
    explanation = find_demo(name).explanation
    with stages(f"demo {name}") as progress:
        options = CompileOptions(neurons=neurons, code=None if code is Code.auto else code.value)
        result = run_demo(name, target, output or Path(f"demo-{name}"), progress, animate, options)
    directory = result.artifact.directory
    if as_json:
        facts = {"lines": result.lines, "pictures": result.pictures, "edges": result.edges}
        say_json({"demo": name, "explanation": explanation, "passed": result.passed, "artifact": directory, **facts})
    else:
        with results():
            for line in textwrap.wrap(explanation, PLAIN_WIDTH):
                say(line)
            for line in result.lines:
                say(line)
        tell_edges(result.edges)
        with results():
            show(budget_table(read_budget(result.artifact)))
        for picture in result.pictures:
            say(f"{'film:    ' if picture.suffix in ('.gif', '.mp4') else 'picture: '} {picture}")
        say(f"report:   {directory / 'report.html'}")
        say(f"artifact: {directory}")
    if not result.passed:
        raise typer.Exit(MISSED)


def _list(titles: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        say_json({"demos": titles})
        return
    show(grid("demos", ("name", "what it shows"), titles.items()))
    say("Run one: neurocmc demo NAME")
