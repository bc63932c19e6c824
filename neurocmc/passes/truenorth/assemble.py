"""Turns plans into cores, with every axon, neuron, crossbar bit and target written down."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Float
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, RESET_NONE, RESET_SUBTRACT, RESET_TO
from neurocmc.ir.truenorth.program import AxonGroup, AxonRole, NeuronGroup, NeuronRole
from neurocmc.passes.truenorth.fan_out import Branch
from neurocmc.passes.truenorth.plans import Plan
from neurocmc.targets import TrueNorthLimits

WIDE_NOISE = 0.68  # noise narrower than that share of a step is doubled
_NEURON_FIELDS = ("leak", "threshold", "noise_mask", "potential", "reset_mode", "target_core", "target_axon")


@dataclass(slots=True, eq=False)
class Core:
    """A core that is being made; neurons and axons are taken from 0 upwards."""

    limits: TrueNorthLimits
    neurons: int = 0
    axons: int = 0
    axon_type: NDArray[np.int64] = field(init=False)
    connected: Bool = field(init=False)
    weight: NDArray[np.int64] = field(init=False)
    values: dict[str, NDArray[np.int64]] = field(init=False)

    def __post_init__(self) -> None:
        axons, neurons = self.limits.axons_per_core, self.limits.neurons_per_core
        self.axon_type = np.zeros(axons, dtype=np.int64)
        self.connected = np.zeros((axons, neurons), dtype=np.bool_)
        self.weight = np.zeros((neurons, self.limits.axon_types), dtype=np.int64)
        self.values = {name: np.zeros(neurons, dtype=np.int64) for name in _NEURON_FIELDS}
        self.values["target_core"][:] = NOWHERE
        # What no one uses can never fire: it stays at 0 below its threshold.
        self.values["threshold"][:] = (1 << self.limits.threshold_bits) - 1

    def take_axons(self, count: int, kind: int) -> slice:
        """Takes the next free axons, of one type."""
        part = slice(self.axons, self.axons + count)
        self.axon_type[part] = kind
        self.axons = part.stop
        return part

    def take_neurons(self, count: int, **values: Any) -> slice:
        """Takes the next free neurons, with the values given."""
        part = slice(self.neurons, self.neurons + count)
        for name, value in values.items():
            self.values[name][part] = value
        self.neurons = part.stop
        return part


@dataclass(frozen=True, slots=True)
class Port:
    """Axons of a core that wait for a pool of as many neurons."""

    core: int
    axons: slice


@dataclass(slots=True, eq=False)
class Assembly:
    """All cores, their groups, and where things ended up: node i stands on core i, splitters behind."""

    limits: TrueNorthLimits
    cores: list[Core]
    neuron_groups: list[NeuronGroup]
    axon_groups: list[AxonGroup]
    pools: list[slice]  # of each node
    inputs: dict[tuple[int, str], tuple[slice, slice]]  # (node, input) -> axons up and down
    nodes: int  # cores of nodes come first
    outputs: int = 0

    def note_neurons(self, corelet: str, role: NeuronRole, core: int, part: slice) -> None:
        if part.stop > part.start:
            self.neuron_groups.append(
                NeuronGroup(corelet=corelet, role=role, core=core, start=part.start, stop=part.stop)
            )

    def note_axons(self, corelet: str, role: AxonRole, source: str, core: int, part: slice) -> None:
        if part.stop > part.start:
            self.axon_groups.append(
                AxonGroup(corelet=corelet, role=role, source=source, core=core, start=part.start, stop=part.stop)
            )


def assemble(plans: tuple[Plan, ...], limits: TrueNorthLimits) -> Assembly:
    """Makes cores of all nodes, and splitter cores behind them, all wired."""
    built = Assembly(limits, [Core(limits) for _ in plans], [], [], [], {}, len(plans))
    ports = [_axons(built, index, plan, plans) for index, plan in enumerate(plans)]
    for index, plan in enumerate(plans):
        _neurons(built, index, plan, ports)
    return built


def _axons(built: Assembly, index: int, plan: Plan, plans: tuple[Plan, ...]) -> dict[int, Port]:
    """Axons of one node and the crossbar on them; returns source node -> port."""
    core, name = built.cores[index], plan.node.corelet
    drive = len(plan.fit.strength) + 1
    core.weight[:, 0] = -plan.leak.weight
    for kind, strength in enumerate(plan.fit.strength):
        core.weight[:, kind + 1] = strength
    if plan.feed.weight:
        core.weight[:, drive] = plan.feed.weight
    built.note_axons(name, "feedback", name, index, core.take_axons(plan.leak.neurons, 0))
    built.note_axons(name, "bias", name, index, core.take_axons(plan.feed.bias, drive))
    for entry in plan.node.drives:
        up, down = core.take_axons(plan.feed.up, drive), core.take_axons(plan.feed.down, 0)
        built.note_axons(name, "input", entry.name, index, slice(up.start, down.stop))
        built.inputs[index, entry.name] = (up, down)
    ports: dict[int, Port] = {}
    for source, kind, count in zip(
        plan.node.sources, plan.fit.type_of.tolist(), plan.fit.axons.tolist(), strict=True
    ):
        if count:
            part = core.take_axons(count, kind + 1)
            ports[source.node] = Port(index, part)
            built.note_axons(name, "projection", plans[source.node].node.corelet, index, part)
    return ports


def _neurons(built: Assembly, index: int, plan: Plan, ports: list[dict[int, Port]]) -> None:
    """Neurons of one node, each with its target; splitters are made as branches need them."""
    core, node, leak = built.cores[index], plan.node, plan.leak
    start = round(leak.rest_potential + plan.fit.scale * node.start) - plan.feed.leak

    def unit_neurons(role: NeuronRole, thresholds: NDArray[np.int64], masks: NDArray[np.int64]) -> slice:
        part = core.take_neurons(
            thresholds.size, **_resetless(built.limits, thresholds, start), noise_mask=masks, leak=plan.feed.leak
        )
        built.note_neurons(node.corelet, role, index, part)
        return part

    steps = np.arange(1, leak.neurons + 1, dtype=np.int64) * leak.spacing
    ladder = steps if node.is_sum else np.array(leak.thresholds(), dtype=np.int64)
    filters = unit_neurons("filter", ladder, np.full(ladder.size, leak.noise_mask))
    _send(core, filters, Port(index, slice(0, leak.neurons)))
    always = core.take_neurons(plan.feed.bias, leak=1, threshold=1, reset_mode=RESET_TO)
    built.note_neurons(node.corelet, "bias", index, always)
    _send(core, always, Port(index, slice(leak.neurons, leak.neurons + plan.feed.bias)))

    def pool_of(count: int, role: NeuronRole) -> slice:
        if node.is_sum:  # its count is that of its filter, by the same thresholds
            return unit_neurons(role, _thinned(ladder, count), np.zeros(count, dtype=np.int64))
        return unit_neurons(role, *_ladder(plan, node.ladder(count), built.limits))

    pool = pool_of(node.points.size, "sum" if node.is_sum else "pool")
    built.pools.append(pool)
    if node.on_bus:
        core.values["target_core"][pool] = OUTPUT
        core.values["target_axon"][pool] = built.outputs + np.arange(node.points.size)
        built.outputs += node.points.size
    elif plan.pool_target is not None:
        _send(core, pool, ports[plan.pool_target][index])
    for branch in plan.branches:
        _send(core, pool_of(branch.neurons, "copy"), _port_of(built, node.corelet, index, branch, ports))
    # All neurons that hold the unit's potential hear all of its axons; those that always fire hear none.
    hears = np.zeros(built.limits.neurons_per_core, dtype=np.bool_)
    hears[: core.neurons] = True
    hears[always] = False
    core.connected[: core.axons] = hears


def _port_of(built: Assembly, corelet: str, index: int, branch: Branch, ports: list[dict[int, Port]]) -> Port:
    """The axons a branch leads to: a node's, or those of a splitter, which is made here."""
    if branch.node is not None:
        return ports[branch.node][index]
    needed = sum(part.neurons for part in branch.branches)
    place = _splitter_core(built, branch.neurons, needed)
    core = built.cores[place]
    axons = core.take_axons(branch.neurons, 0)
    built.note_axons(f"{corelet}/splitter", "splitter", corelet, place, axons)
    for part in branch.branches:
        neurons = core.take_neurons(part.neurons, threshold=1, reset_mode=RESET_TO)
        core.weight[neurons, 0] = 1
        heard = axons.start + _thinned(np.arange(branch.neurons), part.neurons)
        core.connected[heard, np.arange(neurons.start, neurons.stop)] = True
        built.note_neurons(f"{corelet}/splitter", "splitter", place, neurons)
        _send(core, neurons, _port_of(built, corelet, index, part, ports))
    return Port(place, axons)


def _splitter_core(built: Assembly, axons: int, neurons: int) -> int:
    """The first splitter core with room, or a new one."""
    for place in range(built.nodes, len(built.cores)):
        core = built.cores[place]
        fits = core.axons + axons <= built.limits.axons_per_core
        if fits and core.neurons + neurons <= built.limits.neurons_per_core:
            return place
    built.cores.append(Core(built.limits))
    return len(built.cores) - 1


def _thinned(values: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """`count` of the values, spread evenly; what rounding moves one of them up, it moves the next one down."""
    chosen = np.zeros(count, dtype=np.int64)
    carry = 0.0
    for index in range(count):
        exact = (index + 0.5) * values.size / count - 0.5 - carry
        chosen[index] = min(max(round(exact), 0), values.size - 1)
        carry = float(chosen[index]) - exact
    return values[chosen]


def _ladder(plan: Plan, points: Float, limits: TrueNorthLimits) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Thresholds and noise masks of a pool: each step is blurred over its own width, so that counts have no grain."""
    exact = plan.fit.scale * points + plan.leak.rest_potential
    thresholds = np.clip(np.ceil(exact), 0, (1 << limits.threshold_bits) - 1).astype(np.int64)
    if not limits.stochastic or points.size < 2:
        return thresholds, np.zeros_like(thresholds)
    width = np.maximum(np.gradient(exact), 1.0)
    bits = np.floor(np.log2(width))
    # A noise of 2 b wide steps that are b to 2 b wide is off by less than one of b; the first step must stay silent.
    bits[1:] += np.exp2(bits[1:]) < WIDE_NOISE * width[1:]
    # No threshold is below 0: a neuron recruited there, or a little above, has no room for noise on its lower side.
    bits = np.minimum(bits, np.floor(np.log2(np.maximum(2.0 * thresholds, 1.0))))
    masks = np.left_shift(1, np.minimum(bits, limits.noise_mask_bits).astype(np.int64)) - 1
    return np.maximum(thresholds - (masks + 1) // 2, 0), masks


def _resetless(limits: TrueNorthLimits, thresholds: NDArray[np.int64], start: int) -> dict[str, Any]:
    """A neuron that keeps its potential when it fires; where there is no such mode, it subtracts a threshold of 0."""
    if RESET_NONE in limits.reset_modes:
        return {"threshold": thresholds, "potential": start, "reset_mode": RESET_NONE}
    return {"threshold": 0, "potential": start - thresholds, "reset_mode": RESET_SUBTRACT}


def _send(core: Core, neurons: slice, port: Port) -> None:
    """Neuron k to axon k of the port."""
    core.values["target_core"][neurons] = port.core
    core.values["target_axon"][neurons] = np.arange(port.axons.start, port.axons.stop)
