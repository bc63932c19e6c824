"""Events finer than the step: averaged over it on every level and in every emitted program, or refused by name."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocmc.common.errors import InputError
from neurocmc.common.files import read_npz, write_npz
from neurocmc.frontends.circuit_yaml import read_circuit_yaml
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import drive_range
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import CompileOptions, compile_model
from neurocmc.pipeline.emitted import emitted_edges
from neurocmc.pipeline.simulate import simulate
from neurocmc.sim.brian2_lif import weighted_drive
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.verification.metrics import decisions, nrmse
from tests.made.built import loihi, truenorth

DT_S, TAU_S = 0.005, 0.04
# Two units. The left one gets 2 ms of 0.9 within a step, 8 ms of 0.5 over three steps, and 0.4 to the end.
TEXT = """\
name: flash
dt_ms: 5
form: filter-after
populations:
  p: {size: 2, tau_ms: 40, threshold: 0.05}
inputs:
  light: {to: p}
readouts:
  seen: {population: p, kind: winner, labels: [left, right], window_ms: 50}
stimuli:
  flashes:
    duration_s: 0.4
    steps:
      - {at_s: 0.061, light: [0.9, 0.2]}
      - {at_s: 0.063, light: [0.0, 0.2]}
      - {at_s: 0.098, light: [0.5, 0.2]}
      - {at_s: 0.106, light: [0.0, 0.2]}
      - {at_s: 0.2, light: [0.4, 0.1]}
"""


def by_hand() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Drive and trace of the two units, (steps, 2), from the shares that the pulses have of their steps."""
    drive = np.zeros((80, 2))
    drive[12] = [0.9 * 2 / 5, 0.2 * 4 / 5]
    drive[13:40, 1] = 0.2
    drive[19, 0], drive[20, 0], drive[21, 0] = 0.5 * 2 / 5, 0.5, 0.5 * 1 / 5
    drive[40:] = [0.4, 0.1]
    keep, state, trace = np.exp(-DT_S / TAU_S), np.zeros(2), np.zeros((80, 2))
    for tick in range(80):
        state = keep * state + (1 - keep) * np.maximum(drive[tick] - 0.05, 0.0)
        trace[tick] = state
    return drive, trace


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flash") / "flash.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module", params=["loihi1", "truenorth", "brian2"])
def artifact(request: pytest.FixtureRequest, source: Path) -> Artifact:
    return compile_model(
        source, request.param, source.parent / request.param, CompileOptions(neurons=48, figures=False)
    )


def test_every_level_sees_a_pulse_that_is_shorter_than_a_step(artifact: Artifact) -> None:
    drive, trace = by_hand()
    assert drive[12, 0] == pytest.approx(0.36)
    rate = simulate(artifact, "rate")
    np.testing.assert_allclose(rate.activity["p"][0], trace, rtol=1e-5, atol=1e-7)
    on_cores = artifact.target.kind == "truenorth"
    for level in ("brian2", "emulator") if artifact.built.level == "emulator" else ("brian2",):
        recording = simulate(artifact, level)
        limit = 0.08 if on_cores and level == "emulator" else 0.02
        assert nrmse(rate.activity, recording.activity)["p"] < limit
        # In its own step the pulse is what it is to the rate circuit, and nothing was there before it.
        assert recording.activity["p"][0, 12, 0] == pytest.approx(trace[12, 0], rel=0.1)
        assert not recording.activity["p"][0, :12].any()
        assert decisions(recording, artifact.circuit.readouts[0]).tolist() == [0]


def test_what_each_level_is_driven_with_is_the_mean(artifact: Artifact) -> None:
    drive, _ = by_hand()
    stimulus = artifact.stimuli.test[0]
    (spiking,) = artifact.spiking.inputs
    np.testing.assert_allclose(weighted_drive(spiking, stimulus, DT_S), drive @ spiking.weight.T, rtol=1e-12)
    if artifact.target.kind == "loihi":
        integer = loihi(artifact).integer
        (entry,) = integer.inputs
        lsb = 2.0 ** (entry.exponent + 6)
        sent = encode(integer, stimulus)["light"][0].astype(np.float64) * lsb
        current = held(sent, 1 - (integer.population("p").decay_u + 1) / 4096)
        np.testing.assert_allclose(current, drive @ entry.lsb_per_input.T, rtol=0, atol=lsb + 2)
    if artifact.target.kind == "truenorth":
        cores = truenorth(artifact).cores
        (entry,) = cores.inputs
        spikes = encode_cores(cores, stimulus)
        sent = np.zeros((80, 2))
        for tick, core, axon in zip(spikes.tick, spikes.core, spikes.axon, strict=True):
            unit, place = np.argwhere((entry.core[:, None] == core) & (entry.axon == axon))[0]
            sent[tick, unit] += entry.weight[unit, place]
        potential, wanted = held(sent, float(entry.keep[0])), drive @ entry.lsb_per_input.T
        rises = [12, 19, 20, *range(40, 80)]  # a fall takes longer than a tick's axons can carry
        largest = np.abs(entry.weight).max()
        np.testing.assert_allclose(potential[rises, 0], wanted[rises, 0], rtol=0, atol=largest)
        np.testing.assert_allclose(potential[:40, 1], wanted[:40, 1], rtol=0, atol=largest)


def held(sent: NDArray[np.float64], keep: float) -> NDArray[np.float64]:
    """The current that what is sent leaves behind under a filter."""
    held = np.zeros_like(sent)
    for tick in range(len(sent)):
        held[tick] = keep * (held[tick - 1] if tick else 0.0) + sent[tick]
    return held


def test_the_emitted_program_is_driven_as_the_interpreter(artifact: Artifact, tmp_path: Path) -> None:
    """Read back from its files or, for Brian2, run as a user would: no spike differs, and the pulse fires some."""
    for edge in emitted_edges(artifact, artifact.stimuli.test[0]):
        if edge.verdict != "not run":
            assert (edge.value, edge.verdict) == (0.0, "pass")
    program = artifact.directory / "program"
    if artifact.target.kind == "ideal":
        arrays = read_npz(program / "stimulus-flashes.npz")
        first = np.rint(arrays["edges_s"] / DT_S).astype(int)
        np.testing.assert_allclose(first * DT_S, arrays["edges_s"], rtol=1e-12)
        lasts = np.diff(first, append=80)
        np.testing.assert_allclose(
            np.repeat(arrays["drive_light.values"][0], lasts, axis=0), by_hand()[0], rtol=1e-12
        )
        for key, wrong in (("edges_s", arrays["edges_s"] + [0, *[1e-4] * (len(first) - 1)]), ("duration_s", 0.3975)):
            write_npz(tmp_path / "off.npz", {**arrays, key: np.asarray(wrong)})
            command = [sys.executable, "run.py", "--stimulus", str(tmp_path / "off.npz")]
            done = subprocess.run(command, cwd=program, capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 2
            assert "off.npz: edges_s and duration_s are not all whole ticks of 0.005 s" in done.stderr


def test_input_axons_are_sized_for_the_mean(source: Path) -> None:
    """Not for the 0.9 that no step sees: the largest drive is 0.5, the largest jump that from 0 to 0.4."""
    loaded = read_circuit_yaml(source)
    found = drive_range(loaded.circuit.inputs[0], loaded.stimuli, DT_S)
    assert found.largest == pytest.approx(0.5)
    assert found.largest_step == pytest.approx(0.4)
    on_finer_ticks = drive_range(loaded.circuit.inputs[0], loaded.stimuli, 0.001)
    assert (on_finer_ticks.largest, on_finer_ticks.largest_step) == pytest.approx((0.9, 0.9))


def test_noise_that_is_drawn_within_a_step_is_averaged(tmp_path: Path) -> None:
    """Eight draws a step of 5 ms: the std of their mean is that of one over the root of eight."""
    noise = "    noise: {std: {light: 0.6}, redraw_ms: 0.625, seeds: 100, from_s: 0.0125, until_s: 0.3875}\n"
    path = tmp_path / "noise.yaml"
    text = TEXT[: TEXT.index("    steps:")] + noise
    path.write_text(text.replace("threshold: 0.05", "transfer: linear"))
    loaded = read_circuit_yaml(path)
    circuit, stimulus = loaded.circuit, loaded.stimuli[0]
    drive = stimulus.on_ticks(DT_S)
    seen = drive.values["light"][:, drive.segment_of_tick]
    assert not seen[:, [0, 1, 78, 79]].any()
    whole = seen[:, 3:77]
    assert whole.std() == pytest.approx(0.6 / np.sqrt(8), rel=0.02)  # 14,800 means: standard error 0.6 %
    assert seen[:, 2].std() == pytest.approx(0.6 * np.sqrt(4) / 8, rel=0.15)  # half of a step has noise: four draws
    keep = np.exp(-DT_S / TAU_S)
    settled = simulate(
        compile_model(path, "brian2", tmp_path / "n", CompileOptions(neurons=8, figures=False)), "rate"
    ).activity["p"]
    wanted = 0.6 / np.sqrt(8) * np.sqrt((1 - keep) / (1 + keep))
    assert settled[:, 60:77].std() == pytest.approx(wanted, rel=0.1)
    assert circuit.problems() == ()


def test_a_file_with_edges_within_steps_is_averaged_too(artifact: Artifact, tmp_path: Path) -> None:
    values = np.zeros((2, 4, 2))
    values[0, 1], values[1, 2] = [0.5, 0.0], [0.0, 0.5]
    edges_s = [0.0, 0.0512, 0.0536, 0.0661]
    np.savez(tmp_path / "mine.npz", duration_s=0.1, edges_s=edges_s, **{"value/light": values})
    recording = simulate(artifact, "rate", tmp_path / "mine.npz")
    drive = np.zeros((2, 20, 2))
    drive[0, 10, 0] = 0.5 * 2.4 / 5
    drive[1, 10, 1], drive[1, 11:13, 1], drive[1, 13, 1] = 0.5 * 1.4 / 5, 0.5, 0.5 * 1.1 / 5
    keep, state = np.exp(-DT_S / TAU_S), np.zeros((2, 2))
    for tick in range(20):
        state = keep * state + (1 - keep) * np.maximum(drive[:, tick] - 0.05, 0.0)
        np.testing.assert_allclose(recording.activity["p"][:, tick], state, rtol=1e-5, atol=1e-7)
    assert simulate(artifact, "brian2", tmp_path / "mine.npz").activity["p"][0, :, 0].max() > 0


@pytest.mark.parametrize(("duration_s", "cure"), [(0.0125, "10 or 15"), (0.398, "395 or 400")])
def test_a_duration_that_is_no_number_of_steps_is_refused(
    artifact: Artifact, tmp_path: Path, duration_s: float, cure: str
) -> None:
    what = f"{1e3 * duration_s:g} ms are {duration_s / DT_S:g} steps of 5 ms [{{}}]\n    cure: give {cure} ms"
    for on in ("rate", "brian2"):
        with pytest.raises(InputError) as caught:
            simulate(artifact, on, duration_s=duration_s)
        assert str(caught.value) == f"--duration: {what.format('time-off-grid')}"
    np.savez(tmp_path / "mine.npz", duration_s=duration_s, edges_s=[0.0], **{"value/light": np.zeros((1, 1, 2))})
    with pytest.raises(InputError) as caught:
        simulate(artifact, "rate", tmp_path / "mine.npz")
    assert str(caught.value) == f"stimulus mine: {what.format('stimulus-duration')}"
    stimulus = replace(artifact.stimuli.test[0], duration_s=duration_s)
    with pytest.raises(InputError, match=r"stimulus flashes: .* steps of 5 ms \[stimulus-duration\]"):
        simulate(artifact, "rate", stimulus)
    assert simulate(artifact, "rate", duration_s=0.35).ticks == 70


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "duration_s: 0.4",
            "duration_s: 0.4025",
            "flash.yaml:12: stimuli.flashes.duration_s: 402.5 ms are 80.5 steps of 5 ms [stimulus-duration]\n"
            "    cure: give 400 or 405 ms",
        ),
        (
            "window_ms: 50",
            "window_ms: 12",
            "flash.yaml:9: readouts.seen.window_ms: 12 ms are 2.4 steps of 5 ms [time-off-grid]\n"
            "    cure: give 10 or 15 ms",
        ),
        (
            "window_ms: 50",
            "window_ms: 500",
            "readout seen: its window of 500 ms is longer than stimulus flashes, 400 ms [window-too-long]\n"
            "    cure: shorten the window (window_ms), or make the stimulus longer (duration_s)",
        ),
    ],
)
def test_times_in_a_circuit_that_last_no_whole_steps_are_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "flash.yaml"
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(InputError) as caught:
        compile_model(path, "loihi1", tmp_path / "out")
    assert str(caught.value).replace(f"{tmp_path}/", "") == message
    assert not (tmp_path / "out").exists()


def test_no_window_is_longer_than_what_was_run(artifact: Artifact) -> None:
    readout = artifact.circuit.readouts[0]
    short = simulate(artifact, "rate", duration_s=0.045)
    with pytest.raises(InputError, match=r"readout seen: .* 50 ms .* flashes \[window-too-long\]"):
        decisions(short, readout)
    assert decisions(simulate(artifact, "rate", duration_s=0.05), readout).tolist() == [-1]  # nothing fired yet


def test_a_stimulus_prolonged_holds_its_last_value_and_its_pulses(artifact: Artifact) -> None:
    drive, _ = by_hand()
    longer, shorter = (artifact.stimuli.test[0].lasting(s).on_ticks(DT_S) for s in (0.5, 0.1))
    np.testing.assert_allclose(longer.values["light"][0, longer.segment_of_tick][:80], drive, rtol=1e-12)
    assert (longer.values["light"][0, longer.segment_of_tick[80:]] == [0.4, 0.1]).all()
    np.testing.assert_allclose(shorter.values["light"][0, shorter.segment_of_tick], drive[:20], rtol=1e-12)


def test_stimuli_without_a_trial_of_their_own_are_still_stimuli() -> None:
    """No input at all: nothing to average, and the ticks are counted as ever."""
    rest = Stimulus(name="rest", duration_s=0.05, edges_s=np.array([0.0, 0.012]), values={}, labels=np.array([-1]))
    assert dict(rest.on_ticks(DT_S).values) == {}
    assert rest.ticks(DT_S) == 10
