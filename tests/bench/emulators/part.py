"""The part `emulators` of the bench: measure, write build/bench/emulators.json, print the tables."""

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench.emulators.large import large
from tests.bench.emulators.lava_batches import lava_batches
from tests.bench.emulators.networks import CHECK_TICKS
from tests.bench.emulators.systems import FULL, OURS, QUICK, Comparison, compare, make_networks
from tests.bench.emulators.tables import TABLES, as_table
from tests.bench.emulators.throughput import batches, core

NOTES = (
    "Same weights, decays, thresholds, biases and start voltages everywhere. No system's building, compiling or "
    "first 200 ticks are timed; nothing is recorded but spike counts. Ours and nengo-loihi run in one process, Lava "
    "in its own processes, brian2-loihi on Brian2's Cython target; every library has one thread. Numbers are "
    "medians, ratios are of medians, in brackets the least and the greatest that the repeats of both sides allow. "
    "Processor time is that of all processes and threads of a system.",
    "What peers needed: nengo-loihi clips voltages at 0 from below by default, here its vmin is the register's end; "
    "brian2-loihi has no bias, here a run_regularly adds it where the chip does. Both then compute what Lava does.",
)


def run(console: Console, out: Path, quick: bool) -> None:
    """Measure and print. Raises RuntimeError where a peer fails."""
    effort = QUICK if quick else FULL
    load_before = os.getloadavg()[0]
    with console.status("emulators: making networks") as status:
        networks = make_networks(effort)
        comparison = compare(networks, effort, lambda what: status.update(f"emulators: {what}"))
        status.update("emulators: batches, one core's worth")
        of_core = core(effort.repeats, effort.seconds)
        measured = as_json(comparison) | {
            "core": of_core,
            "batches": batches(effort.repeats),
            "lava_batches": lava_batches(networks, effort),
            "large": large(quick),
            "machine": machine() | {"load": (load_before, os.getloadavg()[0])},
        }
    (out / "emulators.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    for line in comparison.absent:
        console.print(line, markup=False)
    for _, title, rows in TABLES:
        console.print(as_table(title, *rows(measured)), "")
    for note in NOTES:
        console.print(note)
    console.print(f"Load of the machine (1 is one busy core) before: {load_before:.1f}.")
    if wrong := different(comparison):
        raise SystemExit(f"not the same voltages after {CHECK_TICKS} ticks: {'; '.join(wrong)}")


def different(comparison: Comparison) -> list[str]:
    """Systems and networks whose voltages are not those of the plain interpreter."""
    return [
        f"{system} on {name}"
        for system, speeds in comparison.speeds.items()
        for name, speed in speeds.items()
        if speed.voltages_that_differ
    ]


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Everything that the tables need, and every repeat."""
    order = (OURS, *(name for name in comparison.speeds if name != OURS))
    return {
        "versions": comparison.versions,
        "networks": [
            {
                "name": network.name,
                "kind": network.kind,
                "neurons": network.neurons,
                "synapses": network.weights.nnz * network.pool**2,
                "wanted_share": network.wanted_share,
            }
            for network in comparison.networks
        ],
        "systems": {
            system: {
                name: asdict(speed)
                | {key: getattr(speed, key).values for key in ("steps_per_s", "steps_per_processor_s")}
                for name, speed in comparison.speeds[system].items()
            }
            for system in order
        },
    }


def machine() -> dict[str, Any]:
    """What was measured on: a number of steps a second means nothing without it."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }
