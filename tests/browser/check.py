"""Checks the report and the documentation in headless Chromium, and installs what that needs.

    python -m tests.browser.check [--docs] [PAGE...]

Without pages a report is made of the example's circuit, verified, on Loihi 1. `--docs` looks at the built
documentation as well. Chromium is the one that NEUROCMC_CHROMIUM names, else one on the path, else Debian's, which
only root can install: where it cannot be had, that is said and the exit code is 0. What `tests/browser/package.json`
names comes by npm, into build/browser. Exit code 1 where a page is wrong.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE, BUILD = ROOT / "tests" / "browser", ROOT / "build" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome")
DOCS = ROOT / "docs" / "_build" / "html"
PAGES = (
    "index",
    "tutorial",
    "verification",
    "gallery",
    "glossary",
    "api",
    "theory",
    "measured",
    "examples",
    "notebooks/analysis",
)
LIMIT_S = 900


def chromium() -> Path | None:
    """A Chromium, installed if that can be done; None where there is none."""
    if named := os.environ.get("NEUROCMC_CHROMIUM"):
        return Path(named)
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "-y", "chromium"]):
            subprocess.run(
                command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT_S
            )
        found = shutil.which("chromium")
    return None if found is None else Path(found)


def modules() -> Path | None:
    """The folder with the driver and axe-core, installed if need be; None without npm."""
    if (npm := shutil.which("npm")) is None:
        return None
    BUILD.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text(encoding="utf-8")
    stamp = BUILD / ".installed"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        (BUILD / "package.json").write_text(wanted, encoding="utf-8")
        subprocess.run([npm, "install", "--silent", "--no-audit"], cwd=BUILD, check=True, timeout=LIMIT_S)
        stamp.write_text(wanted, encoding="utf-8")
    return BUILD


def made() -> Path:
    """The report of a verified circuit: every section of it."""
    folder, circuit = BUILD / "circuit", ROOT / "examples" / "circuit.yaml"
    run = [sys.executable, "-m", "neurocmc", "-q"]
    for command in (["compile", str(circuit), "--target", "loihi1", "--neurons", "16", "-o"], ["verify"]):
        done = subprocess.run([*run, *command, str(folder)], cwd=ROOT, check=False, timeout=LIMIT_S)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"neurocmc {' '.join(command)} {folder} left with {done.returncode}")
    return folder / "report.html"


def looked_at(pages: Sequence[Path], driver: Path, browser: Path) -> list[dict[str, object]]:
    """What each page is like at each width and scheme."""
    pictures = BUILD / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    with served() as address:  # as a server would give them: a browser keeps files of the disk from each other
        local = [page.is_relative_to(DOCS) for page in pages]
        addresses = [
            f"{address}/{page.relative_to(DOCS)}" if here else page.as_uri()
            for page, here in zip(pages, local, strict=True)
        ]
        command = ["node", str(HERE / "look.mjs"), str(driver), str(browser), str(pictures), *addresses]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S)
    return json.loads(done.stdout)


@contextmanager
def served() -> Generator[str]:
    """The built documentation on a port of this machine alone; yields its address."""
    handler = partial(Quiet, directory=str(DOCS))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and writes no line for each."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class calls it so)
        pass


def told(page: dict[str, object]) -> list[str]:
    """What is wrong with one view of a page, a line each."""
    lines = [*(f"console: {error}" for error in page["errors"]), *page["violations"]]  # type: ignore[misc, attr-defined]
    if page["overflow_px"]:
        lines.append(f"the page is {page['overflow_px']} px wider than the window")
    drawn = page["drawn"]
    if isinstance(drawn, dict) and not drawn["lines"]:
        lines.append("the script draws nothing")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--docs", action="store_true")
    given = parser.parse_args()
    browser, driver = chromium(), modules()
    if browser is None or driver is None:
        print(f"pages in a browser: not run, {'no Chromium' if browser is None else 'no npm'} can be had here")
        return 0
    pages = [path.resolve() for path in given.pages] or [made()]
    if given.docs:
        pages += [DOCS / f"{name}.html" for name in PAGES]
    wrong = 0
    for page in looked_at(pages, driver, browser):
        lines = told(page)
        wrong += bool(lines)
        where = f"{Path(str(page['path'])).name} at {page['width']} px, {page['scheme']}"
        print(f"{where}: {'; '.join(lines) if lines else 'clean'} (axe-core: {page['passes']} rules passed)")
    print(f"{'all views are clean' if not wrong else f'{wrong} views are not'}; pictures: {BUILD / 'pictures'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
