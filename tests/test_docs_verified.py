"""What docs say of bundled models under `verify` is what docs/studies/verified.csv has."""

import csv
import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
CIRCUITS = {
    "delayed match, 29 units": "models/delayed-match.pt",
    "context, 13 units": "models/context-integration.pt",
}


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader((DOCS / "studies" / "verified.csv").open(newline="", encoding="utf-8")))


def test_the_page_of_verification() -> None:
    page = (DOCS / "verification.md").read_text(encoding="utf-8")
    pattern = (
        r"than (\d\.\d+) of the limit of the worst unit, or more than (\d\.\d+) of the limit of the worst moment"
    )
    told = re.search(pattern, " ".join(page.split()))
    assert told is not None
    loihi1 = [row for row in rows() if row["target"] == "loihi1"]
    assert len(loihi1) == 13
    assert [float(text) for text in told.groups()] == [
        max(float(row[name]) for row in loihi1) for name in ("unit_of_limit", "moment_of_limit")
    ]
    assert {row["missed"] for row in loihi1} == {"0"}


def test_what_is_missed_has_a_cure() -> None:
    assert all(row["cure"] for row in rows() if row["missed"] != "0")


def test_the_page_of_memory_tasks() -> None:
    page = (DOCS / "working-memory-tasks.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\|([^|]*)\| (\w+) \| (\d*) ?\| ([\d.]+) % \| (\d+) of (\d+) \|$", page, re.MULTILINE)
    told: dict[tuple[str, str], tuple[str, ...]] = {}
    model = ""
    for name, target, cores, nrmse, kept, budgets in lines:
        model = CIRCUITS.get(name.strip(), model)
        told[model, target] = (cores, nrmse, kept, budgets)
    found = {
        (row["model"], row["target"]): (
            row["cores"],
            f"{100 * float(row['nrmse']):.2f}",
            str(int(row["budgets"]) - int(row["missed"])),
            row["budgets"],
        )
        for row in rows()
        if row["model"] in CIRCUITS.values()
    }
    assert told == found
