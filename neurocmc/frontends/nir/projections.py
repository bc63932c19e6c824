"""Makes what reaches a population into projections: one of each source, its synapses in order, with its biases."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocmc.common.arrays import Float
from neurocmc.frontends.nir.compose import Signal
from neurocmc.frontends.nir.graph import Edge
from neurocmc.frontends.nir.semantics import Preset
from neurocmc.frontends.nir.shapes import Shapes
from neurocmc.ir.neurons.network import NeuronProjection, SpikeInput


def projections_of(
    target: str,
    signal: Signal,
    preset: Preset,
    late: Sequence[Edge],
    inputs: Mapping[str, SpikeInput],
    shapes: Shapes,
) -> Iterator[NeuronProjection]:
    """Yields the projections that reach a population, inputs first and loops last, as frameworks add them.

    A bias that begins in another tick than the first of its projection gets a projection without synapses.
    """
    for source in sorted(signal.sources, key=lambda name: (name not in inputs, (name, target) in late)):
        called = inputs[source].name if source in inputs else source
        name = f"{called}->{target}"
        matrices: dict[int, sparse.csr_matrix] = {}
        for (own, ticks), matrix in signal.terms.items():
            if own != source:
                continue
            whole = sparse.csr_matrix(sparse.identity(signal.size)) if matrix is None else matrix
            delay = ticks if source in inputs else _delay(ticks, preset, (source, target) in late)
            matrices[delay] = sparse.csr_matrix(matrices[delay] + whole) if delay in matrices else whole
        biases = {tick: bias for (owner, tick), bias in sorted(signal.biases.items()) if owner == source}
        first = min(biases, default=0)
        yield _projection(name, called, target, matrices, biases.get(first, np.zeros(signal.size)), first)
        for tick in sorted(biases.keys() - {first}):
            yield _projection(f"{name} from tick {tick}", called, target, {}, biases[tick], tick)


def _delay(ticks: int, preset: Preset, late: bool) -> int:
    """The ticks from a spike to what it does. nirtorch's own are in the signal already."""
    if preset.in_nirtorch:
        return ticks
    return max(1, ticks) if late or preset.late_spikes else ticks


def _projection(
    name: str, source: str, target: str, matrices: Mapping[int, sparse.csr_matrix], bias: Float, tick: int
) -> NeuronProjection:
    parts = [(ticks, sparse.coo_matrix(matrix)) for ticks, matrix in matrices.items()]
    rows = _joined([part.row for _, part in parts])
    columns = _joined([part.col for _, part in parts])
    delays = _joined([np.full(part.nnz, ticks) for ticks, part in parts])
    weight: Float = np.concatenate([np.zeros(0), *(np.asarray(part.data, dtype=np.float64) for _, part in parts)])
    order = np.lexsort((delays, columns, rows))
    return NeuronProjection(
        name=name,
        source=source,
        target=target,
        target_index=rows[order],
        source_index=columns[order],
        weight=weight[order],
        delay_ticks=delays[order],
        bias=bias,
        bias_from_tick=tick,
    )


def _joined(parts: Sequence[Any]) -> NDArray[np.int32]:
    return np.concatenate([np.zeros(0, dtype=np.int32), *(np.asarray(part, dtype=np.int32) for part in parts)])
