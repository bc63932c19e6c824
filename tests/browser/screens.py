"""Takes docs/pictures/screens: the report, the front page, the gallery, and a terminal of 80 columns.

    python -m tests.browser.screens [NAME...]

after `make docs`. The report and the terminal are those of the example's circuit, compiled and verified in a scratch
folder; what is printed is what the commands print, with their colours.
"""

import argparse
import fcntl
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.browser.check import HERE, ROOT, chromium, modules, served

SCREENS = ROOT / "docs" / "pictures" / "screens"
CIRCUIT = ROOT / "examples" / "circuit.yaml"
COLUMNS = 80
COMPILED = ("compile", "circuit.yaml", "--target", "loihi1", "-o", "build")
TYPED = (("verify", "build"), ("budget", "build"))
COLOURS = 256  # of a picture's palette
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
    """What the commands print on a terminal of 80 columns, as a page."""
    (folder / CIRCUIT.name).write_bytes(CIRCUIT.read_bytes())
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), highlight=False)
    for command in (COMPILED, *TYPED):
        said = on_a_terminal([sys.executable, "-m", "neurocmc", *command], folder)
        if command in TYPED:
            console.print(f"$ neurocmc {' '.join(command)}", style="bold green")
            console.print(Text.from_ansi(said.rstrip()))
    return console.export_html(theme=MONOKAI, inline_styles=True, code_format=FRAME)


def on_a_terminal(command: Sequence[str], folder: Path) -> str:
    """What a command writes on a terminal of 80 columns; its progress, on the other stream, is left out."""
    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    run = subprocess.Popen(command, cwd=folder, env=settings, stdin=its, stdout=its, stderr=subprocess.DEVNULL)
    os.close(its)
    parts: list[bytes] = []
    with suppress(OSError):  # which is how Linux says that the other end was closed
        while part := os.read(ours, 65_536):
            parts.append(part)
    os.close(ours)
    if (left := run.wait(LIMIT_S)) not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} left with {left}")
    return b"".join(parts).decode().replace("\r\n", "\n")  # a terminal ends its lines so


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
