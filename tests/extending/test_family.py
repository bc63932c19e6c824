"""A third family is a distribution of its own: installed into a folder, it serves every command from there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extending.distribution import FIXPOINT, install

REPOSITORY = Path(__file__).resolve().parents[2]
CIRCUIT = REPOSITORY / "tests" / "hosts" / "chain.yaml"
MOST_LINES = 200


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "packages"
    install(FIXPOINT / "fixpoint.py", {"neurocmc.families": {"fixpoint": "fixpoint:FAMILY"}}, folder)
    install(FIXPOINT / "weights.py", {"neurocmc.exports": {"weights": "weights:EXPORT"}}, folder)
    return folder


@pytest.fixture(scope="module")
def artifact(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled")
    target = ["--target", FIXPOINT / "fixpoint.yaml", "--neurons", 16]
    told = neurocmc("compile", CIRCUIT, *target, "-o", "build", installed=installed, folder=folder)
    assert told.returncode == 0, told.stderr
    return folder / "build"


def neurocmc(*arguments: object, installed: Path | None, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command in an interpreter of its own, which finds the distributions in `installed`."""
    path = os.pathsep.join(str(entry) for entry in (REPOSITORY, installed) if entry is not None)
    return subprocess.run(
        [sys.executable, "-m", "neurocmc", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_family_is_a_days_work() -> None:
    lines = (FIXPOINT / "fixpoint.py").read_text().splitlines()
    assert len(lines) < MOST_LINES


def test_it_compiles_and_emits(artifact: Path) -> None:
    manifest = json.loads((artifact / "manifest.json").read_text())
    assert manifest["target"] == "fixpoint"
    assert {"ir/20-spiking.json", "ir/30-rounded.json", "program/fixpoint.json"} <= set(manifest["files"])
    program = json.loads((artifact / "program" / "fixpoint.json").read_text())
    assert program["one"] == 1 << 20
    assert program["weights"]["a->b"][0][0] > 0


def test_it_simulates(artifact: Path, installed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    told = neurocmc(
        "simulate", artifact, "--on", "emulator", "-o", out, "--json", installed=installed, folder=tmp_path
    )
    assert told.returncode == 0, told.stderr
    facts = json.loads(told.stdout)
    assert facts["on"] == "emulator"
    assert all(population["spikes"] > 0 for population in facts["populations"])
    assert out.is_file()


def test_it_verifies(artifact: Path, installed: Path, tmp_path: Path) -> None:
    told = neurocmc("verify", artifact, "--json", installed=installed, folder=tmp_path)
    assert told.returncode == 0, told.stderr
    edges = {(edge["name"], edge["quantity"]): edge for edge in json.loads(told.stdout)["edges"]}
    assert edges["spiking ~ rounded", "gain of the projections"]["verdict"] == "pass"
    assert edges["brian2 ~ emulator", "NRMSE of rates"]["value"] < 1e-3
    assert edges["rate ~ emulator", "NRMSE of rates"]["verdict"] == "pass"
    assert edges["emulator ~ emitted", "spikes that differ"]["value"] == 0


def test_a_program_that_was_altered_is_refused(artifact: Path, installed: Path, tmp_path: Path) -> None:
    program = artifact / "program" / "fixpoint.json"
    whole = program.read_bytes()
    try:
        program.write_text(program.read_text().replace(str(1 << 20), str(1 << 19)))
        assert neurocmc("verify", artifact, installed=installed, folder=tmp_path).returncode == 2
    finally:
        program.write_bytes(whole)


def test_it_budgets(artifact: Path, installed: Path, tmp_path: Path) -> None:
    told = neurocmc("budget", artifact, "--json", installed=installed, folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["cores_used"] == 1


def test_it_refuses_what_does_not_fit(installed: Path, tmp_path: Path) -> None:
    target = ["--target", FIXPOINT / "fixpoint.yaml", "--neurons", 100]
    told = neurocmc("compile", CIRCUIT, *target, "-o", "build", installed=installed, folder=tmp_path)
    assert told.returncode == 2
    assert "300 neurons, limit 256 on fixpoint" in told.stderr
    assert not (tmp_path / "build").exists()


def test_its_export_writes(artifact: Path, installed: Path, tmp_path: Path) -> None:
    told = neurocmc("export", artifact, "--to", "weights", "-o", "w.csv", installed=installed, folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "w.csv").read_text().startswith("source,target,largest weight\na,b,")


def test_without_the_distribution_its_kind_is_unknown(tmp_path: Path) -> None:
    told = neurocmc("targets", FIXPOINT / "fixpoint.yaml", installed=None, folder=tmp_path)
    assert told.returncode == 2
    assert "there is no kind 'fixpoint'" in told.stderr
