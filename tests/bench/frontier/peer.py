"""Has the four units built with NEF for nengo-loihi's emulator, in its own environment, and judges them as ours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import visited_ranges
from neurocmc.targets import LoihiTarget, load_target
from tests.bench.environments import run_script
from tests.bench.frontier.circuits import ROOT, calibration_drives
from tests.bench.frontier.measure import TARGET, UJ_PER_PJ, Bench, Row
from tests.bench.frontier.points import NEF
from tests.made.winner_circuits import DRIVE, EXCITE, INHIBIT

SCRIPT = ROOT / "tests" / "bench" / "nef_frontier.py"
OUT = ROOT / "build" / "bench" / "frontier"
NEURONS = (8, 16, 32, 64, 128)
BY_HAND = ", by hand"  # of the first network that is tried, which no search found
TRIALS = 24  # networks that are tried at each size
TIME_LIMIT_S = 3600


def nef_rows(bench: Bench, python: Path) -> Iterator[Row]:
    """Searches in the peer's environment, and yields the rows of each size. Raises RuntimeError where it fails."""
    OUT.mkdir(parents=True, exist_ok=True)
    _write_drives(bench, OUT / "drives.npz")
    sizes = [str(size) for size in NEURONS]
    arguments = ["--drives", str(OUT / "drives.npz"), "--neurons", *sizes, "--trials", str(TRIALS), "--out", str(OUT)]
    run_script(python, SCRIPT, arguments, TIME_LIMIT_S)
    for found in json.loads((OUT / "nef.json").read_text(encoding="utf-8")):
        yield _row(bench, found, OUT / found["activity"])


def _write_drives(bench: Bench, path: Path) -> None:
    """The drives tick by tick, and the largest arguments on those of calibration, which radii are chosen by."""
    circuit, calibration = bench.circuit.model.circuit, calibration_drives()
    ranges = visited_ranges(circuit, calibration)
    assert bench.circuit.fixed is not None
    np.savez(
        path,
        calibration=_ticks(calibration, circuit),
        judged=_ticks(bench.circuit.judged, circuit),
        fixed=_ticks(bench.circuit.fixed, circuit)[0],
        largest=[ranges[name].drive[1] for name in (EXCITE, INHIBIT)],
    )


def _ticks(stimulus: Stimulus, circuit: RateCircuit) -> Float:
    """(trials, ticks, units) drive in each tick."""
    sampled = stimulus.on_ticks(circuit.dt_s)
    return sampled.values[DRIVE][:, sampled.segment_of_tick]


def _row(bench: Bench, found: dict[str, Any], activity: Path) -> Row:
    circuit, costs = bench.circuit.model.circuit, found["costs"]
    with np.load(activity) as file:
        judged, fixed = (_recording(circuit, file[name]) for name in ("judged", "fixed"))
    row = Row(
        circuit=bench.name,
        point=f"NEF {found['neurons']}" + BY_HAND * (found["network"]["seed"] == 0),
        code=NEF,
        options=_told(found["neurons"], found["network"]["variant"], found["network"]["seed"]),
        spikes=costs["spikes"],
        energy_uj=_energy_uj(costs, judged.ticks),
        cores=costs["blocks"],
        neurons_a_unit=costs["compartments"] / circuit.units,
    )
    return bench.judged(row, circuit, judged, fixed)


def _recording(circuit: RateCircuit, activity: NDArray[np.float32]) -> Recording:
    """What the peer decoded, (trials, ticks, units + 1), as a recording of the model."""
    by_population = {EXCITE: activity[:, :, :-1], INHIBIT: activity[:, :, -1:]}
    return Recording(level=NEF, stimulus="", tick_s=circuit.dt_s, activity=by_population, spikes={}, spike_counts={})


def _energy_uj(costs: dict[str, Any], ticks: int) -> float:
    """The same operations at the same prices as in the product's budget, but for what the host sends."""
    target = load_target(TARGET)
    assert isinstance(target, LoihiTarget)
    prices = target.energy
    assert prices.synaptic_op_pj is not None
    assert prices.neuron_update_active_pj is not None
    assert prices.spike_within_tile_pj is not None
    return UJ_PER_PJ * (
        costs["synaptic_operations"] * prices.synaptic_op_pj
        + ticks * costs["compartments"] * prices.neuron_update_active_pj
        + costs["messages"] * prices.spike_within_tile_pj
    )


def _told(neurons: int, variant: dict[str, Any], seed: int) -> str:
    """The network that was best, in one line."""
    low, high = variant["max_rates_hz"]
    return (
        f"neurons={neurons} rates={low:.0f}-{high:.0f} Hz intercepts<{variant['intercept_max']:.2f} "
        f"radii={variant['radii'][0]:.2f}/{variant['radii'][1]:.2f} "
        f"tau_rc={1e3 * variant['tau_rc_s']:.0f} tau_ref={1e3 * variant['tau_ref_s']:.0f} ms "
        f"{'full weights' if variant['full_weights'] else 'decode neurons'}"
        f"{', pre-emphasis' if variant['pre_emphasis'] else ''}, seed {seed}"
    )
