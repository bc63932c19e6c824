"""State dicts that are none of the published model, or damaged ones: what is said of each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neurocmc.circuits.archive import read_archive
from neurocmc.common.errors import InputError
from neurocmc.frontends.published.file import MAX_NODES
from neurocmc.frontends.published.loaded import published_facts, read_published
from neurocmc.frontends.published.state import published_state
from tests.frontends.published_files import SHAPES, random_model

State = dict[str, Any]
SHAPE = (3, 8, 16, 10, 1)


@pytest.fixture
def state() -> State:
    return dict(random_model(SHAPE, seed=1, moved=True).state_dict())


def complaint(plain: object, path: Path) -> str:
    torch.save(plain, path)
    with pytest.raises(InputError) as caught:
        read_published(read_archive(path), path)
    text = str(caught.value)
    assert len(text.splitlines()) <= 24  # one screen
    assert str(path) in text
    return text


# Where the state dict is


@pytest.mark.parametrize("key", [None, "state_dict", "model_state_dict"])
def test_bare_and_nested_state_dicts_are_one(key: str | None, state: State, tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    optimiser = {"state": {}, "param_groups": [{"lr": 0.001}]}
    torch.save(state if key is None else {"epoch": 9, key: state, "optimizer_state_dict": optimiser}, path)
    made = read_published(read_archive(path), path)
    assert (made.file.nodes, made.file.retinal_channels, made.file.hidden, made.file.classes) == (3, 8, 16, 10)
    np.testing.assert_array_equal(made.file.cmc.gains[1], state["cmc.G.1"].double().numpy())
    assert made.circuit.origin_sha256 == read_archive(path).sha256


@pytest.mark.parametrize("key", [None, "state_dict", "model_state_dict", "net", "model"])
@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "net.module."])
def test_what_a_model_was_wrapped_in_is_left_out_and_said(
    prefix: str, key: str | None, state: State, tmp_path: Path
) -> None:
    bare, wrapped = tmp_path / "bare.pt", tmp_path / "wrapped.pt"
    torch.save(state, bare)
    saved = {prefix + name: value for name, value in state.items()}
    torch.save(saved if key is None else {"epoch": 3, key: saved}, wrapped)
    one, other = (read_published(read_archive(path), path) for path in (bare, wrapped))
    facts = published_facts(other)
    assert facts.pop("wrapped in") == f"'{prefix}' left out of {len(state)} names"
    assert facts == published_facts(one)
    assert one.file.state.keys() == other.file.state.keys()
    for name, value in one.file.state.items():
        assert torch.equal(value, other.file.state[name])


def test_a_part_that_was_wrapped_alone(state: State, tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    torch.save({name.replace("cmc.", "cmc._orig_mod."): value for name, value in state.items()}, path)
    made = read_published(read_archive(path), path)
    assert made.file.stripped == {"_orig_mod.": sum(name.startswith("cmc.") for name in state)}
    np.testing.assert_array_equal(made.file.cmc.gains[1], state["cmc.G.1"].double().numpy())


def test_two_models_in_one_state_dict_are_refused(state: State, tmp_path: Path) -> None:
    text = complaint({**state, "module.cmc.R": state["cmc.R"]}, tmp_path / "m.pt")
    assert "without module. two entries have one name: module.cmc.R" in text
    assert "cure: save the state dict of one model" in text


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sizes_are_read_from_the_tensors(shape: tuple[int, int, int, int, int], tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    torch.save(random_model(shape).state_dict(), path)
    file = read_published(read_archive(path), path).file
    assert (file.nodes, file.retinal_channels, file.hidden, file.classes, file.input_channels) == shape


@pytest.mark.parametrize(
    "plain",
    [
        {"weight": torch.ones(2)},
        {"format": "neurocmc-checkpoint", "state_dict": {"cmc.R": torch.ones(1)}},
        {"state_dict": [torch.ones(2)]},
        {1: torch.ones(2)},
    ],
)
def test_other_files_are_left_to_others(plain: dict[Any, Any], tmp_path: Path) -> None:
    torch.save(plain, tmp_path / "m.pt")
    assert published_state(read_archive(tmp_path / "m.pt")) is None
    assert "holds no state dict of the published model" in complaint(plain, tmp_path / "m.pt")


# What is wrong with it


def test_missing_and_extra_keys_are_all_listed_at_once(state: State, tmp_path: Path) -> None:
    gone = ["cmc.T.1", "retina.combine.bias", "classifier.6.running_var", "input_projection.0.weight"]
    for name in gone:
        del state[name]
    state |= {"cmc.hidden": torch.ones(2), "encoder.weight": torch.ones(2)}
    text = complaint(state, tmp_path / "m.pt")
    lacking, extra = text.split("    cure: ")[:2]
    assert "state dict lacks " in lacking
    assert all(name in lacking for name in gone)
    assert "entries that the published model has not: cmc.hidden, encoder.weight" in extra


def test_only_the_circuit_is_not_enough(state: State, tmp_path: Path) -> None:
    text = complaint({name: value for name, value in state.items() if name.startswith("cmc.")}, tmp_path / "m.pt")
    wanted = [name for name in state if not name.startswith("cmc.")]
    assert all(name in text for name in wanted)  # not one is left out of the list
    assert "save model.state_dict() of the whole published model" in text


def test_nodes_are_counted_without_their_matrix(state: State, tmp_path: Path) -> None:
    del state["cmc.node_connectivity"]
    assert "lacks cmc.node_connectivity [entries-missing]\n" in complaint(state, tmp_path / "m.pt")


def to(name: str, value: Any) -> Callable[[State], None]:
    return lambda state: state.update({name: value})


def at(name: str, value: float, *index: int) -> Callable[[State], None]:
    def change(state: State) -> None:
        state[name] = state[name].clone()
        state[name][index] = value

    return change


def several(*changes: Callable[[State], None]) -> Callable[[State], None]:
    def change(state: State) -> None:
        for one in changes:
            one(state)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (to("cmc.R", 1.0), "cmc.R should be a dense tensor (got 1.0)"),
        (to("cmc.R", torch.eye(3).to_sparse()), "cmc.R should be a dense tensor (got tensor of shape (3, 3))"),
        (
            to("cmc.R", torch.ones(3, dtype=torch.float16)),
            "cmc.R should be torch.float32 or torch.float64 (got torch.",
        ),
        (to("classifier.2.num_batches_tracked", torch.tensor(5.0)), "should be torch.int64 (got torch.float32)"),
        (to("cmc.R", torch.ones(4)), "cmc.R has shape (4,), wanted is (3,) (nodes: 3)"),
        (to("cmc.R", torch.ones(())), "cmc.R has shape (), wanted is 1 dimensions"),
        (to("cmc.G.2", torch.ones(11)), "cmc.G.2 has shape (11,), wanted is (12,)"),
        (to("cmc.node_connectivity", torch.ones(3, 4)), "cmc.node_connectivity has shape (3, 4), wanted is (3, 3)"),
        (to("classifier.0.weight", torch.ones(16, 23)), "classifier.0.weight has shape (16, 23), wanted is (16, 24)"),
        (
            to("retina.combine.weight", torch.ones(8, 4, 1, 1)),
            "has shape (8, 4, 1, 1), wanted is (8, 8, 1, 1) (quarter of the retinal channels: 2)",
        ),
        (to("retina.center_on.weight", torch.ones(0, 1, 3, 3)), "retina.center_on.weight has shape (0, 1, 3, 3)"),
        (to("classifier.8.bias", torch.ones(1).expand(10**9)), "has shape (1000000000,): more than a file can hold"),
        (at("cmc.T.1", float("nan"), 2), "cmc.T.1[2] is nan"),
        (
            several(
                at("input_projection.0.weight", float("inf"), 3, 2),
                at("input_projection.0.weight", float("nan"), 5, 0),
            ),
            "input_projection.0.weight[3, 2] is inf, one of 2 such values",
        ),
        (at("classifier.2.running_var", -0.5, 4), "classifier.2.running_var[4] is -0.5, a variance below 0"),
        (at("cmc.T.0", -0.02, 1), "cmc.T.0[1] (sp of node 0) is -0.02: a filter with such a time constant grows"),
        (
            several(at("cmc.T.2", 0.002, 0), at("cmc.adaptation", 1.0, 2)),
            "cmc.T.2[0] (ss of node 2) is 0.002: Euler's step of 0.05 overshoots unless T is above 0.003655",
        ),
        (at("cmc.adaptation", -40.0, 1), "a step moves it by less than a millionth"),
        (at("cmc.R", 0.0, 1), "cmc.R[1] is 0: the rates of node 1 never change"),
        (
            to("cmc.node_connectivity", torch.zeros(MAX_NODES + 1, MAX_NODES + 1)),
            f"cmc.node_connectivity is for {MAX_NODES + 1} nodes",
        ),
        (to("cmc.node_connectivity", torch.zeros(0, 0)), "cmc.node_connectivity is for 0 nodes"),
        (to("cmc.node_connectivity", torch.zeros(1, 1).expand(10**9, 10**9)), "is for 1,000,000,000 nodes"),
    ],
)
def test_wrong_content_is_named(change: Callable[[State], None], message: str, state: State, tmp_path: Path) -> None:
    change(state)
    assert message in complaint(state, tmp_path / "m.pt")


def test_many_faults_fit_a_screen(state: State, tmp_path: Path) -> None:
    text = complaint({name: value.half() for name, value in state.items()}, tmp_path / "m.pt")
    assert "cmc.node_connectivity should be torch.float32" in text
    assert "more faults of this kind" in text


def test_float64_is_taken_as_it_is(state: State, tmp_path: Path) -> None:
    exact = {name: value.double() if value.is_floating_point() else value for name, value in state.items()}
    exact["cmc.R"] = exact["cmc.R"] + 1e-12
    torch.save(exact, tmp_path / "m.pt")
    file = read_published(read_archive(tmp_path / "m.pt"), tmp_path / "m.pt").file
    np.testing.assert_array_equal(file.cmc.slope, exact["cmc.R"].numpy())
