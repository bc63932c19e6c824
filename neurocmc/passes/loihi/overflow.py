"""Bounds how close every population can come to the edges of its registers, proved where it can be.

The bounds are those of `worst_case`. They are asked for twice: for whatever the host's axons can carry in every tick,
and for drives that stay within what the calibration stimuli contain, which the host holds to half a quantum. A
population that neither proves is not refused: its bound counts pools that fire together and never do, and a wrap
that does happen is refused by the emulator, with the stimulus and the population. The report says which case it is.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import driven_by, full, row_counts
from neurocmc.ir.headroom import Headroom, Proved, Register
from neurocmc.ir.host_start import started
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork, IntegerPopulation
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.loihi.worst_case.bounds import PopulationBound, worst_case
from neurocmc.passes.loihi.worst_case.host import HostBound
from neurocmc.passes.loihi.worst_case.registers import INT32
from neurocmc.sim.loihi.host import largest_value


@dataclass(frozen=True, slots=True)
class _Case:
    """What is assumed of the host, and the bounds that follow."""

    assumed: Proved
    host: Mapping[str, HostBound]
    bounds: Mapping[str, PopulationBound]


@dataclass(frozen=True, kw_only=True)
class Overflow:
    """Finds the headroom of every population of an IntegerNetwork, in the network's order."""

    name: ClassVar[str] = "overflow"
    calibration: tuple[Stimulus, ...]

    def run(
        self, network: IntegerNetwork, before: tuple[IntegerNetwork, tuple[Headroom, ...]] | None = None
    ) -> tuple[Headroom, ...]:
        """Returns the headroom; `before` is another network with its own, which blocks without a change keep.

        Raises ValueError for a network whose decays no bound is computed for (see `worst_case`).
        """
        kept: dict[str, Headroom] = {}
        part = network
        if before is not None:
            changed = changed_blocks(network, before[0])
            kept = {entry.population: entry for entry in before[1] if entry.population not in changed}
            part = within(network, changed)
        found = {entry.population: entry for entry in self._of_all(part)} if part.populations else {}
        return tuple((kept | found)[p.name] for p in network.populations)

    def _of_all(self, network: IntegerNetwork) -> tuple[Headroom, ...]:
        free = {p.name: any_input(network, p) for p in network.populations}
        calibrated = {p.name: calibrated_input(network, p, self.calibration) for p in network.populations}
        cases = (
            _Case("any input", free, worst_case(network, free)),
            _Case("calibrated input", calibrated, worst_case(network, calibrated)),
        )
        return tuple(_headroom(network, p, cases) for p in network.populations)


def changed_blocks(network: IntegerNetwork, before: IntegerNetwork) -> frozenset[str]:
    """Returns the populations of all connected blocks in which a number is another than in the network before."""
    own, other = _parts_of(network), _parts_of(before)
    seeds = [population for part, population in own.items() if part not in other]
    seeds += [population for part, population in other.items() if part not in own]
    beside: dict[str, list[str]] = {}
    for p in network.projections:
        beside.setdefault(p.source, []).append(p.target)
        beside.setdefault(p.target, []).append(p.source)
    found: set[str] = set()
    while seeds:
        if (name := seeds.pop()) not in found:
            found.add(name)
            seeds += beside.get(name, [])
    return frozenset(found)


def _parts_of(network: IntegerNetwork) -> dict[int, str]:
    """The identity of every part -> the population that it is, or reaches."""
    return {id(p): p.name for p in network.populations} | {
        id(p): p.target for p in (*network.projections, *network.inputs)
    }


def within(network: IntegerNetwork, names: frozenset[str]) -> IntegerNetwork:
    """Returns whole blocks of a network alone."""
    return replace(
        network,
        populations=tuple(p for p in network.populations if p.name in names),
        projections=tuple(p for p in network.projections if p.target in names),
        inputs=tuple(entry for entry in network.inputs if entry.target in names),
        readouts=(),
    )


def any_input(network: IntegerNetwork, population: IntegerPopulation) -> HostBound:
    """Bounds what the host can send to a population: in every tick, all that its axons carry."""
    carried = np.zeros(population.units, dtype=np.int64)
    for entry in network.inputs_into(population.name):
        carried += np.where(row_counts(entry.lsb_per_input) > 0, _carried(network, entry), 0)
    nothing = np.zeros_like(carried)
    return HostBound(
        sum_low=-carried, sum_high=carried, held_low=nothing, held_high=nothing, held_sum=nothing, held=0
    )


def calibrated_input(
    network: IntegerNetwork, population: IntegerPopulation, stimuli: tuple[Stimulus, ...]
) -> HostBound:
    """Bounds what the host holds in a population, and sends in a tick, at drives up to those of `stimuli`."""
    held = np.zeros((2, population.units))
    sums = np.zeros(population.units)
    entries = network.inputs_into(population.name)
    for entry in entries:
        low, high = held_range(network, entry, stimuli)
        held += np.array([np.floor(low), np.ceil(high)])
        sums += np.minimum(np.ceil(high - low), _carried(network, entry) << network.rule.weight_shift)
    nothing = np.zeros(population.units, dtype=np.int64)
    return HostBound(
        sum_low=nothing,
        sum_high=nothing,
        held_low=held[0].astype(np.int64),
        held_high=held[1].astype(np.int64),
        held_sum=sums.astype(np.int64),
        held=len(entries),
    )


def held_range(network: IntegerNetwork, entry: IntegerInput, stimuli: Iterable[Stimulus]) -> tuple[Float, Float]:
    """Returns (units,) lowest and highest current that the host's spikes hold, at drives up to those of `stimuli`.

    The encoder keeps an unfiltered drive within half a quantum. A filtered one it sends with less than half a quantum
    carried over, which the filter turns into one quantum at most, and truncation takes less than 1 LSB a tick.
    """
    rule, population = network.rule, network.population(entry.target)
    completed = [started(stimulus, [entry], network.tick_s) for stimulus in stimuli]
    driven = [stimulus.on_ticks(network.tick_s, entry.name) for stimulus in completed]
    wanted = [
        driven_by(drive.values[entry.name], entry.lsb_per_input) for drive in driven
    ]  # each (batch, segments, units)
    low = np.min([np.zeros(population.units), *(drive.min(axis=(0, 1)) for drive in wanted)], axis=0)
    high = np.max([np.zeros(population.units), *(drive.max(axis=(0, 1)) for drive in wanted)], axis=0)
    quantum = (1 if entry.payload_bits else 2) << (entry.exponent + rule.weight_shift)
    spare = quantum + rule.remembered_ticks(population.decay_u) if entry.filtered else quantum / 2
    reached = row_counts(entry.lsb_per_input) > 0
    return np.where(reached, low - spare, 0.0), np.where(reached, high + spare, 0.0)


def _carried(network: IntegerNetwork, entry: IntegerInput) -> int:
    """The largest sum, mantissas << exponent, that one unit's axons of an input bring in a tick, of either sign."""
    negative = -int(entry.axon_mantissa[entry.axon_mantissa < 0].sum())
    return max(largest_value(entry), negative) << entry.exponent


def _headroom(network: IntegerNetwork, population: IntegerPopulation, cases: tuple[_Case, ...]) -> Headroom:
    """The first case that proves the population, or the last, which does not."""
    rule = network.rule
    proves = [case for case in cases if case.bounds[population.name].fits(rule.largest_voltage)]
    case = proves[0] if proves else cases[-1]
    bound = case.bounds[population.name]
    return Headroom(
        population=population.name,
        proved=case.assumed if proves else "no",
        current=Register(
            low=int(bound.current_low.min()),
            high=int(bound.current_high.max()),
            limit=rule.half_current - 1,
        ),
        voltage=Register(
            low=int(bound.voltage_low.min()), high=int(bound.voltage_high.max()), limit=rule.largest_voltage
        ),
        input_sum=Register(low=0, high=int(bound.sum_largest.max()), limit=INT32 - 1),
        firing=int(bound.firing.max()),
        neurons=population.neurons,
        largest_source=_largest_source(network, population, case),
    )


def _largest_source(network: IntegerNetwork, population: IntegerPopulation, case: _Case) -> str:
    """What can add most, in its sign, to the current of the unit whose bound is largest."""
    own, host, rule = case.bounds[population.name], case.host[population.name], network.rule
    excited = int(own.current_high.max()) >= -int(own.current_low.min())
    unit = int(np.argmax(own.current_high) if excited else np.argmin(own.current_low))
    remembered = rule.remembered_ticks(population.decay_u)
    shares = {
        f"projection {p.name}": math.ldexp(
            float(np.maximum(full(p.mantissa[[unit]])[0] * (1 if excited else -1), 0) @ case.bounds[p.source].firing)
            * remembered,
            p.exponent + rule.weight_shift,
        )
        for p in network.into(population.name)
    }
    held, sums = (host.held_high, host.sum_high) if excited else (-host.held_low, -host.sum_low)
    from_host = float(held[unit]) + float(sums[unit]) * remembered * (1 << rule.weight_shift)
    names = [entry.name for entry in network.inputs_into(population.name)]
    shares |= {f"input {' + '.join(names)}": from_host} if names else {}
    largest = max(shares, key=lambda name: shares[name], default="")
    return largest if largest and shares[largest] > 0 else ""
