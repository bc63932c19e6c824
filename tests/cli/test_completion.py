"""Completion, asked of the real shells: names, files of the right kind, and what an artifact holds."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from tests.cli.running import ROOT
from tests.made.waiting import HANGS_S

ASKED = {
    "bash": (
        'source <("$TOOL" --show-completion bash); COMP_WORDS=({words}); COMP_CWORD={last}; '
        'COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}; _neurocmc_completion neurocmc; '
        'printf "%s\\n" "${{COMPREPLY[@]}}"'
    ),
    "fish": '"$TOOL" --show-completion fish | source; complete --do-complete "{line}"',
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tool called neurocmc, an artifact, and files of several kinds."""
    folder = tmp_path_factory.mktemp("completion")
    tool = folder / "bin" / "neurocmc"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m neurocmc "$@"\n')
    tool.chmod(0o755)
    compile_model(
        ROOT / "examples" / "circuit.yaml", "loihi1", folder / "build", CompileOptions(neurons=8, figures=False)
    )
    for name in ("mine.yaml", "mine.npz", "mine.nir", "mine.txt"):
        (folder / name).write_text("")
    return folder


def completed(shell: str, place: Path, line: str) -> list[str]:
    words = line.split(" ")
    asked = ASKED[shell].format(words=" ".join(f"'{word}'" for word in words), last=len(words) - 1, line=line)
    environment = {
        **os.environ,
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TOOL": str(place / "bin" / "neurocmc"),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    program = shutil.which(shell)
    assert program is not None
    done = subprocess.run(
        [program, "-c", asked],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=True,
    )
    return [entry.split("\t")[0].strip() for entry in done.stdout.splitlines() if entry.strip()]


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("neurocmc comp", ["compile"]),
        ("neurocmc compile swta", ["swta-digits"]),
        ("neurocmc compile mine", ["mine.nir", "mine.yaml"]),
        ("neurocmc compile two-state --target lo", ["loihi1", "loihi2", "loihi"]),
        ("neurocmc compile two-state --target min", ["mine.yaml"]),
        ("neurocmc compile two-state --code thr", ["threshold"]),
        ("neurocmc simulate build --on emu", ["emulator"]),
        ("neurocmc simulate build --stimulus sw", ["switch"]),
        ("neurocmc show build spiking inh", ["inhibit"]),
        ("neurocmc robustness build --kinds thr", ["threshold"]),
        ("neurocmc export build --to py", ["pynn"]),
        ("neurocmc demo dig", ["digits"]),
        ("neurocmc train cmc-v1v3-f", ["cmc-v1v3-fashion"]),
        ("neurocmc sweep mi", ["mine.yaml"]),
        ("neurocmc compile digits-snntorch --semantics nor", ["norse"]),
    ],
)
def test_a_shell_is_told(shell: str, line: str, wanted: list[str], place: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    assert sorted(completed(shell, place, line)) == sorted(wanted)


def test_what_is_no_artifact_completes_to_nothing(place: Path) -> None:
    assert completed("bash", place, "neurocmc show nowhere spiking inh") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str, place: Path) -> None:
    done = subprocess.run(
        [place / "bin" / "neurocmc", "--show-completion", shell],
        env={**os.environ, "PYTHONPATH": str(ROOT), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=True,
    )
    assert "_NEUROCMC_COMPLETE" in done.stdout
