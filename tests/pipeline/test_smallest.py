"""--max-error: pools too small for the chip's weights do not end the search, pools too large do."""

import numpy as np

from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.search.smallest import choose_neurons
from neurocmc.targets import load_target
from tests.made.circuits import population, projection, steps, swta


def balanced(weight: float) -> tuple[RateCircuit, Stimulus]:
    """Strong excitation and nearly as strong inhibition on one unit: one spike of few neurons weighs a great deal."""
    circuit = RateCircuit(
        name="balanced",
        dt_s=0.001,
        populations=(population("plus", 1), population("minus", 1), population("sum", 1)),
        projections=(
            projection("plus", "sum", [[weight]], 0.002),
            projection("minus", "sum", [[0.5 - weight]], 0.002),
        ),
        inputs=(
            RateInput(name="drive", target="plus", weight=np.eye(1)),
            RateInput(name="same", target="minus", weight=np.eye(1)),
        ),
        readouts=(),
        origin_sha256="",
    )
    values = np.array([[[0.0], [0.5]]])
    stimulus = Stimulus(
        name="step", duration_s=0.2, edges_s=[0.0, 0.05], values={"drive": values, "same": values}, labels=[-1]
    )
    return circuit, stimulus


def test_larger_pools_are_tried_after_those_whose_weights_do_not_fit() -> None:
    circuit, stimulus = balanced(100.0)
    choice = choose_neurons(circuit, (stimulus,), load_target("loihi1"), CompileOptions(max_error=0.5))
    assert choice.tried[0].error is None
    assert "weights are beyond the largest mantissa" in choice.tried[0].worst
    assert choice.options.neurons == choice.tried[-1].neurons > 8
    assert choice.reason.startswith(f"{choice.options.neurons} neurons per unit: the smallest size tried")


def test_the_feedback_code_is_tried_with_fewer_neurons() -> None:
    options = CompileOptions(max_error=0.05, code="feedback")
    choice = choose_neurons(swta(), (steps(),), load_target("loihi1"), options)
    assert choice.tried[0].neurons == 2
    assert choice.options.pool < 8
    assert choice.options.code == "feedback"
