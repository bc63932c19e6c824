"""Published models: the circuit made of a state dict follows the equations, and decides as the model does."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.circuits.images import load_task
from neurocmc.common.errors import InputError
from neurocmc.frontends.published.host import initial_states
from neurocmc.frontends.published.loaded import LoadedPublished, published_facts
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.metrics import class_scores
from tests.frontends.published_files import SHAPES, Array, euler, loaded, random_model
from tests.made.images import cifar_folder, mnist_folder
from tests.made.published_model import PublishedModel

STATES = ("v_ss", "c_ss", "v_sp", "c_sp", "v_ii", "c_ii", "v_dp", "c_dp")


def raw_states(model: LoadedPublished, stimulus: Stimulus) -> Array:
    """(batch, 21, 8 nodes) raw states of a run of the circuit: v from V, c from A = T (v + c)."""
    activity = simulate_rate(model.circuit, stimulus).activity
    states = np.empty((stimulus.batch, 21, model.file.nodes, 8))
    for node in range(model.file.nodes):
        for index, name in enumerate(("ss", "sp", "ii", "dp")):
            population, unit = place_of(model, name, node)
            v, a = (activity[f"{kind}_{population}"][:, 1:, unit].astype(np.float64) for kind in "VA")
            states[:, :, node, 2 * index] = v
            states[:, :, node, 2 * index + 1] = a / model.file.cmc.time_constants[node, index] - v
    return states.reshape(stimulus.batch, 21, -1)


def place_of(model: LoadedPublished, name: str, node: int) -> tuple[str, int]:
    """Where a population of a node stands: nodes of equal time constants and speed share, in order of first node."""
    kinds = [(*row, speed) for row, speed in zip(model.file.cmc.time_constants, model.file.cmc.speed, strict=True)]
    group = list(dict.fromkeys(kinds)).index(kinds[node])
    return f"{name}_{group}", [n for n in range(model.file.nodes) if kinds[n] == kinds[node]].index(node)


def noise(shape: tuple[int, int, int, int, int], count: int = 6, side: int = 20) -> np.ndarray:
    return np.random.default_rng(3).random((count, shape[4], side, side), dtype=np.float32)


@pytest.mark.parametrize("moved", [False, True], ids=["initial-values", "moved"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_state_follows_the_published_equations(
    shape: tuple[int, int, int, int, int], moved: bool, tmp_path: Path
) -> None:
    """Issue: all eight states of all nodes over 20 Euler steps, limit 1e-5; from images, and from large states."""
    model = random_model(shape, seed=1, moved=moved)
    made = loaded(model, tmp_path / "m.pt")
    generator = np.random.default_rng(0)
    states = np.concatenate(
        [
            initial_states(made.file, noise(shape)),
            generator.normal(0, 1.5, (6, 8 * shape[0])),
        ]
    )
    stimulus = made.stimulus("states", states, np.full(len(states), -1))
    wanted = euler(model, states)
    assert np.abs(wanted).max() < 100  # the clamp is not reached
    assert np.abs(wanted[:, -1] - wanted[:, 0]).max() > 0.3  # and there is something to follow
    error = np.abs(raw_states(made, stimulus) - wanted).max(axis=(0, 1)).reshape(shape[0], 8).max(axis=0)
    assert (error < 1e-5).all(), dict(zip(STATES, error, strict=True))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_initial_states_and_decisions_are_those_of_the_model(
    shape: tuple[int, int, int, int, int], tmp_path: Path
) -> None:
    """Images through retina, projection, circuit and classifier, against the torch module in one piece."""
    model = random_model(shape, seed=2, moved=True).double()
    made = loaded(model.float(), tmp_path / "m.pt")
    model = model.double()
    images = noise(shape, count=40, side=28)
    with torch.no_grad():
        states = model.initial_state(torch.tensor(images).double()).numpy()
        scores = model(torch.tensor(images).double()).numpy()
    ours = initial_states(made.file, images)
    np.testing.assert_allclose(ours, states, rtol=1e-9, atol=1e-9)
    assert np.ptp(states, axis=0).min() > 1e-3  # the images do differ
    recording = simulate_rate(made.circuit, made.stimulus("images", ours, np.full(len(ours), -1)))
    found = class_scores(recording, made.circuit.classifiers[0])
    assert found.shape == (40, shape[3])
    np.testing.assert_allclose(found, scores, atol=2e-5)


@settings(max_examples=12)
@given(nodes=st.integers(1, 4), seed=st.integers(0, 10**6), shared=st.booleans(), negative=st.booleans())
def test_any_circuit_follows_the_equations(
    nodes: int, seed: int, shared: bool, negative: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nodes that share time constants share populations; a negative R turns its node's rates."""
    model = random_model((nodes, 4, 4, 3, 1), seed=seed, moved=True)
    with torch.no_grad():
        if shared:  # the last node is like the first, others may lie between
            model.cmc.T[nodes - 1].copy_(model.cmc.T[0])
            model.cmc.adaptation[nodes - 1] = model.cmc.adaptation[0]
        if negative:
            model.cmc.R[0] = -model.cmc.R[0].abs()
    made = loaded(model, tmp_path_factory.getbasetemp() / "any.pt")
    assert len(made.circuit.populations) == 16 * (nodes - (shared and nodes > 1))
    states = np.random.default_rng(seed).normal(0, 1.0, (3, 8 * nodes))
    stimulus = made.stimulus("states", states, np.full(3, -1))
    assert np.abs(raw_states(made, stimulus) - euler(model, states)).max() < 1e-5
    reference = made.reference(stimulus)
    activity = simulate_rate(made.circuit, stimulus).activity
    assert reference.keys() == activity.keys()
    assert max(np.abs(reference[name] - activity[name]).max() for name in reference) < 1e-5


def test_reference_takes_drives_that_go_on_and_the_clamp(tmp_path: Path) -> None:
    """A kick in the middle moves both alike; beyond the clamp only the reference is the published code."""
    model = random_model((2, 4, 4, 3, 1), seed=5, moved=True)
    made = loaded(model, tmp_path / "m.pt")
    once = made.stimulus("once", np.random.default_rng(0).normal(0, 1, (2, 16)), np.array([-1, -1]))
    values = {
        name: np.concatenate([value, 0.5 * value[:, :1], value[:, 1:]], axis=1) for name, value in once.values.items()
    }
    kicked = Stimulus(
        name="kicked",
        duration_s=once.duration_s,
        edges_s=np.array([0.0, 0.05, 0.5, 0.55]),
        values=values,
        labels=once.labels,
    )
    reference = made.reference(kicked)
    activity = simulate_rate(made.circuit, kicked).activity
    assert max(np.abs(reference[name] - activity[name]).max() for name in reference) < 1e-5
    assert np.abs(reference["V_ss_0"] - made.reference(once)["V_ss_0"])[:, 11:].max() > 0.1

    far = np.full((1, 16), 60.0)
    stimulus = made.stimulus("far", far, np.array([-1]))
    v = made.reference(stimulus)["V_ss_0"][0, 1:, 0]
    np.testing.assert_allclose(v, euler(model, far)[0, :, 0], rtol=1e-9)
    assert np.abs(v - simulate_rate(made.circuit, stimulus).activity["V_ss_0"][0, 1:, 0]).max() > 0.1


def test_reference_refuses_what_is_no_state_of_the_model(tmp_path: Path) -> None:
    made = loaded(random_model(SHAPES[0]), tmp_path / "m.pt")
    good = made.stimulus("states", np.ones((1, 8)), np.array([-1]))
    values = dict(good.values)
    values["start_S_sp_0"] = values["start_S_sp_0"] * 1.5
    bad = Stimulus(name="states", duration_s=good.duration_s, edges_s=good.edges_s, values=values, labels=good.labels)
    with pytest.raises(
        InputError, match=r"start_S_sp_0 .*start_P_sp_0 and start_V_sp_0.*\[published-inputs-differ\]"
    ):
        made.reference(bad)


# What the circuit is


def test_circuit_of_a_fresh_model(tmp_path: Path) -> None:
    """At the initial values nodes share everything, so 16 populations hold any number of them."""
    made = loaded(random_model(SHAPES[3]), tmp_path / "m.pt")
    circuit = made.circuit
    assert [population.name for population in circuit.populations[:5]] == [
        "P_ss_0",
        "V_ss_0",
        "S_ss_0",
        "A_ss_0",
        "P_sp_0",
    ]
    assert {population.size for population in circuit.populations} == {5}
    assert circuit.dt_s == 0.05
    weights = {projection.name: projection.weight for projection in circuit.projections}
    np.testing.assert_allclose(weights["S_ii_0->P_ss_0"], -0.02 * 16 * np.eye(5), rtol=1e-6)  # G2 of ii, T of ss
    np.testing.assert_allclose(weights["S_ss_0->P_sp_0"], 0.02 * 8 * np.eye(5), rtol=1e-6)
    assert "S_sp_0->P_dp_0" not in weights
    step = 0.05 * 0.1 / (1 + np.exp(-1)) / 0.02
    taus = {projection.tau_s for projection in circuit.projections if projection.target == "V_ss_0"}
    assert [np.exp(-circuit.dt_s / tau_s) for tau_s in taus] == [pytest.approx(1 - step)]
    assert circuit.population("S_ss_0").initial.tolist() == [0.5] * 5
    assert circuit.problems() == ()


def test_report_says_what_stays_on_the_host_and_why(tmp_path: Path) -> None:
    model = random_model(SHAPES[2])
    made = loaded(model, tmp_path / "m.pt")
    retina, projection, classifier = made.circuit.on_host
    assert retina.startswith("retina: image of 3 channels -> 12 maps of 14x14,")
    assert "computed once, before the first step" in projection
    assert classifier.startswith("classifier: final state -> 7 classes,")
    facts = published_facts(made)
    counts = {
        part: sum(parameter.numel() for parameter in getattr(model, part).parameters())
        for part in ("retina", "input_projection", "cmc", "classifier")
    }
    assert {part: facts[f"parameters: {part}"] for part in counts} == counts
    assert (facts["nodes"], facts["classes"], facts["input channels"]) == (3, 7, 3)


def test_parameters_of_the_published_default() -> None:
    """814,986 + 2,074 n + n^2 for MNIST, of which n^2 + 18 n are the circuit's."""
    for nodes in (1, 4):
        model = PublishedModel(nodes)
        assert sum(parameter.numel() for parameter in model.parameters()) == 814_986 + 2_074 * nodes + nodes**2
        assert sum(parameter.numel() for parameter in model.cmc.parameters()) == nodes**2 + 18 * nodes


# Images


def test_colour_models_ask_for_images_and_take_cifar(tmp_path: Path) -> None:
    model = random_model((2, 8, 16, 10, 3))
    made = loaded(model, tmp_path / "m.pt")
    assert published_facts(made)["task"] == "none: give --images"
    with pytest.raises(InputError, match=r"images of 3 channels.*\[published-images-missing\]") as caught:
        _ = made.stimuli
    assert "--images cifar-10:FOLDER" in str(caught.value)
    folder = cifar_folder(tmp_path / "cifar")
    given_images = loaded(model, tmp_path / "m.pt", f"cifar-10:{folder}")
    assert given_images.stimuli["images-test"].batch == 30
    assert set(given_images.stimuli["images-test"].labels) == set(range(10))
    with pytest.raises(InputError, match=r"has 1 channels, the model takes 3 \[published-images-channels\]"):
        _ = loaded(model, tmp_path / "m.pt", f"idx:{mnist_folder(tmp_path / 'grey')}").stimuli


def test_labels_count_only_where_the_classes_are_the_models(tmp_path: Path) -> None:
    task = f"idx:{mnist_folder(tmp_path / 'grey', classes=4)}"
    fitting = loaded(random_model((1, 4, 8, 4, 1)), tmp_path / "m.pt", task)
    assert set(fitting.stimuli["images-test"].labels) == {0, 1, 2, 3}
    other = loaded(random_model((1, 4, 8, 5, 1)), tmp_path / "m.pt", task)
    assert set(other.stimuli["images-test"].labels) == {-1}


def test_images_beyond_the_clamp_are_left_out_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The published code clips states at 100, a circuit does not: a few such images are left out and counted."""
    task = f"idx:{mnist_folder(tmp_path / 'grey')}"
    model = random_model((1, 4, 8, 10, 1), seed=4)
    inside = loaded(model, tmp_path / "m.pt", task)
    assert [stimulus.name for stimulus in inside.stimuli.values()] == ["images-calibration", "images-test"]
    states = initial_states(inside.file, load_task(task).test.planes)
    largest = np.sort(np.abs(euler(model, states)).max(axis=(1, 2)))
    assert largest[-1] < 100
    monkeypatch.setattr("neurocmc.frontends.published.loaded.CLAMP", (largest[-1] + largest[-2]) / 2)
    edge = loaded(model, tmp_path / "m.pt", task)
    test = edge.stimuli["images-test"]
    assert (test.name, test.batch) == ("images-test-49-of-50", 49)
    monkeypatch.undo()
    with torch.no_grad():
        model.input_projection[3].weight.mul_(200 / largest[0])
        model.input_projection[3].bias.mul_(200 / largest[0])
    with pytest.raises(
        InputError, match=r"200 of the 200 images of images-calibration .*\[published-state-clamped\]"
    ) as caught:
        _ = loaded(model, tmp_path / "m.pt", task).stimuli
    assert "where the published code clamps it and a circuit does not" in str(caught.value)
