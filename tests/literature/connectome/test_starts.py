"""Starts have the radius they say, and are the products they say."""

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.common.matrices import spectral_radius
from neurocmc.literature.connectome.prior import LN_VOLUME_MEAN, LN_VOLUME_SD, Prior, generated
from neurocmc.literature.connectome.recipe import Start
from neurocmc.literature.connectome.starts import first_weights, unscaled
from tests.literature.connectome.recipes import recipe

UNITS = 20
PRIOR = generated(UNITS, 0)
SCALED: tuple[Start, ...] = (
    "orthogonal", "gaussian", "lognormal", "w", "w-corr", "w-sttc", "w-star", "w-shuffled", "w-bang"
)  # fmt: skip


def made(start: Start, seed: int = 0) -> np.ndarray:
    return unscaled(start, PRIOR, np.random.default_rng(seed))


@pytest.mark.parametrize("start", SCALED)
@pytest.mark.parametrize("radius", [0.5, 1.0])
def test_a_start_has_the_radius_of_its_recipe(start: Start, radius: float) -> None:
    for positive in (False, True):
        training = recipe().training.model_copy(update={"positive_only": positive})
        asked = recipe().model_copy(update={"start": start, "radius": radius, "training": training})
        weights = first_weights(asked, PRIOR, seed=1)
        assert max(abs(np.linalg.eigvals(weights))) == pytest.approx(radius)
        assert (weights.min() >= 0.0) or not positive


def test_uniform_is_torchs_own_and_not_scaled() -> None:
    weights = first_weights(recipe(start="uniform", radius=3.0), PRIOR, seed=0)
    limit = 1 / np.sqrt(UNITS)
    assert 0.9 * limit < np.abs(weights).max() <= limit
    assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.1)


def test_orthogonal_is_orthogonal() -> None:
    weights = made("orthogonal")
    assert np.allclose(weights @ weights.T, np.eye(UNITS))


def test_products_are_entry_by_entry() -> None:
    for target in range(UNITS):
        for source in range(UNITS):
            w, corr, sttc = (m[target, source] for m in (PRIOR.weights, PRIOR.correlation, PRIOR.tiling))
            assert made("w")[target, source] == w
            assert made("w-corr")[target, source] == w * corr
            assert made("w-sttc")[target, source] == w * sttc
            assert made("w-star")[target, source] == w * corr * sttc


def test_shuffled_weights_are_the_same_ones_elsewhere() -> None:
    star, shuffled = made("w-star"), made("w-shuffled")
    assert np.array_equal(np.sort(star, axis=None), np.sort(shuffled, axis=None))
    assert not np.array_equal(star != 0, shuffled != 0)
    assert not shuffled.diagonal().any()


def test_w_bang_keeps_the_connections_and_gives_each_cell_the_activity_of_another() -> None:
    bang = made("w-bang")
    connected = PRIOR.weights > 0
    assert np.array_equal(bang != 0, connected)
    ratio, alike = bang[connected] / PRIOR.weights[connected], PRIOR.correlation * PRIOR.tiling
    known = alike[~np.eye(UNITS, dtype=np.bool_)]
    assert all(np.isclose(known, value, rtol=1e-12).any() for value in ratio)
    assert not np.allclose(ratio, alike[connected])


def test_lognormal_has_every_pair_and_the_published_strengths() -> None:
    weights = unscaled("lognormal", generated(100, 0), np.random.default_rng(0))
    logarithms = np.log(weights[weights > 0])
    assert len(logarithms) == 100 * 99
    assert logarithms.mean() == pytest.approx(LN_VOLUME_MEAN, abs=0.04)
    assert logarithms.std() == pytest.approx(LN_VOLUME_SD, abs=0.04)


def test_cells_without_a_loop_are_refused() -> None:
    chain = Prior(
        positions_um=PRIOR.positions_um,
        weights=np.diag(np.ones(UNITS - 1), 1),
        correlation=PRIOR.correlation,
        tiling=PRIOR.tiling,
    )
    with pytest.raises(InputError, match="no loop of connections") as caught:
        first_weights(recipe(start="w"), chain, seed=0)
    assert [problem.id for problem in caught.value.problems] == ["field-inconsistent"]


def test_the_radius_of_a_known_matrix() -> None:
    assert spectral_radius(np.array([[0.0, 4.0], [-1.0, 0.0]])) == pytest.approx(2.0)
