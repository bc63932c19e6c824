"""docs/verification.md quotes docs/studies/verified.csv: what the bundled models take of the limits."""

import csv
import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_page_says_what_the_table_says() -> None:
    rows = list(csv.DictReader((DOCS / "studies" / "verified.csv").open(newline="", encoding="utf-8")))
    page = (DOCS / "verification.md").read_text(encoding="utf-8")
    pattern = r"worst unit's limit none\s+takes more than (\d\.\d+), of the worst moment's none more than (\d\.\d+)"
    told = re.search(pattern, page)
    assert told is not None
    assert [float(text) for text in told.groups()] == [
        max(float(row[name]) for row in rows) for name in ("unit_of_limit", "moment_of_limit")
    ]
    assert {row["missed"] for row in rows} == {"0"}
