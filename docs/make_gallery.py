"""The gallery: runs the demos whose pictures are missing, and writes docs/gallery.md from what they told.

    python docs/make_gallery.py                    only what is missing: nothing in a fresh clone
    python docs/make_gallery.py --refresh          all again, some minutes
    python docs/make_gallery.py --refresh automaton two-state

Numbers stand in docs/gallery.json as the demos printed them; explanations are those of the demos themselves.
"""

import argparse
import io
import json
import sys
import tempfile
from pathlib import Path

from PIL import Image

from neurocmc.pipeline.demos import DEMOS, run_demo

DOCS = Path(__file__).parent
PICTURES, NUMBERS, PAGE = DOCS / "pictures", DOCS / "gallery.json", DOCS / "gallery.md"
TARGET = "loihi1"
SHOWN = {  # demo -> heading and the picture of it that is shown
    "up-state": ("Up-state", "up-state.png"),
    "two-state": ("Two states", "two-state.png"),
    "automaton": ("Automaton", "automaton.png"),
    "delayed-match": ("Delayed match", "delayed-match.png"),
    "interneurons": ("Interneurons", "interneurons.png"),
}
FILMED = "automaton"
MAX_BYTES = {".png": 150_000, ".gif": 1_500_000}
COLOURS = (128, 64, 32)  # of a PNG's palette: the first that is small enough
INTRODUCTION = f"""# Gallery

What the circuits do, on the page and on the chip: each picture and each number here was made by
`neurocmc demo NAME --target {TARGET}`, which also says where a budget is missed (exit code 1). `--animate gif` makes
a film of the picture. The spikes are those of the emulator of Loihi 1; `make docs GALLERY=--refresh` makes all of it
again.
"""


def main(arguments: list[str]) -> None:
    """Run what is missing or asked for, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refresh", action="store_true", help="run demos again whose pictures are there")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these demos")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(SHOWN)):
        parser.error(f"the gallery has no demo {unknown[0]!r}: it has {', '.join(SHOWN)}")
    numbers = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}
    for name in options.names or SHOWN:
        if options.refresh or name not in numbers or not all(path.exists() for path in pictures_of(name)):
            numbers[name] = run(name)
            NUMBERS.write_text(json.dumps(numbers, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(numbers), encoding="utf-8")


def pictures_of(name: str) -> list[Path]:
    """The files of a demo in docs/pictures, the still picture first."""
    still = PICTURES / f"gallery-{name}.png"
    return [still, still.with_suffix(".gif")] if name == FILMED else [still]


def run(name: str) -> list[str]:
    """Run a demo and keep its picture, its film and its numbers."""
    print(f"gallery: neurocmc demo {name} --target {TARGET}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        result = run_demo(name, TARGET, Path(folder) / name, film="gif" if name == FILMED else None)
        made = {path.name: path for path in result.pictures}
        _, shown = SHOWN[name]
        for path in pictures_of(name):
            source = made[shown].with_suffix(path.suffix)
            content = small_png(source) if path.suffix == ".png" else source.read_bytes()
            if len(content) > MAX_BYTES[path.suffix]:
                raise SystemExit(f"{path}: {len(content):,} bytes, limit {MAX_BYTES[path.suffix]:,}")
            path.write_bytes(content)
    kept = [edge for edge in result.edges if edge.verdict == "pass"]
    return [*result.lines, f"{len(kept)} of {len(result.edges)} budgets kept"]


def small_png(path: Path) -> bytes:
    """A PNG with a palette, of as many colours as its size allows."""
    image = Image.open(path).convert("RGB")
    content = b""
    for colours in COLOURS:
        buffer = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        content = buffer.getvalue()
        if len(content) <= MAX_BYTES[".png"]:
            break
    return content


def page(numbers: dict[str, list[str]]) -> str:
    """The text of docs/gallery.md."""
    parts = [INTRODUCTION]
    for name, (heading, _) in SHOWN.items():
        still, *films = (path.relative_to(DOCS).as_posix() for path in pictures_of(name))
        film = f"\n![The same as time goes by]({films[0]})\n" if films else ""
        told = "\n".join(f"- {line}" for line in numbers[name])
        title = DEMOS[name].title
        parts.append(
            f"## {heading}\n\n{DEMOS[name].explanation}\n\n![{title[0].upper()}{title[1:]}]({still})\n{film}\n"
            f"`neurocmc demo {name}`:\n\n{told}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    main(sys.argv[1:])
