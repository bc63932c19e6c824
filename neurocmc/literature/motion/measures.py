"""Measures what a training made of delays: how many synapses are left, and which kernels over time they are."""

from typing import Any

import numpy as np

from neurocmc.campaigns import Made
from neurocmc.common.arrays import Float
from neurocmc.literature.motion.circuit import MOTION, SENSORS

MAP_SCALE = 9  # the largest weight of a kernel as a map has it


def learned(made: Made) -> dict[str, float | str]:
    """Returns what of the synapses is left, and a kernel for each velocity.

    Args:
        made: A circuit of the family.

    Returns:
        `pairs`, the pairs of sensor and unit that are connected; `delays_a_pair`, the mean over these; and for each
        velocity a `kernel_N`: the velocity, and of the unit whose readout tells it from the others best the weights
        in rows of one delay each, apart by `;`, whole numbers of which the largest is 9.
    """
    weight = weights_of(made)
    connected = (weight != 0).any(axis=0)
    delays = np.count_nonzero(weight) / max(np.count_nonzero(connected), 1)
    readout = made.model().circuit.classifiers[0]
    apart = _apart(readout.layers[0].weight[:, weight.shape[2] :])
    kernels = {
        f"kernel_{index}": f"{velocity}: {kernel_text(weight[:, int(row.argmax())])}"
        for index, (velocity, row) in enumerate(zip(readout.labels, apart, strict=True))
    }
    return {"pairs": int(np.count_nonzero(connected)), "delays_a_pair": float(delays), **kernels}


def weights_of(made: Made) -> Float:
    """Returns the weights of a circuit, (delays, units, sensors), of all delays from 0 to the last there is."""
    circuit = made.model().circuit
    late = {p.delay_ticks: np.asarray(p.weight) for p in circuit.projections}
    shape = circuit.population(MOTION).size, circuit.population(SENSORS).size
    return np.stack([late.get(delay, np.zeros(shape)) for delay in range(max(late, default=0) + 1)])


def kernel_text(kernel: Float) -> str:
    """Returns a kernel (delays, sensors) as whole numbers from -9 to 9."""
    largest = float(np.abs(kernel).max()) or 1.0
    return ";".join(" ".join(str(round(MAP_SCALE * value / largest)) for value in row) for row in kernel.tolist())


def kernel_of(text: Any) -> tuple[str, Float]:
    """Returns the velocity and the numbers of a kernel as a table has it, (delays, sensors)."""
    velocity, _, kernel = str(text).partition(": ")
    return velocity, np.array([[float(value) for value in row.split()] for row in kernel.split(";")])


def _apart(readout: Float) -> Float:
    """How much more each unit speaks for a class than for the strongest other one, (classes, units)."""
    others = np.stack([np.delete(readout, index, axis=0).max(axis=0) for index in range(len(readout))])
    return readout - others
