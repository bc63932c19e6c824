"""Same input, same bytes: two compilations in two processes, whose dictionaries and sets are ordered differently."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.made.waiting import HANGS_S
from tests.torch_extra import needs_torch

ROOT = Path(__file__).resolve().parents[2]
TIMED = "timings.json"  # the one file that says how long it took
COMPILE = "import sys; from neurocmc.api import compile; compile(sys.argv[1], target=sys.argv[2], out=sys.argv[3])"
HASH_SEEDS = ("0", "4711")


def hashes(directory: Path) -> dict[str, str]:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "target"),
    [
        pytest.param("models/swta-digits.pt", "loihi1", marks=needs_torch),
        ("examples/circuit.yaml", "brian2"),
    ],
)
def test_two_compilations_give_the_same_bytes(tmp_path: Path, model: str, target: str) -> None:
    outs = [tmp_path / f"hash-seed-{seed}" / "out" for seed in HASH_SEEDS]
    for out, seed in zip(outs, HASH_SEEDS, strict=True):
        out.parent.mkdir()
        command = [sys.executable, "-c", COMPILE, str(ROOT / model), target, str(out)]
        done = subprocess.run(
            command,
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=HANGS_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    first, second = map(hashes, outs)
    assert {TIMED, "manifest.json", "ir/10-rate.json", "ir/20-spiking.npz"} <= first.keys()
    first.pop(TIMED)
    second.pop(TIMED, None)
    assert first == second
