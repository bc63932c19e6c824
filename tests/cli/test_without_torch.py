"""Without torch: what needs it says so with the extra to install, and everything else works."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import neurocmc
from neurocmc.common import extras
from neurocmc.common.errors import InputError
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.model import load
from neurocmc.pipeline.options import CompileOptions
from tests.cli.running import CHECKPOINT, CIRCUIT, ROOT, Run
from tests.torch_extra import needs_torch

# Python's own search of its path, which finds all but torch: what an environment without the extra looks like.
PROGRAM = """
from importlib.machinery import PathFinder
everything = PathFinder.find_spec
hidden = ("torch", "torchdiffeq")
PathFinder.find_spec = staticmethod(lambda name, *rest: None if name in hidden else everything(name, *rest))
from neurocmc.cli.main import run
run()
"""
INSTALL = "cure: pip install 'neurocmc[torch]' (in a checkout: pip install -e '.[torch]')"
CIRCUIT_FILE = CHECKPOINT.with_suffix(".circuit.npz")


def run(*arguments: object, cwd: Path) -> Run:
    """The command in a process that has no torch."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("inspect", CHECKPOINT), "reading a checkpoint needs torch, which is not installed"),
        (("compile", CHECKPOINT, "--target", "loihi1", "-o", "out"), "reading a checkpoint needs torch"),
        (("train", CHECKPOINT.with_suffix(".yaml"), "-o", "m.pt"), "training needs torch, which is not installed"),
        (
            ("study", ROOT / "docs" / "studies" / "cmc-depth" / "study.yaml", "-o", "out"),
            "a study needs torch, which is not installed",
        ),
    ],
)
def test_what_needs_torch_names_the_extra(arguments: tuple[object, ...], message: str, tmp_path: Path) -> None:
    shown = run(*arguments, cwd=tmp_path)
    assert shown.code == 2
    assert message in shown.err
    assert INSTALL in " ".join(shown.err.split())
    assert "Traceback" not in shown.err
    if arguments[1] == CHECKPOINT:
        assert f"or take {CIRCUIT_FILE}, which holds it" in " ".join(shown.err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ChipPool", "SoftWta", "CmcRegions"])
def test_modules_of_torch_name_the_extra_and_leave_the_library_importable(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_library: str) -> bool:
        return False

    monkeypatch.setattr(extras, "is_installed", nothing)
    assert name not in dir(neurocmc)
    assert name not in neurocmc.__all__
    with pytest.raises(InputError) as refused:
        getattr(neurocmc, name)
    assert [problem.id for problem in refused.value.problems] == ["library-missing"]


def test_a_bundled_trained_circuit_is_compiled_and_verified(tmp_path: Path) -> None:
    shown = run("compile", CIRCUIT_FILE, "--target", "brian2", "--no-figures", "-o", "out", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert (tmp_path / "out" / "circuit.npz").read_bytes() == CIRCUIT_FILE.read_bytes()
    verified = run("verify", "out", "--samples", 20, "--no-figures", "--json", cwd=tmp_path)
    assert verified.code == 0, verified.err
    edges = {(edge["name"], edge["verdict"]): edge for edge in json.loads(verified.out)["edges"]}
    told = edges["torch ~ rate", "not run"]["note"]
    assert told == "a circuit file holds no torch model: compile swta-digits.pt for this edge"
    assert ("rate ~ brian2", "pass") in edges
    inspected = json.loads(run("inspect", CIRCUIT_FILE, "--json", cwd=tmp_path).out)
    assert inspected["facts"]["accuracy"] >= 0.92
    assert inspected["facts"]["made from"] == "swta-digits.pt"


@pytest.mark.nightly
def test_a_demo_of_a_trained_circuit_runs(tmp_path: Path) -> None:
    shown = run("demo", "swta-digits", "--target", "brian2", "-o", "out", "--json", cwd=tmp_path)
    assert shown.code == 0, shown.err
    told = json.loads(shown.out)
    assert told["lines"][0].startswith("torch is not installed, so this is swta-digits.circuit.npz: nothing is")
    assert {edge["name"]: edge["verdict"] for edge in told["edges"]}["torch ~ rate"] == "not run"


def test_a_circuit_by_hand_never_asks_for_torch(tmp_path: Path) -> None:
    shown = run("inspect", CIRCUIT, cwd=tmp_path)
    assert shown.code == 0, shown.err


@needs_torch
def test_an_artifact_of_a_checkpoint_is_verified_but_for_the_edge_to_torch(tmp_path: Path) -> None:
    compile_model(CHECKPOINT, "brian2", tmp_path / "out", CompileOptions(figures=False))
    verified = run("verify", "out", "--samples", 20, "--no-figures", "--json", cwd=tmp_path)
    assert verified.code == 0, verified.err
    edges = {edge["name"]: edge for edge in json.loads(verified.out)["edges"]}
    assert edges["torch ~ rate"]["verdict"] == "not run"
    assert edges["torch ~ rate"]["note"] == f"torch is not installed: {extras.INSTALL_TORCH}"
    assert edges["rate ~ brian2"]["value"] is not None


@pytest.mark.parametrize("library", ["torch", "torchdiffeq"])
def test_a_library_that_is_hidden_is_not_installed(library: extras.Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert not extras.is_installed(library)
    with pytest.raises(
        InputError, match=rf"^here: this needs {library}, which is not installed \[library-missing\]\n.*; or that$"
    ):
        extras.need(library, "here", "this", "or that")


def test_the_circuit_file_is_named_only_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.pt").touch()
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError) as caught:
        load(tmp_path / "mine.pt")
    assert str(caught.value).endswith("(in a checkout: pip install -e '.[torch]')")
