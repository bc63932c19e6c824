"""Mutations of trees of mappings, lists and leaves, and the YAML or JSON text of what came of them."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

import yaml

from tests.fuzz import texts

Place = tuple[Any, Any]  # the mapping or list, and the key or index in it

DEEP = (20, 200, 5_000, 100_000)
_INSERTS = (
    ' 1, "version": 1, "x":',
    ' NaN, "x":',
    ' -Infinity, "x":',
    ' 1e999, "x":',
    " " + "9" * 5000 + ', "x":',
    " 01",
    ' "\\ud800", "x":',
    " // x\n",
    ",",
    " 'a'",
    ' "\x01", "x":',
)
_YAML_LINES = (
    "<<: *a",
    "x: &a [*a]",
    "a: &a {b: *a}",
    "? [a, b]\n: c",
    "- ",
    "\tx: 1",
    "---",
    "...",
    "%YAML 1.2",
    "%TAG ! tag:x,2:",
    "x: !!binary aGk=",
    "x: !!set {a, b}",
    "x: !!omap [a: 1]",
    "x: !!timestamp 2001-01-01",
    "x: !!int abc",
    "x: !!float 1e",
    "x: !<tag:y> 1",
    "x: !!python/object/apply:os.system ['touch $FUZZ_CANARY']",
    "x: !!python/object/new:os.system ['touch $FUZZ_CANARY']",
    "x: !!python/name:os.system",
    "x: |\n  a",
    "x: >9\n a",
    "x: 'a",
    'x: "\\x',
    'x: "\\UFFFFFFFF"',
    "x: @a",
    "x: `a",
    "x: 2001-99-99",
    "x: 1:99:99",
    "x: 0b2",
    "x: 0x",
    "x: 1__0",
    "x: .inf",
    "x: 1e999",
    "x: " + "9" * 5000,
    "#" * 300,
    "\x00",
    "\ufeff",
    "\x85",
    "x: ~",
    "1: 2",
    "null: 1",
    "[]: 1",
    "{}: 1",
    "true: 1",
    "1.5: 2",
    "\u2028",
)


def mutated(rng: Random, tree: Any) -> tuple[Any, str]:
    """A copy of `tree` with one to three places changed, and what was done, in words."""
    tree = copy.deepcopy(tree)
    done: list[str] = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        found = places(tree)
        if not found:
            return texts.value(rng), "another top"
        # Levels have long lists of numbers: a key is worth as much as all of those.
        keyed = [place for place in found if isinstance(place[0], dict)]
        container, key = rng.choice(keyed if keyed and rng.random() < 0.7 else found)
        change = rng.choice(_CHANGES)
        done.append(f"{change.__name__.strip('_').replace('_', ' ')} at {str(key)[:30]!r}")
        tree = change(rng, tree, container, key, found)
    return tree, ", ".join(done)


def places(tree: Any) -> list[Place]:
    """Every place of a tree, each container once however often it stands in the tree."""
    found: list[Place] = []
    seen: set[int] = set()
    waiting = [tree]
    while waiting and len(found) < 20_000:
        here = waiting.pop()
        if id(here) in seen or not isinstance(here, dict | list):
            continue
        seen.add(id(here))
        keys = list(here) if isinstance(here, dict) else range(len(here))
        for key in keys:
            found.append((here, key))
            waiting.append(here[key])
    return found


def _drop(_rng: Random, tree: Any, container: Any, key: Any, _all: list[Place]) -> Any:
    del container[key]
    return tree


def _put_a_value(rng: Random, tree: Any, container: Any, key: Any, _all: list[Place]) -> Any:
    container[key] = texts.value(rng)
    return tree


def _put_a_number(rng: Random, tree: Any, container: Any, key: Any, _all: list[Place]) -> Any:
    old = container[key]
    if isinstance(old, int | float) and rng.random() < 0.5:
        container[key] = rng.choice(
            (-old, old + 1, old - 1, old * 10, old / 7, old * 1.0, str(old), [old], int(old) if abs(old) < 1e9 else 0)
        )
    else:
        container[key] = texts.number(rng)
    return tree


def _nudge(rng: Random, tree: Any, _container: Any, _key: Any, everywhere: list[Place]) -> Any:
    """Another number of the same kind and size, somewhere: what is then read is sound more often than not."""
    numbers = [place for place in everywhere if type(_at(place)) in (int, float)]
    if numbers:
        container, key = rng.choice(numbers)
        old = container[key]
        container[key] = (
            old + rng.choice((-1, 1, 2)) if isinstance(old, int) else old * rng.choice((0.5, 0.9, 1.1, 2))
        )
    return tree


def _at(place: Place) -> Any:
    """What stands at a place, None where an earlier change took it away."""
    container, key = place
    try:
        return container[key]
    except (KeyError, IndexError):
        return None


def _put_a_text(rng: Random, tree: Any, container: Any, key: Any, _all: list[Place]) -> Any:
    container[key] = texts.text(rng)
    return tree


def _rename(rng: Random, tree: Any, container: Any, key: Any, everywhere: list[Place]) -> Any:
    if isinstance(container, list):
        container.insert(rng.randrange(len(container) + 1), container.pop(key))
        return tree
    names = [other for _, other in everywhere if isinstance(other, str)]
    new: Any = rng.choice(
        (rng.choice(names) if names else "a", str(key) + "s", str(key).upper(), texts.text(rng), 1, None, True, 1.5)
    )
    items = [(new if name == key else name, entry) for name, entry in container.items()]
    container.clear()
    container.update(items)
    return tree


def _add(rng: Random, tree: Any, container: Any, key: Any, everywhere: list[Place]) -> Any:
    if isinstance(container, list):
        container.insert(key, rng.choice((copy.deepcopy(container[key]), texts.value(rng))))
    else:
        names = [other for _, other in everywhere if isinstance(other, str)]
        container[rng.choice((texts.text(rng), rng.choice(names) if names else "a"))] = texts.value(rng)
    return tree


def _copy_from_elsewhere(rng: Random, tree: Any, container: Any, key: Any, everywhere: list[Place]) -> Any:
    """The same object where it makes no circle: YAML writes an alias."""
    other, there = rng.choice(everywhere)
    entry = _at((other, there))
    container[key] = entry if rng.random() < 0.3 else copy.deepcopy(entry)
    return tree


def _wrap(rng: Random, tree: Any, container: Any, key: Any, _all: list[Place]) -> Any:
    entry = container[key]
    for _ in range(rng.choice((1, 1, 2, 30))):
        entry = [entry] if rng.random() < 0.5 else {texts.text(rng): entry}
    container[key] = entry
    return tree


def _repeat(rng: Random, tree: Any, container: Any, key: Any, _all: list[Place]) -> Any:
    entry = container[key]
    times = rng.choice((2, 3, 100, 2000))
    container[key] = (
        [copy.copy(entry) for _ in range(times)] if not isinstance(entry, list) else (entry * times)[:50_000]
    )
    return tree


def _reorder(rng: Random, tree: Any, container: Any, _key: Any, _all: list[Place]) -> Any:
    if isinstance(container, list):
        rng.shuffle(container)
    else:
        items = list(container.items())
        rng.shuffle(items)
        container.clear()
        container.update(items)
    return tree


def _empty(_rng: Random, tree: Any, container: Any, key: Any, _all: list[Place]) -> Any:
    container[key] = type(container[key])() if isinstance(container[key], dict | list | str) else None
    return tree


Change = Callable[[Random, Any, Any, Any, list[Place]], Any]
_CHANGES: tuple[Change, ...] = (
    _nudge,
    _nudge,
    _nudge,
    _drop,
    _put_a_value,
    _put_a_number,
    _put_a_number,
    _put_a_text,
    _rename,
    _add,
    _copy_from_elsewhere,
    _wrap,
    _repeat,
    _reorder,
    _empty,
)


def yaml_bytes(rng: Random, tree: Any) -> tuple[bytes, str]:
    """The tree as YAML, now and then with a line that only YAML can hold, and what was done then."""
    try:
        text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=rng.random() < 0.5, width=rng.choice((40, 200)))
    except (yaml.YAMLError, ValueError, RecursionError):  # what YAML has no words for
        text = repr(tree)
    done = ""
    if rng.random() < 0.25:
        text, done = _yaml_text(rng, text)
    return text.encode("utf-8", "surrogatepass"), done


def _yaml_text(rng: Random, text: str) -> tuple[str, str]:
    lines = text.splitlines() or [""]
    at = rng.randrange(len(lines))
    margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    match rng.randrange(7):
        case 0:
            lines.insert(at, lines[at])
            done = "a line twice"
        case 1:
            del lines[at]
            done = "a line less"
        case 2:
            lines[at] = " " * rng.randrange(9) + lines[at].lstrip()
            done = "another margin"
        case 3:
            depth = rng.choice(DEEP)
            lines[at] = margin + "x: " + rng.choice("[{") * depth
            done = f"{depth} levels deep"
        case 4:
            lines.insert(0, "bomb0: &b0 [a, a, a, a, a, a, a, a, a]")
            lines[1:1] = [f"bomb{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]" for n in range(1, rng.choice((3, 9)))]
            done = "aliases of aliases"
        case _:
            special = rng.choice(_YAML_LINES)
            lines.insert(at, margin + special)
            done = f"the line {special[:30]!r}"
    return "\n".join(lines) + "\n", done


def json_bytes(rng: Random, tree: Any) -> tuple[bytes, str]:
    """The tree as JSON, now and then with what only a text can hold, and what was done then."""
    try:
        text = json.dumps(tree, indent=rng.choice((None, 1)), ensure_ascii=rng.random() < 0.5, default=repr)
    except (ValueError, RecursionError):  # a circle, which JSON has no words for
        text = repr(tree)
    done = ""
    if rng.random() < 0.2:
        quotes = [index for index, character in enumerate(text) if character == ":"]
        at = rng.choice(quotes) + 1 if quotes else 0
        depth = rng.choice(DEEP)
        put = rng.choice((*_INSERTS, " [" * depth, ' {"a":' * depth))
        text = text[:at] + put + text[at:]
        done = f"{put[:20]!r} put in"
    return text.encode("utf-8", "surrogatepass"), done
