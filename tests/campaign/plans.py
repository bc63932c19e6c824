"""Small plans of sweeps: a circuit that compiles in hundredths of a second, and rows that chips refuse."""

from pathlib import Path

CIRCUIT = """
name: tiny
dt_ms: 1
form: filter-after
populations:
  excite: {size: 2, tau_ms: 10, transfer: relu}
projections:
  - {from: excite, to: excite, weight: {pattern: one-to-one, value: 0.5}}
inputs:
  drive: {to: excite}
readouts:
  winner: {population: excite, kind: winner, labels: [a, b], window_ms: 10}
stimuli:
  steps:
    duration_s: 0.05
    label: 0
    steps:
      - {at_s: 0.0, drive: [0.3, 0.2]}
    noise: {std: {drive: 0.02}, redraw_ms: 5, seeds: 3}
"""
SWEEP = """
name: tiny circuits
circuits: [tiny.yaml]
targets: [loihi1, truenorth]
codes: [threshold, rate]
neurons: [4, 8, 40000]
seeds: [0, 1]
samples: 2
"""
# 200 runs: 2 codes x 50 sizes x 2 seeds, of which the largest sizes are refused.
SIZES = [*range(4, 52), 40_000, 60_000]
LARGE = f"""
name: two hundred runs
circuits: [tiny.yaml]
targets: [loihi1]
codes: [threshold, rate]
neurons: {SIZES}
seeds: [0, 1]
samples: 2
"""


def plan(folder: Path, sweep: str = SWEEP, circuit: str = CIRCUIT) -> Path:
    """A sweep's plan in a folder, with its circuit."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.yaml").write_text(circuit)
    (folder / "sweep.yaml").write_text(sweep)
    return folder / "sweep.yaml"
