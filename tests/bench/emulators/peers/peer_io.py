"""What the peers' scripts share: reading networks, repeated timing, writing results. Needs nothing but numpy.

Every script is run in its own environment as

    python X_peer.py FOLDER OUT --repeats R --seconds S

FOLDER holds one npz a network (see networks.save_expanded); OUT gets results.json and, for each, one npz with the
voltages of all neurons after CHECK_TICKS. Building and compiling are never timed, and every network runs CHECK_TICKS
and a probe before its first timed tick.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

CHECK_TICKS = 200
PROBE_TICKS = 50
FEWEST_TICKS, MOST_TICKS = 50, 50_000
CLOCK_S = 0.01  # in which the system counts the processor time of other processes


def clocked(step):
    """`step(ticks)` as a function that returns the seconds it took, by the clock and of all processors."""

    def timed(ticks):
        wall, processor = time.perf_counter(), processor_seconds()
        step(ticks)
        return time.perf_counter() - wall, processor_seconds() - processor

    return timed


def processor_seconds():
    """Processor time of this process and of all that it started and that still run; where /proc tells of them."""
    table = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended
            continue
        table[int(entry.parent.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    if os.getpid() not in table:
        return time.process_time()
    own = {os.getpid()}
    while more := {process for process, (parent, _) in table.items() if parent in own} - own:
        own |= more
    children = sum(table[process][1] for process in own - {os.getpid()}) / os.sysconf("SC_CLK_TCK")
    return time.process_time() + children


def measure(seconds_of, spikes, repeats, seconds):
    """Repeats of about `seconds` each: steps a second, and spikes a tick over all of them.

    `seconds_of(ticks)` runs on by so many ticks and returns how long they took, by the clock and of all processors;
    `spikes()` counts all so far.
    """
    probe, _ = seconds_of(PROBE_TICKS)
    ticks = int(np.clip(seconds * PROBE_TICKS / probe, FEWEST_TICKS, MOST_TICKS))
    before = spikes()
    taken = [seconds_of(ticks) for _ in range(repeats)]
    return {
        "steps_per_s": [ticks / wall for wall, _ in taken],
        "steps_per_processor_s": [ticks / max(processor, CLOCK_S) for _, processor in taken],
        "ticks": ticks,
        "spikes_per_tick": (spikes() - before) / (repeats * ticks),
    }


def run_all(run_one, versions):
    """Run every network of the folder named on the command line.

    `run_one(network, measured)` builds it, runs CHECK_TICKS, calls `measured(seconds_of, spikes)` and returns
    (voltages after CHECK_TICKS, what `measured` returned).
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    def measured(seconds_of, spikes):
        return measure(seconds_of, spikes, options.repeats, options.seconds)

    results = {}
    for path in sorted(options.folder.glob("*.npz")):
        with np.load(path) as file:
            network = dict(file)
        start = time.perf_counter()
        voltage, results[path.stem] = run_one(network, measured)
        results[path.stem]["whole_s"] = time.perf_counter() - start
        np.savez(options.out / path.name, voltage=np.asarray(voltage).astype(np.int64))
    text = json.dumps({"versions": versions, "networks": results}, indent=2)
    (options.out / "results.json").write_text(text + "\n", encoding="utf-8")
