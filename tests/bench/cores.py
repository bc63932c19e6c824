"""The part `cores` of the bench: ticks a second of recurrent networks on neurosynaptic cores, against real time.

The load is the one by which TrueNorth's power and speed were published (Merolla et al. 2014; Cassidy et al. 2014):
every neuron fires at 20 Hz and has 128 synapses, every neuron's spikes go to an axon of its own on a core drawn at
random, with a delay drawn from 1 to 15 ticks of 1 ms. How the published networks kept their rate we do not know.
Here *regular* neurons are driven by their leak, keep what is above the threshold and start at phases drawn at random;
*random* ones have a stochastic leak and a noisy threshold. Weights are balanced, half of the axons excite and half
inhibit by as much, so that spikes scatter in time and the mean rate stays where the leak puts it. It is measured.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Literal, get_args

import numpy as np
from rich.console import Console

from neurocmc.ir.truenorth.cores import RESET_SUBTRACT, CoreNetwork, packed
from neurocmc.sim.trials import usable_threads
from neurocmc.sim.truenorth import CoreInputSpikes, run_cores
from neurocmc.sim.truenorth.reference import run_cores_reference
from tests.bench.emulators.tables import Rows, as_table
from tests.bench.environments import ROOT
from tests.bench.timing import Sample

Kind = Literal["regular", "random"]
SIZES = (1, 15, 63, 256, 4096)
LARGEST = SIZES[-1]
WIDTH, SYNAPSES, TYPES = 256, 128, 4
REAL_TIME = 1000  # ticks/s
WEIGHT = 2
LEAK, THRESHOLD = 4, 200  # 50 ticks from spike to spike
RANDOM_LEAK, RANDOM_THRESHOLD, MASK = 205, 37, 31  # 0.8 a tick to 37 and what the noise adds
CROSSBARS = 16  # drawn; each core has one of them with its axons in an order of its own


def run(console: Console, out: Path, quick: bool) -> None:
    """Measure, write cores.json, print. Raises RuntimeError where the reference computes something else."""
    load = os.getloadavg()[0]
    with console.status("cores") as status:
        rows: list[dict[str, Any]] = []
        for kind in get_args(Kind):
            for cores in SIZES[: 3 if quick else None]:
                status.update(f"cores: {cores:,} of {kind} neurons")
                rows.append(measure(kind, cores, 3 if quick else 5))
        status.update("cores: memory")
        size = SIZES[2] if quick else LARGEST
        measured = {"rows": rows, "memory": {"cores": size, "mb": peak_megabytes(size)}}
    measured |= {"machine": {"cores": usable_threads(None), "load": (load, os.getloadavg()[0])}}
    (out / "cores.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    console.print(as_table("Neurosynaptic cores: median (lowest to highest)", *core_rows(measured)), "")
    console.print(core_line(measured))


def recurrent(kind: Kind, cores: int, seed: int = 0) -> CoreNetwork:
    """A recurrent network of `cores` cores that fires at about 20 Hz."""
    rng = np.random.default_rng(seed)
    shape = (cores, WIDTH)
    half = np.arange(WIDTH) < SYNAPSES
    drawn = rng.permuted(np.broadcast_to(half, (min(cores, CROSSBARS), WIDTH, WIDTH)), axis=2).transpose(0, 2, 1)
    rows = packed(drawn)
    crossbar = np.stack([rows[core % len(rows)][rng.permutation(WIDTH)] for core in range(cores)])
    target = rng.permutation(cores * WIDTH).reshape(shape)
    regular = kind == "regular"
    threshold = THRESHOLD if regular else RANDOM_THRESHOLD
    return CoreNetwork(
        name=f"{kind} {cores}",
        neurons=WIDTH,
        coordinates=np.stack(np.divmod(np.arange(cores), 64)[::-1], axis=1),
        axon_type=np.broadcast_to(np.arange(WIDTH) % TYPES, shape),
        crossbar=crossbar,
        weight=np.broadcast_to(np.array([1, -1, 1, -1]) * (WEIGHT if regular else 1), (*shape, TYPES)),
        stochastic_weight=np.zeros((*shape, TYPES)),
        leak=np.full(shape, LEAK if regular else RANDOM_LEAK),
        stochastic_leak=np.full(shape, not regular),
        leak_reversal=np.zeros(shape),
        threshold=np.full(shape, threshold),
        noise_mask=np.full(shape, 0 if regular else MASK),
        floor=np.full(shape, (1 << 18) - 1),
        floor_saturates=np.ones(shape),
        reset_potential=np.zeros(shape),
        reset_mode=np.full(shape, RESET_SUBTRACT),
        potential=rng.integers(0, threshold, shape),
        target_core=target // WIDTH,
        target_axon=target % WIDTH,
        delay=rng.integers(1, 16, shape),
        outputs=0,
    )


def measure(kind: Kind, cores: int, repeats: int) -> dict[str, Any]:
    """Ticks a second of whole calls: on one thread, by the clock and in processor time; shared; of the reference."""
    network = recurrent(kind, cores)
    ticks = max(300, min(100_000, 200_000 // cores))
    plain_ticks = max(5, min(500, 1_000 // cores))
    warm = run_cores(network, ticks=plain_ticks)
    wall, processor = zip(*(timed(network, ticks, 1) for _ in range(repeats)), strict=True)
    shared = [timed(network, ticks, None)[0] for _ in range(repeats)] if cores == LARGEST else []
    plain: list[float] = []
    for _ in range(repeats):
        start = perf_counter()
        reference = run_cores_reference(network, CoreInputSpikes.none(), plain_ticks)
        plain.append(plain_ticks / (perf_counter() - start))
        found, wanted = int(reference.spikes.sum()), int(warm.spikes_total[0])
        if found != wanted or reference.synaptic_events != warm.synaptic_events[0]:
            raise RuntimeError(f"{network.name}: {wanted} spikes in {plain_ticks} ticks, the reference has {found}")
    totals = run_cores(network, ticks=ticks)
    return {
        "kind": kind,
        "cores": cores,
        "ticks": ticks,
        "hz": REAL_TIME * float(totals.spikes_total[0]) / (ticks * cores * WIDTH),
        "events_per_tick": float(totals.synaptic_events[0]) / ticks,
        "wall": wall,
        "processor": processor,
        "shared": shared,
        "reference": plain,
    }


def timed(network: CoreNetwork, ticks: int, threads: int | None) -> tuple[float, float]:
    """Ticks a second of one call, by the clock and in processor time."""
    wall, processor = perf_counter(), process_time()
    run_cores(network, ticks=ticks, threads=threads)
    return ticks / (perf_counter() - wall), ticks / (process_time() - processor)


def peak_megabytes(cores: int) -> float:
    """The most memory that a process of its own needs to make such a network and to run it.

    Linux alone tells it in /proc; what getrusage tells of a child begins with the peak of its parent.
    """
    code = (
        "from pathlib import Path; from neurocmc import run_cores; from tests.bench.cores import recurrent; "
        f"run_cores(recurrent('regular', {cores}), ticks=50); "
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return int(done.stdout) / 1024


def core_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Headings and rows: a network each, one thread unless told."""
    rows: Rows = []
    for row in measured["rows"]:
        wall, processor, plain = (Sample(values=tuple(row[name])) for name in ("wall", "processor", "reference"))
        rows.append(
            [
                row["kind"],
                f"{row['cores']:,}",
                f"{row['hz']:.1f}",
                wall.told(),
                f"{wall.median / REAL_TIME:,.2f}",
                processor.told(),
                f"{row['events_per_tick'] * processor.median / 1e6:,.0f} M",
                wall.over(plain).told("{:,.0f}"),
            ]
        )
    return [
        "neurons",
        "cores",
        "Hz",
        "ticks/s",
        "of real time",
        "ticks/s of processor time",
        "synaptic events/s",
        "over numpy",
    ], rows


def core_line(measured: dict[str, Any]) -> str:
    """What is not in the table: memory, threads, load."""
    memory, machine = measured["memory"], measured["machine"]
    lines = [
        f"Making and running {memory['cores']:,} cores took {memory['mb']:,.0f} MB of memory in all. The load of the "
        f"machine's {machine['cores']} cores was {machine['load'][0]:.1f} before and {machine['load'][1]:.1f} after."
    ]
    lines += [
        f"{row['cores']:,} cores of {row['kind']} neurons on all threads: "
        f"{Sample(values=tuple(row['shared'])).told()} ticks/s."
        for row in measured["rows"]
        if row["shared"]
    ]
    return "\n".join(lines)
