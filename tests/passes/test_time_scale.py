"""TimeScale: the tick is the step of a circuit defined in steps, and fine enough for a continuous one."""

import re
from dataclasses import replace

import numpy as np
import pytest

from neurocmc.common.errors import InfeasibleError, InputError
from neurocmc.passes.time_scale import FASTEST_LOSS, TimeScale
from neurocmc.targets import load_target
from tests.made.circuits import swta

LOIHI = load_target("loihi1")


def continuous(dt_s: float, *taus_s: float) -> object:
    circuit = swta()
    projections = tuple(replace(p, tau_s=tau_s) for p, tau_s in zip(circuit.projections, taus_s, strict=True))
    return replace(circuit, dt_s=dt_s, projections=projections, continuous=True)


def test_a_circuit_of_steps_keeps_its_step() -> None:
    circuit = swta()
    assert TimeScale().run(circuit, LOIHI) is circuit
    assert TimeScale(0.001).run(circuit, LOIHI) is circuit


def test_a_continuous_circuit_is_refined_as_far_as_its_fastest_filter_needs() -> None:
    circuit = continuous(0.01, 0.02, 0.02, 0.05)
    tick_s = TimeScale().run(circuit, LOIHI).dt_s
    parts = round(0.01 / tick_s)
    assert tick_s == pytest.approx(0.01 / parts)
    assert 1 - np.exp(-tick_s / 0.02) <= FASTEST_LOSS < 1 - np.exp(-0.01 / (parts - 1) / 0.02)


def test_a_given_tick_divides_the_step() -> None:
    assert TimeScale(0.00025).run(swta(), LOIHI).dt_s == 0.00025


@pytest.mark.parametrize(
    ("tick_s", "words"),
    [
        (0.0, "0 ms is not a time"),
        (-0.001, "-1 ms is not a time"),
        (float("nan"), "nan ms is not a time"),
        (float("inf"), "inf ms is not a time"),
        (1e-9, "1e-06 ms makes more than 10,000 ticks of the circuit's step of 1 ms"),
        (
            0.0007,
            "0.7 ms does not divide the circuit's step of 1 ms [tick-unfit]"
            "\n    cure: give 1, or another part of the step",
        ),
        (
            0.002,
            "2 ms does not divide the circuit's step of 1 ms [tick-unfit]"
            "\n    cure: give 1, or another part of the step",
        ),
    ],
)
def test_a_tick_that_is_no_part_of_the_step_is_refused(tick_s: float, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"--tick-ms: {words}")):
        TimeScale(tick_s).run(swta(), LOIHI)


def test_filters_too_far_apart_for_the_grid() -> None:
    circuit = continuous(0.001, 0.0005, 0.02, 3.0)
    with pytest.raises(InfeasibleError) as caught:
        TimeScale().run(circuit, LOIHI)
    assert str(caught.value) == (
        "circuit swta: its filters span 0.5 ms (projection excite->excite) to 3e+03 ms (projection inhibit->excite): "
        "of 1 to 64 ticks a step of 1 ms none is fine enough for the fastest (a loss of at most 10 % a tick) and "
        "holds every decay within 1 % on loihi1 [time-constants-too-far-apart]\n"
        "    cure: train with time constants closer together, or choose the tick yourself (--tick-ms)"
    )
    assert TimeScale().run(circuit, load_target("brian2")).dt_s < 0.001
