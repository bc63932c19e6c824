"""The part `accuracy` of the bench: the four-unit sWTA on the loihi1 emulator, beside the same circuit in NEF.

One convention on both sides: activity index t is the trace after tick t. NRMSE is each unit's RMSE over the 2 s,
averaged over the five units, over the rate model's largest activity.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import Code, LoihiTarget, load_target
from tests.bench.environments import NENGO
from tests.bench.peer import CODES, PeerRow, run_peer
from tests.bench.steps import emulator_steps, steps_table
from tests.bench.timing import mean
from tests.made.winner_circuits import benchmark_nrmse, calibrated, integers, switch_of_winner, swta

LIMITS = {64: 0.022, 256: 0.018}


@dataclass(frozen=True, slots=True, kw_only=True)
class OurRow:
    """One code and size: error over seeds."""

    code: Code
    neurons: int
    nrmse: tuple[float, ...]


def run(console: Console, out: Path, quick: bool) -> None:
    """Measure, write accuracy.json, print. Raises RuntimeError where the peer fails."""
    neurons, seeds, repeats = ((64,), 2, 3) if quick else ((64, 256), 5, 10)
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    # Speed first, one after the other: nothing else of ours runs beside what is timed.
    with console.status("accuracy: steps a second of the emulator"):
        steps = emulator_steps(target, neurons, repeats)
    with console.status("accuracy: the emulator"):
        ours = our_errors(target, neurons, seeds)
    peers: tuple[PeerRow, ...] = ()
    if python := NENGO.python():
        with console.status(f"accuracy: the peer, on {python}"):
            peers = run_peer(python, neurons, seeds, out / "nef_swta.json")
    else:
        console.print(NENGO.how_to(), markup=False)
    for table in (accuracy_table(ours, peers), steps_table(steps, peers)):
        console.print(table, "")
    content = {
        "neurocmc": [asdict(row) for row in ours],
        "peer": [asdict(row) for row in peers],
        "emulator_steps_per_s": [
            {"code": code, "neurons": size, "whole": s.whole.values, "stepping": s.stepping.values}
            for (code, size), s in steps.items()
        ],
    }
    (out / "accuracy.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def our_errors(
    target: LoihiTarget, neurons: tuple[int, ...], seeds: int, codes: tuple[Code, ...] = CODES
) -> tuple[OurRow, ...]:
    """NRMSE per seed of initial voltages; the threshold code has none, all its seeds are one."""
    circuit, stimulus = swta(), switch_of_winner()
    rate, calibration = simulate_rate(circuit, stimulus), calibrated(circuit, stimulus)

    def error(code: Code, size: int, seed: int) -> float:
        network = integers(circuit, calibration, target, size, code, seed)
        return float(benchmark_nrmse(rate, simulate_emulator(network, stimulus))[0])

    return tuple(
        OurRow(
            code=code,
            neurons=size,
            nrmse=tuple(error(code, size, seed) for seed in range(seeds if code == "rate" else 1)),
        )
        for code in codes
        for size in neurons
    )


def accuracy_table(ours: tuple[OurRow, ...], peers: tuple[PeerRow, ...]) -> Table:
    """Rows are systems; each peer's error as a multiple of both codes' errors."""
    table = Table(
        title="Four-unit sWTA over 2 s: NRMSE of activity, mean over five units and seeds [lowest, highest seed]"
    )
    for heading in ("system", "N", "NRMSE", "seeds", "limit", *(f"x {code} code" for code in CODES)):
        table.add_column(heading, justify="left" if heading == "system" else "right")
    best = {(row.code, row.neurons): mean(row.nrmse) for row in ours}
    for row in ours:
        ratios = [f"{mean(row.nrmse) / best[code, row.neurons]:.1f}" for code in CODES]
        name = f"neurocmc, loihi1 emulator, {row.code} code"
        limit = f"{LIMITS[row.neurons]:.3f}" if row.neurons in LIMITS else ""
        table.add_row(name, str(row.neurons), _told(row.nrmse), str(len(row.nrmse)), limit, *ratios)
    table.add_section()
    for row in peers:
        ratios = [f"{mean(row.nrmse) / best[code, row.neurons]:.1f}" for code in CODES]
        name = f"NEF, {row.system}, {row.variant}"
        table.add_row(name, str(row.neurons), _told(row.nrmse), str(len(row.nrmse)), "", *ratios)
    return table


def _told(errors: tuple[float, ...]) -> str:
    spread = f" [{min(errors):.5f}, {max(errors):.5f}]" if len(errors) > 1 else ""
    return f"{mean(errors):.5f}{spread}"
