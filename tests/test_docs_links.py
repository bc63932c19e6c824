"""The check of the documentation's links finds what leads nowhere, and nothing of the checkout does."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import check_links  # noqa: E402  (docs is no package)


def test_links_of_readme_and_its_like_lead_to_files() -> None:
    assert check_links.in_the_checkout() == []


def test_a_link_of_the_checkout_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("[a](there.md) ![b](missing.png) [c](https://example.org) [d](there.md#x)\n")
    (tmp_path / "there.md").write_text("[up](#within)\n")
    assert check_links.in_the_checkout(tmp_path) == ["README.md: missing.png: no such file"]


def test_links_anchors_and_pictures_of_built_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_links, "BUILT", tmp_path)
    here, there = tmp_path / "here.html", tmp_path / "there.html"
    links = ("there.html#found", "there.html#lost", "gone.html", "#own", "#none", "https://example.org/#x")
    anchors = "".join(f'<a href="{link}">x</a>' for link in links)
    here.write_text(f'<p id="own">{anchors}<img src="no.png"></p>', encoding="utf-8")
    there.write_text('<h1 id="found">x</h1>', encoding="utf-8")
    pages = {path: check_links.Page(path) for path in (here, there)}
    assert check_links.within(pages) == [
        "here.html: #none: no such anchor",
        "here.html: gone.html: no such file",
        "here.html: no.png: no such file",
        "here.html: there.html#lost: no such anchor",
    ]


def test_addresses_of_the_world_are_asked_and_a_missing_network_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    page.write_text('<a href="http://127.0.0.1:9/a">x</a>', encoding="utf-8")  # nothing listens there
    monkeypatch.setattr(check_links, "BUILT", tmp_path)
    wrong, answered = check_links.external({page: check_links.Page(page)})
    assert answered == 0
    assert [line.startswith("page.html: http://127.0.0.1:9/a: ") for line in wrong] == [True]
