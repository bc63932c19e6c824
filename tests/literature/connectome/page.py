"""What docs/connectome-priors.md must say: rows of its tables, and numbers of its sentences, as measured."""

from collections.abc import Callable, Iterator
from math import erf, sqrt

from neurocmc.common.strict_yaml import load_model
from neurocmc.literature.connectome.pictures import TASKS
from neurocmc.literature.connectome.recipe import ConnectomeRecipe
from neurocmc.literature.connectome.tasks import CLASSES
from tests.cli.running import ROOT
from tests.made.tables import TableRow, by_variant, percent, runs_of

PAGE = ROOT / "docs" / "connectome-priors.md"


def names(study: str) -> list[str]:
    """Variants without their tasks, in the order of the study."""
    found = [row.removesuffix(f"-{task}") for row in by_variant(study) for task in TASKS if row.endswith(f"-{task}")]
    return list(dict.fromkeys(found))


def plain(row: TableRow, column: str) -> str:
    """`1.85 ± 0.03`."""
    return f"{float(row[f'{column}_mean']):.2f} ± {float(row[f'{column}_sd']):.2f}"


def accuracy_rows(study: str) -> Iterator[str]:
    """A row for each variant, a column for each task."""
    rows = by_variant(study)
    for name in names(study):
        yield f"| `{name}` | " + " | ".join(percent(rows[f"{name}-{task}"]) for task in TASKS) + " |"


SHAPES = ("entropy_bits_start", "entropy_bits", "modularity", "small_worldness", "assortativity", "radius")


def weight_rows() -> Iterator[str]:
    """What the weights are like that were trained on one-choice inference."""
    rows = by_variant("microns-rnn")
    for name in names("microns-rnn"):
        yield f"| `{name}` | " + " | ".join(plain(rows[f"{name}-inference"], column) for column in SHAPES) + " |"


def chip_rows(study: str) -> Iterator[str]:
    """Rate and chip of each compiled circuit."""
    rows, every = by_variant(study), runs_of(study)
    for name in names(study):
        for task in (task for task in TASKS if f"{name}-{task}" in rows):
            row = rows[f"{name}-{task}"]
            worst = min(float(run["chip_agreement"]) for run in every if run["variant"] == row["variant"])
            cells = (
                f"`{name}`", TASKS[task], percent(row), percent(row, "chip_agreement"), f"{100 * worst:.1f}",
                percent(row, "chip_nrmse"), f"{float(row['chip_cores_mean']):.0f}",
            )  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def of_each(study: str, name: str, column: str, task: str) -> list[float]:
    """A column of a variant, a value for each seed."""
    return [float(run[column]) for run in runs_of(study) if run["variant"] == f"{name}-{task}"]


def won(column: str, one: str, other: str, better: Callable[[float, float], bool]) -> tuple[int, int]:
    """In how many pairs of runs, of the same task and seed, one variant is better than another, and of how many."""
    pairs = [
        pair
        for task in TASKS
        for pair in zip(*(of_each("microns-rnn", name, column, task) for name in (one, other)), strict=True)
    ]
    return sum(better(*pair) for pair in pairs), len(pairs)


def ceiling() -> float:
    """How often an observer that sums all evidence of the perceptual decision is correct."""
    trial = load_model(ROOT / "models" / "microns-rnn.yaml", ConnectomeRecipe).trial
    z = [c * sqrt(trial.evidence_steps) / (sqrt(2.0) * trial.evidence_noise) for c in trial.coherences]
    return sum(0.5 + 0.5 * erf(value / sqrt(2.0)) for value in z) / len(z)


def sentences() -> Iterator[str]:
    """Every sentence of the page that holds measured numbers, in their order."""
    chance = 100 / len(CLASSES["inference"])
    yield f"Chance is {chance:.0f} % on one-choice inference, 50 % for a guess between the two ways offered"
    yield f"and {100 / len(CLASSES['decision']):.0f} % on the others"
    yield from _of_accuracy(by_variant("microns-rnn"))
    yield from _of_weights(by_variant("microns-rnn"))
    yield from _of_positive(by_variant("microns-rnn-positive"))
    yield from _of_chips()


def _of_accuracy(rows: dict[str, TableRow]) -> Iterator[str]:
    found = {name: percent(rows[f"{name}-inference"]) for name in names("microns-rnn")}
    yield (
        f"W* reaches {found['w-star']} %, the default start with the same penalty {found['sernn']} %, "
        f"the Gaussian of the same radius {found['gaussian']} % and the orthogonal matrix {found['orthogonal']} %."
    )
    behind = {name: _behind(name, "inference") for name in ("orthogonal", "gaussian", "w-shuffled", "sernn")}
    yield (
        f"Seed by seed W* is behind the orthogonal start in {behind['orthogonal']}, the Gaussian in "
        f"{behind['gaussian']}, its own shuffled entries in {behind['w-shuffled']} and the default start in "
        f"{behind['sernn']}."
    )
    decided = [100 * float(rows[f"{name}-decision"]["accuracy_mean"]) for name in names("microns-rnn")]
    yield (
        f"the mean accuracies of all thirteen variants are {min(decided):.1f} to {max(decided):.1f} %, "
        f"and an observer that sums all evidence reaches {100 * ceiling():.1f} %."
    )
    yield (
        f"`l1`, `sernn` and `sernn-grid` stay at chance in {_learnt('l1', 'sernn', 'sernn-grid', below=True)} runs, "
        f"W* learns it in {_learnt('w-star')}, strengths alone in {_learnt('w')}, and the two controls in "
        f"{_learnt('orthogonal', 'gaussian')}."
    )


def _of_weights(rows: dict[str, TableRow]) -> Iterator[str]:
    start, trained = (won(column, "w-star", "orthogonal", lambda one, other: one < other) for column in SHAPES[:2])
    yield (
        f"is below that of the orthogonal control in {start[0]} of {start[1]} runs before training and in "
        f"{trained[0]} of {trained[1]} after it"
    )
    star, shuffled, other = (rows[f"{name}-inference"] for name in ("w-star", "w-shuffled", "orthogonal"))
    yield (
        f"{plain(star, 'entropy_bits_start')} against {plain(other, 'entropy_bits_start')} bit, and after one-choice "
        f"inference {plain(star, 'entropy_bits')} against {plain(other, 'entropy_bits')} bit"
    )
    yield f"shuffled entries have {plain(shuffled, 'entropy_bits')} bit"
    yield (
        f"Modularity, {plain(star, 'modularity')} against {plain(other, 'modularity')}, is "
        f"{plain(shuffled, 'modularity')} for shuffled entries as well."
    )
    small, pairs = won("small_worldness", "w-star", "w-shuffled", lambda one, other: one > other)
    yield (
        f"small-worldness, {plain(star, 'small_worldness')} against {plain(shuffled, 'small_worldness')} of shuffled "
        f"entries after one-choice inference, higher in {small} of {pairs} runs over all tasks."
    )
    held = {name: plain(rows[f"{name}-inference"], "modularity") for name in ("l1", "sernn")}
    yield f"`sernn` has a modularity of {held['sernn']} after one-choice inference where `l1` has {held['l1']}"


def _of_positive(rows: dict[str, TableRow]) -> Iterator[str]:
    found = {name: percent(rows[f"{name}-inference"]) for name in names("microns-rnn-positive")}
    yield (
        f"W* reaches {found['w-star']} % on one-choice inference, a plain lognormal matrix {found['lognormal']} %, "
        f"the absolute values of an orthogonal matrix {found['orthogonal']} % at the same radius and "
        f"{found['orthogonal-unscaled']} % unscaled"
    )


def _of_chips() -> Iterator[str]:
    first, second = (
        [(run["variant"], float(run["chip_agreement"])) for run in runs_of(f"microns-rnn-chip{suffix}")]
        for suffix in ("", "-80")
    )
    agreed = [value for _, value in first]
    yield (
        f"In the mean of all {len(agreed)} circuits {100 * sum(agreed) / len(agreed):.1f} % of the decisions agree "
        f"with the rate circuit; in {sum(value >= 0.99 for value in agreed)} of {len(agreed)} it is 99 % or more."
    )
    short = [value for variant, value in first if variant.endswith("-decision") and value < 0.99]
    yield f"{len(short)} of the others are of the perceptual decision, with {100 * min(short):.1f} % or more"
    (lost,) = [value for variant, value in first if variant == "sernn-go-no-go" and value < 0.99]
    yield f"the last, with {100 * lost:.1f} %, is a network that has not learned go or no-go"
    more = [value for _, value in second]
    yield (
        f"With 80 neurons per unit {sum(value >= 0.99 for value in more)} of {len(more)} circuits of the perceptual "
        f"decision keep 99 % or more, the worst {100 * min(more):.1f} %"
    )


def _behind(name: str, task: str) -> str:
    """In how many seeds W* is less accurate than another variant."""
    pairs = list(zip(*(of_each("microns-rnn", own, "accuracy", task) for own in ("w-star", name)), strict=True))
    return f"{sum(one < other for one, other in pairs)} of {len(pairs)}"


def _learnt(*variants: str, below: bool = False) -> str:
    """In how many runs of go or no-go variants are right in 90 % of the trials or more; or in 60 % or less."""
    found = [value for name in variants for value in of_each("microns-rnn", name, "accuracy", "go-no-go")]
    return f"{sum(value <= 0.6 if below else value >= 0.9 for value in found)} of {len(found)}"
