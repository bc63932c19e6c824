"""A user's own cells are read and checked, and a file that has changed is noticed."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.common.files import sha256_of
from neurocmc.common.strict_yaml import parse_document
from neurocmc.literature.connectome.family import FAMILY, recipe_of
from neurocmc.literature.connectome.files import read_prior
from neurocmc.literature.connectome.starts import first_weights, prior_of
from tests.literature.connectome.recipes import TINY, cells, write
from tests.torch_extra import needs_torch


def ids(caught: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [problem.id for problem in caught.value.problems]


def test_the_cells_with_the_most_connections_are_taken(tmp_path: Path) -> None:
    arrays = cells(24)
    arrays["weights"][[3, 7], :] = 0.0
    arrays["weights"][:, [3, 7]] = 0.0
    np.fill_diagonal(arrays["weights"], 5.0)
    prior = read_prior(write(tmp_path / "cells.npz", **arrays), 22)
    kept = [index for index in range(24) if index not in (3, 7)]
    assert np.array_equal(prior.positions_um, arrays["positions_um"][kept])
    assert np.array_equal(prior.correlation, arrays["correlation"][np.ix_(kept, kept)])
    assert np.array_equal(prior.tiling, arrays["tiling"][np.ix_(kept, kept)])
    off = ~np.eye(22, dtype=np.bool_)
    assert np.array_equal(prior.weights[off], arrays["weights"][np.ix_(kept, kept)][off])
    assert not prior.weights.diagonal().any()


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    arrays = cells(24)
    arrays["weights"][0, 1] = -1.0
    faulty: dict[str, object] = {
        **arrays,
        "positions_um": None,
        "correlation": np.eye(23),
        "tiling": np.full((24, 24), "x"),
        "sizes": 3,
    }
    with pytest.raises(InputError) as caught:
        read_prior(write(tmp_path / "cells.npz", **faulty), 30)
    assert ids(caught) == [
        "field-missing", "field-unknown", "field-inconsistent", "number-out-of-range", "array-shape", "array-shape"
    ]  # fmt: skip
    told = "\n".join(problem.what for problem in caught.value.problems)
    for word in ("positions_um", "sizes", "24 cells", "30 units", "weights", "(23, 23)", "tiling"):
        assert word in told


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.5])
def test_numbers_that_no_correlation_has_are_refused(tmp_path: Path, value: float) -> None:
    arrays = cells(20)
    arrays["correlation"][2, 3] = value
    with pytest.raises(InputError, match="correlation holds numbers") as caught:
        read_prior(write(tmp_path / "cells.npz", **arrays), 20)
    assert ids(caught) == ["number-out-of-range"]


def checked(path: Path, prior: str) -> dict[str, object]:
    document = parse_document(f"{TINY}prior: {prior}\n".replace("orthogonal", "w-star"), str(path / "recipe.yaml"))
    return dict(FAMILY.checked(document))


@needs_torch
def test_a_recipe_knows_its_file_by_its_content(tmp_path: Path) -> None:
    path = write(tmp_path / "cells.npz", **cells(24))
    recipe = checked(tmp_path, "{file: cells.npz}")
    assert recipe["prior"] == {"file": str(path), "sha256": sha256_of(path)}
    asked = recipe_of(recipe)
    one, other = (first_weights(asked, prior_of(asked, seed), seed) for seed in (0, 1))
    assert np.array_equal(one, other)  # cells of a file are the same for all seeds
    write(path, **cells(24, seed=1))
    with pytest.raises(InputError, match="its content has changed") as caught:
        prior_of(asked, 0)
    assert ids(caught) == ["run-input-changed"]
    with pytest.raises(InputError) as caught:
        checked(tmp_path, f"{{file: cells.npz, sha256: {asked.prior.sha256}}}")  # type: ignore[union-attr]
    assert ids(caught) == ["run-input-changed"]
    assert checked(tmp_path, "{file: cells.npz}") != recipe


@needs_torch
@pytest.mark.parametrize(
    ("prior", "fault"),
    [
        ("{file: none.npz}", "file-missing"),
        ("{file: small.npz}", "field-inconsistent"),
        ("{file: text.npz}", "file-damaged"),
        ("measured", None),
        ("{file: small.npz, sha256: abc}", None),
    ],
)
def test_a_bad_file_is_one_message_with_the_line_of_the_recipe(tmp_path: Path, prior: str, fault: str | None) -> None:
    write(tmp_path / "small.npz", **cells(19))
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(InputError) as caught:
        checked(tmp_path, prior)
    assert "recipe.yaml:10" in str(caught.value)
    if fault is not None:
        assert ids(caught) == [fault]
