"""Networks compute their equation, penalties are those of the paper, and training keeps its promises."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.stats import wasserstein_distance

from neurocmc.literature.connectome.penalties import (
    communicability,
    earth_movers_distance,
    grid,
    mean_one,
    penalty_of,
)
from neurocmc.literature.connectome.prior import distances, generated
from neurocmc.literature.connectome.recipe import PenaltyRecipe
from neurocmc.literature.connectome.starts import star
from neurocmc.literature.connectome.training import TanhNetwork, train
from tests.literature.connectome.recipes import recipe

PRIOR = generated(20, 0)


def weights(seed: int = 0, units: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((units, units))


def by_hand(matrix: np.ndarray) -> np.ndarray:
    """exp(S^-1/2 |W| S^-1/2) with a matrix S, by scipy."""
    size = np.abs(matrix)
    inverse_root = np.diag([1 / np.sqrt(0.5 * (size[:, i].sum() + size[i].sum())) for i in range(len(size))])
    return expm(inverse_root @ size @ inverse_root)


def test_communicability_is_the_exponential_of_the_normalised_weights() -> None:
    found = communicability(torch.tensor(weights())).numpy()
    assert np.allclose(found, by_hand(weights()))


def test_a_unit_without_connections_reaches_itself_alone() -> None:
    matrix = weights()
    matrix[4, :] = matrix[:, 4] = 0.0
    found = communicability(torch.tensor(matrix)).numpy()
    assert np.array_equal(found[4], np.eye(20)[4])


@pytest.mark.parametrize("between", ["cells", "grid"])
def test_the_spatial_penalty_is_weights_times_distances_times_communicability(between: str) -> None:
    asked = PenaltyRecipe.model_validate({"kind": "spatial", "distances": between})
    places = PRIOR.positions_um if between == "cells" else grid(20)
    apart = distances(places) / distances(places)[~np.eye(20, dtype=np.bool_)].mean()
    wanted = (np.abs(weights()) * apart * by_hand(weights())).sum()
    found = penalty_of(asked, PRIOR)(torch.tensor(weights(), dtype=torch.float32))
    assert float(found) == pytest.approx(wanted, rel=1e-5)


def test_the_penalty_on_communicability_is_nothing_for_the_prior_itself() -> None:
    penalty = penalty_of(PenaltyRecipe(kind="communicability"), PRIOR)
    assert float(penalty(torch.tensor(star(PRIOR), dtype=torch.float32))) == 0.0
    off = ~np.eye(20, dtype=np.bool_)
    wanted = wasserstein_distance(by_hand(weights())[off], communicability(torch.tensor(star(PRIOR))).numpy()[off])
    assert float(penalty(torch.tensor(weights(), dtype=torch.float32))) == pytest.approx(wanted, rel=1e-4)


def test_l1_is_the_sum_of_sizes() -> None:
    penalty = penalty_of(PenaltyRecipe(kind="l1"), PRIOR)
    assert float(penalty(torch.tensor(weights()))) == pytest.approx(np.abs(weights()).sum())


@pytest.mark.parametrize("kind", ["spatial", "communicability"])
def test_penalties_have_the_gradient_that_differences_show(kind: str) -> None:
    penalty = penalty_of(PenaltyRecipe.model_validate({"kind": kind}), PRIOR)
    at = torch.tensor(weights(), dtype=torch.float64, requires_grad=True)
    penalty(at).backward()
    assert at.grad is not None
    step = torch.zeros_like(at)
    step[3, 5] = 1e-6
    with torch.no_grad():
        slope = (penalty(at + step) - penalty(at - step)) / 2e-6
    assert float(at.grad[3, 5]) == pytest.approx(float(slope), rel=1e-3, abs=1e-6)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12), st.floats(-3, 3))
def test_earth_movers_distance_is_scipys(values: list[float], shift: float) -> None:
    ours = torch.tensor(values, dtype=torch.float64)
    theirs = ours.flip(0) * 0.5 + shift
    wanted = wasserstein_distance(ours.numpy(), theirs.numpy())
    assert float(earth_movers_distance(ours, theirs)) == pytest.approx(wanted, abs=1e-9)


def test_the_grid_is_the_smallest_cube() -> None:
    assert grid(8).tolist() == [[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    assert grid(50).max() == 3
    assert len(np.unique(grid(50), axis=0)) == 50
    assert mean_one(distances(grid(8)))[~np.eye(8, dtype=np.bool_)].mean() == pytest.approx(1.0)


def test_a_network_steps_as_its_equation_says() -> None:
    asked = recipe(task="inference")
    network = TanhNetwork(asked, PRIOR, seed=0)
    inputs = np.random.default_rng(1).standard_normal((3, 7, 8))
    values = {name: value.detach().numpy().astype(np.float64) for name, value in network.named_parameters()}
    for trial in range(3):
        h = np.zeros(20)
        for x in inputs[trial]:
            h = np.tanh(values["recurrent"] @ h + values["entering"] @ x + values["bias"])
        wanted = values["answer"] @ h + values["answer_bias"]
        found = network(torch.tensor(inputs, dtype=torch.float32)).detach().numpy()[trial]
        assert np.allclose(found, wanted, atol=1e-5)


def test_networks_that_differ_in_their_start_share_all_else() -> None:
    one, other = (TanhNetwork(recipe(start=start), PRIOR, seed=2) for start in ("w-star", "gaussian"))
    for name, value in one.named_parameters():
        assert torch.equal(value, other.get_parameter(name)) == (name != "recurrent")


def test_training_is_the_same_again_and_learns() -> None:
    one, again, other = train(recipe(), 0), train(recipe(), 0), train(recipe(), 1)
    assert np.array_equal(one.recurrent, again.recurrent)
    assert one.metrics == again.metrics
    assert not np.array_equal(one.recurrent, other.recurrent)
    trial = {"evidence_steps": 8, "evidence_noise": 0.3, "coherences": (0.5,)}
    easy = recipe(trial=trial, training=recipe().training.model_dump() | {"epochs": 5, "steps": 10})
    assert train(easy, 0).metrics["accuracy"] > 0.9


def test_weights_that_must_be_positive_stay_so() -> None:
    training = recipe().training.model_dump() | {"positive_only": True, "learning_rate": 0.1}
    kept = train(recipe(training=training), 0).recurrent
    assert kept.min() == 0.0
    assert kept.max() > 0.0
    free = train(recipe(training=training | {"positive_only": False}), 0).recurrent
    assert free.min() < 0.0


def test_a_strong_penalty_makes_weights_small() -> None:
    def size(strength: float) -> float:
        training = recipe().training.model_dump() | {"learning_rate": 0.05, "steps": 10}
        penalty = PenaltyRecipe(kind="l1", strength=strength).model_dump()
        return float(np.abs(train(recipe(penalty=penalty, training=training), 0).recurrent).sum())

    assert size(10.0) < 0.7 * size(0.0)


@pytest.mark.parametrize(
    "changes",
    [{"chip_trials": 100}, {"trial": {"shown_steps": 1000, "delay_steps": 1000}, "calibration_trials": 5000}],
)
def test_recipes_that_do_not_fit_together_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"chip_trials|values of input"):
        recipe(**changes)
