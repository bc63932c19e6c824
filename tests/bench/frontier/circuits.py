"""Makes the circuits of the frontier, and the drives that they are judged on and calibrated on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.model import Model, StimulusSet, load
from tests.made.reservoir import adapted, as_model, capacity, random_inputs
from tests.made.winner_circuits import drives, switch_of_winner, swta

ROOT = Path(__file__).resolve().parents[3]
HOLD_S, STEPS, HIGHEST = 0.4, 6, 0.4  # of a random drive: silence, then five steps
JUDGED, CALIBRATION = 40, 20  # random drives of the four units
JUDGED_SEED, CALIBRATION_SEED = 3, 5  # their generators are of (this, 0), (this, 1), ...
TRIALS, ALL_TRIALS = 200, 1000
PIECES = 40  # that the one long trial of the reservoir is judged in


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgedCircuit:
    """A model, and how what a chip makes of it is judged.

    `continuous` says that the circuit is an equation in time, of which its step is an approximation; a network that
    was trained as a map from step to step has no such equation. `pieces` are the equal parts that errors are taken
    over, of each trial. `score` rates (ticks, units) activity of the first trial.
    """

    title: str
    model: Model
    judged: Stimulus
    fixed: Stimulus | None = None
    continuous: bool = True
    pieces: int = 1
    score: Callable[[Float], float] | None = None


def circuits() -> Mapping[str, Callable[[int], JudgedCircuit]]:
    """Maps the name of each circuit to what makes it, given how many test trials are judged."""
    return {
        "four-units": four_units,
        "swta-digits": partial(_bundled, "Digits, winner-take-all", "swta-digits"),
        "cmc-v1v3": partial(_bundled, "Digits, canonical microcircuit", "cmc-v1v3"),
        "tanh-rnn": _tanh,
        "reservoir": _reservoir,
    }


def four_units(_: int = JUDGED) -> JudgedCircuit:
    """Returns the four-unit soft winner-take-all under 40 random drives, and one that is the same in every study."""
    judged, fixed = random_drives("judged", JUDGED_SEED, JUDGED), switch_of_winner()
    stimuli = StimulusSet(calibration=(calibration_drives(),), test=(judged, fixed))
    model = Model(path=Path("four-units"), circuit=swta(), facts={}, read_stimuli=lambda: stimuli, reference=None)
    return JudgedCircuit(title="Four units", model=model, judged=judged, fixed=fixed)


def calibration_drives() -> Stimulus:
    """Returns the drives that gains, and the peer's radii and search, see: none of those that are judged."""
    return random_drives("calibration", CALIBRATION_SEED, CALIBRATION)


def random_drives(name: str, seed: int, count: int) -> Stimulus:
    """Returns drives of 400 ms of silence and five random steps of 400 ms, each from a generator of its own."""
    values = np.stack([np.random.default_rng((seed, one)).uniform(0.0, HIGHEST, (STEPS, 4)) for one in range(count)])
    values[:, 0] = 0.0
    return drives(name, [HOLD_S * step for step in range(STEPS)], values, HOLD_S * STEPS)


def _bundled(title: str, name: str, trials: int) -> JudgedCircuit:
    model = load(ROOT / "models" / f"{name}.pt")
    return JudgedCircuit(title=title, model=model, judged=_test_of(model, trials))


def _tanh(trials: int) -> JudgedCircuit:
    from tests.made.row_readers import row_reader  # torch takes seconds to import

    model = row_reader("tanh", 0)
    return JudgedCircuit(title="Tanh RNN", model=model, judged=_test_of(model, trials), continuous=False)


def _test_of(model: Model, trials: int) -> Stimulus:
    return model.read_stimuli().test[0].take(slice(trials))


def _reservoir(_: int) -> JudgedCircuit:
    """A random reservoir of 40 units, which shows what it is at the beginning of the step that follows."""
    inputs = random_inputs(100)
    model = as_model(adapted(0), inputs, 200)
    return JudgedCircuit(
        title="Reservoir",
        model=model,
        judged=model.read_stimuli().test[0],
        continuous=False,
        pieces=PIECES,
        score=lambda activity: capacity(activity[1:], inputs),
    )
