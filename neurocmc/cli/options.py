"""Defines options that several commands share, so that they are called the same everywhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurocmc.cli import complete
from neurocmc.common.errors import InputError, Problem

POOLS = "How a population becomes spiking neurons"  # headings of groups of options
CHOICE = "Let the compiler choose the number of neurons"
SPIKING = "Only for networks that spike already, such as .nir files"

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of tables.")]
Figures = Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures of the report.")]
ArtifactDirectory = Annotated[
    Path, typer.Argument(metavar="DIR", help="A directory made by `neurocmc compile`.", show_default=False)
]

Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        envvar="NEUROCMC_WORKERS",
        help="Number of worker processes on this machine; with 1, this process does all runs.",
        show_default="one per processor",
        show_envvar=False,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Use the workers of this Dask scheduler for all runs.",
        show_default=False,
    ),
]
Target = Annotated[
    str,
    typer.Option(
        "--target",
        help="The chip: a name that `neurocmc targets` lists, or a YAML file.",
        metavar="NAME|FILE.yaml",
        autocompletion=complete.targets,
    ),
]
Images = Annotated[
    str | None,
    typer.Option(
        metavar="TASK",
        help="The images that drive a published checkpoint: mnist-5k, fashion-mnist, idx:PATH or cifar-10:FOLDER.",
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


class Weights(StrEnum):
    """Of how many synapses a weight is the sum."""

    one = "one"
    two = "two"


class Decide(StrEnum):
    """How leaky integrators at the output answer."""

    last = "last"
    mean = "mean"
    max = "max"


Semantics = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The framework whose equations it was trained with: snntorch-0, snntorch-1, norse, sinabs, spyx or nir.",
        show_default=False,
        autocompletion=complete.semantics,
        rich_help_panel=SPIKING,
    ),
]
Dt = Annotated[
    float | None,
    typer.Option("--dt", metavar="S", help="Length of a tick in s.", show_default=False, rich_help_panel=SPIKING),
]
Reset = Annotated[
    str | None,
    typer.Option(
        metavar="zero|subtract",
        help="How a spike resets its neuron: to 0, or by subtracting the threshold.",
        show_default=False,
        autocompletion=complete.resets,
        rich_help_panel=SPIKING,
    ),
]
Deciding = Annotated[
    Decide | None,
    typer.Option(
        help="How a leaky integrator at the output answers: by its last, its mean or its largest value.",
        show_default="last",
        rich_help_panel=SPIKING,
    ),
]
Weighted = Annotated[
    Weights | None,
    typer.Option(
        help="Synapses per weight: one, or two whose sum is the weight.",
        show_default="two where they fit",
        rich_help_panel=SPIKING,
    ),
]
Events = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.npz",
        autocompletion=complete.npz_files,
        help="Input spikes to verify with.",
        show_default="random spikes",
        rich_help_panel=SPIKING,
    ),
]
Calibration = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.npz",
        autocompletion=complete.npz_files,
        help="Input spikes on which the scales of the weights are chosen.",
        show_default="--events",
        rich_help_panel=SPIKING,
    ),
]


def check_output_file(path: Path) -> None:
    """Find out before the work is done, not after it, that its result could not be written. Raises InputError."""
    if path.is_dir():
        raise InputError(
            Problem("not-a-regular-file", str(path), "is a directory, a file is needed", "name a file in it")
        )
    if not path.parent.is_dir():
        raise InputError(
            Problem(
                "folder-missing",
                str(path),
                "its folder does not exist",
                "create the folder first, or name another path",
            )
        )
