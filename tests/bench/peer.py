"""The NEF peer, run in the environment that Nengo needs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurocmc.targets import Code
from tests.bench.environments import run_script

CODES: tuple[Code, ...] = ("threshold", "rate")  # of ours, beside the one of the peer
HERE = Path(__file__).resolve().parent
TIME_LIMIT_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRow:
    """One system, variant and size: error over seeds, and speed of each seed's run (without building)."""

    system: str
    variant: str
    neurons: int
    nrmse: tuple[float, ...]
    steps_per_s: tuple[float, ...]


def run_peer(python: Path, neurons: tuple[int, ...], seeds: int, out: Path) -> tuple[PeerRow, ...]:
    """Run the peer bench, one thread. Raises RuntimeError where it fails or comes to no end."""
    arguments = ["--neurons", *map(str, neurons), "--seeds", str(seeds)]
    arguments += ["--variants", "tuned", "plain", "--json", str(out)]
    run_script(python, HERE / "nef_swta.py", arguments, TIME_LIMIT_S)
    rows: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["rows"]
    return tuple(
        PeerRow(
            system=row["system"],
            variant=row["variant"],
            neurons=row["neurons"],
            nrmse=tuple(row["nrmse_per_seed"]),
            steps_per_s=tuple(row["steps_per_s_per_seed"]),
        )
        for row in rows
    )
