"""Measures what other tools make of our recurrent network: `python -m tests.bench.beside_spiking [--quick]`.

Writes docs/studies/neurons-others.csv and its table in docs/neurons-measured.md. --quick takes one seed and writes
nothing. Environments are made where they are missing (tests/lava_environment.py; SNN Toolbox's is some 2 GB).
"""

import argparse
from dataclasses import asdict

from tests.acceptance.neurons import SEEDS
from tests.bench.beside_spiking.measure import Row, rows
from tests.bench.beside_spiking.table import write, write_page


def main() -> None:
    """Measure, print each row as it comes, and write unless only a quick look was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside_spiking", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed; nothing is written")
    quick = parser.parse_args().quick
    found: list[Row] = []
    for row in rows(SEEDS[:1] if quick else SEEDS):
        print({name: value for name, value in asdict(row).items() if value not in (None, "")}, flush=True)
        found.append(row)
    if not quick:
        write(found)
        write_page()


if __name__ == "__main__":
    main()
