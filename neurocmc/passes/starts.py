"""Says with which currents a network starts: what the sources' activity before the first tick has left behind.

A filter that remembers holds this current itself: it stands in the first tick and decays from there on. Two things it
cannot hold, and they come from the host in the first ticks, as a drive through an input of their own:

- where a filter keeps little of a current from one tick to the next, the register before the first tick may be too
  small for what is to be left of it in the first: the host sends it all;
- what is still under way in a delay keeps a current up that would decay: the host keeps it up as long.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.names import free_name
from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.spiking import Tap
from neurocmc.passes.scales import CURRENT_MARGIN

LEAST_KEEP = 1.0 / CURRENT_MARGIN  # a register holds the first tick's current, divided by what a tick keeps of it
FADED = 1e-6  # of what it was, below which a current has ended


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """What one projection starts with, in units of drive."""

    standing: Float  # (target units,) in its own filter, in the first tick
    by_host: Float  # (ticks, target units) from the host; through the filter of the projection, or unfiltered
    filtered: bool


class Arriving(Protocol):
    """A projection, as far as its start needs it."""

    @property
    def target(self) -> str: ...
    @property
    def tau_s(self) -> float: ...
    @property
    def order(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostStart:
    """An input whose values are not a stimulus's: the host sends them in the first ticks of every trial."""

    entry: RateInput
    values: Float  # (ticks, channels)

    @property
    def rows(self) -> tuple[tuple[float, ...], ...]:
        """The values as a level holds them."""
        return tuple(tuple(row) for row in self.values.tolist())


def start_of(
    drive: Float,
    keep: float,
    order: int,
    arrivals: Sequence[Tap],
    code_delay: int,
    *,
    with_host: bool,
    fits: bool = False,
) -> Start:
    """Returns the start of a projection whose source was active before tick 0.

    Args:
        drive: (target units,) what that activity drives its target with, once its filter has settled.
        keep: What the filter keeps of itself in a tick.
        order: Of the filter.
        arrivals: The shares of a spike, by their delays.
        code_delay: Ticks by which its spikes are held back for the sake of their code.
        with_host: Whether the host can help. Without it a filter that starts higher stands in for a delay, so that
            the current is right when the first spikes arrive.
        fits: Whether the register of the target holds what is to stand in it before the first tick, even though
            little of that is kept.
    """
    units, last = drive.size, max(tap.delay_ticks for tap in arrivals)
    nothing = np.zeros((0, units))
    if not drive.any():
        return Start(standing=np.zeros(units), by_host=nothing, filtered=False)
    kept = keep >= LEAST_KEEP or (fits and keep > 0 and not last)
    if with_host and not kept and order == 1:
        fading = 0 if keep == 0 else int(np.ceil(np.log(FADED) / np.log(keep)))
        tick = np.arange(code_delay + last + 1 + fading)
        faded = [(tap.share, np.maximum(tick - code_delay - tap.delay_ticks, 0)) for tap in arrivals]
        level = sum((share * np.power(keep, age) for share, age in faded), np.zeros(tick.size))
        return Start(standing=np.zeros(units), by_host=level[:, None] * drive, filtered=False)
    early = drive if keep == 0 else drive / keep**code_delay
    if not with_host:
        return Start(standing=early if keep == 0 else early / keep**last, by_host=nothing, filtered=False)
    under_way = [sum(tap.share for tap in arrivals if tap.delay_ticks > tick) for tick in range(last)]
    held = np.concatenate([np.zeros(code_delay), under_way]) if last else np.zeros(0)
    return Start(standing=early, by_host=held[:, None] * drive, filtered=True)


def host_starts(circuit: RateCircuit, starts: Iterable[tuple[Arriving, Start]]) -> tuple[HostStart, ...]:
    """Returns an input for each population and filter to which the host brings a start."""
    sums: dict[tuple[str, float, int], Float] = {}
    for projection, start in starts:
        if start.by_host.any():
            tau_s, order = (projection.tau_s, projection.order) if start.filtered else (0.0, 1)
            key = (projection.target, tau_s, order)
            sums[key] = _sum(sums.get(key, np.zeros((0, start.by_host.shape[1]))), start.by_host)
    taken = [entry.name for entry in circuit.inputs]
    found: list[HostStart] = []
    for (target, tau_s, order), values in sums.items():
        name = free_name(f"{target}.start", [*taken, *(start.entry.name for start in found)])
        eye = np.eye(circuit.population(target).size)
        entry = RateInput(name=name, target=target, weight=eye, tau_s=tau_s, order=2 if order == 2 else 1)
        found.append(HostStart(entry=entry, values=values))
    return tuple(found)


def _sum(first: Float, second: Float) -> Float:
    """The sum of two courses over time, of which either may be the longer."""
    total = np.zeros((max(len(first), len(second)), first.shape[1]))
    total[: len(first)] += first
    total[: len(second)] += second
    return total
