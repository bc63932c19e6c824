"""Integer networks of any shape for tests of placing and routing, and chips with other limits."""

from typing import Any

import numpy as np
import pytest

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.chip import RESOURCES, ChipProgram
from neurocmc.ir.loihi.network import (
    IntegerInput,
    IntegerNetwork,
    IntegerPopulation,
    IntegerProjection,
    RoundingLoss,
)
from neurocmc.ir.trace import Trace
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.route import Route
from neurocmc.targets import LoihiTarget
from tests.made.networks import LOIHI_RULE

NO_LOSS = RoundingLoss(largest=0.0, rms=0.0, clipped=0)


def pool(name: str, units: int, neurons: int, **more: Any) -> IntegerPopulation:
    fields: dict[str, Any] = {
        "name": name,
        "units": units,
        "neurons": neurons,
        "decay_u": 199,
        "decay_v": 4095,
        "threshold_mantissa": 1000,
        "bias_mantissa": np.zeros((units, neurons)),
        "bias_exponent": 7,
        "u_initial": np.zeros(units),
        "v_initial": np.zeros((units, neurons)),
        "lsb_per_drive": np.ones(units),
        "activity_per_spike": 0.01,
        "trace": Trace.at_rest(0.02, units),
        "wanted_pole": 0.95,
        "bias_loss": NO_LOSS,
    }
    return IntegerPopulation(**{**fields, **more})


def wire(source: IntegerPopulation, target: IntegerPopulation, **more: Any) -> IntegerProjection:
    """An all-to-all projection."""
    shape = (target.units, source.units)
    fields: dict[str, Any] = {
        "name": f"{source.name}->{target.name}",
        "source": source.name,
        "target": target.name,
        "mantissa": np.ones(shape),
        "exponent": 0,
        "sign": "excitatory",
        "delay_ticks": 0,
        "wanted_gain": np.ones(shape),
        "realised_gain": np.ones(shape),
        "loss": NO_LOSS,
    }
    return IntegerProjection(**{**fields, **more})


def drive(target: IntegerPopulation, axons: int) -> IntegerInput:
    return IntegerInput(
        name="drive",
        target=target.name,
        axon_mantissa=np.full(axons, 2),
        exponent=0,
        payload_bits=0,
        lsb_per_input=np.eye(target.units),
        filtered=True,
    )


def network_of(
    populations: list[IntegerPopulation], projections: list[IntegerProjection], inputs: tuple[IntegerInput, ...] = ()
) -> IntegerNetwork:
    network = IntegerNetwork(
        name="made",
        tick_s=0.001,
        rule=LOIHI_RULE,
        populations=tuple(populations),
        projections=tuple(projections),
        inputs=inputs,
        readouts=(),
    )
    assert network.problems() == ()
    return network


def built(network: IntegerNetwork, target: LoihiTarget) -> ChipProgram:
    program = Route().run(network, Place().run(network, target), target)
    assert program.problems() == ()
    return program


def used(program: ChipProgram, resource: str) -> list[int]:
    return program.use[:, RESOURCES.index(resource)].tolist()


def refusal(network: IntegerNetwork, target: LoihiTarget) -> str:
    with pytest.raises(InfeasibleError) as caught:
        built(network, target)
    return str(caught.value)
