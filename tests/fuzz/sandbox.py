"""One command in a fork of this process, which has imported everything: limits, its output, and how it ended.

The limits are 10 s of processor time and 2 GB beyond what the process held before. A command that waits for something
uses no processor: the clock on the wall ends it after a minute.
"""

import contextlib
import ctypes
import faulthandler
import os
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.fuzz import texts
from tests.fuzz.case import Made

CPU_S, WALL_S, MEMORY_BYTES = 10, 60, 2 * 2**30
FILE_BYTES = 2**30
IN, SAID, TOLD, STACK, TMP = "in", "stdout", "stderr", "stack", "tmp"
HUNG = ("SIGXCPU", "waited")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended and what it said."""

    code: int | None  # None where it was ended by a signal, or had to be
    signal: str  # its name; "waited" where the clock on the wall ended it
    out: str
    err: str
    stack: str  # where it was, if its processor time ran out
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may use."""

    cpu_s: int = CPU_S
    wall_s: float = WALL_S
    memory_bytes: int = MEMORY_BYTES


def lay_out(place: Path) -> Path:
    """The folders of a case below `place`; the one for its files, where the command runs, is returned."""
    for name in (IN, TMP):
        (place / name).mkdir(parents=True)
    return place / IN


def run_forked(made: Made, place: Path, limits: Limits, before: Callable[[], None] | None = None) -> Ran:
    """The command of a case whose files are in `place`/in; `before` is called in the fork, before the command."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _command(made, place, limits, before)
    handle = os.pidfd_open(child)
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    waited = not waiting.poll(1e3 * limits.wall_s)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)  # whatever it began, or it itself
    _, status = os.waitpid(child, 0)
    os.close(handle)
    code = os.waitstatus_to_exitcode(status)
    return Ran(
        code=code if code >= 0 and not waited else None,
        signal="waited" if waited else signal.Signals(-code).name if code < 0 else "",
        out=_text(place / SAID),
        err=_text(place / TOLD),
        stack=_text(place / STACK),
        seconds=round(time.monotonic() - began, 3),
    )


def _text(path: Path) -> str:
    """Bytes that are not UTF-8 become what does not print, and so are found."""
    return path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else ""


def _command(made: Made, place: Path, limits: Limits, before: Callable[[], None] | None) -> None:
    """All that the fork does; it does not return."""
    code = 1  # that of a traceback
    try:
        os.setsid()
        _end_with_the_parent()
        _redirect(place)
        if made.training:
            _stop_trainings()
        if before is not None:
            before()
        _limit(limits, place)
        code = _exit_code(made.arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _end_with_the_parent() -> None:
    """Nothing goes on for a harness that was killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _redirect(place: Path) -> None:
    import tempfile

    os.chdir(place / IN)
    for number, (name, mode) in enumerate(((os.devnull, "rb"), (place / SAID, "wb"), (place / TOLD, "wb"))):
        with open(name, mode) as stream:  # noqa: PTH123
            os.dup2(stream.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", closefd=False) for number, mode in enumerate("rww")
    )
    tempfile.tempdir = os.environ["TMPDIR"] = str(place / TMP)
    os.environ[texts.CANARY] = str(place / "canary")


def _limit(limits: Limits, place: Path) -> None:
    held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (held + limits.memory_bytes, held + limits.memory_bytes))
    # What was used before the fork is not counted, but a limit below it would end the process at once.
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + limits.cpu_s, used + limits.cpu_s + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    stack = (place / STACK).open("w")
    faulthandler.register(signal.SIGXCPU, file=stack, all_threads=False, chain=True)
    globals()["_kept"] = stack  # it must stay open


def _exit_code(arguments: tuple[str, ...]) -> int:
    """What the process would leave with. A traceback is written as Python writes it."""
    from neurocmc.cli.main import run

    sys.argv = ["neurocmc", *arguments]
    try:
        run()
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return (leaving.code or 0) & 0xFF
        sys.stderr.write(f"{leaving.code}\n")
        return 1
    return 0


def _stop_trainings() -> None:
    """Let every training, and every run of a sweep, end where it begins: what comes before is what reads files."""
    from neurocmc.circuits.training import Training
    from neurocmc.pipeline.sweep import measure

    Training.run = _accepted  # type: ignore[method-assign]
    measure.measured = _accepted  # type: ignore[assignment]


def _accepted(*_: object) -> None:
    sys.stdout.write("accepted, not trained\n")
    sys.exit(0)


@contextlib.contextmanager
def warm(corpus: Path, scratch: Path) -> Generator[None]:
    """The body in a process that has imported, and run once, what commands need: forks then start at once."""
    import gc

    from tests.cli.running import run

    os.environ.setdefault("NEUROCMC_LAVA_PYTHON", "")
    artifact = corpus / "for-loihi1"
    rules = ("--semantics", "snntorch-1", "--reset", "zero", "--no-figures")
    for arguments in (
        ("inspect", corpus / "m.pt"),
        ("inspect", corpus / "circuit.yaml"),
        ("compile", corpus / "circuit.yaml", "--target", "loihi1", "--neurons", "4", "-o", scratch / "warm"),
        ("compile", corpus / "circuit.yaml", "--target", "ranc", "--neurons", "4", "-o", scratch / "warm"),
        ("simulate", artifact, "--on", "emulator", "-o", scratch / "warm.npz"),
        ("simulate", artifact, "--on", "brian2", "-o", scratch / "warm.npz"),
        ("simulate", corpus / "for-ranc", "--on", "emulator", "-o", scratch / "warm.npz"),
        ("budget", artifact),
        ("targets", "loihi1"),
        ("inspect", corpus / "layers.nir"),
        ("compile", corpus / "layers.nir", "--target", "loihi1", *rules, "-o", scratch / "warm"),
        ("compile", corpus / "layers.nir", "--target", "brian2", *rules, "-o", scratch / "warm"),
        ("simulate", corpus / "neurons-loihi1", "--on", "emulator", "-o", scratch / "warm.npz"),
        ("verify", scratch / "warm", "--samples", "1"),
        ("robustness", artifact, "--kinds", "nothing", "-o", scratch / "warm-none"),
    ):
        run(*arguments)
    shutil.rmtree(scratch / "warm", ignore_errors=True)
    (scratch / "warm.npz").unlink(missing_ok=True)
    for module in ("circuits.families", "circuits.study.plan", "pipeline.verify"):
        import_module(f"neurocmc.{module}")
    from neurocmc.circuits.images import load_task
    from neurocmc.circuits.training import reproducible
    from neurocmc.cli.main import command

    command()
    load_task("mnist-5k", 50)
    with reproducible(0):  # torch imports much when it is told to be deterministic
        pass
    gc.collect()
    gc.freeze()
    yield
