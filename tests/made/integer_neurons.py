"""Makes networks of single neurons in integers, drawn from a seed or from a few numbers, and spikes to drive them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurocmc.ir.loihi.neurons import IntegerNeurons, NeuronInput, NeuronPool, NeuronSynapses
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.loihi.compartments.network import LOIHI_RULE

SIGNS = ("mixed", "excitatory", "inhibitory")


def pool(name: str, units: int, **fields: Any) -> NeuronPool:
    """Neurons that forget at once, are not biased and begin at rest; arrays may be one number for all."""
    whole: dict[str, Any] = {
        "population": name,
        "members": np.arange(units),
        "decay_u": 4095,
        "decay_v": 0,
        "threshold_mantissa": 100,
        "bias_mantissa": 0,
        "bias_exponent": 0,
        "u_initial": 0,
        "v_initial": 0,
        "refractory_ticks": 1,
        "depth_ticks": 0,
        "lsb_per_voltage": 1.0,
    } | fields
    for field in ("bias_mantissa", "u_initial", "v_initial", "lsb_per_voltage"):
        whole[field] = np.broadcast_to(whole[field], units)
    return NeuronPool(name=name, units=units, **whole)


def synapses(name: str, pairs: Sequence[tuple[int, int, int]], **fields: Any) -> NeuronSynapses:
    """Synapses of (source, target, mantissa), without delay where nothing else is said."""
    source, target, mantissa = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
    whole: dict[str, Any] = {"whole": name, "input": "", "delay_ticks": 0, "exponent": 0, "sign": "mixed"} | fields
    whole["delay_ticks"] = np.broadcast_to(whole["delay_ticks"], source.shape)
    return NeuronSynapses(name=name, source=source, target=target, mantissa=mantissa, **whole)


def network_of(
    pools: Sequence[NeuronPool], parts: Sequence[NeuronSynapses], channels: dict[str, int] | None = None
) -> IntegerNeurons:
    """A network of these."""
    inputs = {"input": 2} if channels is None else channels
    return IntegerNeurons(
        name="made",
        tick_s=1e-3,
        rule=LOIHI_RULE,
        populations=tuple(pools),
        synapses=tuple(parts),
        inputs=tuple(NeuronInput(name=name, channels=count) for name, count in inputs.items()),
    )


def random_integers(seed: int) -> IntegerNeurons:
    """Two populations in three pools, with every register drawn, and synapses of every kind from all to all."""
    r = np.random.default_rng(seed)
    whose = r.permutation(12)
    pools = [
        pool(
            f"p{index}",
            size,
            population="ab"[index // 2],
            members=members,
            decay_u=int(r.integers(0, 4096)),
            decay_v=int(r.integers(0, 4096)),
            threshold_mantissa=int(2 ** r.uniform(0, 9)),
            bias_mantissa=r.integers(-200, 200, size),
            bias_exponent=int(r.integers(0, 7)),
            u_initial=r.integers(-10_000, 10_000, size),
            v_initial=r.integers(-10_000, 10_000, size),
            refractory_ticks=int(r.integers(1, 5)),
            depth_ticks=3 * (index // 2),
        )
        for index, (size, members) in enumerate(((7, whose[:7]), (5, whose[7:]), (9, np.arange(9))))
    ]
    parts: list[NeuronSynapses] = []
    channels = {"left": 6, "right": 3}
    for index in range(8):
        entry = ("left", "right", "", "")[index % 4]
        sign: Any = SIGNS[index % 3]
        target, source = np.nonzero(r.random((21, channels.get(entry, 21))) < 0.4)
        mantissa = {
            "mixed": 2 * r.integers(-127, 128, target.size),
            "excitatory": r.integers(0, 256, target.size),
            "inhibitory": r.integers(-255, 1, target.size),
        }[sign]
        parts.append(
            NeuronSynapses(
                name=f"s{index}",
                whole=f"s{index}",
                input=entry,
                source=source,
                target=target,
                mantissa=mantissa,
                delay_ticks=r.integers(0, 6, target.size),
                exponent=int(r.integers(-7, 4)),
                sign=sign,
            )
        )
    return network_of(pools, parts, channels)


def random_events(network: IntegerNeurons, seed: int, trials: int = 3, ticks: int = 40) -> EventStimulus:
    """Spikes for every input of a network."""
    r = np.random.default_rng(seed)
    parts = {
        entry.name: EventStimulus.of_dense(
            "drawn", (r.random((trials, ticks, entry.channels)) < 0.3).astype(np.uint8), entry=entry.name
        )
        for entry in network.inputs
    }
    spikes = {name: part.spikes[name] for name, part in parts.items()}
    return EventStimulus(name="drawn", ticks=ticks, labels=np.full(trials, -1), spikes=spikes)
