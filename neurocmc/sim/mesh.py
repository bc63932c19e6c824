"""Says where cores stand on the mesh that spikes go along, and how long each part of a spike's way takes.

Times are whole picoseconds, so that sums of them are exact and a constant latency has no rounding that would look
like a distortion.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int, set_frozen
from neurocmc.common.draws import stream
from neurocmc.common.errors import InputError, Problem
from neurocmc.targets import MessageTimes, Target

PS_PER_NS = 1000
NEEDED = ("neuron_update_ns", "hop_east_west_ns", "hop_north_south_ns")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The times of a spike's way, in whole picoseconds."""

    neuron_ps: int  # a core updates a neuron
    hop_east_west_ps: int
    hop_north_south_ps: int
    link_ps: int = 0  # one message takes a link
    within_tile_ps: int = 0  # from a router to a core of its tile
    synapse_ps: int = 0  # a core takes in one synapse of a message
    barrier_ps: int = 0  # from the end of a tick to the start of the next

    @classmethod
    def of(cls, target: Target) -> "Times":
        """Returns the times that a target's file states.

        What it leaves out, but for those without which there is no way at all, takes no time. Raises InputError where
        its file states no time of an update or of a hop, and for a target without messages.
        """
        stated = target.message_times
        if stated is None:
            what = "it has no cores, so that no spike crosses a mesh of cores"
            cure = "compile for a chip, such as --target loihi1 or truenorth"
            raise InputError(Problem("latency-needs-mesh", f"target {target.name}", what, cure))
        if missing := [name for name in NEEDED if getattr(stated, name) is None]:
            what = f"its file states no {', '.join(missing)}"
            cure = "state it under energy, with its source, in a file of your own, and compile again for that"
            raise InputError(Problem("latency-times-missing", f"target {target.name}", what, cure))
        ns = {name: round(PS_PER_NS * (getattr(stated, name) or 0.0)) for name in MessageTimes.model_fields}
        return cls(
            neuron_ps=ns["neuron_update_ns"],
            hop_east_west_ps=ns["hop_east_west_ns"],
            hop_north_south_ps=ns["hop_north_south_ns"],
            link_ps=ns["link_message_ns"],
            within_tile_ps=ns["spike_within_tile_ns"],
            synapse_ps=ns["synaptic_op_ns"],
            barrier_ps=ns["barrier_ns"],
        )


def doubts(target: Target) -> tuple[str, ...]:
    """Returns the times, and parts of the mesh, that a target's file calls unverified or does not state."""
    stated = target.message_times
    if stated is None:
        return ()
    names = (*MessageTimes.model_fields, "tile_columns", "tile_rows", "cores_per_tile")
    unverified = [name for name in names if name in target.provenance and target.provenance[name].unverified]
    missing = [name for name in MessageTimes.model_fields if getattr(stated, name) is None]
    told = [f"unverified: {', '.join(unverified)}"] if unverified else []
    return (*told, *([f"not stated, and taken as 0: {', '.join(missing)}"] if missing else []))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikeMesh:
    """Cores on a mesh of routers, and the places that others of its chips could take.

    A message goes along its row to the column of its target, then along that column (dimension order, as Davies et
    al. 2018 and Merolla et al. 2014 have it), over one router a tile.

    Args:
        place: (cores, 2) column and row of each core's router; cores of one tile share it.
        free: (places, 2) column and row of every core of the chips in use, in order along the mesh; those that
            `in_order` and `shuffled` move cores to.
        times: Of the parts of a way.
        note: What is to be said of the places.
    """

    place: Int
    free: Int
    times: Times
    note: str = ""

    def __post_init__(self) -> None:
        set_frozen(self, "place", np.int64, (None, 2))
        set_frozen(self, "free", np.int64, (None, 2))

    @property
    def cores(self) -> int:
        return len(self.place)

    def in_order(self) -> Self:
        """Returns the same cores in order along the mesh: row by row, every second row backwards."""
        return replace(self, place=self.free[: self.cores], note="cores in order along the mesh")

    def shuffled(self, seed: int) -> Self:
        """Returns the same cores at random places of the chips in use."""
        chosen = stream(seed).permutation(len(self.free))[: self.cores]
        return replace(self, place=self.free[chosen], note=f"cores at random places, seed {seed}")

    def hops(self, source: Int, target: Int) -> Int:
        """Returns how many steps from router to router the ways between cores have."""
        return np.abs(self.place[source] - self.place[target]).sum(axis=1)


def along(columns: int, rows: int, each: int = 1) -> NDArray[np.int64]:
    """Returns (columns * rows * each, 2) places in order along a mesh: row by row, every second row backwards."""
    row, column = np.divmod(np.arange(columns * rows), columns)
    grid = np.stack([np.where(row % 2, columns - 1 - column, column), row], axis=1)
    return np.repeat(grid, each, axis=0)
