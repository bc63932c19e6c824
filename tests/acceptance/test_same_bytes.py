"""Same input, same bytes: in processes whose dictionaries, threads, folders, locales and file names differ."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from tests.made.waiting import HANGS_S
from tests.torch_extra import needs_torch

ROOT = Path(__file__).resolve().parents[2]
TIMED = "timings.json"  # the one file that says how long it took
PROGRAM = """
import sys
import neurocmc
target, model, out = sys.argv[1:]
artifact = neurocmc.compile(model, target=target, out=out, neurons=8)
if target != "brian2":
    neurocmc.verify(artifact, samples=1)
"""


@dataclass(frozen=True)
class Place:
    """What differs from one process to the next, and must not matter."""

    seed: str  # of hashes: the order of sets
    threads: str
    folder: str = "out"
    name: str = ""  # the model's file is called so; empty: as it is
    environment: dict[str, str] = field(default_factory=dict[str, str])


PLACES = (
    Place(seed="0", threads="1"),
    Place(seed="1", threads="2", environment={"TZ": "Asia/Tokyo"}),
    Place(seed="2", threads="1", folder="another folder/below it", environment={"LC_ALL": "C", "PYTHONUTF8": "0"}),
    Place(seed="3", threads="2", name="renamed", environment={"LC_ALL": "C.UTF-8", "COLUMNS": "40"}),
    Place(seed="4711", threads="1", environment={"HOME": "/nowhere", "SOURCE_DATE_EPOCH": "1"}),
)


def hashes(directory: Path) -> dict[str, str]:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def made(model: Path, target: str, place: Place, folder: Path) -> dict[str, str]:
    """The hashes of what a process of its own made of a model."""
    out = folder / place.folder
    out.parent.mkdir(parents=True, exist_ok=True)
    if place.name:
        model = shutil.copy(model, folder / f"{place.name}{model.suffix}")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), place.threads)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, target, str(model), str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": place.seed, **threads, **place.environment},
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=HANGS_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = hashes(out)
    assert {TIMED, "manifest.json", "ir/10-rate.json", "ir/20-spiking.npz"} <= found.keys()
    del found[TIMED]
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "target", "places"),
    [
        pytest.param("models/swta-digits.pt", "loihi1", PLACES[:2], marks=needs_torch),
        ("examples/circuit.yaml", "loihi1", PLACES),
        ("models/two-state.yaml", "truenorth", PLACES[1:3]),
        ("examples/circuit.yaml", "brian2", PLACES[3:]),
    ],
)
def test_the_same_bytes_wherever_it_is_done(
    model: str, target: str, places: tuple[Place, ...], tmp_path: Path
) -> None:
    found = []
    for number, place in enumerate(places):
        folder = tmp_path / str(number)
        folder.mkdir()
        found.append(made(ROOT / model, target, place, folder))
    for other in found[1:]:
        assert other == found[0]
