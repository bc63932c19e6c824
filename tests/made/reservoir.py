"""The reservoirs of docs/steps.md: 40 units with a leak, whose inhibition adapts where it is connected.

Equations, memory and readouts are those of `neurocmc.literature.reservoir`.
"""

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.literature.reservoir.balance import Structure, draw
from neurocmc.literature.reservoir.equations import Reservoir
from neurocmc.literature.reservoir.series import memory_curve, remembered, uniform
from neurocmc.pipeline.model import Model

STRUCTURE = Structure(
    units=40, excitatory=32, density=0.1, inputs=1, input_scale=0.1, slope=4.0, threshold=0.5, pole=0.5
)
GAIN, RATE, TARGET, ADAPTED = 0.7, 0.02, 0.5, 3000  # the radius of A_E, what inhibition adapts by and to, steps
CALIBRATION = 1000  # steps


def adapted(seed: int) -> Reservoir:
    """A random reservoir whose inhibition has settled under a random input."""
    rng = np.random.default_rng(seed)
    drawn = draw(STRUCTURE, rng).scaled(GAIN)
    drive = uniform(rng, ADAPTED)[:, None]
    return drawn.adapted(drive, np.full(STRUCTURE.units, TARGET), RATE, drawn.inhibits > 0)


def as_model(reservoir: Reservoir, inputs: Float, seed: int) -> Model:
    """The reservoir for neurocmc; calibrated on inputs of its own."""
    calibration = uniform(np.random.default_rng(seed), CALIBRATION)
    return reservoir.model(calibration[None, :, None], inputs[None, :, None])


def run(reservoir: Reservoir, inputs: Float) -> Float:
    """(steps, units) r after each step, from rest."""
    return reservoir.run(inputs[None, :, None])[0]


def random_inputs(seed: int) -> Float:
    """(steps,) as many as capacity is measured over."""
    return uniform(np.random.default_rng(seed))


def capacity(states: Float, inputs: Float) -> float:
    """Memory capacity of (steps, units) states after each of (steps,) inputs."""
    return float(memory_curve(states, remembered(inputs)).sum())
