"""`neurocmc diff`: how two artifacts differ in options, levels, resources and verdicts."""

from typing import Annotated

import typer

from neurocmc.cli.options import ArtifactDirectory, Json
from neurocmc.cli.output import grid, say, say_json, show

EXAMPLES = ("neurocmc diff build other", "neurocmc diff build other --all", "neurocmc diff build other --json")


def diff(
    first: ArtifactDirectory,
    second: ArtifactDirectory,
    everything: Annotated[bool, typer.Option("--all", help="Show every difference, however many.")] = False,
    as_json: Json = False,
) -> None:
    """Show how two artifacts differ: options, target, levels, resources, and what `verify` found."""
    from neurocmc.pipeline.difference import PARTS, differences

    found = differences(first, second)
    if as_json:
        say_json({"first": first, "second": second, "differences": found})
        return
    for part in PARTS:
        shown = [entry for entry in found if entry.part == part and (everything or not entry.detail)]
        if shown:
            rows = [(entry.where, entry.first, entry.second) for entry in shown]
            show(grid(part, ("", str(first), str(second)), rows))
            say()
    if not found:
        say("no difference in options, target, levels, budget and verdicts")
        return
    hidden = 0 if everything else sum(entry.detail for entry in found)
    say(f"{len(found):,} differences{f', {hidden:,} of them in detail (--all shows them)' if hidden else ''}")
