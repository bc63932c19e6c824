"""Steps a rate circuit of many populations with all units in one row, by one sparse product for each filter.

What is computed is what `sim.rate` computes population by population; sums are taken in another order, so that the
last bits may differ.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from neurocmc.common.arrays import Float, Int, starts
from neurocmc.common.matrices import Sparse, placed
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection
from neurocmc.sim.rate_filter import Filter

MANY = 256  # projections and inputs of a circuit from which on its units are stepped in one row

_Kernel = tuple[float, int, int]  # time constant in s, order, delay in steps


def in_one_row(circuit: RateCircuit) -> bool:
    """Whether a circuit has so many projections that the units of all its populations are stepped in one row."""
    return len(circuit.projections) + len(circuit.inputs) >= MANY


@dataclass(frozen=True, slots=True, eq=False)
class InRow(Mapping[str, Float]):
    """Values of all units (batch, units), of which each population's are a part."""

    whole: Float
    places: Mapping[str, slice]

    def __getitem__(self, name: str) -> Float:
        return self.whole[:, self.places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


@dataclass(slots=True)
class RateRow:
    """All filters of a circuit, of the units of all populations one after the other."""

    circuit: RateCircuit
    batch: int
    dt_s: float
    _first: dict[str, int] = field(init=False)
    _places: dict[str, slice] = field(init=False)
    _weights: list[tuple[Filter, int, Sparse]] = field(init=False)  # filter, delay, (units, units)
    _inputs: list[tuple[Filter | None, tuple[str, ...], Sparse]] = field(init=False)  # (units, channels)
    _traces: list[tuple[Filter, Int]] = field(init=False)  # and the units that it is of
    _alike: list[tuple[RatePopulation, Int]] = field(init=False)  # one transfer, and the units that have it
    _gain: Float = field(init=False)
    _shift: Float = field(init=False)

    def __post_init__(self) -> None:
        populations = self.circuit.populations
        self._first = starts({p.name: p.size for p in populations})
        self._places = {p.name: slice(self._first[p.name], self._first[p.name] + p.size) for p in populations}
        self._gain = np.concatenate([p.gain for p in populations])
        self._shift = np.concatenate([p.bias - p.offset for p in populations])
        self._alike = self._by_transfer()
        start = np.concatenate([p.initial for p in populations])
        self._weights = [
            (Filter.settled(start, self.batch, tau_s, order, self.dt_s, late), late, self._joined(own))
            for (tau_s, order, late), own in self._by_kernel().items()
        ]
        self._inputs = [self._input(kernel, own) for kernel, own in self._by_input_filter().items()]
        self._traces = [
            (Filter.settled(start[units], self.batch, tau_s, order, self.dt_s), units)
            for (tau_s, order), units in self._by_trace().items()
        ]

    def drive(self, held: Mapping[str, Float]) -> Float:
        """Returns (batch, units) the drive of a step in which the inputs have these values (batch, channels)."""
        total = np.zeros((self.batch, self._gain.size))
        for kernel, late, weight in self._weights:
            total += kernel.delayed(late) @ weight.T
        for kernel, names, weight in self._inputs:
            value = np.concatenate([held[name] for name in names], axis=1) if kernel is None else kernel.output
            total += value @ weight.T
        return self._gain * (total + self._shift)

    def rates(self, drive: Float) -> Float:
        """Returns (batch, units) activity."""
        if len(self._alike) == 1:
            return self._alike[0][0].transfer_at(drive)
        found = np.empty_like(drive)
        for population, units in self._alike:
            found[:, units] = population.transfer_at(drive[:, units])
        return found

    def advance(self, rates: Float, held: Mapping[str, Float]) -> Float:
        """Advances all filters, and returns (batch, units) what is seen behind those of observation."""
        for kernel, _, _ in self._weights:
            kernel.advance(rates)
        for kernel, names, _ in self._inputs:
            if kernel is not None:
                kernel.advance(np.concatenate([held[name] for name in names], axis=1))
        seen = np.empty_like(rates)
        for trace, units in self._traces:
            trace.advance(rates[:, units])
            seen[:, units] = trace.output
        return seen

    def by_population(self, row: Float) -> "InRow":
        """Returns (batch, units) values by population."""
        return InRow(row, self._places)

    def _units_of(self, population: RatePopulation) -> Int:
        return self._first[population.name] + np.arange(population.size)

    def _by_transfer(self) -> list[tuple[RatePopulation, Int]]:
        found: dict[object, tuple[RatePopulation, list[Int]]] = {}
        for p in self.circuit.populations:
            key = p.name if p.segments else (p.transfer, p.saturation, p.floor, p.top)
            found.setdefault(key, (p, []))[1].append(self._units_of(p))
        return [(population, np.concatenate(units)) for population, units in found.values()]

    def _by_kernel(self) -> dict[_Kernel, list[RateProjection]]:
        found: dict[_Kernel, list[RateProjection]] = {}
        for p in self.circuit.projections:
            late = round(p.delay_ticks * self.circuit.dt_s / self.dt_s)  # delays are in steps of the circuit
            found.setdefault((p.tau_s, p.order, late), []).append(p)
        return found

    def _by_input_filter(self) -> dict[tuple[float, int], list[RateInput]]:
        found: dict[tuple[float, int], list[RateInput]] = {}
        for entry in self.circuit.inputs:
            found.setdefault((entry.tau_s, entry.order if entry.tau_s > 0 else 1), []).append(entry)
        return found

    def _by_trace(self) -> dict[tuple[float, int], Int]:
        found: dict[tuple[float, int], list[Int]] = {}
        for p in self.circuit.populations:
            found.setdefault((p.trace_tau_s, p.trace_order), []).append(self._units_of(p))
        return {key: np.concatenate(units) for key, units in found.items()}

    def _joined(self, projections: list[RateProjection]) -> Sparse:
        parts = [(p.dc_gain * p.weight, self._first[p.target], self._first[p.source]) for p in projections]
        return placed(parts, (self._gain.size, self._gain.size))

    def _input(
        self, kernel: tuple[float, int], own: list[RateInput]
    ) -> tuple[Filter | None, tuple[str, ...], Sparse]:
        tau_s, order = kernel
        first = starts({entry.name: entry.channels for entry in own})
        channels = sum(entry.channels for entry in own)
        weight = placed(
            [(entry.weight, self._first[entry.target], first[entry.name]) for entry in own],
            (self._gain.size, channels),
        )
        held = Filter.settled(np.zeros(channels), self.batch, tau_s, order, self.dt_s) if tau_s > 0 else None
        return held, tuple(first), weight
