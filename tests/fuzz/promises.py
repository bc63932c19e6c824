"""What no input may bring about, whatever it holds; each promise that a command broke is named."""

import fnmatch
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from neurocmc.common.replacing import is_leftover
from tests.fuzz.case import Made
from tests.fuzz.sandbox import HUNG, IN, SAID, STACK, TMP, TOLD, Ran

DONE, MISSED, REFUSED = 0, 1, 2
State = dict[str, tuple[int, int, int]]  # path -> mode, size, time


def state_of(folder: Path) -> State:
    """What lies below a folder; links are looked at, not followed."""
    found: State = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        size, time = (0, 0) if stat.S_ISDIR(status.st_mode) else (status.st_size, status.st_mtime_ns)
        found[str(path.relative_to(folder))] = status.st_mode, size, time
    return found


def outcome(ran: Ran) -> str:
    """How a command ended, in a word or two."""
    if ran.code is None:
        return f"ended by {ran.signal}"
    if ran.code == DONE and "accepted, not trained" in ran.out:
        return "accepted for training"
    return {DONE: "accepted", MISSED: "missed a budget", REFUSED: "refused"}.get(ran.code, f"exit code {ran.code}")


def broken(made: Made, ran: Ran, place: Path, before: State) -> list[str]:
    """The promises that a command broke. Empty where it kept them all."""
    return [*_ending(ran), *_words(ran), *_files(made, ran, place, before)]


def _ending(ran: Ran) -> Iterator[str]:
    if ran.signal in HUNG:
        yield f"hangs ({ran.signal})"
    elif ran.code is None:
        yield f"ended by {ran.signal}"
    elif ran.code not in (DONE, MISSED, REFUSED):
        yield f"exit code {ran.code}"


def _words(ran: Ran) -> Iterator[str]:
    said = ran.out + ran.err
    if "Traceback (most recent call last)" in said or '  File "' in ran.err:
        yield "a traceback is shown"
    if odd := sorted({character for character in said if not character.isprintable() and character != "\n"}):
        yield f"control characters are written: {odd[:5]!a}"
    if re.search(r"^.*\.py:\d+: \w*Warning: ", ran.err, re.MULTILINE):
        yield "a warning of Python is shown"
    if ran.code == REFUSED and not re.search(r'^ +cure: \S|Usage: |"cure": "[^"]', said, re.MULTILINE):
        yield "a refusal without a cure"


def _files(made: Made, ran: Ran, place: Path, before: State) -> Iterator[str]:
    if (place / "canary").exists():
        yield "a program hidden in the input was run"
    strange = sorted(path.name for path in place.iterdir() if path.name not in (IN, SAID, TOLD, STACK, TMP, "canary"))
    left = sorted(path.name for path in (place / TMP).iterdir())
    # Whoever is killed cannot clean up; the next one does, which is tested with kills.
    if ran.code is not None and (strange or left):
        yield f"left over: {', '.join([*strange, *left])}"
    after = state_of(place / IN)
    allowed = made.keeps if ran.code == REFUSED else made.writes
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) == after.get(name) or ran.code is None:
            continue
        if name in after and is_leftover(Path(name).name):
            yield f"left over: {name}"
        elif not any(fnmatch.fnmatch(name, pattern) for pattern in allowed):
            what = "removed" if name not in after else "changed" if name in before else "written"
            yield f"{what}: {name}"
