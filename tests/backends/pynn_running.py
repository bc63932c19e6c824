"""Runs of exported PyNN programs in tests: in an interpreter that has PyNN, held against our own Brian2."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.sim.brian2_equations import Names
from tests.lava_environment import pynn_python
from tests.made.waiting import HANGS_S

SPIKE = ("trial", "tick", "unit", "neuron")
Arrays = Mapping[str, NDArray[Any]]


def started(program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What a program did; the test is skipped where there is no interpreter for it."""
    python = pynn_python()
    if python is None:
        pytest.skip("NEST has no wheel for this Python or system")
    return subprocess.run(
        [str(python), "run.py", *map(str, arguments)],
        cwd=program,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=False,
    )


def ran(program: Path, *arguments: str | Path) -> Arrays:
    """What a program wrote."""
    out = program / "spikes.npz"
    done = started(program, "--out", out, *arguments)
    assert done.returncode == 0, done.stderr
    with np.load(out) as file:
        return dict(file)


def differing(network: SpikingNetwork, ours: Recording, theirs: Arrays) -> int:
    """Spikes of all populations and trials that only one of both has."""
    total = 0
    for name, identifier in Names.of(network).population.items():
        train, population = ours.spikes[name], network.population(name)
        shape = (*ours.activity[name].shape[:2], population.units, population.neurons)
        own = np.ravel_multi_index([getattr(train, field) for field in SPIKE], shape)
        other = np.ravel_multi_index([theirs[f"cells_{identifier}.{field}"] for field in SPIKE], shape)
        total += np.setxor1d(own, other, assume_unique=True).size
    return total


def spikes(theirs: Arrays) -> int:
    """All spikes that a program wrote."""
    return sum(values.size for key, values in theirs.items() if key.endswith(".tick"))
