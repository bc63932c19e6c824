"""Every limit of a chip of neurosynaptic cores, crossed by one: what is said."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.passes.truenorth.registers import network_problems
from tests.made.circuits import steps, swta
from tests.made.targets import truenorth

from .test_truenorth import limits, on_cores

# field -> the value that is one beyond the chip, and what is said
BEYOND: dict[str, tuple[str, int, str]] = {
    "weight_bits": ("weight", 256, "weight of type 0 is 256: the signed register of 9 bits holds -256 to 255"),
    "leak_bits": ("leak", -257, "leak is -257: the signed register of 9 bits holds -256 to 255"),
    "threshold_bits": ("threshold", 1 << 18, "threshold is 262,144: the register of 18 bits holds 0 to 262,143"),
    "floor_bits": ("floor", 1 << 18, "floor is 262,144: the register of 18 bits holds 0 to 262,143"),
    "noise_mask_bits": ("noise_mask", 256, "noise_mask is 256: the register of 8 bits holds 0 to 255"),
    "delay_ticks_max": ("delay", 16, "delay is 16: a spike takes at most 15 ticks"),
}


@pytest.fixture(scope="module")
def small() -> CoreProgram:
    return on_cores(swta(2), replace(steps(), values={"drive": steps().values["drive"][:, :, :2]}), truenorth())


@pytest.mark.parametrize("field", BEYOND)
def test_a_register_is_crossed_by_one(field: str, small: CoreProgram) -> None:
    name, value, says = BEYOND[field]
    values = getattr(small.network, name).astype(np.int64).copy()
    values[(1, 7) if values.ndim == 2 else (1, 7, 0)] = value
    network = replace(small.network, **{name: values})
    told = [str(problem) for problem in network_problems(network, limits())]
    assert len(told) == 1
    assert told[0].startswith(f"core 1, neuron 7: {says}")
    inside = replace(small.network, **{name: np.where(values == value, value - np.sign(value), values)})
    assert not list(network_problems(inside, limits()))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("axons_per_core", 255, "network swta: 256 axons a core, limit 255"),
        ("neurons_per_core", 255, "network swta: 256 neurons a core, limit 255"),
        ("axon_types", 3, "network swta: 4 axon types a core, limit 3"),
        ("potential_bits", 19, "network swta: potentials of 20 bits, limit 19"),
        ("grid_columns", 1, "placed at (1, 1), the grid is 1 x 64"),
        ("reach_cores", 0, "its spikes go 1 cores far, limit 0"),
        ("stochastic", False, "noise_mask is 255: the chip draws no random numbers"),
        ("reset_modes", (0, 1), "reset_mode is 2: the chip has modes 0, 1"),
        ("floor_saturates", False, "floor_saturates is true: the chip resets a potential below its floor"),
    ],
)
def test_a_smaller_chip_refuses_by_the_limit(field: str, value: Any, says: str, small: CoreProgram) -> None:
    told = "\n".join(str(problem) for problem in network_problems(small.network, truenorth(**{field: value}).limits))
    assert says in told


def test_modes_that_a_chip_lacks_are_refused(small: CoreProgram) -> None:
    shape = small.network.leak.shape
    for field, value, says in (
        ("leak_reversal", np.ones(shape, dtype=np.bool_), "leak_reversal is true: the chip's leak has one sign"),
        (
            "stochastic_leak",
            np.ones(shape, dtype=np.bool_),
            "stochastic_leak is true: the chip draws no random numbers",
        ),
    ):
        network = replace(small.network, **{field: value})
        plain = truenorth(leak_reversal=False, stochastic=False)
        assert says in "\n".join(str(problem) for problem in network_problems(network, plain.limits))
