"""Measures what NeuroCoreX holds: memories by their size, and a soft winner-take-all against its rate circuit.

`python -m tests.acceptance.neurocorex` writes docs/studies/neurocorex.csv, in some minutes.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import neurocmc
from neurocmc.common.errors import NeurocmcError
from neurocmc.frontends.recall.arrays import memories_of
from neurocmc.pipeline.chips.neurocorex_neurons import lower_to_neurocorex
from neurocmc.pipeline.chips.neurons import NeuronStaging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.neurons.recall import recall_model
from neurocmc.sim.neurons import simulate_neurons
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target

TABLE = Path(__file__).parents[2] / "docs" / "studies" / "neurocorex.csv"
CIRCUIT = Path(__file__).parents[1] / "neurocorex" / "swta.yaml"
HEAD = ("what", "size", "seed", "quantity", "value")
CUES, FEATURES = range(2, 9), range(3, 11)
SETTLED = 20  # ticks at the end of a trial
Row = tuple[str, str, int, str, str]


def memory_rows(cues: int, features: int, seed: int = 0) -> Iterator[Row]:
    """What a memory of random contents, each of half the bits, takes, and how many of its spikes differ."""
    draws = np.random.default_rng([seed, cues, features])
    contents = np.zeros((cues, features), dtype=int)
    for row in contents:
        row[draws.choice(features, max(features // 2, 1), replace=False)] = 1
    model = recall_model(memories_of(np.arange(cues), contents, name="memory"))
    assert model.network is not None
    target: Any = load_target("neurocorex")
    staging = NeuronStaging(network=model.network, calibration=model.calibration, planes=1)
    size = f"{cues} cues, {features} bits"
    try:
        built = lower_to_neurocorex(staging, target, Clock(None))
    except NeurocmcError as error:
        yield "memory", size, seed, "refused", error.problems[0].id
        return
    wanted, seen = simulate_neurons(model.network, model.test), built.run(model.test)
    differ = sum(spikes.differing(seen.spikes[name]).total for name, spikes in wanted.spikes.items())
    yield "memory", size, seed, "neurons", str(model.network.neurons)
    yield "memory", size, seed, "relays", str(built.program.relays.size)
    yield "memory", size, seed, "spikes", str(wanted.total)
    yield "memory", size, seed, "spikes that differ", str(differ)


def winner_rows(neurons: int, seed: int) -> Iterator[Row]:
    """What `verify` says of the winner-take-all, and how far its settled rates lie from those of the rate circuit."""
    size = f"3 units of {neurons}"
    with TemporaryDirectory() as folder:
        artifact = neurocmc.compile(
            CIRCUIT,
            target="neurocorex",
            out=Path(folder) / "build",
            neurons=neurons,
            code="threshold",
            seed=seed,
            figures=False,
        )
        found = neurocmc.verify(artifact, figures=False)
        for edge in found.edges:
            if edge.name == "rate ~ emulator" and edge.value is not None:
                yield "winner", size, seed, edge.quantity, f"{edge.value:.6g}"
        yield "winner", size, seed, "budgets missed", str(sum(edge.verdict == "miss" for edge in found.edges))
        apart, pool = [], artifact.built.spiking.population("excite")
        for stimulus in artifact.stimuli.calibration:
            wanted = simulate_rate(artifact.built.as_seen, stimulus).activity["excite"][:, -SETTLED:].mean(axis=1)
            ours = artifact.built.run(stimulus).activity["excite"][:, -SETTLED:].mean(axis=1)
            apart.append(np.abs(wanted - ours).max())
        yield "winner", size, seed, "settled rate off by at most", f"{max(apart):.6g}"
        yield "winner", size, seed, "activity of a neuron", f"{pool.activity_per_spike:.6g}"


def main() -> None:
    """Write the table."""
    rows: list[Row] = []
    for neurons, seed in ((8, 0), (12, 0), (12, 1), (14, 0)):
        try:
            rows += winner_rows(neurons, seed)
        except NeurocmcError as error:
            rows.append(("winner", f"3 units of {neurons}", seed, "refused", error.problems[0].id))
        sys.stdout.write(f"{neurons} neurons, seed {seed}\n")
        sys.stdout.flush()
    for cues in CUES:
        for features in FEATURES:
            rows += memory_rows(cues, features)
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows(rows)
    sys.stdout.write(f"{len(rows)} rows: {TABLE}\n")


if __name__ == "__main__":
    main()
