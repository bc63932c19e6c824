"""Checks the links of the built documentation, and of the Markdown that is read in the checkout.

    python docs/check_links.py             links within: pages, anchors, pictures and downloads
    python docs/check_links.py --external  those to the rest of the world; says so where there is no network
    python docs/check_links.py --run NAME  runs the notebook that a reader downloads, in an empty folder

Exit code 1 where a link leads nowhere, or a cell raises. The documentation is what `make docs` has built.
"""

import argparse
import re
import sys
import tempfile
import urllib.error
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "docs" / "_build" / "html"
READ_IN_THE_CHECKOUT = ("*.md", "examples/*.md", "models/*.md")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
WEB = ("http", "https")
TIMEOUT_S = 20
NOT_FOUND = (404, 410)  # others refuse a script, and say nothing of the page


class Page(HTMLParser):
    """The anchors and links of a page of HTML."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects names, and what is linked or shown."""
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            elif value and name in ("href", "src") and tag != "base":
                self.links.add(value)


def within(pages: dict[Path, Page]) -> list[str]:
    """Returns a line for each link of the built pages that leads to no file, or to no anchor of its page."""
    wrong = []
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                wrong.append(f"{path.relative_to(BUILT)}: {link}: no such file")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                wrong.append(f"{path.relative_to(BUILT)}: {link}: no such anchor")
    return wrong


def in_the_checkout(root: Path = ROOT) -> list[str]:
    """Returns a line for each relative link, or picture, of README and its like that leads to no file."""
    wrong = []
    for path in sorted(path for pattern in READ_IN_THE_CHECKOUT for path in root.glob(pattern)):
        for link in LINK.findall(path.read_text(encoding="utf-8")):
            parts = urlsplit(link)
            if not parts.scheme and parts.path and not (path.parent / unquote(parts.path)).exists():
                wrong.append(f"{path.relative_to(root)}: {link}: no such file")
    return wrong


def external(pages: dict[Path, Page]) -> tuple[list[str], int]:
    """Returns a line for each address that is gone or does not answer, and how many answered."""
    found = {link.partition("#")[0]: path for path, page in pages.items() for link in page.links}
    wrong, answered = [], 0
    for link in sorted(link for link in found if urlsplit(link).scheme in WEB):
        request = urllib.request.Request(link, headers={"User-Agent": "Mozilla/5.0 (check of links)"})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):
                answered += 1
        except urllib.error.HTTPError as error:
            answered += 1
            if error.code in NOT_FOUND:
                wrong.append(f"{found[link].relative_to(BUILT)}: {link}: {error.code} {error.reason}")
        except OSError as error:
            wrong.append(f"{found[link].relative_to(BUILT)}: {link}: {error}")
    return wrong, answered


def run_download(name: str) -> None:
    """Runs a downloaded notebook from its file, in an empty folder. Raises where a cell does."""
    import nbformat  # with myst-nb
    from nbclient import NotebookClient

    (file,) = (BUILT / "_downloads").glob(f"*/{name}.ipynb")
    notebook = nbformat.read(file, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=None, resources={"metadata": {"path": folder}}).execute()
    print(f"{name}.ipynb: {sum(cell.cell_type == 'code' for cell in notebook.cells)} cells run in an empty folder")


def main() -> int:
    """Does what was asked for and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--external", action="store_true")
    parser.add_argument("--run", metavar="NAME")
    given = parser.parse_args()
    if given.run:
        run_download(given.run)
        return 0
    pages = {path: Page(path) for path in sorted(BUILT.rglob("*.html")) if "_static" not in path.parts}
    if not pages:
        print(f"links: {BUILT} is empty: run make docs", file=sys.stderr)
        return 1
    if given.external:
        wrong, answered = external(pages)
        told = f"external links: {len(wrong)} broken; {answered} addresses answered"
        if not answered:
            print("external links: not run: no network")
            return 0
    else:
        wrong = [*within(pages), *in_the_checkout()]
        checked = sum(len(page.links) for page in pages.values())
        told = f"links: {len(wrong)} broken; {len(pages)} pages, {checked:,} links and pictures"
    for line in (*wrong, told):
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
