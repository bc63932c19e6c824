"""Lays a network of neurons out as the flat arrays of the compiled loop."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Int, in_row, row_starts
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.sim.loihi.neurons.groups import SynapseGroup, synapse_groups
from neurocmc.sim.loihi.neurons.kernel import Cells, Fans


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """All that trials share."""

    cells: Cells
    fans: Fans
    inputs: Fans
    first_channel: dict[str, int]  # input -> its first channel, when the channels of all stand in one row
    planes: int
    depth: int  # ticks that the ring must hold
    u_initial: Int
    v_initial: Int


def tables_of(network: IntegerNeurons, groups: tuple[SynapseGroup, ...] | None = None) -> Tables:
    """Returns the tables of a network; `groups` are taken instead of its own synapses."""
    rule, pools = network.rule, network.populations
    groups = synapse_groups(network) if groups is None else groups
    planes = _planes(groups)
    first = dict(
        zip(
            (entry.name for entry in network.inputs),
            np.cumsum([0, *(entry.channels for entry in network.inputs)]).tolist(),
            strict=False,
        )
    )
    channels = sum(entry.channels for entry in network.inputs)
    own = [group for group in groups if not group.input]
    outer = [group for group in groups if group.input]
    delays = [rule.spike_delay_ticks, *(rule.spike_delay_ticks + group.delay_ticks for group in groups)]
    return Tables(
        cells=Cells(
            keep_u=network.each_unit([rule.keep_u(p.decay_u) for p in pools]),
            keep_v=network.each_unit([rule.keep_v(p.decay_v) for p in pools]),
            threshold=network.each_unit([rule.threshold_lsb(p.threshold_mantissa) for p in pools]),
            bias=in_row(p.bias_lsb for p in pools),
            refractory=network.each_unit([p.refractory_ticks for p in pools]),
            weight_shift=rule.weight_shift,
            decay_bits=rule.decay_bits,
            half_current=rule.half_current,
            largest_voltage=rule.largest_voltage,
        ),
        fans=_fans(own, planes, network.neurons, network.neurons, dict.fromkeys(first, 0), rule.spike_delay_ticks),
        inputs=_fans(outer, planes, network.neurons, channels, first, 0),
        first_channel=first,
        planes=len(planes),
        depth=max(delays) + 1,
        u_initial=in_row(p.u_initial for p in pools),
        v_initial=in_row(p.v_initial for p in pools),
    )


def _planes(groups: tuple[SynapseGroup, ...]) -> dict[tuple[str, int, SynapseGroup | None], int]:
    """Which plane of sums each group has: 0 where its shift loses nothing, its own where it does."""
    planes: dict[tuple[str, int, SynapseGroup | None], int] = {("", 0, None): 0}
    for group in groups:
        if group.exponent < 0:
            planes[(group.input, group.exponent, group)] = len(planes)
    return planes


def _fans(
    groups: list[SynapseGroup],
    planes: dict[tuple[str, int, SynapseGroup | None], int],
    neurons: int,
    senders: int,
    first: dict[str, int],
    latency: int,
) -> Fans:
    columns: list[Int] = [np.zeros((4, 0), dtype=np.int64)]
    for group in groups:
        matrix = group.matrix.tocoo()
        plane = planes.get((group.input, group.exponent, group), 0)
        weight = matrix.data.astype(np.int64) << max(group.exponent, 0)
        source = matrix.col.astype(np.int64) + first.get(group.input, 0)
        place = plane * neurons + matrix.row.astype(np.int64)
        columns.append(np.stack([source, place, weight, np.full_like(place, latency + group.delay_ticks)]))
    source, place, weight, delay = np.concatenate(columns, axis=1)
    order = np.lexsort((place, delay, source))
    exponent = np.zeros(len(planes), dtype=np.int64)
    for (_, shift, group), plane in planes.items():
        exponent[plane] = 0 if group is None else shift
    return Fans(
        start=row_starts(np.bincount(source, minlength=senders)),
        place=place[order].astype(np.int32),
        weight=weight[order].astype(np.int32),
        delay=delay[order].astype(np.int32),
        exponent=exponent,
    )
