"""Finds a soft winner-take-all in a circuit, and judges how its winner behaves: gain and switching ratio.

The formulas (`theory.swta`) know one pool of equal rectifiers that excite themselves and share one inhibitory unit. A
circuit of that shape is recognised from its weights, whatever its populations are called; any other is left alone.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import FloatMatrix, entries, span_of
from neurocmc.common.ticks import whole_s
from neurocmc.ir.gates import SWITCH_LIMIT, WINNER_GAIN_LIMIT
from neurocmc.ir.kept import Kept
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.theory.swta import winner_gain
from neurocmc.verification.edges import Edge, failed, judged

LEVELS = np.array([0.6, 0.7, 0.8, 0.9])  # of the largest drive that the circuit was calibrated on
RATIOS = np.arange(0.85, 1.1501, 0.0025)  # drives of the rival, over the drive at which theory lets it take over
SETTLE_S, WINDOW_S, CONTEST_S = 1.5, 0.2, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WinnerTakeAll:
    """The parts and the parameters of a soft winner-take-all, alpha2 = 0; drives are in units of the circuit."""

    excite: str
    inhibit: str
    drive: str  # the input, one channel a unit
    units: int
    alpha: float
    beta1: float
    beta2: float
    threshold: float
    threshold_i: float

    @property
    def gain(self) -> float:
        return winner_gain(self.alpha, self.beta1, self.beta2)

    def winner(self, drive: Float) -> Float:
        """Returns the steady activity of a single winner, while the inhibition is awake."""
        return self.gain * (drive - self.threshold + self.beta1 * self.threshold_i)

    def rival_drive(self, drive: float) -> float:
        """Returns the drive at which a silent rival takes over from a winner driven by `drive`."""
        inhibition = self.beta2 * float(self.winner(np.array(drive))) - self.threshold_i
        return self.threshold + self.beta1 * inhibition

    def as_realised(self, kept: Kept) -> "WinnerTakeAll":
        """Returns the same with the weights that the chip really holds."""
        gains = {(p.source, p.target): float(p.realised_gain[0, 0]) for p in kept.projections}
        return replace(
            self,
            alpha=gains[self.excite, self.excite],
            beta1=-gains[self.inhibit, self.excite],
            beta2=gains[self.excite, self.inhibit],
        )


def find_winner_take_all(circuit: RateCircuit) -> WinnerTakeAll | None:
    """Returns the winner-take-all that a circuit is, or None for anything else or an unstable winner."""
    inhibit = next((p for p in circuit.populations if p.size == 1), None)
    excite = next((p for p in circuit.populations if p.size > 1), None)
    if excite is None or inhibit is None or len(circuit.populations) != 2 or len(circuit.inputs) != 1:
        return None
    between = {(p.source, p.target): p for p in circuit.projections}
    wanted = {(excite.name, excite.name), (excite.name, inhibit.name), (inhibit.name, excite.name)}
    entry = circuit.inputs[0]
    driven = entry.target == excite.name and entry.tau_s == 0 and _is_one_to_one(entry.weight, 1.0)
    if set(between) != wanted or len(circuit.projections) != 3 or not driven:
        return None
    recurrent = between[excite.name, excite.name]
    weights = [_one_weight(p, one_to_one=p is recurrent) for p in between.values()]
    if not (_plain(excite) and _plain(inhibit)) or None in weights:
        return None
    weight = dict(zip(between, weights, strict=True))
    found = WinnerTakeAll(
        excite=excite.name,
        inhibit=inhibit.name,
        drive=entry.name,
        units=excite.size,
        alpha=weight[excite.name, excite.name] or 0.0,
        beta1=-(weight[inhibit.name, excite.name] or 0.0),
        beta2=weight[excite.name, inhibit.name] or 0.0,
        threshold=float(excite.offset[0]),
        threshold_i=float(inhibit.offset[0]),
    )
    return found if 1.0 < found.alpha < min(2.0, 1.0 + found.beta1 * found.beta2) else None


def _plain(population: RatePopulation) -> bool:
    """Equal unit-gain rectifiers without bias or saturation: those of the formulas."""
    same = len(set(population.offset.tolist())) == 1
    return (
        population.transfer == "relu"
        and same
        and not population.bias.any()
        and bool((population.gain == 1.0).all())
        and bool(np.isinf(population.saturation))
    )


def _one_weight(projection: RateProjection, *, one_to_one: bool) -> float | None:
    """The weight that all connections of a projection share, if they do and it has no other."""
    given = float(projection.weight[0, 0])
    alike = span_of(projection.weight) == (given, given)
    same = _is_one_to_one(projection.weight, given) if one_to_one else alike
    return projection.dc_gain * given if same and projection.order == 1 else None


def _is_one_to_one(matrix: FloatMatrix, weight: float) -> bool:
    """Whether each unit has that weight to its counterpart, and no other."""
    row, column, value = entries(matrix)
    own = matrix.shape[0] if weight else 0
    return (
        matrix.shape[0] == matrix.shape[1]
        and len(row) == own
        and bool((row == column).all() & (value == weight).all())
    )


def gain_stimulus(winner: WinnerTakeAll, largest_drive: float, dt_s: float) -> Stimulus:
    """Makes one trial a level: unit 0 alone is driven, until it stands, for whole steps of `dt_s`."""
    values = np.zeros((LEVELS.size, 1, winner.units))
    values[:, 0, 0] = LEVELS * largest_drive
    return Stimulus(
        name="single-winner",
        duration_s=whole_s(SETTLE_S, dt_s),
        edges_s=np.zeros(1),
        values={winner.drive: values},
        labels=np.full(LEVELS.size, -1),
    )


def gain_edge(winner: WinnerTakeAll, stimulus: Stimulus, recording: Recording) -> Edge:
    """Judges the activity of the standing winner against the formula; the worst of the levels."""
    drive = stimulus.values[winner.drive][:, 0, 0]
    stands = _last(recording, winner.excite)[:, 0]
    error = np.abs(stands / winner.winner(drive) - 1.0)
    return judged(
        f"{recording.level} ~ theory",
        "activity of a single winner",
        float(error.max()),
        WINNER_GAIN_LIMIT[recording.level],
        "relative",
        worst=winner.excite,
        note=f"gain 1/(1 - alpha + beta1 beta2) = {winner.gain:.4f}; worst of {LEVELS.size} drives",
    )


def switch_stimulus(winner: WinnerTakeAll, largest_drive: float, dt_s: float) -> Stimulus:
    """Makes a drive on unit 0 until it stands, then on unit 1 as well, harder from trial to trial."""
    settle_s = whole_s(SETTLE_S, dt_s)
    drive = _contested_drive(winner, largest_drive)
    rival = np.zeros((RATIOS.size, 2, winner.units))
    rival[:, :, 0] = drive
    rival[:, 1, 1] = RATIOS * winner.rival_drive(drive)
    return Stimulus(
        name="rival",
        duration_s=settle_s + whole_s(CONTEST_S, dt_s),
        edges_s=np.array([0.0, settle_s]),
        values={winner.drive: rival},
        labels=np.full(RATIOS.size, -1),
    )


def _contested_drive(winner: WinnerTakeAll, largest_drive: float) -> float:
    """The winner's drive at which the strongest rival still stays within the calibrated range."""
    at_none, at_one = winner.rival_drive(0.0), winner.rival_drive(1.0)
    return min((largest_drive / RATIOS[-1] - at_none) / (at_one - at_none), largest_drive)


def switch_edge(winner: WinnerTakeAll, stimulus: Stimulus, recording: Recording) -> Edge:
    """Judges the weakest rival that takes over, against theory."""
    last = _last(recording, winner.excite)
    taken = last[:, 1] > last[:, 0]
    drive = float(stimulus.values[winner.drive][0, 0, 0])
    name, quantity = f"{recording.level} ~ theory", "drive at which a rival takes over"
    if not taken.any() or taken[0]:
        weakest, strongest = RATIOS[[0, -1]]
        who = "the weakest rival took over" if taken[0] else "not even the strongest rival took over"
        return failed(
            name, quantity, f"{who}, with {weakest:.2f} to {strongest:.2f} times the drive that theory predicts"
        )
    return judged(
        name,
        quantity,
        abs(float(RATIOS[np.argmax(taken)]) - 1.0),
        SWITCH_LIMIT[recording.level],
        "relative",
        worst=winner.excite,
        note=f"in theory, at {winner.rival_drive(drive) / drive:.4f} times the winner's drive of {drive:.3g}",
    )


def _last(recording: Recording, population: str) -> NDArray[np.float64]:
    """(batch, units) mean activity over the last `WINDOW_S`."""
    window = max(round(WINDOW_S / recording.tick_s), 1)
    return recording.activity[population][:, -window:].mean(axis=1, dtype=np.float64)
