"""Memory capacity that a chip keeps of reservoirs: docs/studies/reservoir.csv, and the table in docs/steps.md.

`python -m tests.acceptance.reservoir` makes both again. The readout is fitted on what the chip does.
"""

import csv
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.recording import Recording
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.staging import restored
from tests.bench.output import rewrite
from tests.made.reservoir import adapted, as_model, capacity, random_inputs, run
from tests.made.tables import rows_of

from .decisions import PAGE, ROOT

TABLE = ROOT / "docs" / "studies" / "reservoir.csv"
NAME = "reservoir"  # of the table on the page
FIELDS = ("seed", "rate", "neurons", "options", "capacity", "nrmse", "planes", "cores")
SEEDS, SIZES = range(5), (32, 64, 128)
OPTIONS = {"`--steps equal --planes 1`": {"steps": "equal", "planes": 1}, "default": {}}
Row = dict[str, str]


def measured(seed: int, neurons: int, options: str) -> Row:
    """Compiles a reservoir, fits readouts of what the chip does, and measures their capacity."""
    reservoir, inputs = adapted(seed), random_inputs(100 + seed)
    given = CompileOptions(neurons=neurons, figures=False, **OPTIONS[options])
    with tempfile.TemporaryDirectory() as folder:
        artifact = compile_model(as_model(reservoir, inputs, 200 + seed), "loihi1", Path(folder) / "build", given)
        built, (stimulus,) = artifact.built, artifact.stimuli.test
        ran = restored(built.of_whole_units(built.run(stimulus)), artifact.circuit, artifact.staged)
        rate, chip = run(reservoir, inputs), _after_each_step(ran)
    error = np.sqrt(np.square(chip - rate).mean()) / np.ptp(rate)
    return {
        "seed": str(seed),
        "rate": f"{capacity(rate, inputs):.4g}",
        "neurons": str(neurons),
        "options": options,
        "capacity": f"{capacity(chip, inputs):.4g}",
        "nrmse": f"{error:.3g}",
        "planes": str(artifact.manifest["options"]["planes"]),
        "cores": str(built.cores_used),
    }


def _after_each_step(recording: Recording) -> Float:
    """(steps, units): the first tick shows what was before the first step."""
    return np.concatenate([recording.activity[name][0, 1:] for name in ("e", "i")], axis=1).astype(np.float64)


def rows() -> Iterator[Row]:
    """Every row of the table, made anew."""
    for neurons in SIZES:
        for options in OPTIONS:
            for seed in SEEDS:
                yield measured(seed, neurons, options)


def read() -> list[Row]:
    """The table as it stands."""
    return rows_of(TABLE)


def markdown() -> str:
    """The table for people: means over seeds."""
    lines = [
        "| options | neurons | capacity kept of the rate model's, each seed | mean | rate | chip | cores |",
        "|---|---|---|---|---|---|---|",
    ]
    for neurons in SIZES:
        for options in OPTIONS:
            own = [row for row in read() if row["neurons"] == str(neurons) and row["options"] == options]
            rate, chip = (np.array([float(row[name]) for row in own]) for name in ("rate", "capacity"))
            cores = sorted({int(row["cores"]) for row in own})
            cells = (
                options,
                str(neurons),
                " ".join(f"{share:.0f}" for share in 100 * chip / rate) + " %",
                f"{100 * chip.mean() / rate.mean():.0f} %",
                f"{rate.mean():.2f}",
                f"{chip.mean():.2f}",
                f"{cores[0]}" if len(cores) == 1 else f"{cores[0]} to {cores[-1]}",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and write."""
    found = []
    for row in rows():
        print(*row.values(), flush=True)
        found.append(row)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, FIELDS, lineterminator="\n")
        out.writeheader()
        out.writerows(found)
    rewrite(PAGE, {NAME: markdown()})


if __name__ == "__main__":
    sys.exit(main())
