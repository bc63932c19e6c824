"""Makes rectifiers: the one kind of population that soft winner-take-alls are made of."""

import numpy as np

from neurocmc.ir.rate import RatePopulation


def rectifiers(
    name: str,
    size: int,
    threshold: float,
    trace_tau_s: float,
    *,
    saturation: float = float("inf"),
    gain: float = 1.0,
) -> RatePopulation:
    """Returns units min([gain (u - threshold)]_+, saturation) from rest, observed through the filter behind them."""
    return RatePopulation(
        name=name,
        size=size,
        transfer="relu",
        gain=np.full(size, gain),
        offset=np.full(size, threshold),
        bias=np.zeros(size),
        saturation=saturation,
        trace_tau_s=trace_tau_s,
        initial=np.zeros(size),
    )
