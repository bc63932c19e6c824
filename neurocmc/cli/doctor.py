"""`neurocmc doctor`: what neurocmc can use on this machine, and what would bring the rest."""

import typer

from neurocmc.cli.failures import INPUT
from neurocmc.cli.options import Json
from neurocmc.cli.output import grid, say, say_json, show

EXAMPLES = ("neurocmc doctor", "neurocmc doctor --json")


def doctor(as_json: Json = False) -> None:
    """List which libraries, tools, compilers and caches neurocmc finds; exit code 2 if a required one is missing."""
    from neurocmc.pipeline.doctor import findings

    found = findings()
    broken = [finding for finding in found if finding.needed and finding.is_missing]
    if as_json:
        say_json({"findings": found, "works": not broken})
    else:
        show(grid("this machine", ("", "found", "what it is for"), [(f.name, f.found, f.serves) for f in found]))
        for finding in found:
            if finding.cure:
                say(f"{finding.name}: {finding.cure}")
        say("something required is missing" if broken else "nothing required is missing")
    if broken:
        raise typer.Exit(INPUT)
