"""Says what placing must know of a circuit: which units reach which, by how many neurons, in which formats.

It is taken from the integers, where all of it stands; or from the rate circuit, where formats and profiles are not
known yet and are taken to be alike, so that what does not fit then does not fit at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from neurocmc.common.arrays import Bool, Int, row_starts
from neurocmc.common.matrices import Matrix, entries, row_counts
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.loihi.neurons import IntegerNeurons, NeuronSynapses
from neurocmc.ir.rate import RateCircuit
from neurocmc.passes.loihi.placing.synapse_memory import SynapseFormat
from neurocmc.targets import LoihiLimits

Profile = tuple[int, int, int]
_ANY_FORMAT: SynapseFormat = (0, "mixed", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """The units of one population, with the parameters that compartments share."""

    name: str
    units: int
    neurons: int  # of each unit
    profile: Profile  # decays of current and voltage, exponent of the bias
    threshold: int
    copies: int = 1  # so many units side by side send the same to the same


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wires:
    """The connections of one projection."""

    name: str
    source: str
    target: str
    senders: Int  # (connections,) source units, rising
    targets: Int  # (connections,) target units, rising for each sender
    format: SynapseFormat

    @classmethod
    def of(cls, name: str, ends: tuple[str, str], weight: Matrix, stored: SynapseFormat) -> "Wires":
        """Returns the connections of weights (target units, source units) that are not 0."""
        row, column, _ = entries(weight)
        order = np.argsort(column, kind="stable")
        source, target = ends
        return cls(name=name, source=source, target=target, senders=column[order], targets=row[order], format=stored)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostAxons:
    """The host's axons into one population."""

    name: str
    target: str
    driven: Bool  # (target units,)
    axons: int  # a unit, or all copies of one
    format: SynapseFormat
    copies: int = 1  # so many units side by side are sent the same


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SparseWires:
    """Connections of one format, listed by sender; units are counted through all populations.

    What a channel of an input sends comes from the host, as one axon a channel.
    """

    name: str
    input: str  # whose channels send; "" where units do
    start: Int  # (senders + 1,) where the targets of each sender begin
    targets: Int  # (connections,) units, rising for each sender
    format: SynapseFormat


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wiring:
    """What placing must know of a circuit."""

    pools: tuple[Pools, ...]
    wires: tuple[Wires, ...]
    inputs: tuple[HostAxons, ...]
    sparse: tuple[SparseWires, ...] = ()

    @property
    def neurons(self) -> int:
        return sum(pools.units * pools.neurons for pools in self.pools)

    def first_units(self) -> dict[str, int]:
        """Maps each population to its first unit, counted through all populations."""
        return dict(
            zip((p.name for p in self.pools), accumulate((p.units for p in self.pools), initial=0), strict=False)
        )


def wiring_of(network: IntegerNetwork) -> Wiring:
    """Returns the wiring of an integer network.

    Parts of a projection that arrive at different times are stored alike, with a delay also where it is 0: a core
    knows few formats.
    """
    late = {p.whole for p in network.projections if p.delay_ticks}
    return Wiring(
        pools=tuple(
            Pools(
                name=p.name,
                units=p.units,
                neurons=p.neurons,
                profile=(p.decay_u, p.decay_v, p.bias_exponent),
                threshold=p.threshold_mantissa,
                copies=network.sending_the_same(p.name),
            )
            for p in network.populations
        ),
        wires=tuple(
            Wires.of(p.name, (p.source, p.target), p.mantissa, (p.exponent, p.sign, p.whole in late))
            for p in network.projections
        ),
        inputs=tuple(
            HostAxons(
                name=entry.name,
                target=entry.target,
                driven=row_counts(entry.lsb_per_input) > 0,
                axons=entry.axon_mantissa.size,
                format=(entry.exponent, "mixed", False),
                copies=network.sent_the_same(entry),
            )
            for entry in network.inputs
        ),
    )


def neuron_wiring(network: IntegerNeurons) -> Wiring:
    """Returns the wiring of a network of single neurons.

    A projection of which any synapse is delayed is stored with delays throughout, as is its finer part.
    """
    late = {part.whole for part in network.synapses if part.delay_ticks.any()}
    channels = {entry.name: entry.channels for entry in network.inputs}
    return Wiring(
        pools=tuple(
            Pools(
                name=pool.name,
                units=pool.units,
                neurons=1,
                profile=(pool.decay_u, pool.decay_v, pool.bias_exponent),
                threshold=pool.threshold_mantissa,
            )
            for pool in network.populations
        ),
        wires=(),
        inputs=(),
        sparse=tuple(
            wires
            for part in network.synapses
            for wires in _listed(part, channels.get(part.input, network.neurons), part.whole in late)
        ),
    )


def _listed(part: NeuronSynapses, senders: int, late: bool) -> Iterator[SparseWires]:
    """The connections of a list; where two synapses, of two delays, have the same ends, the second ones apart."""
    order = np.lexsort((part.target, part.source))
    source, target = part.source[order].astype(np.int64), part.target[order].astype(np.int64)
    ends = source << 32 | target
    rank = np.arange(ends.size) - np.searchsorted(ends, ends)
    for again in range(int(rank.max(initial=0)) + 1):
        own = rank == again
        counts = np.bincount(source[own], minlength=senders)
        yield SparseWires(
            name=part.name,
            input=part.input,
            start=row_starts(counts),
            targets=target[own],
            format=(part.exponent, part.sign, late),
        )


def least_wiring(circuit: RateCircuit, neurons: int, limits: LoihiLimits) -> Wiring:
    """Returns what a rate circuit needs at least with so many neurons per unit: all formats and profiles alike.

    Of the host's axons those of the finest weights are counted, both signs; with payloads one carries all.
    """
    axons = 1 if limits.spike_payload_bits else 2 * (limits.weight_mantissa_bits - 1)
    return Wiring(
        pools=tuple(
            Pools(name=p.name, units=p.size, neurons=neurons, profile=(0, 0, 0), threshold=0)
            for p in circuit.populations
        ),
        wires=tuple(Wires.of(p.name, (p.source, p.target), p.weight, _ANY_FORMAT) for p in circuit.projections),
        inputs=tuple(
            HostAxons(
                name=entry.name,
                target=entry.target,
                driven=row_counts(entry.weight) > 0,
                axons=axons,
                format=_ANY_FORMAT,
            )
            for entry in circuit.inputs
        ),
    )
