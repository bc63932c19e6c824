"""Turns plans into cores, with every axon, neuron, crossbar bit and target written down."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Float
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, RESET_NONE, RESET_SUBTRACT, RESET_TO
from neurocmc.ir.truenorth.program import AxonGroup, AxonRole, NeuronGroup, NeuronRole
from neurocmc.passes.truenorth.deliveries import FEEDBACK, Delivery
from neurocmc.passes.truenorth.fan_out import Branch
from neurocmc.passes.truenorth.graph import Node
from neurocmc.passes.truenorth.plans import Layout
from neurocmc.passes.truenorth.unit_plans import Plan
from neurocmc.targets import TrueNorthLimits

NEXT_TICK = 1  # the delay of a neuron whose spikes arrive as soon as they can
WIDE_NOISE = 0.68  # noise narrower than that share of a step is doubled
_NEURON_FIELDS = (
    "leak",
    "threshold",
    "noise_mask",
    "potential",
    "floor",
    "reset_mode",
    "target_core",
    "target_axon",
    "delay",
)


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
        self.values["delay"][:] = NEXT_TICK
        self.values["floor"][:] = lowest_floor(self.limits)
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
    """Axons of a core that wait for a pool of as many neurons, and by how much later than in the next tick."""

    core: int
    axons: slice
    delay_ticks: int = 0


def lowest_floor(limits: TrueNorthLimits) -> int:
    """Returns the floor that lies lowest, within its register and that of the potential."""
    return min((1 << limits.floor_bits) - 1, (1 << (limits.potential_bits - 1)) - 1)


@dataclass(slots=True, eq=False)
class Assembly:
    """All cores, their groups, and where things ended up: cores of nodes come first, then those of splitters."""

    limits: TrueNorthLimits
    layout: Layout
    cores: list[Core]
    neuron_groups: list[NeuronGroup]
    axon_groups: list[AxonGroup]
    pools: list[slice]  # of each node
    hears: list[list[NDArray[np.int64]]]  # of each node, the axons that its potential hears
    inputs: dict[tuple[int, str], tuple[slice, slice]]  # (node, input) -> axons up and down
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


def assemble(layout: Layout, limits: TrueNorthLimits) -> Assembly:
    """Makes cores of all nodes, and splitter cores behind them, all wired."""
    plans, homes = layout.plans, layout.homes
    built = Assembly(limits, layout, [Core(limits) for _ in range(homes.cores)], [], [], [], [[] for _ in plans], {})
    ladders = [_own_axons(built, index) for index in range(len(plans))]
    ports = [[_delivered(built, delivery, ladders) for delivery in found] for found in layout.deliveries]
    for index in range(len(plans)):
        _neurons(built, index, ladders[index], ports[index])
    return built


def _own_axons(built: Assembly, index: int) -> Port:
    """Axons of a node beside those of its sources; returns those of its filter."""
    plan, place, types = built.layout.plans[index], built.layout.homes.core[index], built.layout.types[index]
    core, name, feed = built.cores[place], plan.node.corelet, plan.feed
    drive = len(plan.fit.strength) + 1
    feedback = core.take_axons(plan.leak.neurons, types[FEEDBACK])
    built.note_axons(name, "feedback", name, place, feedback)
    heard = [feedback]
    if feed.weight:
        bias = core.take_axons(feed.bias, types[drive])
        built.note_axons(name, "bias", name, place, bias)
        heard.append(bias)
    for entry in plan.node.drives:
        up, down = core.take_axons(feed.up, types[drive]), core.take_axons(feed.down, types[FEEDBACK])
        built.note_axons(name, "input", entry.name, place, slice(up.start, down.stop))
        built.inputs[index, entry.name] = (up, down)
        heard += [up, down]
    built.hears[index] += [np.arange(part.start, part.stop) for part in heard]
    return Port(place, feedback)


def _delivered(built: Assembly, delivery: Delivery, ladders: list[Port]) -> Port:
    """Axons for all who hear a delivery; those of a joined ladder are there already."""
    layout = built.layout
    source, first = layout.plans[delivery.source], layout.plans[delivery.first]
    if source.joined_from is not None and layout.homes.hears.get(delivery.first) == delivery.source:
        start = ladders[delivery.source].axons.start + source.joined_from
        part = slice(start, start + source.node.points.size)
    else:
        part = built.cores[delivery.core].take_axons(delivery.neurons, delivery.kind)
        built.note_axons(first.node.corelet, "projection", source.node.corelet, delivery.core, part)
    for node, axons in delivery.listeners:
        spread = (2 * np.arange(axons) + 1) * (part.stop - part.start) // (2 * axons)
        built.hears[node].append(part.start + spread)
    return Port(delivery.core, part, delivery.delay_ticks)


def _neurons(built: Assembly, index: int, feedback: Port, ports: list[Port]) -> None:
    """Neurons of one node, each with its target; splitters are made as branches need them."""
    plan, place = built.layout.plans[index], built.layout.homes.core[index]
    core, node = built.cores[place], plan.node
    filters = _filters(built, index)
    _send(core, filters, feedback)
    if plan.joined_from is None:
        pool = _pool(built, index, node.points.size, "sum" if node.is_sum else "pool")
    else:
        start = filters.start + plan.joined_from
        pool = slice(start, start + node.points.size)
    built.pools.append(pool)
    _bias(built, index, feedback)
    if node.on_bus:
        core.values["target_core"][pool] = OUTPUT
        core.values["target_axon"][pool] = built.outputs + np.arange(node.points.size)
        built.outputs += node.points.size
    elif plan.joined_from is None and plan.pool_end is not None:
        _send(core, pool, ports[plan.pool_end])
    for branch in plan.branches:
        copies = _pool(built, index, branch.neurons, "copy")
        _send(core, copies, _port_of(built, node, branch, ports))


def _filters(built: Assembly, index: int) -> slice:
    """The filter's neurons; in a joined ladder those between are the pool."""
    plan = built.layout.plans[index]
    leak, node = plan.leak, plan.node
    steps = np.arange(1, leak.neurons + 1, dtype=np.int64) * leak.spacing
    ladder = steps if node.is_sum else np.array(leak.thresholds(), dtype=np.int64)
    masks = np.full(ladder.size, leak.noise_mask)
    if plan.joined_from is None:
        return _hearing(built, index, "filter", ladder, masks)
    ends = [0, plan.joined_from, plan.joined_from + node.points.size, ladder.size]
    parts = [
        _hearing(built, index, role, ladder[start:stop], masks[start:stop])
        for role, start, stop in zip(("filter", "pool", "filter"), ends, ends[1:], strict=False)
    ]
    return slice(parts[0].start, parts[-1].stop)


def _pool(built: Assembly, index: int, count: int, role: NeuronRole) -> slice:
    """As many neurons that count as the node's pool does."""
    plan = built.layout.plans[index]
    if plan.node.is_sum:  # its count is that of its filter, by the same thresholds
        steps = np.arange(1, plan.leak.neurons + 1, dtype=np.int64) * plan.leak.spacing
        return _hearing(built, index, role, _thinned(steps, count), np.zeros(count, dtype=np.int64))
    return _hearing(built, index, role, *_ladder(plan, plan.node.ladder(count), built.limits))


def _hearing(
    built: Assembly, index: int, role: NeuronRole, thresholds: NDArray[np.int64], masks: NDArray[np.int64]
) -> slice:
    """Neurons that hold the node's potential: they hear all of its axons, and no others."""
    plan, place, types = built.layout.plans[index], built.layout.homes.core[index], built.layout.types[index]
    core, leak, feed = built.cores[place], plan.leak, plan.feed
    start = round(leak.rest_potential + plan.fit.scale * plan.node.start) - feed.leak
    values = _resetless(built.limits, thresholds, start)
    # Below a rest that is below all steps nothing would hold the potential.
    floor = -leak.rest_potential if leak.has_floor else lowest_floor(built.limits)
    part = core.take_neurons(thresholds.size, **values, floor=floor, noise_mask=masks, leak=feed.leak)
    strengths = [-leak.weight, *plan.fit.strength, *([feed.weight] if feed.weight else [])]
    for own, strength in enumerate(strengths):
        core.weight[part, types[own]] = strength
    core.connected[np.concatenate(built.hears[index]), part] = True
    built.note_neurons(plan.node.corelet, role, place, part)
    return part


def _bias(built: Assembly, index: int, feedback: Port) -> None:
    """Neurons that fire in every tick, onto the axons behind those of the filter; only a ceiling stops them."""
    plan, place, types = built.layout.plans[index], built.layout.homes.core[index], built.layout.types[index]
    core, count = built.cores[place], plan.feed.bias
    always = core.take_neurons(count, leak=1, threshold=1, reset_mode=RESET_TO, floor=0)
    if plan.leak.has_ceiling:
        core.weight[always, types[FEEDBACK]] = -1
        core.connected[feedback.axons.stop - 1, always] = True
    built.note_neurons(plan.node.corelet, "bias", place, always)
    _send(core, always, Port(place, slice(feedback.axons.stop, feedback.axons.stop + count)))


def _port_of(built: Assembly, node: Node, branch: Branch, ports: list[Port], above: int = 0) -> Port:
    """The axons a branch leads to: a delivery's, or those of a splitter, which is made here.

    What the node sent before the first tick is under way in a splitter. The ticks of the splitters `above` are taken
    off a delay.
    """
    if branch.end is not None:
        port = ports[branch.end]
        return replace(port, delay_ticks=max(port.delay_ticks - above, 0))
    needed = sum(part.neurons for part in branch.branches)
    place = _splitter_core(built, branch.neurons, needed)
    core = built.cores[place]
    corelet, axons = node.corelet, core.take_axons(branch.neurons, 0)
    built.note_axons(f"{corelet}/splitter", "splitter", corelet, place, axons)
    for part in branch.branches:
        under_way = np.arange(part.neurons) < round(node.fires * part.neurons)
        neurons = core.take_neurons(part.neurons, threshold=1, potential=under_way, reset_mode=RESET_TO)
        core.weight[neurons, 0] = 1
        heard = axons.start + _thinned(np.arange(branch.neurons), part.neurons)
        core.connected[heard, np.arange(neurons.start, neurons.stop)] = True
        built.note_neurons(f"{corelet}/splitter", "splitter", place, neurons)
        _send(core, neurons, _port_of(built, node, part, ports, above + 1))
    return Port(place, axons)


def _splitter_core(built: Assembly, axons: int, neurons: int) -> int:
    """The first splitter core with room, or a new one."""
    for place in range(built.layout.homes.cores, len(built.cores)):
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
    core.values["delay"][neurons] = NEXT_TICK + port.delay_ticks
