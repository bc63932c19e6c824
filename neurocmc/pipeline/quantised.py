"""Puts a quantised network of the same size beside the synaptic operations of a compiled circuit."""

from dataclasses import replace

from neurocmc.ir.rate import RateCircuit
from neurocmc.pipeline.chips.built import Built
from neurocmc.pipeline.sample import StimulusSample
from neurocmc.report.bits import pool_bits, quantised_twin, settled_ticks
from neurocmc.report.budget import Budget


def beside_quantised(budget: Budget, circuit: RateCircuit, built: Built, sample: StimulusSample) -> Budget:
    """Returns the budget with the quantised network of the circuit as it was given.

    Args:
        budget: What a family counted; one without synaptic operations is returned as it is.
        circuit: As it was given, without relays and offsets.
        built: Its pools.
        sample: The run that was counted.
    """
    if budget.bits is None:
        return budget
    settled = settled_ticks(sample.pair.other, built.staged.readouts)
    twin = quantised_twin(circuit, pool_bits(circuit, built.spiking), sample.recording.ticks, settled)
    return replace(budget, bits=replace(budget.bits, quantised=twin))
