"""Copies of a pool fire in turn, and only then; what lets them leaves nothing behind."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError, InputError, raise_input_problems
from neurocmc.ir.copies import Copies
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit, RateInput
from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.interleave import chosen_phases
from neurocmc.passes.loihi.overflow import Overflow
from neurocmc.passes.loihi.placing.wiring import wiring_of
from neurocmc.passes.weight_grid import largest_gate
from neurocmc.pipeline.chips.loihi import LoihiBuilt
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi.emulator import emulate, simulate_emulator
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.loihi.reference import run_reference
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import LoihiTarget, load_target
from tests.made.circuits import population, projection
from tests.made.winner_circuits import (
    DRIVE,
    EXCITE,
    INHIBIT,
    benchmark_nrmse,
    drives,
    rectifiers,
    switch_of_winner,
    swta,
)

LOIHI = ("loihi1", "loihi2")
SETTLED = 200  # ticks


def built(
    circuit: RateCircuit, stimulus: Stimulus, neurons: int = 16, phases: int | None = 8, target: str = "loihi1"
) -> LoihiBuilt:
    options = CompileOptions(neurons=neurons, code="interleaved", phases=phases)
    made = lower(circuit, (stimulus,), load_target(target), options).built
    assert isinstance(made, LoihiBuilt)
    return made


def random_drive(lowest: float, seconds: float, seed: int = 0) -> Stimulus:
    """Another drive of all four units in every tick."""
    ticks = round(seconds / 0.001)
    values = np.random.default_rng(seed).uniform(lowest, 0.3, (1, ticks, 4))
    return drives("random", 0.001 * np.arange(ticks), values, seconds)


def excited_only() -> RateCircuit:
    """Units that excite themselves a little and one another not at all: their currents never fall below 0."""
    circuit = swta()
    excite = projection(EXCITE, EXCITE, 0.25 * np.eye(4), 0.02)
    return replace(circuit, populations=(rectifiers(EXCITE, 4),), projections=(excite,))


def kept_out(network: IntegerNetwork, stimulus: Stimulus, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(ticks, units, phases) currents without the gate that is due in a tick, and the currents as they are."""
    ticks = stimulus.ticks(network.tick_s)
    run = emulate(network, encode(network, stimulus), 1, ticks, record_state=True)
    copies = network.population(name).copies[0]
    first = network.first_unit()[name]
    u = run.u[0][:, first : first + copies.size].astype(np.int64).reshape(ticks, copies.units, copies.phases)
    due = np.arange(ticks)[:, None, None] % copies.phases == np.arange(copies.phases)
    return u - due * network.gate_lsb(name), u


class TestCopies:
    @given(st.integers(1, 5), st.sampled_from([2, 4, 8, 16]), st.integers(1, 4))
    def test_dealing_out_and_gathering_undo_each_other(self, units: int, phases: int, each: int) -> None:
        copies = Copies(units=units, phases=phases)
        whole = np.arange(units * phases * each).reshape(units, phases * each)
        dealt = copies.dealt(whole)
        assert np.array_equal(copies.gathered(dealt), whole)
        copy, neuron = np.indices(dealt.shape)
        place = copies.neuron_of_unit(copy.ravel(), neuron.ravel(), each)
        assert np.array_equal(whole[copies.unit[copy.ravel()], place], dealt.ravel())

    def test_the_thresholds_of_a_few_ticks_in_a_row_lie_evenly(self) -> None:
        copies = Copies(units=1, phases=8)
        assert copies.reversed.tolist() == [0, 4, 2, 6, 1, 5, 3, 7]
        for ticks in (1, 2, 4, 8):
            asked = np.sort(copies.dealt(np.arange(64)[None, :])[:ticks].ravel())
            assert set(np.diff(asked)) == {8 // ticks}

    def test_what_is_no_number_of_copies_is_a_fault(self) -> None:
        assert not list(Copies(units=3, phases=4).problems("population x", 12))
        assert [p.id for p in Copies(units=3, phases=4).problems("population x", 6)] == ["level-array-shape"]
        assert [p.id for p in Copies(units=2, phases=3).problems("population x", 6)] == ["level-malformed"]


class TestTheGate:
    @pytest.mark.parametrize("target", LOIHI)
    @pytest.mark.parametrize("phases", [2, 8, 16])
    def test_it_leaves_nothing_behind_above_0(self, target: str, phases: int) -> None:
        stimulus = random_drive(0.0, 4.0)
        network = built(excited_only(), stimulus, phases=phases, target=target).integer
        without = kept_out(network, stimulus, EXCITE)[0][SETTLED:]  # what floors lose is below 0 at first
        assert without.min() >= 0
        assert without.max() > 100_000
        # Each copy has its gate in another tick: a rest of it would be another in each of them.
        assert np.array_equal(without, np.repeat(without[:, :, :1], phases, axis=2))

    def test_below_0_truncation_leaves_a_few_lsb(self) -> None:
        """Away from 0 instead of toward it, once in a period: no more than the filter remembers ticks."""
        stimulus = random_drive(-0.2, 4.0)
        network = built(swta(), stimulus).integer
        without, _ = kept_out(network, stimulus, EXCITE)
        spread = np.ptp(without, axis=2)
        remembered = network.rule.remembered_ticks(network.population(EXCITE).decay_u)
        assert without.min() < -50_000
        assert 0 < spread.max() < remembered
        assert spread.mean() < 0.25 * remembered

    def test_two_synapses_hold_it_exactly(self) -> None:
        network = built(swta(), switch_of_winner()).integer
        for name in (EXCITE, INHIBIT):
            parts = [p for p in network.projections if p.target == name and network.is_gate(p)]
            lsb = sum(np.ldexp(p.mantissa, p.exponent + network.rule.weight_shift) for p in parts)
            gate, keep = network.gate_lsb(name), network.rule.keep_u(network.population(name).decay_u)
            assert len(parts) == 2
            assert set(np.unique(lsb)) == {-gate * keep // network.rule.full_decay, 0, gate}
            assert gate * keep % network.rule.full_decay == 0

    def test_it_is_the_largest_that_registers_bear(self) -> None:
        target = load_target("loihi1")
        assert isinstance(target, LoihiTarget)
        gate = largest_gate(target.limits)
        assert gate == built(swta(), switch_of_winner()).integer.gate_lsb(EXCITE)
        assert gate == 7 << 18

    def test_a_chip_that_has_none_refuses_with_a_cure(self) -> None:
        target = load_target("loihi1")
        small = replace(target, limits=target.limits.model_copy(update={"weight_exponent_max": 2}))
        with pytest.raises(InfeasibleError) as refusal:
            lower(swta(), (switch_of_winner(),), small, CompileOptions(neurons=16, code="interleaved"))
        assert refusal.value.problems[0].id == "gate-beyond-registers"
        assert "--phases 1" in refusal.value.problems[0].cure


class TestTurns:
    @pytest.mark.parametrize("target", LOIHI)
    def test_a_neuron_fires_in_its_phase_alone(self, target: str) -> None:
        stimulus = switch_of_winner()
        made = built(swta(), stimulus, neurons=32, target=target)
        seen = simulate_emulator(made.integer, stimulus, record_spikes=True)
        for name in (EXCITE, INHIBIT):
            train = seen.spikes[name]
            assert train.tick.size > 500
            assert np.array_equal(train.tick % 8, made.integer.population(name).copies[0].phase[train.unit])
        clock = seen.spikes["clock"]
        assert np.array_equal(clock.tick, np.arange(2000))
        assert np.array_equal(clock.unit, np.arange(2000) % 8)

    def test_the_emulator_does_what_the_chip_is_said_to_do(self) -> None:
        stimulus = switch_of_winner().lasting(0.6)
        network = built(swta(), stimulus).integer
        values = encode(network, stimulus)
        run = emulate(network, values, 1, 600, record_spikes=True)
        assert np.array_equal(run.spikes[0].astype(bool), run_reference(network, values, 0, 600).spikes)

    def test_pools_of_several_numbers_of_phases_have_one_clock(self) -> None:
        """The fast units hear through 5 ms, so that who sends to them has 2 phases, the others 8."""
        circuit = RateCircuit(
            name="two",
            dt_s=0.001,
            populations=(population("slow", 2), population("fast", 2)),
            projections=(
                projection("slow", "slow", 0.5 * np.eye(2), 0.02),
                projection("slow", "fast", np.eye(2), 0.005),
                projection("fast", "slow", 0.2 * np.eye(2), 0.02),
            ),
            inputs=(RateInput(name=DRIVE, target="slow", weight=np.eye(2)),),
            readouts=(),
            origin_sha256="",
        )
        stimulus = drives("on", [0.0], np.array([[[0.3, 0.2]]]), 0.3)
        made = built(circuit, stimulus, neurons=32, phases=None)
        assert {p.name: p.phases for p in made.spiking.pools} == {"slow": 2, "fast": 8}
        assert [p.units for p in made.spiking.populations if p.clock] == [8]
        seen = simulate_emulator(made.integer, stimulus, record_spikes=True).spikes
        assert np.array_equal(seen["slow"].tick % 2, seen["slow"].unit % 2)
        assert np.array_equal(seen["fast"].tick % 8, seen["fast"].unit % 8)

    def test_what_is_active_before_the_first_tick_is_counted_from_the_first_on(self) -> None:
        circuit = RateCircuit(
            name="held",
            dt_s=0.001,
            populations=(population("x", 2, bias=[0.2, 0.1], initial=[0.4, 0.2]),),
            projections=(projection("x", "x", 0.5 * np.eye(2), 0.02),),
            inputs=(),
            readouts=(),
            origin_sha256="",
        )
        stimulus = Stimulus(name="none", duration_s=0.2, edges_s=np.zeros(1), values={}, labels=np.array([-1]))
        made = built(circuit, stimulus, neurons=64)
        pair = made.beside_rate(stimulus, made.run(stimulus))
        assert np.abs(pair.other.activity["x"] - pair.reference.activity["x"]).max() < 0.01 * 0.4


class TestAccuracy:
    @pytest.mark.parametrize(("neurons", "phases", "limit"), [(64, 4, 0.003), (64, 8, 0.005), (256, 16, 0.003)])
    def test_it_is_close_at_a_fraction_of_the_spikes(self, neurons: int, phases: int, limit: float) -> None:
        stimulus = switch_of_winner()
        made = built(swta(), stimulus, neurons=neurons, phases=phases)
        every = built(swta(), stimulus, neurons=neurons, phases=1)
        pair = made.beside_rate(stimulus, made.run(stimulus))
        assert benchmark_nrmse(pair.reference, pair.other)[0] < limit
        spikes = [sum(int(c.sum()) for c in _whole(m, stimulus).spike_counts.values()) for m in (made, every)]
        assert spikes[0] * phases == pytest.approx(spikes[1], rel=0.02)

    def test_brian2_does_the_same(self) -> None:
        stimulus = switch_of_winner()
        for target in ("loihi1", "brian2"):
            options = CompileOptions(neurons=32, code="interleaved", phases=8)
            made = lower(swta(), (stimulus,), load_target(target), options).built
            seen = simulate_brian2(made.spiking, stimulus, record_spikes=True)
            pair = made.beside_rate(stimulus, seen)
            assert benchmark_nrmse(pair.reference, pair.other)[0] < 0.01
            train = seen.spikes[EXCITE]
            assert np.array_equal(train.tick % 8, train.unit % 8)

    def test_one_phase_is_the_threshold_code(self) -> None:
        stimulus = switch_of_winner()
        options = CompileOptions(neurons=32, code="threshold", steps="equal", planes=1)
        threshold = lower(swta(), (stimulus,), load_target("loihi1"), options).built
        one = built(swta(), stimulus, neurons=32, phases=1)
        assert [p.code for p in one.spiking.populations] == ["threshold"] * 2
        for name, counts in threshold.run(stimulus).spike_counts.items():
            assert np.array_equal(counts, one.run(stimulus).spike_counts[name])


def _whole(made: LoihiBuilt, stimulus: Stimulus) -> Recording:
    return made.of_whole_units(made.run(stimulus))


class TestWholeUnits:
    def test_a_recording_of_copies_is_one_of_units_without_the_clock(self) -> None:
        stimulus = switch_of_winner().lasting(0.4)
        made = built(swta(), stimulus, neurons=16)
        seen = made.run(stimulus, record_spikes=True)
        whole = made.of_whole_units(seen)
        assert set(whole.activity) == set(whole.spikes) == set(whole.spike_counts) == {EXCITE, INHIBIT}
        assert whole.activity[EXCITE].shape == (1, 400, 4)
        of_copies = seen.activity[EXCITE].reshape(1, 400, 4, 8).mean(axis=3)
        assert np.allclose(whole.activity[EXCITE], of_copies, atol=1e-6)
        train: SpikeTrain = whole.spikes[EXCITE]
        assert train.neuron.max() < 16
        # The neuron with the lowest threshold of a unit fires if any of its phase does.
        assert np.array_equal(np.bincount(train.unit, minlength=4), whole.spike_counts[EXCITE][0])
        lowest = train.neuron[train.tick % 8 == 0]
        assert set(lowest % 8) <= {0}

    def test_theory_knows_whole_units(self) -> None:
        """Thresholds, gains, half neurons: those of the threshold code, to what the grid lets them be."""
        stimulus = switch_of_winner()
        made, every = built(swta(), stimulus, 64, 8), built(swta(), stimulus, 64, 1)
        assert made.kept is not None
        assert every.kept is not None
        for own, other in zip(made.kept.populations, every.kept.populations, strict=True):
            ceiling = made.spiking.population(own.name).fit.ceiling
            assert np.abs(own.offset_moved).max() < 0.002 * ceiling
            assert own.half_neuron == pytest.approx(other.half_neuron, abs=0.002 * ceiling)
            assert own.saturation == other.saturation
        for own, other in zip(made.kept.projections, every.kept.projections, strict=True):
            assert own.realised_gain == pytest.approx(other.realised_gain, abs=0.002 * np.abs(own.wanted_gain).max())
            assert own.wanted_gain == pytest.approx(other.wanted_gain)

    def test_registers_are_proved_and_never_beyond_their_bounds(self) -> None:
        stimulus = switch_of_winner()
        made = built(swta(), stimulus, neurons=64)
        assert {entry.proved for entry in made.headroom} <= {"any input", "calibrated input"}
        bounds = {entry.population: entry for entry in Overflow(calibration=(stimulus,)).run(made.integer)}
        for name in (EXCITE, INHIBIT):
            _, u = kept_out(made.integer, stimulus, name)
            assert bounds[name].current.low <= u.min()
            assert u.max() <= bounds[name].current.high


class TestPlacing:
    def test_copies_share_lists_and_the_axons_of_the_host(self) -> None:
        stimulus = switch_of_winner()
        made, every = built(swta(), stimulus, 64, 8), built(swta(), stimulus, 64, 1)
        held, wanted = (
            {
                lists.projections: (lists.axons, lists.synapses, lists.synapse_bits)
                for lists in one.chip.lists
                if lists.source in (EXCITE, INHIBIT)
            }
            for one in (made, every)
        )
        assert held == wanted
        inputs = [{entry.name: entry for entry in wiring_of(one.integer).inputs}[DRIVE] for one in (made, every)]
        assert [entry.copies for entry in inputs] == [8, 1]
        assert made.cores_used == 1

    def test_the_clock_is_in_the_budget(self) -> None:
        stimulus = switch_of_winner()
        made = built(swta(), stimulus, neurons=16)
        assert made.integer.neurons == 5 * 16 + 8
        budget = made.budget(stimulus, made.run(stimulus))
        assert {row.resource: row.used for row in budget.in_all}["compartments"] == 88


class TestOptions:
    @pytest.mark.parametrize(("phases", "neurons"), [(3, 48), (0, 64), (-2, 64), (8, 20)])
    def test_phases_that_neurons_cannot_share_are_refused(self, phases: int, neurons: int) -> None:
        options = CompileOptions(neurons=neurons, code="interleaved", phases=phases)
        with pytest.raises(InputError) as refusal:
            raise_input_problems(options.problems())
        assert [(problem.id, problem.where) for problem in refusal.value.problems] == [("phases-unfit", "--phases")]

    def test_only_interleaved_pools_have_phases_and_their_steps_are_equal(self) -> None:
        assert [p.id for p in CompileOptions(phases=4).problems()] == ["options-exclusive"]
        uneven = CompileOptions(code="interleaved", steps="decisions")
        assert [p.where for p in uneven.problems()] == ["--steps"]
        assert CompileOptions.of({"options": _given(8), "source": None}).phases == 8
        assert CompileOptions.of({"options": _given(None), "source": None}).phases is None

    @pytest.mark.parametrize(
        ("tau_ms", "neurons", "phases"),
        [(20, 64, 8), (100, 64, 8), (20, 12, 4), (20, 7, 1), (9, 64, 4), (4, 64, 2), (3, 64, 1), (0, 64, 1)],
    )
    def test_phases_are_chosen_by_the_fastest_filter(self, tau_ms: float, neurons: int, phases: int) -> None:
        circuit = RateCircuit(
            name="chosen",
            dt_s=0.001,
            populations=(replace(population("x", 1), trace_tau_s=0.0), population("y", 1)),
            projections=(projection("x", "y", np.eye(1), 0.001 * tau_ms), projection("x", "x", np.eye(1), 0.2)),
            inputs=(),
            readouts=(),
            origin_sha256="",
        )
        assert chosen_phases(circuit, load_target("brian2"), "x", neurons) == phases

    def test_cores_refuse_the_code(self) -> None:
        with pytest.raises(InfeasibleError) as refusal:
            lower(swta(), (switch_of_winner(),), load_target("truenorth"), CompileOptions(code="interleaved"))
        assert refusal.value.problems[0].id == "code-unfit"
        assert "interleaved" in refusal.value.problems[0].what


def _given(phases: int | None) -> dict[str, object]:
    options = CompileOptions(code="interleaved", phases=phases)
    names = ("neurons", "code", "phases", "axons", "seed", "tick_s", "images")
    return {name: getattr(options, name) for name in names}


def test_relays_and_taps_are_interleaved_too() -> None:
    circuit = swta()
    slow = tuple(replace(p, order=2) if p.source == INHIBIT else p for p in circuit.projections)
    circuit = replace(circuit, projections=slow)
    stimulus = switch_of_winner()
    for second_order in ("relays", "taps"):
        options = CompileOptions(neurons=64, code="interleaved", second_order=second_order)
        made = lower(circuit, (stimulus,), load_target("loihi1"), options).built
        assert {p.code for p in made.spiking.pools} == {"interleaved"}
        pair = made.beside_rate(stimulus, made.run(stimulus))
        errors = [
            np.sqrt(np.mean((pair.other.activity[n] - pair.reference.activity[n]) ** 2)) for n in (EXCITE, INHIBIT)
        ]
        assert max(errors) < 0.02 * simulate_rate(circuit, stimulus).activity[EXCITE].max()
