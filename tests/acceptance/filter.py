"""What the chip makes of the filter of 784 pixels, and what transformers read behind it: filter-vit/chip.csv.

`python -m tests.acceptance.filter` makes the table anew, and the tables of docs/filter.md from it and from the runs
of the study; `... page` the latter alone. The chip is the emulator of Loihi 1 at 16 neurons per unit; every image is
held for 300 ms.
"""

import csv
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.strict_yaml import load_document
from neurocmc.ir.stimulus import Stimulus
from neurocmc.literature.filter.equations import filtered
from neurocmc.literature.filter.family import FAMILY, circuit_of, images_of, reader
from neurocmc.literature.filter.pairs import PLAIN, SETS, VARIANTS, Interval, accuracy, gain
from neurocmc.literature.filter.recipe import Run
from neurocmc.literature.filter.sets import of_the_table
from neurocmc.literature.filter.training import answers
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.staging import restored
from neurocmc.pipeline.study.pictures import Row, read_rows
from tests.bench.output import rewrite
from tests.made.tables import rows_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "filter.md"
RECIPE = ROOT / "models" / "filter-vit.yaml"
STUDY = ROOT / "docs" / "studies" / "filter-vit"
HAZE = ROOT / "docs" / "studies" / "filter-haze"
TABLE = STUDY / "chip.csv"
FIELDS: tuple[str, ...] = ("set", "seed", "images", "closed_form", "chip", "same", "nrmse", "nrmse_images", "cores")
SEEDS = range(5)
JUDGED = ("clean", "noise", "haze")
NEURONS, HELD_S, WINDOW_TICKS = 16, 0.3, 50
AT_ONCE, COMPARED = 100, 200  # images: run together; that the error is of
THICK = {
    "clean": "MNIST",
    "uci_centred": "UCI, centred",
    "noise": "noise",
    **{f"haze_{share}": f"{share} % of the light" for share in (90, 70, 50, 30)},
}
INHIBITED = {"plain": "plain", "swta": "beta 3", "beta-6": "beta 6", "beta-9": "beta 9"}
Line = dict[str, str]


def recipe() -> Run:
    """The filter of the recipe as it stands."""
    return Run.model_validate(FAMILY.checked(load_document(RECIPE)))


def compiled(run: Run, folder: Path) -> Artifact:
    """The filter on the chip."""
    (folder / "filter.yaml").write_text(circuit_of(run, images_of(run)), encoding="utf-8")
    return compile_model(
        load(folder / "filter.yaml"), "loihi1", folder / "build", CompileOptions(neurons=NEURONS, figures=False)
    )


def on_chip(artifact: Artifact, images: Float) -> Float:
    """Images behind the filter on the chip: its mean activity over the last 50 ms."""
    parts: list[Float] = []
    for part in np.split(images, range(AT_ONCE, len(images), AT_ONCE)):
        stimulus = Stimulus(
            name="images",
            duration_s=HELD_S,
            edges_s=np.zeros(1),
            values={"pixels": part.reshape(len(part), 1, -1)},
            labels=np.full(len(part), -1),
        )
        built = artifact.built
        ran = restored(built.of_whole_units(built.run(stimulus)), artifact.circuit, artifact.staged)
        parts.append(ran.activity["e"][:, -WINDOW_TICKS:].mean(axis=1, dtype=np.float64))
    return np.concatenate(parts).reshape(images.shape)


def measured() -> Iterator[Line]:
    """Every row of the table, made anew."""
    run = recipe()
    split = images_of(run)
    sets = {name: images for name, images in of_the_table(split.test, run.task).items() if name in JUDGED}
    wanted = {name: filtered(images.images, run.filter, run.parameters) for name, images in sets.items()}
    with tempfile.TemporaryDirectory() as folder:
        artifact = compiled(run, Path(folder))
        seen = {name: on_chip(artifact, images.images) for name, images in sets.items()}
        cores = artifact.built.cores_used
    for seed in SEEDS:
        model = reader(run, split, seed)
        for name, images in sets.items():
            rest, chip = wanted[name][:COMPARED], seen[name][:COMPARED]
            by_rest, by_chip = answers(model, wanted[name]), answers(model, seen[name])
            yield {
                "set": name,
                "seed": str(seed),
                "images": str(len(images.labels)),
                "closed_form": f"{np.mean(by_rest == images.labels):.4f}",
                "chip": f"{np.mean(by_chip == images.labels):.4f}",
                "same": f"{np.mean(by_rest == by_chip):.4f}",
                "nrmse": f"{np.sqrt(np.square(chip - rest).mean()) / rest.max():.3g}",
                "nrmse_images": str(len(rest)),
                "cores": str(cores),
            }


def read() -> list[Line]:
    """The table as it stands."""
    return rows_of(TABLE)


def chip_markdown() -> str:
    """The table of the chip for people."""
    lines = [
        "| set | closed form % | chip % | lost, worst seed | answers the same % | NRMSE % of range |",
        "|---|---|---|---|---|---|",
    ]
    for name in JUDGED:
        own = [row for row in read() if row["set"] == name]
        rest, chip, same = (np.array([float(row[key]) for row in own]) for key in ("closed_form", "chip", "same"))
        shares = " | ".join(f"{100 * values.mean():.1f} ± {100 * values.std(ddof=1):.1f}" for values in (rest, chip))
        worst, error = 100 * (rest - chip).max(), 100 * float(own[0]["nrmse"])
        lines.append(f"| {SETS[name]} | {shares} | {worst:.1f} | {100 * same.mean():.1f} | {error:.2f} |")
    return "\n".join(lines)


def runs() -> list[Row]:
    """The runs of the study as they stand."""
    return read_rows(STUDY / "runs.csv")


def accuracy_markdown() -> str:
    """What each variant reads of each set: mean and sample standard deviation over seeds, in percent."""
    rows = runs()
    lines = [_head("%"), _rule()]
    for variant, shown in VARIANTS.items():
        cells: list[str] = []
        for name in SETS:
            values = 100 * np.array([row[name] for row in rows if row["variant"] == variant])
            cells.append(f"{values.mean():.1f} ± {values.std(ddof=1):.1f}")
        lines.append(f"| {shown} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def gain_markdown() -> str:
    """Points that each variant gains over plain images: mean over paired seeds, and half of its 95 % interval."""
    lines = [_head("points"), _rule()]
    for variant, shown in VARIANTS.items():
        if variant != PLAIN:
            found = (gain(runs(), variant, name) for name in SETS)
            lines.append(f"| {shown} | " + " | ".join(map(_signed, found)) + " |")
    return "\n".join(lines)


def in_haze() -> list[Row]:
    """The runs of the study of haze as they stand."""
    return read_rows(HAZE / "runs.csv")


def haze_markdown() -> str:
    """What plain images and filters of more inhibition come to in haze of several thicknesses, and what they gain."""
    rows = in_haze()
    lines = ["| % | " + " | ".join(THICK.values()) + " |", "|---" * (1 + len(THICK)) + "|"]
    for variant, shown in INHIBITED.items():
        cells: list[str] = []
        for name in THICK:
            found = f"{accuracy(rows, variant, name).mean:.1f}"
            cells.append(found if variant == PLAIN else f"{found} ({_signed(gain(rows, variant, name))})")
        lines.append(f"| {shown} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tables() -> dict[str, str]:
    """The tables of the page by name."""
    made = {"accuracy": accuracy_markdown(), "gain": gain_markdown()}
    return made | {"haze": haze_markdown(), "chip": chip_markdown()}


def percent(variant: str, name: str) -> str:
    """An accuracy as the page says it."""
    return f"{accuracy(runs(), variant, name).mean:.1f}"


def _head(unit: str) -> str:
    return f"| {unit} | " + " | ".join(SETS.values()) + " |"


def _rule() -> str:
    return "|---" * (1 + len(SETS)) + "|"


def _signed(found: Interval) -> str:
    return f"{found.mean:+.1f} ± {found.half_width:.1f}"


def main(asked: list[str]) -> None:
    """Measure, unless the page alone is asked for, and write."""
    if asked != ["page"]:
        found: list[Line] = []
        for row in measured():
            print(*row.values(), flush=True)
            found.append(row)
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, FIELDS, lineterminator="\n")
            out.writeheader()
            out.writerows(found)
    rewrite(PAGE, tables())


if __name__ == "__main__":
    main(sys.argv[1:])
