"""Sparse weights of a circuit written by hand: the file that scipy writes, and populations that need it."""

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from neurocmc.common.errors import InputError
from neurocmc.common.matrices import full, is_sparse
from neurocmc.frontends.circuit_yaml import read_circuit_yaml

TEXT = """
name: large
dt_ms: 1
form: filter-after
populations:
  pool: {{size: {units}, tau_ms: 20}}
projections:
  - {{from: pool, to: pool, weight: {weight}}}
inputs:
  drive: {{to: pool, channels: 1, weight: {drive}}}
stimuli:
  held: {{duration_s: 0.01, steps: [{{at_s: 0, drive: 1}}]}}
"""


def written(folder: Path, units: int, weight: str, drive: str = "1.0") -> Path:
    path = folder / "circuit.yaml"
    path.write_text(TEXT.format(units=units, weight=weight, drive=drive))
    return path


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_the_file_that_scipy_writes_is_the_matrix(kind: str, tmp_path: Path) -> None:
    matrix = sparse.random_array((300, 300), density=0.02, format=kind, rng=np.random.default_rng(3))
    sparse.save_npz(tmp_path / "w.npz", matrix)
    circuit = read_circuit_yaml(written(tmp_path, 300, "{sparse: w.npz}")).circuit
    held = circuit.projections[0].weight
    assert is_sparse(held)
    np.testing.assert_array_equal(full(held), matrix.toarray())
    assert circuit.origin_sha256 != read_circuit_yaml(written(tmp_path, 300, "0.5")).circuit.origin_sha256


def test_a_population_of_a_hundred_thousand_units_is_read(tmp_path: Path) -> None:
    circuit = read_circuit_yaml(written(tmp_path, 100_000, "{pattern: neighbours, value: 0.2}")).circuit
    weight = circuit.projections[0].weight
    assert is_sparse(weight)
    assert weight.nnz == 2 * 99_999


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        ({"indices": np.array([0, 9])}, "a number lies outside its shape"),
        ({"indptr": np.array([0, 2, 1, 2])}, "its lines do not begin one after the other"),
        ({"format": np.array(b"lil")}, "format 'lil'"),
        ({"data": np.array([1.0, np.nan])}, "holds a number that is not finite"),
        ({"shape": np.array([3, 4])}, "has shape (3, 4), (3, 3) is needed"),
    ],
)
def test_a_damaged_file_is_told_of(spoilt: dict[str, np.ndarray], message: str, tmp_path: Path) -> None:
    sound = {
        "format": np.array(b"csr"),
        "shape": np.array([3, 3]),
        "data": np.array([1.0, 2.0]),
        "indices": np.array([0, 2]),
        "indptr": np.array([0, 1, 1, 2]),
    }
    np.savez(tmp_path / "w.npz", **(sound | spoilt))
    with pytest.raises(InputError) as refused:
        read_circuit_yaml(written(tmp_path, 3, "{sparse: w.npz}"))
    assert message in str(refused.value)


def test_a_full_matrix_of_a_large_population_is_refused_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_circuit_yaml(written(tmp_path, 100_000, "0.1"))
    assert "a full matrix of 100,000 x 100,000 numbers, limit 134,217,728" in str(refused.value)
    assert "{sparse: FILE.npz}" in str(refused.value)
