"""The networks that the part `cores` times carry the load they should, and its table holds what was measured."""

from typing import Any, get_args

import numpy as np
import pytest

from neurocmc.sim.truenorth import run_cores
from tests.bench.cores import SYNAPSES, WIDTH, Kind, core_line, core_rows, recurrent


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_load_is_the_published_one(kind: Kind) -> None:
    network, ticks = recurrent(kind, 20), 2000
    assert all((network.connected(core).sum(axis=0) == SYNAPSES).all() for core in range(20))
    target = network.target_core * WIDTH + network.target_axon
    assert np.array_equal(np.sort(target.ravel()), np.arange(20 * WIDTH))
    assert set(np.unique(network.delay).tolist()) == set(range(1, 16))
    assert network.deterministic == (kind == "regular")
    run = run_cores(network, ticks=ticks)
    assert 1000 * run.spikes_total[0] / (ticks * 20 * WIDTH) == pytest.approx(20, rel=0.05)
    assert run.synaptic_events[0] / run.spikes_total[0] == pytest.approx(SYNAPSES, rel=0.02)
    assert run.saturations[0] == 0


def test_the_table_tells_ratios() -> None:
    row: dict[str, Any] = {
        "kind": "regular",
        "cores": 256,
        "ticks": 10,
        "hz": 20.04,
        "events_per_tick": 2000.0,
        "wall": [900, 1000, 1500],
        "processor": [2000],
        "shared": [1800],
        "reference": [10, 20],
    }
    measured = {"rows": [row], "memory": {"cores": 256, "mb": 99.6}, "machine": {"cores": 2, "load": [0.1, 1.2]}}
    assert core_rows(measured)[1] == [
        ["regular", "256", "20.0", "1,000 (900 to 1,500)", "1.00", "2,000", "4 M", "67 (45 to 150)"]
    ]
    told = core_line(measured)
    assert "256 cores took 100 MB" in told
    assert "256 cores of regular neurons on all threads: 1,800 ticks/s." in told
