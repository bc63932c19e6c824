"""What neurosynaptic cores made of a circuit, one cause at a time: weights, then latency, then counting and noise.

The rate circuit is given first the gains and poles that the cores hold, then the ticks that splitters and partial
sums cost; what the cores do beyond that is due to whole neurons, to the noise of their thresholds, and to drives that
jump further than input axons carry in a tick. Each step is compared with the one before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateCircuit, RateProjection
from neurocmc.ir.truenorth.program import CorePopulation, CoreProgram, CoreProjection
from neurocmc.theory.realised import Rounded
from neurocmc.verification.edges import Edge, judged

POLE_LIMIT = 0.02
GAIN_LIMIT = 0.03


def as_on_cores(circuit: RateCircuit, program: CoreProgram, *, latency: bool) -> RateCircuit:
    """The circuit with the gains and poles of the cores; with `latency`, also the ticks their spikes come late.

    Without it the filters keep their wanted time constants: a pole is shortened only to make up for latency. A
    projection becomes several where poles or latencies differ between units.
    """
    held = {projection.name: projection for projection in program.projections}
    parts = [
        part
        for projection in circuit.projections
        for part in _parts(projection, held[projection.name], program.population(projection.target), latency, program)
    ]
    return replace(circuit, projections=tuple(parts))


def rounded_on_cores(circuit: RateCircuit, program: CoreProgram) -> Rounded:
    """The circuit with the gains of the cores, whose pools fire their first neuron at half a neuron in the mean."""
    half_neuron = {p.name: np.full(p.units, 0.5 * p.activity_per_spike) for p in program.populations}
    return Rounded(circuit=as_on_cores(circuit, program, latency=False), half_neuron=half_neuron)


def _parts(
    projection: RateProjection,
    held: CoreProjection,
    target: CorePopulation,
    latency: bool,
    program: CoreProgram,
) -> Iterable[RateProjection]:
    if not latency:
        yield replace(projection, weight=held.realised_gain, dc_gain=1.0)
        return
    poles = np.broadcast_to(target.realised_pole[:, None], held.realised_gain.shape)
    kinds = set(zip(poles.ravel().tolist(), held.latency_ticks.ravel().tolist(), strict=True))
    for number, (pole, ticks) in enumerate(sorted(kinds)):
        own = (poles == pole) & (held.latency_ticks == ticks)
        weight = np.where(own, held.realised_gain, 0.0)
        if weight.any():
            yield replace(
                projection,
                name=f"{projection.name}#{number}",
                weight=weight,
                dc_gain=1.0,
                tau_s=-program.tick_s / float(np.log(pole)) if pole > 0 else 0.0,  # latency took all of the filter
                delay_ticks=projection.delay_ticks + ticks,
            )


def core_edges(program: CoreProgram) -> tuple[Edge, ...]:
    """What cores did to the filters and to the gains, and how far latency was made up for."""
    poles = {p.name: _pole_error(p) for p in program.populations}
    gains = _gain_errors(program.projections, {p.name: p.units for p in program.populations})
    edges: list[Edge] = []
    for errors, quantity, limit in (
        (poles, "pole of the synaptic filter", POLE_LIMIT),
        (gains, "gain of the projections", GAIN_LIMIT),
    ):
        if errors:
            worst = max(errors, key=lambda name: errors[name])
            edges.append(judged("spiking ~ cores", quantity, errors[worst], limit, "relative", worst=worst))
    return tuple(edges)


def _pole_error(population: CorePopulation) -> float:
    """Worst relative error of 1 - pole among the units."""
    wanted = 1.0 - population.wanted_pole
    return float(np.abs((1.0 - population.realised_pole) / wanted - 1.0).max(initial=0.0))


def _gain_errors(projections: Sequence[CoreProjection], units: Mapping[str, int]) -> dict[str, float]:
    """Worst error of a gain of each projection, relative to the strongest synapse of its target unit.

    Projections between the same two populations are one connection on the cores, and are judged by their sum.
    """
    strongest: dict[str, Float] = {name: np.zeros(count) for name, count in units.items()}
    error: dict[tuple[str, str], Float] = {}
    for projection in projections:
        ends = projection.target, projection.source
        own = np.abs(projection.wanted_gain).max(axis=1, initial=0.0)
        strongest[projection.target] = np.maximum(strongest[projection.target], own)
        error[ends] = error.get(ends, 0.0) + (projection.realised_gain - projection.wanted_gain)
    errors: dict[str, float] = {}
    for projection in projections:
        scale = np.where(strongest[projection.target] > 0, strongest[projection.target], 1.0)
        worst = np.abs(error[projection.target, projection.source]).max(axis=1, initial=0.0)
        errors[projection.name] = float((worst / scale).max(initial=0.0))
    return errors
