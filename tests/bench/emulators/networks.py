"""The networks that all emulators are timed on: random, recurrent, driven by biases, tuned to a share that fires.

Two kinds. *sparse*: every neuron has its own synapses, from 10 % of all neurons. *pools*: neurons stand in pools of
64, all of a pool receive the same weights, and every pool reaches every pool, which is what compiled rate circuits
look like; neuron by neuron such a matrix is full. Weights are even, of either sign and add up to zero in every row,
so that activity neither dies nor explodes; each neuron has a bias of its own, whose scale is searched until the
wanted share of neurons fires in a tick.

The networks keep to what all four emulators do alike: weight exponent 0, no delays, no refractory ticks, no current
or voltage that leaves its register. The little numpy interpreter below says what they have to compute.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Kind = Literal["sparse", "pools"]

DECAY_U, DECAY_V, THRESHOLD_MANTISSA, BIAS_EXPONENT = 400, 200, 20_000, 7
LARGEST_BIAS_MANTISSA = 4095
DENSITY, POOL = 0.1, 64
CHECK_TICKS = 200  # the state after so many ticks is compared, neuron by neuron
TUNING_TICKS, TUNING_FIRST, TUNING_ROUNDS = 200, 60, 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BenchNetwork:
    """Units of `pool` neurons (1 in a sparse network); neuron n of unit i is i * pool + n."""

    kind: Kind
    pool: int
    wanted_share: float
    density: float  # of the synapses of a sparse network
    weights: sparse.csr_matrix  # (units, units) mantissas, rows are targets
    bias: NDArray[np.int64]  # (neurons,) mantissas
    v_initial: NDArray[np.int64]  # (neurons,) LSB

    @property
    def neurons(self) -> int:
        return self.bias.size

    @property
    def units(self) -> int:
        return self.bias.size // self.pool

    @property
    def name(self) -> str:
        own = "" if self.density == DENSITY else f"-of-{100 * self.density:.0f}"
        return f"{self.kind}-{self.neurons}-{100 * self.wanted_share:.0f}{own}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """What a network does, by the plain interpreter."""

    spikes: NDArray[np.int64]  # (ticks,) of all neurons
    voltage: NDArray[np.int64]  # (neurons,) after the last tick

    def share(self, neurons: int, first: int = 0) -> float:
        """Mean share of neurons that fire in a tick, from tick `first` on."""
        return float(self.spikes[first:].mean()) / neurons


def make_network(
    kind: Kind, neurons: int, wanted_share: float, seed: int = 0, density: float = DENSITY
) -> BenchNetwork:
    """A network of which about `wanted_share` of the neurons fire in a tick. `neurons` is a multiple of 64."""
    rng = np.random.default_rng([seed, neurons, kind == "pools"])
    pool = 1 if kind == "sparse" else POOL
    weights = _sparse_weights(rng, neurons, density) if kind == "sparse" else _pool_weights(rng, neurons // pool)
    spread = rng.uniform(0.7, 1.3, neurons)
    v_initial = rng.integers(0, THRESHOLD_MANTISSA << 6, neurons)

    def scaled(scale: float) -> BenchNetwork:
        bias = np.minimum(np.rint(scale * spread), LARGEST_BIAS_MANTISSA).astype(np.int64)
        return BenchNetwork(
            kind=kind,
            pool=pool,
            wanted_share=wanted_share,
            density=density,
            weights=weights,
            bias=bias,
            v_initial=v_initial,
        )

    low, high = 0.0, float(LARGEST_BIAS_MANTISSA)
    for _ in range(TUNING_ROUNDS):
        middle = (low + high) / 2
        share = expected(scaled(middle), TUNING_TICKS).share(neurons, first=TUNING_FIRST)
        low, high = (middle, high) if share < wanted_share else (low, middle)
    return scaled((low + high) / 2)


def expected(network: BenchNetwork, ticks: int) -> Expected:
    """Step the network in plain numpy. Raises ValueError where a register overflows: emulators differ after that."""
    u, v = np.zeros(network.neurons, dtype=np.int64), network.v_initial.copy()
    weights = network.weights.astype(np.int64)
    fired = np.zeros(network.neurons, dtype=np.bool_)
    spikes = np.zeros(ticks, dtype=np.int64)
    for tick in range(ticks):
        of_pools = fired.reshape(-1, network.pool).sum(axis=1)
        arriving = np.repeat(weights @ of_pools, network.pool) << 6
        u = _decayed(u, 4096 - DECAY_U - 1) + arriving
        v = _decayed(v, 4096 - DECAY_V) + u + (network.bias << BIAS_EXPONENT)
        if np.abs(arriving).max() >= 2**21 or max(np.abs(u).max(), np.abs(v).max()) >= 2**23 - 1:
            raise ValueError(f"{network.name}: a register overflows in tick {tick}")
        fired = v > THRESHOLD_MANTISSA << 6
        v[fired] = 0
        spikes[tick] = fired.sum()
    return Expected(spikes=spikes, voltage=v)


def save_expanded(network: BenchNetwork, folder: Path, name: str = "") -> Path:
    """Write what peers read: every neuron and every synapse, one entry each; as `name`, or the network's own."""
    unit = network.weights.tocoo()
    members = np.arange(network.pool)
    shape = (unit.nnz, network.pool, network.pool)
    target = np.broadcast_to((unit.row[:, None] * network.pool + members)[:, :, None], shape)
    source = np.broadcast_to((unit.col[:, None] * network.pool + members)[:, None, :], shape)
    path = folder / f"{name or network.name}.npz"
    np.savez(
        path,
        target=target.ravel().astype(np.int32),
        source=source.ravel().astype(np.int32),
        mantissa=np.repeat(unit.data, network.pool**2).astype(np.int16),
        bias_mantissa=network.bias,
        bias_exponent=BIAS_EXPONENT,
        decay_u=DECAY_U,
        decay_v=DECAY_V,
        threshold_mantissa=THRESHOLD_MANTISSA,
        v_initial=network.v_initial,
        full=network.kind == "pools",
    )
    return path


def side_by_side(network: BenchNetwork, v_initial: NDArray[np.int64]) -> BenchNetwork:
    """A batch as one network: a copy for each row of `v_initial` (copies, neurons), with no synapse between them."""
    copies = len(v_initial)
    return replace(
        network,
        weights=sparse.csr_matrix(sparse.block_diag([network.weights] * copies)),
        bias=np.tile(network.bias, copies),
        v_initial=v_initial.ravel(),
    )


def start_voltages(network: BenchNetwork, trials: int) -> NDArray[np.int64]:
    """(trials, neurons) voltages before the first tick, drawn anew for each trial."""
    return np.random.default_rng(0).integers(0, THRESHOLD_MANTISSA << 6, (trials, network.neurons))


def _decayed(register: NDArray[np.int64], keep: int) -> NDArray[np.int64]:
    return np.sign(register) * ((np.abs(register) * keep) >> 12)


def _balanced(rng: np.random.Generator, fan_in: int, largest: int) -> NDArray[np.int64]:
    """Even mantissas of either sign that add up to zero, in random order."""
    half = 2 * rng.integers(1, largest + 1, fan_in // 2)
    return rng.permutation(np.concatenate([half, -half]))


def _sparse_weights(rng: np.random.Generator, neurons: int, density: float) -> sparse.csr_matrix:
    fan_in = 2 * round(density * neurons / 2)
    largest = min(127, round(600 / np.sqrt(fan_in)))
    source = np.concatenate([np.sort(rng.choice(neurons, fan_in, replace=False)) for _ in range(neurons)])
    mantissa = np.concatenate([_balanced(rng, fan_in, largest) for _ in range(neurons)])
    return sparse.csr_matrix((mantissa, source, fan_in * np.arange(neurons + 1)), shape=(neurons, neurons))


def _pool_weights(rng: np.random.Generator, units: int) -> sparse.csr_matrix:
    if units == 1:  # a single pool cannot be balanced: it inhibits itself a little
        return sparse.csr_matrix(np.array([[-4]]))
    largest = max(1, round(14 / np.sqrt(units)))
    return sparse.csr_matrix(np.stack([_balanced(rng, units, largest) for _ in range(units)]))
