"""The gallery: runs the demos whose pictures are missing, and writes docs/gallery.md from what they told.

    python docs/make_gallery.py                    only what is missing: nothing in a fresh clone
    python docs/make_gallery.py --refresh          all again, some minutes
    python docs/make_gallery.py --refresh automaton two-state reservoir-ei

Numbers stand in docs/gallery.json as the demos printed them; explanations are those of the demos themselves. Studies
are not run here: their pictures are drawn from the tables that stand in docs/studies.
"""

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from neurocmc.pipeline.demos import DEMOS, run_demo
from neurocmc.pipeline.study.pictures import draw, read_rows
from neurocmc.pipeline.study.plan import load_plan
from neurocmc.report.wording import amount, limit_text
from neurocmc.verification.edges import Edge

DOCS = Path(__file__).parent
PICTURES, NUMBERS, PAGE = DOCS / "pictures", DOCS / "gallery.json", DOCS / "gallery.md"
TARGETS = {"loihi1": "Loihi 1", "truenorth": "TrueNorth"}
SHOWN = {  # demo -> heading, and the picture of it that is shown
    "up-state": ("Up-state", "up-state.png"),
    "two-state": ("Two states", "two-state.png"),
    "automaton": ("Automaton", "automaton.png"),
    "delayed-match": ("Delayed match", "delayed-match.png"),
    "interneurons": ("Interneurons", "interneurons.png"),
}
FILMED = "automaton"
STUDIES = {  # study -> heading, the page that tells of it, and what its picture shows
    "reservoir-ei": (
        "Reservoirs",
        "reservoirs.md",
        "How long a random network remembers its input, and how well a readout predicts from it, as inhibition "
        "balances excitation by one factor or synapse by synapse; then the same read from the spikes of Loihi 1.",
    ),
    "delays-motion": (
        "Motion told by delays",
        "delays.md",
        "Learned delays line the signals of moving dots up in time: what is lost without them, what pruning and four "
        "bits cost, and the same on Loihi 1.",
    ),
    "filter-vit": (
        "A filter in front of a transformer",
        "filter.md",
        "A soft winner-take-all over pixels sets its own threshold; a vision transformer behind it meets noise and "
        "haze that it was not trained on; seven controls beside it.",
    ),
    "flux-l5": (
        "Flux of a layer-5 core",
        "flux.md",
        "How much the state of a recurrent core says of its next one, alone, in its embedding, with biases that "
        "organise themselves, and against the noise that drives it.",
    ),
    "ei-layers": (
        "Layers that divide",
        "ei-layers.md",
        "Spiking layers whose inhibition subtracts and divides read digits at a twentieth of their contrast; the "
        "controls beside them, and the same on Loihi 1, with the quotient on the host or as feedback on the chip.",
    ),
    "microns-rnn": (
        "Priors of a connectome",
        "connectome-priors.md",
        "What recurrent networks gain from a start with the statistics of cortical connections, beside customary "
        "starts of the same spectral radius.",
    ),
}
MAX_BYTES = {".png": 150_000, ".gif": 1_500_000}
COLOURS = (128, 64, 32)  # of a PNG's palette: the first that is small enough
INTRODUCTION = """# Gallery

What the circuits do on two chips. `neurocmc demo NAME --target loihi1` and `--target truenorth` made the pictures
and the numbers of the demos; the spikes are those of the emulator of the chip. A demo also names each budget that it
misses (exit code 1). `--animate gif` makes a film of the picture; `make docs GALLERY=--refresh` makes all of it
again. Below stand [circuits of the literature](#circuits-of-the-literature), each a study, whose picture is drawn
from its table.
"""
LITERATURE = """## Circuits of the literature

What papers describe, built, measured beside its controls and compiled:
`neurocmc study docs/studies/NAME/study.yaml -o DIR` does a study again.
"""


def main(arguments: list[str]) -> None:
    """Run what is missing or asked for, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refresh", action="store_true", help="run demos again whose pictures are there")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these demos and studies")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(SHOWN) - set(STUDIES)):
        parser.error(f"the gallery has no {unknown[0]!r}: it has {', '.join([*SHOWN, *STUDIES])}")
    numbers = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}
    for name in STUDIES:
        wanted = options.refresh and name in (options.names or STUDIES)
        if wanted or not pictures_of(name)[0].exists():
            draw_study(name)
    for name in [name for name in SHOWN if name in (options.names or SHOWN)]:
        for target in TARGETS:
            there = target in numbers.get(name, {}) and all(path.exists() for path in pictures_of(name, target))
            if options.refresh or not there:
                numbers.setdefault(name, {})[target] = run(name, target)
                NUMBERS.write_text(json.dumps(numbers, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(numbers), encoding="utf-8")


def pictures_of(name: str, target: str = "loihi1") -> list[Path]:
    """The files of a demo on a chip, or of a study, in docs/pictures, the still picture first."""
    still = PICTURES / f"gallery-{name}{'' if target == 'loihi1' else f'-{target}'}.png"
    return [still, still.with_suffix(".gif")] if name == FILMED else [still]


def run(name: str, target: str) -> list[str]:
    """Run a demo on a chip and keep its picture, its film and its numbers."""
    print(f"gallery: neurocmc demo {name} --target {target}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        result = run_demo(name, target, Path(folder) / name, film="gif" if name == FILMED else None)
        made = {path.name: path for path in result.pictures}
        _, shown = SHOWN[name]
        for path in pictures_of(name, target):
            source = made[shown].with_suffix(path.suffix)
            kept(path, small_png(source) if path.suffix == ".png" else source.read_bytes())
    return [*result.lines, *judged(result.edges)]


def judged(edges: Sequence[Edge]) -> list[str]:
    """How many budgets were kept, and each that was missed."""
    missed = [
        f"missed: {edge.name}, {edge.quantity}: {amount(edge.value, edge.unit)}, limit {limit_text(edge)}"
        for edge in edges
        if edge.verdict == "miss"
    ]
    passed = sum(edge.verdict == "pass" for edge in edges)
    return [*missed, f"{passed} of {len(edges)} budgets kept"]


def draw_study(name: str) -> None:
    """Draw the first picture of a study from the table that stands in docs/studies."""
    print(f"gallery: the picture of {name}", file=sys.stderr)
    folder = DOCS / "studies" / name
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "drawn.png"
        draw(load_plan(folder / "study.yaml").pictures[0], read_rows(folder / "runs.csv"), path)
        kept(pictures_of(name)[0], small_png(path))


def kept(path: Path, content: bytes) -> None:
    """Keep a picture, if it is small enough."""
    if len(content) > MAX_BYTES[path.suffix]:
        raise SystemExit(f"{path}: {len(content):,} bytes, limit {MAX_BYTES[path.suffix]:,}")
    path.write_bytes(content)


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


def on_chip(name: str, target: str, lines: Sequence[str]) -> str:
    """A tab: the picture of a demo on a chip, its film, and what it told."""
    still, *films = (path.relative_to(DOCS).as_posix() for path in pictures_of(name, target))
    film = f"\n![The same as time goes by]({films[0]})\n" if films else ""
    title = DEMOS[name].title
    told = "\n".join(f"- {line}" for line in lines)
    return (
        f":::{{tab-item}} {TARGETS[target]}\n:sync: {target}\n\n![{title[0].upper()}{title[1:]}]({still})\n{film}\n"
        f"`neurocmc demo {name} --target {target}`:\n\n{told}\n:::\n"
    )


def page(numbers: dict[str, dict[str, list[str]]]) -> str:
    """The text of docs/gallery.md."""
    parts = [INTRODUCTION]
    for name, (heading, _) in SHOWN.items():
        tabs = "\n".join(on_chip(name, target, numbers[name][target]) for target in TARGETS)
        parts.append(
            f"## {heading}\n\n{DEMOS[name].explanation}\n\n::::{{tab-set}}\n:sync-group: chip\n\n{tabs}\n::::\n"
        )
    parts.append(LITERATURE)
    for name, (heading, own_page, shows) in STUDIES.items():
        picture = pictures_of(name)[0].relative_to(DOCS).as_posix()
        parts.append(f"### {heading}\n\n{shows} [More of it]({own_page}).\n\n![{heading}]({picture})\n")
    return "\n".join(parts)


if __name__ == "__main__":
    main(sys.argv[1:])
