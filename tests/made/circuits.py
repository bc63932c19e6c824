"""Small circuits and stimuli for tests of levels and passes: a soft winner-take-all, single driven populations."""

from collections.abc import Sequence

import numpy as np

from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import (
    RateCircuit,
    RateInput,
    RatePopulation,
    RateProjection,
    Readout,
    TransferKind,
)
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibrate
from neurocmc.passes.check_neurons import CheckNeurons
from neurocmc.passes.gain_match import GainMatch
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.targets import Code, LoihiTarget, Target

TAU_S = 0.02


def population(
    name: str,
    size: int,
    transfer: TransferKind = "relu",
    *,
    gain: Sequence[float] | float = 1.0,
    offset: Sequence[float] | float = 0.0,
    bias: Sequence[float] | float = 0.0,
    saturation: float = np.inf,
    initial: Sequence[float] | float = 0.0,
) -> RatePopulation:
    """A rate population; one number stands for all its units."""
    full = np.ones(size)
    return RatePopulation(
        name=name,
        size=size,
        transfer=transfer,
        gain=gain * full,
        offset=offset * full,
        bias=bias * full,
        saturation=saturation,
        trace_tau_s=TAU_S,
        initial=initial * full,
    )


def projection(source: str, target: str, weight: object, tau_s: float = TAU_S, **more: object) -> RateProjection:
    """A projection named after its ends."""
    fields = {"name": f"{source}->{target}", "source": source, "target": target, "weight": weight, "tau_s": tau_s}
    return RateProjection(**{**fields, **more})


def swta(units: int = 4, alpha: float = 1.2, beta1: float = 2.0, beta2: float = 0.35) -> RateCircuit:
    """The soft winner-take-all of Rutishauser and Douglas 2009: one inhibitory unit shared by all."""
    return RateCircuit(
        name="swta",
        dt_s=0.001,
        populations=(population("excite", units), population("inhibit", 1)),
        projections=(
            projection("excite", "excite", alpha * np.eye(units)),
            projection("excite", "inhibit", np.full((1, units), beta2)),
            projection("inhibit", "excite", np.full((units, 1), -beta1)),
        ),
        inputs=(RateInput(name="drive", target="excite", weight=np.eye(units)),),
        readouts=(
            Readout(
                name="winner", population="excite", kind="winner", labels=tuple("abcdefghij"[:units]), window_s=0.1
            ),
        ),
        origin_sha256="",
    )


def steps() -> Stimulus:
    """One trial of 2 s for four units: rest, one winner, another winner, rest."""
    values = [[0.0] * 4, [0.3, 0.25, 0.2, 0.1], [0.15, 0.35, 0.2, 0.1], [0.0] * 4]
    return Stimulus(
        name="steps", duration_s=2.0, edges_s=[0.0, 0.2, 1.0, 1.6], values={"drive": np.array([values])}, labels=[-1]
    )


def driven(pool: RatePopulation, tau_s: float = 0.0) -> RateCircuit:
    """One population, no recurrence, one channel a unit."""
    return RateCircuit(
        name="driven",
        dt_s=0.001,
        populations=(pool,),
        projections=(),
        inputs=(RateInput(name="drive", target=pool.name, weight=np.eye(pool.size), tau_s=tau_s),),
        readouts=(),
        origin_sha256="",
    )


def ramp(low: float, high: float, size: int = 1, edges: int = 101) -> Stimulus:
    """One trial in which all channels rise from `low` to `high` in equal steps of 10 ms."""
    values = np.repeat(np.linspace(low, high, edges)[None, :, None], size, axis=2)
    return Stimulus(
        name="ramp",
        duration_s=0.01 * edges,
        edges_s=0.01 * np.arange(edges),
        values={"drive": values},
        labels=[-1],
    )


def matched(
    circuit: RateCircuit,
    stimulus: Stimulus,
    target: Target,
    neurons: int = 64,
    code: Code = "threshold",
    **more: object,
) -> SpikingNetwork:
    """The circuit after gain matching and legalising."""
    calibration = Calibrate((stimulus,)).run(circuit)
    options = {"calibration": calibration, "neurons": neurons, "code": code, **more}
    return CheckNeurons().run(GainMatch(**options).run(circuit, target), target)


def integers(
    circuit: RateCircuit, stimulus: Stimulus, target: LoihiTarget, neurons: int = 64, **more: object
) -> IntegerNetwork:
    """The circuit after all passes up to quantisation."""
    return Quantise().run(matched(circuit, stimulus, target, neurons, **more), target)
