"""Groups the weights of an integer network that are summed before their exponent shifts the sum.

Loihi's exponent scales the *sum* of the mantissas that arrive in a tick, not each weight, and a negative exponent
shifts right, rounding down. So what belongs into one sum is part of a program's meaning. Here is the one place that
says it: all projections with the same exponent, delay and sign mode share one sum per target compartment. The
emitted Lava program has one Sparse process for each group, the emulator and the reference interpreter one sum.

Sign mode is part of the key because one set of weights on the chip has one: *mixed* keeps the sign in the last bit
and so holds even mantissas only, where *excitatory* and *inhibitory* hold every mantissa to 255. A second projection
between the same two populations that shares all three opens a further group (`rank` 1, 2, ...): in one matrix the
two would add up to a mantissa that no synapse holds. Inputs stand apart: each is a process of its own, with an
exponent of 0 or more, so that its values are shifted without loss.
"""

from dataclasses import dataclass

from neurocmc.common.arrays import Int, row_starts
from neurocmc.common.matrices import Sparse, placed
from neurocmc.ir.loihi.network import IntegerNetwork, SignMode


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightGroup:
    """Projections that share one sum per target compartment: `shift(sum of mantissas, exponent)`."""

    exponent: int
    delay_ticks: int
    sign: SignMode
    rank: int  # 0, or how many groups before this one have the same exponent, delay and sign mode
    projections: tuple[str, ...]  # in the network's order

    @property
    def name(self) -> str:
        """An identifier, unique in the network: `mixed_e0_d0_r0`, `inhibitory_em2_d3_r0` (exponent -2, delay 3)."""
        return f"{self.sign}_e{self.exponent}_d{self.delay_ticks}_r{self.rank}".replace("e-", "em")


def weight_groups(network: IntegerNetwork) -> tuple[WeightGroup, ...]:
    """Returns the groups of `network`, sorted by exponent, delay, sign mode, rank; each projection is in one."""
    members: dict[tuple[int, int, SignMode, int], list[str]] = {}
    seen: dict[tuple[int, int, SignMode, str, str], int] = {}
    for projection in network.projections:
        kind = (projection.exponent, projection.delay_ticks, projection.sign)
        pair = (*kind, projection.source, projection.target)
        rank = seen.get(pair, 0)
        seen[pair] = rank + 1
        members.setdefault((*kind, rank), []).append(projection.name)
    return tuple(
        WeightGroup(exponent=exponent, delay_ticks=delay_ticks, sign=sign, rank=rank, projections=tuple(names))
        for (exponent, delay_ticks, sign, rank), names in sorted(members.items())
    )


def unit_matrix(network: IntegerNetwork, group: WeightGroup) -> Sparse:
    """Returns (units, units) mantissas of a group, those of its synapses between any neurons of two units."""
    first = network.first_unit()
    units = sum(population.units for population in network.populations)
    projections = map(network.projection, group.projections)
    return placed(((p.mantissa, first[p.target], first[p.source]) for p in projections), (units, units))


def first_neurons(network: IntegerNetwork) -> Int:
    """Returns (units + 1,) where the neurons of each unit begin in the row of all, and the end."""
    return row_starts(network.each_unit([p.neurons for p in network.populations]))
