"""A pool needs half a neuron: states at a threshold stand as rounded; what goes further is lost, as on the chip."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.compile import CompileOptions, compile_model
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.verify import verify
from neurocmc.targets import Code, load_target
from neurocmc.theory.certificate import Certificate, certify
from neurocmc.theory.fixed_points import SILENT, fixed_points, reached
from neurocmc.theory.linear_threshold import LinearThreshold
from neurocmc.theory.realised import Rounded, rounded_circuit
from tests.made.built import loihi
from tests.made.solved_circuits import circuit, projection, rectifiers

DRIVE = 0.8
NEURONS = 32


def chain(gain: Float | None = None) -> RateCircuit:
    """Three to three, one to one: with one channel driven, two units of each layer are at their threshold of 0."""
    second = rectifiers("b", np.zeros(3))
    second = second if gain is None else replace(second, gain=gain)
    weight = np.diag([0.7, 1.3, 0.37])
    return circuit("chain", (rectifiers("a", np.zeros(3)), second), (projection("a", "b", weight),))


def through_bias() -> RateCircuit:
    """The bias of b[1], and the threshold of b[2], are just what the driven unit excites them by."""
    weight = np.array([[0.9, 0.2], [1.1, 0.6], [0.45, 1.7]])
    second = replace(
        rectifiers("b", np.array([0.0, 0.0, 0.45 * DRIVE])),
        bias=np.array([0.0, -1.1 * DRIVE, 0.0]),
        gain=np.array([1.0, 0.6, 2.5]),
    )
    return circuit("through bias", (rectifiers("a", np.zeros(2)), second), (projection("a", "b", weight),))


def cancelling() -> RateCircuit:
    """The first channel drives two units that excite and inhibit the units of the next population alike."""
    weight = np.array([[0.8, 0.3], [1.2, -1.2], [-0.55, 0.55]])
    made = circuit(
        "cancelling", (rectifiers("a", np.zeros(2)), rectifiers("b", np.zeros(3))), (projection("a", "b", weight),)
    )
    both = np.array([[1.0, 0.0], [1.0, 1.0]])
    return replace(made, inputs=(replace(made.inputs[0], weight=both),))


CIRCUITS = {
    "chain": chain(),
    "chain with gains": chain(np.array([0.4, 3.0, 1.7])),
    "through bias": through_bias(),
    "cancelling": cancelling(),
}


def driven(made: RateCircuit, strengths: tuple[float, ...], duration_s: float = 0.4) -> Stimulus:
    """Each channel alone, a trial each, at each strength."""
    channels = np.eye(made.inputs[0].channels)
    values = np.concatenate([strength * channels for strength in strengths])
    return Stimulus(
        name="channels",
        duration_s=duration_s,
        edges_s=np.zeros(1),
        values={"cue": values[:, None, :]},
        labels=np.full(len(values), -1),
    )


def lowered(made: RateCircuit, target: str, code: Code = "threshold", neurons: int = NEURONS) -> Lowered:
    # Twice the drive reaches the units that are at their threshold at one.
    return lower(
        made,
        (driven(made, (DRIVE, 2 * DRIVE)),),
        load_target(target),
        CompileOptions(neurons=neurons, code=code),
    )


def certified(low: Lowered) -> Certificate:
    return certify(low.staged, {"cue": DRIVE}, rounded(low))


def rounded(low: Lowered) -> Rounded:
    assert low.built.kept is not None
    return rounded_circuit(low.staged, low.built.kept)


def on_chip(low: Lowered, stimulus: Stimulus) -> Recording:
    assert low.built.level == "emulator"
    return low.built.run(stimulus)


@pytest.mark.parametrize("target", ["loihi1", "loihi2", "truenorth"])
@pytest.mark.parametrize("name", CIRCUITS)
def test_winners_at_a_threshold_stand(name: str, target: str) -> None:
    """What the certificate calls silent shows half a neuron at most on the chip; without noise, no spike at all."""
    made = CIRCUITS[name]
    low = lowered(made, target)
    certificate = certified(low)
    assert len(certificate.winners) == made.inputs[0].channels
    assert not certificate.lost_winners
    shown = on_chip(low, driven(made, (DRIVE,)))
    for channel, state in enumerate(certificate.winners):
        assert state.channel == f"cue[{channel}]"
        for pool in low.spiking.populations:
            silent = [i for i in range(pool.units) if f"{pool.name}[{i}]" not in state.units]
            spikes = shown.spike_counts[pool.name][channel, silent]
            late = shown.activity[pool.name][channel, -100:, silent].mean(axis=-1)
            assert (spikes == 0).all() or target == "truenorth"
            assert (late <= 0.5 * pool.activity_per_spike).all()


def test_verify_ends_well_with_units_at_their_threshold(tmp_path: Path) -> None:
    model = tmp_path / "chain.yaml"
    model.write_text(
        "name: chain\ndt_ms: 1\nform: filter-after\npopulations:\n"
        "  first: {size: 3, tau_ms: 15, transfer: relu}\n  second: {size: 3, tau_ms: 25, transfer: relu, gain: 1.5}\n"
        "projections:\n  - {from: first, to: second, weight: {pattern: one-to-one, value: 0.6}}\n"
        "inputs:\n  cue: {to: first}\nstimuli:\n  s: {duration_s: 0.3, steps: [{at_s: 0.05, cue: 0.7}]}\n"
    )
    options = CompileOptions(neurons=48, figures=False)
    verification = verify(compile_model(model, "loihi1", tmp_path / "built", options))
    (edge,) = [edge for edge in verification.edges if edge.quantity == "winners that rounding destroys"]
    assert (edge.value, edge.unit, edge.verdict) == (0.0, "of 3", "pass")
    assert verification.passed


def moved(made: Rounded, population: str, shift: Float) -> Rounded:
    """The rounded circuit with the thresholds of a population lowered."""
    return replace(
        made,
        circuit=replace(
            made.circuit,
            populations=tuple(
                replace(p, offset=p.offset - shift) if p.name == population else p for p in made.circuit.populations
            ),
        ),
    )


@given(name=st.sampled_from(sorted(CIRCUITS)), share=st.floats(-2.0, 4.0))
@settings(max_examples=60)
def test_half_a_neuron_is_the_limit(name: str, share: float) -> None:
    """Lowered by less than half a neuron the thresholds keep all winners, by more they lose each, by name.

    The units of a chain are three blocks. Each that is not driven loses its rest, and a winner stands in its own.
    """
    assume(abs(share - 1.0) > 1e-6)
    made = CIRCUITS[name]
    sizes = {p.name: p.size for p in made.populations}
    half = {name: 0.01 * (1.0 + np.arange(size, dtype=np.float64)) for name, size in sizes.items()}
    shift = share * half["b"] / made.population("b").gain
    certificate = certify(made, {"cue": DRIVE}, moved(Rounded(circuit=made, half_neuron=half), "b", shift))
    silent = {f"b[{i}]" for i in range(sizes["b"])}
    lost_rests = () if certificate.blocks is None else certificate.blocks.listed_lost_rests
    if name.startswith("chain"):
        assert not certificate.lost_winners
        assert len(lost_rests) == (3 if share > 1 else 0)
        assert {told.split(" would be ")[0] for told in lost_rests} == (silent if share > 1 else set())
    told_of = [(told, set[str]()) for told in lost_rests]
    told_of += [(state.lost, set(state.units)) for state in certificate.winners]
    for state in () if name.startswith("chain") else certificate.winners:
        assert bool(state.lost) == (share > 1 and state.channel == "cue[0]"), (state.name, share)
    for told, active in told_of:
        if told:
            unit = told.split(" would be ")[0]
            assert unit in silent - active
            index = int(unit[2:-1])
            first = half["b"][index] / made.population("b").gain[index]
            assert told.endswith(f"above its threshold, where its first neuron fires {first:.3g} above it")


@pytest.mark.parametrize("code", ["threshold", "rate"])
@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_a_unit_is_lost_just_where_its_first_neuron_fires(code: Code, gain: float) -> None:
    """Biases of a silent unit are raised on the chip, a step at a time, past the point at which it fires."""
    low = lowered(chain(np.array([gain, 1.0, 1.0])), "loihi1", code, neurons=8)
    integer = loihi(low).integer
    held = integer.population("b")
    pools = rounded(low).half_neuron["b"]
    half_steps = pools[0] / gain * held.lsb_per_drive[0] / (1 << held.bias_exponent)
    verdicts: list[bool] = []
    for share in (0.0, 0.3, 0.6, 0.9, 0.98, 1.02, 1.1, 1.5, 3.0):
        raised = held.bias_mantissa.copy()
        raised[0] += round(share * float(half_steps) + (0.5 if share > 1 else 0.0))
        populations = tuple(replace(p, bias_mantissa=raised) if p.name == "b" else p for p in integer.populations)
        built = replace(loihi(low), integer=replace(integer, populations=populations))
        other = replace(low, built=built)
        blocks = certified(other).blocks
        assert blocks is not None
        lost = blocks.lost_rests > 0  # b[1] wins, and b[0], of another block, is at rest
        spikes = on_chip(other, driven(other.staged, (DRIVE,))).spike_counts["b"][1, 0]
        assert lost == (spikes > 0), (share, blocks.listed_lost_rests, spikes)
        verdicts.append(lost)
    assert verdicts == sorted(verdicts)
    assert set(verdicts) == {False, True}


@pytest.mark.parametrize("target", ["loihi1", "truenorth"])
def test_a_unit_at_its_ceiling_stands(target: str) -> None:
    """The drive takes b[0] just to its saturation, and b[1] beyond it."""
    made = chain()
    second = replace(made.population("b"), saturation=0.7 * DRIVE)
    made = replace(made, populations=(made.populations[0], second))
    certificate = certified(lowered(made, target))
    assert [state.lost for state in certificate.winners] == [""] * 3


def test_a_full_unit_that_falls_below_its_ceiling_says_so() -> None:
    """It holds itself only as long as it is full."""
    made = circuit(
        "latch",
        (replace(rectifiers("x", np.full(1, 0.5)), saturation=1.0),),
        (projection("x", "x", np.full((1, 1), 2.0)),),
    )
    half = {"x": np.full(1, 0.05)}
    (state,) = certify(made, {}, Rounded(circuit=made, half_neuron=half)).up_states
    assert not state.lost
    assert state.trained.ignition == pytest.approx(0.5)
    for threshold, lost in ((1.04, ""), (1.06, "x[0] would be 0.06 below its ceiling of 1")):
        held = replace(made, populations=(replace(made.populations[0], offset=np.full(1, threshold)),))
        (state,) = certify(made, {}, Rounded(circuit=held, half_neuron=half)).up_states
        assert state.lost == lost


def test_a_state_that_no_pool_shows_is_not_taken_for_silence() -> None:
    """An up-state of less than half a neuron is lost with its excitation, though silence is as near."""
    made = circuit(
        "faint",
        (replace(rectifiers("x", np.full(1, 0.001)), saturation=0.004),),
        (projection("x", "x", np.full((1, 1), 2.0)),),
    )
    half = {"x": np.full(1, 0.01)}
    (state,) = certify(made, {}, Rounded(circuit=made, half_neuron=half)).up_states
    assert not state.lost
    weak = replace(made, projections=(projection("x", "x", np.full((1, 1), 0.1)),))
    (state,) = certify(made, {}, Rounded(circuit=weak, half_neuron=half)).up_states
    assert state.lost == "x[0] would be 0.0046 below its ceiling of 0.004"


def test_pools_have_no_up_states_of_less_than_half_a_neuron() -> None:
    """Thresholds rounded to below 0 wake no state that a pool could show, and none is said to have appeared."""
    none = np.zeros(2)
    made = circuit("two", (rectifiers("x", none),), (projection("x", "x", 0.5 * np.eye(2)),))
    low = replace(made, populations=(rectifiers("x", np.full(2, -0.003)),))
    held = Rounded(circuit=low, half_neuron={"x": np.full(2, 0.01)})
    certificate = certify(made, {"cue": 1.0}, held)
    assert certificate.appeared == ()
    assert [state.lost for state in certificate.winners] == ["", ""]
    network = held.network
    assert isinstance(network, LinearThreshold)
    rest = reached(network, none, none)
    assert rest is not None
    assert rest.piece.tolist() == [SILENT, SILENT]
    assert len(fixed_points(network, none).points) == 4  # each unit silent, or as its straight line has it
