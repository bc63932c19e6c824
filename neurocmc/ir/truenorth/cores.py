"""Defines CoreNetwork: neurosynaptic cores with all that a chip like TrueNorth holds, every number an integer.

A core has axons and neurons with a crossbar of single bits between them. An axon has one of a few types; a neuron has
one signed weight a type, so that the strength of a synapse is chosen by the type of its axon. There is no synaptic
state. A neuron's spike goes to one axon of one core, or to one line of the output bus. Per tick and neuron, with A_i
the axons that carry a spike and w_ij their bits of the crossbar (Cassidy et al. 2013, IJCNN; Merolla et al. 2014,
Science 345:668)::

    V += sum_i A_i w_ij s(type of i)                      stochastic weight: sgn(s) with probability |s|/256 instead
    V += W leak,   W = sgn(V) if the leak reverses, else 1     stochastic leak: sgn(leak) with probability |leak|/256
    eta = a random number AND noise_mask
    V >= threshold + eta: spike;    V <- reset_potential | V - (threshold + eta) | V           by reset_mode 0, 1, 2
    else V < -floor:               V <- -floor                                             where the floor saturates
    else V < -(floor + eta):       V <- -reset_potential | V + floor + eta | V             where it does not, by mode

V saturates at the ends of its register. A spike of tick t with delay d reaches its axon in tick t + d.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, set_frozen
from neurocmc.common.errors import Problem

NOWHERE = -1  # target core of a neuron whose spikes leave nowhere
OUTPUT = -2  # target core of a neuron on the output bus: its target axon is the line
RESET_TO, RESET_SUBTRACT, RESET_NONE = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreNetwork:
    """C neurosynaptic cores and their wiring; each has `axons` axons, and `neurons` neurons of `types` weights.

    `CoreBuilder` makes one axon by axon and neuron by neuron. The equations of a tick stand at the top of this
    module; `problems` says what is wrong with a network, all at once.

    Args:
        name: Of the network.
        neurons: Neurons of each core.
        coordinates: (C, 2) column and row on the grid.
        axon_type: (C, axons) from 0, below `types`.
        crossbar: (C, axons, ceil(neurons / 8)); bit n % 8 of byte n // 8 is neuron n.
        weight: (C, neurons, types), 16 bits, signed, and so is `leak`.
        stochastic_weight: (C, neurons, types) whether a synapse counts sgn(weight) with probability abs(weight)/256.
        leak: (C, neurons) added to V in each tick.
        stochastic_leak: (C, neurons) whether the leak counts its sign with probability abs(leak)/256.
        leak_reversal: (C, neurons) whether the leak turns with the sign of V.
        threshold: (C, neurons) V from which a neuron fires, from 0.
        noise_mask: (C, neurons) bits of a random number that are added to the threshold, from 0.
        floor: (C, neurons) V falls to minus this value, from 0.
        floor_saturates: (C, neurons) whether V stops at the floor, or is reset there.
        reset_potential: (C, neurons) V after a spike by mode 0; minus it is V after a reset at the floor.
        reset_mode: (C, neurons) 0 resets to the reset potential, 1 subtracts the threshold, 2 does nothing.
        potential: (C, neurons) V before the first tick.
        target_core: (C, neurons) a core's index, -1 for none, or -2 for the output bus.
        target_axon: (C, neurons) an axon's index, or a line of the output bus.
        delay: (C, neurons) ticks, from 1.
        outputs: Lines of the output bus.
        potential_bits: Of V's register, signed.

    Raises:
        ValueError: Where the shape of an array is not that of the others.
    """

    name: str
    neurons: int  # of each core
    coordinates: NDArray[np.int32]  # (C, 2) column and row on the grid
    axon_type: NDArray[np.uint8]  # (C, axons)
    crossbar: NDArray[np.uint8]  # (C, axons, ceil(neurons / 8)) bit n % 8 of byte n // 8 is neuron n
    weight: NDArray[np.int16]  # (C, neurons, types)
    stochastic_weight: Bool  # (C, neurons, types)
    leak: NDArray[np.int16]  # (C, neurons)
    stochastic_leak: Bool  # (C, neurons)
    leak_reversal: Bool  # (C, neurons)
    threshold: NDArray[np.int32]  # (C, neurons)
    noise_mask: NDArray[np.int32]  # (C, neurons)
    floor: NDArray[np.int32]  # (C, neurons)
    floor_saturates: Bool  # (C, neurons)
    reset_potential: NDArray[np.int32]  # (C, neurons)
    reset_mode: NDArray[np.uint8]  # (C, neurons)
    potential: NDArray[np.int32]  # (C, neurons) V before the first tick
    target_core: NDArray[np.int32]  # (C, neurons) a core's index, NOWHERE or OUTPUT
    target_axon: NDArray[np.int32]  # (C, neurons) an axon's index, or a line of the output bus
    delay: NDArray[np.uint8]  # (C, neurons) ticks, from 1
    outputs: int  # lines of the output bus
    potential_bits: int = 20  # of V's register, signed

    def __post_init__(self) -> None:
        cores, axons, types = self.coordinates.shape[0], self.axon_type.shape[1], self.weight.shape[2]
        set_frozen(self, "coordinates", np.int32, (cores, 2))
        set_frozen(self, "axon_type", np.uint8, (cores, axons))
        set_frozen(self, "crossbar", np.uint8, (cores, axons, -(-self.neurons // 8)))
        set_frozen(self, "weight", np.int16, (cores, self.neurons, types))
        set_frozen(self, "stochastic_weight", np.bool_, (cores, self.neurons, types))
        for field in ("stochastic_leak", "leak_reversal", "floor_saturates"):
            set_frozen(self, field, np.bool_, (cores, self.neurons))
        for field in ("threshold", "noise_mask", "floor", "reset_potential", "potential"):
            set_frozen(self, field, np.int32, (cores, self.neurons))
        for field in ("target_core", "target_axon"):
            set_frozen(self, field, np.int32, (cores, self.neurons))
        set_frozen(self, "leak", np.int16, (cores, self.neurons))
        for field in ("reset_mode", "delay"):
            set_frozen(self, field, np.uint8, (cores, self.neurons))

    @property
    def cores(self) -> int:
        return self.coordinates.shape[0]

    @property
    def axons(self) -> int:
        """The number of axons of each core."""
        return self.axon_type.shape[1]

    @property
    def types(self) -> int:
        return self.weight.shape[2]

    def connected(self, core: int) -> Bool:
        """Returns the crossbar of one core, (axons, neurons)."""
        bits = np.unpackbits(self.crossbar[core], axis=1, count=self.neurons, bitorder="little")
        return bits.astype(np.bool_)

    @property
    def synapses(self) -> int:
        """The number of bits that are set, in all crossbars."""
        return int(np.unpackbits(self.crossbar).sum(dtype=np.int64))

    @property
    def deterministic(self) -> bool:
        """Whether no neuron draws a random number."""
        return not (self.stochastic_weight.any() or self.stochastic_leak.any() or self.noise_mask.any())

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults of the network: targets that do not exist, types, modes, delays, doubled places."""
        return tuple(_problems(self))


def packed(connected: Bool) -> NDArray[np.uint8]:
    """Returns (..., neurons) connections as the bits of a crossbar, (..., ceil(neurons / 8))."""
    return np.packbits(connected, axis=-1, bitorder="little")


def _problems(network: CoreNetwork) -> Iterable[Problem]:
    if not network.cores:
        yield Problem("level-empty", "network", "it has no core", "add at least one")
        return
    places = [tuple(place) for place in network.coordinates.tolist()]
    if len(set(places)) != len(places):
        twice = next(place for place in places if places.count(place) > 1)
        yield Problem(
            "core-place-twice", f"core at {twice}", "two cores are placed there", "give each core a place of its own"
        )
    checks = (
        ("axon_type", network.axon_type >= network.types, f"there are {network.types} types, from 0"),
        ("reset_mode", network.reset_mode > RESET_NONE, "use 0 (to the reset potential), 1 (subtract) or 2 (none)"),
        ("delay", network.delay < 1, "a spike arrives 1 tick later or more"),
        ("threshold", network.threshold < 0, "use 0 or more"),
        ("noise_mask", network.noise_mask < 0, "use 0 or more"),
        ("floor", network.floor < 0, "use 0 or more: V falls to minus this value"),
        (
            "target_core",
            (network.target_core >= network.cores) | (network.target_core < OUTPUT),
            f"cores are 0 to {network.cores - 1}, {NOWHERE} for none, {OUTPUT} for the output bus",
        ),
        (
            "target_axon",
            (network.target_core >= 0) & ((network.target_axon < 0) | (network.target_axon >= network.axons)),
            f"axons are 0 to {network.axons - 1}",
        ),
        (
            "target_axon",
            (network.target_core == OUTPUT) & ((network.target_axon < 0) | (network.target_axon >= network.outputs)),
            f"the output bus has {network.outputs} lines, from 0",
        ),
    )
    for field, bad, cure in checks:
        if bad.any():
            core, index = (int(i) for i in np.argwhere(bad)[0])
            part = "axon" if field == "axon_type" else "neuron"
            yield Problem(
                "register-beyond-range",
                f"core {core}, {part} {index}",
                f"{field} is {getattr(network, field)[core, index]}",
                cure,
            )
