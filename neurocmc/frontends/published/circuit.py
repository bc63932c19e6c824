"""Turns a published model into a RateCircuit, whose interpreter computes the published Euler steps.

With p = v + T c the two equations of a population (Douglas 2025) become two equal first-order filters in cascade,
p' = s (T u - p) / T and v' = s (p - v) / T. Euler's step of h multiplies what a filter holds by 1 - d, d = h s / T,
which is the pole exp(-h / tau) of tau = -h / log(1 - d): no approximation. So, for each population m of four:

    P_m   linear    first stage p, driven by T times the rates and the other nodes
    V_m   linear    voltage v, driven by p
    S_m   sigmoid   rates of v: another second stage, then R v; centred (S - 1/2) by a bias of its targets
    A_m   linear    T (v + c), driven by all that drives P_m and by (T - 1) p: what other nodes and the classifier see

A_m could be had as a difference of P_m and V_m. That would take c from two nearly equal numbers, each of which a
pool of spiking neurons rounds: a population of its own carries it with its own range.

Initial states come in as pulses of one tick, which filters answer with the state at the next tick: tick k + 1 is the
published step k. Time constants are a node's own, and a filter belongs to all units of a projection, so nodes share
populations only where they share time constants.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.frontends.published.file import POPULATIONS, STEP, STEPS, CmcValues, PublishedFile
from neurocmc.frontends.published.host import classifier_layers
from neurocmc.ir.rate import Classifier, HostLayer, RateCircuit, RateInput, RatePopulation, RateProjection

TICKS = STEPS + 2  # the pulse, the initial state, and a tick a step
STATES_OF_NODE = 2 * len(POPULATIONS)

# (into, from): number of the gain and its sign. The published code's signs, which the paper's equations have not.
COUPLINGS = {
    ("ss", "ss"): (0, -1),
    ("ss", "sp"): (1, -1),
    ("ss", "ii"): (2, -1),
    ("sp", "ss"): (7, 1),
    ("sp", "sp"): (6, -1),
    ("sp", "ii"): (11, -1),
    ("ii", "ss"): (4, 1),
    ("ii", "sp"): (10, 1),
    ("ii", "ii"): (3, -1),
    ("ii", "dp"): (5, 1),
    ("dp", "ii"): (8, -1),
    ("dp", "dp"): (9, -1),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """One population of four, of those nodes that share its time constants."""

    name: str  # "ss_0": population and place of the group
    index: int  # among POPULATIONS
    nodes: Int  # (size,)
    share: float  # d = h s / T
    time_constant: float  # T

    @property
    def stage(self) -> str:
        return f"P_{self.name}"

    @property
    def voltage(self) -> str:
        return f"V_{self.name}"

    @property
    def rate(self) -> str:
        return f"S_{self.name}"

    @property
    def populations(self) -> tuple[str, str, str, str]:
        """Names of its populations in the circuit: stage, voltage, rate, output."""
        return self.stage, self.voltage, self.rate, self.output

    @property
    def tau_s(self) -> float:
        return -STEP / float(np.log1p(-self.share))

    @property
    def output(self) -> str:
        return f"A_{self.name}"

    def pulse_input(self, population: str) -> str:
        """Returns the name of the input that sets the initial state of a population."""
        return f"start_{population}"


def cells(cmc: CmcValues) -> tuple[Cell, ...]:
    """Returns every population of four of every group of nodes with equal time constants and speed."""
    kinds = np.column_stack([cmc.speed, cmc.time_constants])
    groups: dict[bytes, list[int]] = {}
    for node in range(cmc.nodes):
        groups.setdefault(kinds[node].tobytes(), []).append(node)
    return tuple(
        Cell(
            name=f"{population}_{place}",
            index=index,
            nodes=np.array(nodes),
            share=float(cmc.share[nodes[0], index]),
            time_constant=float(cmc.time_constants[nodes[0], index]),
        )
        for place, nodes in enumerate(groups.values())
        for index, population in enumerate(POPULATIONS)
    )


def published_circuit(file: PublishedFile) -> RateCircuit:
    """Returns the circuit of a published model; retina, input projection and classifier stay on the host."""
    cmc = file.cmc
    made = cells(cmc)
    return RateCircuit(
        name=f"published-cmc-{file.nodes}",
        dt_s=STEP,
        populations=tuple(population for cell in made for population in _populations(cell, cmc)),
        projections=tuple(projection for target in made for projection in _projections(target, made, cmc)),
        inputs=tuple(
            RateInput(
                name=cell.pulse_input(population), target=population, weight=np.eye(len(cell.nodes)), tau_s=cell.tau_s
            )
            for cell in made
            for population in cell.populations
        ),
        readouts=(),
        classifiers=(_classifier(file, made),),
        origin_sha256=file.sha256,
        on_host=_on_host(file),
    )


def _populations(cell: Cell, cmc: CmcValues) -> Iterator[RatePopulation]:
    size = len(cell.nodes)
    rates = sum(_rate_weights(cell, index, cmc) for index in range(len(POPULATIONS)))
    centring = -0.5 * np.asarray(rates)
    yield _linear(cell.stage, size, centring)
    yield _linear(cell.voltage, size, np.zeros(size))
    yield RatePopulation(
        name=cell.rate,
        size=size,
        transfer="sigmoid",
        gain=np.abs(cmc.slope[cell.nodes]),
        offset=np.zeros(size),
        bias=np.zeros(size),
        saturation=1.0,
        trace_tau_s=0.0,
        initial=np.full(size, 0.5),
    )
    yield _linear(cell.output, size, centring)


def _linear(name: str, size: int, bias: Float) -> RatePopulation:
    return RatePopulation(
        name=name,
        size=size,
        transfer="linear",
        gain=np.ones(size),
        offset=np.zeros(size),
        bias=bias,
        saturation=float("inf"),
        trace_tau_s=0.0,
        initial=np.zeros(size),
    )


def _rate_weights(target: Cell, source: int, cmc: CmcValues) -> Float:
    """(size,) weight of the rates of one population into another of the same node; 0 where nothing connects them.

    A negative R turns the centred sigmoid's sign, which is put into the weight: slopes are positive.
    """
    number, sign = COUPLINGS.get((POPULATIONS[target.index], POPULATIONS[source]), (0, 0))
    gains = cmc.gains[target.nodes, number] * np.sign(cmc.slope[target.nodes])
    return sign * target.time_constant * gains


def _projections(target: Cell, sources: tuple[Cell, ...], cmc: CmcValues) -> Iterator[RateProjection]:
    """All that reaches the populations of `target`, with its time constant; what is all 0 is left out."""

    def projection(source: str, into: str, weight: Float) -> Iterator[RateProjection]:
        if weight.any():
            yield RateProjection(
                name=f"{source}->{into}", source=source, target=into, weight=weight, tau_s=target.tau_s
            )

    coupling = cmc.connectivity * (1 - np.eye(cmc.nodes)) / STATES_OF_NODE
    for source in sources:
        own = np.array_equal(source.nodes, target.nodes)
        # The mean of the eight raw states of another node, over its populations: v + c = A / T.
        mean = target.time_constant / source.time_constant * coupling[np.ix_(target.nodes, source.nodes)]
        for into in (target.stage, target.output):
            if own:
                yield from projection(source.rate, into, np.diag(_rate_weights(target, source.index, cmc)))
            yield from projection(source.output, into, mean)
    identity = np.eye(len(target.nodes))
    yield from projection(target.stage, target.voltage, identity)
    yield from projection(target.stage, target.rate, identity)
    yield from projection(target.stage, target.output, (target.time_constant - 1) * identity)


def _classifier(file: PublishedFile, made: tuple[Cell, ...]) -> Classifier:
    """The published classifier on A and v: c = A / T - v goes into its first layer."""
    first, *rest = classifier_layers(file)
    columns: list[Float] = []
    for cell in made:
        voltage = first.weight[:, STATES_OF_NODE * cell.nodes + 2 * cell.index]
        current = first.weight[:, STATES_OF_NODE * cell.nodes + 2 * cell.index + 1]
        columns += [voltage - current, current / cell.time_constant]
    return Classifier(
        name="class",
        populations=tuple(name for cell in made for name in (cell.voltage, cell.output)),
        layers=(HostLayer(weight=np.hstack(columns), bias=first.bias, rectify=first.rectify), *rest),
        labels=tuple(str(label) for label in range(file.classes)),
        window_s=STEP,
    )


def _on_host(file: PublishedFile) -> tuple[str, ...]:
    channels = f"{file.input_channels} channel{'s' if file.input_channels > 1 else ''}"
    return (
        f"retina: image of {channels} -> {file.retinal_channels} maps of 14x14, {file.parameters('retina'):,} "
        "parameters: convolutions of a still image, with no dynamics to compile",
        f"input projection: maps -> initial state, {file.parameters('input_projection'):,} parameters: "
        "computed once, before the first step; the states come in as pulses",
        f"classifier: final state -> {file.classes} classes, {file.parameters('classifier'):,} parameters: "
        "read once, after the last step; batch normalisation and c = A/T - v are folded in",
    )
