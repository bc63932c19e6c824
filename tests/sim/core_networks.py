"""Random core networks that meet every branch of the emulator, and input that makes them fire and saturate."""

import numpy as np

from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, CoreNetwork, packed
from neurocmc.sim.truenorth import CoreInputSpikes

BITS = 10  # of V, so that small networks reach the ends of the register
END = 1 << (BITS - 1)
LINES = 5


def random_cores(seed: int, cores: int, axons: int, neurons: int) -> CoreNetwork:
    """All features, each switched on for about half of the networks; delays 1 to 15. A third of them come to rest."""
    rng = np.random.default_rng(seed)
    types, shape = int(rng.integers(1, 6)), (cores, neurons)
    draws_weights, draws_leaks, reverses, noise, leaks = rng.integers(0, 2, 5)
    calm = rng.random() < 1 / 3  # V returns to where it stays without spikes

    def some(share: float) -> np.ndarray:
        return rng.random(shape) < share

    target_core = rng.choice([NOWHERE, OUTPUT, *range(cores)], shape, p=[0.1, 0.2, *[0.7 / cores] * cores])
    target_axon = np.where(target_core == OUTPUT, rng.integers(0, LINES, shape), rng.integers(0, axons, shape))
    return CoreNetwork(
        name=f"random {seed}",
        neurons=neurons,
        coordinates=np.stack([np.arange(cores), np.zeros(cores)], axis=1),
        axon_type=rng.integers(0, types, (cores, axons)),
        crossbar=packed(rng.random((cores, axons, neurons)) < rng.choice([0.05, 0.5, 0.95])),
        weight=rng.choice([-256, -255, -100, -1, 0, 1, 3, 50, 255, 256], (*shape, types)),
        stochastic_weight=rng.random((*shape, types)) < 0.5 * draws_weights * (rng.random(types) < 0.6),
        leak=rng.choice([-256, -20, -1, 0] if calm else [-256, -20, -1, 0, 0, 2, 30, 255], shape) * leaks,
        stochastic_leak=some(0.0 if calm else 0.5 * draws_leaks),
        leak_reversal=some(0.4 * reverses),
        threshold=rng.choice([1, 30, 200] if calm else [0, 1, 30, 200, 600], shape),
        noise_mask=rng.choice([0, 1, 7, 255, 511], shape) * noise,
        floor=rng.choice([0, 10, 100, END - 1, END, 900], shape),
        floor_saturates=some(1.0 if calm else 0.5),
        reset_potential=rng.choice([-END, -30, 0] if calm else [-END, -30, 0, 0, 20, END - 1], shape),
        reset_mode=rng.integers(0, 1 if calm else 3, shape),
        potential=rng.integers(-END, END, shape),
        target_core=target_core,
        target_axon=target_axon,
        delay=rng.integers(1, 16, shape),
        outputs=LINES,
        potential_bits=BITS,
    )


def random_spikes(seed: int, network: CoreNetwork, batch: int, ticks: int) -> CoreInputSpikes:
    """Spikes in no order, some of them doubled."""
    rng = np.random.default_rng(seed + 1)
    dense = rng.random((batch, ticks, network.cores, network.axons)) < rng.choice([0.002, 0.05, 0.6])
    places = np.stack(np.nonzero(dense))
    order = rng.permutation(places.shape[1])
    trial, tick, core, axon = places[:, np.concatenate([order, order[: order.size // 3]])]
    return CoreInputSpikes(trial=trial, tick=tick, core=core, axon=axon)
