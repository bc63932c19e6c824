"""Runs the rate circuit under each of the stimuli that are judged, and keeps what it does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus, as_name, side_by_side
from neurocmc.sim.rate import simulate_rate
from neurocmc.sim.whole import of_whole_units
from neurocmc.verification.fidelity import Pair


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """The stimuli that are judged, and the staged circuit under each: seen as spikes are, and as its form defines."""

    stimuli: tuple[Stimulus, ...]
    parts: tuple[tuple[tuple[str, slice], ...], ...]  # of each, those that it holds side by side
    through_filters: tuple[Recording, ...]
    as_defined: tuple[Recording, ...]
    pools: SpikingNetwork  # which other levels are recorded as

    @classmethod
    def of(
        cls, staged: RateCircuit, as_seen: RateCircuit, pools: SpikingNetwork, given: Sequence[Stimulus]
    ) -> "Seen":
        """Runs the rate circuit; stimuli of one duration run side by side, for a tick costs the same for many trials.

        `as_seen` is the staged circuit observed through the filters that the spikes of its pools are.
        """
        alike = [
            [stimulus for stimulus in given if stimulus.duration_s == duration_s]
            for duration_s in dict.fromkeys(stimulus.duration_s for stimulus in given)
        ]
        stimuli = tuple(side_by_side(as_name("+".join(s.name for s in same)), same) for same in alike)
        as_defined = tuple(simulate_rate(staged, stimulus) for stimulus in stimuli)
        filtered = as_defined
        if as_seen is not staged:
            filtered = tuple(simulate_rate(as_seen, stimulus) for stimulus in stimuli)
        return cls(
            stimuli=stimuli,
            parts=tuple(_parts(same) for same in alike),
            through_filters=filtered,
            as_defined=as_defined,
            pools=pools,
        )

    def pairs(self, other: Sequence[Recording], reference: Sequence[Recording] | None = None) -> list[Pair]:
        """Puts recordings beside the circuit's own, or beside another level's, which then decides for itself.

        Those given are of pools; segments are put together to the units that the circuit has.
        """
        whole = None if reference is None else self._whole(reference)
        first, decided = (self.through_filters, self.as_defined) if whole is None else (whole, whole)
        return [
            Pair(reference=a, other=b, labels=stimulus.labels, decided=c, parts=parts)
            for a, b, c, stimulus, parts in zip(
                first, self._whole(other), decided, self.stimuli, self.parts, strict=True
            )
        ]

    def _whole(self, recordings: Sequence[Recording]) -> tuple[Recording, ...]:
        return tuple(of_whole_units(recording, self.pools) for recording in recordings)


def _parts(stimuli: Sequence[Stimulus]) -> tuple[tuple[str, slice], ...]:
    """Name and trials of each stimulus in the batch that they are together."""
    ends = np.cumsum([stimulus.batch for stimulus in stimuli]).tolist()
    return tuple((s.name, slice(end - s.batch, end)) for s, end in zip(stimuli, ends, strict=True))
