"""The docstring of every package lists its modules and subpackages, a line each: `name  what it does`."""

import ast
import re
from pathlib import Path

import pytest

PRODUCT = Path(__file__).resolve().parents[2] / "neurocmc"
PACKAGES = sorted(path.parent for path in PRODUCT.rglob("__init__.py"))
ROW = re.compile(r"^(\w+) {2,}\S", re.MULTILINE)  # code and continued rows are indented


def listed(docstring: str) -> list[str]:
    return ROW.findall(docstring)


def present(package: Path) -> set[str]:
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(PRODUCT.parent).as_posix())
def test_the_docstring_lists_what_is_there(package: Path) -> None:
    names = listed(ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or "")
    assert sorted(names) == sorted(present(package))


def test_rows_are_told_from_code_and_from_their_own_continuation() -> None:
    text = "Writes.\n\n    import neurocmc\n\nfiles  names\n       and more\ntwo    writes\n\nIn all, two.\n"
    assert listed(text) == ["files", "two"]


def test_a_package_has_modules_and_subpackages(tmp_path: Path) -> None:
    for name in ("__init__.py", "__main__.py", "module.py", "inner/__init__.py", "data/table.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert present(tmp_path) == {"module", "inner"}
