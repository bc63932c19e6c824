"""Checks what Lava 0.10.0's fixed-point models can hold, so that a program is refused rather than silently clipped.

Lava checks almost nothing: it clips weights to their sign mode's range, truncates odd mixed mantissas, and lets
biases wrap in 16 bits. The ranges are those of lava/proc/lif/models.py (PyLifModelBitAcc), lava/proc/sparse/models.py
and lava/utils/weightutils.py. They describe the oracle's registers, not a chip's: a chip's limits are in targets/.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InfeasibleError, Problem, raise_infeasible
from neurocmc.common.matrices import values
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork, IntegerPopulation, StepRule
from neurocmc.targets import SignMode

MANTISSA_RANGE: dict[SignMode, tuple[int, int]] = {
    "excitatory": (0, 255),
    "inhibitory": (-255, 0),
    "mixed": (-256, 254),
}
BIAS_MANTISSA_RANGE = (-4096, 4095)
LARGEST_EXPONENT = 15  # of a sum or bias: beyond it 32 bits overflow before the 6 of the weight shift are added
LARGEST_DECAY = 4095
LARGEST_THRESHOLD = 131071
LARGEST_DELAY_TICKS = 63
RULE: dict[str, int] = {
    "spike_delay_ticks": 1,
    "weight_shift": 6,
    "threshold_shift": 6,
    "decay_bits": 12,
    "decay_u_offset": 1,
    "current_bits": 24,
    "voltage_bits": 24,
}


def input_sign(entry: IntegerInput) -> SignMode:
    """Returns the sign mode that holds an input's axon mantissas."""
    if entry.axon_mantissa.min(initial=0) >= 0:
        return "excitatory"
    return "inhibitory" if entry.axon_mantissa.max(initial=0) <= 0 else "mixed"


def check_lava_holds(network: IntegerNetwork) -> None:
    """Raises one InfeasibleError that names every number Lava's models would not hold as it is."""
    problems = tuple(_problems(network))
    if problems:
        raise InfeasibleError(problems)


def check_rule(rule: StepRule) -> None:
    """Raises one InfeasibleError that names every rule of a tick that Lava does not have."""
    raise_infeasible(_rule_problems(rule))


def _problems(network: IntegerNetwork) -> Iterable[Problem]:
    yield from _rule_problems(network.rule)
    for population in network.populations:
        yield from _population_problems(population)
    for projection in network.projections:
        where = f"projection {projection.name}"
        yield from _mantissa_problems(where, values(projection.mantissa), projection.sign)
        yield from _range_problem(where, "delay", projection.delay_ticks, 0, LARGEST_DELAY_TICKS)
        yield from _range_problem(where, "weight exponent", projection.exponent, -LARGEST_EXPONENT, LARGEST_EXPONENT)
    for entry in network.inputs:
        where = f"input {entry.name}"
        yield from _mantissa_problems(where, entry.axon_mantissa, input_sign(entry))
        yield from _range_problem(where, "weight exponent", entry.exponent, 0, LARGEST_EXPONENT)
        if entry.payload_bits and entry.axon_mantissa.tolist() != [1]:
            cure = "use one axon of mantissa 1: the payload is the value"
            yield Problem(
                "lava-cannot-hold", where, f"axon mantissas {entry.axon_mantissa.tolist()} with a payload", cure
            )


def _rule_problems(rule: StepRule) -> Iterator[Problem]:
    for field, value in RULE.items():
        if getattr(rule, field) != value:
            what = f"{field} is {getattr(rule, field)}, Lava's LIF has {value}"
            yield Problem(
                "lava-cannot-hold",
                "step rule",
                what,
                "compile for a target with the arithmetic of Loihi to emit Lava",
            )


def _population_problems(population: IntegerPopulation) -> Iterator[Problem]:
    where = f"population {population.name}"
    yield from _range_problem(where, "decay_u", population.decay_u, 0, LARGEST_DECAY)
    yield from _range_problem(where, "decay_v", population.decay_v, 0, LARGEST_DECAY)
    yield from _range_problem(where, "threshold mantissa", population.threshold_mantissa, 0, LARGEST_THRESHOLD)
    yield from _range_problem(where, "bias exponent", population.bias_exponent, -LARGEST_EXPONENT, LARGEST_EXPONENT)
    for bound in (population.bias_mantissa.min(initial=0), population.bias_mantissa.max(initial=0)):
        yield from _range_problem(where, "bias mantissa", int(bound), *BIAS_MANTISSA_RANGE)


def _mantissa_problems(where: str, mantissa: NDArray[np.int64], sign: SignMode) -> Iterator[Problem]:
    low, high = MANTISSA_RANGE[sign]
    for bound in (mantissa.min(initial=0), mantissa.max(initial=0)):
        yield from _range_problem(where, f"a mantissa in {sign} sign mode", int(bound), low, high)
    if sign == "mixed" and (mantissa % 2).any():
        yield Problem(
            "mantissa-odd", where, "an odd mantissa in mixed sign mode", "round mixed weights to even mantissas"
        )


def _range_problem(where: str, what: str, value: int, low: int, high: int) -> Iterator[Problem]:
    if not low <= value <= high:
        yield Problem(
            "lava-cannot-hold", where, f"{what} is {value}, Lava holds {low} to {high}", "bring it into this range"
        )
