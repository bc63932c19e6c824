"""Tells failures on the command line: what a user can mend on one screen, our defects in one line, by exit codes.

0 done   1 a fidelity budget is missed   2 bad input or infeasible   3 a defect of neurocmc
130 interrupted   141 the reader of a pipe went away
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from textwrap import wrap
from typing import ParamSpec, cast

import typer

from neurocmc.cli.output import console, say_json, tell
from neurocmc.common.errors import InputError, NeurocmcError, Problem, raise_input_problems
from neurocmc.common.opening import name_problem
from neurocmc.common.printable import printable
from neurocmc.common.process import known_state

MISSED, INPUT, DEFECT, INTERRUPTED, CLOSED_PIPE = 1, 2, 3, 130, 141
MAX_REASON = 200
MAX_PROBLEMS = 7  # of three lines each: one screen
INDENT = "    "
# What a machine refuses, whatever neurocmc asked of it: no defect, and nothing to be found in an input file.
_REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.EIO)

debug: ContextVar[bool] = ContextVar("debug", default=False)  # set by --debug for the command that follows

P = ParamSpec("P")


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Returns a command that ends every failure in a message and an exit code, never in a traceback.

    A command with an `as_json` option says its failures as JSON on stdout when that is set.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json = bool(kwargs.get("as_json"))
        try:
            raise_input_problems(_name_problems(kwargs.values()))
            with known_state():
                command(*args, **kwargs)
        except NeurocmcError as error:
            raise _told(error, as_json=as_json) from None
        except MemoryError:
            cure = "fewer trials, a shorter --duration, or fewer neurons"
            raise _told(
                InputError(Problem("memory-short", "memory", "this needs more memory than there is", cure)),
                as_json=as_json,
            ) from None
        except KeyboardInterrupt:
            tell("interrupted; nothing incomplete was written")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Python flushes stdout once more when it ends, and would complain of the same pipe again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(CLOSED_PIPE) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except OSError as error:
            if error.errno not in _REFUSED:
                raise _defect(error, as_json=as_json) from None
            raise _told(_refused(error), as_json=as_json) from None
        except Exception as error:
            raise _defect(error, as_json=as_json) from None

    return run


def _name_problems(arguments: Iterable[object]) -> Iterator[Problem]:
    """Paths that no file can have, and texts that could not be written: refused before anything is done."""
    for argument in arguments:
        if isinstance(argument, list):
            yield from _name_problems(cast(list[object], argument))
            continue
        # Texts are not all names of files, and may be long: only those that hold something odd are looked at.
        is_name = isinstance(argument, Path) or (isinstance(argument, str) and not argument.isprintable())
        if is_name and (problem := name_problem(cast(str, argument))):
            yield problem


def _refused(error: OSError) -> InputError:
    where = str(error.filename or "the disk, or what stdout is written to")
    cure = "check the space on the disk, permissions, and how many files may be open; then run it again"
    return InputError(Problem("system-refused", where, f"the system refused: {error.strerror}", cure))


def _told(error: NeurocmcError, *, as_json: bool) -> typer.Exit:
    if not (as_json and _say_json(error.headline, error.problems)):
        print_problems(error)
    return typer.Exit(error.exit_code)


def _say_json(headline: str, problems: tuple[Problem, ...]) -> bool:
    """Whether stdout took the failure; where it did not, it may be what failed."""
    try:
        say_json({"error": {"headline": headline, "problems": problems}})
    except OSError:
        return False
    return True


def end_of_runs(worst: str, failures: tuple[Problem, ...]) -> None:
    """Ends a command some runs of which failed: what of them was a defect of ours decides.

    Raises typer.Exit after a defect, InputError after failures that a user can mend.
    """
    if worst == "defect":
        for problem in failures:
            tell(f"{problem.where}: {problem.what} [{problem.id}]")
        raise typer.Exit(DEFECT)
    if failures:
        raise InputError(failures)


def print_problems(error: NeurocmcError) -> None:
    """Prints all problems on stderr, each with its place, what is wrong there, its id and the cure.

    The panel has no sides: words are wrapped, but a path longer than the page stays in one piece to be copied.
    """
    from rich.rule import Rule
    from rich.text import Text

    page = console(sys.stderr)
    page.print(Rule(Text(error.headline, style="bold red"), align="left", style="red"))
    for problem in error.problems[:MAX_PROBLEMS]:
        page.print(Text(printable(problem.where), style="bold"), soft_wrap=True)
        page.print(_wrapped(f"{problem.what} [{problem.id}]", page.width), soft_wrap=True)
        page.print(_wrapped(f"cure: {problem.cure}", page.width), style="green", soft_wrap=True)
    if (left_out := len(error.problems) - MAX_PROBLEMS) > 0:
        page.print(Text(f"and {left_out:,} more: fix these first"))
    page.print(Rule(style="red"))


def _wrapped(text: str, width: int) -> str:
    lines = wrap(
        printable(text),
        width,
        initial_indent=INDENT,
        subsequent_indent=INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def _defect(error: Exception, *, as_json: bool) -> typer.Exit:
    """One line on a failure that no input should be able to cause; the traceback where --debug asks for it."""
    if debug.get():
        for line in "".join(traceback.format_exception(error)).splitlines():
            tell(line)
    first = (str(error).splitlines() or [""])[0][:MAX_REASON]
    what = f"{type(error).__name__}: {first}" if first else type(error).__name__
    cure = "please report it, with the traceback that `neurocmc --debug ...` or NEUROCMC_DEBUG=1 shows"
    tell(f"this is a defect of neurocmc ({what}): {cure}")
    if as_json:
        _say_json("defect of neurocmc", (Problem("defect", "neurocmc", what, cure),))
    return typer.Exit(DEFECT)
