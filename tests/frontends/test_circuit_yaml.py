"""Hand-written circuits: both ways of writing a rate unit map exactly, and each field means what it says."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurocmc.common.resources import resource_path
from neurocmc.frontends.circuit_yaml import read_circuit_yaml
from neurocmc.sim.rate import simulate_rate
from tests.made.circuit_documents import TEXT, changed, read

EXAMPLE = Path(__file__).parents[2] / "examples" / "circuit.yaml"


# --- the two forms, against their equations ---------------------------------------------------------------------

PHI = {
    "relu": lambda z, top: np.minimum(np.maximum(z, 0.0), top),
    "sigmoid": lambda z, top: top / (1.0 + np.exp(-z)),
    "softplus": lambda z, top: np.minimum(np.log1p(np.exp(z)), top),
    "tanh": lambda z, top: top * np.tanh(z),
}


def textbook(
    form: str, transfer: str, tau_s: NDArray, weight: NDArray, theta: NDArray, bias: NDArray, drive: NDArray
) -> tuple[NDArray, NDArray]:
    """Rates and states of n units, (ticks, n), by the exponential step of the textbook equation of either form.

    Written from the equations alone: one state a unit, no projections, no kernels.
    """
    keep = np.exp(-1e-3 / tau_s)
    state = np.zeros(len(tau_s))
    rates, states = [], []
    for current in drive:
        if form == "filter-after":  # tau x' = -x + phi(W x + I)
            rate = PHI[transfer](2.0 * (weight @ state + current + bias - theta), 1.5)
            state = keep * state + (1 - keep) * rate
        else:  # tau u' = -u + W phi(u) + I
            rate = PHI[transfer](2.0 * (state + bias - theta), 1.5)
            state = keep * state + (1 - keep) * (weight @ rate + current)
        rates.append(rate)
        states.append(state)
    return np.array(rates), np.array(states)


@settings(max_examples=25)
@given(
    form=st.sampled_from(["filter-after", "filter-before"]),
    transfer=st.sampled_from(["relu", "sigmoid", "softplus", "tanh"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_both_forms_are_exact(tmp_path_factory: pytest.TempPathFactory, form: str, transfer: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes, tau_ms = (3, 2), random.uniform(3, 40, 2).round(3)
    weight = random.normal(0, 0.4, (5, 5)).round(6)
    theta, bias = random.normal(0, 0.2, (2, 5)).round(6)
    levels = random.uniform(-0.5, 1.5, (2, 5)).round(6)
    spans = {"a": slice(0, 3), "b": slice(3, 5)}
    lines = ["name: random", "dt_ms: 1", f"form: {form}", "populations:"]
    for index, (name, span) in enumerate(spans.items()):
        lines.append(
            f"  {name}: {{size: {sizes[index]}, tau_ms: {tau_ms[index]}, transfer: {transfer}, gain: 2,"
            f" saturation: 1.5, threshold: {theta[span].tolist()}, bias: {bias[span].tolist()}}}"
        )
    lines.append("projections:")
    for source, columns in spans.items():
        for target, rows in spans.items():
            lines.append(f"  - {{from: {source}, to: {target}, weight: {weight[rows, columns].tolist()}}}")
    lines += ["inputs:", *(f"  to_{name}: {{to: {name}}}" for name in spans), "stimuli:", "  s:"]
    lines += ["    duration_s: 0.2", "    steps:"]
    for at_s, level in zip((0.02, 0.11), levels, strict=True):
        drives = ", ".join(f"to_{name}: {level[span].tolist()}" for name, span in spans.items())
        lines.append(f"      - {{at_s: {at_s}, {drives}}}")
    loaded = read(tmp_path_factory.mktemp("forms"), "\n".join(lines))

    drive = np.zeros((200, 5))
    drive[20:110], drive[110:] = levels
    tau_s = np.repeat(tau_ms * 1e-3, sizes)
    rates, states = textbook(form, transfer, tau_s, weight, theta, bias, drive)
    above = 1.5 if transfer == "tanh" else 0.0  # pools send what is not negative
    shown = np.array(states if form == "filter-after" else rates) + above
    recorded = simulate_rate(loaded.circuit, loaded.stimuli[0])
    for name, span in spans.items():
        np.testing.assert_allclose(recorded.activity[name][0], shown[:, span], rtol=1e-6, atol=1e-6)


def test_forms_differ_only_in_where_the_filters_stand(tmp_path: Path) -> None:
    after = read(tmp_path, TEXT).circuit
    before = read(tmp_path, changed(("filter-after", "filter-before"))).circuit
    assert [p.tau_s for p in after.projections] == [0.02, 0.01]  # the source's
    assert [p.tau_s for p in before.projections] == [0.01, 0.02]  # the target's
    assert after.inputs[0].tau_s == 0.0
    assert before.inputs[0].tau_s == 0.02
    assert [p.trace_tau_s for p in after.populations] == [0.02, 0.01]


def test_a_projection_and_an_input_may_name_their_own_tau(tmp_path: Path) -> None:
    text = changed(("weight: 0.5}", "weight: 0.5, tau_ms: 7}"), ("{to: e}", "{to: e, tau_ms: 3}"))
    circuit = read(tmp_path, text).circuit
    assert [p.tau_s for p in circuit.projections] == [0.007, 0.01]
    assert circuit.inputs[0].tau_s == 0.003


# --- what the fields mean ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("-1", [[-1, -1, -1]] * 3),
        ("{pattern: all-to-all, value: 2}", [[2, 2, 2]] * 3),
        ("{pattern: one-to-one, value: 2}", [[2, 0, 0], [0, 2, 0], [0, 0, 2]]),
        ("{pattern: neighbours, value: 2}", [[0, 2, 0], [2, 0, 2], [0, 2, 0]]),
        ("[[1, 2, 3], [4, 5, 6], [7, 8, 9]]", [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
    ],
)
def test_weights(tmp_path: Path, written: str, meant: list[list[float]]) -> None:
    text = changed(("{from: i, to: e, weight: -1}", f"{{from: e, to: e, weight: {written}}}"))
    np.testing.assert_array_equal(read(tmp_path, text).circuit.projections[1].weight, meant)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{to: e}", np.eye(3)),
        ("{to: e, channels: 1, weight: 2}", [[2], [2], [2]]),
        ("{to: e, weight: [[1, 2], [3, 4], [5, 6]]}", [[1, 2], [3, 4], [5, 6]]),
    ],
)
def test_inputs(tmp_path: Path, written: str, meant: list[list[float]]) -> None:
    text = changed(("{to: e}", written), ("[1, 2, 3]", "0.5"))
    np.testing.assert_array_equal(read(tmp_path, text).circuit.inputs[0].weight, meant)


def test_circuit(tmp_path: Path) -> None:
    text = changed(
        ("threshold: 0.1}", "threshold: 0.1, gain: [1, 2, 3]}"),
        ("{size: 1, tau_ms: 10}", "{size: 1, tau_ms: 10, transfer: sigmoid}"),
        ("{from: i, to: e, weight: -1}", "{from: e, to: i, weight: -1}"),
    )
    loaded = read(tmp_path, text)
    e, i = loaded.circuit.populations
    assert (e.size, e.transfer, e.saturation, e.offset.tolist()) == (3, "relu", np.inf, [0.1, 0.1, 0.1])
    assert e.gain.tolist() == [1, 2, 3]
    assert (i.transfer, i.saturation) == ("sigmoid", 1.0)
    assert [p.name for p in loaded.circuit.projections] == ["e->i", "e->i#2"]
    assert loaded.circuit.dt_s == 1e-3
    assert loaded.circuit.readouts[0].labels == ("a", "b", "c")
    assert loaded.circuit.readouts[0].window_s == 0.1
    assert loaded.circuit.origin_sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_steps_hold_until_the_next_that_names_the_input(tmp_path: Path) -> None:
    text = changed(
        ("  drive: {to: e}", "  drive: {to: e}\n  other: {to: i}"),
        ("{at_s: 0.5, drive: 0}", "{at_s: 0.5, other: 7}"),
    )
    stimulus = read(tmp_path, text).stimuli[0]
    assert stimulus.edges_s.tolist() == [0, 0.1, 0.5]
    assert stimulus.values["drive"].tolist() == [[[0, 0, 0], [1, 2, 3], [1, 2, 3]]]
    assert stimulus.values["other"].tolist() == [[[0], [0], [7]]]
    assert stimulus.labels.tolist() == [-1]


def test_trials_share_their_edges(tmp_path: Path) -> None:
    head = TEXT[: TEXT.index("    steps:")]
    text = f"""{head}    trials:
      - {{label: 0, steps: [{{at_s: 0, drive: 1}}]}}
      - {{label: 2, steps: [{{at_s: 0.3, drive: [0, 0, 2]}}]}}
      - {{}}
"""
    stimulus = read(tmp_path, text).stimuli[0]
    assert stimulus.edges_s.tolist() == [0, 0.3]
    assert stimulus.labels.tolist() == [0, 2, -1]
    expected = [[[1, 1, 1], [1, 1, 1]], [[0, 0, 0], [0, 0, 2]], [[0, 0, 0], [0, 0, 0]]]
    assert stimulus.values["drive"].tolist() == expected


NOISE = "    noise: {std: {drive: 0.5}, redraw_ms: 100, seeds: 4, seed: 3, from_s: 0.2, until_s: 0.5}\n"


def test_noise_is_seeded_and_stays_in_its_window(tmp_path: Path) -> None:
    clean, noisy = read(tmp_path, TEXT).stimuli[0], read(tmp_path, TEXT + NOISE).stimuli[0]
    assert noisy.batch == 4
    assert noisy.edges_s.tolist() == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    noise = noisy.values["drive"] - clean.values["drive"][:, clean.on_ticks(0.1).segment_of_tick[:6]]
    assert not noise[:, [0, 1, 5]].any()
    drawn = noise[:, 2:5]
    assert len(np.unique(drawn)) == drawn.size  # no two trials, blocks or channels alike
    again = read(tmp_path, TEXT + NOISE).stimuli[0]
    np.testing.assert_array_equal(again.values["drive"], noisy.values["drive"])
    later = read(tmp_path, TEXT + NOISE.replace("seed: 3", "seed: 4")).stimuli[0]
    np.testing.assert_array_equal(later.values["drive"][:3], noisy.values["drive"][1:])  # seed + trial


def test_noise_has_the_std_it_says(tmp_path: Path) -> None:
    text = TEXT + "    noise: {std: {drive: 0.5}, redraw_ms: 1, seeds: 20}\n"
    drive = read(tmp_path, text).stimuli[0].values["drive"]
    assert drive.shape == (20, 1000, 3)
    silent = drive[:, 500:]
    assert silent.std() == pytest.approx(0.5, rel=0.02)  # 30,000 draws: the standard error is 0.4 %
    assert abs(silent.mean()) < 0.015
    shifted = silent - silent.mean()
    assert abs((shifted[:, 1:] * shifted[:, :-1]).mean()) < 0.01  # no correlation from block to block


def test_use_sorts_stimuli(tmp_path: Path) -> None:
    more = "  quiet: {duration_s: 1, use: test}\n  tuning: {duration_s: 1, use: calibration}\n"
    loaded = read(tmp_path, TEXT + more)
    assert loaded.calibration == ("pulse", "tuning")
    assert loaded.test == ("pulse", "quiet")
    assert loaded.stimulus("quiet").values["drive"].tolist() == [[[0, 0, 0]]]


# --- the bundled circuits ---------------------------------------------------------------------------------------


def test_example_switches_its_winner() -> None:
    loaded = read_circuit_yaml(EXAMPLE)
    stimulus = loaded.stimuli[0]
    assert (stimulus.duration_s, stimulus.edges_s.tolist()) == (2.0, [0.0, 0.2, 1.0, 1.6])
    trace = simulate_rate(loaded.circuit, stimulus).activity["excite"][0]
    gain = 1 / (1 - 1.2 + 2 * 0.35)
    np.testing.assert_allclose(trace[999], [0.3 * gain, 0, 0, 0], rtol=0, atol=1e-3)
    np.testing.assert_allclose(trace[1599], [0, 0.35 * gain, 0, 0], rtol=0, atol=1e-3)
    assert trace[1999].max() < 1e-6


def test_working_memory_holds_what_it_was_told() -> None:
    loaded = read_circuit_yaml(resource_path("models/working-memory.yaml"))
    x_star = (3 * 0.2 - 0.1) / (1 - 1 - 0.3 + 3 * 0.25)
    assert loaded.calibration == ("cue", "silence", "other-item")
    for name, kept in (("cue", 0), ("other-item", 1), ("distractor", 0), ("noisy-cue", 0)):
        stimulus = loaded.stimulus(name)
        x = simulate_rate(loaded.circuit, stimulus).activity["x"]
        expected = np.zeros(2)
        expected[kept] = x_star
        np.testing.assert_allclose(x[:, -1], np.tile(expected, (stimulus.batch, 1)), rtol=0, atol=1e-4)
        assert (stimulus.labels == kept).all()
        if name in ("cue", "noisy-cue"):
            assert stimulus.duration_s - 0.4 >= 10  # the cue is gone at 0.4 s
            np.testing.assert_allclose(x[:, 1000:, kept], x_star, rtol=0, atol=0.001)  # and nothing decays
    assert loaded.stimulus("noisy-cue").batch == 10
    silent = simulate_rate(loaded.circuit, loaded.stimulus("silence"))
    assert not any(activity.any() for activity in silent.activity.values())
