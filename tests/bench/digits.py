"""The part `digits` of the bench: throughput over batches, and what compiling and verifying take."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from neurocmc.common.resources import resource_path
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.targets import LoihiTarget, load_target
from tests.bench.environments import ROOT
from tests.bench.timing import Sample, per_second
from tests.made.built import loihi

BATCH, BATCH_NEURONS = 64, 64
CHILD_LIMIT_S = 1800


def run(console: Console, out: Path, quick: bool) -> None:
    """Measure, write digits.json, print. Raises CalledProcessError or TimeoutExpired where the child fails."""
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    with console.status("digits: batches"):
        throughput = batch_throughput(target, 3 if quick else 10)
    with console.status("digits: compile and verify in a process of its own"):
        measured = compile_and_verify(100 if quick else 1000)
    for table in (batch_table(throughput), digits_table(measured)):
        console.print(table, "")
    trials = {name: sample.values for name, sample in throughput.items()}
    text = json.dumps({"trials_per_s": trials, "circuit": measured}, indent=2)
    (out / "digits.json").write_text(text + "\n", encoding="utf-8")


def batch_throughput(target: LoihiTarget, repeats: int) -> dict[str, Sample]:
    """Trials a second of the digits circuit: the emulator over a batch and one by one, Brian2 over the batch."""
    model = load(resource_path("models/swta-digits.pt"))
    stimuli = model.read_stimuli()
    lowered = lower(model.circuit, stimuli.calibration, target, CompileOptions(neurons=BATCH_NEURONS))
    integer, batch = loihi(lowered).integer, stimuli.test[0].take(slice(BATCH))
    single = [batch.take(slice(trial, trial + 1)) for trial in range(BATCH)]
    return {
        "emulator, batch": per_second(BATCH, lambda: simulate_emulator(integer, batch), repeats),
        "emulator, one by one": per_second(
            BATCH, lambda: [simulate_emulator(integer, trial) for trial in single], repeats
        ),
        "Brian2 (numpy), batch": per_second(BATCH, lambda: simulate_brian2(lowered.spiking, batch), repeats),
    }


def compile_and_verify(samples: int) -> dict[str, Any]:
    """What `digits_child` measures. Raises CalledProcessError or TimeoutExpired if it does not come to an end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.bench.digits_child", str(Path(folder) / "out"), str(samples)]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=CHILD_LIMIT_S)
    return json.loads(done.stdout.splitlines()[-1])


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
