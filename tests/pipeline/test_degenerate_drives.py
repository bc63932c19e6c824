"""Drives without a range: pools that nothing varies compile for every target, and show the activity they have."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurocmc
from neurocmc.common.errors import InfeasibleError, InputError
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection, Readout
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from tests.made.circuits import population, projection

TARGETS = ("loihi1", "truenorth", "ranc", "brian2")
TICKS = 150


def circuit(
    lonely: RatePopulation, projections: tuple[RateProjection, ...] = (), inputs: tuple[RateInput, ...] = ()
) -> RateCircuit:
    """A driven population `a` beside `lonely`, which sees what the projections and inputs bring it."""
    return RateCircuit(
        name="degenerate",
        dt_s=0.001,
        populations=(population("a", 1), lonely),
        projections=projections,
        inputs=(RateInput(name="drive", target="a", weight=np.ones((1, 1))), *inputs),
        readouts=(Readout(name="seen", population="lonely", kind="activity", labels=(), window_s=0.05),),
        origin_sha256="",
    )


def stimulus(**constant: float) -> Stimulus:
    """A step of `drive`, and every other input at one level throughout."""
    step = np.array([0.0, 1.0])[None, :, None]
    return Stimulus(
        name="s",
        duration_s=1e-3 * TICKS,
        edges_s=np.array([0.0, 0.05]),
        values={"drive": step} | {name: np.full((1, 2, 1), value) for name, value in constant.items()},
        labels=np.array([-1]),
    )


def run(lowered: Lowered, shown: Stimulus) -> Recording | None:
    """The chip's emulator; None where the target is no chip."""
    return lowered.built.run(shown) if lowered.built.level == "emulator" else None


def check_constant(lowered: Lowered, shown: Stimulus, target: str) -> None:
    """What stands still stands within half a neuron of where it should; the mean of the last 50 ms."""
    recording = run(lowered, shown)
    if recording is None:
        return
    rates = simulate_rate(lowered.staged, shown).activity["lonely"][0, -50:]
    if np.ptp(rates, axis=0).max() > 1e-3 * rates.max():
        return
    pool = lowered.spiking.population("lonely")
    # Cores round the drive itself: weights of nine bits, and potentials that noise moves.
    rounding = 0.01 if target == "loihi1" else 0.04
    error = np.abs(recording.activity["lonely"][0, -50:].mean(axis=0) - rates.mean(axis=0)).max()
    assert error <= (0.5 / pool.neurons + rounding) * pool.fit.ceiling


CASES = {
    "nothing": ((), (), {}),
    "weight 0": ((projection("a", "lonely", [[0.0]]),), (), {}),
    "two weights of 0": ((projection("a", "lonely", [[0.0]]), projection("lonely", "lonely", [[0.0]])), (), {}),
    "a vanishing weight": ((projection("a", "lonely", [[1e-14]]),), (), {}),
    "an input at 0": ((), (RateInput(name="i", target="lonely", weight=np.ones((1, 1))),), {"i": 0.0}),
    "a filtered input at 0": (
        (),
        (RateInput(name="i", target="lonely", weight=np.ones((1, 1)), tau_s=0.02),),
        {"i": 0.0},
    ),
    "an input of weight 0": ((), (RateInput(name="i", target="lonely", weight=np.zeros((1, 1))),), {"i": 1.0}),
    "a constant input": ((), (RateInput(name="i", target="lonely", weight=np.ones((1, 1))),), {"i": 0.3}),
    "a constant input that inhibits": (
        (),
        (RateInput(name="i", target="lonely", weight=np.ones((1, 1))),),
        {"i": -0.05},
    ),
    "two inputs that cancel": (
        (),
        (
            RateInput(name="i", target="lonely", weight=np.ones((1, 1))),
            RateInput(name="j", target="lonely", weight=-np.ones((1, 1))),
        ),
        {"i": 0.4, "j": 0.4},
    ),
}
LONELY = {
    "relu": population("lonely", 1, bias=0.2),
    "saturated": population("lonely", 1, bias=0.2, saturation=0.1),
    "sigmoid": population("lonely", 1, "sigmoid", saturation=1.0),
    "softplus": population("lonely", 1, "softplus", gain=2.0),
    "linear": population("lonely", 1, "linear", bias=-0.7),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", CASES)
def test_pools_whose_drive_has_no_range_compile(case: str, target: str) -> None:
    projections, inputs, constant = CASES[case]
    shown = stimulus(**constant)
    for lonely in LONELY.values():
        lowered = lower(
            circuit(lonely, projections, inputs),
            (shown,),
            load_target(target),
            CompileOptions(neurons=16),
        )
        check_constant(lowered, shown, target)


def test_one_unit_of_many_that_nothing_drives() -> None:
    """Its neighbours span the population's range; its own activity is its bias."""
    many = population("lonely", 3, bias=(0.2, 0.1, 0.4))
    driven = (RateInput(name="i", target="lonely", weight=[[0.0], [1.0], [0.0]]),)
    shown = stimulus(i=0.3)
    for target in TARGETS:
        lowered = lower(
            circuit(many, inputs=driven),
            (shown,),
            load_target(target),
            CompileOptions(neurons=16),
        )
        check_constant(lowered, shown, target)


@pytest.mark.parametrize("target", ["loihi1", "truenorth", "ranc"])
def test_a_filter_that_stands_still_is_refused(target: str) -> None:
    """Thirty thousand years, the longest a circuit may say: the share of a tick is all but lost in rounding."""
    slow = circuit(population("lonely", 1, bias=0.2), (projection("a", "lonely", [[0.5]], tau_s=1e12),))
    with pytest.raises(InfeasibleError, match=r"lonely.*(slowest decay|keeps 1 of the current a tick)"):
        lower(slow, (stimulus(),), load_target(target), CompileOptions(neurons=4))


def test_a_unit_of_a_billionth_of_its_neighbours_takes_their_scale() -> None:
    """Were its width its own, its gain would be a billion times theirs, and so would the axons of its input."""
    uneven = population("lonely", 2, "linear", bias=(0.7, 1e-12))
    inputs = (RateInput(name="i", target="lonely", weight=[[1.0], [0.0]]),)
    shown = stimulus(i=0.3)
    for target in TARGETS:
        lowered = lower(
            circuit(uneven, inputs=inputs),
            (shown,),
            load_target(target),
            CompileOptions(neurons=8),
        )
        gain = lowered.staged.population("lonely").gain
        assert gain.max() < 10 * gain.min()


def test_a_drive_beyond_all_axons_is_refused_before_they_are_made() -> None:
    """Gains a hundred million apart; further apart, their number would not fit an array."""
    uneven = population("lonely", 2, gain=(1e5, 1e-3), bias=(0.0, 0.2))
    inputs = (RateInput(name="i", target="lonely", weight=[[1e-6], [1.0]]),)
    shown = stimulus(i=1e3)
    with pytest.raises(InfeasibleError, match=r"input i: its largest jump takes \S+ axons a unit, limit 4,096"):
        lower(
            circuit(uneven, inputs=inputs),
            (shown,),
            load_target("loihi1"),
            CompileOptions(neurons=4),
        )


@pytest.mark.parametrize("target", TARGETS)
def test_next_to_nothing_is_silence(target: str) -> None:
    """Scales are divided by the highest activity: of 1e-200 they would leave double precision."""
    faint = circuit(population("lonely", 1, bias=1e-200))
    with pytest.raises(InfeasibleError, match="population lonely: its activity stays below 1e-12 on the calibration"):
        lower(faint, (stimulus(),), load_target(target), CompileOptions(neurons=4))


numbers = st.sampled_from([0.0, 1e-300, 1e-12, 1e-4, 0.05, 0.3, 1.0])
signed = st.builds(lambda size, sign: sign * size, numbers, st.sampled_from([1.0, -1.0]))


@st.composite
def circuits(draw: st.DrawFn) -> tuple[RateCircuit, Stimulus]:
    size = draw(st.integers(1, 2))
    transfer = draw(st.sampled_from(["relu", "sigmoid", "softplus", "linear"]))
    lonely = population(
        "lonely",
        size,
        transfer,
        bias=draw(st.lists(signed, min_size=size, max_size=size)),
        saturation=1.0 if transfer == "sigmoid" else np.inf,
        initial=draw(st.sampled_from([0.0, 0.2])),
    )
    weights = st.lists(signed, min_size=size, max_size=size)
    projections = (projection("a", "lonely", np.array(draw(weights))[:, None]),) if draw(st.booleans()) else ()
    inputs = tuple(
        RateInput(
            name=f"i{index}",
            target="lonely",
            weight=np.array(draw(weights))[:, None],
            tau_s=draw(st.sampled_from([0.0, 0.02])),
        )
        for index in range(draw(st.integers(0, 2)))
    )
    return circuit(lonely, projections, inputs), stimulus(**{entry.name: draw(signed) for entry in inputs})


@settings(max_examples=25)
@given(made=circuits(), neurons=st.sampled_from([1, 2, 5, 8]))
def test_no_drive_ends_in_anything_but_a_program_or_a_refusal(
    made: tuple[RateCircuit, Stimulus], neurons: int
) -> None:
    """Weights and levels of 0, of next to nothing, and of all signs; numbers out of range are warnings, so errors."""
    given_circuit, shown = made
    for target in TARGETS:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            try:
                lowered = lower(
                    given_circuit,
                    (shown,),
                    load_target(target),
                    CompileOptions(neurons=neurons),
                )
                recording = run(lowered, shown)
            except (InputError, InfeasibleError):
                continue
        if recording is not None:
            assert np.isfinite(recording.activity["lonely"]).all()


FILE = """
name: still
dt_ms: 1
form: filter-after
populations:
  a: {size: 1, tau_ms: 20}
  alone: {size: 1, tau_ms: 20, bias: 0.3}
  unheard: {size: 2, tau_ms: 20, transfer: sigmoid, saturation: 1}
  soft: {size: 1, tau_ms: 10, transfer: softplus}
projections:
  - {from: a, to: unheard, weight: {pattern: all-to-all, value: 0}}
inputs:
  drive: {to: a}
  idle: {to: soft}
readouts:
  seen: {population: alone, kind: activity, window_ms: 50}
stimuli:
  s: {duration_s: 0.2, steps: [{at_s: 0.05, drive: 1}]}
"""


@pytest.mark.parametrize("target", ["loihi1", "truenorth", "ranc"])
def test_all_of_the_line_takes_them(target: str, tmp_path: Path) -> None:
    """Report, budget and verdicts divide by ranges as well."""
    (tmp_path / "c.yaml").write_text(FILE)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        artifact = neurocmc.compile(
            tmp_path / "c.yaml", target=target, out=tmp_path / "out", neurons=32, figures=False
        )
        verdicts = {edge.name: edge.verdict for edge in neurocmc.verify(artifact, figures=False).edges}
    assert "miss" not in verdicts.values(), verdicts
    recording = neurocmc.simulate(artifact)
    for name, right in (("alone", 0.3), ("unheard", 0.5), ("soft", np.log(2.0))):
        ceiling = artifact.spiking.population(name).fit.ceiling
        assert (
            np.abs(recording.activity[name][0, -30:].mean(axis=0) - right).max() < 0.5 / 32 * ceiling + 0.02 * right
        )
