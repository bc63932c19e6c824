"""The bench for rectifiers: the one kind of population that soft winner-take-alls are made of."""

import numpy as np

from neurocmc.ir.rate import RatePopulation


def rectifiers(name: str, size: int, threshold: float, trace_tau_s: float) -> RatePopulation:
    """Units [u - threshold]_+ from rest, observed through the filter behind which others see them."""
    return RatePopulation(
        name=name,
        size=size,
        transfer="relu",
        gain=np.ones(size),
        offset=np.full(size, threshold),
        bias=np.zeros(size),
        saturation=float("inf"),
        trace_tau_s=trace_tau_s,
        initial=np.zeros(size),
    )
