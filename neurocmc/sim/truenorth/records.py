"""Says what is kept of a run of cores: wishes before it, arrays after it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool, Int
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.ir.truenorth.cores import CoreNetwork
from neurocmc.sim.checks import IN_RANGE, check_range, whole_numbers

LARGEST_GROUP = (1 << 16) - 1  # neurons whose spikes of one tick are counted in 16 bits

Places = Literal["all"] | Any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreRecord:
    """Says which quantities of a run are kept; nothing else is stored.

    Args:
        outputs: Whether the spikes of the output bus are kept, one by one.
        spikes: Neurons whose spikes are kept: (chosen, 2) pairs of core and neuron, or "all" for every neuron, core
            by core.
        potentials: Neurons whose V is kept after each tick, as in `spikes`.
        group: (cores, neurons) the index of the group that counts the spikes of each neuron, -1 for none. A group has
            65,535 neurons at most.
        neuron_totals: Whether the spikes of each neuron over the whole run are counted.

    Example:
        >>> record = neurocmc.CoreRecord(spikes="all", potentials=[(0, 3)])
    """

    outputs: bool = True  # spikes of the output bus, one by one
    spikes: Places = ()
    potentials: Places = ()
    group: Any = None
    neuron_totals: bool = False  # spikes of each neuron over the whole run

    def problems(self, network: CoreNetwork) -> Iterable[Problem]:
        """Returns neurons that are not there, and groups that cannot be counted."""
        faults: list[Problem] = []
        for name in ("spikes", "potentials"):
            self._chosen(name, network, faults)
        if self.group is not None:
            group = whole_numbers(self.group, "record.group", faults)
            if group is not None and group.shape != (network.cores, network.neurons):
                what = f"shape {group.shape}, the network has {network.cores} cores of {network.neurons} neurons"
                faults.append(
                    Problem("array-shape", "record.group", what, "give (cores, neurons) group indices, -1 for none")
                )
            elif group is not None:
                check_range(group, "record.group", (-1, (1 << 31) - 2), faults)
                members = np.unique(group[group >= 0], return_counts=True)[1]
                if members.max(initial=0) > LARGEST_GROUP:
                    what = f"a group has {members.max():,} neurons, spikes are counted in 16 bits"
                    faults.append(
                        Problem("group-too-large", "record.group", what, f"split it: {LARGEST_GROUP:,} at most")
                    )
        return faults

    def places(self, name: Literal["spikes", "potentials"], network: CoreNetwork) -> NDArray[np.int32]:
        """Returns (chosen, 2) cores and neurons. Raises InputError."""
        faults: list[Problem] = []
        places = self._chosen(name, network, faults)
        raise_input_problems(faults)
        return np.ascontiguousarray(places, dtype=np.int32)

    def _chosen(self, name: str, network: CoreNetwork, faults: list[Problem]) -> Int:
        value = getattr(self, name)
        none = np.zeros((0, 2), dtype=np.int64)
        if isinstance(value, str):
            if value == "all":
                return np.argwhere(np.ones((network.cores, network.neurons), dtype=np.bool_))
            faults.append(
                Problem(
                    "choice-unknown",
                    f"record.{name}",
                    f"{value!r} names no neurons",
                    'use "all" or (core, neuron) pairs',
                )
            )
            return none
        whole = whole_numbers(value, f"record.{name}", faults)
        if whole is None or not whole.size:
            return none
        if whole.ndim != 2 or whole.shape[1] != 2:
            what = f"shape {whole.shape} is not that of pairs"
            faults.append(Problem("array-shape", f"record.{name}", what, "give a core and a neuron for each"))
            return none
        known = len(faults)
        for column, count in ((0, network.cores), (1, network.neurons)):
            check_range(whole[:, column], f"record.{name}", (0, count - 1), faults, IN_RANGE)
        return whole if len(faults) == known else none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutputSpikes:
    """Spikes of the output bus in order of trial, tick, line; two neurons may use one line in one tick."""

    trial: NDArray[np.int32]
    tick: NDArray[np.int32]
    line: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoreRun:
    """The recordings of a run. Reading what was not recorded raises InputError."""

    batch: int
    ticks: int
    spikes_total: NDArray[np.int64]  # (batch,)
    synaptic_events: NDArray[np.int64]  # (batch,) crossbar bits on axons that carried a spike
    saturations: NDArray[np.int64]  # (batch,) how often a potential left its register
    recorded: dict[str, Any] = field(repr=False)

    def _kept(self, quantity: str, wish: str) -> Any:
        if quantity not in self.recorded:
            cure = f"run_cores(..., record=CoreRecord({wish})) keeps it"
            raise InputError(Problem("not-recorded", f"run.{quantity}", "it was not recorded", cure))
        return self.recorded[quantity]

    @property
    def outputs(self) -> OutputSpikes:
        return self._kept("outputs", "outputs=True")

    @property
    def spikes(self) -> Bool:
        """(batch, ticks, chosen) which of the chosen neurons fired."""
        return self._kept("spikes", 'spikes="all"')

    @property
    def potentials(self) -> NDArray[np.int32]:
        """(batch, ticks, chosen) of the chosen neurons, after each tick and its reset."""
        return self._kept("potentials", 'potentials="all"')

    @property
    def counts(self) -> NDArray[np.uint16]:
        """(batch, ticks, groups) spikes of each group."""
        return self._kept("counts", "group=...")

    @property
    def neuron_totals(self) -> NDArray[np.int64]:
        """(batch, cores, neurons) spikes over the whole run."""
        return self._kept("neuron_totals", "neuron_totals=True")
