"""What `verify` says of every bundled model: docs/studies/verified.csv, made by `python -m tests.acceptance.bundled`.

A row is a model on a target, with 64 neurons per unit: how many budgets decide and are missed, cores, the largest
NRMSE of rates on the lowest level, what it took of the limits of the worst unit and the worst moment, and the first
cure where one was needed. Of each stimulus the first SAMPLES trials are judged. Named models are measured anew, the
others kept.
"""

import csv
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import neurocmc
from neurocmc.verification.edges import misses
from tests.made.tables import rows_of

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
ELSEWHERE = (
    ("models/delayed-match.pt", "loihi2"),
    ("models/delayed-match.pt", "brian2"),
    ("models/context-integration.pt", "loihi2"),
    ("models/context-integration.pt", "brian2"),
    ("examples/circuit.yaml", "truenorth"),
    ("models/two-state.yaml", "truenorth"),
    ("models/swta-digits.pt", "truenorth"),
)
ROWS = (*((model, "loihi1") for model in MODELS), *ELSEWHERE)
COLUMNS = (
    "model",
    "target",
    "budgets",
    "missed",
    "warned",
    "cores",
    "nrmse",
    "unit_of_limit",
    "moment_of_limit",
    "cure",
)


def row(model: str, target: str) -> dict[str, str]:
    """One line of the table: the bundled model compiled with the defaults, and verified."""
    with tempfile.TemporaryDirectory() as folder:
        artifact = neurocmc.compile(ROOT / model, target=target, out=Path(folder) / "build", figures=False)
        cores = neurocmc.budget(artifact).cores_used
        edges = neurocmc.verify(artifact, samples=SAMPLES, figures=False).edges
    judged = [edge for edge in edges if edge.verdict != "not run" and edge.group == "fidelity"]

    def largest(quantity: str, *, share: bool) -> float:
        return max(
            e.value / (e.limit if share else 1.0)
            for e in judged
            if e.quantity == quantity and e.name.startswith("rate ~") and e.value is not None and e.limit
        )

    missed = misses(edges)
    return {
        "model": model,
        "target": target,
        "budgets": str(len(judged)),
        "missed": str(len(missed)),
        "warned": str(len(misses(edges, strict=True)) - len(missed)),
        "cores": "" if cores is None else str(cores),
        "nrmse": f"{largest('NRMSE of rates', share=False):.4f}",
        "unit_of_limit": f"{largest('error of the worst unit', share=True):.2f}",
        "moment_of_limit": f"{largest('error of the worst moment', share=True):.2f}",
        "cure": next((f"{edge.key}: {edge.cure}" for edge in edges if edge.cure), ""),
    }


def write(models: Sequence[str]) -> None:
    """Verify the models named and write the table anew; rows of others stay as they are."""
    rows = {(line["model"], line["target"]): line for line in read()}
    for model, target in ROWS:
        if model in models:
            rows[model, target] = row(model, target)
            print(*rows[model, target].values(), flush=True)
            with TABLE.open("w", newline="", encoding="utf-8") as stream:
                table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
                table.writeheader()
                table.writerows(rows[place] for place in ROWS if place in rows)


def read() -> list[dict[str, str]]:
    """The table as it stands."""
    return rows_of(TABLE)


if __name__ == "__main__":
    write(sys.argv[1:] or MODELS)
