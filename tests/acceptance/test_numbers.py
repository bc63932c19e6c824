"""Numbers the product promises, measured: run with `pytest -s` to see each beside its limit.

What varies from seed to seed is stated where seeds are used: the rate code has random initial voltages; the threshold
code has no random part, so there it is the drive that is noisy.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from neurocmc.common.arrays import Float
from neurocmc.common.resources import resource_path
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibration
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.model import Model, load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import Code, LoihiTarget, load_target
from neurocmc.theory.swta import ignition_threshold, switching_ratio, up_state, winner_gain
from neurocmc.verification.metrics import accuracy, agreement, decisions, nrmse
from tests.made.built import loihi
from tests.made.winner_circuits import (
    EXCITE,
    INHIBIT,
    TICK_S,
    benchmark_nrmse,
    calibrated,
    drives,
    integers,
    switch_of_winner,
    swta,
)
from tests.torch_extra import needs_torch

CODES: tuple[Code, ...] = ("threshold", "rate")
# (alpha, beta1, beta2): the circuit of the theory, that of the benchmark, two softer ones, one of double inhibition.
GAINS = ((1.2, 3.0, 0.25), (1.2, 2.0, 0.35), (0.8, 2.0, 0.4), (0.5, 1.0, 0.5), (1.4, 3.0, 0.3))
N = 64


@pytest.fixture(scope="module")
def loihi1() -> LoihiTarget:
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    return target


def tell(text: str) -> None:
    """A measured number beside its limit; pytest shows it with -s."""
    print(f"\n    {text}", end="")


# --- 3: four units, a switch of winner --------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("neurons", "limit"), [(64, 0.022), (256, 0.018)])
def test_four_units_follow_the_rate_model(loihi1: LoihiTarget, neurons: int, limit: float, code: Code) -> None:
    circuit, stimulus = swta(), switch_of_winner()
    rate = simulate_rate(circuit, stimulus)
    calibration = calibrated(circuit, stimulus)
    errors = [
        float(benchmark_nrmse(rate, simulate_emulator(network, stimulus))[0])
        for network in (integers(circuit, calibration, loihi1, neurons, code, seed) for seed in _seeds(code, 5))
    ]
    tell(f"four units, {code}, N = {neurons}: NRMSE {np.mean(errors):.5f} over {len(errors)} seeds (<= {limit})")
    assert np.mean(errors) <= limit


def _seeds(code: Code, count: int) -> range:
    """Seeds of initial voltages: the threshold code has none, so that all its compilations are one."""
    return range(count if code == "rate" else 1)


# --- 4: gain and hysteresis -------------------------------------------------------------------------------------

LEVELS = np.array([0.0, 0.51, 0.62, 0.77, 0.88, 1.0])  # not multiples of each other: no level falls on whole neurons
LEVEL_S = 0.6


def _stairs() -> Stimulus:
    """Unit 0 alone is driven, up the levels."""
    values = np.zeros((1, LEVELS.size, 4))
    values[0, :, 0] = LEVELS
    return drives("stairs", LEVEL_S * np.arange(LEVELS.size), values, LEVEL_S * LEVELS.size)


def _winner_gains(recording: Recording, mean_ticks: int) -> Float:
    """(levels,) activity of unit 0 over its drive at each level but the first, which is 0, at the end of each."""
    ends = np.rint(LEVEL_S / TICK_S * np.arange(2, LEVELS.size + 1)).astype(int)
    activity = recording.activity[EXCITE][0, :, 0].astype(np.float64)
    return np.array([activity[end - mean_ticks : end].mean() for end in ends]) / LEVELS[1:]


def _realised_gain(network: IntegerNetwork) -> float:
    """The formula with the weights that the chip holds."""
    gain = {p.name: p.realised_gain for p in network.projections}
    alpha = gain[f"{EXCITE}->{EXCITE}"][0, 0]
    beta1, beta2 = -gain[f"{INHIBIT}->{EXCITE}"][0, 0], gain[f"{EXCITE}->{INHIBIT}"][0, 0]
    return winner_gain(alpha, beta1, beta2)


@pytest.mark.parametrize(("alpha", "beta1", "beta2"), GAINS)
def test_gain_of_a_single_winner(loihi1: LoihiTarget, alpha: float, beta1: float, beta2: float) -> None:
    circuit, stimulus = swta(4, alpha, beta1, beta2), _stairs()
    rate = np.abs(_winner_gains(simulate_rate(circuit, stimulus), 20) / winner_gain(alpha, beta1, beta2) - 1.0)
    assert rate.max() <= 0.001
    calibration = calibrated(circuit, stimulus)
    for code in CODES:
        network = integers(circuit, calibration, loihi1, N, code)
        measured = _winner_gains(simulate_emulator(network, stimulus), 300)
        error = np.abs(measured / _realised_gain(network) - 1.0)
        tell(
            f"gain, alpha {alpha} beta1 {beta1} beta2 {beta2}: rate off by {rate.max():.1e} (<= 1e-3); emulator, "
            f"{code}, N = {N}: {measured.mean():.4f} of {_realised_gain(network):.4f}, worst level {error.max():.2%} "
            "(<= 5 %)"
        )
        assert error.max() <= 0.05


SETTLE_S = 0.6


def _ramp(
    ratios: Float, hold_s: float, *, winner: int = 0, loser: int = 1, noise: float = 0.0, seed: int = 0
) -> tuple[Stimulus, Float]:
    """The winner is driven by 1, the loser, once the winner stands, by each ratio in turn; all else by 0.

    Noise has the given standard deviation, is drawn anew every 10 ms and falls on both driven units. Returns the
    stimulus and the ratio in force after each edge.
    """
    draws = round(hold_s / 0.01)
    edges_s = np.append(0.0, SETTLE_S + 0.01 * np.arange(ratios.size * draws))
    ratio = np.append(0.0, np.repeat(ratios, draws))
    values = np.zeros((1, edges_s.size, 4))
    values[0, :, winner], values[0, :, loser] = 1.0, ratio
    shape = (edges_s.size - 1, 2)
    values[0, 1:, [winner, loser]] += (noise * np.random.default_rng(seed).standard_normal(shape)).T
    return drives("ramp", edges_s, values, SETTLE_S + hold_s * ratios.size), ratio


def _ratio_at_switch(recording: Recording, stimulus: Stimulus, ratio: Float, winner: int, loser: int) -> float:
    """The ratio in force when the loser passes the winner. Fails if it never does, or had before the ramp."""
    activity = recording.activity[EXCITE][0]
    passed = np.flatnonzero(activity[:, loser] > activity[:, winner])
    assert passed.size, "the loser never takes over"
    assert passed[0] >= round(SETTLE_S / TICK_S), "the loser led before it was driven"
    return float(ratio[stimulus.on_ticks(TICK_S).segment_of_tick[passed[0]]])


@pytest.mark.parametrize(("alpha", "beta1", "beta2"), GAINS[:2])
def test_switching_ratio(loihi1: LoihiTarget, alpha: float, beta1: float, beta2: float) -> None:
    circuit, rho = swta(4, alpha, beta1, beta2), switching_ratio(alpha, beta1, beta2)
    fine, ratio = _ramp(rho * np.arange(0.99, 1.0101, 0.001), hold_s=0.2)
    rate = _ratio_at_switch(simulate_rate(circuit, fine), fine, ratio, 0, 1) / rho - 1.0
    assert abs(rate) <= 0.005
    ratios = rho * np.arange(0.85, 1.1501, 0.005)
    calibration = calibrated(circuit, _ramp(ratios, hold_s=0.1)[0])
    for code in CODES:
        errors: list[float] = []
        network = integers(circuit, calibration, loihi1, N, code)
        for seed in range(5):
            # The pair of rivals is drawn for both codes; beside it initial voltages (rate), or noise (threshold).
            winner, loser = np.random.default_rng(seed).permutation(4)[:2]
            stimulus, ratio = _ramp(
                ratios, 0.1, winner=winner, loser=loser, noise=0.01 if code == "threshold" else 0.0, seed=seed
            )
            if code == "rate" and seed:
                network = integers(circuit, calibration, loihi1, N, code, seed)
            seen = simulate_emulator(network, stimulus)
            errors.append(_ratio_at_switch(seen, stimulus, ratio, winner, loser) / rho - 1.0)
        told = ", ".join(f"{error:+.1%}" for error in errors)
        tell(f"switching ratio {rho:.4f}: rate off by {rate:+.2%} (<= 0.5 %); {code}, N = {N}: {told} (<= 10 %)")
        assert max(map(abs, errors)) <= 0.10


# --- 5: working memory ------------------------------------------------------------------------------------------

X_STAR = up_state(alpha=1.0, phi=0.3, beta1=3.0, beta2=0.25, threshold=0.1, threshold_i=0.2)
IGNITION = ignition_threshold(alpha=1.0, phi=0.3, threshold=0.1)
CUE_END_S, HOLD_S, SEEDS = 0.4, 10.0, 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Memory:
    """The bundled circuit, its stimuli, and the ranges it visits on those for calibration."""

    circuit: RateCircuit
    stimuli: Mapping[str, Stimulus]
    calibration: Calibration
    target: LoihiTarget

    def integers(self, code: Code, seed: int = 0) -> IntegerNetwork:
        return integers(self.circuit, self.calibration, self.target, N, code, seed)


@pytest.fixture(scope="module")
def memory(loihi1: LoihiTarget) -> Memory:
    model = load(resource_path("models/working-memory.yaml"))
    stimuli = model.read_stimuli()
    return Memory(
        circuit=model.circuit,
        stimuli=stimuli.by_name(),
        calibration=calibrated(model.circuit, *stimuli.calibration),
        target=loihi1,
    )


def _held_s(activity: Float) -> Float:
    """(batch,) time after the cue until item 0 falls below half of x*, or item 1 rises above it; (b, ticks, 2)."""
    after = activity[:, round(CUE_END_S / TICK_S) :]
    lost = (after[:, :, 0] < 0.5 * X_STAR) | (after[:, :, 1] > 0.5 * X_STAR)
    return TICK_S * np.where(lost.any(axis=1), lost.argmax(axis=1), after.shape[1])


def _check_up_state(recordings: list[Recording], code: Code) -> None:
    held = np.concatenate([_held_s(recording.activity["x"]) for recording in recordings])
    last = [recording.activity[name][:, -1000:, 0] for recording in recordings for name in ("x", "y")]
    amplitude = np.concatenate([value.mean(axis=1, dtype=np.float64) for value in last]) / X_STAR - 1.0
    tell(
        f"up-state, {code}, N = {N}, {held.size} seeds: held {held.min():.2f} s after the cue (>= 10 s), amplitude "
        f"off x* by {amplitude.mean():+.2%} in the mean, {np.abs(amplitude).max():.2%} at worst (<= 5 %)"
    )
    assert held.size == SEEDS
    assert held.min() >= HOLD_S
    assert np.abs(amplitude).max() <= 0.05


def test_up_state_is_held_after_noisy_cues(memory: Memory) -> None:
    """Seeds are the ten noisy cues of the model's own stimulus."""
    stimulus = memory.stimuli["noisy-cue"]
    assert np.unique(stimulus.values["cue"][:, :, 0], axis=0).shape[0] == SEEDS
    _check_up_state([simulate_emulator(memory.integers("threshold"), stimulus)], "threshold")


def test_up_state_is_held_from_any_initial_voltages(memory: Memory) -> None:
    """Rate code: each noisy cue on a network with initial voltages of its own."""
    stimulus = memory.stimuli["noisy-cue"]
    recordings = [
        simulate_emulator(memory.integers("rate", seed), stimulus.take(slice(seed, seed + 1)))
        for seed in range(SEEDS)
    ]
    _check_up_state(recordings, "rate")


@pytest.mark.parametrize("code", CODES)
def test_memory_is_silent_without_a_cue(memory: Memory, code: Code) -> None:
    """No drive: not one spike. Ten trials of noise too weak to ignite it: it goes out when the noise does."""
    network = memory.integers(code)
    silence = simulate_emulator(network, memory.stimuli["silence"])
    spikes = sum(int(count.sum()) for count in silence.spike_counts.values())
    noise = 0.08 * np.random.default_rng(5).standard_normal((SEEDS, 101, 2))
    noise[:, -1] = 0.0
    weak = Stimulus(
        name="noise",
        duration_s=3.0,
        edges_s=0.01 * np.arange(101),
        values={"cue": noise},
        labels=np.full(SEEDS, -1),
    )
    seen = simulate_emulator(network, weak).activity["x"]
    left = float(seen[:, -100:].max())
    tell(
        f"without a cue, {code}, N = {N}: {spikes} spikes in 11 s; under noise x reaches "
        f"{seen.max():.4f} (ignition {IGNITION:.4f}), {left:.1e} of it is left at the end, {SEEDS} seeds"
    )
    assert spikes == 0
    assert 0 < seen.max() < IGNITION  # the noise is felt, so that going out means something
    assert left < 1e-6


# --- 2: digits --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits(loihi1: LoihiTarget) -> tuple[Model, Lowered, Stimulus, Recording]:
    model = load(resource_path("models/swta-digits.pt"))
    stimuli = model.read_stimuli()
    lowered = lower(model.circuit, stimuli.calibration, loihi1, CompileOptions(neurons=N))
    return model, lowered, stimuli.test[0], simulate_rate(model.circuit, stimuli.test[0])


Digits = tuple[Model, Lowered, Stimulus, Recording]


def _check_digits(digits: Digits, other: Recording, trials: int) -> None:
    model, _, stimulus, rate = digits
    (readout,) = model.circuit.readouts
    labels = stimulus.labels[:trials]
    first, second = decisions(rate, readout)[:trials], decisions(other, readout)
    errors = nrmse({name: activity[:trials] for name, activity in rate.activity.items()}, other.activity)
    before, after = accuracy(first, labels), accuracy(second, labels)
    assert before is not None
    assert after is not None
    same = agreement(first, second)
    tell(
        f"{trials} digits on {other.level}, threshold, N = {N}: decisions agree {same:.2%} (>= 99 %), accuracy "
        f"{before:.2%} to {after:.2%} (drop <= 1 point), NRMSE {max(errors.values()):.3%} (<= 5 %)"
    )
    assert same >= 0.99
    assert round(before - after, 12) <= 0.01
    assert max(errors.values()) <= 0.05


@needs_torch
def test_all_test_digits_on_the_emulator(digits: Digits) -> None:
    _, lowered, stimulus, rate = digits
    (readout,) = digits[0].circuit.readouts
    assert stimulus.batch == 1000
    reached = accuracy(decisions(rate, readout), stimulus.labels)
    assert reached is not None
    assert reached >= 0.92
    _check_digits(digits, simulate_emulator(loihi(lowered).integer, stimulus), 1000)


@needs_torch
def test_digits_on_brian2(digits: Digits) -> None:
    """The first 200; `neurocmc verify` walks all 1,000."""
    _, lowered, stimulus, _ = digits
    _check_digits(digits, simulate_brian2(lowered.spiking, stimulus.take(slice(200))), 200)
