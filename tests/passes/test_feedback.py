"""Pools of the feedback code take back what they said: in the mean they say what their unit does."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.ir.rate import RateCircuit, RateInput, TransferKind
from neurocmc.ir.spiking import SpikingPopulation
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.feedback import (
    FAST_TICKS,
    LONGEST,
    chosen_kernel,
    feedback_ladder,
    kernel_of,
    mean_response,
)
from neurocmc.passes.loihi.overflow import Overflow
from neurocmc.pipeline.chips.loihi import LoihiBuilt
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi.emulator import emulate, simulate_emulator
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.loihi.reference import run_reference
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from neurocmc.theory.feedback import feedback_moved_lsb, feedback_name
from neurocmc.theory.loihi import kept_by_integers
from neurocmc.verification.metrics import nrmse
from tests.made.circuits import integers, matched, population, projection, ramp, steps, swta
from tests.made.winner_circuits import benchmark_nrmse, drives

SHAPES: dict[TransferKind, dict[str, Any]] = {
    "relu": {"offset": 0.1},
    "sigmoid": {"gain": 4.0, "offset": 0.5, "saturation": 1.0},
    "softplus": {"gain": 5.0, "bias": 0.1},
}
KERNELS = ("1,.3", "3", "8", "12", "5-3-3", "8-4-4")


def random_drives(count: int, first_seed: int) -> Stimulus:
    """Six steps of 400 ms, the first of them silent, of all four units."""
    values = np.stack(
        [np.random.default_rng((3, first_seed + seed)).uniform(0.0, 0.4, (6, 4)) for seed in range(count)]
    )
    values[:, 0] = 0.0
    return drives(f"random-{first_seed}", 0.4 * np.arange(6), values, 2.4)


class TestKernels:
    def test_a_kernel_is_written_in_three_ways(self) -> None:
        assert kernel_of("4", 0.9).shape == (1.0, 0.75, 0.5, 0.25)
        assert kernel_of("1,.5,.25", 0.9).shape == (1.0, 0.5, 0.25)
        assert kernel_of("3-2", 0.9).shape == pytest.approx((1.0, 0.9, 0.81, 0.5, 0.45))
        assert kernel_of("1", 0.9).total == 1.0

    @pytest.mark.parametrize(
        "text",
        ["", "0", "-3", "x", "2,1", "1,2", "1,-.5", "4-", "8-0-4", "40", "1,nan", "inf", "9" * 12, "8-" + "9" * 12],
    )
    def test_another_text_is_refused(self, text: str) -> None:
        with pytest.raises(InputError) as refused:
            kernel_of(text, 0.9)
        (problem,) = refused.value.problems
        assert problem.where == "--kernel"
        assert problem.what == f"got {text!r}"
        assert problem.cure.endswith(f"at most {LONGEST} ticks")

    @given(text=st.sampled_from(KERNELS), keep=st.floats(0.3, 0.98))
    def test_behind_its_filter_feedback_is_the_kernel(self, text: str, keep: float) -> None:
        kernel = kernel_of(text, keep)
        sent = np.zeros(3 * LONGEST)
        for tap in kernel.impulses(keep):
            sent[1 + tap.delay_ticks] = tap.share
        held, current = np.zeros_like(sent), 0.0
        for tick, arrives in enumerate(sent):
            current = keep * current + arrives
            held[tick] = current
        later = np.zeros_like(sent)
        later[: len(kernel.shape)] = kernel.shape
        later[0] = 0.0
        assert held / held.sum() == pytest.approx(later / later.sum(), abs=1e-6)

    def test_the_filters_own_decay_costs_no_spike(self) -> None:
        keep = float(np.exp(-1 / 20))
        assert len(kernel_of("8-4-4", keep).impulses(keep)) == 4
        assert len(kernel_of("12", keep).impulses(keep)) == 12

    def test_a_kernel_is_chosen_by_filters_run_and_curvature(self) -> None:
        relu, sigmoid = population("a", 1), population("b", 1, "sigmoid", saturation=1.0)
        long, keep = 1000, float(np.exp(-1 / 20))
        assert chosen_kernel(relu, 16, 0.5, FAST_TICKS - 0.1, long).total == 1.0
        assert chosen_kernel(sigmoid, 16, 0.8, 5.0, long).shape == (1.0, 0.3)
        assert len(chosen_kernel(relu, 16, 0.8, 5.0, long).shape) == 8
        slow = chosen_kernel(relu, 16, keep, 20.0, long)
        assert slow == kernel_of("5-3-3", keep)
        assert len(chosen_kernel(relu, 4, keep, 20.0, long).shape) > len(slow.shape)
        assert chosen_kernel(relu, 16, keep, 20.0, 22).total == 1.0  # a run of 22 ticks is over before a kernel is


class TestPools:
    @given(
        text=st.sampled_from(KERNELS),
        neurons=st.integers(1, 24),
        drive=st.floats(0.0, 1.4),
        keep=st.floats(0.5, 0.98),
    )
    def test_what_a_straight_pool_says_is_off_by_half_a_quantum(
        self, text: str, neurons: int, drive: float, keep: float
    ) -> None:
        unit, kernel = population("p", 1), kernel_of(text, keep)
        ladder, width = feedback_ladder(unit, 1.0, neurons, kernel)
        said = mean_response(np.array([drive]), ladder.points[0], kernel, width, ticks=3000) / neurons
        off = abs(float(said[0]) - min(drive, 1.0))
        assert off <= 0.5 / (neurons * kernel.total) + 0.01 / neurons

    @pytest.mark.parametrize("transfer", SHAPES)
    def test_every_neuron_comes_in_where_its_unit_wants_it(self, transfer: TransferKind) -> None:
        """At the drive at which j neurons are wanted, j of them fire in every tick."""
        unit, kernel, neurons = population("p", 1, transfer, **SHAPES[transfer]), kernel_of("1,.3", 0.8), 12
        ceiling = 1.0
        ladder, width = feedback_ladder(unit, ceiling, neurons, kernel)
        assert (np.diff(ladder.points[0]) > 0).all()
        wanted = np.arange(1, neurons)
        counts = mean_response(unit.drive_at(ceiling * wanted / neurons), ladder.points[0], kernel, width)
        assert counts == pytest.approx(wanted, abs=0.35 if transfer != "relu" else 0.01)

    @pytest.mark.parametrize("target", ["loihi1", "loihi2", "brian2"])
    @pytest.mark.parametrize("transfer", SHAPES)
    def test_a_pools_fit_is_measured_and_kept(self, transfer: TransferKind, target: str) -> None:
        circuit = recurrent(transfer)
        pool = matched(circuit, ramp(-0.2, 0.8), load_target(target), 16, "feedback").populations[0]
        assert pool.code == "feedback"
        assert 1e-4 < pool.fit.max_error <= 0.55 / 16
        assert abs(pool.fit.slope_error) < 0.02

    def test_thresholds_of_a_rectifier_stand_closer_by_the_kernel(self) -> None:
        def spread(code: str) -> float:
            pool: SpikingPopulation = matched(swta(), steps(), load_target("brian2"), 16, code).populations[0]
            return float(np.ptp(pool.bias[0]) / pool.current_per_drive[0])

        kernel = kernel_of("5-3-3", float(np.exp(-1 / 20)))
        assert spread("threshold") / spread("feedback") == pytest.approx(kernel.total, rel=1e-3)


def recurrent(transfer: TransferKind) -> RateCircuit:
    """One unit that hears itself, so that it has a filter."""
    unit = population("p", 1, transfer, **SHAPES[transfer])
    return RateCircuit(
        name="recurrent",
        dt_s=0.001,
        populations=(unit,),
        projections=(projection("p", "p", [[0.2]], 0.01),),
        inputs=(RateInput(name="drive", target="p", weight=np.eye(1)),),
        readouts=(),
        origin_sha256="",
    )


class TestCircuits:
    def test_eight_neurons_do_what_sixty_four_did(self) -> None:
        """The four units on drives that gains were not matched on: as close, for an eighth of the spikes."""
        circuit, target = swta(), load_target("loihi1")
        test, seen = random_drives(20, 0), random_drives(20, 1000)
        rate = simulate_rate(circuit, test)
        error: dict[str, float] = {}
        spikes: dict[str, float] = {}
        for code, neurons in (("threshold", 64), ("feedback", 8)):
            recorded = simulate_emulator(integers(circuit, seen, target, neurons, code=code), test)
            error[code] = float(np.median(benchmark_nrmse(rate, recorded)))
            spikes[code] = sum(float(counts.sum()) for counts in recorded.spike_counts.values())
        assert error["feedback"] <= 0.0035
        assert error["feedback"] <= 1.1 * error["threshold"]
        assert spikes["feedback"] <= spikes["threshold"] / 7.9

    @pytest.mark.parametrize("kernel", ["1,.3", "12", "5-3-3"])
    def test_the_emulator_is_the_plain_interpreter(self, kernel: str) -> None:
        network = integers(swta(), steps(), load_target("loihi1"), 8, code="feedback", kernel=kernel)
        stimulus, ticks = steps(), 600
        values = encode(network, stimulus)
        fast = emulate(network, values, 1, ticks, record_spikes=True, record_state=True)
        plain = run_reference(network, values, 0, ticks)
        assert np.array_equal(fast.spikes[0].astype(bool), plain.spikes)
        assert plain.spikes.sum() > 1000

    def test_brian2_is_its_reference(self) -> None:
        network = matched(swta(), steps(), load_target("loihi1"), 8, "feedback")
        error = benchmark_nrmse(simulate_rate(swta(), steps()), simulate_brian2(network, steps()))
        assert error[0] < 0.005

    @pytest.mark.parametrize("tau_s", [0.02, 0.004])
    def test_a_circuit_that_was_active_before_starts_as_if_it_had_run(self, tau_s: float) -> None:
        """Sources, taps and feedback are under way in tick 0: a circuit at rest stays at rest from then on."""
        circuit = at_rest(tau_s)
        stimulus = Stimulus(
            name="none", duration_s=0.1, edges_s=[0.0], values={"drive": np.zeros((1, 1, 2))}, labels=[-1]
        )
        target = load_target("loihi1")
        rate = simulate_rate(circuit, stimulus)
        for recorded in (
            simulate_emulator(integers(circuit, stimulus, target, 32, code="feedback", kernel="6"), stimulus),
            simulate_brian2(matched(circuit, stimulus, load_target("brian2"), 32, "feedback", kernel="6"), stimulus),
        ):
            off = np.abs(recorded.activity["p"] - rate.activity["p"]).max(axis=(0, 2))
            assert off[:20].max() < 0.02
            assert off[:20].max() < 1.5 * off[20:].max() + 0.005

    def test_a_second_order_circuit_is_kept_from_the_first_tick(self) -> None:
        """Right shifts of late spikes lose nothing before they arrive, and the host holds what is given back."""
        circuit = replace(at_rest(0.02), projections=(projection("p", "p", MIXED, 0.02, order=2),), dt_s=0.005)
        stimulus = Stimulus(
            name="some",
            duration_s=0.5,
            edges_s=[0.0, 0.25],
            values={"drive": np.array([[[0.2, 0.0], [0.0, 0.3]]])},
            labels=[-1],
        )
        network = integers(circuit, stimulus, load_target("loihi1"), 64)
        assert any(p.exponent < 0 for p in network.projections)
        held = [entry for entry in network.inputs if entry.start]
        assert held
        error = nrmse(simulate_rate(circuit, stimulus).activity, simulate_emulator(network, stimulus).activity)
        assert error["p"] < 0.02


MIXED = np.array([[0.3, -0.6], [0.5, 0.1]])


def at_rest(tau_s: float) -> RateCircuit:
    """Two sigmoids that hold each other where they are."""
    unit = population("p", 2, "sigmoid", gain=3.0, saturation=1.0, initial=[0.5, 0.5], bias=-(MIXED @ [0.5, 0.5]))
    return RateCircuit(
        name="at-rest",
        dt_s=0.001,
        populations=(unit,),
        projections=(projection("p", "p", MIXED, tau_s),),
        inputs=(RateInput(name="drive", target="p", weight=np.eye(2)),),
        readouts=(),
        origin_sha256="",
    )


class TestRounding:
    def test_thresholds_move_with_rounded_feedback(self) -> None:
        """What is recruited where is as it was wanted, whatever the mantissas of the feedback came to."""
        circuit, target = swta(), load_target("loihi1")
        spiking = matched(circuit, steps(), target, 8, "feedback", kernel="12")
        integer = integers(circuit, steps(), target, 8, code="feedback", kernel="12")
        pool, held = spiking.population("excite"), integer.population("excite")
        moved = feedback_moved_lsb(held, integer.projections)
        assert np.abs(moved).max() > 0
        wanted = pool.bias * pool.lsb_per_threshold + moved
        assert held.bias_lsb == pytest.approx(wanted, abs=(1 << held.bias_exponent))
        kept = kept_by_integers(circuit, spiking, integer)
        assert np.abs(kept.population("excite").offset_moved).max() < 1e-3
        assert {p.name for p in kept.projections} == {p.name for p in circuit.projections}

    @pytest.mark.parametrize("kernel", ["1,.3", "12", "5-3-3"])
    def test_no_current_passes_its_bound(self, kernel: str) -> None:
        """What a spike takes and what it gives back later are bounded together, and the bound holds."""
        circuit, stimulus = swta(), steps()
        network = integers(circuit, stimulus, load_target("loihi1"), 8, code="feedback", kernel=kernel)
        run = emulate(network, encode(network, stimulus), 1, 2000, record_state=True)
        for entry in Overflow(calibration=(stimulus,)).run(network):
            first = network.first_unit()[entry.population]
            u = run.u[0][:, first : first + network.population(entry.population).units]
            assert entry.current.low <= u.min()
            assert u.max() <= entry.current.high

    def test_registers_of_the_digits_are_proved_to_hold_what_feedback_takes(self) -> None:
        model = neurocmc.load("models/swta-digits.circuit.npz")
        stimuli = model.read_stimuli().calibration
        lowered = lower(model.circuit, stimuli, load_target("loihi1"), CompileOptions(neurons=8, code="feedback"))
        assert isinstance(lowered.built, LoihiBuilt)
        assert feedback_name("excite") in {p.name for p in lowered.built.integer.projections}
        assert all(entry.proved != "no" for entry in lowered.built.headroom)


def test_filters_too_fast_for_a_kernel_have_the_threshold_code() -> None:
    circuit = replace(swta(), projections=tuple(replace(p, tau_s=0.001) for p in swta().projections))
    pools = matched(circuit, steps(), load_target("loihi1"), 16, "feedback").populations
    assert {pool.code for pool in pools} == {"threshold"}
    assert all(not pool.trace.kernel for pool in pools)


def test_up_states_are_certified_in_the_feedback_code() -> None:
    model = neurocmc.load("models/two-state.yaml")
    stimuli = model.read_stimuli().calibration
    lowered = lower(model.circuit, stimuli, load_target("loihi1"), CompileOptions(neurons=16, code="feedback"))
    assert lowered.certificate.up_states
