"""Neurosynaptic cores with faults: none at level 0, each what it says, and a seed that knows of no other."""

import numpy as np
import pytest

from neurocmc.common.arrays import Bool
from neurocmc.common.resources import resource_path
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.cores import NOWHERE, CoreNetwork
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.sim.truenorth.faulty import KINDS, background_spikes, draw_cores, noise_bits, run_faulty
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.sim.truenorth.run import run_cores
from neurocmc.targets import load_target
from tests.made.built import truenorth

SEED = 7
TRIALS = (4, 1, 2)


@pytest.fixture(scope="module")
def program() -> CoreProgram:
    """The bundled working memory at 16 neurons per unit: feedback, bias, filters, copies."""
    model = load(resource_path("models/working-memory.yaml"))
    calibration = tuple(stimulus.lasting(1.5) for stimulus in model.read_stimuli().calibration)
    return truenorth(lower(model.circuit, calibration, load_target("truenorth"), CompileOptions(neurons=16))).cores


@pytest.fixture(scope="module")
def stimulus(program: CoreProgram) -> Stimulus:
    """Six trials with other drives."""
    (entry,) = program.inputs
    values = np.random.default_rng(SEED).uniform(0.0, 0.25, (6, 2, entry.lsb_per_input.shape[1]))
    return Stimulus(
        name="driven",
        duration_s=0.12,
        edges_s=np.array([0.0, 0.06]),
        values={entry.name: values},
        labels=np.full(6, -1),
    )


def used(program: CoreProgram) -> Bool:
    found = np.zeros((program.network.cores, program.network.neurons), dtype=np.bool_)
    for group in program.neuron_groups:
        found[group.core, group.start : group.stop] = True
    return found


def bits(network: CoreNetwork) -> Bool:
    return np.stack([network.connected(core) for core in range(network.cores)])


# --- laws ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_at_level_0_the_chip_is_the_emulator_spike_for_spike(
    program: CoreProgram, stimulus: Stimulus, kind: str
) -> None:
    wanted = simulate_cores(program, stimulus, seed=SEED)
    seen = run_faulty(draw_cores(program, kind, 0.0, SEED), stimulus, TRIALS, encode_cores(program, stimulus))
    assert sum(int(counts.sum()) for counts in seen.spike_counts.values()) > 0
    for name in wanted.activity:
        assert np.array_equal(seen.activity[name], wanted.activity[name][list(TRIALS)])
        assert np.array_equal(seen.spike_counts[name], wanted.spike_counts[name][list(TRIALS)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_outcome_whatever_else_is_run(
    program: CoreProgram, stimulus: Stimulus, kind: str
) -> None:
    host = encode_cores(program, stimulus)

    def outcome(seed: int, trials: tuple[int, ...], threads: int = 1) -> np.ndarray:
        seen = run_faulty(draw_cores(program, kind, 0.3, seed), stimulus, trials, host, threads)
        return np.concatenate([seen.activity[p.name] for p in program.populations], axis=2)

    first = outcome(SEED, TRIALS)
    assert np.array_equal(outcome(SEED, TRIALS[:1], 2), first[:1])
    assert np.array_equal(outcome(SEED, TRIALS[::-1])[::-1], first)
    assert not np.array_equal(outcome(SEED + 1, TRIALS), first)


def test_trials_that_are_run_together_draw_the_noise_of_their_numbers(
    program: CoreProgram, stimulus: Stimulus
) -> None:
    """More than 32 trials are stepped in lanes, fewer one by one."""
    many = stimulus.take(np.resize(np.arange(6), 40))
    host, faulty = encode_cores(program, many), draw_cores(program, "dead", 0.1, SEED)
    numbers = (39, *range(39))
    together = run_faulty(faulty, many, numbers, host)
    for trial in (39, 17):
        alone = run_faulty(faulty, many, (trial,), host)
        for name, activity in alone.activity.items():
            assert np.array_equal(together.activity[name][numbers.index(trial)], activity[0])
    first = together.activity[program.populations[0].name]
    assert not np.array_equal(first[numbers.index(0)], first[numbers.index(6)])  # one drive, other noise


# --- what each fault is -------------------------------------------------------------------------------------------


def test_thresholds_deviate_by_whole_numbers_and_end_with_their_register(program: CoreProgram) -> None:
    network, own = program.network, used(program)
    changed = draw_cores(program, "threshold", 0.1, SEED).network
    large = own & (network.threshold > 500) & (network.threshold < 1 << 20)
    ratio = changed.threshold[large] / network.threshold[large]
    assert ratio.std() == pytest.approx(0.1, rel=0.2)
    assert ratio.mean() == pytest.approx(1.0, abs=0.03)
    assert np.array_equal(changed.threshold[~own], network.threshold[~own])
    for field in ("crossbar", "weight", "noise_mask", "target_core"):
        assert np.array_equal(getattr(changed, field), getattr(network, field))
    narrow = draw_cores(program, "threshold", 0.5, SEED, threshold_bits=10).network
    assert narrow.threshold[own].max() == (1 << 10) - 1


def test_all_weights_of_a_neuron_deviate_by_one_factor(program: CoreProgram) -> None:
    network, own = program.network, used(program)
    changed = draw_cores(program, "weight", 0.2, SEED).network
    assert (changed.weight.astype(int) * network.weight >= 0).all()  # none changes its sign
    strong = own & (np.abs(network.weight) > 40).any(axis=2)
    ratios = [
        changed.weight[core, neuron][at] / network.weight[core, neuron][at]
        for core, neuron in np.argwhere(strong)
        for at in [np.abs(network.weight[core, neuron]) > 40]
    ]
    assert np.std([ratio.mean() for ratio in ratios]) == pytest.approx(0.2, rel=0.3)
    assert max(np.ptp(ratio) for ratio in ratios) < 0.03  # of rounding


def test_bits_are_lost_or_set_by_the_share_that_was_asked_for(program: CoreProgram) -> None:
    before, own = bits(program.network), used(program)
    axons = np.zeros(before.shape[:2], dtype=np.bool_)
    for group in program.axon_groups:
        axons[group.core, group.start : group.stop] = True
    lost = bits(draw_cores(program, "dropped", 0.2, SEED).network)
    assert (lost <= before).all()
    assert 1.0 - lost.sum() / before.sum() == pytest.approx(0.2, abs=0.01)
    fewer = bits(draw_cores(program, "dropped", 0.1, SEED).network)
    assert (lost <= fewer).all()  # what is lost at 10 % is lost at 20 %
    more = bits(draw_cores(program, "added", 0.2, SEED).network)
    clear = axons[:, :, None] & own[:, None, :] & ~before
    assert (more >= before).all()
    assert (more & ~before)[clear].mean() == pytest.approx(0.2, abs=0.02)
    assert not (more & ~before)[~clear].any()


def test_what_is_dead_never_fires_and_what_is_silent_brings_nothing(program: CoreProgram) -> None:
    network, own = program.network, used(program)
    for kind in ("dead", "cores"):
        faulty = draw_cores(program, kind, 0.5, SEED)
        dead = own & (faulty.network.threshold == (1 << 30) - 1)
        assert 0.1 < dead[own].mean() < 0.9  # of few cores
        assert (faulty.network.target_core[dead] == NOWHERE).all()
        assert (faulty.network.noise_mask[dead] == 0).all()
        if kind == "cores":
            assert set(dead.sum(axis=1)[own.any(axis=1)] / own.sum(axis=1)[own.any(axis=1)]) == {0.0, 1.0}
    everyone = draw_cores(program, "dead", 1.0, SEED).network
    assert (everyone.threshold[own] == (1 << 30) - 1).all()
    silent = draw_cores(program, "axons", 0.5, SEED).network
    rows = bits(network).any(axis=2)
    kept = bits(silent).any(axis=2)
    assert kept[rows].mean() == pytest.approx(0.5, abs=0.1)
    assert np.array_equal(bits(silent)[kept], bits(network)[kept])


def test_noise_has_nearly_the_deviation_and_no_mean(program: CoreProgram) -> None:
    wanted = np.array([0.0, 0.2, 3.0, 50.0, 700.0, 9000.0])
    free = noise_bits(wanted, np.zeros(6, dtype=np.int32))
    reached = deviation(free)
    assert reached[0] == reached[1] == 0.0
    assert reached[2:] == pytest.approx(wanted[2:], rel=0.33)
    taken = np.full(6, 255, dtype=np.int32)
    assert not (noise_bits(wanted, taken) & taken).any()
    network, own = program.network, used(program)
    noisy = draw_cores(program, "current", 0.2, SEED).network
    extra = noisy.noise_mask & ~network.noise_mask
    assert np.array_equal(noisy.noise_mask & network.noise_mask, network.noise_mask)
    high = own & (network.threshold > 1000) & (network.threshold < 1 << 20)
    share = deviation(extra)[high] / network.threshold[high]
    assert share.mean() == pytest.approx(0.2, rel=0.2)
    mean = (network.threshold - noisy.threshold)[high]
    assert np.array_equal(mean, extra[high] >> 1)  # of a sum of bits, each set in half of the ticks


def deviation(mask: np.ndarray) -> np.ndarray:
    """The standard deviation of a random number AND a mask."""
    return np.sqrt(sum(((mask >> bit) & 1) * 4.0**bit / 4.0 for bit in range(30)))


def test_background_spikes_take_the_way_of_each_neuron_s_own(program: CoreProgram) -> None:
    network, own = program.network, used(program)
    faulty = draw_cores(program, "spikes", 0.1, SEED)
    tick, core, axon = background_spikes(faulty, 0, 400)
    sends = own & (network.target_core >= 0)
    ways = set(zip(network.target_core[sends].tolist(), network.target_axon[sends].tolist(), strict=True))
    assert set(zip(core.tolist(), axon.tolist(), strict=True)) <= ways
    assert tick.size == pytest.approx(0.1 * 400 * sends.sum(), rel=0.05)
    assert tick.min() >= network.delay[sends].min()
    assert not np.array_equal(background_spikes(faulty, 1, 400)[0], tick)
    fewer = background_spikes(draw_cores(program, "spikes", 0.05, SEED), 0, 400)
    assert set(zip(*(part.tolist() for part in fewer), strict=True)) <= set(
        zip(tick.tolist(), core.tolist(), axon.tolist(), strict=True)
    )


def test_a_fault_that_cores_cannot_have_is_none_of_theirs(program: CoreProgram) -> None:
    with pytest.raises(ValueError, match="no fault synapse"):
        draw_cores(program, "synapse", 0.1, SEED)


def test_numbers_of_trials_are_checked(program: CoreProgram) -> None:
    with pytest.raises(Exception, match=r"numbers.*\[array-shape\]"):
        run_cores(program.network, None, 3, batch=2, numbers=[1])
    with pytest.raises(Exception, match=r"numbers.*\[number-out-of-range\]"):
        run_cores(program.network, None, 3, batch=1, numbers=[-1])
