"""Paths that lead to not a regular file, or to none at all: refused by name, at once, with nothing written."""

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.running import CHECKPOINT, CIRCUIT, ROOT, listing, run, run_process

STUDY = "name: s\nrecipe: {recipe}\nregions: [1]\nseeds: [0]\n"
FAMILY = "family: cmc\ntask: {task}\nimages: 50\n"
RECIPE = ROOT / "models" / "cmc-v1.yaml"

Arguments = tuple[str | Path, ...]


def in_a_study(path: Path) -> Arguments:
    """A study whose recipe is at `path`."""
    plan = path.parent / "plan.yaml"
    plan.write_text(STUDY.format(recipe=path))
    return ("study", plan, "-o", path.parent / "out")


def with_images_at(path: Path) -> Arguments:
    """A recipe whose images are at `path`, which is named as a file of images."""
    recipe = path.parent / "recipe.yaml"
    recipe.write_text(FAMILY.format(task=f"idx:{path}"))
    return ("train", recipe, "-o", path.parent / "m.pt")


def as_a_state(path: Path) -> Arguments:
    """A training that is to go on from the state at `path`."""
    return ("train", RECIPE, "-o", path.parent / path.name.removesuffix(".resume"), "--resume")


def in_an_artifact(path: Path) -> Arguments:
    """An artifact whose manifest is at `path`."""
    return ("budget", path.parent)


# How a command comes to read a file -> its name there, what it says is needed, and the command.
READ: dict[str, tuple[str, str, Callable[[Path], Arguments]]] = {
    "inspect a checkpoint": ("m.pt", "a checkpoint", lambda path: ("inspect", path)),
    "inspect a circuit": ("c.yaml", "a YAML file", lambda path: ("inspect", path)),
    "compile": ("c.yaml", "a YAML file", lambda path: ("compile", path, "--target", "loihi1", "-o", "out")),
    "a target": ("t.yaml", "a YAML file", lambda path: ("compile", CIRCUIT, "--target", path, "-o", "out")),
    "targets": ("t.yaml", "a YAML file", lambda path: ("targets", path)),
    "a demo's target": ("t.yaml", "a YAML file", lambda path: ("demo", "up-state", "--target", path)),
    "train": ("r.yaml", "a YAML file", lambda path: ("train", path, "-o", path.parent / "m.pt")),
    "images": ("images-idx3", "a file of images", with_images_at),
    "resume": ("m.pt.resume", "the state of a training", as_a_state),
    "study": ("s.yaml", "a YAML file", lambda path: ("study", path, "-o", path.parent / "out")),
    "a study's recipe": ("r.yaml", "a YAML file", in_a_study),
    "cores": (
        "c.json",
        "a file of RANC or a corelet description",
        lambda path: ("simulate", path, "--on", "emulator", "--ticks", "3", "-o", path.parent / "o.npz"),
    ),
    "a manifest": ("manifest.json", "a manifest", in_an_artifact),
}
SPECIAL = ("a pipe", "a device", "a socket", "a directory")


@contextmanager
def special(path: Path, called: str) -> Iterator[None]:
    """Something at `path` that is not a regular file."""
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        match called:
            case "a pipe":
                os.mkfifo(path)  # nobody writes into it: whoever opens it for reading waits for ever
            case "a device":
                path.symlink_to("/dev/zero")  # it never ends
            case "a socket":
                here = Path.cwd()
                os.chdir(path.parent)
                listening.bind(path.name)
                os.chdir(here)
            case _:
                path.mkdir()
        yield


@pytest.mark.parametrize("called", SPECIAL)
@pytest.mark.parametrize("how", READ)
def test_what_is_no_regular_file(how: str, called: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, needed, arguments = READ[how]
    path = tmp_path / "in" / name
    monkeypatch.chdir(tmp_path)
    if called == "a directory" and how in ("inspect a checkpoint", "inspect a circuit", "compile", "cores", "images"):
        pytest.skip("a directory is taken for an artifact there, or for a folder of images")
    with special(path, called):
        before = sorted(listing(tmp_path))
        command = arguments(path)
        shown = run(*command)
    assert (shown.code, shown.out) == (2, ""), shown.err
    assert f"is {called}, {needed} is needed" in " ".join(shown.err.split())
    assert str(path) in shown.err
    new = set(listing(tmp_path)) - set(before)
    assert new <= {"in/plan.yaml", "in/recipe.yaml"}


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("compiled") / "build"
    shown = run("compile", CIRCUIT, "--target", "loihi1", "--neurons", "8", "-o", build)
    assert shown.code == 0, shown.err
    return build


@pytest.mark.parametrize("called", SPECIAL)
def test_a_stimulus_that_is_no_regular_file(called: str, artifact: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    with special(path, called):
        for command in (
            ("simulate", artifact, "--on", "rate", "--stimulus", path, "-o", tmp_path / "o.npz"),
            ("robustness", artifact, "--stimulus", path, "--kinds", "dead", "--seeds", "1", "-o", tmp_path / "r"),
        ):
            shown = run(*command)
            assert (shown.code, shown.out) == (2, "")
            assert f"is {called}, an .npz file is needed" in " ".join(shown.err.split())
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.npz"]


@pytest.mark.parametrize("name", ["ir/10-rate.json", "ir/20-spiking.npz", "target.yaml", "budget.json"])
def test_a_member_that_is_no_regular_file(name: str, artifact: Path, tmp_path: Path) -> None:
    import shutil

    build = Path(shutil.copytree(artifact, tmp_path / "build"))
    (build / name).unlink()
    os.mkfifo(build / name)
    for command in (("budget", build), ("verify", build)):
        shown = run(*command)
        assert (shown.code, shown.out) == (2, "")
        assert str(build / name) in shown.err


LONG, NUL, BYTES = "n" * 300, "a\0b", "a\udcff"
NAMED: dict[str, Callable[[str, Path], Arguments]] = {
    "model": lambda name, here: ("inspect", here / f"{name}.yaml"),
    "model of compile": lambda name, here: ("compile", here / f"{name}.pt", "--target", "loihi1", "-o", here / "o"),
    "output of compile": lambda name, here: ("compile", CIRCUIT, "--target", "loihi1", "-o", here / name),
    "target": lambda name, here: ("compile", CIRCUIT, "--target", f"{here}/{name}.yaml", "-o", here / "o"),
    "targets": lambda name, here: ("targets", f"{here}/{name}.yaml"),
    "artifact": lambda name, here: ("budget", here / name),
    "artifact of verify": lambda name, here: ("verify", here / name),
    "recipe": lambda name, here: ("train", here / f"{name}.yaml", "-o", here / "m.pt"),
    "checkpoint": lambda name, here: ("train", CHECKPOINT.with_suffix(".yaml"), "-o", here / f"{name}.pt"),
    "study": lambda name, here: ("study", here / f"{name}.yaml", "-o", here / "o"),
    "folder of a study": lambda name, here: ("study", CIRCUIT, "-o", here / name),
    "recording": lambda name, here: ("simulate", here, "--on", "rate", "-o", here / f"{name}.npz"),
    "cores": lambda name, here: ("simulate", here / f"{name}.json", "--on", "emulator", "-o", here / "o.npz"),
    "folder of robustness": lambda name, here: ("robustness", here, "-o", here / name),
    "folder of a demo": lambda name, here: ("demo", "up-state", "-o", here / name),
    "images": lambda name, here: ("inspect", CHECKPOINT, "--images", f"idx:{here}/{name}"),
}


@pytest.mark.parametrize(
    ("name", "told"),
    [(LONG, "bytes, limit 255"), (NUL, "(holds a NUL|embedded null byte)"), (BYTES, "is not UTF-8")],
    ids=["long", "NUL", "bytes"],
)
@pytest.mark.parametrize("how", NAMED)
def test_names_that_are_none(how: str, name: str, told: str, tmp_path: Path) -> None:
    if how == "images" and name == LONG:
        pytest.skip("a checkpoint of ours states itself which images it was trained on")
    shown = run(*NAMED[how](name, tmp_path))
    assert (shown.code, shown.out) == (2, ""), shown.err
    assert re.search(told, " ".join(shown.err.split()))
    assert listing(tmp_path) == {}


def test_a_stimulus_whose_name_is_none(artifact: Path, tmp_path: Path) -> None:
    for name, told in ((LONG, "bytes, limit 255"), (NUL, "holds a NUL"), (BYTES, "is not UTF-8")):
        shown = run(
            "simulate", artifact, "--on", "rate", "--stimulus", f"{tmp_path}/{name}.npz", "-o", tmp_path / "o.npz"
        )
        assert (shown.code, shown.out) == (2, "")
        assert told in " ".join(shown.err.split())
    assert listing(tmp_path) == {}


def test_a_checkpoint_beside_which_its_state_could_not_stand(tmp_path: Path) -> None:
    """A name of 250 bytes is sound, that of the state beside it is not; found before the training."""
    shown = run("train", RECIPE, "-o", tmp_path / ("m" * 250))
    assert shown.code == 2
    assert "a name of 257 bytes" in shown.err
    assert "epoch" not in shown.err


def test_a_name_of_the_shell_that_is_not_utf_8(tmp_path: Path) -> None:
    """As a real process, whose arguments are bytes."""
    (tmp_path / os.fsdecode(b"c\xff.yaml")).write_text(CIRCUIT.read_text())
    for more in ((), ("--json",)):
        shown = run_process("inspect", os.fsdecode(b"c\xff.yaml"), *more, cwd=tmp_path)
        assert shown.code == 2, shown.err
        assert "path-impossible" in shown.err + shown.out
        assert "\\udcff" in shown.err + shown.out


def test_names_as_long_as_they_may_be(tmp_path: Path) -> None:
    name = "n" * 250 + ".yaml"
    (tmp_path / name).write_text(CIRCUIT.read_text())
    shown = run("compile", tmp_path / name, "--target", "brian2", "--neurons", "8", "-o", tmp_path / ("o" * 255))
    assert shown.code == 0, shown.err
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [name, "o" * 255]
