"""A million neurons on many chips, run: docs/studies/million.csv, and the table in docs/loihi.md.

`python -m tests.acceptance.million` compiles the columns of `tests.made.large` for Pohoiki Springs, emulates them for
a thousand ticks, reads the emitted program back and steps it from its files alone, and holds every spike of the two
against one another. Columns of a tenth of the size are run on Lava for as many ticks as five minutes allow.
"""

import csv
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from neurocmc.backends.files import stimulus_file
from neurocmc.backends.loihi.readback import run_emitted
from neurocmc.common.arrays import Bool
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.lava import check_lava_python
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.reporting import read_budget
from neurocmc.sim.loihi.emulator import emulate
from neurocmc.sim.loihi.host import encode
from tests.bench.output import rewrite
from tests.made.large import cmc_columns
from tests.made.tables import rows_of

from .decisions import ROOT

TABLE, PAGE, NAME = ROOT / "docs" / "studies" / "million.csv", ROOT / "docs" / "loihi.md", "million"
FIELDS = ("beside", "neurons", "chips", "cores", "ticks", "spikes", "differ")
TARGET, TICKS = "pohoiki-springs", 1000
NEURONS, ON_LAVA = 1_000_000, 100_000
LAVA_S = 300.0
Row = dict[str, str]


def compiled(neurons: int, folder: Path) -> Artifact:
    """Compiles columns of so many neurons, driven for TICKS."""
    large = cmc_columns(neurons)
    lasting = replace(large, stimulus=large.stimulus.lasting(TICKS * large.circuit.dt_s))
    lasting.save(folder / "large.circuit.npz")
    options = CompileOptions(neurons=large.pool, code="threshold", steps="equal", planes=1, figures=False)
    return compile_model(str(folder / "large.circuit.npz"), TARGET, folder / "artifact", options)


def emulated(artifact: Artifact) -> Bool:
    """(ticks, neurons) spikes of the emulator."""
    network, (stimulus,) = artifact.built.integer, artifact.stimuli.calibration
    values = encode(network, stimulus)
    return emulate(network, values, 1, TICKS, record_spikes=True).spikes[0].astype(np.bool_)


def row(beside: str, artifact: Artifact, ours: Bool, theirs: Bool) -> Row:
    """What was compared, and how many spikes differ."""
    chips = read_budget(artifact).chips
    return {
        "beside": beside,
        "neurons": str(artifact.built.integer.neurons),
        "chips": str(1 if chips is None else chips.chips_used),
        "cores": str(artifact.built.cores_used),
        "ticks": str(len(theirs)),
        "spikes": str(int(ours[: len(theirs)].sum())),
        "differ": str(int((ours[: len(theirs)] != theirs).sum())),
    }


def read_back() -> Row:
    """The emitted program from its files alone beside the emulator."""
    with tempfile.TemporaryDirectory() as folder:
        artifact = compiled(NEURONS, Path(folder))
        rule, program = artifact.built.integer.rule, artifact.directory / "program"
        theirs = run_emitted(program, stimulus_file(artifact.stimuli.calibration[0].name), 0, rule)
        return row("the program read back", artifact, emulated(artifact), theirs)


def on_lava() -> Row:
    """Stock Lava beside the emulator, for as many ticks as fit into the time that is left after a first few."""
    with tempfile.TemporaryDirectory() as folder:
        artifact = compiled(ON_LAVA, Path(folder))
        begun = perf_counter()
        _run_lava(artifact, 5)
        first_s = perf_counter() - begun
        begun = perf_counter()
        _run_lava(artifact, 25)
        a_tick_s = max(perf_counter() - begun - first_s, 0.01) / 20
        ticks = int(min(max((LAVA_S - first_s) / a_tick_s * 0.9, 25), TICKS))
        return row("Lava", artifact, emulated(artifact), _run_lava(artifact, ticks))


def _run_lava(artifact: Artifact, ticks: int) -> Bool:
    """(ticks, neurons) spikes of the emitted program on Lava."""
    out = artifact.directory.parent / f"spikes-{ticks}.npz"
    script = artifact.directory / "program" / "run.py"
    command = [str(check_lava_python()), str(script), "--steps", str(ticks), "--out", str(out)]
    subprocess.run(command, check=True, timeout=2 * LAVA_S, stdout=subprocess.DEVNULL)
    spikes = np.zeros((ticks, artifact.built.integer.neurons), dtype=np.bool_)
    with np.load(out) as recorded:
        spikes[recorded["tick"], recorded["neuron"]] = True
    return spikes


def read() -> list[Row]:
    """The rows of the table as it stands."""
    return rows_of(TABLE)


def markdown() -> str:
    """The table of the page."""
    lines = [
        "| beside the emulator | neurons | chips | cores | ticks | spikes | differ |",
        "|---|---|---|---|---|---|---|",
    ]
    for found in read():
        numbers = [f"{int(found[name]):,}" for name in FIELDS[1:]]
        lines.append(f"| {found['beside']} | {' | '.join(numbers)} |")
    return "\n".join(lines)


def main() -> None:
    """Make the table and the page anew."""
    rows = [read_back(), on_lava()]
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    rewrite(PAGE, {NAME: markdown()})
    sys.stdout.write(f"{markdown()}\n")


if __name__ == "__main__":
    main()
