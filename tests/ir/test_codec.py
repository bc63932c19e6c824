"""The codec reads the types of fields, however they are written down."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np
import pytest
from typing_extensions import TypeAliasType

from neurocmc.ir.codec import Coded, Malformed, decode, encode
from neurocmc.ir.spiking import SpikingNetwork
from tests.made import levels

Number = TypeVar("Number", bound=np.generic)
Length = TypeVar("Length")

# What `type Vector[Number] = ...` makes, as numpy 2.5 does of its NDArray; Python 3.11 has no such statement.
Vector = TypeAliasType("Vector", np.ndarray[Any, np.dtype[Number]], type_params=(Number,))
# Parameters in another order than they are used in, and an alias of an alias.
Swapped = TypeAliasType("Swapped", tuple[Vector[Number], Length], type_params=(Length, Number))
Reals = TypeAliasType("Reals", Vector[np.float64])
Kind = TypeAliasType("Kind", Literal["a", "b"])
Count = TypeAliasType("Count", int)


@dataclass(frozen=True, kw_only=True, eq=False)
class Level:
    """A field of each kind of alias."""

    plain: Vector[np.int64]
    reals: Reals
    many: tuple[Reals, ...]
    swapped: Swapped[Count, np.bool_]
    kind: Kind
    count: Count


def level() -> Level:
    return Level(
        plain=np.arange(3),
        reals=np.array([0.5, -1.0]),
        many=(np.zeros(1), np.ones(2)),
        swapped=(np.array([True, False]), 4),
        kind="b",
        count=7,
    )


def test_fields_whose_types_are_aliases_come_back() -> None:
    coded = encode(level())
    assert coded.json == {
        "plain": {"array": "plain"},
        "reals": {"array": "reals"},
        "many": [{"array": "many/0"}, {"array": "many/1"}],
        "swapped": [{"array": "swapped/0"}, 4],
        "kind": "b",
        "count": 7,
    }
    back = decode(coded, Level)
    assert back.plain.tolist() == [0, 1, 2]
    assert [row.tolist() for row in back.many] == [[0.0], [1.0, 1.0]]
    assert back.swapped[0].tolist() == [True, False]
    assert (back.swapped[1], back.kind, back.count) == (4, "b", 7)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda json, arrays: arrays.update({"reals": arrays["reals"].astype(np.float32)}),
            "reals: float64 is needed",
        ),
        (lambda json, arrays: arrays.update({"swapped/0": np.zeros(2)}), "swapped/0: bool is needed"),
        (lambda json, arrays: json.update(kind="c"), "kind: must be one of a, b"),
        (lambda json, arrays: json.update(count="7"), "count: a whole number is needed"),
    ],
)
def test_what_an_alias_stands_for_is_checked(
    damage: Callable[[dict[str, Any], dict[str, Any]], None], message: str
) -> None:
    coded = encode(level())
    json, arrays = dict(coded.json), dict(coded.arrays)
    damage(json, arrays)
    with pytest.raises(Malformed, match=message):
        decode(Coded(json, arrays), Level)


def test_what_most_levels_have_no_use_for_is_stored_only_where_it_is_used() -> None:
    plain = levels.spiking()
    assert "start" not in encode(plain).json["inputs"][0]
    started = replace(plain, inputs=(replace(plain.inputs[0], start=((0.5, 0.0, 0.0, 1.0),)),))
    coded = encode(started)
    assert coded.json["inputs"][0]["start"] == [[0.5, 0.0, 0.0, 1.0]]
    assert decode(coded, SpikingNetwork).inputs[0].start == ((0.5, 0.0, 0.0, 1.0),)
    assert decode(encode(plain), SpikingNetwork).inputs[0].start == ()
