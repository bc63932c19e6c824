"""A small recipe of the family, and random circuits of it."""

from typing import Any

import numpy as np

from neurocmc.literature.motion.circuit import DelayedCircuit
from neurocmc.literature.motion.recipe import MotionRecipe

SMALL: dict[str, Any] = {
    "family": "delays-motion",
    "dots": {
        "sensors": 6,
        "velocities": [-1, 1, 2],
        "coherence": 0.9,
        "duration_ms": 12,
        "window_ms": 6,
        "calibration": 10,
        "test": 30,
    },
    "circuit": {"units": 5, "delays": 3},
    "training": {"epochs": 2, "pruning_rounds": 2, "retraining_epochs": 1, "steps": 3, "validation": 20},
}


def recipe(**changes: Any) -> MotionRecipe:
    """The small recipe with some sections changed."""
    data = {name: dict(value) if isinstance(value, dict) else value for name, value in SMALL.items()}
    for name, change in changes.items():
        data[name] = {**data.get(name, {}), **change}
    data["dots"]["velocities"] = tuple(data["dots"]["velocities"])
    return MotionRecipe.model_validate(data)


def circuit(seed: int, delays: tuple[int, ...] = (0, 1, 4), keep: float = 0.0) -> DelayedCircuit:
    """A circuit of random numbers, some of its synapses 0."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(len(delays), 5, 6)) * (rng.random((len(delays), 5, 6)) < 0.6)
    return DelayedCircuit(
        weight=weight,
        delay_steps=np.array(delays),
        bias=0.3 * rng.normal(size=5),
        readout=rng.normal(size=(3, 5)),
        readout_bias=rng.normal(size=3),
        sensor_keep=np.array(keep),
    )
