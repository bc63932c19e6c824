"""Delayed parts of a spike answer as another kernel would, with its gain, and say so where they cannot."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.rate import RateCircuit, RateProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.feedback import NO_KERNEL, Kernel
from neurocmc.passes.relays import Relays
from neurocmc.passes.taps import MOST, TOLERANCE, Response, tapped_error, taps_for
from neurocmc.passes.wires import LEFT, filters_of, taps_suffice, wires_of
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from neurocmc.verification.metrics import nrmse
from tests.made.circuits import driven, integers, matched, population, projection

ONE_TICK = (1.0,)


def test_nothing_stands_in_for_what_a_neuron_has() -> None:
    own = Response(0.9, 1)
    assert taps_for(ONE_TICK, own, own, 62) == ()
    assert [(tap.delay_ticks, tap.share) for tap in taps_for((0.75, 0.25), own, own, 62)] == [(0, 0.75), (1, 0.25)]


@given(keep=st.floats(0.3, 0.93), length=st.integers(1, 12))
def test_second_order_kernels_are_answered_to_the_tolerance(keep: float, length: int) -> None:
    heights = 1.0 - np.arange(length) / length
    kernel, wanted, own = tuple(heights / heights.sum()), Response(keep, 2), Response(keep, 1)
    taps = taps_for(kernel, wanted, own, 62)
    late = [tap.delay_ticks for tap in taps]
    assert late == sorted(set(late))
    assert sum(tap.share for tap in taps) == pytest.approx(1.0, abs=1e-9)
    assert all(tap.share > 0 for tap in taps)
    assert len(taps) <= MOST
    assert tapped_error(kernel, wanted, own, taps) <= (1.1 * TOLERANCE if length == 1 else LEFT)


def test_a_response_is_that_of_the_rate_circuit() -> None:
    """The impulse of either order is what one spike leaves in the filters of the rate interpreter, tick by tick."""
    keep = 0.8
    first = second = 0.0
    arrives = 1.0
    for wanted in Response(keep, 2).impulse(20):
        second = keep * second + (1 - keep) * first
        first = keep * first + (1 - keep) * arrives
        arrives = 0.0
        assert wanted == pytest.approx(second)
    assert Response(keep, 1).impulse(3) == pytest.approx([0.2, 0.16, 0.128])


def two_populations(size: int, *projections: RateProjection) -> RateCircuit:
    """Units that hear others which are driven."""
    return replace(
        driven(population("a", size)),
        populations=(population("a", size), population("b", size)),
        projections=projections,
    )


def steps(*levels: list[float]) -> Stimulus:
    """One trial of levels of 100 ms each."""
    edges = 0.1 * np.arange(len(levels))
    drive = {"drive": np.array([levels])}
    return Stimulus(name="steps", duration_s=0.1 * len(levels), edges_s=edges, values=drive, labels=[-1])


def chain() -> tuple[RateCircuit, Stimulus]:
    circuit = two_populations(2, projection("a", "b", [[0.8, 0.2], [0.0, 0.6]], 0.01, order=2))
    return circuit, steps([0.0, 0.0], [0.9, 0.4], [0.2, 0.8], [0.0, 0.3])


@pytest.mark.parametrize("code", ["threshold", "feedback"])
def test_a_second_order_kernel_needs_no_relay(code: str) -> None:
    circuit, stimulus = chain()
    target = load_target("loihi1")
    assert len(Relays().run(circuit, target).populations) == 3
    network = integers(circuit, stimulus, target, 32, code=code)
    assert {p.name for p in network.populations} == {"a", "b"}
    assert len({p.delay_ticks for p in network.projections if p.name.startswith("a->b")}) >= 4
    error = nrmse(simulate_rate(circuit, stimulus).activity, simulate_emulator(network, stimulus).activity)
    assert error["b"] < 0.02


def test_brian2_has_the_kernel_itself() -> None:
    circuit, stimulus = chain()
    network = matched(circuit, stimulus, load_target("brian2"), 64)
    assert all(p.order == 2 and not p.taps for p in network.projections)
    error = nrmse(simulate_rate(circuit, stimulus).activity, simulate_brian2(network, stimulus).activity)
    assert error["b"] < 0.02


def test_parts_of_a_weight_add_up_to_it() -> None:
    circuit, stimulus = chain()
    network = integers(circuit, stimulus, load_target("loihi1"), 32)
    parts = [p for p in network.projections if p.name.startswith("a->b")]
    assert [p.refines for p in parts] == ["", *["a->b"] * (len(parts) - 1)]
    assert len({p.exponent for p in parts}) == 1
    whole = sum(p.realised_gain for p in parts)
    step = parts[0].realised_gain.max() / parts[0].mantissa.max()
    assert np.abs(whole - parts[0].wanted_gain).max() <= 0.51 * step
    assert parts[0].wanted_gain == pytest.approx(circuit.projections[0].weight, rel=2e-3)


def test_a_filter_that_taps_do_not_reach_is_refused() -> None:
    circuit = two_populations(
        1, projection("a", "b", [[0.5]], 0.2), projection("a", "b", [[0.5]], 0.005, name="fast")
    )
    target = load_target("loihi1")
    assert filters_of(circuit)["b"] == 0.005
    assert not taps_suffice(circuit, target)
    with pytest.raises(InfeasibleError) as refused:
        matched(circuit, steps([0.0], [0.8]), target)
    (problem,) = refused.value.problems
    assert problem.id == "taps-too-far-off"
    assert f"limit {100 * LEFT:g} %" in problem.what
    assert problem.cure == "use relays (--second-order relays)"


def test_targets_with_a_filter_for_each_projection_need_no_taps() -> None:
    circuit, _ = chain()
    kernels = {population.name: Kernel(NO_KERNEL) for population in circuit.populations}
    assert taps_suffice(circuit, load_target("brian2"))
    assert not taps_suffice(circuit, load_target("truenorth"))
    assert all(not wire.taps for wire in wires_of(circuit, load_target("brian2"), kernels))
