"""Bad input: one screen that names the thing and the cure, exit code 2, nothing left on disk."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from syrupy.assertion import SnapshotAssertion

from neurocmc.circuits.checkpoints import save_checkpoint
from tests.cli.running import CHECKPOINT, CIRCUIT, ONE_SCREEN, ROOT, listing, run

TARGETS = ROOT / "targets"


class Hostile:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return (exec, ("open('pwned', 'w')",))


def _changed(change: Callable[[dict[str, Any]], object]) -> None:
    plain = torch.load(CHECKPOINT, weights_only=True)
    change(plain)
    save_checkpoint(plain, Path("m.pt"))


def _edited(source: Path, name: str, *changes: tuple[str, str]) -> None:
    text = source.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    Path(name).write_text(text)


def truncated() -> tuple[str, ...]:
    Path("m.pt").write_bytes(CHECKPOINT.read_bytes()[:40_000])
    return ("m.pt",)


def bare_pickle() -> tuple[str, ...]:
    Path("m.pt").write_bytes(pickle.dumps({"state_dict": Hostile()}))
    return ("m.pt",)


def pickled_object() -> tuple[str, ...]:
    _changed(lambda plain: plain.update(metrics=Hostile()))
    return ("m.pt",)


def not_a_number() -> tuple[str, ...]:
    _changed(lambda plain: plain["state_dict"]["encoder.conv2.weight"][3, 2, 1].fill_(float("nan")))
    return ("m.pt",)


def wrong_shape() -> tuple[str, ...]:
    _changed(lambda plain: plain["state_dict"].update({"encoder.evidence.bias": torch.ones(11)}))
    return ("m.pt",)


def unknown_target() -> tuple[str, ...]:
    return (str(CHECKPOINT), "--target", "lohi1")


def misspelled_circuit() -> tuple[str, ...]:
    _edited(CIRCUIT, "c.yaml", ("excite: {size: 4,", "excite: {sizes: 4,"), ("readouts:", "readuots:"))
    return ("c.yaml",)


def misspelled_target() -> tuple[str, ...]:
    _edited(TARGETS / "loihi1.yaml", "t.yaml", ("  decay_bits:", "  decay_bit:"))
    return (str(CIRCUIT), "--target", "t.yaml")


def too_large() -> tuple[str, ...]:
    source = TARGETS / "loihi1.yaml"
    smaller = ("cores_per_chip: {value: 128", "cores_per_chip: {value: 2")
    _edited(source, "t.yaml", ("name: loihi1", "name: small"), smaller)
    return (str(CIRCUIT), "--target", "t.yaml", "--neurons", "500")


def beyond_the_stability_bound() -> tuple[str, ...]:
    _changed(lambda plain: plain["state_dict"]["circuit.alpha"].fill_(1.9))
    return ("m.pt",)


def runs_away() -> tuple[str, ...]:
    _edited(CIRCUIT, "c.yaml", ("value: 1.2}", "value: 3.5}"))
    return ("c.yaml",)


def no_file() -> tuple[str, ...]:
    return ("m.pt",)


def not_a_model() -> tuple[str, ...]:
    Path("m.txt").write_text("name: circuit")
    return ("m.txt",)


def two_sizes_asked_for() -> tuple[str, ...]:
    return (str(CIRCUIT), "--neurons", "8", "--max-error", "0.1")


def foreign_directory() -> tuple[str, ...]:
    Path("out").mkdir()
    Path("out/thesis.tex").write_text("years of work")
    return (str(CIRCUIT),)


CASES = [
    truncated,
    bare_pickle,
    pickled_object,
    not_a_number,
    wrong_shape,
    unknown_target,
    misspelled_circuit,
    misspelled_target,
    too_large,
    beyond_the_stability_bound,
    runs_away,
    no_file,
    not_a_model,
    two_sizes_asked_for,
    foreign_directory,
]


@pytest.mark.parametrize("case", CASES)
def test_bad_input(
    case: Callable[[], tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [*case(), "-o", "out"]
    if "--target" not in arguments:
        arguments += ["--target", "loihi1"]
    before = listing(tmp_path)

    shown = run("compile", *arguments)
    assert shown.code == 2
    assert shown.out == ""
    told = [line for line in shown.err.splitlines(keepends=True) if not line.startswith("compile: ")]
    message = "".join(told).replace(f"{tmp_path}/", "")
    assert len(message.splitlines()) <= ONE_SCREEN
    assert max(len(line) for line in message.splitlines()) <= 100
    assert message == snapshot

    as_json = run("compile", *arguments, "--json")
    assert as_json.code == 2
    error = json.loads(as_json.out)["error"]
    assert error["headline"] == message.split(" ─")[0]
    for problem in error["problems"]:
        assert set(problem) == {"id", "where", "what", "cure"}
        assert problem["where"].replace(f"{tmp_path}/", "") in message
    assert listing(tmp_path) == before


@pytest.mark.parametrize("command", ["inspect", "compile"])
def test_a_recipe_is_no_circuit(command: str, tmp_path: Path) -> None:
    more = ("--target", "loihi1", "-o", tmp_path / "build") if command == "compile" else ()
    shown = run(command, CHECKPOINT.with_suffix(".yaml"), *more)
    assert (shown.code, shown.out) == (2, "")
    assert "[recipe-not-a-circuit]" in shown.err
    assert "neurocmc train" in shown.err


def test_an_output_in_the_way_is_found_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("mine")
    shown = run("compile", CIRCUIT, "--target", "loihi1", "-o", tmp_path / "build")
    assert (shown.code, shown.out) == (2, "")
    assert "[not-a-folder]" in shown.err
    assert shown.err.count("compile:") == 1  # no stage was begun but the reading of the model


def test_a_file_of_an_artifact_is_not_the_artifact(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    shown = run("budget", tmp_path / "manifest.json")
    assert shown.code == 2
    assert "[not-an-artifact]" in shown.err
    assert "a directory made by `neurocmc compile`" in " ".join(shown.err.split())


@pytest.mark.parametrize("command", ["simulate", "verify", "budget"])
@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch], ids=["missing", "empty", "file"])
def test_what_is_not_an_artifact(command: str, make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "build")
    before = listing(tmp_path)
    more = ("--on", "rate", "-o", tmp_path / "out.npz") if command == "simulate" else ()
    shown = run(command, tmp_path / "build", *more)
    assert (shown.code, shown.out) == (2, "")
    assert str(tmp_path / "build") in shown.err
    assert listing(tmp_path) == before


@pytest.mark.parametrize(
    ("output", "words"), [("no/such/folder/m.pt", "[folder-missing]"), (".", "[not-a-regular-file]")]
)
def test_an_output_that_cannot_be_written_is_found_before_the_work(output: str, words: str, tmp_path: Path) -> None:
    recipe = CHECKPOINT.with_suffix(".yaml")
    shown = run("train", recipe, "-o", tmp_path / output)
    assert shown.code == 2
    assert words in shown.err
    assert "epoch" not in shown.err


def test_a_misspelled_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.chdir(tmp_path)
    _edited(CHECKPOINT.with_suffix(".yaml"), "r.yaml", ("  epochs: 30", "  epoch: 30"))
    shown = run("train", "r.yaml", "-o", "m.pt")
    assert (shown.code, shown.out) == (2, "")
    assert shown.err == snapshot
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.yaml"]
