"""What the peers' scripts share: reading networks, repeated timing, writing results. Needs nothing but numpy.

Every script is run in its own environment as

    python X_peer.py FOLDER OUT --repeats R --seconds S

FOLDER holds one npz a network (see networks.save_expanded); OUT gets results.json and, for each, one npz with the
voltages of all neurons after CHECK_TICKS. Building and compiling are never timed, and every network runs CHECK_TICKS
and a probe before its first timed tick.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

CHECK_TICKS = 200
PROBE_TICKS = 50
FEWEST_TICKS, MOST_TICKS = 50, 50_000


def wall_clock(step):
    """`step(ticks)` as a function that returns the seconds it took."""

    def timed(ticks):
        start = time.perf_counter()
        step(ticks)
        return time.perf_counter() - start

    return timed


def measure(seconds_of, spikes, repeats, seconds):
    """Repeats of about `seconds` each: steps a second, and spikes a tick over all of them.

    `seconds_of(ticks)` runs on by so many ticks and returns how long they took; `spikes()` counts all so far.
    """
    probe = seconds_of(PROBE_TICKS)
    ticks = int(np.clip(seconds * PROBE_TICKS / probe, FEWEST_TICKS, MOST_TICKS))
    before = spikes()
    speeds = [ticks / seconds_of(ticks) for _ in range(repeats)]
    return {
        "steps_per_s": speeds,
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
