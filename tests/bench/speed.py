"""Speed: steps a second of the emulator and its peer, throughput over batches, and what compiling and verifying take.

Our times of a whole run include encoding the stimulus on the host and decoding the spikes, and ratios are taken with
them; the peer's are its simulation alone, without building.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from neurocmc.common.resources import resource_path
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.model import load
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.host import encode
from neurocmc.sim.loihi import emulate, simulate_emulator
from neurocmc.targets import LoihiTarget
from tests.acceptance.winner_circuits import TICK_S, calibrated, integers, switch_of_winner, swta
from tests.bench.accuracy import CODES
from tests.bench.peer import ROOT, PeerRow
from tests.bench.timing import Sample, per_second

BATCH, BATCH_NEURONS = 64, 64
CHILD_LIMIT_S = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Ticks a second: of a whole run, and of the chip's stepping alone."""

    whole: Sample
    stepping: Sample


def emulator_steps(target: LoihiTarget, neurons: tuple[int, ...], repeats: int) -> dict[tuple[str, int], Steps]:
    """One run of the four-unit circuit, by code and size."""
    circuit, stimulus = swta(), switch_of_winner()
    calibration, ticks = calibrated(circuit, stimulus), stimulus.ticks(TICK_S)
    steps: dict[tuple[str, int], Steps] = {}
    for code in CODES:
        for size in neurons:
            network = integers(circuit, calibration, target, size, code)
            values = encode(network, stimulus)
            steps[code, size] = Steps(
                whole=per_second(ticks, lambda n=network: simulate_emulator(n, stimulus), repeats),
                stepping=per_second(ticks, lambda n=network, v=values: emulate(n, v, 1, ticks), repeats),
            )
    return steps


def batch_throughput(target: LoihiTarget, repeats: int) -> dict[str, Sample]:
    """Trials a second of the digits circuit: the emulator over a batch and one by one, Brian2 over the batch."""
    model = load(resource_path("models/swta-digits.pt"))
    stimuli = model.read_stimuli()
    lowered = lower(model.circuit, stimuli.calibration, target, neurons=BATCH_NEURONS, code="threshold", seed=0)
    if lowered.integer is None:
        raise AssertionError("a Loihi target has an integer network")
    integer, batch = lowered.integer, stimuli.test[0].take(slice(BATCH))
    single = [batch.take(slice(trial, trial + 1)) for trial in range(BATCH)]
    return {
        "emulator, batch": per_second(BATCH, lambda: simulate_emulator(integer, batch), repeats),
        "emulator, one by one": per_second(
            BATCH, lambda: [simulate_emulator(integer, trial) for trial in single], repeats
        ),
        "Brian2 (numpy), batch": per_second(BATCH, lambda: simulate_brian2(lowered.spiking, batch), repeats),
    }


def digits(samples: int) -> dict[str, Any]:
    """What `digits_child` measures. Raises CalledProcessError or TimeoutExpired if it does not come to an end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.bench.digits_child", str(Path(folder) / "out"), str(samples)]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=CHILD_LIMIT_S)
    return json.loads(done.stdout.splitlines()[-1])


def steps_table(steps: dict[tuple[str, int], Steps], peers: tuple[PeerRow, ...]) -> Table:
    """Steps a second of one run, ours and the peer's, and their ratio with the spread of both."""
    table = Table(title="One run of the four-unit sWTA: steps a second, median (lowest to highest)")
    for heading in ("code", "N", "neurocmc emulator", "its stepping alone", "peer", "peer's steps", "ratio"):
        table.add_column(heading, justify="left" if heading in ("code", "peer") else "right")
    for (code, size), ours in steps.items():
        found = [row for row in peers if row.neurons == size and row.variant == "tuned"]
        if not found:
            table.add_row(code, str(size), ours.whole.told(), ours.stepping.told(), "not measured", "", "")
        for row in found:
            theirs = Sample(values=row.steps_per_s)
            table.add_row(
                code, str(size), ours.whole.told(), ours.stepping.told(), row.system, theirs.told(),
                ours.whole.over(theirs).told("{:.1f}"),
            )  # fmt: skip
    return table


def batch_table(throughput: dict[str, Sample]) -> Table:
    """Trials a second over a batch, beside single runs."""
    table = Table(title=f"Digits circuit, N = {BATCH_NEURONS}, {BATCH} digits: trials a second, median (spread)")
    for heading in ("interpreter", "trials/s", "x one by one"):
        table.add_column(heading, justify="left" if heading == "interpreter" else "right")
    for name, sample in throughput.items():
        ratio = sample.over(throughput["emulator, one by one"]).told("{:.1f}")
        table.add_row(name, sample.told("{:,.1f}"), "" if name == "emulator, one by one" else ratio)
    return table


def digits_table(measured: dict[str, Any]) -> Table:
    """Seconds by pass, of the whole compilation, of verify, and its memory."""
    table = Table(title="Digits circuit for loihi1, N = 64")
    table.add_column("step")
    table.add_column("measured", justify="right")
    for name, value in measured["passes_s"].items():
        table.add_row(f"pass {name}", f"{1e3 * value:.1f} ms")
    table.add_row("passes in all", f"{sum(measured['passes_s'].values()):.2f} s")
    table.add_row(
        "compile in all, first in its process, pictures and report included", f"{measured['compile_s']:.1f} s"
    )
    table.add_row("peak memory until compiled", f"{measured['peak_bytes_compile'] / 2**20:,.0f} MiB")
    table.add_row(f"verify, {measured['samples']:,} digits, all edges", f"{measured['verify_s']:.1f} s")
    table.add_row("peak memory of verify", f"{measured['peak_bytes'] / 2**20:,.0f} MiB")
    return table
