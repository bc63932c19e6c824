"""The emitted Brian2 script, run as a user would, equals our interpreter spike for spike."""

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocmc.backends.brian2 import emit_brian2
from neurocmc.common.errors import InputError
from neurocmc.sim.brian2_equations import Names
from neurocmc.sim.brian2_lif import simulate_brian2
from tests.made.programs import same_bytes
from tests.made.spiking_networks import random_network, random_stimulus
from tests.made.waiting import HANGS_S


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run.py", *arguments],
        cwd=program,
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=False,
    )


@pytest.mark.parametrize(
    "seed", [1, 5]
)  # both codes, delays 0, 1 and 4, orders 1 and 2, filtered and unfiltered inputs
def test_the_script_fires_exactly_our_spikes(seed: int, tmp_path: Path) -> None:
    network = random_network(seed)
    silent = replace(network.projections[0], name="silent", weight=np.zeros_like(network.projections[0].weight))
    network = replace(network, projections=(*network.projections, silent))
    stimulus = random_stimulus(network, seed, batch=3)
    emit_brian2(network, {"other": random_stimulus(network, 9), "mine": stimulus}, tmp_path)
    done = run(tmp_path, "--stimulus", "stimulus-mine.npz", "--trial", "2", "--out", "out.npz")
    assert (done.returncode, done.stderr) == (0, "")
    ours = simulate_brian2(network, stimulus, record_spikes=True)
    with np.load(tmp_path / "out.npz") as file:
        theirs = dict(file)
    for name, identifier in Names.of(network).population.items():
        train = ours.spikes[name]
        own = train.trial == 2
        for field in ("tick", "unit", "neuron"):
            assert np.array_equal(theirs[f"cells_{identifier}.{field}"], getattr(train, field)[own])
        np.testing.assert_allclose(
            theirs[f"cells_{identifier}.activity"], ours.activity[name][2], rtol=1e-6, atol=1e-12
        )
    assert sum(value.size for key, value in theirs.items() if key.endswith(".tick")) > 50


def test_a_trial_that_is_not_there_is_named(tmp_path: Path) -> None:
    network = random_network(1)
    emit_brian2(network, {"mine": random_stimulus(network, 1, batch=9)}, tmp_path)
    done = run(tmp_path, "--trial", "4")
    assert done.returncode == 2
    assert "--trial 4" in done.stderr
    assert "has trials 0 to 3" in done.stderr


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        network = random_network(2)
        emit_brian2(network, {"mine": random_stimulus(network, 2)}, folder)

    assert same_bytes(write, tmp_path) == ["README.md", "network.npz", "run.py", "stimulus-mine.npz"]


def test_names_cannot_become_code(tmp_path: Path) -> None:
    hostile = '"""\nimport os\n{{ name }} \\'
    network = random_network(1)
    cells = network.populations
    renamed = {cells[0].name: hostile, **{p.name: p.name for p in cells[1:]}}
    network = replace(
        network,
        name=hostile,
        populations=(replace(cells[0], name=hostile), *cells[1:]),
        projections=tuple(
            replace(p, name=f"{hostile} {k}", source=renamed[p.source], target=renamed[p.target])
            for k, p in enumerate(network.projections)
        ),
        inputs=tuple(replace(e, target=renamed[e.target]) for e in network.inputs),
    )
    emit_brian2(network, {"mine": random_stimulus(network, 1)}, tmp_path)
    tree = ast.parse((tmp_path / "run.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"argparse", "math", "pathlib", "numpy", "brian2"}


def test_a_stimulus_that_does_not_fit_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    network = random_network(1)
    stimulus = random_stimulus(network, 1)
    folder = tmp_path / "program"
    with pytest.raises(InputError, match=r"input smooth .*\[input-missing\]"):
        emit_brian2(network, {"bad": replace(stimulus, values={"sharp": stimulus.values["sharp"]})}, folder)
    with pytest.raises(ValueError, match="at least one stimulus"):
        emit_brian2(network, {}, folder)
    assert not folder.exists()
