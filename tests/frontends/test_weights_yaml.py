"""Matrices of a circuit that stand in an .npz: the same circuit as written out, and every fault at its place."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocmc.common.errors import InputError
from tests.made.circuit_documents import changed, read

WEIGHT = np.array([[0.5, -0.25, 2.0]])
DRIVE = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
DELAYS = np.array([[0.0, 2.0, 5.0]])
STEPS = ("drive: [1, 2, 3]", "drive: [1, 2]")


def stored(weight: str, drive: str, delay: str) -> str:
    return changed(
        ("weight: 0.5}", f"weight: {weight}, delay_ms: {delay}}}"), ("{to: e}", f"{{to: e, weight: {drive}}}"), STEPS
    )


def of_files(key: str = "W", npz: str = "matrices.npz") -> str:
    return changed(("weight: 0.5}", f"weight: {{npz: {npz}, key: {key}}}}}"))


def save(folder: Path, **arrays: NDArray) -> None:
    np.savez(folder / "matrices.npz", **arrays)


def test_a_matrix_in_a_file_is_the_matrix_written_out(tmp_path: Path) -> None:
    save(tmp_path, W=WEIGHT.astype(np.float32), U=DRIVE, delays=DELAYS.astype(np.int32))
    files = [f"{{npz: matrices.npz, key: {key}}}" for key in ("W", "U", "delays")]
    here = read(tmp_path, stored(*files)).circuit
    there = read(tmp_path, stored(*(str(matrix.tolist()) for matrix in (WEIGHT, DRIVE, DELAYS)))).circuit
    assert [entry.name for entry in here.projections] == ["e->i", "e->i@2", "e->i@5", "i->e"]
    for one, other in zip(here.projections, there.projections, strict=True):
        assert (one.name, one.delay_ticks, one.tau_s) == (other.name, other.delay_ticks, other.tau_s)
        np.testing.assert_array_equal(one.weight, other.weight)
    np.testing.assert_array_equal(here.inputs[0].weight, DRIVE)


def test_the_folder_is_that_of_the_circuit_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    save(tmp_path / "inner", W=WEIGHT)
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(read(tmp_path / "inner", of_files()).circuit.projections[0].weight, WEIGHT)
    np.testing.assert_array_equal(
        read(tmp_path, of_files(npz="inner/matrices.npz")).circuit.projections[0].weight, WEIGHT
    )


def test_the_hash_of_the_origin_is_that_of_text_and_numbers(tmp_path: Path) -> None:
    hashes: list[str] = []
    for scale, spare in ((1.0, 1.0), (1.0, 2.0), (1.5, 2.0)):
        save(tmp_path, W=scale * WEIGHT, spare=np.full((2, 2), spare))
        hashes.append(read(tmp_path, of_files()).circuit.origin_sha256)
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("array", "fault", "message"),
    [
        (WEIGHT.T, "weight-shape", "weight: matrices.npz: W has shape (3, 1), (1, 3) is needed"),
        (WEIGHT[0], "array-shape", "weight.key: matrices.npz: W has shape (3,)"),
        (np.zeros((0, 3)), "array-shape", "weight.key: matrices.npz: W has shape (0, 3)"),
        (WEIGHT * np.nan, "value-not-finite", "weight.key: matrices.npz: W holds a number that is not finite"),
        (WEIGHT * 1e10, "field-wrong", "weight.key: matrices.npz: W holds a number of magnitude 2e+10"),
        (WEIGHT + 1j, "array-type", "weight.key: matrices.npz: W holds complex128"),
        (WEIGHT > 0, "array-type", "weight.key: matrices.npz: W holds bool"),
        (np.array([["a", "b", "c"]]), "array-type", "weight.key: matrices.npz: W holds <U1"),
    ],
)
def test_what_is_no_matrix_of_weights_is_refused(tmp_path: Path, array: NDArray, fault: str, message: str) -> None:
    save(tmp_path, W=array)
    with pytest.raises(InputError) as refused:
        read(tmp_path, of_files())
    (problem,) = refused.value.problems
    assert problem.id == fault
    assert f"circuit.yaml:8: projections[0].{message} [{fault}]" in str(problem)


def test_a_key_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    save(tmp_path, weights=WEIGHT)
    with pytest.raises(InputError, match=r"matrices.npz: wieghts is not there \[array-missing\]\n *cure: .*weights"):
        read(tmp_path, of_files("wieghts"))


def test_a_file_that_is_not_there_and_one_that_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"circuit.yaml:8: projections\[0\].weight.npz: .*nowhere.npz") as refused:
        read(tmp_path, of_files(npz="nowhere.npz"))
    assert len(refused.value.problems) == 1
    (tmp_path / "matrices.npz").write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(InputError, match=r"weight.npz: .*matrices.npz.* \[file-damaged\]"):
        read(tmp_path, of_files())


def test_the_matrix_of_an_input_that_is_at_fault_is_told_once(tmp_path: Path) -> None:
    save(tmp_path, U=DRIVE * np.inf)
    with pytest.raises(InputError) as refused:
        read(tmp_path, changed(("{to: e}", "{to: e, weight: {npz: matrices.npz, key: U}}")))
    assert [problem.id for problem in refused.value.problems] == ["value-not-finite"]


def test_delays_of_a_file_are_refused_as_delays_are(tmp_path: Path) -> None:
    save(tmp_path, D=np.array([[0.0, -1.0, 2.5]]))
    with pytest.raises(InputError, match=r"projections\[0\].delay_ms\[0\]\[1\]: a delay of -1 ms is below 0"):
        read(tmp_path, changed(("weight: 0.5}", "weight: 0.5, delay_ms: {npz: matrices.npz, key: D}}")))
