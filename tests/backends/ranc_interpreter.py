"""A second RANC, written from what is published of its simulator and RTL, not from our exporter.

It knows nothing of neurocmc. A grid of places holds cores and the output bus; every core has a scheduler, a ring of
`max_tick_offset` words of axons, and moves to its next word when a tick begins. A packet is written t + 1 words after
the current one, and lost where that is the current one. The bus says at the beginning of a tick what came since the
last beginning. Potentials are Python's integers, or registers of `bits` bits that wrap around, as in the RTL.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Run:
    """What a run did."""

    lines: list[list[int]] = field(default_factory=list)  # the output file: a line a tick, 0 or 1 for each output
    spikes: set[tuple[int, tuple[int, int], int]] = field(default_factory=set)  # RANC's tick, place, neuron
    wrapped: set[tuple[tuple[int, int], int]] = field(default_factory=set)  # place, neuron
    lost: int = 0  # packets that the scheduler dropped


class Core:
    """One core with its scheduler."""

    def __init__(self, config: dict[str, int], description: dict[str, Any]) -> None:
        self.axons = description["axons"] + [0] * (config["num_axons"] - len(description["axons"]))
        self.neurons = [dict(neuron) for neuron in description["neurons"]]
        self.connections = description["connections"]
        self.words = [set[int]() for _ in range(config["max_tick_offset"])]
        self.now = config["max_tick_offset"] - 1

    def prepare(self) -> None:
        self.now = (self.now + 1) % len(self.words)

    def receive(self, offset: int, axon: int) -> bool:
        word = (self.now + offset + 1) % len(self.words)
        if word == self.now:
            return False
        self.words[word].add(axon)
        return True


def interpret(document: dict[str, Any], config: dict[str, int], ticks: int, bits: int | None = None) -> Run:
    """Run RANC's files for some ticks."""
    run = Run()
    cores = {tuple(core["coordinates"]): Core(config, core) for core in document["cores"]}
    bus = tuple(document["output_bus"]["coordinates"])
    came = [0] * document["output_bus"]["num_outputs"]
    packets = document["packets"]

    def send(place: tuple[int, ...], axon: int, offset: int) -> None:
        if place == bus:
            came[axon] = 1
        elif place in cores:
            run.lost += not cores[place].receive(offset, axon)

    def deliver(tick: int) -> None:
        for packet in packets[tick] if tick < min(len(packets), ticks) else []:
            send(tuple(packet["destination_core"]), packet["destination_axon"], packet["destination_tick"])

    deliver(0)
    for tick in range(1, ticks + 1):
        for core in cores.values():
            core.prepare()
        run.lines.append(list(came))
        came[:] = [0] * len(came)
        deliver(tick)
        for place in sorted(cores, key=lambda at: (at[1], at[0])):
            core = cores[place]
            for index, neuron in enumerate(core.neurons):
                if _step(core, index, neuron, config["neuron_reset_type"], bits, run, place):
                    run.spikes.add((tick, place, index))
                    dx, dy = neuron["destination_core_offset"]
                    send((place[0] + dx, place[1] + dy), neuron["destination_axon"], neuron["destination_tick"])
            core.words[core.now].clear()
    return run


def _step(
    core: Core, index: int, neuron: dict[str, Any], reset_type: int, bits: int | None, run: Run, place: Any
) -> bool:
    v = neuron["current_potential"]

    def plus(value: int, more: int) -> int:
        total = value + more
        if bits is None:
            return total
        kept = (total + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))
        if kept != total:
            run.wrapped.add((place, index))
        return kept

    for axon, bit in enumerate(core.connections[index]):
        if bit and axon in core.words[core.now]:
            v = plus(v, neuron["weights"][core.axons[axon]])
    v = plus(v, neuron["leak"])
    high, low = neuron["positive_threshold"], neuron["negative_threshold"]
    spike = v >= high
    below = v <= low if reset_type == 1 else v < low
    if spike:
        v = plus(v, -high) if neuron["reset_mode"] == 1 else neuron["reset_potential"]
    elif below:
        v = plus(v, -low) if neuron["reset_mode"] == 1 else plus(0, -neuron["reset_potential"])
    neuron["current_potential"] = v
    return spike
