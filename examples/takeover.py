"""A measure for examples/study.yaml: the time until a rival with a stronger input takes over."""

import numpy as np

from neurocmc.pipeline.study.made import Made
from neurocmc.sim.rate import simulate_rate

SWITCHED_S = 1.0  # from this time on, the stimulus of circuit.yaml drives `b` more strongly than `a`


def takeover(made: Made, ahead: float = 0.0) -> dict[str, float]:
    """Returns the time in ms until the rival is more active than the winner before it, by more than `ahead`."""
    model = made.model()
    activity = simulate_rate(model.circuit, model.read_stimuli().test[0]).activity["excite"][0]  # (ticks, units)
    since = round(SWITCHED_S / model.circuit.dt_s)
    taken = np.flatnonzero(activity[since:, 1] - activity[since:, 0] > ahead)
    if not taken.size:
        raise ValueError("the rival never takes over")
    return {"takeover_ms": float(1e3 * model.circuit.dt_s * taken[0])}
