"""Turns frozen dataclasses into plain JSON values and named arrays, and back, strictly.

What a level looks like on disk follows from its fields and their types alone; no class has code of its own here. A
scalar is its JSON value, a tuple a list, a dataclass an object with exactly its fields, but for those of metadata
SELDOM, which are left out where they have their default. An array is {"array": key};
its numbers stand under that key, which spells the path to it: "projections/excite->inhibit/weight", with an entry's
name where it has one and else its index. A matrix that is held by its entries (`common.matrices`) is
{"sparse": path, "shape": [rows, columns]}; below the path stand "value" and "column" of each entry, row by row, and
"start", where each row begins, and the end. JSON has no infinity: it is the text "inf" or "-inf" where a float is
due. NaN is refused in a scalar.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.matrices import Matrix, Sparse, entries_fault, is_sparse, sparse

T = TypeVar("T")
SELDOM = {"stored": "where it differs from its default"}  # metadata of a field that most levels have no use for
LARGEST_INTEGER = 2**62  # of scalars; every register of every level is far smaller
_PARTS = ("value", "column", "start")  # of a matrix that is held by its entries
_INFINITIES = {"inf": math.inf, "-inf": -math.inf}


class Malformed(Exception):  # noqa: N818  (not an error of a user yet: whoever knows the file makes it one)
    """Stored values that are not the wanted level; `key` is the path to the first that is wrong."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(f"{key}: {what}")
        self.key = key
        self.what = what


@dataclass(frozen=True, slots=True)
class Coded:
    """A level as one JSON value and the arrays it refers to."""

    json: dict[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def encode(level: object, leave_out: frozenset[str] = frozenset()) -> Coded:
    """Returns a dataclass in coded form: one JSON value and the arrays it refers to.

    Args:
        level: A frozen dataclass.
        leave_out: Fields of the top that are left out.

    Returns:
        The coded form, which `decode` reads.

    Raises:
        ValueError: For NaN in a scalar, and for names that give two arrays one key.

    Example:
        >>> from neurocmc.ir.codec import encode
        >>> encode(neurocmc.load("models/two-state.yaml").circuit).json["name"]
        'two-state'
    """
    arrays: dict[str, NDArray[Any]] = {}
    return Coded(_encode_dataclass(level, "", arrays, leave_out), arrays)


def decode(coded: Coded, kind: type[T], given: Mapping[str, Any] | None = None) -> T:
    """Returns the dataclass of type `kind` from its coded form; `given` holds fields that were left out.

    Raises Malformed at the first value that is missing, unknown, of another type or shape, or if an array is left
    over.
    """
    unused = dict(coded.arrays)
    level = _decode_dataclass(coded.json, kind, "", unused, given or {})
    if unused:
        raise Malformed(min(unused), "an array that nothing refers to")
    return level


def is_unicode(text: str) -> bool:
    """Whether a text can be written and printed at all: JSON and numpy both let half characters through."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


@cache
def _seldom(kind: type) -> dict[str, Any]:
    """The fields that are stored only where they say something, and what they are otherwise."""
    return {field.name: field.default for field in fields(kind) if SELDOM.items() <= field.metadata.items()}


def _below(path: str, part: str | int) -> str:
    return f"{path}/{part}" if path else str(part)


def _encode_dataclass(
    value: object, path: str, arrays: dict[str, NDArray[Any]], leave_out: frozenset[str] = frozenset()
) -> dict[str, Any]:
    kind, found = type(value), dict[str, Any]()
    seldom = _seldom(kind)
    for name, form, hint in _plan(kind):
        held = getattr(value, name)
        if name in leave_out or (name in seldom and held == seldom[name]):
            continue
        if form == "itself":
            found[name] = held
        elif form == "int":
            found[name] = int(held)
        else:
            found[name] = _encode(held, hint, _below(path, name), arrays)
    return found


@cache
def _holds_flat(hint: Any) -> bool:
    """Whether a tuple holds dataclasses without arrays or numbers that JSON lacks, so that none needs a path."""
    inner, plain = get_args(hint)[0], ("itself", "int", "texts")
    return is_dataclass(inner) and all(form in plain for _, form, _ in _plan(cast("type", inner)))


@cache
def _plan(kind: type) -> tuple[tuple[str, str, Any], ...]:
    """Name, form and type of every field: levels of large circuits have hundreds of thousands of them."""
    return tuple((name, *_form_of(hint)) for name, hint in _hints(kind).items())


@cache
def _without_aliases(hint: Any) -> Any:
    """Replace an alias of the `type` statement by what it stands for: numpy's NDArray is one from numpy 2.5 on."""
    while (meant := getattr(alias := get_origin(hint) or hint, "__value__", None)) is not None:
        given = dict(zip(alias.__type_params__, get_args(hint), strict=True))
        hint = meant[tuple(given[parameter] for parameter in meant.__parameters__)] if given else meant
    return hint


@cache
def _form_of(hint: Any) -> tuple[str, Any]:
    """How values of a type are encoded, and the type without aliases."""
    plain = _without_aliases(hint)
    if is_dataclass(plain):
        return "dataclass", plain
    if get_origin(plain) is tuple:
        return ("texts" if set(get_args(plain)) <= {str, Ellipsis} else "tuple"), plain
    if _is_array(plain):
        return "array", plain
    return {float: "float", int: "int"}.get(plain, "itself"), plain


def _encode(value: Any, hint: Any, path: str, arrays: dict[str, NDArray[Any]]) -> Any:
    form, hint = _form_of(hint)
    match form:
        case "dataclass":
            return _encode_dataclass(value, path, arrays)
        case "tuple" if _holds_flat(hint):
            return [_encode_dataclass(entry, path, arrays) for entry in value]
        case "texts":
            return list(value)
        case "tuple":
            parts = [_below(path, getattr(entry, "name", index)) for index, entry in enumerate(value)]
            return [
                _encode(entry, of, part, arrays)
                for entry, of, part in zip(value, _entry_hints(hint, len(value)), parts, strict=True)
            ]
        case "array":
            if is_sparse(value):
                for name, part in zip(_PARTS, (value.data, value.indices, value.indptr), strict=True):
                    _add(arrays, f"{path}/{name}", part)
                return {"sparse": path, "shape": list(value.shape)}
            _add(arrays, path, value)
            return {"array": path}
        case "float":
            number = float(value)
            if math.isnan(number):
                raise ValueError(f"{path} is NaN")
            return number if math.isfinite(number) else ("inf" if number > 0 else "-inf")
        case "int":
            return int(value)
        case _:
            return value


@cache
def _is_array(hint: Any) -> bool:
    """Whether a field is an array, or a matrix of either kind."""
    return get_origin(hint) is np.ndarray or Sparse in get_args(hint)


def _add(arrays: dict[str, NDArray[Any]], path: str, value: NDArray[Any]) -> None:
    if path in arrays:
        raise ValueError(f"two arrays would stand under {path!r}: names must differ")
    arrays[path] = value


def _entry_hints(hint: Any, length: int) -> tuple[Any, ...]:
    """The type of each entry of a tuple: tuple[X, ...] has any length, tuple[X, Y] has two."""
    arguments = get_args(hint)
    return (arguments[0],) * length if arguments[-1] is Ellipsis else arguments


def _decode_dataclass(
    value: Any, kind: type[T], path: str, unused: dict[str, NDArray[Any]], given: Mapping[str, Any]
) -> T:
    hints = _hints(kind)
    stored = _checked(value, dict, "an object", path or kind.__name__)
    for name in sorted(hints.keys() - stored.keys() - given.keys() - _seldom(kind).keys()):
        raise Malformed(_below(path, name), "is missing")
    for name in sorted(stored.keys() - (hints.keys() - given.keys())):
        raise Malformed(_below(path, name), f"is not a field of {kind.__name__}")
    decoded = {name: _decode(entry, hints[name], _below(path, name), unused) for name, entry in stored.items()}
    try:
        return kind(**decoded, **given)
    except ValueError as error:  # frozen_array names the field
        field, _, what = str(error).partition(": ")
        raise Malformed(_below(path, field), what) from None
    except (IndexError, TypeError):  # of one that takes lengths from an array with too few axes
        raise Malformed(path or kind.__name__, "its arrays do not fit one another") from None


def _decode(value: Any, hint: Any, path: str, unused: dict[str, NDArray[Any]]) -> Any:
    hint = _without_aliases(hint)
    if is_dataclass(hint):
        return _decode_dataclass(value, cast("type[Any]", hint), path, unused, {})
    if Sparse in get_args(hint):
        return _decode_matrix(value, hint, path, unused)
    match get_origin(hint):
        case origin if origin is tuple:
            return _decode_tuple(_checked(value, list, "a list", path), hint, path, unused)
        case origin if origin is np.ndarray:
            return _decode_array(value, hint, path, unused)
        case origin if origin is Literal:
            choices = get_args(hint)
            if type(value) not in {type(choice) for choice in choices} or value not in choices:
                raise Malformed(path, f"must be one of {', '.join(map(str, choices))} (got {_short(value)})")
            return value
        case _:
            return _decode_scalar(value, hint, path)


def _decode_scalar(value: Any, hint: Any, path: str) -> Any:
    if hint is float:
        if isinstance(value, str) and value in _INFINITIES:
            return _INFINITIES[value]
        if type(value) not in (int, float):
            raise Malformed(path, f'a number, "inf" or "-inf" is needed (got {_short(value)})')
        return float(_in_range(value, path)) if type(value) is int else value
    if hint is int:
        return _in_range(_checked(value, int, "a whole number", path), path)
    if hint is bool:
        return _checked(value, bool, "true or false", path)
    text = _checked(value, str, "text", path)
    if not is_unicode(text):
        raise Malformed(path, f"is not Unicode text ({_short(text)})")
    return text


def _decode_tuple(value: list[Any], hint: Any, path: str, unused: dict[str, NDArray[Any]]) -> tuple[Any, ...]:
    hints = _entry_hints(hint, len(value))
    if len(hints) != len(value):
        raise Malformed(path, f"must have {len(hints)} entries (got {len(value)})")
    return tuple(
        _decode(entry, of, _below(path, index), unused)
        for index, (entry, of) in enumerate(zip(value, hints, strict=True))
    )


def _decode_array(value: Any, hint: Any, path: str, unused: dict[str, NDArray[Any]]) -> NDArray[Any]:
    stored = _checked(value, dict, "a reference to an array", path)
    if stored.keys() != {"array"}:
        raise Malformed(path, 'a reference to an array is {"array": key}')
    key = _checked(stored["array"], str, "a key", path)
    array = _taken(key, unused, path)
    wanted = np.dtype(get_args(get_args(hint)[1])[0])
    if array.dtype != wanted:
        raise Malformed(key, f"{wanted.name} is needed (got {array.dtype.name})")
    return array


def _taken(key: str, unused: dict[str, NDArray[Any]], path: str | None = None) -> NDArray[Any]:
    if key not in unused:
        raise Malformed(path or key, f"the array {_short(key)} is missing, or used twice")
    return unused.pop(key)


def _decode_matrix(given: Any, hint: Any, path: str, unused: dict[str, NDArray[Any]]) -> Matrix:
    """Either kind of matrix; of one held by entries, they must be in order and within its shape."""
    full = next(_without_aliases(of) for of in get_args(hint) if of is not Sparse)
    stored = _checked(given, dict, "a reference to an array", path)
    if stored.keys() != {"sparse", "shape"}:
        return _decode_array(given, full, path, unused)
    key = _checked(stored["sparse"], str, "a key", path)
    shape = _decode(stored["shape"], tuple[int, int], _below(path, "shape"), unused)
    value, column, start = (_taken(f"{key}/{name}", unused) for name in _PARTS)
    wanted = np.dtype(get_args(get_args(full)[1])[0])
    if value.dtype != wanted:
        raise Malformed(f"{key}/value", f"{wanted.name} is needed (got {value.dtype.name})")
    if fault := entries_fault(value, column, start, shape):
        raise Malformed(key, fault)
    return sparse((value, column, start), shape)


def _checked(value: Any, kind: type[T], called: str, path: str) -> T:
    """`value`, if it is exactly of a kind (true is no whole number here)."""
    if type(value) is not kind:
        raise Malformed(path, f"{called} is needed (got {_short(value)})")
    return value


def _in_range(value: int, path: str) -> int:
    if abs(value) > LARGEST_INTEGER:
        raise Malformed(path, f"{_short(value)} is beyond every register")
    return value


def _short(value: Any) -> str:
    text = ascii(value) if not isinstance(value, int) or abs(value) <= LARGEST_INTEGER else "a number beyond 2^62"
    return text if len(text) <= 60 else f"{text[:57]}..."
