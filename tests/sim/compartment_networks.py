"""Random compartment networks that meet every branch of the emulator, and inputs that make them fire and wrap."""

import numpy as np
from numpy.typing import NDArray

from neurocmc.ir.loihi.network import SignMode
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, SynapseGroup

SIGNS: tuple[SignMode, ...] = ("mixed", "excitatory", "inhibitory")
REGISTER = (1 << 23) - 1


def random_group(rng: np.random.Generator, size: int) -> SynapseGroup:
    """Synapses of any density, exponent, width, sign mode, with delays from none to one of its own for each."""
    weights = np.where(
        rng.random((size, size)) < rng.choice([0.02, 0.1, 0.6]), rng.integers(-300, 301, (size, size)), 0
    )
    sign = SIGNS[rng.integers(3)]
    delays = (0, int(rng.integers(63)), rng.integers(0, 4, (size, size)), rng.integers(0, 63, (size, size)))
    return SynapseGroup.from_matrix(
        weights,
        exponent=int(rng.integers(-8, 8)),
        sign=sign,
        weight_bits=int(rng.integers(1, 10 if sign == "mixed" else 9)),
        delay_ticks=delays[rng.integers(4)],
    )


def random_compartments(seed: int, size: int) -> CompartmentNetwork:
    """A network of `size` compartments with up to three groups of synapses; every second one has refractory times."""
    rng = np.random.default_rng(seed)
    return CompartmentNetwork(
        decay_u=rng.choice([0, 97, 409, 1600, 4095], size),
        decay_v=rng.choice([0, 130, 900, 4095], size),
        threshold_mantissa=rng.choice([0, 1000, 5000, 131071], size),
        bias_mantissa=rng.integers(-4096, 4096, size),
        bias_exponent=rng.integers(-7, 8, size),
        u_initial=rng.integers(-REGISTER, REGISTER + 2, size),
        v_initial=rng.integers(-REGISTER, REGISTER + 1, size),
        refractory_ticks=rng.integers(1, 7, size) if seed % 2 else np.ones(size),
        synapses=tuple(random_group(rng, size) for _ in range(rng.integers(4))),
    )


def random_inputs(seed: int, batch: int, ticks: int, size: int) -> NDArray[np.int64]:
    """(batch, ticks, compartments) sums of mantissas, mostly none; with every third seed they wrap 32 bits."""
    rng = np.random.default_rng(seed)
    largest = (1 << 28) if seed % 3 == 0 else 4000
    drawn = rng.integers(-largest // 2, largest + 1, (batch, ticks, size))
    return np.where(rng.random(drawn.shape) < 0.2, drawn, 0)
