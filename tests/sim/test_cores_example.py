"""The example of hand-made cores prints what its page shows."""

import re
import subprocess
import sys
from pathlib import Path

from tests.made.waiting import HANGS_S

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_prints_its_page() -> None:
    page = (ROOT / "docs" / "truenorth-emulator.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0]
    command = [sys.executable, str(ROOT / "examples" / "cores.py")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANGS_S, check=True).stdout
    assert told == shown
