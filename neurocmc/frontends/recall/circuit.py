"""Makes the circuit of a content-addressable memory: 3C + 4M + 1 threshold units without memory, and delays.

The circuit is that of Casanueva-Morato et al., Bio-inspired computational memory model of the hippocampus: an
approach to a neuromorphic spike-based content-addressable memory (Neural Networks, 2024; arXiv:2310.05868), with its
weights and delays, after learning: synapses that learning would set are 6 where a content has a bit, and absent
elsewhere. What is otherwise:

- Their neurons are leaky, with time constants of half a tick to three. At a tick of 1 ms a unit that forgets all
  within the tick does the same for a recall, so poles are 0. With a threshold of 5 a weight of 6 is a spike by
  itself. The condition (`cond`) spikes on 9, and not on 9 - 6, while a cue is recalled, nor on 2.
- They inhibit with 6 M, so that any M bits that may be learned later are held down. Contents are fixed here, so the
  largest number of bits under one cue takes the place of M.
- Behind their merging populations is a layer that repeats each spike a tick later. Its tick is added to the delays
  into the merging populations, which are the outputs here: every output spikes in the same tick as theirs.

All delays are 1 tick or more, and count from the spike to what it does, as on a chip, where every spike takes a tick.
"""

from collections.abc import Iterator

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.neurons.memories import CONTENT, CONTENT_OUT, CUE, CUE_OUT, Memories
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronPopulation, NeuronProjection, SpikeInput
from neurocmc.ir.neurons.semantics import Semantics

SEMANTICS = "recall"
THRESHOLD = 5
WEIGHT, TO_CONDITION, BACK = 6, 9, 2
Ends = tuple[Int, Int]  # targets, sources


def recall_network(memories: Memories, dt_s: float = 1e-3, origin_sha256: str = "") -> NeuronNetwork:
    """Returns the network that holds a memory.

    Args:
        memories: Cues and contents, without problems.
        dt_s: The model's time of a tick in s.
        origin_sha256: Of the file that it was read from.

    Returns:
        A network with the inputs `cue` and `content`, and the outputs `cue_out` and `content_out`. A spike of an
        input in tick t is repeated by its own output in tick t + 5, and answered by the other one in tick t + 6.
    """
    cues, features = len(memories.cues), len(memories.features)
    sizes = {
        "cue_cue": cues,
        "cont_cue": features,
        "cond": features,
        "int": 1,
        "cont_cont": features,
        "cue_cont": cues,
        CUE_OUT: cues,
        CONTENT_OUT: features,
    }
    return NeuronNetwork(
        name=memories.name,
        semantics=Semantics(
            name=SEMANTICS, dt_s=dt_s, decay="exponential", update="pole", precision="float64", at_threshold=False
        ),
        populations=tuple(_units(name, size) for name, size in sizes.items()),
        projections=tuple(_projections(memories, sizes)),
        inputs=(
            SpikeInput(name=CUE, channels=cues, shape=(cues,)),
            SpikeInput(name=CONTENT, channels=features, shape=(features,)),
        ),
        readouts=(),
        host_readouts=(),
        origin_sha256=origin_sha256,
    )


def _units(name: str, size: int) -> NeuronPopulation:
    return NeuronPopulation(
        name=name,
        size=size,
        pole_syn=np.zeros(size),
        pole_mem=np.zeros(size),
        gain_syn=np.ones(size),
        gain_mem=np.ones(size),
        threshold=np.full(size, float(THRESHOLD)),
        reset="zero",
        floor=np.full(size, -np.inf),
    )


def _projections(memories: Memories, sizes: dict[str, int]) -> Iterator[NeuronProjection]:
    """Yields every projection: source, target, weight, delay, and which neurons it joins."""
    cues, features = len(memories.cues), len(memories.features)
    held = -WEIGHT * int(memories.contents.sum(axis=1).max())
    each_cue, each_bit = _one_to_one(cues), _one_to_one(features)
    cue, bit = np.nonzero(memories.contents)
    for source, target, weight, delay, (targets, sources) in (
        (CUE, "cue_cue", WEIGHT, 1, each_cue),
        (CONTENT, "cont_cue", WEIGHT, 1, each_bit),
        ("cue_cue", "cont_cue", WEIGHT, 1, (bit, cue)),  # learned
        ("cue_cue", "cond", -WEIGHT, 2, _all(features, cues)),
        ("cont_cue", "cond", TO_CONDITION, 1, each_bit),
        ("int", "cond", BACK, 1, _all(features, 1)),
        ("cont_cue", "int", WEIGHT, 1, _all(1, features)),
        ("cond", "cont_cont", WEIGHT, 1, each_bit),
        ("cont_cont", "cue_cont", WEIGHT, 1, (cue, bit)),  # learned
        ("cue_cue", "cue_cont", WEIGHT, 2, each_cue),
        ("cue_cue", "cue_cont", held, 3, _others(cues)),
        ("cue_cont", "cue_cont", held, 2, _others(cues)),
        ("cue_cue", CUE_OUT, WEIGHT, 4, each_cue),
        ("cue_cont", CUE_OUT, WEIGHT, 2, each_cue),
        ("cont_cue", CONTENT_OUT, WEIGHT, 4, each_bit),
        ("cont_cont", CONTENT_OUT, WEIGHT, 2, each_bit),
    ):
        if not targets.size:
            continue  # a single cue inhibits no other
        order = np.lexsort((sources, targets))
        suffix = " inhibiting others" if (source, target, delay) == ("cue_cue", "cue_cont", 3) else ""
        yield NeuronProjection(
            name=f"{source}->{target}{suffix}",
            source=source,
            target=target,
            target_index=targets[order].astype(np.int32),
            source_index=sources[order].astype(np.int32),
            weight=np.full(targets.size, float(weight)),
            delay_ticks=np.full(targets.size, delay, dtype=np.int32),
            bias=np.zeros(sizes[target]),
        )


def _one_to_one(size: int) -> Ends:
    return np.arange(size), np.arange(size)


def _all(targets: int, sources: int) -> Ends:
    return np.repeat(np.arange(targets), sources), np.tile(np.arange(sources), targets)


def _others(size: int) -> Ends:
    """Every neuron to every other one."""
    targets, sources = _all(size, size)
    apart = targets != sources
    return targets[apart], sources[apart]
