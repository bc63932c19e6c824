"""Counts synaptic and bit operations of a run, and puts those of a quantised network of the same size beside them.

A synaptic operation is a spike that arrives at one synapse: the weight is added once. A spike is one bit, so that
with weights of b bits it is b bit operations, by the effort of arithmetic of Zhang, Zhang & Lew 2022 (PokeBNN,
CVPR): bits of one factor times bits of the other. A pool that shows one of N + 1 values in a tick is an activation of
log2(N + 1) bits, as Shen et al. 2024 (Are conventional SNNs really efficient?, CVPR) put ticks and bits of an
activation on one scale. So beside every circuit stands the network that has its units in place of its pools:
activations of so many bits, weights of 8, each of them multiplied in every step, whether anything is active or not.

Neither side is charged for its filters and thresholds; how many units or neurons are updated is told beside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.common.matrices import any_entry, count, row_counts
from neurocmc.ir.rate import RateCircuit, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.report.load import SpikeLoad, UnitSpikes

TWIN_WEIGHT_BITS = 8  # of the quantised network's weights, and of a drive from outside
TWIN_STATE_BITS = 24  # of a filter's state, as a current of Loihi has them


@dataclass(frozen=True, slots=True, kw_only=True)
class SynapticWork:
    """The synaptic operations of a run. Bits are None where nothing is stored in integers."""

    source: str  # which stimulus, on which level, how many trials
    trials: int
    ticks: int  # of one presentation
    operations: int  # in all trials and ticks
    per_tick: float
    per_presentation: float
    weight_bits: int | None
    bits_per_presentation: float | None  # bit operations
    neuron_updates_per_tick: int
    synapse_memory_bits: int | None
    state_memory_bits: int | None
    counted: str  # what an operation is on this chip

    @classmethod
    def of(
        cls,
        operations: int,
        load: SpikeLoad,
        *,
        neurons: int,
        counted: str,
        weight_bits: int | None = None,
        synapse_memory_bits: int | None = None,
        state_memory_bits: int | None = None,
    ) -> "SynapticWork":
        """Returns the work of a load, of which `operations` were counted over all its trials."""
        presented = operations / load.trials
        return cls(
            source=load.source,
            trials=load.trials,
            ticks=load.ticks,
            operations=operations,
            per_tick=presented / load.ticks,
            per_presentation=presented,
            weight_bits=weight_bits,
            bits_per_presentation=None if weight_bits is None else presented * weight_bits,
            neuron_updates_per_tick=neurons,
            synapse_memory_bits=synapse_memory_bits,
            state_memory_bits=state_memory_bits,
            counted=counted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantisedTwin:
    """A quantised network of the same units and projections, on the same presentation."""

    activation_bits_least: int
    activation_bits_most: int
    weight_bits: int
    multiplications_per_step: int
    drives_per_step: int  # units that a drive from outside is added to
    bits_per_step: int  # bit operations
    steps: int  # of a presentation, as many as ticks
    steps_to_settle: int  # after which the answer of no trial changes any more; all of them where nothing is decided
    bits_per_presentation: int
    bits_to_settle: int
    unit_updates_per_step: int
    weight_memory_bits: int
    state_memory_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BitBudget:
    """What spikes cost, and what the quantised network would; None where the circuit was not compiled from rates."""

    ours: SynapticWork
    quantised: QuantisedTwin | None = None


def spike_totals(spikes: UnitSpikes, load: SpikeLoad) -> Int:
    """Returns (units,) spikes of each unit over all trials: exact where they were counted and not estimated."""
    return np.rint(np.array(spikes.per_tick) * load.ticks * load.trials).astype(np.int64)


def activation_bits(neurons: int) -> int:
    """Returns how many bits, rounded to the nearest, tell the numbers 0 to `neurons` apart: of 64 neurons 6.02."""
    return max(1, round(float(np.log2(neurons + 1))))


def pool_bits(circuit: RateCircuit, spiking: SpikingNetwork) -> dict[str, int]:
    """Maps each population of a circuit, as it was given, to the bits of what the pool of a unit shows in a tick."""
    neurons = {pool.name: pool.units * pool.neurons for pool in spiking.pools}
    return {p.name: activation_bits(neurons.get(p.name, p.size) // p.size) for p in circuit.populations}


def quantised_twin(circuit: RateCircuit, bits: Mapping[str, int], ticks: int, settled: int) -> QuantisedTwin:
    """Returns the quantised network of a circuit.

    Args:
        circuit: The circuit as it was given, without relays.
        bits: Population -> bits of its activations.
        ticks: Of a presentation.
        settled: Ticks after which answers stand.
    """
    multiplications = {p.name: count(p.weight) for p in circuit.projections}
    drives = sum(int(np.count_nonzero(row_counts(entry.weight))) for entry in circuit.inputs)
    effort = sum(multiplications[p.name] * bits[p.source] for p in circuit.projections)
    step = TWIN_WEIGHT_BITS * (effort + drives)
    kernels = {(p.source, p.tau_s, p.order) for p in circuit.projections if any_entry(p.weight)}
    size = {p.name: p.size for p in circuit.populations}
    sends = {source for source, _, _ in kernels}
    states = sum(size[source] * order for source, _, order in kernels)
    return QuantisedTwin(
        activation_bits_least=min(bits[name] for name in sends or set(bits)),
        activation_bits_most=max(bits[name] for name in sends or set(bits)),
        weight_bits=TWIN_WEIGHT_BITS,
        multiplications_per_step=sum(multiplications.values()),
        drives_per_step=drives,
        bits_per_step=step,
        steps=ticks,
        steps_to_settle=settled,
        bits_per_presentation=step * ticks,
        bits_to_settle=step * settled,
        unit_updates_per_step=sum(size.values()),
        weight_memory_bits=TWIN_WEIGHT_BITS * sum(multiplications.values()),
        state_memory_bits=TWIN_STATE_BITS * states,
    )


def settled_ticks(recording: Recording, readouts: Iterable[Readout]) -> int:
    """Returns after how many ticks the largest unit of the first readout is, in all trials, the one at the end.

    Args:
        recording: Of whole units.
        readouts: Of the circuit; all ticks are needed where there is none.
    """
    for readout in readouts:
        answer = recording.activity[readout.population].argmax(axis=2)
        other = answer != answer[:, -1:]
        return int((other * np.arange(1, other.shape[1] + 1)).max()) + 1 if other.any() else 1
    return recording.ticks


Row = tuple[str, str, str]


def rows(bits: BitBudget) -> tuple[Row, ...]:
    """Returns the rows of a table for readers: a quantity, ours, and the quantised network's."""
    ours, twin = bits.ours, bits.quantised

    def row(what: str, own: float | None, other: float | None) -> Row:
        return what, _short(own), _short(other)

    found = [
        row("synaptic additions, multiplications per tick", ours.per_tick, twin and twin.multiplications_per_step),
        row(
            "the same per presentation",
            ours.per_presentation,
            twin and twin.multiplications_per_step * twin.steps,
        ),
        ("bits per activation", "1 (a spike)", _span(twin)),
        row("bits per weight", ours.weight_bits, twin and twin.weight_bits),
        row("bit operations per presentation", ours.bits_per_presentation, twin and twin.bits_per_presentation),
    ]
    if twin and twin.steps_to_settle < twin.steps:
        what = f"bit operations until decisions are final, {twin.steps_to_settle:,} of {twin.steps:,} steps"
        found.append(row(what, None, twin.bits_to_settle))
    found += [
        row("neurons, units updated per tick", ours.neuron_updates_per_tick, twin and twin.unit_updates_per_step),
        row("synapse memory [bit]", ours.synapse_memory_bits, twin and twin.weight_memory_bits),
        row("state memory [bit]", ours.state_memory_bits, twin and twin.state_memory_bits),
    ]
    return tuple(found)


def ratio(bits: BitBudget) -> float | None:
    """Returns our bit operations of a presentation over those of the quantised network; None without both."""
    ours, twin = bits.ours.bits_per_presentation, bits.quantised
    if ours is None or twin is None or not twin.bits_per_presentation:
        return None
    return ours / twin.bits_per_presentation


def remarks(bits: BitBudget) -> tuple[str, ...]:
    """Returns what stands below the table, a line each."""
    ours, share = bits.ours, ratio(bits)
    lines = [f"load: {ours.source}", f"one synaptic operation is {ours.counted}"]
    if share is not None:
        times = f"{share:.3g} times" if share >= 1 else f"{100 * share:.3g} % of"
        lines.append(
            f"the spiking circuit takes {times} the bit operations of the quantised network, at the same tick"
        )
    if bits.quantised is not None:
        lines.append(
            "the quantised network has one unit in place of each pool, activations with as many bits as the spike "
            "count of a pool in a tick, and multiplies by every weight in every step; filters, thresholds and the "
            "transport of spikes are counted for neither"
        )
    return tuple(lines)


def _short(value: float | None) -> str:
    """A whole number with separators, another with three digits, a dash where nothing is known."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _span(twin: QuantisedTwin | None) -> str:
    if twin is None:
        return "–"
    least, most = twin.activation_bits_least, twin.activation_bits_most
    return str(most) if least == most else f"{least} to {most}"
