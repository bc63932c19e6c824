"""Soft winner-take-alls, their drives and their compilation: what the acceptance tests and the benches share."""

from collections.abc import Sequence

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibrate, Calibration
from neurocmc.passes.check_neurons import CheckNeurons
from neurocmc.passes.gain_match import GainMatch
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.targets import Code, LoihiTarget

ALPHA, BETA1, BETA2 = 1.2, 2.0, 0.35
TAU_S, TICK_S = 0.02, 0.001
DRIVE = "drive"
EXCITE, INHIBIT = "excite", "inhibit"


def swta(units: int = 4, alpha: float = ALPHA, beta1: float = BETA1, beta2: float = BETA2) -> RateCircuit:
    """n excitatory units and the inhibitory one they share, in the form that filters after the rectifier.

    tau x_i' = -x_i + [I_i + alpha x_i - beta1 y]_+         tau y' = -y + [beta2 sum_i x_i]_+
    """
    return RateCircuit(
        name="swta",
        dt_s=TICK_S,
        populations=(rectifiers(EXCITE, units), rectifiers(INHIBIT, 1)),
        projections=(
            _projection(EXCITE, EXCITE, alpha * np.eye(units)),
            _projection(EXCITE, INHIBIT, np.full((1, units), beta2)),
            _projection(INHIBIT, EXCITE, np.full((units, 1), -beta1)),
        ),
        inputs=(RateInput(name=DRIVE, target=EXCITE, weight=np.eye(units)),),
        readouts=(),
        origin_sha256="",
    )


def rectifiers(name: str, size: int) -> RatePopulation:
    """Units of threshold 0 and slope 1."""
    return RatePopulation(
        name=name,
        size=size,
        transfer="relu",
        gain=np.ones(size),
        offset=np.zeros(size),
        bias=np.zeros(size),
        saturation=np.inf,
        trace_tau_s=TAU_S,
        initial=np.zeros(size),
    )


def _projection(source: str, target: str, weight: Float) -> RateProjection:
    return RateProjection(name=f"{source}->{target}", source=source, target=target, weight=weight, tau_s=TAU_S)


def drives(name: str, edges_s: Sequence[float] | Float, values: Float, duration_s: float) -> Stimulus:
    """A stimulus of the one input; `values` is (batch, edges, units)."""
    return Stimulus(
        name=name,
        duration_s=duration_s,
        edges_s=np.asarray(edges_s, dtype=np.float64),
        values={DRIVE: values},
        labels=np.full(len(values), -1),
    )


def switch_of_winner() -> Stimulus:
    """The drive of the four-unit benchmark: unit 0 wins, then unit 1 takes over, then silence."""
    levels = [[0.0] * 4, [0.3, 0.25, 0.2, 0.1], [0.15, 0.35, 0.2, 0.1], [0.0] * 4]
    return drives("switch-of-winner", [0.0, 0.2, 1.0, 1.6], np.array([levels]), 2.0)


def calibrated(circuit: RateCircuit, *stimuli: Stimulus) -> Calibration:
    """The ranges a circuit visits."""
    return Calibrate(stimuli).run(circuit)


def integers(
    circuit: RateCircuit, calibration: Calibration, target: LoihiTarget, neurons: int, code: Code, seed: int = 0
) -> IntegerNetwork:
    """A circuit compiled down to the emulator's level, as the pipeline compiles it."""
    match = GainMatch(calibration=calibration, neurons=neurons, code=code, seed=seed)
    return Quantise().run(CheckNeurons().run(match.run(circuit, target), target), target)


def activity_of(recording: Recording) -> Float:
    """(batch, ticks, all units): every population's activity side by side."""
    return np.concatenate([activity.astype(np.float64) for activity in recording.activity.values()], axis=2)


def benchmark_nrmse(rate: Recording, other: Recording) -> Float:
    """(batch,) RMSE of each unit over time, mean over units, in units of the rate model's largest activity.

    This is acceptance 3's measure, and that of the peer; `verify` judges each population by its own largest.
    """
    reference = activity_of(rate)
    rmse = np.sqrt(np.mean((activity_of(other) - reference) ** 2, axis=1))
    return rmse.mean(axis=1) / reference.max(axis=(1, 2))
