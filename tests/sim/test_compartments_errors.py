"""What a hand-made network or its input can have wrong: all of it told at once, each with place, fact and cure."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from syrupy.assertion import SnapshotAssertion

from neurocmc import CompartmentNetwork, InputEvents, SynapseGroup, run_compartments
from neurocmc.common.errors import InputError
from neurocmc.ir.loihi.network import StepRule
from neurocmc.sim.loihi.compartments.network import LOIHI_RULE

GOOD: dict[str, Any] = {"decay_u": 100, "decay_v": 0, "threshold": 100, "compartments": 3}


def network(**changes: Any) -> CompartmentNetwork:
    return CompartmentNetwork.from_arrays(**(GOOD | changes))


def group(**changes: Any) -> SynapseGroup:
    fields: dict[str, Any] = {"source": [0, 1], "target": [1, 2], "mantissa": [2, 4], "delay_ticks": [0, 0]}
    return SynapseGroup(**(fields | changes))


def events(**changes: Any) -> InputEvents:
    fields: dict[str, Any] = {"trial": [0], "tick": [0], "compartment": [0], "value": [1]}
    return InputEvents(**(fields | changes))


def rule(**changes: int) -> StepRule:
    fields = {name: getattr(LOIHI_RULE, name) for name in StepRule.__dataclass_fields__}
    return StepRule(**(fields | changes))


WRONG: dict[str, Callable[[], object]] = {
    "everything at once": lambda: network(
        weights=[[0, 1, 2], [0.5, 0, 1], [0, 0, 0]],
        weight_exponent=8,
        sign="both",
        delay_ticks=63,
        decay_u=[0, 4096, 5000],
        decay_v=float("nan"),
        threshold=-1,
        bias=[1, 2],
        bias_exponent="large",
        u_initial=1 << 23 | 1,
        v_initial=1 << 23,
        refractory_ticks=0,
    ),
    "registers one above": lambda: network(
        decay_u=4096,
        decay_v=4096,
        threshold=1 << 17,
        bias=4096,
        bias_exponent=8,
        u_initial=(1 << 23) + 1,
        v_initial=1 << 23,
        refractory_ticks=64,
    ),
    "registers one below": lambda: network(
        decay_u=-1,
        decay_v=-1,
        threshold=-1,
        bias=-4097,
        bias_exponent=-8,
        u_initial=-(1 << 23),
        v_initial=-(1 << 23),
        refractory_ticks=0,
    ),
    "nine bits without a sign": lambda: SynapseGroup.from_matrix(np.eye(2), sign="excitatory", weight_bits=9),
    "ten bits": lambda: SynapseGroup.from_matrix(np.eye(2), weight_bits=10),
    "no bits": lambda: SynapseGroup.from_matrix(np.eye(2), weight_bits=0),
    "exponent -9": lambda: SynapseGroup.from_matrix(np.eye(2), exponent=-9),
    "delay of one synapse": lambda: SynapseGroup.from_matrix(np.eye(2), delay_ticks=[[0, 0], [0, 63]]),
    "delays of another shape": lambda: SynapseGroup.from_matrix(np.eye(2), delay_ticks=[[0, 1]]),
    "a vector of weights": lambda: SynapseGroup.from_matrix([1, 2]),
    "sparse weights with a fraction": lambda: SynapseGroup.from_matrix(sparse.csr_matrix([[0, 0.5], [1, 0]])),
    "weights that are not square": lambda: network(weights=np.ones((2, 3)), compartments=None),
    "ragged weights": lambda: network(weights=[[1, 2], [3]]),
    "no size": lambda: network(compartments=None),
    "no compartments": lambda: network(compartments=0),
    "a mantissa out of its sign mode": lambda: group(sign="inhibitory"),
    "a mantissa out of range": lambda: group(mantissa=[256, 0]),
    "arrays of different lengths": lambda: group(target=[1], delay_ticks=[0, 63]),
    "synapses out of the network": lambda: network(synapses=(group(), group(source=[3, 0], target=[-0, 9]))),
    "a rule of another machine": lambda: network(rule=rule(decay_bits=32, current_bits=32, spike_delay_ticks=0)),
    "inputs of another size": lambda: run_compartments(network(), np.zeros((5, 4))),
    "inputs that are not whole": lambda: run_compartments(network(), np.full((5, 3), 0.5)),
    "no ticks": lambda: run_compartments(network()),
    "two numbers of ticks": lambda: run_compartments(network(), np.zeros((5, 3)), ticks=6),
    "two sizes of batch": lambda: run_compartments(
        network(), np.zeros((2, 5, 3)), batch=3, u_initial=np.zeros((4, 3))
    ),
    "negative ticks": lambda: run_compartments(network(), ticks=-1),
    "an empty batch": lambda: run_compartments(network(), ticks=1, batch=0),
    "unknown recording": lambda: run_compartments(network(), ticks=1, record=("spikes", "current")),  # type: ignore[arg-type]
    "start voltages out of range": lambda: run_compartments(network(), ticks=1, v_initial=[[0, 1 << 23, 0]]),
    "start currents of another shape": lambda: run_compartments(network(), ticks=1, u_initial=[[0, 1]]),
    "events out of the run": lambda: run_compartments(
        network(), events(trial=[2], tick=[9], compartment=[3]), ticks=9, batch=2
    ),
    "events of different lengths": lambda: events(tick=[0, 1]),
    "no threads": lambda: run_compartments(network(), ticks=1, threads=0),
    "voltages that were not recorded": lambda: run_compartments(network(), ticks=1).v,
    "counts that were not recorded": lambda: run_compartments(network(), ticks=1, record=()).raster(),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told(name: str, snapshot: SnapshotAssertion) -> None:
    with pytest.raises(InputError) as caught:
        WRONG[name]()
    assert all(problem.cure for problem in caught.value.problems)
    assert str(caught.value) == snapshot


def test_the_ends_of_every_range_are_inside() -> None:
    low = network(
        decay_u=0,
        decay_v=0,
        threshold=0,
        bias=-4096,
        bias_exponent=-7,
        u_initial=1 - (1 << 23),
        v_initial=1 - (1 << 23),
        refractory_ticks=1,
    )
    high = network(
        decay_u=4095,
        decay_v=4095,
        threshold=(1 << 17) - 1,
        bias=4095,
        bias_exponent=7,
        u_initial=1 << 23,
        v_initial=(1 << 23) - 1,
        refractory_ticks=63,
    )
    assert low.compartments == high.compartments == 3
    assert group(mantissa=[-256, 255], delay_ticks=[0, 62], exponent=-8).exponent == -8
    assert group(mantissa=[0, 255], sign="excitatory", exponent=7).exponent == 7


def test_arrays_cannot_be_changed_behind_ones_back() -> None:
    decay = np.array([1, 2, 3])
    made = network(decay_u=decay)
    decay[0] = 9
    assert made.decay_u.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        made.decay_u[0] = 5
    run = run_compartments(made, ticks=2, record=("u",))
    with pytest.raises(ValueError, match="read-only"):
        run.u[0] = 5
