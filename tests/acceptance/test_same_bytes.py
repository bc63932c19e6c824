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
model, out, neurons, samples, *targets = sys.argv[1:]
for target in targets:
    artifact = neurocmc.compile(model, target=target, out=f"{out}/{target}", neurons=int(neurons))
    if int(samples):
        neurocmc.verify(artifact, samples=int(samples))
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


def made(
    model: Path, neurons: int, targets: tuple[str, ...], place: Place, folder: Path, samples: int
) -> dict[str, str]:
    """The hashes of what a process of its own made of a model for some targets, verified on so many trials."""
    out = folder / place.folder
    out.parent.mkdir(parents=True, exist_ok=True)
    if place.name:
        model = shutil.copy(model, folder / f"{place.name}{model.suffix}")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), place.threads)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(model), str(out), str(neurons), str(samples), *targets],
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
    for target in targets:
        written = (TIMED, "manifest.json", "report.html", "ir/10-rate.json", "ir/20-spiking.npz")
        assert (f"{target}/verify.json" in found) == (samples > 0)
        assert {f"{target}/{name}" for name in written} <= found.keys()
        del found[f"{target}/{TIMED}"]
    return found


def assert_same(
    model: Path,
    neurons: int,
    targets: tuple[str, ...],
    folder: Path,
    *,
    places: tuple[Place, ...] = PLACES,
    samples: int = 1,
) -> None:
    found = []
    for number, place in enumerate(places):
        (folder / str(number)).mkdir()
        found.append(made(model, neurons, targets, place, folder / str(number), samples))
    for other in found[1:]:
        assert other == found[0]


@pytest.mark.slow
def test_the_same_bytes_wherever_it_is_done(tmp_path: Path) -> None:
    assert_same(ROOT / "tests" / "hosts" / "chain.yaml", 16, ("loihi1", "truenorth", "brian2"), tmp_path)


@pytest.mark.slow
@needs_torch
def test_an_encoder_gives_the_same_bytes_on_two_threads(tmp_path: Path) -> None:
    assert_same(ROOT / "models" / "swta-digits.pt", 64, ("loihi1",), tmp_path, places=PLACES[:2], samples=0)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("model", "target"),
    [
        ("examples/circuit.yaml", "loihi1"),
        ("examples/circuit.yaml", "ranc"),
        ("models/two-state.yaml", "truenorth"),
        ("models/interneurons.yaml", "loihi2"),
        pytest.param("models/cmc-v1v3.pt", "loihi1", marks=needs_torch),
    ],
)
def test_what_comes_along_gives_the_same_bytes_wherever_it_is_done(model: str, target: str, tmp_path: Path) -> None:
    assert_same(ROOT / model, 32, (target,), tmp_path)
