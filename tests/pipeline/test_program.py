"""Nothing of an artifact's program is run: what is run was emitted again from the levels, and is the same."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.pipeline.artifact import open_artifact
from neurocmc.pipeline.child_program import ISOLATED, edge_unless_run
from neurocmc.pipeline.emitted import emitted_edges
from neurocmc.pipeline.program import check_nothing_added, emitted_again
from tests.cli.running import CIRCUIT, listing, run

TARGETS = ("brian2", "loihi1", "truenorth")
TRAP = "open({mark!r}, 'w').write('ran')\nraise SystemExit(0)\n"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The artifact of the example for a target, compiled once."""
    folder = tmp_path_factory.mktemp("compiled")

    def build(target: str) -> Path:
        if not (folder / target).exists():
            shown = run(
                "compile", CIRCUIT, "--target", target, "--neurons", "32", "--no-figures", "-o", folder / target
            )
            assert shown.code == 0, shown.err
        return folder / target

    return build


@pytest.fixture
def build(compiled: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy of it, to be written into."""
    return lambda target: Path(shutil.copytree(compiled(target), tmp_path / "build"))


def forge(folder: Path, name: str) -> None:
    """Set the hash of a file right in the manifest."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_stimulus_of_the_artifact_is_checked_as_one_that_is_given(build: Callable[[str], Path]) -> None:
    folder, name = build("brian2"), "stimuli/switch.npz"
    with np.load(folder / name) as stimulus:
        arrays = dict(stimulus)
    arrays["edges_s"][0] = -1e308
    np.savez(folder / name, **arrays)
    forge(folder, name)
    for arguments in (("simulate", folder, "--on", "staged", "-o", folder.parent / "o.npz"), ("verify", folder)):
        shown = run(*arguments)
        assert (shown.code, shown.out) == (2, "")
        assert "[times-disordered]" in shown.err
        assert "Warning" not in shown.err


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught, emitted_again(open_artifact(folder)):
        pytest.fail("it was emitted, and could be run")
    return str(caught.value)


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_emitted_again_is_the_program_byte_for_byte(compiled: Callable[[str], Path], target: str) -> None:
    folder = compiled(target)
    with emitted_again(open_artifact(folder)) as program:
        assert listing(program) == listing(folder / "program")
        assert folder not in program.parents
    assert not program.exists()


@pytest.mark.parametrize("target", TARGETS)
def test_a_program_whose_hashes_were_forged_is_refused_by_name(build: Callable[[str], Path], target: str) -> None:
    folder = build(target)
    for path in sorted((folder / "program").rglob("*")):
        if path.is_file():
            sound, name = path.read_bytes(), path.relative_to(folder).as_posix()
            path.write_bytes(b"\n" + sound)
            forge(folder, name)
            told = refusal(folder)
            assert f"{path}: is not what the levels of the artifact emit" in told
            assert "cure: compile again" in told
            path.write_bytes(sound)
            forge(folder, name)
    assert is_emitted(folder)


def is_emitted(folder: Path) -> bool:
    with emitted_again(open_artifact(folder)):
        return True


def test_a_file_that_was_taken_out_of_program_and_manifest(build: Callable[[str], Path]) -> None:
    folder = build("brian2")
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"]["program/README.md"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "program" / "README.md").unlink()
    assert f"{folder / 'program' / 'README.md'}: it is missing" in refusal(folder)


def test_a_file_that_was_added_to_program_and_manifest(build: Callable[[str], Path]) -> None:
    folder = build("brian2")
    (folder / "program" / "numpy.py").write_text("")
    forge(folder, "program/numpy.py")
    assert f"{folder / 'program' / 'numpy.py'}: is no part of the program" in refusal(folder)


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        ("program/numpy.py", write, "is not listed in the manifest"),
        ("program/numpy/__init__.py", write, "is not listed in the manifest"),
        ("program/brian2.so", write, "is not listed in the manifest"),
        ("sitecustomize.py", write, "is not listed in the manifest"),
        ("ir/50-more.npz", write, "is not listed in the manifest"),
        ("figures/run.py", write, "is not listed in the manifest"),
        ("robustness/run.py", write, "is not listed in the manifest"),
        ("figures/deep/a.png", write, "is not listed in the manifest"),
        ("notes", lambda path: path.symlink_to("/etc"), "is a link, an artifact holds files alone"),
        ("program/data", lambda path: path.symlink_to("/etc"), "is a link, an artifact holds files alone"),
        ("program/os.py", lambda path: path.symlink_to("run.py"), "is a link, an artifact holds files alone"),
        ("program/pipe", os.mkfifo, "is not listed in the manifest"),
        ("verify.json", os.mkfifo, "is not listed in the manifest"),
    ],
)
def test_what_was_added_is_refused_by_name(
    name: str, make: Callable[[Path], None], told: str, build: Callable[[str], Path]
) -> None:
    folder = build("brian2")
    make(folder / name)
    with pytest.raises(InputError) as caught:
        check_nothing_added(open_artifact(folder))
    (problem,) = caught.value.problems
    assert (problem.where, problem.cure) == (str(folder / name), "move it out of the artifact")
    assert problem.what.startswith(told)


def test_many_added_files_are_one_screen(build: Callable[[str], Path]) -> None:
    folder = build("brian2")
    for number in range(50):
        write(folder / "program" / f"{number}.py")
    with pytest.raises(InputError) as caught:
        check_nothing_added(open_artifact(folder))
    assert len(caught.value.problems) == 21
    assert "30 more such files" in str(caught.value)


def test_what_neurocmc_writes_later_may_be_there(build: Callable[[str], Path]) -> None:
    folder = build("brian2")
    later = (
        "verify.json",
        "figures/errors.png",
        "figures/film.gif",
        "robustness/trials.csv",
        "robustness/table.md",
        "robustness/robustness.png",
        ".verify.json.abcdefgh.part",
        "variants/without-pv.yaml",
        "variants/without-pv/program/run.py",
    )
    for name in later:
        write(folder / name)
    check_nothing_added(open_artifact(folder))


@pytest.mark.parametrize("name", ["numpy.py", "brian2.py", "sitecustomize.py", "usercustomize.py"])
def test_verify_runs_no_file_that_was_added(
    name: str, build: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, mark = build("brian2"), tmp_path / "ran"
    (folder / "program" / name).write_text(TRAP.format(mark=str(mark)))
    monkeypatch.chdir(folder / "program")
    shown = run("verify", folder, "--samples", "1", "--no-figures")
    assert (shown.code, shown.out) == (2, "")
    assert str(folder / "program" / name) in shown.err
    assert not mark.exists()
    assert not (folder / "verify.json").exists()


def test_verify_runs_no_program_that_was_altered(build: Callable[[str], Path], tmp_path: Path) -> None:
    folder, mark = build("brian2"), tmp_path / "ran"
    script = folder / "program" / "run.py"
    script.write_text(TRAP.format(mark=str(mark)) + script.read_text())
    forge(folder, "program/run.py")
    shown = run("verify", folder, "--samples", "1", "--no-figures")
    assert (shown.code, shown.out) == (2, "")
    assert str(script) in shown.err
    assert not mark.exists()
    assert not (folder / "verify.json").exists()


@pytest.mark.parametrize("change", ["altered", "added"])
def test_lava_is_not_given_what_was_altered(
    change: str, build: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, mark = build("loihi1"), tmp_path / "ran"
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ntouch {mark}\n")
    python.chmod(0o755)
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", str(python))
    if change == "added":
        write(folder / "program" / "lava.py")
    else:
        (folder / "program" / "run.py").write_text("")
        forge(folder, "program/run.py")
    shown = run("simulate", folder, "--on", "lava", "--duration", "0.1", "-o", tmp_path / "out.npz")
    assert (shown.code, shown.out) == (2, "")
    assert str(folder / "program" / ("lava.py" if change == "added" else "run.py")) in shown.err
    assert not mark.exists()


def test_the_script_runs_isolated_whatever_the_folder_and_the_environment(
    compiled: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traps, mark = tmp_path / "traps", tmp_path / "ran"
    for name in ("numpy.py", "brian2.py", "sitecustomize.py", "argparse.py"):
        write(traps / name)
        (traps / name).write_text(TRAP.format(mark=str(mark)))
    (traps / "brian_preferences").write_text("no = preferences")
    monkeypatch.chdir(traps)
    for name in ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME"):
        monkeypatch.setenv(name, str(traps))
    artifact = open_artifact(compiled("brian2"))
    (edge,) = emitted_edges(artifact, artifact.stimuli.test[0])
    assert (edge.verdict, edge.value) == ("pass", 0.0), edge
    assert not mark.exists()


def test_a_module_that_an_isolated_interpreter_lacks_is_no_miss(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("import no_such_module")
    edge = edge_unless_run("a ~ b", [sys.executable, ISOLATED, str(tmp_path / "run.py")], tmp_path)
    assert edge is not None
    assert edge.verdict == "not run"
    assert "isolated from its environment, lacks a module" in edge.note


def test_without_a_copy_of_the_model_all_but_one_edge_is_as_before(
    compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    whole, bare = compiled("loihi1"), tmp_path / "bare"
    shown = run(
        "compile", CIRCUIT, "--target", "loihi1", "--neurons", "32", "--no-source", "--no-figures", "-o", bare
    )
    assert shown.code == 0, shown.err
    assert "no copy is in the artifact" in shown.out
    files = listing(whole).keys() - listing(bare).keys()
    assert files == {"circuit.yaml"}
    assert json.loads((bare / "manifest.json").read_text())["source"] is None
    assert "the artifact holds no copy of the model" in (bare / "report.html").read_text()
    assert "the artifact holds a copy of the model" in (whole / "report.html").read_text()

    shown = run("verify", bare, "--samples", "1", "--no-figures", "--json")
    assert shown.code == 0, shown.err
    edges = {edge["name"]: edge for edge in json.loads(shown.out)["edges"]}
    assert edges["torch ~ rate"]["verdict"] == "not run"
    assert edges["torch ~ rate"]["note"].startswith("it was compiled with --no-source")
    assert edges["emulator ~ emitted"]["verdict"] == "pass"
    for arguments in (("budget", bare), ("simulate", bare, "--on", "emulator", "-o", tmp_path / "out.npz")):
        assert run(*arguments).code == 0
    with pytest.raises(InputError, match=r"\[source-left-out\]"):
        open_artifact(bare).model()
