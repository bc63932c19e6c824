"""Turns a spiking network into cores of axons, crossbars and neurons, and says what each is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.matrices import entries, from_entries, scaled_rows
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.truenorth.cores import CoreNetwork, packed
from neurocmc.ir.truenorth.program import CoreInput, CorePopulation, CoreProgram, CoreProjection
from neurocmc.passes.calibrate import Calibration
from neurocmc.passes.truenorth.assemble import Assembly, assemble
from neurocmc.passes.truenorth.beginnings import Beginning, beginning_of
from neurocmc.passes.truenorth.fan_in import with_fan_in_trees
from neurocmc.passes.truenorth.graph import Node, graph_of
from neurocmc.passes.truenorth.place import place_cores
from neurocmc.passes.truenorth.plans import Layout, Way, plan_nodes
from neurocmc.passes.truenorth.unit_plans import Plan
from neurocmc.targets import TrueNorthLimits, TrueNorthTarget


@dataclass(frozen=True)
class Corelets:
    """Turns a SpikingNetwork of the threshold code into a CoreProgram."""

    name: ClassVar[str] = "corelets"
    circuit: RateCircuit
    calibration: Calibration

    def run(self, network: SpikingNetwork, target: TrueNorthTarget) -> CoreProgram:
        """Raises InfeasibleError naming every unit that no core can hold, or a grid that is too small."""
        limits, neurons = target.limits, network.populations[0].neurons
        beginning = beginning_of(self.circuit, self.calibration)
        nodes = graph_of(network, self.circuit, self.calibration, beginning)
        layout = plan_nodes(with_fan_in_trees(nodes, limits.axons_per_core, neurons), limits)
        built = assemble(layout, limits)
        gains = _Gains.of(layout)
        return CoreProgram(
            network=_network(network.name, built, limits),
            target=target.name,
            tick_s=network.tick_s,
            populations=tuple(_populations(network, built, beginning)),
            projections=tuple(_projections(self.circuit, network, gains)),
            inputs=tuple(_inputs(network, built)),
            readouts=network.readouts,
            neuron_groups=tuple(built.neuron_groups),
            axon_groups=tuple(built.axon_groups),
            first_tick=0 if beginning is None else 1,
        )


def _network(name: str, built: Assembly, limits: TrueNorthLimits) -> CoreNetwork:
    values = {field: np.stack([core.values[field] for core in built.cores]) for field in built.cores[0].values}
    shape = values["leak"].shape
    never = np.zeros(shape, dtype=np.bool_)
    return CoreNetwork(
        name=name,
        neurons=limits.neurons_per_core,
        coordinates=place_cores(name, _traffic(values["target_core"]), limits).astype(np.int32),
        axon_type=np.stack([core.axon_type for core in built.cores]).astype(np.uint8),
        crossbar=packed(np.stack([core.connected for core in built.cores])),
        weight=np.stack([core.weight for core in built.cores]).astype(np.int16),
        stochastic_weight=np.zeros((*shape, limits.axon_types), dtype=np.bool_),
        stochastic_leak=never,
        leak_reversal=never,
        floor=values["floor"].astype(np.int32),
        floor_saturates=np.full(shape, limits.floor_saturates),
        reset_potential=np.zeros(shape, dtype=np.int32),
        delay=values["delay"].astype(np.uint8),
        outputs=built.outputs,
        potential_bits=limits.potential_bits,
        leak=values["leak"].astype(np.int16),
        reset_mode=values["reset_mode"].astype(np.uint8),
        threshold=values["threshold"].astype(np.int32),
        noise_mask=values["noise_mask"].astype(np.int32),
        potential=values["potential"].astype(np.int32),
        target_core=values["target_core"].astype(np.int32),
        target_axon=values["target_axon"].astype(np.int32),
    )


def _traffic(target_core: NDArray[np.int64]) -> list[dict[int, int]]:
    found: list[dict[int, int]] = []
    for index, row in enumerate(target_core):
        cores, counts = np.unique(row[(row >= 0) & (row != index)], return_counts=True)
        found.append(dict(zip(cores.tolist(), counts.tolist(), strict=True)))
    return found


@dataclass(frozen=True, slots=True)
class _Gains:
    """Realised share of the wanted gain, axons and latency of each connection (target node, source node, delay)."""

    share: dict[tuple[int, int, int], float]
    axons: dict[tuple[int, int, int], int]
    latency: dict[tuple[int, int, int], int]

    @classmethod
    def of(cls, layout: Layout) -> "_Gains":
        found = cls({}, {}, {})
        plans, ticks = layout.plans, layout.latencies()
        for index, plan in enumerate(plans):
            if not plan.node.is_sum:
                wanted_dc = 1.0 - plan.node.keep
                found._add(plans, ticks, index, index, wanted_dc / (1.0 - plan.leak.keep), 0)
        return found

    def _add(
        self,
        plans: tuple[Plan, ...],
        ticks: Sequence[Mapping[Way, int]],
        root: int,
        at: int,
        factor: float,
        late: int,
    ) -> None:
        """All sources of node `at`, which reaches the unit `root` by `factor` and `late` ticks."""
        plan = plans[at]
        for source, realised, axons in zip(
            plan.node.sources, plan.fit.realised().tolist(), plan.fit.axons.tolist(), strict=True
        ):
            share = factor * realised / source.amplitude
            arrives = late + ticks[source.node].get((at, source.delay_ticks), 0)
            if plans[source.node].node.is_sum:
                self._add(plans, ticks, root, source.node, share, arrives + 1)
            else:
                connection = root, source.node, source.delay_ticks
                self.share[connection] = share
                self.axons[connection] = axons
                self.latency[connection] = arrives


def _populations(network: SpikingNetwork, built: Assembly, beginning: Beginning | None) -> list[CorePopulation]:
    found: list[CorePopulation] = []
    plans, cores = built.layout.plans, built.layout.homes.core
    first = network.first_unit()
    for population in network.populations:
        own = range(first[population.name], first[population.name] + population.units)
        before = np.zeros(population.units) if beginning is None else beginning.rates[population.name]
        found.append(
            CorePopulation(
                name=population.name,
                units=population.units,
                neurons=population.neurons,
                core=np.array([cores[index] for index in own]),
                first=np.array([built.pools[index].start for index in own]),
                activity_per_spike=population.activity_per_spike,
                trace=population.trace,
                lsb_per_drive=np.array([plans[index].fit.scale for index in own]) * population.current_per_drive,
                wanted_pole=np.array([plans[index].node.keep for index in own]),
                realised_pole=np.array([plans[index].leak.keep for index in own]),
                gain_residual=np.array([plans[index].fit.residual for index in own]),
                given_back=np.array([_given_back(plans[index]) for index in own]) / population.current_per_drive,
                before=np.rint(before / population.activity_per_spike).astype(np.int64),
            )
        )
    return found


def _given_back(plan: Plan) -> float:
    """The current, in thresholds, at which what is given back of rounded sources comes to rest."""
    return plan.feed.given_back / (plan.fit.scale * (1.0 - plan.leak.keep))


def _projections(circuit: RateCircuit, network: SpikingNetwork, gains: _Gains) -> list[CoreProjection]:
    first = network.first_unit()
    found: list[CoreProjection] = []
    for projection in circuit.projections:
        wanted = projection.dc_gain * projection.weight
        row, column, gain = entries(wanted)
        ends = (row + first[projection.target]).tolist(), (column + first[projection.source]).tolist()
        connections = [(*pair, projection.delay_ticks) for pair in zip(*ends, strict=True)]
        share, axons, latency = (
            np.array([of.get(connection, 0) for connection in connections])
            for of in (gains.share, gains.axons, gains.latency)
        )
        found.append(
            CoreProjection(
                name=projection.name,
                source=projection.source,
                target=projection.target,
                wanted_gain=wanted,
                realised_gain=from_entries(row, column, gain * share, wanted.shape),
                axons=from_entries(row, column, axons.astype(np.int64), wanted.shape),
                latency_ticks=from_entries(row, column, latency.astype(np.int64), wanted.shape),
            )
        )
    return found


def _inputs(network: SpikingNetwork, built: Assembly) -> list[CoreInput]:
    found: list[CoreInput] = []
    plans, cores = built.layout.plans, built.layout.homes.core
    first = network.first_unit()
    for entry in network.inputs:
        start, units = first[entry.target], entry.weight.shape[0]
        chosen = [(index, built.inputs.get((index, entry.name))) for index in range(start, start + units)]
        width = max((_width(parts) for _, parts in chosen), default=0)
        axon = np.zeros((units, width), dtype=np.int64)
        weight = np.zeros((units, width), dtype=np.int64)
        for unit, (index, parts) in enumerate(chosen):
            if parts is None:
                continue
            up, down = parts
            count = _width(parts)
            axon[unit, :count] = np.arange(up.start, down.stop)
            weight[unit, :count] = np.repeat(
                [plans[index].feed.weight, -plans[index].leak.weight], [up.stop - up.start, down.stop - down.start]
            )
        scale = np.array([plans[index].fit.scale for index, _ in chosen])
        found.append(
            CoreInput(
                name=entry.name,
                target=entry.target,
                core=np.array([cores[index] for index, _ in chosen]),
                axon=axon,
                weight=weight,
                lsb_per_input=scaled_rows(entry.weight, scale),
                keep=np.array([plans[index].leak.keep for index, _ in chosen]),
                filter_pole=float(np.exp(-network.tick_s / entry.tau_s)) if entry.tau_s > 0 else 0.0,
                lift=scale * [_lift_by(entry.name, plans[index].node) for index, _ in chosen],
            )
        )
    return found


def _lift_by(name: str, node: Node) -> float:
    """The current that an input brings a unit up by; of several inputs the first does."""
    return node.lift or 0.0 if node.drives and node.drives[0].name == name else 0.0


def _width(parts: tuple[slice, slice] | None) -> int:
    return 0 if parts is None else parts[1].stop - parts[0].start
