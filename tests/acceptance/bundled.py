"""What `verify` says of every bundled model: docs/studies/verified.csv, made by `python -m tests.acceptance.bundled`.

A row is a model on loihi1 at 64 neurons a unit: how many budgets decide and are missed, what it took of the limits
of the worst unit and the worst moment, and the first cure where one was needed. Of each stimulus the first SAMPLES
trials are judged. Named models are measured anew, the others kept.
"""

import csv
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import neurocmc
from neurocmc.pipeline.verify import Verification
from neurocmc.verification.edges import misses

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "studies" / "verified.csv"
SAMPLES = 100
MODELS = (
    "examples/circuit.yaml",
    "models/automaton.yaml",
    "models/context-decision.yaml",
    "models/interneurons.yaml",
    "models/memory-items.yaml",
    "models/sequence.yaml",
    "models/turnstile.yaml",
    "models/two-state.yaml",
    "models/working-memory.yaml",
    "models/swta-digits.pt",
    "models/delayed-match.pt",
    "models/context-integration.pt",
    "models/cmc-v1v3.pt",
)
COLUMNS = ("model", "target", "budgets", "missed", "warned", "unit_of_limit", "moment_of_limit", "cure")


def verified(model: str, target: str) -> Verification:
    """The verification of a bundled model compiled with the defaults."""
    with tempfile.TemporaryDirectory() as folder:
        artifact = neurocmc.compile(ROOT / model, target=target, out=Path(folder) / "build")
        return neurocmc.verify(artifact, samples=SAMPLES)


def row(model: str, target: str, found: Verification) -> dict[str, str]:
    """One line of the table."""
    judged = [edge for edge in found.edges if edge.verdict != "not run" and edge.group == "fidelity"]

    def taken(quantity: str) -> str:
        shares = [e.value / e.limit for e in judged if e.quantity == quantity and e.value is not None and e.limit]
        return f"{max(shares):.2f}"

    missed = misses(found.edges)
    return {
        "model": model,
        "target": target,
        "budgets": str(len(judged)),
        "missed": str(len(missed)),
        "warned": str(len(misses(found.edges, strict=True)) - len(missed)),
        "unit_of_limit": taken("error of the worst unit"),
        "moment_of_limit": taken("error of the worst moment"),
        "cure": next((f"{edge.key}: {edge.cure}" for edge in found.edges if edge.cure), ""),
    }


def write(models: Sequence[str], target: str) -> None:
    """Verify the models named and write the table anew; rows of others stay as they are."""
    rows = {line["model"]: line for line in csv.DictReader(TABLE.open(newline="", encoding="utf-8"))}
    for model in models:
        rows[model] = row(model, target, verified(model, target))
        print(*rows[model].values(), flush=True)
    with TABLE.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows[model] for model in MODELS if model in rows)


if __name__ == "__main__":
    write(sys.argv[1:] or MODELS, "loihi1")
