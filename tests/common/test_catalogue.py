"""The catalogue of errors: it has every id that the program uses, and none that it does not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import neurocmc
from neurocmc.common.catalogue import CATALOGUE, SECTIONS, is_known
from neurocmc.common.errors import Problem

PACKAGE = Path(neurocmc.__file__).parent
MAKES = {"Problem", "Fault", "problem", "problem_at"}  # what takes an id first
KEBAB = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)+$")


def constants() -> Iterator[tuple[str, bool]]:
    """Every text in the program, and whether it is certainly an id: the first that a problem is made with."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "catalogue" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        first = {
            id(node.args[0])
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and node.args
            and (getattr(node.func, "id", None) or getattr(node.func, "attr", None)) in MAKES
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, id(node) in first


def test_every_id_is_in_the_catalogue_and_used() -> None:
    found = list(constants())
    assert {text for text, is_id in found if is_id} <= set(CATALOGUE)
    assert set(CATALOGUE) <= {text for text, _ in found}


def test_ids_are_kebab_case_and_stand_once() -> None:
    assert sum(len(section) for section in SECTIONS.values()) == len(CATALOGUE)
    assert [name for name in CATALOGUE if not KEBAB.match(name) and name != "defect"] == []
    assert [name for name in CATALOGUE if name.startswith("x-")] == []


def test_meanings_are_sentences() -> None:
    assert [text for text in CATALOGUE.values() if not (text[0].isalnum() and text.endswith("."))] == []


def test_an_id_that_is_not_in_the_catalogue_is_a_defect() -> None:
    with pytest.raises(ValueError, match="no 'file-mising': here: it is so"):
        Problem("file-mising", "here", "it is so", "do that")


def test_other_distributions_have_ids_of_their_own() -> None:
    assert is_known("x-mychip-too-many-cores")
    assert str(Problem("x-mychip-full", "core 3", "is full", "empty it")).startswith(
        "core 3: is full [x-mychip-full]\n"
    )


def test_a_problem_of_what_was_read_is_addressed_to_the_file() -> None:
    problem = Problem("value-not-finite", "population e", "gain is nan", "retrain").inside(Path("a.yaml"))
    assert (problem.id, problem.where) == ("value-not-finite", "a.yaml: population e")
