"""Defines options that several commands share, so that they are called the same everywhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurocmc.cli import complete
from neurocmc.common.errors import InputError, Problem

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of tables.")]
Figures = Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the pictures of the report.")]
ArtifactDirectory = Annotated[
    Path, typer.Argument(metavar="DIR", help="A directory made by `neurocmc compile`.", show_default=False)
]

Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        envvar="NEUROCMC_WORKERS",
        help="Worker processes on this machine; 1 is this process alone.",
        show_default="one a processor",
        show_envvar=False,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler", metavar="ADDRESS", help="A Dask scheduler, whose workers do all runs.", show_default=False
    ),
]
Target = Annotated[
    str,
    typer.Option(
        "--target",
        help="A known target or a YAML file.",
        metavar="NAME|FILE.yaml",
        autocompletion=complete.targets,
    ),
]
Images = Annotated[
    str | None,
    typer.Option(
        metavar="TASK",
        help="Whose images drive a published checkpoint: mnist-5k, fashion-mnist, idx:PATH, cifar-10:FOLDER.",
        show_default=False,
    ),
]


class Code(StrEnum):
    """How a pool of neurons carries the activity of its unit."""

    threshold = "threshold"
    feedback = "feedback"
    interleaved = "interleaved"
    rate = "rate"
    auto = "auto"


def check_output_file(path: Path) -> None:
    """Find out before the work is done, not after it, that its result could not be written. Raises InputError."""
    if path.is_dir():
        raise InputError(
            Problem("not-a-regular-file", str(path), "is a directory, a file is needed", "name a file in it")
        )
    if not path.parent.is_dir():
        raise InputError(
            Problem(
                "folder-missing", str(path), "its folder does not exist", "make the folder first, or name another"
            )
        )
