"""Times one network on the package that the path finds first.

    python -m tests.bench.emulators.beside_child FOLDER CASE

prints one JSON object: us of processor time a tick of one trial, and a tick and trial of a batch, on one thread and
without the tables that a call builds before it steps; and a digest of the spikes. FOLDER is where the package has to
come from.
"""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import neurocmc
from neurocmc.sim.loihi.compartments.run import run_compartments
from neurocmc.sim.loihi.emulator import emulate
from tests.bench.emulators.networks import BenchNetwork, Kind, make_network, start_voltages
from tests.bench.emulators.ours import compartment_network, integer_network
from tests.bench.timing import spent

TRIALS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A network, and how long it runs."""

    kind: Kind
    neurons: int
    share: float  # of neurons that fire in a tick
    density: float = 0.1
    ticks: int = 3000
    batch_ticks: int = 500

    @property
    def name(self) -> str:
        density = f", {100 * self.density:.0f} % dense" if self.kind == "sparse" else ""
        return f"{self.kind} {self.neurons:,}{density}, {100 * self.share:.0f} % fire"


CASES = (
    *(Case(kind="sparse", neurons=512, share=share) for share in (0.05, 0.30)),
    *(
        Case(kind="sparse", neurons=2048, share=share, density=density)
        for density in (0.05, 0.10, 0.30)
        for share in (0.05, 0.30)
    ),
    *(Case(kind="pools", neurons=2048, share=share) for share in (0.05, 0.30)),
)


def main(folder: Path, name: str) -> None:
    """Measure one case."""
    here = Path(neurocmc.__file__ or "").resolve()
    if not here.is_relative_to(folder.resolve()):
        raise SystemExit(f"{here} was imported and not the package in {folder}")
    (case,) = (case for case in CASES if case.name == name)
    network = make_network(case.kind, case.neurons, case.share, density=case.density)
    run = _stepper(network)
    digest = hashlib.sha256()
    taken = {
        key: 1e6 * _stepping_s(run, ticks, batch, digest) / (ticks * batch)
        for key, ticks, batch in (("one", case.ticks, 1), ("batch", case.batch_ticks, TRIALS))
    }
    print(json.dumps(taken | {"spikes": digest.hexdigest()}))


def _stepper(network: BenchNetwork) -> Callable[[int, int], Any]:
    """Runs so many ticks of so many trials on one thread; returns the spikes of each trial's neurons or pools."""
    starts = start_voltages(network, TRIALS)
    if network.kind == "sparse":
        compartments = compartment_network(network)
        return lambda ticks, batch: (
            run_compartments(
                compartments, ticks=ticks, batch=batch, v_initial=starts[:batch], record=("counts",), threads=1
            ).counts
        )
    pools = integer_network(network)
    return lambda ticks, batch: emulate(pools, {}, batch, ticks, threads=1).counts


def _stepping_s(run: Callable[[int, int], Any], ticks: int, batch: int, digest: Any) -> float:
    """Processor time of stepping: the least of three calls of one tick is taken off, after one that compiles."""
    digest.update(np.asarray(run(ticks, batch)).astype(np.int64).tobytes())
    building = min(spent(lambda: run(1, batch)).processor_s for _ in range(3))
    return spent(lambda: run(ticks, batch)).processor_s - building


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
