"""Rate networks given as arrays: the numbers of their own equations, from a call, a file and an artifact alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.frontends.arrays.cell import FORMS, CellForm
from neurocmc.sim.rate import simulate_rate

UNITS, INPUTS = 12, 3
EXACT = 3e-7  # a recording has single precision, and activities here reach a few units


def network(**more: Any) -> dict[str, Any]:
    """A recurrent network with everything there is, of random weights; `more` replaces what it has."""
    rng = np.random.default_rng(0)
    fields = {
        "W": 0.8 * rng.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS),
        "U": rng.normal(size=(UNITS, INPUTS)),
        "b": 0.3 * rng.normal(size=UNITS),
        "calibration": rng.normal(size=(5, 20, INPUTS)),
        "activation": "tanh",
        "fraction": 0.3,
        "initial": 0.2 * rng.normal(size=UNITS),
    }
    return {**fields, **more}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("activation", "fraction"),
    [
        ("tanh", 0.5),
        ("relu", 0.1),
        ("sigmoid", 0.3),
        ("softplus", 0.2),
        (("relu", "tanh"), (0.2, 0.05)),
        (("sigmoid", "relu"), (0.5, 0.5)),
        ("relu", 1.0),
        (("relu", "tanh"), (1.0, 0.3)),
        (("sigmoid", "relu"), (0.2, 1.0)),
    ],
)
@pytest.mark.parametrize("delayed", [False, True])
def test_the_circuit_is_the_network_step_for_step(
    form: CellForm, activation: Any, fraction: Any, delayed: bool
) -> None:
    more: dict[str, Any] = {"form": form, "activation": activation, "fraction": fraction}
    if isinstance(activation, tuple):
        more["populations"] = {"exc": 8, "inh": 4}
    if delayed:
        more["delay_ms"] = np.random.default_rng(1).integers(0, 3, (UNITS, UNITS))
    model = neurocmc.from_arrays(**network(**more))
    stimulus = model.read_stimuli().calibration[0]
    assert model.reference is not None
    truth, ours = model.reference(stimulus), simulate_rate(model.circuit, stimulus)
    assert set(truth) == set(ours.activity)
    largest = max(1.0, *(float(np.abs(values).max()) for values in truth.values()))
    assert max(float(np.abs(truth[name] - ours.activity[name]).max()) for name in truth) < EXACT * largest
    assert all(float(np.ptp(values)) > 0.1 for values in truth.values())


def test_weights_of_each_delay_are_those_of_a_matrix_of_delays() -> None:
    """And two units may be connected twice, which a matrix of delays cannot say."""
    fields = network()
    delays = np.random.default_rng(1).integers(0, 3, (UNITS, UNITS))
    stack = np.stack([np.where(delays == delay, fields["W"], 0.0) for delay in (2, 0, 1)])
    one = neurocmc.from_arrays(**{**fields, "delay_ms": delays})
    other = neurocmc.from_arrays(**{**fields, "W": stack, "delay_ms": np.array([2.0, 0.0, 1.0])})
    assert [p.name for p in other.circuit.projections] == ["h->h", "h->h@1", "h->h@2"]
    for ours, theirs in zip(one.circuit.projections, other.circuit.projections, strict=True):
        assert np.array_equal(ours.weight, theirs.weight)
    stack[0] += 0.2
    twice = neurocmc.from_arrays(**{**fields, "W": stack, "delay_ms": np.array([2.0, 0.0, 1.0])})
    stimulus = twice.read_stimuli().calibration[0]
    assert twice.reference is not None
    truth, ours = twice.reference(stimulus)["h"], simulate_rate(twice.circuit, stimulus).activity["h"]
    assert np.abs(truth - ours).max() < EXACT


def at_rest(fields: dict[str, Any]) -> Any:
    """The state that a network comes to without input."""
    state = np.zeros(UNITS)
    for _ in range(4000):
        sent = np.tanh(state)
        state = state + 0.3 * (0.3 * fields["W"] @ sent + fields["b"] - state)
    return state


@pytest.mark.parametrize("start", ["at rest", "elsewhere", "delayed"])
def test_a_network_at_rest_needs_no_start_from_the_host(start: str) -> None:
    """Before the first step its units had sent what they send at rest; elsewhere the host brings the difference."""
    fields = network()
    rest = at_rest(fields)
    more: dict[str, Any] = {"W": 0.3 * fields["W"], "form": "filter-before", "initial": rest}
    if start == "elsewhere":
        more["initial"] = rest + 0.5
    if start == "delayed":  # units had sent nothing before, which is not rest
        more["delay_ms"] = 2
    model = neurocmc.from_arrays(**network(**more))
    started = [entry.name for entry in model.circuit.inputs if entry.name.startswith("start")]
    assert started == ([] if start == "at rest" else ["start.h"])
    stimulus = model.read_stimuli().calibration[0]
    assert model.reference is not None
    truth, ours = model.reference(stimulus), simulate_rate(model.circuit, stimulus)
    assert max(float(np.abs(truth[name] - ours.activity[name]).max()) for name in truth) < EXACT


def test_each_array_changes_the_answer() -> None:
    """No array is dropped on the way: with any of them left out, trajectories are others."""
    whole = network(saturation=0.9, activation="relu", delay_ms=1.0)
    stimulus = neurocmc.from_arrays(**whole).read_stimuli().calibration[0]
    truth = simulate_rate(neurocmc.from_arrays(**whole).circuit, stimulus).activity["h"]
    for left_out in ("b", "initial", "saturation", "delay_ms"):
        less = {name: value for name, value in whole.items() if name != left_out}
        assert (
            np.abs(simulate_rate(neurocmc.from_arrays(**less).circuit, stimulus).activity["h"] - truth).max() > 1e-3
        )


def test_a_file_of_arrays_is_the_same_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    read = {"readout_weight": rng.normal(size=(3, UNITS)), "readout_bias": rng.normal(size=3)}
    labels = np.array([0, 1, 2, 0, 1])
    fields = network(calibration_labels=labels, classes=["a", "b", "c"])
    np.savez(tmp_path / "rnn.npz", **fields, **read)
    from_file = neurocmc.load(tmp_path / "rnn.npz")
    from_call = neurocmc.from_arrays(**fields, readout=(read["readout_weight"], read["readout_bias"]))
    assert from_file.circuit.classifiers[0].labels == ("a", "b", "c")
    one, other = (simulate_rate(m.circuit, m.read_stimuli().test[0]).activity["h"] for m in (from_file, from_call))
    assert np.array_equal(one, other)
    assert np.array_equal(from_file.read_stimuli().test[0].labels, labels)


def test_an_artifact_alone_is_verified_against_the_network(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    readout = [(rng.normal(size=(6, UNITS)), np.zeros(6)), (rng.normal(size=(3, 6)), np.zeros(3))]
    model = neurocmc.from_arrays(**network(calibration=rng.normal(size=(40, 20, INPUTS))), readout=readout)
    neurocmc.compile(model, target="brian2", out=tmp_path / "build", neurons=32, figures=False)
    assert (tmp_path / "build" / "model.npz").is_file()
    edges = {(edge.name, edge.quantity): edge for edge in neurocmc.verify(tmp_path / "build", figures=False).edges}
    followed = edges["torch ~ rate", "largest difference of trajectories"]
    assert followed.verdict == "pass"
    assert followed.value is not None
    assert 0 < followed.value < EXACT


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"W": np.ones((3, 4))}, "from_arrays: W: has shape (3, 4)"),
        ({"U": np.ones((UNITS, 5))}, f"from_arrays: U: has shape ({UNITS}, 5)"),
        ({"b": np.ones(3)}, "from_arrays: b: has shape (3,)"),
        ({"b": np.full(UNITS, np.nan)}, "from_arrays: b: holds a number that is not finite"),
        ({"activation": "gelu"}, "from_arrays: activation: gelu for 1 populations"),
        ({"form": "filter"}, "from_arrays: form: there is no form 'filter'"),
        ({"fraction": 1.5}, "population h: the fraction of a step is 1.5"),
        ({"fraction": None}, "from_arrays: tau_ms: is missing"),
        ({"tau_ms": 20.0}, "from_arrays: fraction: tau_ms sets it as well"),
        ({"delay_ms": 0.5}, "from_arrays: delay_ms: is not a whole number of 1 ms"),
        ({"populations": {"a": 3, "b": 4}}, "from_arrays: sizes: does not divide the units"),
        ({"calibration": np.ones((3, 4))}, "from_arrays: calibration: has shape (3, 4)"),
        ({"calibration_labels": np.zeros(4)}, "from_arrays: calibration_labels: has shape (4,)"),
        ({"readout": (np.ones((3, 5)), np.ones(3))}, "from_arrays: readout_weight: has shape (3, 5)"),
        ({"W": np.array([["a"]])}, "from_arrays: W: holds <U1"),
        ({"W": np.ones((UNITS, 3))}, f"from_arrays: W: has shape ({UNITS}, 3)"),
        ({"W": np.ones((2, UNITS, UNITS))}, "from_arrays: delay_ms: is missing"),
        ({"W": np.ones((2, UNITS, UNITS)), "delay_ms": np.ones(3)}, "from_arrays: delay_ms: has shape (3,)"),
        ({"W": np.ones((2, UNITS, UNITS)), "delay_ms": np.ones(2)}, "from_arrays: delay_ms: lists a delay twice"),
    ],
)
def test_what_is_wrong_is_said_by_name(more: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as refused:
        neurocmc.from_arrays(**network(**more))
    assert says in str(refused.value)
    assert all(problem.cure for problem in refused.value.problems)


def test_an_unknown_array_of_a_file_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "rnn.npz", **network(), weights=np.ones(3), test_labels=np.zeros(2, dtype=int))
    with pytest.raises(InputError) as refused:
        neurocmc.load(tmp_path / "rnn.npz")
    told = str(refused.value)
    assert "weights: is not an array of a network" in told
    assert "test: test_labels are given without trials" in told


def test_the_same_arrays_are_the_same_bytes() -> None:
    one, other = (neurocmc.from_arrays(**network()) for _ in range(2))
    assert one.content == other.content
    assert one.circuit.origin_sha256 == other.circuit.origin_sha256
