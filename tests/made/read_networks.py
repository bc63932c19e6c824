"""A small recurrent population that a classifier reads, and drives for it: for tests of sensitivity and segments."""

from dataclasses import replace

import numpy as np

from neurocmc.ir.rate import Classifier, HostLayer, RateCircuit, RateInput, TransferKind
from neurocmc.ir.stimulus import Stimulus
from tests.made.circuits import population, projection

UNITS, TRIALS, TICKS, DT_S = 6, 20, 10, 0.001


def network(transfer: TransferKind) -> RateCircuit:
    """A recurrent population, read by a classifier that looks at its first two units."""
    rng = np.random.default_rng(0)
    saturation = 1.0 if transfer == "sigmoid" else np.inf
    units = replace(
        population("h", UNITS, transfer, saturation=saturation, bias=0.2),
        trace_tau_s=0.002,
        initial=np.full(UNITS, 0.5 if transfer == "sigmoid" else 0.0),
    )
    weight = np.zeros((3, UNITS))
    weight[:, :2] = rng.normal(size=(3, 2))
    return RateCircuit(
        name="network",
        dt_s=DT_S,
        populations=(units,),
        projections=(projection("h", "h", 0.4 * rng.normal(size=(UNITS, UNITS)), 0.002, dc_gain=0.9),),
        inputs=(RateInput(name="drive", target="h", weight=rng.normal(size=(UNITS, 3))),),
        readouts=(),
        origin_sha256="",
        classifiers=(
            Classifier(
                name="class",
                populations=("h",),
                layers=(HostLayer(weight=weight, bias=np.zeros(3), rectify=False),),
                labels=("a", "b", "c"),
                window_s=DT_S,
            ),
        ),
    )


def drives() -> Stimulus:
    values = np.random.default_rng(1).normal(size=(TRIALS, TICKS, 3))
    edges_s = np.arange(TICKS) * DT_S
    labels = [-1] * TRIALS
    return Stimulus(name="drives", duration_s=TICKS * DT_S, edges_s=edges_s, values={"drive": values}, labels=labels)
