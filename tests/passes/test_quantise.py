"""What the chip holds after quantising, measured by stepping the chip: poles, gains, registers, silence."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.codec import encode
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.passes.weight_grid import decay_register, onto_grid, sign_mode
from neurocmc.sim.loihi.emulator import EmulatorRun, emulate, simulate_emulator
from neurocmc.sim.loihi.host import largest_value
from neurocmc.targets import Code, LoihiTarget, load_target
from tests.made.circuits import driven, integers, matched, projection, ramp, steps, swta
from tests.made.circuits import population as rate_population
from tests.made.targets import loihi

BEYOND = 1 << 22  # LSB of bias: no current of these circuits comes near


def isolated(network: IntegerNetwork, name: str, firing: int) -> IntegerNetwork:
    """One projection alone; `firing` neurons of each unit of its source fire in every tick, all others never."""
    (kept,) = [p for p in network.projections if p.name == name]
    target = kept.target if kept.target != kept.source else "copy"
    populations = [network.population(kept.source), replace(network.population(kept.target), name=target)]
    fires = np.arange(populations[0].neurons) < firing
    source, reached = (
        replace(p, bias_exponent=0, v_initial=np.zeros_like(p.v_initial), bias_mantissa=np.tile(bias, (p.units, 1)))
        for p, bias in zip(
            populations, (np.where(fires, BEYOND, -BEYOND), np.full(populations[1].neurons, -BEYOND)), strict=True
        )
    )
    return replace(network, populations=(source, reached), projections=(replace(kept, target=target),), inputs=())


def step_response(network: IntegerNetwork, name: str, ticks: int, firing: int) -> EmulatorRun:
    alone = isolated(network, name, firing)
    run = emulate(alone, {}, 1, ticks, record_state=True)
    units = alone.populations[0].units
    assert (run.counts[0, :, :units] == firing).all()
    assert not run.counts[0, :, units:].any()
    return run


CASES = [(neurons, code) for neurons in (16, 64, 256) for code in ("threshold", "rate")]


@pytest.mark.parametrize(("neurons", "code"), CASES)
def test_dc_gains_are_kept_when_stepped(neurons: int, code: Code) -> None:
    """A full source (every neuron, or every fifth) fires for 1,000 ticks; what stands then is drive per activity.

    Right shifts of the sums round down, so that up to 1 unit of weight is lost in each tick: it is part of the error.
    """
    network = integers(swta(), steps(), loihi(), neurons, code=code)
    firing = neurons if code == "threshold" else neurons // 5
    for p in network.projections:
        run = step_response(network, p.name, 1000, firing)
        source, target = network.population(p.source), network.population(p.target)
        u = run.u[0, -1, source.units :]
        activity = firing * source.activity_per_spike
        measured = u / (target.lsb_per_drive * activity)
        wanted = p.wanted_gain.sum(axis=1)
        assert measured == pytest.approx(wanted, rel=0.01)
        assert p.realised_gain.sum(axis=1) == pytest.approx(wanted, rel=0.001)


def test_wanted_gains_are_those_of_the_circuit() -> None:
    circuit = swta()
    network = integers(circuit, steps(), loihi(), 32)
    for rate, integer in zip(circuit.projections, network.projections, strict=True):
        assert integer.wanted_gain == pytest.approx(rate.dc_gain * rate.weight, rel=1e-9)


def with_tau(tau_s: float) -> RateCircuit:
    circuit = swta()
    return replace(circuit, projections=tuple(replace(p, tau_s=tau_s) for p in circuit.projections))


@pytest.mark.parametrize("tau_s", [0.002, 0.005, 0.01, 0.02, 0.05, 0.1])
def test_poles_are_kept_when_stepped(tau_s: float) -> None:
    """The current's rise towards its end gives the time constant that the chip really has."""
    network = integers(with_tau(tau_s), steps(), loihi(), 64)
    run = step_response(network, "excite->inhibit", round(10 * tau_s * 1000) + 30, 64)
    u = run.u[0, :, 4].astype(float)
    span = max(round(tau_s * 1000), 2)
    missing = u[-1] - u
    pole = (missing[2 + span] / missing[2]) ** (1.0 / span)
    assert -0.001 / np.log(pole) == pytest.approx(tau_s, rel=0.01)
    assert pole == pytest.approx(network.population("inhibit").wanted_pole, rel=0.01)


@pytest.mark.parametrize(("neurons", "code"), CASES)
def test_everything_fits_its_register(neurons: int, code: Code) -> None:
    network = integers(swta(), steps(), loihi(), neurons, code=code)
    limits = loihi().limits
    assert network.problems() == ()
    for p in network.populations:
        assert np.abs(p.bias_mantissa).max() < 1 << limits.bias_mantissa_bits
        assert 0 <= p.bias_exponent <= limits.bias_exponent_max
        assert 0 < p.threshold_mantissa < 1 << limits.threshold_mantissa_bits
        assert p.bias_loss.largest < 1e-3
    for q in network.projections:
        assert np.abs(q.mantissa).max() < 1 << limits.weight_mantissa_bits
        assert np.abs(q.mantissa).max() >= 120  # the finest exponent that fits, but for the search's quarter
        assert limits.weight_exponent_min <= q.exponent <= limits.weight_exponent_max
        assert q.loss.clipped == 0
    for entry in network.inputs:
        assert np.abs(entry.axon_mantissa).max() < 1 << limits.weight_mantissa_bits
        assert not (entry.axon_mantissa % 2).any()
        assert 0 <= entry.exponent <= limits.weight_exponent_max


def negative_exponents(network: IntegerNetwork) -> bool:
    return any(p.exponent < 0 for p in network.projections)


@pytest.mark.parametrize("neurons", [16, 64, 256])
def test_a_silent_network_stays_silent(neurons: int) -> None:
    network = integers(swta(), steps(), loihi(), neurons)
    assert negative_exponents(network)  # so that biases were raised against the rounding down
    rest = Stimulus(name="rest", duration_s=5.0, edges_s=[0.0], values={"drive": np.zeros((1, 1, 4))}, labels=[-1])
    assert not any(count.any() for count in simulate_emulator(network, rest).spike_counts.values())


def test_rounding_down_is_given_back_through_the_bias() -> None:
    """The mean loss is half a unit of weight a tick and group; biases rise by what that leaves standing in u."""
    spiking = matched(swta(), steps(), loihi(), 64)
    network = Quantise().run(spiking, loihi())
    for population in network.populations:
        groups = {(p.exponent, p.sign) for p in network.projections if p.target == population.name and p.exponent < 0}
        share = (population.decay_u + 1) / 4096
        lost = sum(0.5 * (1 - 2.0**exponent) * 64 for exponent, _ in groups) / share
        before = np.rint(
            spiking.population(population.name).bias * spiking.population(population.name).lsb_per_threshold
        )
        raised = (population.bias_mantissa << population.bias_exponent) - before
        assert groups
        assert raised == pytest.approx(lost, abs=(1 << population.bias_exponent))
        assert (raised > 0).all()


def test_clipped_weights_are_refused() -> None:
    spiking = matched(swta(), steps(), loihi(), 16)
    with pytest.raises(InfeasibleError) as caught:
        Quantise().run(spiking, loihi(weight_exponent_max=-5))
    texts = [str(problem) for problem in caught.value.problems]
    assert texts[0] == (
        "projection excite->excite: 4 weights are beyond the largest mantissa at exponent -5"
        " [weight-beyond-mantissa]\n    cure: use more neurons (--neurons), so that each spike weighs less"
    )
    assert len(texts) == 3


@pytest.mark.parametrize(
    ("weight", "sign", "mantissa", "exponent"),
    [
        ([[255.0, 0.0]], "excitatory", [[255, 0]], 0),
        ([[-255.0, 0.0]], "inhibitory", [[-255, 0]], 0),
        ([[255.4, 0.0]], "excitatory", [[255, 0]], 0),
        ([[255.6, 0.0]], "excitatory", [[128, 0]], 1),
        ([[254.0, -3.2]], "mixed", [[254, -4]], 0),
        ([[1.0, 0.4]], "excitatory", [[128, 51]], -7),
        ([[255.0 * 2**7, 1.0]], "excitatory", [[255, 0]], 7),
        ([[0.0, 0.0]], "excitatory", [[0, 0]], -7),
    ],
)
def test_weights_go_to_the_nearest_of_the_grid(
    weight: list[list[float]], sign: str, mantissa: list[list[int]], exponent: int
) -> None:
    lsb = np.array(weight) * 64
    grid = onto_grid(lsb, loihi().limits)
    assert (grid.sign, grid.mantissa.tolist(), grid.exponent, grid.clipped) == (sign, mantissa, exponent, 0)
    assert sign_mode(lsb) == sign
    largest_step = (2 if sign == "mixed" else 1) * 64 * 2.0**exponent
    assert np.abs(grid.lsb(loihi().limits) - lsb).max() <= 0.5 * largest_step


def test_weights_beyond_the_grid_are_counted() -> None:
    grid = onto_grid(np.array([[300.0, -400.0, 2.0]]) * 64 * 2**7, loihi().limits)
    assert (grid.mantissa.tolist(), grid.exponent, grid.clipped) == ([[254, -254, 2]], 7, 2)


@pytest.mark.parametrize("offset", [0, 1])
def test_the_decay_register_has_the_nearest_pole(offset: int) -> None:
    limits = loihi().limits
    for tau_s in (0.0, 1e-4, 0.001, 0.02, 0.3, 10.0):
        register = decay_register(tau_s, 0.001, limits, offset)
        wanted = float(np.exp(-0.001 / tau_s)) if tau_s else 0.0
        poles = 1.0 - (np.arange(4096) + offset) / 4096
        assert abs(poles[register] - wanted) == np.abs(poles - wanted).min()


@pytest.mark.parametrize("filtered", [False, True])
@pytest.mark.parametrize("target", ["loihi1", "loihi2"])
def test_inputs_are_sized_for_calibration_and_a_quarter_more(target: str, filtered: bool) -> None:
    chip = load_target(target)
    assert isinstance(chip, LoihiTarget)
    circuit = swta()
    drive = RateInput(name="drive", target="excite", weight=np.eye(4), tau_s=0.02 if filtered else 0.0)
    network = integers(replace(circuit, inputs=(drive,)), steps(), chip, 32)
    (entry,) = network.inputs
    assert entry.filtered == filtered
    assert entry.axon_mantissa.size == 1 if chip.limits.spike_payload_bits else entry.axon_mantissa.size % 2 == 0
    assert largest_value(entry) > 0
    louder = replace(steps(), values={"drive": 1.2 * steps().values["drive"]})
    assert simulate_emulator(network, louder).spike_counts["excite"].any()


def test_a_delay_is_kept() -> None:
    circuit = swta()
    spiking = matched(circuit, steps(), loihi(), 8)
    late = replace(spiking, projections=tuple(replace(p, delay_ticks=5) for p in spiking.projections))
    assert {p.delay_ticks for p in Quantise().run(late, loihi()).projections} == {5}


def test_mixed_signs_hold_even_mantissas() -> None:
    circuit = swta()
    mixed = projection("excite", "excite", np.full((4, 4), -0.31) + 1.5 * np.eye(4))
    network = integers(replace(circuit, projections=(mixed, *circuit.projections[1:])), steps(), loihi(), 64)
    (first, *_) = network.projections
    assert first.sign == "mixed"
    assert not (first.mantissa % 2).any()
    worst = np.abs(first.realised_gain - first.wanted_gain).max() / np.abs(first.wanted_gain).max()
    assert worst == pytest.approx(first.loss.largest, rel=1e-6)
    assert 0 < worst < 0.005


def test_biases_beyond_their_registers_are_refused_by_name() -> None:
    network = matched(swta(), steps(), loihi())
    pool = network.populations[0]
    bad = replace(network, populations=(replace(pool, bias=pool.bias + 10.0), *network.populations[1:]))
    with pytest.raises(InfeasibleError, match=r"population excite: .* [\d,]+ LSB, .*\[biases-too-far-apart\]"):
        Quantise().run(bad, loihi())


def test_a_small_payload_takes_a_coarser_exponent() -> None:
    target = load_target("loihi2")
    assert isinstance(target, LoihiTarget)
    small = replace(target, limits=target.limits.model_copy(update={"spike_payload_bits": 8}))
    network = integers(swta(), steps(), small)
    assert simulate_emulator(network, steps()).spike_counts["excite"].sum() > 0
    assert network.inputs[0].exponent > integers(swta(), steps(), target).inputs[0].exponent


def test_a_filter_slower_than_the_slowest_decay_is_refused() -> None:
    circuit = driven(rate_population("p", 1, "relu"), tau_s=20.0)
    with pytest.raises(InfeasibleError, match=r"population p: input drive has tau 20 s; .* 4.1 s \[decay-too-slow\]"):
        integers(circuit, ramp(-0.2, 0.8), load_target("loihi1"), 16)


@pytest.mark.parametrize("code", ["threshold", "feedback"])
def test_what_is_the_same_is_not_rounded_again(code: Code) -> None:
    """Of a network of which one pool was matched anew, the others are the very same, inputs too."""
    target = loihi()
    first = matched(swta(), steps(), target, 4, code=code)
    before = (first, Quantise().run(first, target))
    again = Quantise(before=before).run(first, target)
    for field in ("populations", "projections", "inputs"):
        made, kept = getattr(before[1], field), getattr(again, field)
        assert [id(part) for part in made] == [id(part) for part in kept]
    excite = replace(first.population("excite"))
    other = replace(first, populations=tuple(excite if p.name == "excite" else p for p in first.populations))
    found, fresh = Quantise(before=before).run(other, target), Quantise().run(other, target)
    assert {p.name for p in found.populations if p is before[1].population(p.name)} == {"inhibit"}
    assert not {id(p) for p in found.projections if p.target == "excite"} & {id(p) for p in before[1].projections}
    assert encode(found).json == encode(fresh).json
    for name, array in encode(fresh).arrays.items():
        assert_array_equal(encode(found).arrays[name], array)
