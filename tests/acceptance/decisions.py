"""Decisions that a chip keeps of models trained without a thought of it: docs/studies/decisions.csv.

`python -m tests.acceptance.decisions [NAME ...]` trains and compiles what is named, or all of it, and writes the
table and docs/steps.md. Published microcircuits are trained once and kept below build/published. Every test trial is
judged.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.model import Model, load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.verification.edges import Edge, misses
from neurocmc.verification.seen import Seen
from tests.bench.output import rewrite

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "studies" / "decisions.csv"
PAGE = ROOT / "docs" / "steps.md"
KEPT = ROOT / "build" / "published"
TABLES = {"loihi1": "decisions", "truenorth": "decisions on truenorth"}  # target -> name of its table on the page
FIELDS = ("circuit", "seed", "options", "target", "quantity", "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A model, the options it is compiled with, and the target."""

    circuit: str
    seed: int
    made: Callable[[], Model]
    options: CompileOptions
    target: str = "loihi1"

    @property
    def told(self) -> str:
        """The options as a user gives them."""
        given = self.options
        words = [] if given.neurons is None else [f"--neurons {given.neurons}"]
        words += [] if given.steps is None else [f"--steps {given.steps}"]
        words += [] if given.planes is None else [f"--planes {given.planes}"]
        return " ".join(words) or "default"


def published(nodes: int, channels: int, hidden: int, seed: int) -> Model:
    """A model of the published structure, trained for 10 epochs on mnist-5k."""
    path = KEPT / f"nodes{nodes}-channels{channels}-seed{seed}.pt"
    if not path.is_file():
        KEPT.mkdir(parents=True, exist_ok=True)
        _train_published(path, nodes, channels, hidden, seed)
    return load(path)


def _train_published(path: Path, nodes: int, channels: int, hidden: int, seed: int) -> None:
    import torch
    from torch import nn

    from neurocmc.circuits.digits import load_digits
    from neurocmc.circuits.training import reproducible
    from tests.made.published_model import PublishedModel

    digits = load_digits().train
    images, labels = torch.tensor(digits.images)[:, None], torch.tensor(digits.labels)
    with reproducible(seed):
        network = PublishedModel(nodes, hidden, 10, 1, channels).train()
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
        for _ in range(10):
            for part in torch.randperm(len(images)).split(64):
                loss = nn.functional.cross_entropy(network(images[part]), labels[part])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    torch.save({"epoch": 10, "model_state_dict": network.state_dict()}, path)


@cache
def _row_reader(kind: str, seed: int) -> Model:
    from tests.made.row_readers import row_reader

    return row_reader(kind, seed)


@cache
def _delayed_match(seed: int) -> Model:
    from tests.made.row_readers import delayed_match

    return delayed_match(seed)


def cases() -> Iterator[Case]:
    """Every row of the table."""
    plain, default = CompileOptions(neurons=64, steps="equal", planes=1), CompileOptions()
    for channels, hidden in ((8, 64), (32, 128)):
        for nodes in (1, 3, 5):
            for seed in (0, 1):
                made = partial(published, nodes, channels, hidden, seed)
                for options in (plain, default):
                    name = f"published, {nodes} node{'s' * (nodes > 1)}, {channels} channels"
                    yield Case(circuit=name, seed=seed, made=made, options=options)
                yield Case(circuit=name, seed=seed, made=made, options=default, target="truenorth")
    for neurons in (32, 64):
        for given in ({"steps": "equal", "planes": 1}, {}):
            options = CompileOptions(neurons=neurons, **given)
            yield Case(circuit="cmc-v1v3", seed=0, made=lambda: load("models/cmc-v1v3.pt"), options=options)
    for kind, sizes in (("tanh", (32, None)), ("nn.RNN", (32, None)), ("relu", (64, None))):
        for seed in (0, 1, 2):
            made = partial(_row_reader, kind, seed)
            name = f"{kind}{'' if kind == 'nn.RNN' else ' RNN'}, 32 units"
            before = [
                CompileOptions(neurons=size, steps="equal", planes=1)
                for size in dict.fromkeys(neurons or 64 for neurons in sizes)
            ]
            for options in (*before, *(CompileOptions(neurons=neurons) for neurons in sizes)):
                yield Case(circuit=name, seed=seed, made=made, options=options)
    for seed in (0, 1, 2):
        made = partial(_delayed_match, seed)
        yield Case(circuit="delayed match, 16 relu units", seed=seed, made=made, options=default)


def measured(case: Case, folder: Path) -> Iterator[tuple[str, float]]:
    """Compiles a case and judges every test trial on the lowest level."""
    model = case.made()
    started = time.process_time()
    options = CompileOptions(
        neurons=case.options.neurons, steps=case.options.steps, planes=case.options.planes, figures=False
    )
    artifact = compile_model(model, case.target, folder / "build", options)
    seconds = time.process_time() - started
    edges = judged(artifact)
    values = {edge.quantity.split(" (")[0]: edge.value for edge in edges}
    pools = artifact.spiking.populations
    yield "trials", sum(stimulus.batch for stimulus in artifact.stimuli.test)
    yield "agree", values["decisions agree"] or 0.0
    yield "accuracy drop", values["accuracy drop"] or 0.0
    yield "nrmse", values["NRMSE of rates"] or 0.0
    yield "neurons", artifact.neurons
    yield "segments", sum(pool.units for pool in pools) / artifact.staged.units
    yield "planes", artifact.manifest["options"]["planes"]
    yield "cores", artifact.built.cores_used
    yield "missed", len(misses(edges))
    yield "seconds", seconds


def judged(artifact: Artifact) -> list[Edge]:
    """The edges of numbers and of rates, over all test trials, without Brian2."""
    built = artifact.built
    seen = Seen.of(artifact.staged, built.as_seen, artifact.spiking, artifact.stimuli.test)
    walked = built.edges(seen, None, range(1))
    return [*built.pool_edges(None, seen), *walked.fixed, *walked.drawn[0]]


def main(names: list[str]) -> None:
    """Measure and write, case by case; what is not named stays as it was."""
    rows = {} if not TABLE.exists() else read()
    for case in cases():
        key = (case.circuit, case.seed, case.told, case.target)
        if names and not any(name in (*key, case.circuit.split(",")[0]) for name in names):
            continue
        with tempfile.TemporaryDirectory() as folder:
            rows[key] = dict(measured(case, Path(folder)))
        print(*key, {name: round(value, 4) for name, value in rows[key].items()}, flush=True)
        write(rows)
    write_page()


Key = tuple[str, int, str, str]


def write(rows: dict[Key, dict[str, float]]) -> None:
    """Write the table in the order of the cases."""
    order = [(case.circuit, case.seed, case.told, case.target) for case in cases()]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(FIELDS)
        for key in order:
            for quantity, value in rows.get(key, {}).items():
                out.writerow([*key, quantity, f"{value:.6g}"])


def read() -> dict[Key, dict[str, float]]:
    """The table: circuit, seed, options, target -> quantity -> value."""
    found: dict[Key, dict[str, float]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["circuit"], int(row["seed"]), row["options"], row["target"])
            found.setdefault(key, {})[row["quantity"]] = float(row["value"])
    return found


def markdown(target: str) -> str:
    """The table for people: the worst and the mean seed of each circuit and choice of options."""
    groups: dict[tuple[str, str], list[dict[str, float]]] = {}
    for (circuit, _, options, on), values in read().items():
        if on == target:
            groups.setdefault((circuit, options), []).append(values)
    lines = [
        "| circuit | options | seeds | decisions kept, worst (mean) | NRMSE, worst | neurons | planes | cores |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (circuit, options), found in groups.items():
        agree = [100 * values["agree"] for values in found]
        kept = f"{min(agree):.1f} % ({sum(agree) / len(agree):.2f})"
        spread = {name: _span([values[name] for values in found]) for name in ("neurons", "planes", "cores")}
        error = f"{100 * max(values['nrmse'] for values in found):.2f} %"
        cells = (circuit, f"`{options}`", str(len(found)), kept, error, *spread.values())
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _span(values: list[float]) -> str:
    low, high = f"{min(values):g}", f"{max(values):g}"
    return low if low == high else f"{low} to {high}"


def write_page() -> None:
    """Put the tables on their page."""
    rewrite(PAGE, {name: markdown(target) for target, name in TABLES.items()})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
