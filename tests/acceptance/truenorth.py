"""The numbers of docs/truenorth.md: `python -m tests.acceptance.truenorth` writes docs/studies/truenorth.csv."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.rate import simulate_rate
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.targets import load_target
from neurocmc.theory.realised import late_circuit, realised_circuit
from neurocmc.theory.truenorth import kept_by_cores
from neurocmc.verification.metrics import accuracy, agreement, decisions, nrmse
from tests.made.winner_circuits import EXCITE, INHIBIT, drives, swta

from .test_truenorth import STAR, compiled, cores_of

TABLE = Path(__file__).parents[2] / "docs" / "studies" / "truenorth.csv"
Row = tuple[str, str, int, str, float]  # circuit, stimulus, seed of the chip's noise, quantity, value


def main() -> None:
    """Measure everything and write the table, as it comes."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["circuit", "stimulus", "seed", "quantity", "value"])
        for *what, value in (*gains(), *digits(), *memory(), *microcircuits()):
            print(*what, f"{value:.6g}", flush=True)
            rows.writerow([*what, f"{value:.6g}"])


def gains() -> Iterator[Row]:
    """Gain of a single winner against the formula with realised weights."""
    levels = np.array([0.3, 0.4, 0.5])
    stimulus = drives("one winner", [0.0], np.pad(levels[:, None, None], ((0, 0), (0, 0), (0, 3))), 1.5)
    for alpha, beta1, beta2 in ((1.2, 2.0, 0.35), (1.2, 3.0, 0.25)):
        circuit = swta(4, alpha, beta1, beta2)
        lowered = lower(circuit, (stimulus,), load_target("truenorth"), CompileOptions(neurons=64))
        name, program = f"swta {alpha} {beta1} {beta2}", cores_of(lowered)
        held: dict[tuple[str, str], float] = {}
        ratios: list[float] = []
        for projection in program.projections:
            wanted = projection.wanted_gain != 0
            ratios += (projection.realised_gain[wanted] / projection.wanted_gain[wanted] - 1.0).tolist()
            held[projection.source, projection.target] = float(projection.realised_gain[wanted].mean())
        yield name, stimulus.name, 0, "worst error of a realised ratio", float(np.abs(ratios).max())
        gain = 1.0 / (1.0 - held[EXCITE, EXCITE] - held[INHIBIT, EXCITE] * held[EXCITE, INHIBIT])
        for seed in range(5):
            stands = simulate_cores(program, stimulus, seed=seed).activity[EXCITE][:, -500:, 0].mean(axis=1)
            yield (
                name,
                stimulus.name,
                seed,
                "worst error of the gain",
                float(np.abs(stands / (gain * levels) - 1).max()),
            )


def digits() -> Iterator[Row]:
    """All 1,000 test digits, three seeds."""
    lowered, stimuli = compiled("swta-digits.pt", 64)
    rate = simulate_rate(lowered.staged, stimuli.test[0])
    yield "swta-digits", "digits-test", 0, "cores", float(cores_of(lowered).network.cores)
    for seed in range(3):
        yield from _judged("swta-digits", lowered, stimuli.test[0], rate, seed)


def memory() -> Iterator[Row]:
    """Ten noisy cues under three seeds, silence under ten."""
    lowered, stimuli = compiled("working-memory.yaml", 64)
    program, named = cores_of(lowered), stimuli.by_name()
    for seed in range(3):
        held = simulate_cores(program, named["noisy-cue"], seed=seed).activity["x"]
        stands = (held[:, 500:, 0] > 0.5 * STAR).all(axis=1) & (held[:, 500:, 1] < 0.5 * STAR).all(axis=1)
        amplitude = held[:, -1000:, 0].mean(axis=1) / STAR - 1.0
        yield "working-memory", "noisy-cue", seed, "trials held to the end, of 10", float(stands.sum())
        yield "working-memory", "noisy-cue", seed, "worst amplitude over x*, less 1", float(np.abs(amplitude).max())
    for seed in range(10):
        silent = simulate_cores(program, named["silence"], seed=seed)
        spikes = sum(int(count.sum()) for count in silent.spike_counts.values())
        yield "working-memory", "silence", seed, "spikes", float(spikes)


def microcircuits() -> Iterator[Row]:
    """500 digits on three regions, three seeds, and the error by cause, worst population."""
    lowered, stimuli = compiled("cmc-v1v3.pt", 64)
    stimulus, program = stimuli.test[0].take(slice(500)), cores_of(lowered)
    rate = simulate_rate(lowered.staged, stimulus)
    yield "cmc-v1v3", stimulus.name, 0, "cores", float(program.network.cores)
    kept = kept_by_cores(lowered.staged, program)
    weighted, late = (
        simulate_rate(made(lowered.staged, kept), stimulus) for made in (realised_circuit, late_circuit)
    )
    yield "cmc-v1v3", stimulus.name, 0, "NRMSE by weights", max(nrmse(rate.activity, weighted.activity).values())
    yield "cmc-v1v3", stimulus.name, 0, "NRMSE by latency", max(nrmse(weighted.activity, late.activity).values())
    for seed in range(3):
        yield from _judged("cmc-v1v3", lowered, stimulus, rate, seed, late)


def _judged(
    name: str, lowered: Lowered, stimulus: Stimulus, rate: Recording, seed: int, late: Recording | None = None
) -> Iterator[Row]:
    cores = simulate_cores(cores_of(lowered), stimulus, seed=seed)
    (readout,) = lowered.staged.classifiers or lowered.spiking.readouts
    wanted, got = decisions(rate, readout), decisions(cores, readout)
    yield name, stimulus.name, seed, "decisions that agree", agreement(wanted, got)
    yield name, stimulus.name, seed, "accuracy, rate", accuracy(wanted, stimulus.labels) or 0.0
    yield name, stimulus.name, seed, "accuracy, cores", accuracy(got, stimulus.labels) or 0.0
    if late is not None:
        worst = max(nrmse(late.activity, cores.activity).values())
        yield name, stimulus.name, seed, "NRMSE by counting and noise", worst
    yield name, stimulus.name, seed, "NRMSE in all", max(nrmse(rate.activity, cores.activity).values())


if __name__ == "__main__":
    main()
