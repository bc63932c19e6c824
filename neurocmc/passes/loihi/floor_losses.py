"""Gives back what right shifts of sums take.

A negative weight exponent shifts each tick's sum right and rounds it down. A sum shifted right by s loses
(1 - 2^-s)/2 of a unit of weight in the mean, in every tick with spikes, and one of even mantissas (mixed signs)
1/2 - 2^-s. The mean is given back through the bias, as the filter comes to lose it: the current starts as far below
as the bias is raised, and where spikes are late the host holds it there until they arrive.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import FloatMatrix, column_largest, mapped, span_of, total
from neurocmc.ir.loihi.network import IntegerInput, IntegerPopulation, IntegerProjection, StepRule
from neurocmc.passes.loihi.input_axons import axon_mantissas, quantum_of
from neurocmc.targets import LoihiLimits, SignMode

LATE_TICKS = 2  # of a delay, from which the host helps; for less it is not worth an axon


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorLoss:
    """What one population loses in every tick, by the delay of what arrives, and what of it is given back."""

    lsb_by_delay: tuple[tuple[int, float], ...]  # a tick, while spikes arrive
    steps: int  # of the bias registers
    rule: StepRule
    highest_bias: int  # mantissa

    @classmethod
    def of(
        cls,
        population: IntegerPopulation,
        projections: Iterable[IntegerProjection],
        limits: LoihiLimits,
        clocks: Container[str] = (),
    ) -> "FloorLoss":
        """Returns the loss of all weight groups that reach a population.

        Where its pools are silent without current, never more than half the way to the first neuron's threshold is
        given back, so that they stay silent; those that a clock gates, of what their thresholds are without its gate.
        """
        arriving = [p for p in projections if p.target == population.name]
        groups: set[tuple[int, int, SignMode]] = {
            (p.exponent, p.delay_ticks, p.sign) for p in arriving if p.exponent < 0
        }
        lost: dict[int, float] = {}
        for exponent, late, sign in sorted(groups):
            a_tick = (0.5 - 2.0**exponent * (1.0 if sign == "mixed" else 0.5)) * (1 << limits.weight_shift)
            lost[late] = lost.get(late, 0.0) + a_tick
        rule = StepRule.of(limits)
        gates = [_sums(p) for p in arriving if p.source in clocks and not population.clock]
        gate = int(span_of(total(gates))[1]) << limits.weight_shift if gates else 0
        threshold = rule.threshold_lsb(population.threshold_mantissa) - gate
        highest_bias = int(population.bias_mantissa.max(initial=0)) << population.bias_exponent
        to_first_spike = threshold * population.decay_v / rule.full_decay - highest_bias
        give_back = sum(lost.values()) / rule.arriving(population.decay_u)
        if to_first_spike >= 0:
            give_back = min(give_back, 0.5 * to_first_spike)
        return cls(
            lsb_by_delay=tuple(sorted(lost.items())),
            steps=round(give_back / (1 << population.bias_exponent)),
            rule=rule,
            highest_bias=(1 << limits.bias_mantissa_bits) - 1,
        )

    def given_back(self, population: IntegerPopulation) -> IntegerPopulation:
        """Returns the population with its biases raised, and its currents starting as far below."""
        # The filter has lost nothing before the first tick and comes to its loss as it forgets where it began.
        keep = self.rule.pole(population.decay_u)
        ahead = round((self.steps << population.bias_exponent) / keep) if keep > 0 else 0
        return replace(
            population,
            bias_mantissa=np.minimum(population.bias_mantissa + self.steps, self.highest_bias),
            u_initial=np.maximum(population.u_initial - ahead, 1 - self.rule.half_current),
        )

    def course(self, population: IntegerPopulation) -> Float:
        """Returns (ticks,) LSB of a drive, behind the filter, for what late spikes have not lost yet, if any are."""
        last = max((late for late, _ in self.lsb_by_delay), default=0)
        if last < LATE_TICKS or not self.steps:
            return np.zeros(0)
        given = self.steps << population.bias_exponent
        whole = sum(lost for _, lost in self.lsb_by_delay)
        late = [sum(lost for ticks, lost in self.lsb_by_delay if ticks > tick) for tick in range(last)]
        return -given / whole * np.array(late)


def held_back(
    losses: Iterable[tuple[IntegerPopulation, FloorLoss]], inputs: Sequence[IntegerInput], limits: LoihiLimits
) -> tuple[IntegerInput, ...]:
    """Returns the inputs, with what the host holds of late spikes' losses: of its starts if it has some anyway."""
    found = list(inputs)
    for population, loss in losses:
        course = loss.course(population)
        if not course.size:
            continue
        start = next((k for k, e in enumerate(found) if e.start and e.filtered and e.target == population.name), None)
        if start is None:
            found.append(_own_input(population, course, limits))
        else:
            found[start] = _with_course(found[start], course)
    return tuple(found)


def _sums(projection: IntegerProjection) -> FloatMatrix:
    """Mantissas << exponent."""
    return mapped(projection.mantissa, lambda mantissa: np.ldexp(mantissa, projection.exponent))


def _with_course(entry: IntegerInput, course: Float) -> IntegerInput:
    """The input of a start, one channel a unit or all of its copies, that holds the course as well."""
    rows = np.zeros((max(len(entry.start), course.size), entry.lsb_per_input.shape[1]))
    rows[: len(entry.start)] += entry.start
    rows[: course.size] += course[:, None] / column_largest(entry.lsb_per_input)
    return replace(entry, start=tuple(tuple(row) for row in rows.tolist()))


def _own_input(population: IntegerPopulation, course: Float, limits: LoihiLimits) -> IntegerInput:
    arriving = StepRule.of(limits).arriving(population.decay_u)
    exponent, largest_value = quantum_of(population, arriving * float(np.abs(course).max()), limits)
    return IntegerInput(
        name=f"{population.name}.floors",
        target=population.name,
        axon_mantissa=axon_mantissas(largest_value, limits),
        exponent=exponent,
        payload_bits=limits.spike_payload_bits,
        lsb_per_input=np.ones((population.units, 1)),
        filtered=True,
        start=tuple((value,) for value in course.tolist()),
    )
