"""The up-state's endurance and the distractors it withstands, measured against theory at 64 neurons per unit.

    python -m tests.acceptance.endurance

runs an item held for 60 s under noise, and the sweep of distractors on the rate interpreter, Brian2 and the emulator
of loihi1, writes docs/studies/up-state.csv and docs/studies/distractors.csv and draws docs/pictures/distractors.png.

The threshold code has no random part, so that a seed is a draw of noise: added to both items' drives, normal, drawn
anew every 10 ms, from the first tick to the last; `FAULTS` adds noise of each neuron's own current to that.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from neurocmc.common.arrays import Bool, Float
from neurocmc.common.files import write_file
from neurocmc.common.resources import resource_path
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.robustness_judged import held_s
from neurocmc.report.figures.distractors import BoundaryPoint, PredictedBoundary, draw_distractors
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.loihi.perturbed.perturb import Perturbation, perturb
from neurocmc.sim.loihi.perturbed.run import simulate_perturbed
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from neurocmc.theory.basin import DistractorLimit, strongest_distractor
from neurocmc.theory.fixed_points import FixedPoint, reached
from neurocmc.theory.linear_threshold import LinearThreshold, linear_threshold
from tests.made.built import loihi

ROOT = Path(__file__).resolve().parents[2]
STUDIES = ROOT / "docs" / "studies"
PICTURE = ROOT / "docs" / "pictures" / "distractors.png"

MODEL = "models/working-memory.yaml"
LEVELS = ("rate", "brian2", "emulator")
N, SEEDS, OTHER_SEED = 64, 20, 1000
BOUNDARY_SEEDS = 5
HOLD_S = 60.0
CUE, CUE_FROM_S, CUE_UNTIL_S = 0.3, 0.2, 0.4
REDRAW_S = 0.01
NOISE = 0.05  # standard deviation of the drive while an item is held: half the threshold T of its units
FAULTS = Perturbation(current=0.05)  # of each neuron's threshold
WEAK_NOISE = 0.01  # while distractors are measured: their boundary is one of hundredths
SETTLED_S = 2.0  # of each calibration stimulus: what comes later repeats what was
DISTRACT_S, AFTER_S = 1.5, 2.5  # when a distractor begins, and how long it is watched when it has ended
PULSES_S = (0.1, 0.2, 0.3, 0.5, 1.0, 3.0)
RATIOS = np.round(np.arange(0.85, 1.1501, 0.01), 2)  # of the predicted strength
TOLERANCE = 0.10
HELD_SHARE = 0.5  # of x*


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Theory:
    """The bundled circuit as theory sees it, and its state in which item 0 is held."""

    network: LinearThreshold
    state: FixedPoint

    @property
    def x_star(self) -> float:
        return float(self.state.activity[self.network.of("x")[0]])

    @property
    def growth_hz(self) -> float:
        """Rate of the one mode that grows while rival and item are both awake, from the eigenvalues of the step."""
        network = self.network
        awake = self.state.active.copy()
        awake[network.of("x")[1]] = True
        keep, source = network.keep, network.source
        gain = np.where(awake, network.gain, 0.0)[source]
        step = np.diag(keep) + (1.0 - keep)[:, None] * gain[:, None] * network.weight[source]
        return float(np.log(np.abs(np.linalg.eigvals(step)).max()) / network.dt_s)

    def limit(self, pulse_s: float) -> DistractorLimit:
        """The strongest drive on item 1 that item 0 withstands for so long."""
        return strongest_distractor(self.network, self.state, int(self.network.of("x")[1]), pulse_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boundary:
    """Which strengths of a distractor a level withstood, for one length of pulse and one seed."""

    level: str
    pulse_s: float
    seed: int
    predicted: float
    held: Bool  # (strengths,) item 0, alone, at the end
    taken: Bool  # (strengths,) item 1, alone, at the end

    @property
    def first_lost(self) -> float:
        """The weakest distractor that item 0 did not withstand, over the predicted one; inf if it withstood all."""
        return float(RATIOS[np.argmin(self.held)]) if not self.held.all() else np.inf

    @property
    def last_held(self) -> float:
        """The strongest distractor that item 0 withstood, over the predicted one; 0 if none."""
        return float(RATIOS[np.flatnonzero(self.held)[-1]]) if self.held.any() else 0.0

    @property
    def kept(self) -> bool:
        """Withstands all up to 10 % below the predicted one, and none from 10 % above it on."""
        return self.first_lost > 1.0 - TOLERANCE and self.last_held < 1.0 + TOLERANCE


def theory() -> Theory:
    """From the circuit's file alone. The state is what is left of item 0 driven up and let go."""
    network = linear_threshold(load(resource_path(MODEL)).circuit)
    assert isinstance(network, LinearThreshold)
    start = np.zeros(network.weight.shape[1])
    start[np.isin(network.source, [network.of("x")[0], network.of("y")[0]])] = 1.0
    state = reached(network, np.zeros(network.size), start)
    assert state is not None
    assert state.active[network.of("x")[0]]
    return Theory(network=network, state=state)


def compiled(known: Theory, pulses_s: Sequence[float] = PULSES_S, neurons: int = N) -> Lowered:
    """Calibrated on the model's own stimuli, on another draw of the noise and on the strongest distractors."""
    model = load(resource_path(MODEL))
    seen = [distractors(RATIOS[-1:] * known.limit(pulse_s).withstood, pulse_s, None) for pulse_s in pulses_s]
    target = load_target("loihi1")
    cues = [stimulus.lasting(SETTLED_S) for stimulus in model.read_stimuli().calibration]
    stimuli = (*cues, held_under_noise([OTHER_SEED], SETTLED_S), *seen)
    return lower(model.circuit, stimuli, target, CompileOptions(neurons=neurons))


def held_under_noise(seeds: Sequence[int], hold_s: float = HOLD_S, cued: bool = True) -> Stimulus:
    """One trial a seed: a cue to item seed mod 2, or none, in noise that goes on to the end."""
    edges_s = REDRAW_S * np.arange(round((CUE_UNTIL_S + hold_s) / REDRAW_S))
    during = (edges_s > CUE_FROM_S - 1e-9) & (edges_s < CUE_UNTIL_S - 1e-9)
    values = np.stack([NOISE * np.random.default_rng(seed).standard_normal((edges_s.size, 2)) for seed in seeds])
    for trial, seed in enumerate(seeds):
        values[trial, during, seed % 2] += CUE * cued
    return Stimulus(
        name="held-under-noise" if cued else "noise",
        duration_s=CUE_UNTIL_S + hold_s,
        edges_s=edges_s,
        values={"cue": values},
        labels=np.array([seed % 2 if cued else -1 for seed in seeds]),
    )


def distractors(strengths: Float, pulse_s: float, seed: int | None) -> Stimulus:
    """Item 0 is cued; then, one strength a trial, item 1 is driven for `pulse_s`; a seed adds noise all the time."""
    duration_s = DISTRACT_S + pulse_s + AFTER_S
    edges_s = REDRAW_S * np.arange(round(duration_s / REDRAW_S))
    values = np.zeros((strengths.size, edges_s.size, 2))
    values[:, (edges_s > CUE_FROM_S - 1e-9) & (edges_s < CUE_UNTIL_S - 1e-9), 0] = CUE
    during = (edges_s > DISTRACT_S - 1e-9) & (edges_s < DISTRACT_S + pulse_s - 1e-9)
    values[:, during, 1] = strengths[:, None]
    if seed is not None:
        values += WEAK_NOISE * np.random.default_rng(seed).standard_normal(values.shape[1:])
    return Stimulus(
        name="distractors",
        duration_s=duration_s,
        edges_s=edges_s,
        values={"cue": values},
        labels=np.zeros(strengths.size, dtype=np.int64),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How one seed held its item."""

    condition: str
    seed: int
    item: int
    held_s: float
    amplitude: float  # mean of the last second over x*
    lowest: float  # of the item's activity after the cue, over x*
    loudest_other: float


def endurance(known: Theory, lowered: Lowered, seeds: Sequence[int], hold_s: float = HOLD_S) -> list[Held]:
    """Every seed's item on the emulator, under noise of the drive."""
    stimulus = held_under_noise(seeds, hold_s)
    return _held("noisy drive", known, simulate_emulator(loihi(lowered).integer, stimulus), stimulus, seeds)


def faulty_endurance(known: Theory, lowered: Lowered, seeds: Sequence[int], hold_s: float = HOLD_S) -> list[Held]:
    """The same with noise of each neuron's own current, neuron by neuron."""
    held: list[Held] = []
    for seed in seeds:
        stimulus = held_under_noise([seed], hold_s)
        seen = simulate_perturbed(perturb(loihi(lowered).integer, replace(FAULTS, seed=seed)), stimulus)
        held += _held("noisy drive and currents", known, seen, stimulus, [seed])
    return held


def _held(condition: str, known: Theory, seen: Recording, stimulus: Stimulus, seeds: Sequence[int]) -> list[Held]:
    held: list[Held] = []
    for trial, seed in enumerate(seeds):
        item = int(stimulus.labels[trial])
        after = seen.activity["x"][trial, round(CUE_UNTIL_S / seen.tick_s) :]
        held.append(
            Held(
                condition=condition,
                seed=seed,
                item=item,
                held_s=held_s(after, item, HELD_SHARE * known.x_star, seen.tick_s),
                amplitude=float(after[-round(1.0 / seen.tick_s) :, item].mean(dtype=np.float64)) / known.x_star,
                lowest=float(after[:, item].min()) / known.x_star,
                loudest_other=float(after[:, 1 - item].max()) / known.x_star,
            )
        )
    return held


def loudest_without_cue(known: Theory, lowered: Lowered, seeds: Sequence[int], hold_s: float = HOLD_S) -> float:
    """The highest activity that the noise alone ever causes, over x*."""
    seen = simulate_emulator(loihi(lowered).integer, held_under_noise(seeds, hold_s, cued=False))
    return float(seen.activity["x"].max()) / known.x_star


def boundary(known: Theory, lowered: Lowered, level: str, pulse_s: float, seed: int | None) -> Boundary:
    """Every strength on one level. Raises KeyError for a level that there is not."""
    predicted = known.limit(pulse_s).withstood
    stimulus = distractors(RATIOS * predicted, pulse_s, seed)
    runs: Mapping[str, Callable[[Stimulus], Recording]] = {
        "rate": lambda s: simulate_rate(lowered.staged, s),
        "brian2": lambda s: simulate_brian2(lowered.spiking, s, record_spikes=False),
        "emulator": lambda s: simulate_emulator(_integers(lowered), s),
    }
    up = runs[level](stimulus).activity["x"][:, -100:].mean(axis=1) >= HELD_SHARE * known.x_star
    return Boundary(
        level=level,
        pulse_s=pulse_s,
        seed=-1 if seed is None else seed,
        predicted=predicted,
        held=up[:, 0] & ~up[:, 1],
        taken=up[:, 1] & ~up[:, 0],
    )


def _integers(lowered: Lowered) -> IntegerNetwork:
    return loihi(lowered).integer


def _told(entry: Boundary) -> str:
    after = "item 1 held" if entry.taken[-1] else "item 0 held" if entry.held[-1] else "neither held"
    return (
        f"{entry.pulse_s:g} s, {entry.level}, seed {entry.seed}: predicted {entry.predicted:.4f}; first lost at "
        f"{entry.first_lost:.2f}, last withstood at {entry.last_held:.2f} of it; beyond: {after}"
    )


def _row(entry: Boundary) -> Mapping[str, object]:
    return {
        "level": entry.level,
        "pulse_s": entry.pulse_s,
        "seed": "" if entry.seed < 0 else entry.seed,
        "predicted": entry.predicted,
        "first_lost": entry.first_lost,
        "last_held": entry.last_held,
        "first_taken": float(RATIOS[np.argmax(entry.taken)]) if entry.taken.any() else "",
    }


def draw(known: Theory, found: Sequence[Boundary]) -> None:
    """The picture of the documentation: levels without noise, and the emulator over all seeds."""
    points: list[BoundaryPoint] = []
    for name, seeded in (*((level, False) for level in LEVELS), ("emulator, noise", True)):
        for pulse_s in PULSES_S:
            level = name.partition(",")[0]
            own = [b for b in found if (b.level, b.pulse_s, b.seed >= 0) == (level, pulse_s, seeded)]
            points.append(
                BoundaryPoint(
                    level=name,
                    pulse_s=pulse_s,
                    predicted=own[0].predicted,
                    first_lost=own[0].predicted * min(b.first_lost for b in own),
                    last_held=own[0].predicted * max(b.last_held for b in own),
                )
            )
    pulses = np.round(np.geomspace(PULSES_S[0], PULSES_S[-1], 25), 3)
    limits = [known.limit(float(pulse_s)) for pulse_s in pulses]
    line = PredictedBoundary(
        pulse_s=pulses,
        strength=np.array([limit.withstood for limit in limits]),
        least=limits[0].unnoticed,
        tolerance=TOLERANCE,
    )
    draw_distractors(points, line, PICTURE)


def csv_of(rows: Iterable[Mapping[str, object]]) -> str:
    """Lines of equal keys as CSV; numbers to six digits."""
    text = io.StringIO()
    rows = [{name: round(v, 6) if isinstance(v, float) else v for name, v in row.items()} for row in rows]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    """All of it: some minutes."""
    console, known = Console(), theory()
    lowered = compiled(known)
    held: list[Held] = []
    for measure in (endurance, faulty_endurance):
        own = measure(known, lowered, range(SEEDS))
        held_for, amplitude = [e.held_s for e in own], [e.amplitude for e in own]
        console.print(
            f"{own[0].condition}: {len(own)} seeds, held {min(held_for):.2f} to {max(held_for):.2f} s; amplitude "
            f"{min(amplitude):.4f} to {max(amplitude):.4f} of x*, never below {min(e.lowest for e in own):.4f}; the "
            f"other item up to {max(e.loudest_other for e in own):.4f}"
        )
        held += own
    write_file(STUDIES / "up-state.csv", csv_of(asdict(entry) for entry in held))
    console.print(f"without a cue: up to {loudest_without_cue(known, lowered, range(SEEDS)):.4f} of x*")
    found: list[Boundary] = []
    for pulse_s in PULSES_S:
        found += [boundary(known, lowered, level, pulse_s, None) for level in LEVELS]
        found += [boundary(known, lowered, "emulator", pulse_s, seed) for seed in range(BOUNDARY_SEEDS)]
        for entry in found[-BOUNDARY_SEEDS - len(LEVELS) :]:
            console.print(_told(entry))
    write_file(STUDIES / "distractors.csv", csv_of(map(_row, found)))
    console.print(f"{sum(entry.kept for entry in found)} of {len(found)} boundaries within {TOLERANCE:.0%}")
    draw(known, found)


if __name__ == "__main__":
    main()
