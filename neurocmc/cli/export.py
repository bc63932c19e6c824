"""`neurocmc export`: a compiled circuit in the files of another tool."""

from pathlib import Path
from typing import Annotated

import typer

from neurocmc.cli import complete
from neurocmc.cli.options import Json
from neurocmc.cli.output import say, say_json

EXAMPLES = (
    "neurocmc export build --to brian2 -o script",
    "neurocmc export build --to netx -o network.net",
    "neurocmc export build --to nir -o network.nir",
)


def export(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A directory made by `neurocmc compile`.", show_default=False),
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="NAME",
            help="The tool: brian2, netx, nir, pynn, ranc, or one that a plug-in adds.",
            show_default=False,
            autocompletion=complete.exports,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PATH", help="The file or folder to write.", show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """Write a compiled circuit for another tool."""
    from neurocmc.pipeline.exports.export import export as write
    from neurocmc.pipeline.neurons.artifact import open_any

    notes = write(open_any(directory), to, output)
    if as_json:
        say_json({"export": to, "output": output, "notes": list(notes)})
        return
    for note in notes:
        say(note)
    say(f"export: {output}")
