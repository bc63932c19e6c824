"""Writes the tables of docs/benchmarks.md, between their marks, from emulators.json, beside.json, cores.json and
forward.json in build/bench, those that are there.

    python -m tests.bench.page

so that no number in the page was typed by hand. Run `make bench` on an idle machine before.
"""

import json
from typing import Any

from tests.bench.cores import core_line, core_rows
from tests.bench.emulators.beside import beside_rows
from tests.bench.emulators.tables import TABLES, as_markdown
from tests.bench.environments import ROOT
from tests.bench.forward import forward_rows
from tests.bench.output import rewrite

MEASURED = ROOT / "build" / "bench"
PAGE = ROOT / "docs" / "benchmarks.md"
BUSY = 0.5  # load before a run, in busy cores, from which the page says so


def main() -> None:
    """Rewrite the page. Raises ValueError where it lacks a mark."""
    tables: dict[str, str] = {}
    if measured := _read("emulators"):
        tables |= {name: as_markdown(*rows(measured)) for name, _, rows in TABLES}
        tables["machine"] = machine_line(measured)
    if beside := _read("beside"):
        tables["beside"] = f"Before is commit {beside['revision']}.\n\n{as_markdown(*beside_rows(beside['cases']))}"
    if forward := _read("forward"):
        tables["forward"] = as_markdown(*forward_rows(forward))
    if cores := _read("cores"):
        tables["cores"] = f"{as_markdown(*core_rows(cores))}\n\n{core_line(cores)}"
    rewrite(PAGE, tables)
    print(f"tables of {PAGE.relative_to(ROOT)} written: {', '.join(tables)}")


def _read(name: str) -> dict[str, Any] | None:
    """What a part measured, or None where it was not run: its tables stay as they are."""
    path = MEASURED / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def machine_line(measured: dict[str, Any]) -> str:
    """What was measured on, and which versions."""
    machine = measured["machine"]
    lines = [
        f"Measured on {machine['cores']} {machine['architecture']} cores of a virtual machine, neurocmc on Python "
        f"{machine['python']}; the machine's load was {machine['load'][0]:.1f} before the run and "
        f"{machine['load'][1]:.1f} after it (1 is one busy core)."
    ]
    if machine["load"][0] > BUSY:
        lines.append(
            "The machine had other work in this run: what the clock says, and its ratios, may be far from those of "
            "an idle machine. Processor time changes less."
        )
    for name, versions in measured["versions"].items():
        told = ", ".join(f"{package} {version}" for package, version in versions.items())
        lines.append(f"{name}'s environment: {told}.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
