"""Holds how often every pool and every input fires in a mean tick, which energy is estimated from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSpikes:
    """Mean spikes per tick of the units of a population, or of the input axons of the units an input drives."""

    name: str
    per_tick: tuple[float, ...]  # (units,) spikes of all neurons, or axons, of the unit in a tick of one trial

    @property
    def total(self) -> float:
        return sum(self.per_tick)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeLoad:
    """Spikes of a circuit in a mean tick of a mean trial, and where that was seen."""

    source: str  # which stimulus, on which level, how many trials
    ticks: int  # of one presentation
    trials: int
    populations: tuple[UnitSpikes, ...]
    inputs: tuple[UnitSpikes, ...]

    def of_population(self, name: str) -> UnitSpikes:
        """Returns the spikes of a population. Raises KeyError."""
        return {entry.name: entry for entry in self.populations}[name]

    def of_input(self, name: str) -> UnitSpikes:
        """Returns the spikes of an input. Raises KeyError."""
        return {entry.name: entry for entry in self.inputs}[name]
