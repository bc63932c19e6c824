"""What ships is found by its name, in every folder; a file that is there comes first."""

import shutil
from pathlib import Path

import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_folder
from neurocmc.frontends.circuit_file import ENDING
from neurocmc.pipeline.bundled import KINDS, bundled, found_model, found_recipe, rules_of
from tests.torch_extra import needs_torch


def test_everything_in_the_folder_is_listed_once_with_what_it_is() -> None:
    files = {path.name for path in resource_folder("models").iterdir() if path.suffix in (".pt", ".nir", ".yaml")}
    files |= {path.name for path in resource_folder("models").glob(f"*{ENDING}")}
    listed = [path.name for entry in bundled() for path in entry.files]
    assert sorted(listed) == sorted(files)
    assert all(entry.about and entry.about[0].isupper() for entry in bundled())
    assert not any(mark in entry.about for entry in bundled() for mark in "`*\n")
    order = [(KINDS.index(entry.kind), entry.name) for entry in bundled()]
    assert order == sorted(order)


def test_a_name_stands_for_its_file_and_a_file_that_is_there_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = resource_folder("models")
    assert found_model(Path("two-state")) == folder / "two-state.yaml"
    assert found_model(Path("two-state.yaml")) == folder / "two-state.yaml"
    assert found_model(Path(f"cmc-v1v3{ENDING}")) == folder / f"cmc-v1v3{ENDING}"
    assert found_recipe(Path("cmc-v1")) == folder / "cmc-v1.yaml"
    shutil.copy(folder / "turnstile.yaml", tmp_path / "two-state.yaml")
    assert found_model(Path("two-state.yaml")) == Path("two-state.yaml")
    for path in (Path("mine/two-state.yaml"), Path("/nowhere/two-state.yaml"), Path("mine.yaml")):
        assert found_model(path) == path  # its reader says that it is missing


def test_without_torch_a_name_stands_for_the_file_that_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurocmc.pipeline.bundled.is_installed", lambda _name: False)
    assert found_model(Path("swta-digits")).name == f"swta-digits{ENDING}"


@needs_torch
def test_with_torch_a_name_stands_for_the_checkpoint() -> None:
    assert found_model(Path("swta-digits")).name == "swta-digits.pt"


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"\[model-unknown\]\n.*did you mean swta-digits\?"):
        found_model(Path("swta-digit"))
    with pytest.raises(InputError, match=r"no recipe of this name \[model-unknown\]\n.*cmc-v1\?"):
        found_recipe(Path("cmcv1"))


def test_the_same_names_serve_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert neurocmc.load("two-state").circuit.units == 13
    with pytest.raises(neurocmc.NeurocmcError, match=r"\[model-unknown\]"):
        neurocmc.compile("tow-state-machine", out="out")


def test_what_a_spiking_file_does_not_say_itself_is_known_of_those_that_ship(tmp_path: Path) -> None:
    path = resource_folder("models") / "digits-snntorch.nir"
    rules = rules_of(path)
    assert rules is not None
    assert f"--semantics {rules.semantics} --reset {rules.reset}" in path.with_suffix(".md").read_text()
    assert (path.parent / rules.events).is_file()
    assert rules_of(tmp_path / "digits-snntorch.nir") is None
