"""The benches of `make bench`: accuracy and speed beside the NEF peer, everything measured in this run.

python -m tests.bench [--quick] [--nengo PATH_TO_PYTHON]
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from neurocmc.targets import LoihiTarget, load_target
from tests.bench.accuracy import accuracy_table, our_errors
from tests.bench.output import bench_console
from tests.bench.peer import HOW_TO, ROOT, PeerRow, nengo_python, run_peer
from tests.bench.speed import (
    batch_table,
    batch_throughput,
    digits,
    digits_table,
    emulator_steps,
    steps_table,
)

OUT = ROOT / "build" / "bench"


def main() -> None:
    """Run all benches, print their tables, write build/bench/*.json."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="accuracy and speed, beside a peer")
    parser.add_argument("--quick", action="store_true", help="N = 64, 2 seeds, 3 repeats, 100 digits")
    parser.add_argument("--nengo", type=Path, help="a Python that has nengo-loihi (default: .venv-nengo)")
    options = parser.parse_args()
    neurons, seeds, repeats = ((64,), 2, 3) if options.quick else ((64, 256), 5, 10)
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    OUT.mkdir(parents=True, exist_ok=True)
    console = bench_console()
    # Speed first, one after the other: nothing else of ours runs beside what is timed.
    with console.status("speed: the emulator"):
        steps = emulator_steps(target, neurons, repeats)
    with console.status("speed: batches"):
        throughput = batch_throughput(target, repeats)
    with console.status("digits: compile and verify in a process of its own"):
        measured = digits(100 if options.quick else 1000)
    with console.status("accuracy: the emulator"):
        ours = our_errors(target, neurons, seeds)
    peers = _peers(options.nengo, neurons, seeds, console)
    for table in (
        accuracy_table(ours, peers), steps_table(steps, peers), batch_table(throughput), digits_table(measured),
    ):  # fmt: skip
        console.print(table, "")
    by_size = [
        {"code": code, "neurons": size, "whole": s.whole.values, "stepping": s.stepping.values}
        for (code, size), s in steps.items()
    ]
    _write("accuracy", {"neurocmc": [asdict(row) for row in ours], "peer": [asdict(row) for row in peers]})
    trials = {name: sample.values for name, sample in throughput.items()}
    _write("speed", {"emulator_steps_per_s": by_size, "trials_per_s": trials, "digits": measured})
    console.print(f"raw values: {OUT.relative_to(ROOT)}/accuracy.json, speed.json")


def _peers(given: Path | None, neurons: tuple[int, ...], seeds: int, console: Console) -> tuple[PeerRow, ...]:
    python = nengo_python(given)
    if python is None:
        console.print(HOW_TO, markup=False)
        return ()
    with console.status(f"the peer, on {python}"):
        return run_peer(python, neurons, seeds, OUT / "nef_swta.json")


def _write(name: str, content: dict[str, Any]) -> None:
    (OUT / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
