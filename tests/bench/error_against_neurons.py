"""The error-against-N study: how the error of both population codes falls with the neurons of a unit.

    python -m tests.bench.error_against_neurons

measures it on the loihi1 emulator and rewrites the tables of docs/error-against-neurons.md, between their marks, and
its picture; raw values go to build/bench/error-against-neurons.json. `--quick` prints a small one and writes nothing.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track
from scipy.stats import linregress

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibration
from neurocmc.report.figures import ErrorSeries, draw_error_against_neurons
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import Code, LoihiTarget, load_target
from tests.bench.output import bench_console, rewrite
from tests.made.winner_circuits import (
    DRIVE,
    EXCITE,
    TICK_S,
    activity_of,
    calibrated,
    drives,
    integers,
    rectifiers,
    swta,
)

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "error-against-neurons.md"
PICTURE = ROOT / "docs" / "pictures" / "error-against-neurons.png"
RAW = ROOT / "build" / "bench" / "error-against-neurons.json"

NEURONS = (16, 24, 32, 48, 64, 96, 128, 192, 256)
CODES: tuple[Code, ...] = ("threshold", "rate")
SEEDS = 5
TRIALS = 4  # stimuli a seed: 20 in all
HOLD_S = 0.4  # of every step of a drive
STEPS = 5
HIGHEST = 0.4  # of the random drives of the four units
WHOLE = "NRMSE"
GATE: dict[Code, str] = {"threshold": "-1 ± .3", "rate": "-.5 or steeper"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Experiment:
    """A circuit, one stimulus a seed, and how a run of it is judged."""

    title: str
    short: str
    circuit: RateCircuit
    stimuli: tuple[Stimulus, ...]
    judge: Callable[[Float, Float], dict[str, float]]
    gated: bool


def one_pool() -> RateCircuit:
    """A rectifier that is driven and drives nothing: what its pool gets wrong is the population code's own."""
    return RateCircuit(
        name="pool",
        dt_s=TICK_S,
        populations=(rectifiers(EXCITE, 1),),
        projections=(),
        inputs=(RateInput(name=DRIVE, target=EXCITE, weight=np.eye(1)),),
        readouts=(),
        origin_sha256="",
    )


def experiments() -> tuple[Experiment, ...]:
    """Open loop on stepped and on slow drives, closed loop on stepped ones."""
    slow, stepped, closed = (tuple(make(seed) for seed in range(SEEDS)) for make in (_slow, _stepped, _four_units))
    return (
        Experiment(
            title="One pool, steps",
            short="one pool",
            circuit=one_pool(),
            stimuli=stepped,
            judge=_judge_steps,
            gated=True,
        ),
        Experiment(
            title="One pool, slow drive",
            short="slow drive",
            circuit=one_pool(),
            stimuli=slow,
            judge=_judge_slow,
            gated=False,
        ),
        Experiment(
            title="Four-unit sWTA",
            short="four-unit sWTA",
            circuit=swta(),
            stimuli=closed,
            judge=_judge_closed,
            gated=False,
        ),
    )


def _slow(seed: int) -> Stimulus:
    """From 0 to 1 and back over 4 s, a new value every tick, each trial from a phase of its own."""
    time_s = TICK_S * np.arange(4000)
    phase = np.random.default_rng((1, seed)).uniform(size=(TRIALS, 1))
    return drives(f"slow-{seed}", time_s, (0.5 - 0.5 * np.cos(2 * np.pi * (time_s / 4.0 + phase)))[:, :, None], 4.0)


def _stepped(seed: int) -> Stimulus:
    values = np.random.default_rng((2, seed)).uniform(0.0, 1.0, (TRIALS, 10, 1))
    return drives(f"steps-{seed}", HOLD_S * np.arange(10), values, HOLD_S * 10)


def _four_units(seed: int) -> Stimulus:
    """Silence, then random drives of all four units: winners come and go as the draws have it."""
    values = np.random.default_rng((3, seed)).uniform(0.0, HIGHEST, (TRIALS, STEPS + 1, 4))
    values[:, 0] = 0.0
    return drives(f"random-{seed}", HOLD_S * np.arange(STEPS + 1), values, HOLD_S * (STEPS + 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Errors of one code in one experiment, and the two parts that each consists of; all (seeds, points)."""

    series: ErrorSeries
    parts: dict[str, Float]


def measure(experiment: Experiment, code: Code, neurons: Sequence[int], target: LoihiTarget, label: str) -> Measured:
    """NRMSE over a seed's trials, for each seed and N; a seed has its own stimuli and initial voltages."""
    calibration = calibrated(experiment.circuit, *experiment.stimuli)
    rows = [
        _errors(experiment, calibration, code, size, target)
        for size in track(neurons, description=f"{label:34s}", transient=True)
    ]
    errors = {name: np.array([[seed[name] for seed in row] for row in rows]).T for name in rows[0][0]}
    return Measured(series=ErrorSeries(code=label, neurons=np.array(neurons), error=errors.pop(WHOLE)), parts=errors)


def _errors(
    experiment: Experiment, calibration: Calibration, code: Code, neurons: int, target: LoihiTarget
) -> list[dict[str, float]]:
    network = integers(experiment.circuit, calibration, target, neurons, code)
    errors: list[dict[str, float]] = []
    for seed, stimulus in enumerate(experiment.stimuli):
        if code == "rate" and seed:
            network = integers(experiment.circuit, calibration, target, neurons, code, seed)
        reference = activity_of(simulate_rate(experiment.circuit, stimulus))
        other = activity_of(simulate_emulator(network, stimulus))
        errors.append(experiment.judge(reference, other))
    return errors


HOLD_TICKS = round(HOLD_S / TICK_S)


def _judge_slow(reference: Float, other: Float) -> dict[str, float]:
    """One pool on a drive that never stands still, after the filter's first 200 ms."""
    difference = (other - reference)[:, HOLD_TICKS // 2 :]
    return {WHOLE: _rms(difference) / float(reference.max())}


def _judge_steps(reference: Float, other: Float) -> dict[str, float]:
    """One pool, the last 200 ms of every step: what is wrong in the mean of a step, and what ripples about it."""
    difference = _by_step(other - reference)[:, :, HOLD_TICKS // 2 :]
    standing = difference.mean(axis=2, keepdims=True)
    scale = float(reference.max())
    return {
        WHOLE: _rms(difference) / scale,
        "standing": _rms(standing) / scale,
        "ripple": _rms(difference - standing) / scale,
    }


def _judge_closed(reference: Float, other: Float) -> dict[str, float]:
    """All units as acceptance 3 judges them, and the same over the two halves of every step."""
    steps, scale = _by_step(other - reference), reference.max(axis=(1, 2))
    halves = {
        WHOLE: steps,
        "first 200 ms of a step": steps[:, :, : HOLD_TICKS // 2],
        "last 200 ms": steps[:, :, HOLD_TICKS // 2 :],
    }
    return {
        name: float((np.sqrt(np.mean(half**2, axis=(1, 2))).mean(axis=1) / scale).mean())
        for name, half in halves.items()
    }


def _by_step(values: Float) -> Float:
    """(batch, ticks, units) as (batch, steps, ticks of a step, units)."""
    return values.reshape(values.shape[0], -1, HOLD_TICKS, values.shape[2])


def _rms(values: Float) -> float:
    return float(np.sqrt(np.mean(values**2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """Of log error against log N, with the standard error of the fit."""

    value: float
    error: float

    @classmethod
    def of(cls, series: ErrorSeries) -> "Slope":
        fit = linregress(np.log(series.neurons), np.log(series.mean))
        return cls(value=float(fit.slope), error=float(fit.stderr))

    def __str__(self) -> str:
        return f"{self.value:+.2f} ± {self.error:.2f}"


def table(experiment: Experiment, measured: dict[Code, Measured]) -> str:
    """Markdown: rows are N, columns the codes, each with its parts; percent of the rate model's largest activity."""
    headings, columns = ["N"], [[str(n) for n in next(iter(measured.values())).series.neurons]]
    for code, one in measured.items():
        headings.append(f"{code} code")
        columns.append([_told(seeds) for seeds in one.series.error.T])
        for part, error in one.parts.items():
            headings.append(part)
            columns.append([f"{100 * value:.3f}" for value in error.mean(axis=0)])
    rows = [list(row) for row in zip(*columns, strict=True)]
    rows.append(_last_row("slope", measured, lambda code: str(Slope.of(measured[code].series))))
    if experiment.gated:
        rows.append(_last_row("gate", measured, GATE.__getitem__))
    lines = [headings, ["---:"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _told(seeds: Float) -> str:
    return f"{100 * seeds.mean():.3f} ({100 * seeds.min():.3f} to {100 * seeds.max():.3f})"


def _last_row(name: str, measured: dict[Code, Measured], cell: Callable[[Code], str]) -> list[str]:
    row = [name]
    for code, one in measured.items():
        row += [cell(code), *("" for _ in one.parts)]
    return row


def _raw(measured: Measured) -> dict[str, object]:
    series, slope = measured.series, Slope.of(measured.series)
    return {
        "neurons": series.neurons.tolist(),
        "nrmse": series.error.tolist(),
        "parts": {name: error.tolist() for name, error in measured.parts.items()},
        "slope": slope.value,
        "slope_standard_error": slope.error,
    }


def main() -> None:
    """Measure, print, and unless --quick was given write page, picture and raw values."""
    parser = argparse.ArgumentParser(description="error against neurons per unit, both population codes")
    parser.add_argument("--quick", action="store_true", help="N = 16, 64 and 256 only; writes nothing")
    quick = parser.parse_args().quick
    neurons = (16, 64, 256) if quick else NEURONS
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    console, tables, drawn, raw = bench_console(), dict[str, str](), list[ErrorSeries](), dict[str, object]()
    for experiment in experiments():
        measured: dict[Code, Measured] = {
            code: measure(experiment, code, neurons, target, f"{experiment.short}, {code}") for code in CODES
        }
        tables[experiment.title] = table(experiment, measured)
        console.print(f"[bold]{experiment.title}[/bold], NRMSE [%]\n{tables[experiment.title]}\n", soft_wrap=True)
        if experiment.title != "One pool, slow drive":  # four lines are what a picture bears
            drawn += [one.series for one in measured.values()]
        raw[experiment.title] = {code: _raw(one) for code, one in measured.items()}
    if quick:
        return
    rewrite(PAGE, tables)
    PICTURE.parent.mkdir(exist_ok=True)
    draw_error_against_neurons(drawn, PICTURE)
    RAW.parent.mkdir(parents=True, exist_ok=True)
    RAW.write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")
    console.print(f"wrote {PAGE.relative_to(ROOT)}, {PICTURE.relative_to(ROOT)} and {RAW.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
