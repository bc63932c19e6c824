"""Takes the wiring of a circuit apart into what asks for axons and synapses: fibres, and the lists that they share.

A fibre is the synapses of one format that the spikes of one source unit cause, or those of the host's axons of one
unit and input. A *list* is what one axon of a core enters: where axons are shared, all fibres of a source unit stand
in one list, which an axon enters once for all of its neurons; where they are not, every fibre of every neuron has
axons and lists of its own. Copies of one unit send the same and are sent the same: where axons are shared, they share
their lists and the host's axons too.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.passes.loihi.placing.synapse_memory import SynapseFormat
from neurocmc.passes.loihi.placing.wiring import Wiring
from neurocmc.targets import LoihiLimits

Held = dict[int, int]  # unit -> its neurons on one core; units are counted through all populations
HOST = -1  # the source of what comes from outside


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fibre:
    """Synapses of one format with the same targets, behind the axons of one source unit or of the host."""

    projections: tuple[str, ...]  # or the input
    source: int  # unit, or HOST
    targets: Int  # (targets,) units, rising
    format: SynapseFormat
    list: int  # index of its list
    axons: int  # in-axons of its list on each core that it reaches, and as many copies of the list
    senders: int = 1  # units, from the source on, whose spikes enter its list
    channel: tuple[str, int] | None = None  # of an input, where one channel of it sends

    @property
    def sources(self) -> range:
        """The units whose spikes enter its list; none of the host's."""
        return range(self.source, self.source + self.senders) if self.source != HOST else range(0)

    @property
    def delayed(self) -> bool:
        """Whether its synapses store delays."""
        return self.format[2]


def fibres(wiring: Wiring, limits: LoihiLimits) -> tuple[Fibre, ...]:
    """Returns all fibres of a circuit, in order of projections and units, then inputs and units."""
    single = _single(wiring, limits)
    return _shared(single, limits) if limits.shared_axons else single


def _single(wiring: Wiring, limits: LoihiLimits) -> tuple[Fibre, ...]:
    """A fibre for each projection and source unit, and for each input and unit that it drives, with own lists."""
    found: list[Fibre] = []
    first = wiring.first_units()
    pools = {pools.name: pools for pools in wiring.pools}
    for wires in wiring.wires:
        axons = 1 if limits.shared_axons else pools[wires.source].neurons
        senders = pools[wires.source].copies if limits.shared_axons else 1
        for unit in range(0, wires.connected.shape[1], senders):
            rows = np.flatnonzero(wires.connected[:, unit])
            if rows.size:
                found.append(
                    Fibre(
                        projections=(wires.name,),
                        source=first[wires.source] + unit,
                        targets=first[wires.target] + rows,
                        format=wires.format,
                        list=len(found),
                        axons=axons,
                        senders=senders,
                    )
                )
    for entry in wiring.inputs:
        together = entry.copies if limits.shared_axons else 1
        for unit in np.flatnonzero(entry.driven)[::together]:
            found.append(
                Fibre(
                    projections=(entry.name,),
                    source=HOST,
                    targets=first[entry.target] + unit + np.arange(together),
                    format=entry.format,
                    list=len(found),
                    axons=entry.axons,
                )
            )
    return tuple(found + _listed(wiring, len(found)))


def _listed(wiring: Wiring, lists: int) -> list[Fibre]:
    """A fibre for each sender of sparse connections, with an own list."""
    found: list[Fibre] = []
    for wires in wiring.sparse:
        for sender in np.flatnonzero(np.diff(wires.start)).tolist():
            found.append(
                Fibre(
                    projections=(wires.name,),
                    source=HOST if wires.input else sender,
                    targets=wires.targets[wires.start[sender] : wires.start[sender + 1]],
                    format=wires.format,
                    list=lists + len(found),
                    axons=1,
                    channel=(wires.input, sender) if wires.input else None,
                )
            )
    return found


def _shared(single: tuple[Fibre, ...], limits: LoihiLimits) -> tuple[Fibre, ...]:
    """The same synapses, those of one source unit in one list, and those of one format in it in one fibre.

    Two projections that reach a unit in the same format stay two fibres: their weights are not added up.
    """
    merged: dict[tuple[object, int], Fibre] = {}
    lists: dict[object, int] = {}
    for fibre in single:
        whose = fibre.source if fibre.source != HOST else fibre.channel or (fibre.projections, int(fibre.targets[0]))
        stream, again = (whose, fibre.format), 0
        while (stream, again) in merged and np.isin(merged[stream, again].targets, fibre.targets).any():
            again += 1
        before = merged.get((stream, again))
        merged[stream, again] = Fibre(
            projections=(*before.projections, *fibre.projections) if before else fibre.projections,
            source=fibre.source,
            targets=np.sort(np.concatenate([before.targets, fibre.targets])) if before else fibre.targets,
            format=fibre.format,
            list=lists.setdefault(whose if limits.formats_share_axon else stream, len(lists)),
            axons=fibre.axons,
            senders=fibre.senders,
            channel=fibre.channel,
        )
    return tuple(merged.values())
