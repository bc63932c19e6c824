"""Every fault has a cure: whatever a schema complains of, in whatever words, there is something to do about it."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core.core_schema import ErrorType

from neurocmc.common.errors import FieldError, Problem
from neurocmc.common.names import nearest_name
from neurocmc.common.yaml_complaints import checked, cure_of
from neurocmc.frontends.circuit_yaml import CircuitFile
from neurocmc.targets.loihi import LoihiLimits
from tests.common.test_strict_yaml import Board, Chip

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**12) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({*CircuitFile.model_fields, *LoihiLimits.model_fields, *Chip.model_fields, *Board.model_fields})


def test_a_problem_without_a_cure_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="cure"):
        Problem("x-so", "here", "it is so")
    for nothing in ("", " \n"):
        with pytest.raises(ValueError, match="a Problem needs a cure: here: it is so"):
            Problem("x-so", "here", "it is so", nothing)


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_whatever_pydantic_can_complain_of_has_a_cure(kind: str) -> None:
    limits = dict.fromkeys(("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length"), 3)
    assert cure_of(kind, "x", {**limits, "pattern": "^y$", "expected": "'a' or 'b'"}).strip()


def test_a_validator_s_own_cure_is_told() -> None:
    assert cure_of("value_error", 3, {"error": FieldError("it is 3", "make it 4")}) == "make it 4"
    assert cure_of("value_error", 3, {"error": ValueError("it is 3")}).strip()


def test_a_name_that_nothing_is_near_to() -> None:
    assert nearest_name("a", []) == "leave it out: there is none"
    assert nearest_name("a", ["xyz"]) == "known names: xyz"


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([CircuitFile, LoihiLimits, Chip, Board]),
    st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), VALUES, max_size=6),
)
def test_any_data_are_taken_or_refused_with_cures(model: Any, data: dict[str, Any]) -> None:
    instance, faults = checked(data, model)
    assert (instance is None) == bool(faults)
    for fault in faults:
        assert fault.what.strip()
        assert fault.cure.strip()
