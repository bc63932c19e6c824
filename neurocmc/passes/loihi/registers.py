"""Checks every number of an integer network against the field of the chip that must hold it.

The compiler's own passes put numbers where they fit; this one holds whatever network is to be placed, hand-made ones
too, to the target's widths, so that no chip is handed a number that it would clip, wrap or misread in silence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.matrices import IntMatrix, largest
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork, IntegerPopulation, IntegerProjection
from neurocmc.targets import LoihiLimits, LoihiTarget

_RULE = (
    "spike_delay_ticks",
    "weight_shift",
    "threshold_shift",
    "decay_bits",
    "decay_u_offset",
    "current_bits",
    "voltage_bits",
)


@dataclass(frozen=True)
class Registers:
    """Passes an IntegerNetwork on unchanged, if every number fits its register on the target."""

    name: ClassVar[str] = "registers"

    def run(self, network: IntegerNetwork, target: LoihiTarget) -> IntegerNetwork:
        """Raises InfeasibleError naming population, projection or input, the limit, the value and the cure."""
        limits = target.limits
        raise_infeasible(
            (
                *_rule(network, target),
                *(problem for population in network.populations for problem in _population(population, limits)),
                *(problem for projection in network.projections for problem in _projection(projection, limits)),
                *(problem for entry in network.inputs for problem in _input(entry, limits)),
            )
        )
        return network


def _rule(network: IntegerNetwork, target: LoihiTarget) -> Iterable[Problem]:
    """A network made for a chip that computes in another way."""
    for field in _RULE:
        made_for, has = getattr(network.rule, field), getattr(target.limits, field)
        if made_for != has:
            yield Problem(
                "target-other-arithmetic",
                f"network {network.name}",
                f"made for {field} {made_for}, {target.name} has {has}",
                f"compile it for {target.name}",
            )
    if network.rule.order != target.limits.step_order:
        yield Problem(
            "target-other-arithmetic",
            f"network {network.name}",
            f"a tick in the order {', '.join(network.rule.order)}, {target.name} has "
            f"{', '.join(target.limits.step_order)}",
            f"compile it for {target.name}",
        )


def _population(population: IntegerPopulation, limits: LoihiLimits) -> Iterable[Problem]:
    where = f"population {population.name}"
    highest = (1 << limits.threshold_mantissa_bits) - 1
    if not 1 <= population.threshold_mantissa <= highest:
        yield Problem(
            "register-beyond-target",
            where,
            f"threshold mantissa {population.threshold_mantissa:,}, limit {highest:,}",
            "scale threshold, biases and weights of the population down together",
        )
    highest = (1 << limits.bias_mantissa_bits) - 1
    if (magnitude := _largest(population.bias_mantissa)) > highest:
        yield Problem(
            "register-beyond-target",
            where,
            f"a bias mantissa of magnitude {magnitude:,}, limit {highest:,}",
            "use a larger bias exponent, or scale threshold, biases and weights down together",
        )
    if not 0 <= population.bias_exponent <= limits.bias_exponent_max:
        yield Problem(
            "register-beyond-target",
            where,
            f"bias exponent {population.bias_exponent}, limit 0 to {limits.bias_exponent_max}",
            "scale threshold, biases and weights of the population down together",
        )
    highest = (1 << limits.decay_bits) - 1
    for field in ("decay_u", "decay_v"):
        if not 0 <= (value := getattr(population, field)) <= highest:
            yield Problem(
                "register-beyond-target",
                where,
                f"{field} {value:,}, limit 0 to {highest:,}",
                "use another time constant or tick",
            )
    for field, values, bits in (
        ("start current", population.u_initial, limits.current_bits),
        ("start voltage", population.v_initial, limits.voltage_bits),
    ):
        if (magnitude := _largest(values)) > (highest := (1 << (bits - 1)) - 1):
            yield Problem(
                "register-beyond-target",
                where,
                f"a {field} of magnitude {magnitude:,}, limit {highest:,}",
                "start nearer to 0",
            )


def _projection(projection: IntegerProjection, limits: LoihiLimits) -> Iterable[Problem]:
    where = f"projection {projection.name}"
    mixed = projection.sign == "mixed"
    highest = (1 << limits.weight_mantissa_bits) - (2 if mixed else 1)
    if (magnitude := _largest(projection.mantissa)) > highest:
        yield Problem(
            "register-beyond-target",
            where,
            f"a weight mantissa of magnitude {magnitude}, limit {highest} in {projection.sign} sign mode",
            "use a larger weight exponent, or more neurons (--neurons), so that each spike weighs less",
        )
    low, high = limits.weight_exponent_min, limits.weight_exponent_max
    if not low <= projection.exponent <= high:
        yield Problem(
            "register-beyond-target",
            where,
            f"weight exponent {projection.exponent}, limit {low} to {high}",
            "use more neurons (--neurons), so that each spike weighs less"
            if projection.exponent > high
            else "use fewer neurons (--neurons), so that each spike weighs more",
        )
    if projection.delay_ticks > limits.delay_ticks_max:
        yield Problem(
            "delay-beyond-limit",
            where,
            f"a delay of {projection.delay_ticks} ticks, limit {limits.delay_ticks_max}",
            "shorten the delay, or use a longer tick",
        )


def _input(entry: IntegerInput, limits: LoihiLimits) -> Iterable[Problem]:
    where = f"input {entry.name}"
    if entry.payload_bits > limits.spike_payload_bits:
        yield Problem(
            "register-beyond-target",
            where,
            f"spikes with a payload of {entry.payload_bits} bits, limit {limits.spike_payload_bits}",
            "compile it for a target whose spikes carry one" if not limits.spike_payload_bits else "scale it down",
        )
    highest = (1 << limits.weight_mantissa_bits) - 2
    if (magnitude := _largest(entry.axon_mantissa)) > highest:
        yield Problem(
            "register-beyond-target",
            where,
            f"an axon mantissa of magnitude {magnitude}, limit {highest} in mixed sign mode",
            "use a larger exponent, or more axons",
        )
    # An input's values are shifted without loss, so that its exponent is never negative.
    if not 0 <= entry.exponent <= limits.weight_exponent_max:
        yield Problem(
            "register-beyond-target",
            where,
            f"exponent {entry.exponent}, limit 0 to {limits.weight_exponent_max}",
            "scale the drive down",
        )


def _largest(numbers: IntMatrix) -> int:
    return int(largest(numbers))
