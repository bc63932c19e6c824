"""Groups the synapses of a network of neurons that are summed before their exponent shifts the sum.

Loihi's exponent scales the sum of the mantissas that arrive in a tick, and a negative one shifts it right, rounding
down: what belongs into one sum is part of a program's meaning. As in `sim.loihi.weight_groups`, one sum per neuron is
shared by all synapses of one exponent, delay and sign mode; each input has sums of its own. The emitted Lava program
has one Sparse process for each group.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from neurocmc.ir.loihi.neurons import IntegerNeurons, NeuronSynapses
from neurocmc.targets import SignMode


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SynapseGroup:
    """Synapses that share one sum per target: `shift(sum of mantissas, exponent)`."""

    input: str  # "" where neurons send
    exponent: int
    delay_ticks: int
    sign: SignMode
    rank: int  # 0, or how many groups before this one are alike but for it
    projections: tuple[str, ...]
    matrix: sparse.csr_matrix  # (neurons, sources) mantissas

    @property
    def sources(self) -> int:
        """Neurons or channels that could send."""
        return int(self.matrix.shape[1])  # pyright: ignore[reportOptionalSubscript]

    @property
    def name(self) -> str:
        """An identifier, unique among those of neurons: `mixed_em7_d3_r0` (exponent -7, delay 3, rank 0)."""
        return f"{self.sign}_e{self.exponent}_d{self.delay_ticks}_r{self.rank}".replace("e-", "em")


def synapse_groups(network: IntegerNeurons) -> tuple[SynapseGroup, ...]:
    """Returns the groups of a network, by input, exponent, delay, sign mode and rank.

    Two synapses between the same two neurons stay two: the second one opens a further group.
    """
    members: dict[tuple[str, int, int, SignMode, int], list[tuple[NeuronSynapses, int]]] = {}
    taken: dict[tuple[str, int, int, SignMode, int], list[NeuronSynapses]] = {}
    for part in network.synapses:
        for delay in np.unique(part.delay_ticks).tolist():
            kind = (part.input, part.exponent, delay, part.sign)
            rank = 0
            while any(_meet(part, other) for other in taken.get((*kind, rank), [])):
                rank += 1
            taken.setdefault((*kind, rank), []).append(part)
            members.setdefault((*kind, rank), []).append((part, delay))
    channels = {entry.name: entry.channels for entry in network.inputs}
    return tuple(
        SynapseGroup(
            input=key[0],
            exponent=key[1],
            delay_ticks=key[2],
            sign=key[3],
            rank=key[4],
            projections=tuple(part.name for part, _ in parts),
            matrix=_matrix(parts, network.neurons, channels.get(key[0], network.neurons)),
        )
        for key, parts in sorted(members.items(), key=lambda item: item[0])
    )


def _meet(part: NeuronSynapses, other: NeuronSynapses) -> bool:
    """Whether two lists have a synapse between the same two neurons."""
    if part.target.size and other.target.size and part.target.min() > other.target.max():
        return False
    pairs = [p.target.astype(np.int64) << 32 | p.source.astype(np.int64) for p in (part, other)]
    return bool(np.isin(pairs[0], pairs[1]).any())


def _matrix(parts: list[tuple[NeuronSynapses, int]], neurons: int, sources: int) -> sparse.csr_matrix:
    rows, columns, values = ([np.zeros(0, dtype=np.int64)] for _ in range(3))
    for part, delay in parts:
        own = part.delay_ticks == delay
        rows.append(part.target[own].astype(np.int64))
        columns.append(part.source[own].astype(np.int64))
        values.append(part.mantissa[own].astype(np.int64))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(entries, shape=(neurons, sources))
