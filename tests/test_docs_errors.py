"""The page of errors: it is what its examples print when they are run, and each shows the id it stands under."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from neurocmc.common.catalogue import CATALOGUE

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "errors.md"


@pytest.fixture(scope="module")
def errors() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_errors", DOCS / "make_errors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sections() -> dict[str, str]:
    """Id -> what the page says of it."""
    page = PAGE.read_text(encoding="utf-8").partition("## Not shown")[0]
    return dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))


@pytest.mark.slow
def test_the_page_is_what_its_examples_print(errors: ModuleType) -> None:
    examples = errors.read_examples(errors.EXAMPLES.read_text(encoding="utf-8"))
    assert errors.page(examples) == PAGE.read_text(encoding="utf-8"), "run python docs/make_errors.py"


def test_the_page_has_every_id_in_the_order_of_the_catalogue() -> None:
    assert list(sections()) == list(CATALOGUE)
    assert all(meaning in sections()[name] for name, meaning in CATALOGUE.items())


def test_an_example_shows_the_id_that_it_stands_under(errors: ModuleType) -> None:
    examples = errors.read_examples(errors.EXAMPLES.read_text(encoding="utf-8"))
    for name, text in sections().items():
        assert (f"[{name}]" in text) == (name in examples), name


def test_most_ids_are_shown_and_the_others_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    left_out = re.findall(r"[a-z][a-z0-9-]+", text.partition("have no example here: ")[2].partition(".")[0])
    assert left_out == [name for name, told in sections().items() if "```" not in told]
    assert 3 * len(left_out) <= len(CATALOGUE)


def test_an_example_of_what_is_no_id_is_refused(errors: ModuleType) -> None:
    with pytest.raises(ValueError, match="'file-mising'"):
        errors.read_examples("== file-mising\n$ neurocmc inspect none.yaml\n")
