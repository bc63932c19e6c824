"""A measure of one's own, which examples/study.yaml names: by how much the winner is ahead of the next."""

import numpy as np

from neurocmc.pipeline.study.made import Made
from neurocmc.sim.rate import simulate_rate


def margin(made: Made, window_s: float = 0.1) -> dict[str, float]:
    """Returns the smallest lead of a winner at the end of the drive's second step, as a share of its activity."""
    model = made.model()
    stimulus = model.read_stimuli().test[0]
    activity = simulate_rate(model.circuit, stimulus).activity["excite"]  # (trials, ticks, units)
    until = round(1.6 / model.circuit.dt_s)
    mean = activity[:, until - round(window_s / model.circuit.dt_s) : until].mean(axis=1, dtype=np.float64)
    second, first = np.sort(mean, axis=1)[:, -2:].T
    return {"margin": float(((first - second) / first).min())}
