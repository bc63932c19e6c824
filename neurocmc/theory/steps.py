"""Steps linear-threshold networks: one under many drives at once, or many of one shape side by side."""

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import FloatMatrix, is_sparse


def stepped(weight: FloatMatrix, constant: Float, keep: Float, ceiling: Float, filters: Float, steps: int) -> Float:
    """Returns the filters (..., filters, trials) after so many steps under a constant drive.

    Args:
        weight: (..., filters, filters) activity of the unit that each filter listens to, per unit of each filter; a
            sparse one is of one network.
        constant: (..., filters, trials) activity that drive less threshold are worth to it.
        keep: (..., filters, 1) what each filter keeps of itself in a step.
        ceiling: (..., filters, 1) highest activity of that unit.
        filters: (..., filters, trials) at the start.
        steps: How many.
    """
    arrives, limited = 1.0 - keep, bool(np.isfinite(ceiling).any())
    filters = np.array(filters, order="C")
    constant = np.ascontiguousarray(constant)
    rates = np.empty_like(filters)
    with may_run_away():
        for _ in range(steps):
            if is_sparse(weight):
                rates = weight @ filters
            else:
                np.matmul(weight, filters, out=rates)
            rates += constant
            np.maximum(rates, 0.0, out=rates)
            if limited:
                np.minimum(rates, ceiling, out=rates)
            rates *= arrives
            filters *= keep
            filters += rates
    return filters


def may_run_away() -> np.errstate:
    """A trial without a bound leaves the numbers that there are before it is looked at; it has then not settled."""
    return np.errstate(over="ignore", invalid="ignore")
