"""Lets a chip begin with the second tick of trials that differ by nothing but where they begin.

Some circuits hear nothing but their own beginning: in the first tick all trials are alike, each input then gives one
kick, up or down, through the filter of its unit, and what follows runs by itself. A core brings potentials up by an
axon type of the host's, but takes from them by the leak's alone, in small steps. Such a chip begins with the second
tick instead: every potential at the bottom of what calibration visits, from where all kicks lead up.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibration
from neurocmc.sim.rate import states_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beginning:
    """What the first tick shows, and what it leaves in the second where no input kicks."""

    rates: dict[str, Float]  # population -> (units,) activity in the first tick
    drives: dict[str, Float]  # population -> (units,) normalised drive in the second


def beginning_of(circuit: RateCircuit, calibration: Calibration) -> Beginning | None:
    """Returns the beginning of a circuit that hears nothing else on calibration, or None of any other.

    With delays more is under way in the second tick than potentials hold, so that such a circuit has none.
    """
    if any(projection.delay_ticks for projection in circuit.projections):
        return None
    inputs = [(entry, calibration.inputs[entry.name]) for entry in circuit.inputs]
    kicked = inputs and all(entry.tau_s > 0 and entry.order == 1 and found.later == 0.0 for entry, found in inputs)
    if not kicked or not any(found.lowest < 0 for _, found in inputs):
        return None
    first, second = states_of(circuit, _silence(circuit))
    return Beginning(
        rates={name: rate[0] for name, rate in first.rates.items()},
        drives={name: drive[0] for name, drive in second.drives.items()},
    )


def _silence(circuit: RateCircuit) -> Stimulus:
    return Stimulus(
        name="silence",
        duration_s=2.0 * circuit.dt_s,
        edges_s=np.zeros(1),
        values={entry.name: np.zeros((1, 1, entry.channels)) for entry in circuit.inputs},
        labels=np.full(1, -1),
    )
