"""Runs the drivers in the environment of the frameworks, each once: what they write stays below build/frameworks."""

import hashlib
import json
import os
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.sim.neurons import simulate_neurons
from tests.lava_environment import ROOT, spiking_python, wait_for

HERE = Path(__file__).parent
KEPT = ROOT / "build" / "frameworks"
PACKAGES = ("torch", "numpy", "scikit-learn", "snntorch", "norse", "sinabs", "nir", "nirtorch")
LIMIT_S = 900

Record = dict[str, NDArray[np.generic]]


def driven(driver: str, *arguments: str) -> Path:
    """The folder that a driver has filled, in this run or an earlier one of the same program and packages."""
    task = (HERE / "digits.py").read_text(encoding="utf-8")
    text = "\n".join([task, (HERE / f"{driver}.py").read_text(encoding="utf-8"), *arguments, _versions()])
    folder = KEPT / f"{driver}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:  # several test workers may come here at once
        wait_for(lock)
        if not (folder / ".ready").is_file():
            run(driver, str(folder), *arguments)
            (folder / ".ready").touch()
    return folder


def run(program: str, *arguments: str) -> str:
    """What a program of this folder says. Raises RuntimeError with its last words."""
    command = [str(_python()), str(HERE / f"{program}.py"), *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")
    return done.stdout


def record(path: Path) -> Record:
    """The arrays of a record."""
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays}


def simulated(network: NeuronNetwork, arrays: Record) -> NeuronRecording:
    """What our interpreter makes of the input of a record."""
    stimulus = EventStimulus.of_dense("recorded", arrays["input"], arrays.get("labels"))
    return simulate_neurons(network, stimulus)


def differing(ours: NeuronRecording, theirs: Record, names: dict[str, str] | None = None) -> dict[str, int]:
    """Population -> the spikes that differ from what was recorded, under the same name or that of `names`."""
    found: dict[str, int] = {}
    for population, spikes in ours.spikes.items():
        recorded = theirs[f"spikes/{(names or {}).get(population, population)}"].astype(np.float32)
        found[population] = int(np.abs(spikes.dense(*recorded.shape) - recorded).sum(dtype=np.float64))
    return found


def _python() -> Path:
    python = spiking_python()
    if python is None:
        pytest.skip("needs the extra [torch]")
    return python


@cache
def _versions() -> str:
    program = (
        f"from importlib.metadata import version; import json; print(json.dumps(list(map(version, {PACKAGES}))))"
    )
    asked = subprocess.run([str(_python()), "-c", program], capture_output=True, text=True, check=True)
    return str(json.loads(asked.stdout))
