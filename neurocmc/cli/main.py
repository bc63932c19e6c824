"""The `neurocmc` command: its commands in the order in which one uses them, and the options before them."""

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from io import TextIOWrapper, UnsupportedOperation
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, TextIO

import typer
import typer.main
from typer.core import TyperGroup

from neurocmc.cli import (
    budget,
    compile,  # noqa: A004
    demo,
    diff,
    doctor,
    export,
    inspect,
    models,
    new,
    robustness,
    show,
    simulate,
    study,
    sweep,
    targets,
    train,
    verify,
)
from neurocmc.cli.failures import debug, guarded
from neurocmc.cli.output import page_width, progress_shown
from neurocmc.common.names import did_you_mean
from neurocmc.common.printable import printable

ANYWHERE = ("-q", "--quiet", "-v", "--verbose", "--debug")
EPILOG = (
    "Exit codes: 0 done, 1 a fidelity budget is missed, 2 bad input or infeasible, 3 a defect of neurocmc.",
    "Example: neurocmc compile swta-digits --target loihi1 -o build",
)


class Commands(TyperGroup):
    """The group of all commands; help and usage errors keep to the page's width where there is no terminal."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes the options of the whole from wherever they were typed: `neurocmc compile ... -q` is the same."""
        end = args.index("--") if "--" in args else len(args)
        first = [arg for arg in args[:end] if arg in ANYWHERE]
        return super().parse_args(ctx, [*first, *(arg for arg in args[:end] if arg not in ANYWHERE), *args[end:]])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        from typer import rich_utils

        rich_utils.MAX_WIDTH = page_width()
        return super().main(*args, **kwargs)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        with _said_printably():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        with _said_printably():
            return super().invoke(ctx)


@contextmanager
def _said_printably() -> Generator[None]:
    """Usage errors name what was typed, which may be a file's name: it is shown, never sent to the terminal."""
    try:
        yield
    except Exception as error:
        if isinstance(message := getattr(error, "message", None), str):
            said = printable(message.replace("Value error, ", ""))
            error.__dict__["message"] = said + _nearest_choice(message)
        raise


def _nearest_choice(message: str) -> str:
    """What a value that is none of a parameter's choices was perhaps meant to be; "" where nothing is near."""
    if (told := re.search(r"'([^']*)' is not one of (.*)", message)) is None:
        return ""
    near = did_you_mean(told[1], re.findall(r"'([^']*)'", told[2])).rstrip()
    return f" {near[:1].upper()}{near[1:]}" if near else ""


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # failures are told in `failures`
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\n\n".join(EPILOG),
)


def _version(wanted: bool) -> None:
    if wanted:
        from neurocmc import __version__

        typer.echo(f"neurocmc {__version__}")
        raise typer.Exit


@app.callback()
def before(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show only what is wrong, and the paths of written files.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Show the seconds of every stage, each state of a certificate, and notes on what passed.",
        ),
    ] = False,
    show_debug: Annotated[
        bool, typer.Option("--debug", envvar="NEUROCMC_DEBUG", help="Show the traceback when neurocmc itself fails.")
    ] = False,
) -> None:
    """Compile trained cortical rate circuits to spiking neuromorphic chips, every stage verified."""
    debug.set(show_debug)
    progress_shown.set("none" if quiet else "lines" if verbose else "bar")


def _add(command: Callable[..., None], examples: tuple[str, ...]) -> None:
    told = "Examples:" if len(examples) > 1 else "Example:"
    app.command(epilog="\n\n".join((told, *examples)), no_args_is_help=False)(guarded(command))


_add(models.models, models.EXAMPLES)
_add(new.new, new.EXAMPLES)
_add(train.train, train.EXAMPLES)
_add(study.study, study.EXAMPLES)
_add(inspect.inspect, inspect.EXAMPLES)
_add(compile.compile, compile.EXAMPLES)
_add(simulate.simulate, simulate.EXAMPLES)
_add(verify.verify, verify.EXAMPLES)
_add(robustness.robustness, robustness.EXAMPLES)
_add(sweep.sweep, sweep.EXAMPLES)
_add(show.show, show.EXAMPLES)
_add(diff.diff, diff.EXAMPLES)
_add(export.export, export.EXAMPLES)
_add(budget.budget, budget.EXAMPLES)
_add(targets.targets, targets.EXAMPLES)
_add(demo.demo, demo.EXAMPLES)
_add(doctor.doctor, doctor.EXAMPLES)


@cache
def command() -> Any:
    """Returns the whole command, ready to be called; making it takes as long as many a command."""
    return typer.main.get_command(app)


def _terminated(_number: int, _frame: FrameType | None) -> None:
    """Leave by an exception, so that what was half written is removed on the way out."""
    sys.exit(128 + signal.SIGTERM)


def run() -> None:
    """Runs the `neurocmc` script."""
    if threading.current_thread() is threading.main_thread():  # no other thread may
        signal.signal(signal.SIGTERM, _terminated)
    sys.stdout, sys.stderr = _writable(sys.stdout), _writable(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a µ is no reason to fail
    command()(prog_name="neurocmc")


def _writable(stream: TextIO | None) -> TextIO:
    """The stream, or where it was closed before we began, one that forgets: exit codes are told all the same."""
    try:
        if stream is not None:
            os.fstat(stream.fileno())  # a write, even of nothing, would fail on a full disk as well
    except UnsupportedOperation:  # no file stands behind it: whoever put it there catches the text
        pass
    except (OSError, ValueError):
        stream = None
    return stream or Path(os.devnull).open("w", encoding="utf-8")
