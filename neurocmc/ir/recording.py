"""Defines recordings: what an interpreter of any level saw, in the same terms, so that levels can be compared.

Activity is always the *trace* of a population: its rate (or its spikes, decoded) passed through the unit-gain
filter `trace_tau_s` of the rate population. Index t holds the trace after the events of tick t.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import frozen_array, set_frozen
from neurocmc.ir.plotting import drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikeTrain:
    """Every spike of one population, in order of tick, trial, unit, neuron."""

    tick: NDArray[np.int32]
    trial: NDArray[np.int32]
    unit: NDArray[np.int32]
    neuron: NDArray[np.int32]

    def __post_init__(self) -> None:
        length = np.size(self.tick)
        for field in ("tick", "trial", "unit", "neuron"):
            set_frozen(self, field, np.int32, (length,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Recording:
    """Decoded activity of each population over time and, where asked for, every spike."""

    level: str  # "rate", "brian2", "emulator", "lava"
    stimulus: str
    tick_s: float
    activity: Mapping[str, NDArray[np.float32]]  # population -> (batch, ticks, units)
    spikes: Mapping[str, SpikeTrain]  # population -> spikes; empty if not recorded
    spike_counts: Mapping[str, NDArray[np.int64]]  # population -> (batch, units) spikes in all; empty on "rate"

    def __post_init__(self) -> None:
        activity = {
            name: frozen_array(value, np.float32, (None, None, None), name) for name, value in self.activity.items()
        }
        counts = {
            name: frozen_array(value, np.int64, (None, None), name) for name, value in self.spike_counts.items()
        }
        object.__setattr__(self, "activity", MappingProxyType(activity))
        object.__setattr__(self, "spikes", MappingProxyType(dict(self.spikes)))
        object.__setattr__(self, "spike_counts", MappingProxyType(counts))

    def __repr__(self) -> str:
        """One line, whatever the sizes of its arrays."""
        trials, ticks, _ = next(iter(self.activity.values())).shape
        sizes = ", ".join(f"{name} ({values.shape[2]:,})" for name, values in self.activity.items())
        total = sum(int(counts.sum()) for counts in self.spike_counts.values())
        spikes = f"; {total:,} spikes" if self.spike_counts else ""
        length = f"{trials:,} x {ticks:,} ticks of {1e3 * self.tick_s:g} ms"
        return f"<Recording of {self.stimulus} on {self.level}: {length}; {sizes}{spikes}>"

    @property
    def ticks(self) -> int:
        return next(iter(self.activity.values())).shape[1]

    def plot(self, trial: int = 0, populations: Sequence[str] | None = None) -> "Figure":
        """Draws one trial: the activity of each population over time, and below it its spikes.

        The figure shows itself as the last value of a notebook's cell; `figure.savefig("trial.png")` keeps it. It
        needs no display and no state of `matplotlib.pyplot`, so nothing has to be closed. Rows of spikes end at the
        highest neuron of a population that fired in any trial.

        Args:
            trial: Which trial, from 0.
            populations: The names of those to draw, in that order. None draws all.

        Returns:
            A figure of matplotlib.

        Raises:
            InputError: For a trial or a population that the recording does not have.

        Example:
            >>> figure = neurocmc.simulate("build/two-state").plot(populations=["x"])
            >>> len(figure.axes)
            2
        """
        return drawn(self, trial, populations)

    def to_pandas(self) -> Any:
        """Returns activity as a long pandas.DataFrame, for the extra `pandas`.

        Returns:
            A row a trial, tick and unit: `trial`, `time_s` in s, `population`, `unit`, `activity` in units of the
            rate circuit.

        Raises:
            InputError: Where pandas is not installed.

        Example:
            >>> table = neurocmc.simulate("build/two-state").to_pandas()
            >>> list(table.columns)
            ['trial', 'time_s', 'population', 'unit', 'activity']
        """
        from neurocmc.ir.exchange import to_pandas

        return to_pandas(self)

    def to_xarray(self) -> Any:
        """Returns activity as an xarray.Dataset, for the extra `xarray`.

        Returns:
            A variable a population, (trial, time_s, unit); `attrs` name level, stimulus and tick.

        Raises:
            InputError: Where xarray is not installed.

        Example:
            >>> dataset = neurocmc.simulate("build/two-state").to_xarray()
            >>> dataset["x"].dims
            ('trial', 'time_s', 'x_unit')
        """
        from neurocmc.ir.exchange import to_xarray

        return to_xarray(self)

    def to_neo(self) -> Any:
        """Returns a neo.Block, for the extra `neo`: a segment a trial, with activity and a spike train each neuron.

        Raises:
            InputError: Where neo is not installed.

        Example:
            >>> block = neurocmc.simulate("build/two-state", samples=1).to_neo()
            >>> len(block.segments)
            1
        """
        from neurocmc.ir.exchange import to_neo

        return to_neo(self)
