"""Says what comes into a run of a compartment network from outside, and what is kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Int, set_frozen
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.sim.checks import check_columns

Quantity = Literal["spikes", "counts", "u", "v"]
QUANTITIES: tuple[Quantity, ...] = ("spikes", "counts", "u", "v")
EVENT_FIELDS = ("trial", "tick", "compartment", "value")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InputEvents:
    """Sparse input: `value` mantissas are added to the input sum of a compartment in the tick in which they arrive.

    The four arrays have one length and any order; values that meet in one place are summed.

    Args:
        trial: (events,) from 0.
        tick: (events,) from 0.
        compartment: (events,) from 0.
        value: (events,) mantissas, shifted by their exponent already.

    Raises:
        InputError: Where the arrays differ in length or hold something else than whole numbers.

    Example:
        >>> events = neurocmc.InputEvents(trial=[0, 0], tick=[1, 5], compartment=[1, 1], value=[-50, 20])
    """

    trial: Int  # (events,)
    tick: Int  # (events,)
    compartment: Int  # (events,)
    value: Int  # (events,)

    def __post_init__(self) -> None:
        faults: list[Problem] = []
        cure = "give every event a trial, tick, compartment and value"
        check_columns(self, EVENT_FIELDS, "inputs", cure, faults)
        raise_input_problems(faults)
        for name in EVENT_FIELDS:
            set_frozen(self, name, np.int64, (None,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikeEvents:
    """Every spike of a run, in order of trial, tick, compartment; three arrays of one length."""

    trial: NDArray[np.int32]
    tick: NDArray[np.int32]
    compartment: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompartmentRun:
    """The recordings of a run. Reading what was not recorded raises InputError."""

    batch: int
    ticks: int
    compartments: int
    records: Mapping[str, Any]

    def _recorded(self, quantity: Quantity) -> Any:
        if quantity not in self.records:
            cure = f"run_compartments(..., record=({quantity!r},)) keeps it"
            raise InputError(Problem("not-recorded", f"run.{quantity}", "it was not recorded", cure))
        return self.records[quantity]

    @property
    def spikes(self) -> SpikeEvents:
        return self._recorded("spikes")

    @property
    def counts(self) -> NDArray[np.int64]:
        """(batch, compartments) spikes in all."""
        return self._recorded("counts")

    @property
    def u(self) -> NDArray[np.int32]:
        """(batch, ticks, compartments) LSB, after each tick."""
        return self._recorded("u")

    @property
    def v(self) -> NDArray[np.int32]:
        """(batch, ticks, compartments) LSB, after each tick and its reset."""
        return self._recorded("v")

    def raster(self) -> Bool:
        """Returns (batch, ticks, compartments) whether there was a spike; from `spikes`."""
        dense = np.zeros((self.batch, self.ticks, self.compartments), dtype=np.bool_)
        dense[self.spikes.trial, self.spikes.tick, self.spikes.compartment] = True
        return dense
