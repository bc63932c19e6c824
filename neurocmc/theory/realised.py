"""Builds the rate circuit that a chip's numbers are: weights, poles, thresholds and ceilings as rounded.

Its units are unchanged. A pool still counts in whole neurons, which no rate circuit shows. `Rounded` says beside the
circuit how far above its threshold a unit may be before the first neuron of its pool fires: half a neuron in the
threshold code, the first point of recruitment in the rate code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import entries, from_entries, full, is_sparse
from neurocmc.ir.kept import Kept, KeptPopulation, KeptProjection
from neurocmc.ir.rate import RateCircuit, RatePopulation, RateProjection
from neurocmc.theory.linear_threshold import LinearThreshold, NoTheory, linear_threshold


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rounded:
    """The rate circuit that a chip's numbers are, with the half neuron of its pools."""

    circuit: RateCircuit
    half_neuron: Mapping[str, Float]  # population -> (units,) activity up to which no neuron of a pool fires

    @property
    def network(self) -> LinearThreshold | NoTheory:
        """The circuit as a linear-threshold network whose units count in neurons, or why there is none."""
        return linear_threshold(self.circuit, self.half_neuron)


def rounded_circuit(staged: RateCircuit, kept: Kept) -> Rounded:
    """Returns the staged circuit as a chip holds it, with the half neuron of each of its units.

    Args:
        staged: The circuit that was matched.
        kept: What the chip's numbers kept of it, in its units; `Built.kept` holds it.

    Returns:
        The realised circuit, and population -> (units,) activity up to which no neuron of a pool fires.

    Example:
        >>> from neurocmc.theory.realised import rounded_circuit
        >>> artifact = neurocmc.pipeline.artifact.open_artifact("build/two-state")
        >>> rounded_circuit(artifact.staged, artifact.built.kept).circuit.name
        'two-state, as rounded'
    """
    half_neuron = {population.name: population.half_neuron for population in kept.populations}
    return Rounded(circuit=realised_circuit(staged, kept), half_neuron=half_neuron)


def realised_circuit(staged: RateCircuit, kept: Kept) -> RateCircuit:
    """Returns the staged circuit with every number as a chip holds it, and no spike late.

    Args:
        staged: The circuit that was matched.
        kept: What the chip's numbers kept of it, in its units.

    Returns:
        A circuit of the same populations and projections, whose weights are the realised gains (drive per unit of
        activity) and whose `dc_gain` is 1.

    Example:
        >>> from neurocmc.theory.realised import realised_circuit
        >>> artifact = neurocmc.pipeline.artifact.open_artifact("build/two-state")
        >>> realised_circuit(artifact.staged, artifact.built.kept).projections[0].dc_gain
        1.0
    """
    return replace(
        staged,
        name=f"{staged.name}, as rounded",
        populations=tuple(_population(p, kept.population(p.name)) for p in staged.populations),
        projections=tuple(_projection(p, kept.projection(p.name)) for p in staged.projections),
    )


def late_circuit(staged: RateCircuit, kept: Kept) -> RateCircuit:
    """Returns the realised circuit with the ticks that spikes come late, and with poles that were shortened for them.

    A projection becomes several where poles or latencies differ between units.

    Args:
        staged: The circuit that was matched.
        kept: What the chip's numbers kept of it, in its units.

    Returns:
        A circuit of the same populations; the parts of a projection p are named p#0, p#1 and so on.

    Example:
        >>> from neurocmc.theory.realised import late_circuit
        >>> artifact = neurocmc.pipeline.artifact.open_artifact("build/two-state")
        >>> late_circuit(artifact.staged, artifact.built.kept).projections[0].name.endswith("#0")
        True
    """
    parts = [
        part
        for projection in staged.projections
        for part in _late_parts(projection, kept.projection(projection.name), kept)
    ]
    return replace(realised_circuit(staged, kept), projections=tuple(parts))


def _population(unit: RatePopulation, kept: KeptPopulation) -> RatePopulation:
    return replace(unit, offset=unit.offset + kept.offset_moved, saturation=min(unit.saturation, kept.saturation))


def _projection(projection: RateProjection, kept: KeptProjection) -> RateProjection:
    return replace(projection, weight=kept.realised_gain, dc_gain=1.0, tau_s=kept.tau_s)


def _late_parts(projection: RateProjection, held: KeptProjection, kept: Kept) -> Iterable[RateProjection]:
    pole_of, shape = kept.population(projection.target).realised_pole, held.realised_gain.shape
    if is_sparse(held.realised_gain):
        row, column, gain = entries(held.realised_gain)
        late = np.asarray(held.latency_ticks[row, column]).ravel()
    else:
        row, column = (index.ravel() for index in np.indices(shape))
        gain, late = held.realised_gain.ravel(), full(held.latency_ticks).ravel()
    kinds, kind = np.unique(np.column_stack([pole_of[row], late]), axis=0, return_inverse=True)
    for number, (pole, ticks) in enumerate(kinds.tolist()):
        own = (kind.ravel() == number) & (gain != 0)
        if own.any():
            yield replace(
                projection,
                name=f"{projection.name}#{number}",
                weight=from_entries(row[own], column[own], gain[own], shape),
                dc_gain=1.0,
                tau_s=-kept.tick_s / float(np.log(pole)) if pole > 0 else 0.0,  # latency took all of the filter
                delay_ticks=projection.delay_ticks + int(ticks),
            )
