"""64 trials together, ours and Lava's: a batch has its fair peer, not one trial of it.

Lava knows no trials; 64 of them are one network of 64 copies without a synapse between them, one LIF and one Sparse
process, whose matrix is block-diagonal. Ours is one call for 64 trials on one thread.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.sim.loihi.compartments.run import run_compartments
from tests.bench.emulators.networks import CHECK_TICKS, BenchNetwork, save_expanded, side_by_side, start_voltages
from tests.bench.emulators.ours import compartment_network
from tests.bench.emulators.systems import PEERS, Effort
from tests.bench.environments import run_script
from tests.bench.timing import spent
from tests.lava_environment import lava_python

TRIALS, TICKS = 64, 1000
LARGEST = 512  # neurons: Lava's matrix of 64 copies has 64 times their synapses


def lava_batches(networks: tuple[BenchNetwork, ...], effort: Effort) -> list[dict[str, Any]]:
    """Steps of a trial a second of both sides, for each sparse network of at most LARGEST neurons and 64 or more."""
    chosen = [network for network in networks if network.kind == "sparse" and 64 < network.neurons <= LARGEST]
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name) / "in", Path(name) / "out"
        folder.mkdir()
        for network in chosen:
            save_expanded(side_by_side(network, start_voltages(network, TRIALS)), folder, network.name)
        options = ["--repeats", str(effort.repeats), "--seconds", str(effort.seconds)]
        run_script(lava_python(), PEERS / "lava_peer.py", [str(folder), str(out), *options], effort.limit_s)
        return [_row(network, out, effort.repeats) for network in chosen]


def _row(network: BenchNetwork, out: Path, repeats: int) -> dict[str, Any]:
    lava = json.loads((out / "results.json").read_text(encoding="utf-8"))["networks"][network.name]
    compartments, starts = compartment_network(network), start_voltages(network, TRIALS)

    def run(ticks: int, record: tuple[Any, ...] = ("counts",)) -> Any:
        return run_compartments(compartments, ticks=ticks, batch=TRIALS, v_initial=starts, record=record, threads=1)

    run(TICKS)
    building = min((spent(lambda: run(1)) for _ in range(3)), key=lambda one: one.processor_s)
    taken = [spent(lambda: run(TICKS)) for _ in range(repeats)]
    with np.load(out / f"{network.name}.npz") as file:
        voltage = file["voltage"].reshape(TRIALS, -1)
    ours = {
        "steps_per_s": [TRIALS * TICKS / (one.wall_s - building.wall_s) for one in taken],
        "steps_per_processor_s": [TRIALS * TICKS / (one.processor_s - building.processor_s) for one in taken],
    }
    return {
        "network": network.name,
        "trials": TRIALS,
        "ours": ours,
        "lava": {key: [TRIALS * value for value in lava[key]] for key in ours},
        "voltages_that_differ": int((voltage != run(CHECK_TICKS, ("v",)).v[:, -1]).sum()),
    }
