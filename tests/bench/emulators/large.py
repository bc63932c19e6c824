"""A million neurons in pools on one thread: processor time of 1,000 ticks and the most memory, in its own process.

    python -m tests.bench.emulators.large UNITS NEURONS TICKS

prints one JSON object. Populations have 16 units of so many neurons each, every one hears 8 others and itself all to
all; weights are even and of either sign, biases let every neuron fire on its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation, IntegerProjection
from neurocmc.ir.trace import Trace
from neurocmc.sim.loihi.compartments.network import LOIHI_RULE
from neurocmc.sim.loihi.emulator import emulate
from tests.bench.emulators.networks import BIAS_EXPONENT, DECAY_U, DECAY_V, THRESHOLD_MANTISSA
from tests.bench.emulators.ours import NO_LOSS
from tests.bench.environments import ONE_THREAD, ROOT
from tests.bench.timing import spent

UNITS, HEARD, LARGEST_WEIGHT = 16, 8, 3  # of a population
SIZES = ((1_600, 64), (16_000, 64), (60_000, 16))  # units of all, neurons of each
TICKS = 1000
LIMIT_S = 1800


def large(quick: bool) -> list[dict[str, Any]]:
    """What each network takes. Raises RuntimeError where a process fails."""
    rows: list[dict[str, Any]] = []
    for units, neurons in SIZES[: 1 if quick else None]:
        command = [sys.executable, "-m", "tests.bench.emulators.large", str(units), str(neurons), str(TICKS)]
        environment = os.environ | ONE_THREAD
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    return rows


def large_network(units: int, neurons: int, seed: int = 0) -> IntegerNetwork:
    """So many units of so many neurons, in populations that hear some others."""
    rng = np.random.default_rng(seed)
    count = units // UNITS
    projections = [
        _projection(rng, source, target)
        for target in range(count)
        for source in {target, *rng.choice(count, HEARD, replace=False).tolist()}
    ]
    return IntegerNetwork(
        name=f"large-{units}",
        tick_s=0.001,
        rule=LOIHI_RULE,
        populations=tuple(_population(rng, f"p{index}", neurons) for index in range(count)),
        projections=tuple(projections),
        inputs=(),
        readouts=(),
    )


def _population(rng: np.random.Generator, name: str, neurons: int) -> IntegerPopulation:
    shape = (UNITS, neurons)
    return IntegerPopulation(
        name=name,
        units=UNITS,
        neurons=neurons,
        decay_u=DECAY_U,
        decay_v=DECAY_V,
        threshold_mantissa=THRESHOLD_MANTISSA,
        bias_mantissa=rng.integers(550, 1000, shape),
        bias_exponent=BIAS_EXPONENT,
        u_initial=np.zeros(UNITS),
        v_initial=rng.integers(0, THRESHOLD_MANTISSA << 6, shape),
        lsb_per_drive=np.ones(UNITS),
        activity_per_spike=1.0,
        trace=Trace.at_rest(0.01, UNITS),
        wanted_pole=0.9,
        bias_loss=NO_LOSS,
    )


def _projection(rng: np.random.Generator, source: int, target: int) -> IntegerProjection:
    shape = (UNITS, UNITS)
    return IntegerProjection(
        name=f"w{source}_{target}",
        source=f"p{source}",
        target=f"p{target}",
        mantissa=2 * rng.integers(-LARGEST_WEIGHT, LARGEST_WEIGHT + 1, shape),
        exponent=0,
        sign="mixed",
        delay_ticks=0,
        wanted_gain=np.zeros(shape),
        realised_gain=np.zeros(shape),
        loss=NO_LOSS,
    )


def peak_megabytes() -> float:
    """The most memory so far; from /proc: what getrusage tells of a child begins with the peak of its parent."""
    return int(Path("/proc/self/status").read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) / 1024


def main(units: int, neurons: int, ticks: int) -> None:
    """Measure one network."""
    emulate(large_network(UNITS * (HEARD + 1), neurons), {}, 1, 2, threads=1)  # which compiles
    network = large_network(units, neurons)
    firing = 0.0

    def run() -> None:
        nonlocal firing
        firing = float(emulate(network, {}, 1, ticks, threads=1).counts.mean()) / neurons

    taken = spent(run)
    result = {
        "units": units,
        "neurons": units * neurons,
        "synapses": neurons**2 * sum(int(np.count_nonzero(p.mantissa)) for p in network.projections),
        "firing": firing,
        "processor_s": taken.processor_s * TICKS / ticks,
        "wall_s": taken.wall_s * TICKS / ticks,
        "peak_mb": peak_megabytes(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
