"""`neurocmc new`: a commented file to start from, for a circuit, a state machine, a chip or a training."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurocmc.cli.options import Json, check_output_file
from neurocmc.cli.output import say, say_json
from neurocmc.common.errors import InputError, Problem

EXAMPLES = (
    "neurocmc new circuit -o circuit.yaml",
    "neurocmc new target -o mine.yaml",
    "neurocmc new recipe -o recipe.yaml",
)


class Kind(StrEnum):
    """What can be begun."""

    circuit = "circuit"
    automaton = "automaton"
    target = "target"
    recipe = "recipe"


def new(
    kind: Annotated[
        Kind, typer.Argument(metavar="circuit|automaton|target|recipe", help="What the file shall describe.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.yaml", help="The file to write.", show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """Write a commented YAML file that works as it is and that you can change into your own."""
    from neurocmc.common.files import write_file
    from neurocmc.pipeline.starts import START

    start = START[kind.value]
    check_output_file(output)
    if output.exists():
        what, cure = "exists already and is not overwritten", "name another file"
        raise InputError(Problem("file-exists", str(output), what, cure))
    write_file(output, start.text())
    nexts = [line.format(file=output) for line in start.nexts]
    if as_json:
        say_json({"file": output, "kind": kind.value, "next": nexts})
        return
    say(f"{output}: {start.what}")
    for line in nexts:
        say(f"next: {line}")
