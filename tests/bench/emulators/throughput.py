"""Batches of 64 trials, and one core's worth of compartments beside what the machine could do at best.

The two bounds are loops that do less than the emulator has to: *voltages alone* decays, adds, compares and resets
1,024 voltages, with no currents, no spikes sent and nothing recorded, which bounds the instructions; *one addition*
loads two numbers, adds them and stores one, which bounds the memory traffic (all in the first-level cache).
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from neurocmc.sim.loihi.compartments.run import run_compartments
from neurocmc.sim.loihi.emulator import emulate
from tests.bench.emulators.networks import (
    BIAS_EXPONENT,
    DECAY_V,
    THRESHOLD_MANTISSA,
    BenchNetwork,
    make_network,
    start_voltages,
)
from tests.bench.emulators.ours import OurBench, compartment_network, integer_network
from tests.bench.emulators.tables import VOLTAGES_ALONE
from tests.bench.timing import rates

TRIALS, TRIAL_TICKS = 64, 1000
CORE = 1024


def batches(repeats: int) -> list[dict[str, Any]]:
    """Trials a second of 64 trials, one by one on one thread and as a batch."""
    pools, single = (make_network("pools", 512, 0.05), make_network("sparse", 512, 0.05))
    return [*_pool_batches(pools, repeats), *_sparse_batches(single, repeats)]


def core(repeats: int, seconds_a_repeat: float) -> list[dict[str, Any]]:
    """Steps a second of 1,024 compartments in pools of 64, all pools connected, and of the two bounds."""
    rows: list[dict[str, Any]] = []
    for share in (0.05, 0.30):
        bench = OurBench(make_network("pools", CORE, share), seconds_a_repeat)
        bench.measure(repeats)
        firing = 100 * bench.spikes_per_tick / CORE
        what = f"emulator, {firing:.1f} % firing"
        rows.append(_core_row(what, bench.steps_per_s, bench.steps_per_processor_s, "everything"))
    network = make_network("pools", CORE, 0.05)
    bias = (network.bias << BIAS_EXPONENT).astype(np.int32)
    voltage = network.v_initial.astype(np.int32)
    ticks, threshold = 100_000, THRESHOLD_MANTISSA << 6

    def alone() -> int:
        return _voltages_alone(voltage, bias, ticks, 4096 - DECAY_V, threshold)

    def adding() -> None:
        _one_addition(voltage, bias, ticks)

    for what, run, note in (
        (VOLTAGES_ALONE, alone, "bound by instructions"),
        ("one addition", adding, "bound by memory traffic"),
    ):
        wall, processor = rates(ticks, run, repeats)
        rows.append(_core_row(what, wall.values, processor.values, note))
    return rows


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def _core_row(what: str, wall: Sequence[float], processor: Sequence[float], note: str) -> dict[str, Any]:
    return {
        "what": what,
        "steps_per_s": wall,
        "steps_per_processor_s": processor,
        "compartments": CORE,
        "note": note,
    }


def _pool_batches(network: BenchNetwork, repeats: int) -> list[dict[str, Any]]:
    driven = integer_network(network, driven=True)
    rng = np.random.default_rng(0)
    values = 2 * rng.integers(-60, 61, (TRIALS, TRIAL_TICKS, network.units)).astype(np.int32)

    def run(trials: slice, threads: int) -> None:
        chosen = values[trials]
        emulate(driven, {"drive": chosen}, len(chosen), TRIAL_TICKS, threads=threads)

    return _rows(f"pools, {network.neurons} neurons, 64 stimuli", network.neurons, run, repeats)


def _sparse_batches(network: BenchNetwork, repeats: int) -> list[dict[str, Any]]:
    compartments = compartment_network(network)
    starts = start_voltages(network, TRIALS)

    def run(trials: slice, threads: int) -> None:
        chosen = starts[trials]
        run_compartments(
            compartments, ticks=TRIAL_TICKS, batch=len(chosen), v_initial=chosen, record=("counts",), threads=threads
        )

    return _rows(f"sparse, {network.neurons} neurons, 64 start voltages", network.neurons, run, repeats)


def _rows(what: str, neurons: int, run: Callable[[slice, int], None], repeats: int) -> list[dict[str, Any]]:
    """`run(trials, threads)` one by one on one thread, and as a batch on one thread and on all cores."""

    def one_by_one() -> None:
        for trial in range(TRIALS):
            run(slice(trial, trial + 1), 1)

    single = rates(TRIALS, one_by_one, repeats)
    rows: list[dict[str, Any]] = []
    for threads in sorted({1, cores()}):
        together = rates(TRIALS, lambda n=threads: run(slice(TRIALS), n), repeats)
        rows.append(
            {
                "what": f"{what}, {threads} thread{'s' if threads > 1 else ''}",
                "threads": threads,
                "updates_a_trial": neurons * TRIAL_TICKS,
                "single_per_s": single[0].values,
                "together_per_s": together[0].values,
                "single_per_processor_s": single[1].values,
                "together_per_processor_s": together[1].values,
            }
        )
    return rows


@numba.njit
def _voltages_alone(
    voltage: NDArray[np.int32], bias: NDArray[np.int32], ticks: int, keep: int, threshold: int
) -> int:
    """In 32 bits throughout: |v| in two parts of 16 bits, and the factor of 12 bits as one of 16."""
    factor, theta, limit = np.uint32(keep << 4), np.int32(threshold), np.int32(8_388_607)
    total = 0
    for _ in range(ticks):
        fired = np.int32(0)
        for n in range(voltage.size):
            sign = np.int32(voltage[n] >> 31)
            size = np.uint32((voltage[n] ^ sign) - sign)
            high, low = np.uint32(size >> np.uint32(16)), np.uint32(size & np.uint32(0xFFFF))
            kept = np.int32(np.uint32(high * factor) + np.uint32(np.uint32(low * factor) >> np.uint32(16)))
            new = np.int32(np.int32((kept ^ sign) - sign) + bias[n])
            new = min(max(new, np.int32(-limit)), limit)
            fires = new > theta
            voltage[n] = np.int32(0) if fires else new
            fired += np.int32(fires)
        total += int(fired)
    return total


@numba.njit
def _one_addition(voltage: NDArray[np.int32], bias: NDArray[np.int32], ticks: int) -> None:
    for _ in range(ticks):
        for n in range(voltage.size):
            voltage[n] += bias[n]
