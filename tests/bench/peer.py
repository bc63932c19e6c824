"""The NEF peer, run in the environment that Nengo needs, and how to make that environment where there is none."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VARIABLE = "NEUROCMC_NENGO_PYTHON"
TIME_LIMIT_S = 3600
HOW_TO = f"""\
No environment with Nengo: the peer's columns stay empty. To make one (Python 3.11):
    python3.11 -m venv .venv-nengo
    .venv-nengo/bin/pip install -r tests/bench/requirements-nengo.txt
or name an interpreter that has it: --nengo PATH, or {VARIABLE}=PATH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRow:
    """One system, variant and size: error over seeds, and speed of each seed's run (without building)."""

    system: str
    variant: str
    neurons: int
    nrmse: tuple[float, ...]
    steps_per_s: tuple[float, ...]


def nengo_python(given: Path | None) -> Path | None:
    """The interpreter to use: the one given, that of the environment variable, or `.venv-nengo`; None if none."""
    if given is not None:
        return given
    if named := os.environ.get(VARIABLE):
        return Path(named)
    made = ROOT / ".venv-nengo" / "bin" / "python"
    return made if made.is_file() else None


def run_peer(python: Path, neurons: tuple[int, ...], seeds: int, out: Path) -> tuple[PeerRow, ...]:
    """Run the peer bench, one thread. Raises CalledProcessError or TimeoutExpired if it does not come to an end."""
    command = [
        str(python), str(HERE / "nef_swta.py"), "--neurons", *map(str, neurons), "--seeds", str(seeds),
        "--variants", "tuned", "plain", "--json", str(out),
    ]  # fmt: skip
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=TIME_LIMIT_S, env=environment)
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
