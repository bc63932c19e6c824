"""Every verifier finds every fault, and all faults at once; what a level holds cannot be changed."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from neurocmc.common.errors import Problem
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit, RateInput, Readout
from neurocmc.ir.spiking import SpikingNetwork
from tests.made import levels

Level = RateCircuit | SpikingNetwork | IntegerNetwork | ChipProgram


def first(level: Any, field: str, **changes: Any) -> Any:
    """The level with its first population, projection, input or readout changed."""
    head, *rest = getattr(level, field)
    return replace(level, **{field: (replace(head, **changes), *rest)})


RATE_FAULTS: dict[str, Callable[[RateCircuit], RateCircuit]] = {
    "circuit: dt is 0.0 s": lambda c: replace(c, dt_s=0.0),
    "circuit: dt is nan s": lambda c: replace(c, dt_s=float("nan")),
    "circuit: it has no population": lambda c: replace(c, populations=(), projections=(), inputs=(), readouts=()),
    "population excite: the name occurs 2 times": lambda c: replace(
        c, populations=(*c.populations, c.populations[0])
    ),
    "projection excite->excite: the name occurs 2": lambda c: replace(
        c, projections=(*c.projections, c.projections[0])
    ),
    "input drive: the name occurs 2 times": lambda c: replace(c, inputs=(*c.inputs, c.inputs[0])),
    "readout winner: the name occurs 2 times": lambda c: replace(c, readouts=(*c.readouts, c.readouts[0])),
    "population excite: gain is not finite at unit 2": lambda c: first(c, "populations", gain=[1, 1, np.nan, 1]),
    "population excite: offset is not finite at unit 0": lambda c: first(c, "populations", offset=[np.inf, 1, 1, 1]),
    "population excite: bias is not finite at unit 3": lambda c: first(c, "populations", bias=[0, 1, 1, -np.inf]),
    "population excite: gain is not above 0": lambda c: first(c, "populations", gain=[1, 0, 1, 1]),
    "population excite: saturation is 0": lambda c: first(c, "populations", saturation=0.0),
    "population excite: a sigmoid needs a finite": lambda c: first(c, "populations", transfer="sigmoid"),
    "population excite: trace tau is -1": lambda c: first(c, "populations", trace_tau_s=-1.0),
    "projection excite->excite: target population 'x' does not": lambda c: first(c, "projections", target="x"),
    "projection excite->excite: source population 'x' does not": lambda c: first(c, "projections", source="x"),
    "projection excite->excite: weight has shape (4, 3), but source excite has 4": lambda c: first(
        c, "projections", weight=np.ones((4, 3))
    ),
    "projection excite->excite: weight[1, 2] is nan": lambda c: first(
        c, "projections", weight=np.where(np.arange(16).reshape(4, 4) == 6, np.nan, 0.0)
    ),
    "circuit: dt is 1e-300, numbers of a circuit lie within 1e-12 to 1e+12": lambda c: replace(c, dt_s=1e-300),
    "population excite: gain is 9e+18, numbers": lambda c: first(c, "populations", gain=[1, 1, 9e18, 1]),
    "population excite: gain is 1e-13, numbers": lambda c: first(c, "populations", gain=[1, 1, 1e-13, 1]),
    "population excite: saturation is 1e+300": lambda c: first(c, "populations", saturation=1e300),
    "population excite: bias is -1e+13": lambda c: first(c, "populations", bias=[0, -1e13, 0, 0]),
    "projection excite->excite: weight is 1e+300": lambda c: first(c, "projections", weight=np.full((4, 4), 1e300)),
    "projection excite->excite: DC gain is 1e+300": lambda c: first(c, "projections", dc_gain=1e300),
    "input drive: tau is 1e-300": lambda c: first(c, "inputs", tau_s=1e-300),
    "projection excite->excite: tau is -0.01 s": lambda c: first(c, "projections", tau_s=-0.01),
    "projection excite->excite: a kernel of order 2 has a tau of 0": lambda c: first(
        c, "projections", tau_s=0.0, order=2
    ),
    "projection excite->excite: DC gain is inf": lambda c: first(c, "projections", dc_gain=np.inf),
    "input drive: tau is -0.1 s": lambda c: first(c, "inputs", tau_s=-0.1),
    "input drive: weight has shape (3, 4)": lambda c: first(c, "inputs", weight=np.ones((3, 4))),
    "readout winner: population 'x' does not exist": lambda c: first(c, "readouts", population="x"),
    "readout winner: 1 labels for 4 units": lambda c: first(c, "readouts", labels=("a",)),
    "readout winner: window is 0.0 s": lambda c: first(c, "readouts", window_s=0.0),
}

SPIKING_FAULTS: dict[str, Callable[[SpikingNetwork], SpikingNetwork]] = {
    "network: tick is 0 s": lambda n: replace(n, tick_s=0),
    "population excite: bias is not finite": lambda n: first(n, "populations", bias=np.full((4, 8), np.nan)),
    "population excite: tau of the membrane is -1": lambda n: first(n, "populations", tau_mem_s=-1.0),
    "population excite: what is observed has a tau of -1": lambda n: first(
        n, "populations", trace=replace(n.populations[0].trace, tau_s=-1.0)
    ),
    "population excite: 2 starts of what is observed for 4 units": lambda n: first(
        n, "populations", trace=replace(n.populations[0].trace, start=np.zeros(2))
    ),
    "input drive: tau is -1.0 s": lambda n: first(n, "inputs", tau_s=-1.0),
    "population excite: v_initial is not finite": lambda n: first(
        n, "populations", v_initial=np.full((4, 8), np.inf)
    ),
    "population excite: current_per_drive is not finite": lambda n: first(
        n, "populations", current_per_drive=np.full(4, np.nan)
    ),
    "population excite: 0 neurons per unit": lambda n: first(
        n, "populations", neurons=0, bias=np.ones((4, 0)), v_initial=np.ones((4, 0))
    ),
    "population excite: activity per spike is 0": lambda n: first(n, "populations", activity_per_spike=0),
    "population excite: the pool is full at activity 0": lambda n: first(
        n, "populations", fit=replace(n.populations[0].fit, ceiling=0.0)
    ),
    "population excite: calibration reaches activity 2, the pool is full at 1": lambda n: first(
        n, "populations", fit=replace(n.populations[0].fit, ceiling=1.0, visited=(0.0, 2.0))
    ),
    "projection excite->excite: weight has shape (4, 3)": lambda n: first(n, "projections", weight=np.ones((4, 3))),
    "projection excite->excite: a weight is not finite": lambda n: first(
        n, "projections", weight=np.full((4, 4), np.inf)
    ),
    "projection excite->excite: tau 0.02 s, delay -1": lambda n: first(n, "projections", delay_ticks=-1),
    "projection excite->excite: tau -0.02 s, delay 0": lambda n: first(n, "projections", tau_s=-0.02),
    "input drive: its own values have rows of 1, 2 numbers": lambda n: first(n, "inputs", start=((1.0,), (0.0, 1.0))),
    "input drive: weight has shape (3, 4)": lambda n: first(n, "inputs", weight=np.ones((3, 4))),
}

INTEGER_FAULTS: dict[str, Callable[[IntegerNetwork], IntegerNetwork]] = {
    "rule: decay_bits is 64": lambda n: replace(n, rule=replace(n.rule, decay_bits=64)),
    "rule: spike_delay_ticks is 0": lambda n: replace(n, rule=replace(n.rule, spike_delay_ticks=0)),
    "network: tick is -1 s": lambda n: replace(n, tick_s=-1),
    "population excite: decay_u is 4096": lambda n: first(n, "populations", decay_u=4096),
    "population excite: decay_v is -1": lambda n: first(n, "populations", decay_v=-1),
    "population excite: threshold 0 is outside": lambda n: first(n, "populations", threshold_mantissa=0),
    "population excite: threshold 8388608 is outside": lambda n: first(n, "populations", threshold_mantissa=1 << 17),
    "projection excite->excite: mantissas have shape (2, 2)": lambda n: first(
        n, "projections", mantissa=np.ones((2, 2)), wanted_gain=np.ones((2, 2)), realised_gain=np.ones((2, 2))
    ),
    "projection excite->excite: mantissas -3..0 in excitatory": lambda n: first(
        n, "projections", mantissa=np.diag([0, 0, 0, -3])
    ),
    "projection excite->excite: mantissas 0..3 in inhibitory": lambda n: first(
        n, "projections", mantissa=np.diag([0, 0, 0, 3]), sign="inhibitory"
    ),
    "projection excite->excite: an odd mantissa in mixed": lambda n: first(
        n, "projections", mantissa=np.eye(4), sign="mixed"
    ),
    "projection excite->excite: delay of -1 ticks": lambda n: first(n, "projections", delay_ticks=-1),
    "input drive: gains have shape (3, 4)": lambda n: first(n, "inputs", lsb_per_input=np.ones((3, 4))),
}

CHIP_FAULTS: dict[str, Callable[[ChipProgram], ChipProgram]] = {
    "population inhibit: its neurons are not each placed": lambda p: replace(p, segments=p.segments[:-1]),
    "population excite: its neurons are not each placed": lambda p: first(p, "segments", start=1),
    "core 0: two segments share a slot": lambda p: first(p, "segments", slot=1),
    "segment of excite: core 1 does not exist": lambda p: first(p, "segments", core=1),
    "segment of x: the network has no such population": lambda p: first(p, "segments", population="x"),
    "axons of excite->excite, excite->inhibit: core 7 does not exist": lambda p: replace(
        p, routes=tuple(replace(r, target_core=7) for r in p.routes)
    ),
    "axons of drive: core 7 does not exist": lambda p: replace(p, lists=tuple(replace(r, core=7) for r in p.lists)),
}

FAULTS = [
    *((levels.rate, text, change) for text, change in RATE_FAULTS.items()),
    *((levels.spiking, text, change) for text, change in SPIKING_FAULTS.items()),
    *((levels.integer, text, change) for text, change in INTEGER_FAULTS.items()),
    *((levels.chip, text, change) for text, change in CHIP_FAULTS.items()),
]


@pytest.mark.parametrize(("level", "text", "change"), FAULTS, ids=[text for _, text, _ in FAULTS])
def test_a_fault_is_found(level: Callable[[], Level], text: str, change: Callable[[Any], Level]) -> None:
    assert level().problems() == ()
    found = [str(problem) for problem in change(level()).problems()]
    assert any(line.startswith(text) for line in found), found


def test_all_faults_are_found_at_once() -> None:
    circuit = levels.rate()
    broken = replace(
        circuit,
        dt_s=-1.0,
        populations=(
            replace(circuit.populations[0], gain=[1, np.nan, 1, 0], saturation=-1.0),
            circuit.populations[1],
        ),
        projections=(replace(circuit.projections[0], source="nobody", tau_s=-1.0),),
        inputs=(RateInput(name="drive", target="excite", weight=np.ones((2, 2)), tau_s=-1.0),),
        readouts=(Readout(name="r", population="excite", kind="winner", labels=("a",), window_s=0.0),),
    )
    found = [problem.where for problem in broken.problems()]
    assert found == [
        "circuit",
        *["population excite"] * 3,
        *["projection excite->excite"] * 2,
        *["input drive"] * 2,
        *["readout r"] * 2,
    ]


def test_a_problem_prints_place_fact_and_cure() -> None:
    assert str(Problem("x-so", "here", "it is so", "do that")) == "here: it is so [x-so]\n    cure: do that"
    for nothing in ("", "  "):
        with pytest.raises(ValueError, match="a Problem needs a cure: here: it is so"):
            Problem("x-so", "here", "it is so", nothing)


def arrays(value: object) -> Iterator[np.ndarray]:
    """All arrays anywhere in a level."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for entry in value:
            yield from arrays(entry)
    elif is_dataclass(value):
        for field in fields(value):
            yield from arrays(getattr(value, field.name))


@pytest.mark.parametrize(
    ("level", "count"), [(levels.rate, 12), (levels.spiking, 21), (levels.integer, 21), (levels.chip, 22)]
)
def test_no_array_of_a_level_can_be_changed(level: Callable[[], Level], count: int) -> None:
    found = list(arrays(level()))
    assert len(found) == count
    for array in found:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_level_keeps_its_own_copy() -> None:
    weight = np.eye(4)
    circuit = first(levels.rate(), "projections", weight=weight)
    weight[0, 0] = 7.0
    assert circuit.projections[0].weight[0, 0] == 1.0


@pytest.mark.parametrize(
    ("level", "field", "changes", "text"),
    [
        (levels.rate, "populations", {"gain": np.ones(3)}, r"gain: shape \(4\) is needed, got \(3,\)"),
        (levels.rate, "projections", {"weight": np.ones(4)}, r"weight: shape \(any, any\) is needed"),
        (levels.spiking, "populations", {"bias": np.ones((4, 9))}, r"bias: shape \(4, 8\) is needed"),
        (levels.integer, "populations", {"bias_mantissa": np.full((4, 8), 0.5)}, "bias_mantissa: whole numbers"),
        (levels.integer, "projections", {"realised_gain": np.ones((4, 3))}, r"realised_gain: shape \(4, 4\)"),
    ],
)
def test_a_wrong_shape_or_type_is_no_level(
    level: Callable[[], Level], field: str, changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        first(level(), field, **changes)
