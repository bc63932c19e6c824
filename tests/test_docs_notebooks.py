"""The notebooks of the documentation: each has a page, a verdict and a picture, and shows both when it is run.

`make docs`, a part of CI, runs all of them and fails where a cell raises; so CI's tests run the shortest one alone.
"""

import base64
import io
import os
import re
import sys
from pathlib import Path
from typing import Any

import jupytext
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from PIL import Image

from tests.torch_extra import needs_torch

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.md"))
LONGEST_CELL = 20  # lines
INSTALLED_BY = {"torch": "neurocmc[torch]", "sklearn": "scikit-learn", "pandas": "neurocmc[pandas,xarray,neo]"}
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return jupytext.read(path, fmt="md:myst")


def code(notebook: Any) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_every_notebook_is_a_page_and_nothing_else_lies_beside_them() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = re.findall(r"^notebooks/(\S+)$", index, re.MULTILINE)
    assert sorted(pages) == [path.stem for path in NOTEBOOKS]
    assert len(NOTEBOOKS) >= 8
    listed = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\(notebooks/(\S+)\.md\)", listed)) == sorted(pages)
    assert [path for path in FOLDER.iterdir() if path.suffix != ".md"] == []  # no .ipynb with outputs


@each
def test_a_notebook_names_its_kernel_and_what_must_be_installed(path: Path) -> None:
    notebook = read(path)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    text = path.read_text(encoding="utf-8")
    imported = set(re.findall(r"^(?:import|from) (\w+)", "\n".join(code(notebook)), re.MULTILINE))
    assert imported - {"neurocmc", "numpy", "matplotlib", "pathlib"} <= set(INSTALLED_BY)
    for library, brought_by in INSTALLED_BY.items():
        assert (library in imported) == (brought_by in text), library


@each
def test_a_notebook_goes_from_a_circuit_to_a_verdict_and_a_picture(path: Path) -> None:
    cells = code(read(path))
    for step in (r"neurocmc\.(from_\w+|load|compile)\(", r"neurocmc\.compile\(", r"neurocmc\.verify\(", r"\.plot\("):
        assert any(re.search(step, cell) for cell in cells), step
    assert any(re.search(r"assert verified.passed|assert all\(verification.passed", cell) for cell in cells)
    for cell in cells:
        compile(cell, path.name, "exec")
        assert len(cell.splitlines()) <= LONGEST_CELL, cell


@each
def test_every_picture_is_told_to_who_does_not_see_it(path: Path) -> None:
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    drawn = [cell for cell in cells if re.search(r"\.plot\(|\.picture\(|plt\.show\(", cell.source)]
    assert len(drawn) >= 2
    for cell in drawn:
        assert len(cell.metadata["mystnb"]["image"]["alt"]) > 40, cell.source


RUN_BY_CI = "analysis"
RUN = [
    pytest.param(
        path,
        id=path.stem,
        marks=[
            pytest.mark.slow if path.stem == RUN_BY_CI else pytest.mark.nightly,
            *([needs_torch] if "import torch" in path.read_text(encoding="utf-8") else []),
        ],
    )
    for path in NOTEBOOKS
]


@pytest.mark.parametrize("path", RUN)
def test_a_notebook_runs_and_shows_that_all_budgets_are_kept(path: Path, tmp_path: Path) -> None:
    notebook = read(path)
    manager: Any = KernelManager(kernel_name="python3")
    # The kernel of this interpreter, whichever others this machine has told Jupyter of.
    manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    environment = os.environ | {"IPYTHONDIR": str(tmp_path / "ipython"), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    NotebookClient(notebook, km=manager, timeout=None).execute(
        cwd=str(tmp_path), env=environment | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    )
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert {output.output_type for output in outputs} <= {"execute_result", "display_data", "stream"}
    shown = [output.data for output in outputs if output.output_type != "stream"]
    verdict, *others = [data for data in shown if data["text/plain"].startswith("<Verification ")]
    assert re.fullmatch(r"<Verification passed: (\d+) of \1 budgets kept>", verdict["text/plain"])
    assert not others
    assert verdict["text/html"].count("<tr>") > 10
    pictures = [data["image/png"] for data in shown if "image/png" in data]
    assert len(pictures) >= 2
    assert all(Image.open(io.BytesIO(base64.b64decode(picture))).size[0] > 400 for picture in pictures)
