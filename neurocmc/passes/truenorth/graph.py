"""Takes the network apart unit by unit, each with its filter, its sources and its ladder of recruitment.

A unit's neurons all see one current I, the filtered sum of what its sources send::

    I <- keep I + sum_j amplitude_j (share of pool j that fired)

in thresholds of the spiking network; the pool's neuron k fires in every tick in which I exceeds `points[k]`. On a
core the potential V of every neuron of the unit holds this current, `scale` LSB a threshold. A node without memory
(keep 0) is a partial sum of a fan-in tree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import row_entries
from neurocmc.common.poles import pole
from neurocmc.ir.rate import RateCircuit, RatePopulation
from neurocmc.ir.spiking import SpikingInput, SpikingNetwork, SpikingPopulation
from neurocmc.passes.calibrate import Calibration, DriveRange
from neurocmc.passes.truenorth.beginnings import Beginning

UNFILTERED_KEEP = 0.9  # of a unit that nothing reaches through a filter: any pole will do
SPAN_MARGIN = 0.12  # of the span of currents visited, kept free on either side
STANDING_MARGIN = 0.045  # of the way from 0 to where they are: at least so much, however little they vary there
LEAST_SPAN = 1e-3  # thresholds, of which a pool's points span about one: what varies less is as good as constant
# An input may be as many times the span: others cancel it, but its axons must carry it. Those of the drive type are
# strong; what takes away are axons of the feedback type, fewer than the neurons of a filter.
INPUT_UP, INPUT_DOWN = 10.0, 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A pool that reaches a node; `amplitude` is the current that a tick in which all its neurons fire adds."""

    node: int
    amplitude: float
    standing: float = 0.0  # share of the pool that fires as a trial begins, where it is known
    delay_ticks: int = 0  # by how much later than in the next tick its spikes arrive


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """An input of a node: the largest drive, and its largest jump between ticks, as current."""

    name: str
    filtered: bool
    largest: float
    largest_step: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """A unit, or a partial sum, that a core will hold, by itself or beside others."""

    corelet: str
    population: str  # "" for a partial sum
    unit: int
    keep: float
    low: float  # span of the current, with its margins; 0 lies within
    high: float
    least: float  # as low and high, but 0 does not lie within where the current never comes near it
    greatest: float
    points: Float  # (neurons,) currents at which the pool's neurons are recruited, rising
    start: float  # current in the first tick, without drive
    sources: tuple[Source, ...]
    drives: tuple[Drive, ...]
    on_bus: bool  # a readout wants its spikes
    lift: float | None = None  # current that the host brings in its first tick beside a kick; None where it kicks not
    fires: float = 0.0  # share of the pool that fired in the tick before the chip's first, where there was one

    @property
    def span(self) -> tuple[float, float]:
        """The currents that its register must hold: without a host that begins at 0, not 0 itself."""
        return (self.low, self.high) if self.lift is None else (self.least, self.greatest)

    @property
    def is_sum(self) -> bool:
        return not self.population

    def ladder(self, neurons: int) -> Float:
        """Returns the recruitment points of a pool of `neurons` with the same transfer: the quantiles of `points`."""
        share, wanted = (np.arange(count) + 0.5 for count in (self.points.size, neurons))
        return np.interp(wanted / neurons, share / self.points.size, self.points)


def graph_of(
    network: SpikingNetwork, circuit: RateCircuit, calibration: Calibration, beginning: Beginning | None = None
) -> tuple[Node, ...]:
    """Makes a node of each unit, populations in order; sources are in the order of the projections.

    With a `beginning` each node begins as low as calibration takes it, in the second tick of a trial.
    """
    first = network.first_unit()
    read = {readout.population for readout in circuit.readouts}
    read |= {name for classifier in circuit.classifiers for name in classifier.populations}
    nodes: list[Node] = []
    for population in network.populations:
        arriving = [calibration.inputs[entry.name] for entry in network.inputs_into(population.name)]
        rate = circuit.population(population.name)
        spans = _spans(population, rate, calibration, [] if beginning else arriving)
        own = [
            _node(network, population, unit, spans[unit], first, on_bus=population.name in read)
            for unit in range(population.units)
        ]
        nodes += own if beginning is None else _from_below(own, population, rate, beginning)
    return tuple(nodes) if beginning is None else _with_standing(nodes, network, beginning)


def _from_below(
    nodes: list[Node], population: SpikingPopulation, rate: RatePopulation, beginning: Beginning
) -> list[Node]:
    """Nodes that begin at the bottom of their span and are lifted from there; what nothing lifts begins above."""
    drive = beginning.drives[population.name] - rate.undriven
    unkicked = (population.current_per_drive / rate.gain * drive).tolist()
    return [
        replace(node, start=node.least, lift=current - node.least) if node.drives else replace(node, start=current)
        for node, current in zip(nodes, unkicked, strict=True)
    ]


def _with_standing(nodes: list[Node], network: SpikingNetwork, beginning: Beginning) -> tuple[Node, ...]:
    """Nodes that know which share of each source fires as a trial begins."""
    shares = [beginning.rates[p.name] / (p.activity_per_spike * p.neurons) for p in network.populations]
    standing = np.concatenate(shares).tolist()
    return tuple(
        replace(
            node,
            fires=fires,
            sources=tuple(replace(source, standing=standing[source.node]) for source in node.sources),
        )
        for node, fires in zip(nodes, standing, strict=True)
    )


def _spans(
    population: SpikingPopulation, rate: RatePopulation, calibration: Calibration, arriving: Sequence[DriveRange]
) -> Float:
    """(units, 4) low, high, least, greatest current of each unit, with margins; of the drives its population visited.

    0 belongs to low and high. Rounding moves a standing current by a share of itself, not of what it varies by; and a
    current that never leaves 0 needs a span as well, for its potential must have a scale.
    """
    shift = rate.undriven
    per_threshold = population.current_per_drive / rate.gain
    low, high = calibration.populations[population.name].drive
    ends = per_threshold[:, None] * (np.array([low, high])[None, :] - shift[:, None])
    away = np.maximum(ends[:, 1], 0.0) - np.minimum(ends[:, 0], 0.0)
    margin = np.maximum(SPAN_MARGIN * (ends[:, 1] - ends[:, 0]), STANDING_MARGIN * away)
    lowest, highest = np.minimum(ends[:, 0] - margin, 0.0), np.maximum(ends[:, 1] + margin, 0.0)
    carried = max((max(entry.largest / INPUT_UP, -entry.lowest / INPUT_DOWN) for entry in arriving), default=0.0)
    least = max(LEAST_SPAN, float(population.current_per_drive.max()) * carried)
    return np.stack([lowest, np.maximum(highest, lowest + least), ends[:, 0] - margin, ends[:, 1] + margin], axis=1)


def _node(
    network: SpikingNetwork,
    population: SpikingPopulation,
    unit: int,
    span: Float,
    first: dict[str, int],
    *,
    on_bus: bool,
) -> Node:
    arriving = network.into(population.name)
    sources = [
        Source(
            node=first[p.source] + j,
            amplitude=weight * network.population(p.source).neurons,
            delay_ticks=p.delay_ticks,
        )
        for p in arriving
        for j, weight in row_entries(p.weight, unit)
    ]
    entries = [entry for entry in network.inputs_into(population.name) if row_entries(entry.weight, unit)]
    # As everywhere, projections come before inputs, and of inputs alone the fastest: the host filters all others.
    taus = [p.tau_s for p in arriving] or sorted(entry.tau_s for entry in entries if entry.tau_s > 0)
    keep = pole(taus[0], network.tick_s) if taus else UNFILTERED_KEEP
    return Node(
        corelet=f"{population.name}/{unit}",
        population=population.name,
        unit=unit,
        keep=keep,
        low=float(span[0]),
        high=float(span[1]),
        least=float(span[2]),
        greatest=float(span[3]),
        points=np.sort(1.0 - population.bias[unit]),
        start=float(sum(p.standing[unit] for p in arriving)),
        sources=_merged(sources),
        drives=tuple(_drive(entry, network.tick_s, keep) for entry in entries),
        on_bus=on_bus,
    )


def _drive(entry: SpikingInput, tick_s: float, keep: float) -> Drive:
    """What the host must bring; behind a filter that is not the node's own, what this one lets through in a tick."""
    by_host = pole(entry.tau_s, tick_s) if entry.tau_s > 0 else keep
    if by_host == keep:
        step, filtered = entry.largest_step, entry.tau_s > 0
    else:
        step, filtered = min(entry.largest_step, 2.0 * (1.0 - by_host) * entry.largest), False
    return Drive(name=entry.name, filtered=filtered, largest=entry.largest, largest_step=step)


def _merged(sources: list[Source]) -> tuple[Source, ...]:
    """Two projections between the same units are one connection where they have one delay."""
    total: dict[tuple[int, int], float] = {}
    for source in sources:
        way = source.node, source.delay_ticks
        total[way] = total.get(way, 0.0) + source.amplitude
    return tuple(
        Source(node=node, amplitude=amplitude, delay_ticks=delay)
        for (node, delay), amplitude in total.items()
        if amplitude
    )


def with_latency(node: Node, latency_ticks: float) -> Node:
    """Returns the node with a shorter filter, so that filter and latency delay as the filter alone did.

    Means of the kernels are matched: keep/(1 - keep) falls by the latency. Amplitudes follow, and gains stay. A
    filter that stands still (keep 1) is left as it is, to be refused.
    """
    if node.keep >= 1.0:
        return node
    lag = node.keep / (1.0 - node.keep) - latency_ticks
    keep = max(lag, 0.0) / (1.0 + max(lag, 0.0))
    factor = (1.0 - keep) / (1.0 - node.keep)
    sources = tuple(replace(source, amplitude=source.amplitude * factor) for source in node.sources)
    return replace(node, keep=keep, sources=sources)
