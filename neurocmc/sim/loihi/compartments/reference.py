"""Spells compartment networks out: plain numpy, tick by tick, the whole matrix of synapses in every tick.

It is here to be read, and for the compiled loop to be held against, with which it shares no line on purpose. A tick
of the registers is that of the other interpreter that is spelled out, `sim.loihi.reference`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neurocmc.common.arrays import Bool, Int
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork
from neurocmc.sim.loihi.reference import Neurons, ReferenceRun, step
from neurocmc.sim.loihi.registers import shift, wrap_int32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bundle:
    """Synapses of one group and one delay: what is summed before the shift."""

    delay_ticks: int
    exponent: int
    mantissa: Any  # (compartments, compartments) CSR, rows are targets


def run_compartments_reference(
    network: CompartmentNetwork, inputs: Int | NDArray[np.int32], u_initial: Int, v_initial: Int
) -> ReferenceRun:
    """Runs one trial of `inputs` (ticks, compartments), from (compartments,) registers on."""
    rule, size, ticks = network.rule, network.compartments, len(inputs)
    neurons = Neurons(
        decay_u=network.decay_u,
        decay_v=network.decay_v,
        threshold=rule.threshold_lsb(network.threshold_mantissa),
        bias=np.array([shift(m, int(e)) for m, e in zip(network.bias_mantissa, network.bias_exponent, strict=True)]),
        u_initial=u_initial,
        v_initial=v_initial,
    )
    bundles = _bundles(network)
    u, v, waiting = u_initial.copy(), v_initial.copy(), np.zeros(size, dtype=np.int64)
    run = ReferenceRun(
        u=np.zeros((ticks, size), dtype=np.int32),
        v=np.zeros((ticks, size), dtype=np.int32),
        spikes=np.zeros((ticks, size), dtype=np.bool_),
    )
    for tick in range(ticks):
        arriving = inputs[tick].astype(np.int64)
        for bundle in bundles:
            sent = tick - rule.spike_delay_ticks - bundle.delay_ticks
            if sent >= 0:
                mantissas = bundle.mantissa @ run.spikes[sent].astype(np.int64)
                arriving = arriving + shift(wrap_int32(mantissas), bundle.exponent)
        refractory: Bool = waiting > 0
        u, v, spikes = step(u, v, arriving, neurons, rule, refractory)
        waiting = np.where(spikes, network.refractory_ticks - 1, np.maximum(waiting - 1, 0))
        run.u[tick], run.v[tick], run.spikes[tick] = u, v, spikes
    return run


def _bundles(network: CompartmentNetwork) -> list[_Bundle]:
    bundles: list[_Bundle] = []
    for group in network.synapses:
        for delay in np.unique(group.delay_ticks):
            own = group.delay_ticks == delay
            entries = (group.mantissa[own], (group.target[own], group.source[own]))
            shape = (network.compartments, network.compartments)
            matrix = sparse.csr_matrix(entries, shape=shape, dtype=np.int64)
            bundles.append(_Bundle(delay_ticks=int(delay), exponent=group.exponent, mantissa=matrix))
    return bundles
