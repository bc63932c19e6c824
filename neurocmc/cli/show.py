"""`neurocmc show`: a level or the certificate of an artifact whole, or of some populations."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurocmc.cli import complete
from neurocmc.cli.options import ArtifactDirectory, Json, check_output_file
from neurocmc.cli.output import say, say_json
from neurocmc.common.errors import InputError, Problem

EXAMPLES = (
    "neurocmc show build spiking",
    "neurocmc show build chip 'V1.*'",
    "neurocmc show build certificate excite",
    "neurocmc show build spiking excite --draw fits.png",
)
PICTURES = (".png", ".svg")


class Part(StrEnum):
    """What an artifact holds."""

    rate = "rate"
    staged = "staged"
    spiking = "spiking"
    chip = "chip"
    certificate = "certificate"


def show(
    directory: ArtifactDirectory,
    part: Annotated[Part, typer.Argument(metavar="PART", help="rate, staged, spiking, chip or certificate.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Names of populations, or patterns such as 'V1.*'.",
            show_default="all",
            autocompletion=complete.populations,
        ),
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option("--draw", metavar="FILE", help="With spiking: draw the gain fits instead, to a .png or .svg."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print a whole level or certificate of a compiled circuit; its text file may hold only the first part."""
    from neurocmc.pipeline.neurons.artifact import NeuronArtifact, open_any
    from neurocmc.pipeline.pages import draw_fits, page_of

    if draw is not None:
        _check_picture(draw, part)
    artifact = open_any(directory)
    if isinstance(artifact, NeuronArtifact):
        what = "is a spiking network, whose text files are complete"
        raise InputError(Problem("option-not-for-this", str(directory), what, f"read {directory}/ir/*.txt"))
    if draw is None:
        page = page_of(artifact, part.value, names or ())
        if as_json:
            say_json({"part": part, "names": names or [], "lines": page.splitlines()})
            return
        if names:
            say(f"only {', '.join(names)}, with what they send and receive")
        for line in page.splitlines():
            say(line)
        return
    draw_fits(artifact, names or (), draw)
    if as_json:
        say_json({"picture": draw})
        return
    say(f"picture: {draw}")


def _check_picture(path: Path, part: Part) -> None:
    """Find out before the work whether a picture can be drawn. Raises InputError."""
    check_output_file(path)
    if path.suffix.lower() not in PICTURES:
        what = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise InputError(Problem("output-suffix-unknown", str(path), what, f"end it in {' or '.join(PICTURES)}"))
    if part is not Part.spiking:
        what = f"gain fits belong to the level spiking, not to {part}"
        raise InputError(Problem("option-not-for-this", "--draw", what, "show spiking, or leave --draw out"))
