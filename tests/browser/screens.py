"""Takes docs/pictures/screens: the report, the front page, the gallery, and a terminal of 80 columns.

    python -m tests.browser.screens [NAME...]

after `make docs`. The report and the terminal are those of the example's circuit, compiled and verified in a scratch
folder; what is printed is what the commands print, with their colours.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from tests.browser.check import HERE, ROOT, chromium, modules, served

SCREENS = ROOT / "docs" / "pictures" / "screens"
CIRCUIT = ROOT / "examples" / "circuit.yaml"
COLUMNS = 80
COMPILED = ("compile", "circuit.yaml", "--target", "loihi1", "-o", "build")
TYPED = (("verify", "build"), ("budget", "build"))
COLOURS = 128  # of a picture's palette
LIMIT_S = 900
FRAME = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0 }}
pre {{ font: 14px/1.35 "DejaVu Sans Mono", monospace; margin: 0; padding: 1rem; width: max-content }}
pre {{ background: {background}; color: {foreground} }}
</style><pre>{code}</pre>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One picture: of a page, in a window, or of what a selector names in it."""

    address: str
    picture: str
    width: int = 1200
    height: int = 1000
    scheme: str = "light"
    selector: str = ""


def wishes(docs: str, report: str, terminal: str) -> list[Wish]:
    """Every picture, its file by name."""
    return [
        Wish(address=report, picture="report.png", height=1500),
        Wish(address=report, picture="report-phone-dark.png", width=390, height=1400, scheme="dark"),
        Wish(address=f"{docs}/index.html", picture="front-page.png", height=1300),
        Wish(
            address=f"{docs}/index.html", picture="front-page-phone-dark.png", width=390, height=1400, scheme="dark"
        ),
        Wish(address=f"{docs}/gallery.html", picture="gallery.png", height=1500),
        Wish(address=f"{docs}/gallery.html", picture="gallery-phone-dark.png", width=390, height=1400, scheme="dark"),
        Wish(address=terminal, picture="terminal.png", width=800, selector="pre"),
    ]


def printed(folder: Path) -> str:
    """What the commands print at 80 columns, as a page."""
    settings = {**os.environ, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "PYTHONPATH": str(ROOT)}
    (folder / "circuit.yaml").write_bytes(CIRCUIT.read_bytes())
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), highlight=False)
    for command in (COMPILED, *TYPED):
        run = [sys.executable, "-m", "neurocmc", *command]
        done = subprocess.run(
            run, cwd=folder, env=settings, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(f"neurocmc {' '.join(command)} left with {done.returncode}: {done.stderr}")
        if command in TYPED:
            console.print(f"$ neurocmc {' '.join(command)}", style="bold green")
            console.print(Text.from_ansi(done.stdout.rstrip()), soft_wrap=True)
    return console.export_html(theme=DEFAULT_TERMINAL_THEME, inline_styles=True, code_format=FRAME)


def take(wanted: Sequence[Wish], driver: Path, browser: Path) -> None:
    """Takes pictures, and keeps each with a palette."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        told = [{**asdict(wish), "picture": str(Path(scratch) / wish.picture)} for wish in wanted]
        file = Path(scratch) / "wishes.json"
        file.write_text(json.dumps(told), encoding="utf-8")
        command = ["node", str(HERE / "shoot.mjs"), str(driver), str(browser), str(file)]
        subprocess.run(command, check=True, timeout=LIMIT_S)
        for wish in wanted:
            image = Image.open(Path(scratch) / wish.picture).convert("RGB")
            image.quantize(COLOURS, dither=Image.Dither.NONE).save(SCREENS / wish.picture, optimize=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these files")
    given = parser.parse_args()
    browser, driver = chromium(), modules()
    if browser is None or driver is None:
        print(f"screens: not taken, {'no Chromium' if browser is None else 'no npm'} can be had here")
        return 0
    with tempfile.TemporaryDirectory() as scratch, served() as docs:
        folder = Path(scratch)
        terminal = folder / "terminal.html"
        terminal.write_text(printed(folder), encoding="utf-8")
        every = wishes(docs, (folder / "build" / "report.html").as_uri(), terminal.as_uri())
        take([wish for wish in every if not given.names or wish.picture in given.names], driver, browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
