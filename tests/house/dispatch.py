"""Find where code asks of which family a chip is, by its syntax tree.

Families differ in `pipeline/chips` and in the wings of each floor alone. Elsewhere nothing may test for a class that
a wing or a family defines, for a level that some family has, or for the name of a kind or of a chip.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

PRODUCT = Path(__file__).resolve().parents[2] / "neurocmc"
WINGS = ("loihi", "neurocorex", "truenorth")  # folders and modules of these names, on every floor
OWN_PLACES = (  # where a family may be named: the contract itself, programs and their readers, the schemas of targets
    "pipeline/chips/",
    "backends/",
    "targets/schema.py",
    "targets/kinds.py",
)
LEVELS = frozenset({"integer", "chip", "cores"})  # as attributes they would be a bag of Optionals again
KINDS = frozenset({"loihi", "neurocorex", "truenorth", "ideal"})
TESTS = frozenset({"isinstance", "issubclass", "hasattr", "getattr"})


def is_own_place(path: str) -> bool:
    """Whether a module, by its path within the product, belongs to one family or to the contract."""
    parts = path.removesuffix(".py").split("/")
    return path.startswith(OWN_PLACES) or any(part in WINGS for part in parts)


def family_classes() -> frozenset[str]:
    """Names of all classes that wings, families and schemas of single kinds define."""
    names: set[str] = set()
    for path in sorted(PRODUCT.rglob("*.py")):
        own = path.relative_to(PRODUCT).as_posix()
        if is_own_place(own) and not own.startswith("backends/"):
            names |= {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)}
    # What all families share, though it stands beside the contract or the schemas.
    return frozenset(names) - {"Target", "Limits", "Provenance", "TargetSchema", "Family", "Built", "Staging"}


def chip_names() -> frozenset[str]:
    """Kinds, and the names of chips; `brian2` is an interpreter as well, and asked for as such."""
    targets = (PRODUCT.parent / "targets").glob("*.yaml")
    return KINDS | {path.stem for path in targets} - {"brian2"}


def dispatches(source: str, classes: frozenset[str], names: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Line and text of every place that asks for a family."""
    for node in ast.walk(ast.parse(source)):
        if found := _found(node, classes, names):
            yield node.lineno, found  # pyright: ignore[reportAttributeAccessIssue]


def _found(node: ast.AST, classes: frozenset[str], names: frozenset[str]) -> str:
    match node:
        case ast.Call(func=ast.Name(id=test), args=[_, what, *_]) if test in TESTS:
            words = {_name(part) for part in ast.walk(what)}
            asked = words & (classes | LEVELS | names)
            return f"{test} of {', '.join(sorted(asked))}" if asked else ""
        case ast.MatchClass(cls=cls) if _name(cls) in classes:
            return f"case {_name(cls)}"
        case ast.MatchValue(value=ast.Constant(value=str(text))) if text in names:
            return f"case {text!r}"
        case ast.Compare(left=left, comparators=others):
            return _compared([left, *others], names)
        case ast.Subscript(value=ast.Dict(keys=keys)):  # a table by name, asked at once
            asked = {text for key in keys if isinstance(key, ast.Constant) and (text := key.value) in names}
            return f"a table of {', '.join(sorted(asked))}" if asked else ""
        case _:
            return ""


def _compared(sides: list[ast.expr], names: frozenset[str]) -> str:
    words = {word for side in sides for part in ast.walk(side) if (word := _name(part)) in names}
    if words:
        return f"compared with {', '.join(sorted(words))}"
    against_none = any(isinstance(side, ast.Constant) and side.value is None for side in sides)
    levels = {side.attr for side in sides if isinstance(side, ast.Attribute) and side.attr in LEVELS}
    return f"{', '.join(sorted(levels))} is None" if against_none and levels else ""


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str(text)):
            return text
        case _:
            return ""
