"""Generated networks for the differential test against Lava: raw arrays, drawn to reach every corner of a tick.

Networks come in packs of NETWORKS_A_PACK. Those of a pack share a menu of *kinds* of synapses, because Lava fixes
exponent, sign mode, weight bits and message bits for a whole connection process; each network draws some of the
kinds, with weights, delays, registers and host spikes of its own. Weights are drawn beyond what a synapse holds, so
that Lava clips and truncates them. Everything follows from the number of the pack.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

PACKS = 8
NETWORKS_A_PACK = 26
TICKS = 300
RECURRENT_A_PACK = 8

Sign = Literal["excitatory", "inhibitory", "mixed"]
Ints = NDArray[np.int64]

# Each of these is a (sign mode, weight bits) that Lava's truncation knows; nine bits are the mixed mode's own.
GRIDS: tuple[tuple[Sign, int], ...] = (
    *(("excitatory", bits) for bits in range(1, 9)),
    *(("inhibitory", bits) for bits in range(1, 9)),
    *(("mixed", bits) for bits in range(1, 10)),
)
RECURRENT_PROCESSES = ("Sparse", "DelaySparse", "Sparse", "Dense", "Sparse", "DelayDense", "Dense", "DelaySparse")
HOST_PROCESSES = (("Sparse", 0), ("Dense", 8), ("DelaySparse", 16), ("Sparse", 24))  # process, message bits
LONGEST_DELAYS = (62, 7, 62, 15, 3, 62, 31, 1)  # one a pack
DRAWN: dict[Sign, tuple[int, int]] = {"excitatory": (-60, 400), "inhibitory": (-400, 60), "mixed": (-400, 400)}
CALM_KINDS = 5  # of those of a pack, the ones with the smallest exponents
DECAYS = (0, 1, 40, 97, 409, 1600, 3000, 4094, 4095)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What one connection process of Lava fixes for all of its synapses."""

    process: str
    sign: Sign
    sign_is_given: bool  # else Lava reads it off the weights
    weight_bits: int
    exponent: int
    message_bits: int  # 0: spikes; else the host sends payloads of so many bits
    longest_delay: int
    from_host: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Synapses:
    """One network's synapses of one kind: weights as asked for, before a chip clips and truncates them."""

    kind: Kind
    weights: Ints  # (neurons, sources)
    delays: Ints  # (neurons, sources) ticks beyond the one that every spike takes
    host: Ints | None  # (ticks, sources) sent in each tick; None: the network's own neurons are the sources


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """One network in the registers of its compartments."""

    name: str
    decay_u: Ints
    decay_v: Ints
    threshold_mantissa: Ints
    bias_mantissa: Ints
    bias_exponent: Ints
    u_initial: Ints
    v_initial: Ints
    synapses: tuple[Synapses, ...]

    @property
    def neurons(self) -> int:
        return self.decay_u.size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pack:
    """Networks that run side by side, and the kinds of synapses that they draw from."""

    kinds: tuple[Kind, ...]
    networks: tuple[Network, ...]

    def slices(self) -> list[slice]:
        """Where the neurons of each network stand in the row of all."""
        ends = np.cumsum([network.neurons for network in self.networks]).tolist()
        return [slice(end - network.neurons, end) for network, end in zip(self.networks, ends, strict=True)]


def generated_pack(number: int) -> Pack:
    """The networks of one pack."""
    rng = np.random.default_rng([4, number])
    kinds = (*_recurrent_kinds(number), *_host_kinds(number))
    networks = [
        _network(rng, f"pack {number}, network {index}", kinds, calm=index % 2 == 0)
        for index in range(NETWORKS_A_PACK)
    ]
    return Pack(kinds=kinds, networks=tuple(networks))


def pack_arrays(pack: Pack) -> dict[str, NDArray[Any]]:
    """The file that tests/backends/lava_driver.py reads: kinds as block-diagonal matrices over all networks."""

    def row(field: str) -> NDArray[np.int32]:
        return np.concatenate([getattr(network, field) for network in pack.networks]).astype(np.int32)

    arrays: dict[str, NDArray[Any]] = {
        "ticks": np.asarray(TICKS),
        "kinds": np.array([f"kind.{index}" for index in range(len(pack.kinds))]),
        "lif.du": row("decay_u"),
        "lif.dv": row("decay_v"),
        "lif.vth": row("threshold_mantissa"),
        "lif.bias_mant": row("bias_mantissa"),
        "lif.bias_exp": row("bias_exponent"),
        "lif.u": row("u_initial"),
        "lif.v": row("v_initial"),
    }
    for index, kind in enumerate(pack.kinds):
        arrays.update(_kind_arrays(pack, kind, f"kind.{index}"))
    return arrays


def _kind_arrays(pack: Pack, kind: Kind, key: str) -> dict[str, NDArray[Any]]:
    weights, delays, host = [], [], []
    for network in pack.networks:
        own = [synapses for synapses in network.synapses if synapses.kind is kind]
        sources = 0 if kind.from_host else network.neurons
        weights.append(own[0].weights if own else np.zeros((network.neurons, sources), dtype=np.int64))
        delays.append(own[0].delays if own else np.zeros((network.neurons, sources), dtype=np.int64))
        if own and own[0].host is not None:
            host.append(own[0].host)
    arrays: dict[str, NDArray[Any]] = {
        f"{key}.process": np.asarray(kind.process),
        f"{key}.sign": np.asarray(kind.sign if kind.sign_is_given else ""),
        f"{key}.weight_bits": np.asarray(kind.weight_bits),
        f"{key}.exponent": np.asarray(kind.exponent),
        f"{key}.message_bits": np.asarray(kind.message_bits),
        f"{key}.longest_delay": np.asarray(kind.longest_delay),
        f"{key}.weights": np.asarray(block_diag(*weights), dtype=np.int32),
        f"{key}.delays": np.asarray(block_diag(*delays), dtype=np.int32),
    }
    if kind.from_host:
        arrays[f"{key}.host"] = np.concatenate(host, axis=1).astype(np.int32)
    return arrays


def _recurrent_kinds(number: int) -> list[Kind]:
    kinds: list[Kind] = []
    for index, process in enumerate(RECURRENT_PROCESSES):
        place = number * RECURRENT_A_PACK + index
        sign, bits = GRIDS[place % len(GRIDS)]
        kinds.append(
            Kind(
                process=process,
                sign=sign,
                sign_is_given=place % 5 != 0,
                weight_bits=bits,
                exponent=5 * place % 16 - 8,  # every exponent from -8 to 7
                message_bits=0,
                longest_delay=_longest_delay(number, process),
                from_host=False,
            )
        )
    return kinds


def _longest_delay(number: int, process: str) -> int:
    match process:
        case "DelaySparse":
            return LONGEST_DELAYS[number % len(LONGEST_DELAYS)]
        case "DelayDense":  # multiplies a matrix for every delay in every step, so one pack must do for the long ones
            return 62 if number == 0 else min(15, LONGEST_DELAYS[number % len(LONGEST_DELAYS)])
        case _:
            return 0


def _host_kinds(number: int) -> list[Kind]:
    return [
        Kind(
            process=process,
            sign=("mixed", "excitatory", "mixed", "inhibitory")[(number + index) % 4],
            sign_is_given=True,
            weight_bits=8 - (number + index) % 3,
            exponent=(-2, 0, 3, 1, -5, 6)[(number + 2 * index) % 6],
            message_bits=bits,
            longest_delay=9 if process.startswith("Delay") else 0,
            from_host=True,
        )
        for index, (process, bits) in enumerate(HOST_PROCESSES)
    ]


def _network(rng: np.random.Generator, name: str, kinds: tuple[Kind, ...], *, calm: bool) -> Network:
    """A calm network draws small weights and payloads, so that its currents seldom wrap; the others wrap at will."""
    neurons = int(rng.integers(4, 13))
    threshold = np.rint(2 ** rng.uniform(0, 17, neurons)).astype(np.int64).clip(0, 131071)
    exponent = rng.integers(-2, 8, neurons)
    # A bias of some hundredths of the threshold makes most neurons fire; some are held down instead.
    wanted = (threshold << 6) * rng.uniform(-0.3, 0.15, neurons)
    recurrent = [kind for kind in kinds if not kind.from_host]
    if calm:
        recurrent = sorted(recurrent, key=lambda kind: kind.exponent)[:CALM_KINDS]
    host = [kind for kind in kinds if kind.from_host]
    drawn = [recurrent[k] for k in rng.choice(len(recurrent), rng.integers(2, 5), replace=False)]
    drawn += [host[k] for k in rng.choice(len(host), rng.integers(1, 3), replace=False)]
    return Network(
        name=name,
        decay_u=rng.choice(DECAYS, neurons),
        decay_v=rng.choice(DECAYS, neurons),
        threshold_mantissa=threshold,
        bias_mantissa=np.rint(wanted / 2.0**exponent).astype(np.int64).clip(-4096, 4095),
        bias_exponent=exponent,
        u_initial=rng.integers(-(2**20), 2**20, neurons),
        v_initial=rng.integers(-(2**22), 2**22, neurons),
        synapses=tuple(_synapses(rng, kind, neurons, calm) for kind in drawn),
    )


def _synapses(rng: np.random.Generator, kind: Kind, neurons: int, calm: bool) -> Synapses:
    sources = int(rng.integers(1, 7)) if kind.from_host else neurons
    low, high = DRAWN[kind.sign]
    if not kind.sign_is_given:  # Lava must find the sign in the block of every network
        low = 0 if kind.sign == "excitatory" else low
        high = 0 if kind.sign == "inhibitory" else high
    if calm and kind.exponent > 0:
        low, high = low >> kind.exponent, high >> kind.exponent
    weights = rng.integers(low, high + 1, (neurons, sources))
    weights[rng.random(weights.shape) > rng.uniform(0.15, 0.7)] = 0
    weights[0, 0], weights[-1, -1] = low, high
    delays = rng.integers(0, kind.longest_delay + 1, weights.shape)
    return Synapses(kind=kind, weights=weights, delays=delays, host=_host(rng, kind, sources, calm))


def _host(rng: np.random.Generator, kind: Kind, sources: int, calm: bool) -> Ints | None:
    if not kind.from_host:
        return None
    fires = rng.random((TICKS, sources)) < rng.uniform(0.05, 0.4)
    if not kind.message_bits:
        return fires.astype(np.int64)
    half = 1 << (int(np.clip(6 - kind.exponent, 2, kind.message_bits)) if calm else kind.message_bits - 1)
    return np.where(fires, rng.integers(-half, half, fires.shape), 0)
