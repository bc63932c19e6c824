"""The picture of the front page: it is drawn from a run, and the text that stands for it says what that run gave."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_overview", DOCS / "make_overview.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_front_page_and_readme_say_what_the_circuit_came_to(maker: ModuleType, tmp_path: Path) -> None:
    overview = maker.run()
    for page in (DOCS / "index.md", ROOT / "README.md"):
        text = " ".join(page.read_text(encoding="utf-8").split())
        assert f"({overview.cost})" in text, page
        assert f"({overview.kept})" in text, page
    maker.draw(overview, tmp_path / "overview.png")
    assert (tmp_path / "overview.png").stat().st_size > 50_000
