"""Matrices of both kinds are one: every function of the module says the same of either."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from neurocmc.common import matrices
from neurocmc.common.errors import InputError
from neurocmc.common.matrices import frozen_matrix, full, is_sparse
from neurocmc.common.packing import packed, unpacked

NUMBERS = st.sampled_from([0.0, 0.0, 0.0, 1.0, -2.0, 0.5])
FULL = arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=NUMBERS)


def held(matrix: np.ndarray) -> Any:
    """The matrix by its entries."""
    return matrices.sparse(matrix)


@given(FULL)
def test_a_function_says_the_same_of_either_kind(matrix: np.ndarray) -> None:
    other = held(matrix)
    rows, columns = matrix.shape
    for name in ("row_counts", "column_counts", "row_largest", "column_largest", "count", "largest", "any_entry"):
        function = getattr(matrices, name)
        np.testing.assert_array_equal(function(other), function(matrix), err_msg=name)
    low, high = matrices.span_of(other)
    assert min(low, 0) == min(matrix.min(), 0)
    assert max(high, 0) == max(matrix.max(), 0)
    for one, two in zip(matrices.entries(other), matrices.entries(matrix), strict=True):
        np.testing.assert_array_equal(one, two)
    row, column = np.arange(1.0, rows + 1), np.arange(1.0, columns + 1)
    np.testing.assert_array_equal(full(matrices.scaled_rows(other, row)), row[:, None] * matrix)
    np.testing.assert_array_equal(full(matrices.scaled_columns(other, column)), matrix * column)
    np.testing.assert_array_equal(full(matrices.divided_rows(other, row)), matrix / row[:, None])
    np.testing.assert_array_equal(full(matrices.total([other, matrix])), 2 * matrix)
    assert matrices.same(other, matrix)
    assert matrices.same(matrices.transposed(other), matrix.T)
    at = np.indices(matrix.shape).reshape(2, -1)
    np.testing.assert_array_equal(matrices.at(other, *at), matrix[tuple(at)])
    value = np.arange(2.0 * 3 * columns).reshape(2, 3, columns)
    np.testing.assert_allclose(matrices.driven_by(value, other), value @ matrix.T)


@given(FULL)
def test_the_kind_follows_from_the_numbers_alone(matrix: np.ndarray) -> None:
    with patch.object(matrices, "LEAST_SPARSE", 1):
        one = frozen_matrix(matrix, np.float64, (None, None), "weight")
        two = frozen_matrix(held(matrix), np.float64, (None, None), "weight")
    assert is_sparse(one) == is_sparse(two)
    np.testing.assert_array_equal(full(one), matrix)
    np.testing.assert_array_equal(full(two), matrix)
    if is_sparse(one) and is_sparse(two):
        for name in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
            assert not getattr(two, name).flags.writeable


@given(st.lists(arrays.arrays(st.sampled_from([np.float64, np.int64]), st.integers(0, 3)), max_size=6))
def test_what_was_packed_comes_back(rows: list[np.ndarray]) -> None:
    given_arrays = {f"a/{index}": row for index, row in enumerate(rows)}
    with patch("neurocmc.common.packing.MOST_MEMBERS", 0):
        stored = dict(packed(given_arrays))
    found = unpacked(Path("level.npz"), stored)
    assert found.keys() == given_arrays.keys()
    for key, row in given_arrays.items():
        assert found[key].dtype == row.dtype
        np.testing.assert_array_equal(found[key], row)


@pytest.mark.parametrize("index", ['{"float64": [["a", 9]]}', '{"float64": [["a", -3]]}', '{"int8": []}', "[", "3"])
def test_an_index_that_does_not_fit_is_told_of(index: str) -> None:
    stored = {"packed/float64": np.zeros(3), "packed/index": np.array(index)}
    with pytest.raises(InputError, match="packed/index: does not fit the arrays beside it"):
        unpacked(Path("level.npz"), stored)
