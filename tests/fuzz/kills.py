"""Commands killed before the n-th thing that they ask of the file system, for every n, each from the same beginning.

After a kill what stands at the output is the old or the new, and can be read; the next run of the same command ends
well, leaves the new, and clears away what the killed one had left beside it.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from neurocmc.common.replacing import is_leftover
from tests.fuzz.case import Made
from tests.fuzz.corpus import Corpus
from tests.fuzz.sandbox import IN, Limits, Ran, lay_out, run_forked

KILLED = 99  # the exit code of a command that was killed
LIMITS = Limits(cpu_s=120, wall_s=300)
EVENTS = ("open", "os.", "shutil.", "tempfile.", "fcntl.", "exchange")
OUT = "out"
# Written after all else, and never the same twice.
TIMES = "timings.json"


@dataclass(frozen=True, slots=True)
class Command:
    """A command that replaces something: what stands there before, and how what it leaves is read."""

    arguments: tuple[str, ...]
    again: tuple[str, ...]  # of the next run; {resume} where there is a state to go on from
    output: str
    before: Callable[[Corpus, Path], None]
    reads: Callable[[Path], tuple[str, ...]]  # a command that reads the output


def _sources(corpus: Corpus, folder: Path) -> None:
    for name in ("circuit.yaml", "recipe.yaml", "study.yaml"):
        shutil.copy(corpus.folder / name, folder / name)


def _before_compile(corpus: Corpus, folder: Path) -> None:
    _sources(corpus, folder)
    shutil.copytree(corpus.artifact("loihi1"), folder / OUT)


def _before_train(corpus: Corpus, folder: Path) -> None:
    _sources(corpus, folder)
    shutil.copy(corpus.folder / "m.pt", folder / "m.pt")


def _before_study(corpus: Corpus, folder: Path) -> None:
    """A study that is done but for its run; it compiles nothing, which is another command's."""
    _sources(corpus, folder)
    plan = yaml.safe_load(corpus.read("study.yaml"))
    del plan["compile"]
    (folder / "study.yaml").write_text(yaml.safe_dump(plan))
    shutil.copytree(corpus.folder / "studied", folder / OUT)
    (folder / OUT / "runs" / "1-full-0" / "result.json").unlink()


def _before_simulate(corpus: Corpus, folder: Path) -> None:
    shutil.copytree(corpus.artifact("loihi1"), folder / "art")
    shutil.copy(corpus.folder / "stimulus.npz", folder / "o.npz")


_COMPILE = ("compile", "circuit.yaml", "--target", "loihi1", "--neurons", "2", "--no-figures", "-o", OUT)
_TRAIN = ("train", "recipe.yaml", "-o", "m.pt", "--seed", "5")
_STUDY = ("study", "study.yaml", "-o", OUT, "--workers", "1", "--no-figures")
_SIMULATE = ("simulate", "art", "--on", "emulator", "-o", "o.npz")
COMMANDS = {
    "compile": Command(_COMPILE, _COMPILE, OUT, _before_compile, lambda _: ("budget", OUT)),
    "train": Command(_TRAIN, (*_TRAIN, "{resume}"), "m.pt", _before_train, lambda _: ("inspect", "m.pt")),
    "study": Command(_STUDY, _STUDY, OUT, _before_study, lambda _: ("inspect", f"{OUT}/runs/1-full-0/checkpoint.pt")),
    "simulate": Command(_SIMULATE, _SIMULATE, "o.npz", _before_simulate, lambda _: ()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill and what was found after it."""

    command: str
    event: int
    stands: str  # "old", "new", or another word for what is whole and neither
    faults: tuple[str, ...]


def kills(
    name: str,
    corpus: Corpus,
    scratch: Path,
    *,
    every: int = 1,
    first: int = 1,
    known: Container[int] = (),
    plant: Callable[[], None] | None = None,
) -> Iterator[Kill]:
    """Kills of a command before its events `first`, `first` + `every`, ... until it gets to its end.

    Those that are `known` are left out.
    `plant` is called in the process of the command before it begins, to show that kills find what is not whole.
    """
    command = COMMANDS[name]
    place = scratch / "kills"
    folder = _fresh(command, corpus, place)
    old = digests(folder, command.output)
    ended = _run(command.arguments, place)
    if ended.code not in (0, 1):
        raise RuntimeError(f"{name} failed without a kill: {ended.err}")
    new = digests(folder, command.output)
    for number in count(first, every):
        if number in known:
            continue
        folder = _fresh(command, corpus, place)
        ran = _run(command.arguments, place, lambda number=number: _kill_before(number, str(place / IN), plant))
        if ran.code != KILLED:
            shutil.rmtree(place, ignore_errors=True)
            return
        found = digests(folder, command.output)
        stands = "old" if found == old else "new" if found == new else "between"
        yield Kill(command=name, event=number, stands=stands, faults=tuple(_faults(command, place, stands, new)))


def _fresh(command: Command, corpus: Corpus, place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    folder = lay_out(place)
    command.before(corpus, folder)
    return folder


def _faults(command: Command, place: Path, stands: str, new: dict[str, str]) -> Iterator[str]:
    folder = place / IN
    # One file or one artifact is exchanged at one instant; a study and a training write several, each whole.
    if stands == "between" and command.arguments[0] in ("compile", "simulate"):
        yield "neither the old nor the new stands there"
    if reading := command.reads(folder):
        read = _run(reading, place)
        if read.code != 0:
            yield f"what stands there cannot be read, {read.code}{read.signal}: {read.err.strip()[-200:]}"
    resume = ("--resume",) if (folder / "m.pt.resume").exists() else ()
    again = tuple(part for argument in command.again for part in (resume if argument == "{resume}" else (argument,)))
    ended = _run(again, place)
    if ended.code not in (0, 1):
        yield f"the next run ends with {ended.code}{ended.signal}: {ended.err.strip()[-200:]}"
    elif differ := sorted({name for name, _ in digests(folder, command.output).items() ^ new.items()}):
        yield f"the next run leaves something else: {', '.join(differ)}"
    if left := sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if is_leftover(path.name)):
        yield f"left over after the next run: {', '.join(left)}"


def digests(folder: Path, output: str) -> dict[str, str]:
    """The SHA-256 of every file of the output that is not of one process alone."""
    place = folder / output
    paths = [place] if place.is_file() else sorted(place.rglob("*"))
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
        and path.name not in (TIMES,)
        and not is_leftover(path.name)
        and not any(is_leftover(part) for part in path.relative_to(folder).parts)
    }


def _run(arguments: tuple[str, ...], place: Path, before: Callable[[], None] | None = None) -> Ran:
    return run_forked(Made(what="", arguments=arguments), place, LIMITS, before)


def _kill_before(number: int, folder: str, plant: Callable[[], None] | None) -> None:
    """Let this process end, as by kill -9, before its n-th event that may concern a file below `folder`."""
    from neurocmc.common import replacing

    if plant is not None:
        plant()
    real = replacing.__dict__["_renameat2"]()
    if real is not None:

        def announced(*arguments: Any) -> Any:
            sys.audit("exchange")  # ctypes does not announce its calls
            return real(*arguments)

        replacing.__dict__["_renameat2"] = lambda: announced
    seen = 0

    def counted(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event.startswith(EVENTS) and _concerns(arguments, folder):
            seen += 1
            if seen == number:
                os._exit(KILLED)

    sys.addaudithook(counted)


def _concerns(arguments: tuple[Any, ...], folder: str) -> bool:
    """Whether an event may be about a file below a folder: it names one there, or by a relative path, or none at all.

    Between two events that are about files elsewhere nothing changes in the folder.
    """
    names = [os.fsdecode(argument) for argument in arguments if isinstance(argument, str | bytes | os.PathLike)]
    paths = [name for name in names if "/" in name] or names
    return not paths or any(not Path(name).is_absolute() or name.startswith(folder) for name in paths)
