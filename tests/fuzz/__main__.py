"""The campaign of `make fuzz`.

    python -m tests.fuzz --cases 50000 --seed 0 --workers 2 [--resume]

Verdicts go to build/fuzz/seed-0.jsonl, from which --resume goes on; the files of what broke a promise to
build/fuzz/seed-0-broken. Exit code 1 where a promise was broken.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.fuzz.campaign import Plan, counts, known, run, run_kills
from tests.fuzz.case import random_of
from tests.fuzz.kills import COMMANDS
from tests.fuzz.kinds import KINDS, kind_of

ROOT = Path(__file__).parents[2]
MOST_SHOWN = 30
# What a fork costs is the number of pages that it may write to: of memory in large pages, where Linux has them for
# whoever asks, it takes a third.
CHEAP_FORKS = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=4294967296",
}


def main() -> None:
    """Run the cases that are left, then the kills, and tell what came of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="fuzz every file that a command reads")
    parser.add_argument("--cases", type=int, default=5000, metavar="N", help="so many cases (default: 5000)")
    parser.add_argument("--seed", type=int, default=0, help="of all cases")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--real", type=int, metavar="N", help="cases as processes of their own (default: 1 %%, at most 500)"
    )
    parser.add_argument(
        "--kills", type=int, default=1, metavar="EVERY", help="kill before every so-manieth event; 0: no kills"
    )
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=list(COMMANDS), help="that are killed")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="cases of these kinds alone")
    parser.add_argument("--only", type=int, nargs="+", metavar="NUMBER", help="these cases alone")
    parser.add_argument("--resume", action="store_true", help="go on with the campaign of this seed")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "fuzz", metavar="DIR")
    options = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", NUMBA_NUM_THREADS="1", MPLBACKEND="agg", **CHEAP_FORKS)
    real = min(500, options.cases // 100) if options.real is None else options.real
    name = f"only-{options.seed}" if options.only else f"seed-{options.seed}"
    plan = Plan(
        seed=options.seed, cases=options.cases, workers=options.workers, real=real, folder=options.out, name=name
    )
    plan.folder.mkdir(parents=True, exist_ok=True)
    if not options.resume:
        plan.verdicts.unlink(missing_ok=True)
        plan.kills.unlink(missing_ok=True)
        shutil.rmtree(plan.kept, ignore_errors=True)
    console = Console()
    verdicts = _cases(plan, options.only, options.kinds, console)
    found = _kills(plan, options.commands, options.kills, console) if options.kills and not options.only else []
    sys.exit(_tell(verdicts, found, console))


def _cases(plan: Plan, only: list[int] | None, kinds: list[str], console: Console) -> list[dict[str, Any]]:
    verdicts = known(plan)
    chosen = only or [n for n in range(plan.cases) if kind_of(random_of(plan.seed, n), n) in kinds]
    left = [number for number in chosen if number not in verdicts]
    for verdict in track(run(plan, left), "cases", total=len(left), console=console):
        verdicts[verdict["number"]] = verdict
    return list(verdicts.values())


def _kills(plan: Plan, commands: list[str], every: int, console: Console) -> list[dict[str, Any]]:
    return list(track(run_kills(plan, commands, every), "kills", total=None, console=console))


def _tell(verdicts: list[dict[str, Any]], found: list[dict[str, Any]], console: Console) -> int:
    """Tables of outcomes, and what was broken; 1 where anything was."""
    console.print(_table("cases", counts(verdicts).items()))
    looked = [verdict for verdict in verdicts if verdict["looked_at"]]
    console.print(
        _table("what was accepted, by other means", ((("", verdict["looked_at"][:40]), 1) for verdict in looked))
    )
    if found:
        console.print(_table("kills", (((kill["command"], kill["stands"]), 1) for kill in found)))
    broken = [verdict for verdict in verdicts if verdict["broken"]]
    for verdict in broken[:MOST_SHOWN]:
        line = f"{verdict['number']} {verdict['kind']}: {'; '.join(verdict['broken'])} ({verdict['what'][:100]})"
        console.print(ascii(line)[1:-1], markup=False, highlight=False, soft_wrap=True)
    faulty = [kill for kill in found if kill["faults"]]
    for kill in faulty[:MOST_SHOWN]:
        line = f"{kill['command']} killed before event {kill['event']}: {'; '.join(kill['faults'])}"
        console.print(ascii(line)[1:-1], markup=False, highlight=False, soft_wrap=True)
    real = sum(verdict["real"] for verdict in verdicts)
    seconds = sum(verdict["seconds"] for verdict in verdicts)
    console.print(
        f"{len(verdicts):,} cases, {real:,} of them as processes of their own, {seconds:,.0f} s; "
        f"{len(found):,} kills; broken promises: {len(broken):,} of cases, {len(faulty):,} of kills"
    )
    return 1 if broken or faulty else 0


def _table(title: str, rows: Iterable[tuple[tuple[str, str], int]]) -> Table:
    sums: dict[tuple[str, str], int] = {}
    for key, count in rows:
        sums[key] = sums.get(key, 0) + count
    table = Table(title=title, title_justify="left", box=None)
    for column in ("kind", "outcome"):
        table.add_column(column)
    table.add_column("count", justify="right")
    for (kind, outcome), count in sorted(sums.items()):
        table.add_row(kind, outcome, f"{count:,}")
    return table


if __name__ == "__main__":
    main()
