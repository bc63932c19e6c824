"""The gallery: its page is what its script writes, and every picture is there and small."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from neurocmc.pipeline.demos import DEMOS

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_gallery", DOCS / "make_gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_script_writes(gallery: ModuleType) -> None:
    numbers = json.loads((DOCS / "gallery.json").read_text(encoding="utf-8"))
    assert list(numbers) == list(gallery.SHOWN)
    page = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert page == gallery.page(numbers), "run python docs/make_gallery.py"
    for name in gallery.SHOWN:
        assert DEMOS[name].explanation in page


def test_every_demo_of_the_gallery_kept_its_budgets_or_names_those_it_missed(gallery: ModuleType) -> None:
    numbers = json.loads((DOCS / "gallery.json").read_text(encoding="utf-8"))
    for name in gallery.SHOWN:
        assert list(numbers[name]) == list(gallery.TARGETS)
        for target, lines in numbers[name].items():
            kept, _of, all_of_them, *_ = lines[-1].split()
            missed = sum(line.startswith("missed: ") for line in lines)
            assert int(kept) + missed == int(all_of_them)
            assert missed == 0 or target != "loihi1"


def test_every_study_with_a_picture_is_in_the_gallery(gallery: ModuleType) -> None:
    plans = {path.parent.name: path.read_text(encoding="utf-8") for path in (DOCS / "studies").glob("*/study.yaml")}
    families = {"reservoir-ei", "delays-motion", "filter-vit", "flux-l5", "ei-layers", "microns-rnn"}
    assert families == set(gallery.STUDIES)
    for name, (_, page, _) in gallery.STUDIES.items():
        assert "pictures:" in plans[name]
        assert (DOCS / page).is_file()
        assert f"studies/{name}" in (DOCS / page).read_text(encoding="utf-8")


def test_pictures_are_there_and_small(gallery: ModuleType) -> None:
    shown = [(name, target) for name in gallery.SHOWN for target in gallery.TARGETS]
    for name, target in [*shown, *((name, "loihi1") for name in gallery.STUDIES)]:
        for path in gallery.pictures_of(name, target):
            assert path.stat().st_size <= gallery.MAX_BYTES[path.suffix]
            assert Image.open(path).size[0] > 600


def test_nothing_is_run_where_nothing_is_missing(
    gallery: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for field, path in (("PICTURES", pictures), ("NUMBERS", tmp_path / "n.json"), ("PAGE", tmp_path / "g.md")):
        monkeypatch.setattr(gallery, field, path)
    monkeypatch.setattr(gallery, "DOCS", tmp_path)

    def run(name: str, target: str) -> list[str]:
        ran.append(name if target == "loihi1" else f"{name} on {target}")
        for path in gallery.pictures_of(name, target):
            path.touch()
        return ["1 of 1 budgets kept"]

    def draw_study(name: str) -> None:
        drawn.append(name)
        gallery.pictures_of(name)[0].touch()

    drawn: list[str] = []
    monkeypatch.setattr(gallery, "run", run)
    monkeypatch.setattr(gallery, "draw_study", draw_study)
    gallery.main([])
    assert drawn == list(gallery.STUDIES)
    both = [f"{name}{chip}" for name in gallery.SHOWN for chip in ("", " on truenorth")]
    assert ran == both
    gallery.main([])
    assert ran == both
    gallery.main(["--refresh", "automaton"])
    assert ran == [*both, "automaton", "automaton on truenorth"]
    gallery.main(["--refresh", "flux-l5"])
    assert ran == [*both, "automaton", "automaton on truenorth"]
    assert drawn == [*gallery.STUDIES, "flux-l5"]
    (pictures / "gallery-up-state.png").unlink()
    gallery.main([])
    assert ran[-1] == "up-state"
    with pytest.raises(SystemExit):
        gallery.main(["nothing"])
