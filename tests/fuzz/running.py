"""A case from its number to its verdict: made in a folder of its own, run, judged, looked at, and cleared away."""

import shutil
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.fuzz import oracle
from tests.fuzz.case import Case, random_of
from tests.fuzz.corpus import Corpus
from tests.fuzz.kinds import KINDS, kind_of
from tests.fuzz.promises import DONE, broken, outcome, state_of
from tests.fuzz.real import run_real
from tests.fuzz.sandbox import HUNG, Limits, Ran, lay_out, run_forked

# A command that did not end in its time may have much to do: alone, and with this much, it must.
PATIENT = Limits(cpu_s=180, wall_s=600)
LARGE = 2**27  # is not kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a case."""

    number: int
    kind: str
    what: str
    arguments: tuple[str, ...]
    outcome: str
    broken: tuple[str, ...]
    looked_at: str  # what the oracle said of accepted input, "" where it was not asked
    real: bool  # run as a process of its own
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def make(seed: int, number: int, corpus: Corpus, place: Path) -> Case:
    """The files of a case below `place`, which is made."""
    rng = random_of(seed, number)
    kind = kind_of(rng, number)
    folder = lay_out(place)
    return Case(seed=seed, number=number, kind=kind, made=KINDS[kind].make(rng, corpus, folder), folder=folder)


def judge(
    seed: int, number: int, corpus: Corpus, scratch: Path, *, real: bool = False, keep: Path | None = None
) -> Verdict:
    """Run a case and say what it came to; the files of one that broke a promise are kept in `keep`."""
    place = scratch / f"{number}"
    case = make(seed, number, corpus, place)
    # A real process has its training to do, which takes too long, and cannot be given a NUL.
    real = real and not case.made.training and not any("\0" in argument for argument in case.made.arguments)
    before = state_of(case.folder)
    ran = run_real(case.made, place) if real else run_forked(case.made, place, Limits())
    slow = not real and ran.signal in HUNG
    if slow:
        shutil.rmtree(place, ignore_errors=True)
        # Elsewhere: a program that the first run had begun may still write where it was told to.
        place = scratch / f"{number}-patient"
        case = make(seed, number, corpus, place)
        before = state_of(case.folder)
        ran = run_forked(case.made, place, PATIENT)
    faults = broken(case.made, ran, place, before)
    looked_at = oracle.look(case.made, place) if ran.code == DONE and case.made.oracle else ""
    faults += [looked_at] if looked_at.startswith("differs") else []
    if faults and keep is not None:
        _keep(case, ran, faults, place, keep)
    shutil.rmtree(place, ignore_errors=True)
    said = f"{outcome(ran)}, slowly" if slow and not faults else outcome(ran)
    return Verdict(
        number=number,
        kind=case.kind,
        what=case.made.what.encode("ascii", "backslashreplace").decode(),
        arguments=case.made.arguments,
        outcome=said,
        broken=tuple(faults),
        looked_at=looked_at,
        real=real,
        seconds=ran.seconds,
    )


def _keep(case: Case, ran: Ran, faults: list[str], place: Path, keep: Path) -> None:
    kept = keep / f"{case.number}-{case.kind.replace(' ', '-')}"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(place, kept, symlinks=True, ignore=_special)
    lines = [f"neurocmc {' '.join(map(ascii, case.made.arguments))}", case.made.what, *faults, outcome(ran)]
    text = "\n".join(lines) + "\n"
    (kept / "README").write_text(text.encode("utf-8", "backslashreplace").decode(), encoding="utf-8")


def _special(folder: str, names: list[str]) -> set[str]:
    """What cannot be copied."""
    return {name for name in names if not _is_plain(Path(folder) / name)}


def _is_plain(path: Path) -> bool:
    status = path.lstat()
    regular = stat.S_ISREG(status.st_mode) and status.st_size < LARGE
    return regular or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)
