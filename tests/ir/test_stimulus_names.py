"""One rule for the names of stimuli: what a circuit may call one, every reader takes, and every file system."""

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InputError
from neurocmc.common.yaml_complaints import checked
from neurocmc.frontends.circuit_yaml import LoadedYaml, read_circuit_yaml
from neurocmc.ir.stimulus import LONGEST_NAME, Stimulus, as_name, name_fault, name_problems
from neurocmc.ir.store import load_stimulus, save_stimulus
from neurocmc.pipeline.compile import CompileOptions, compile_model
from neurocmc.pipeline.manifest import StimuliEntry
from neurocmc.pipeline.model import load
from neurocmc.pipeline.simulate import simulate
from tests.made.circuit_documents import TEXT

GOOD = ("pulse", "delay-2.5-tau", "images-test-997-of-1000", "7", "a_b.C-d", "x" * 64, "con1", "a..b", "nulls", "COM")
BAD = (
    "",
    ".hidden",
    "-rf",
    "_x",
    "a/b",
    "a\\b",
    "../up",
    "a b",
    "a:b",
    "ä",
    "a\n",
    "end.",
    "x" * 65,
    "a\0b",
    "d*g",
    "CON",
    "nul",
    "Aux",
    "prn",
    "com1",
    "LPT9",
    "con.2",
    "nul.tau.5",
)
NAMES = st.one_of(st.text(max_size=70), st.text("abzAZ019_.-", max_size=70), st.sampled_from(GOOD + BAD))


def written(folder: Path, *names: str) -> Path:
    """A circuit whose stimuli have these names."""
    path = folder / "circuit.yaml"
    flash = "{duration_s: 0.2, steps: [{at_s: 0.0504, drive: 1}]}"
    entries = "".join(f"  {json.dumps(name)}: {flash}\n" for name in names)
    path.write_text(TEXT[: TEXT.index("  pulse:")] + entries)
    return path


def stimulus(name: str) -> Stimulus:
    return Stimulus(
        name=name, duration_s=0.1, edges_s=np.zeros(1), values={"drive": np.zeros((1, 1, 3))}, labels=np.array([-1])
    )


@pytest.mark.parametrize("name", GOOD)
def test_names_that_are_taken(name: str, tmp_path: Path) -> None:
    assert name_fault(name) is None
    assert as_name(name) == name
    assert read_circuit_yaml(written(tmp_path, name)).stimuli[0].name == name
    save_stimulus(stimulus(name), tmp_path / f"{name}.npz")
    assert load_stimulus(tmp_path / f"{name}.npz").name == name


@pytest.mark.parametrize("name", BAD)
def test_names_that_are_refused_at_every_door(name: str, tmp_path: Path) -> None:
    words = "at most 64 characters" if len(name) > LONGEST_NAME else "cannot be part of a file name"
    with pytest.raises(InputError, match=words):
        read_circuit_yaml(written(tmp_path, name))
    assert words in stimulus(name).problems(())[0].what
    with pytest.raises(InputError, match=words):
        save_stimulus(stimulus(name), tmp_path / "s.npz")
    np.savez(tmp_path / "s.npz", name=name, duration_s=1.0, edges_s=[0.0], **{"value/drive": np.zeros((1, 1, 3))})
    if "\0" not in name:  # numpy ends a text there
        with pytest.raises(InputError, match=rf"s\.npz: name: .*{words}"):
            load_stimulus(tmp_path / "s.npz")
    entry, faults = checked({"calibration": [name], "test": []}, StimuliEntry)
    assert entry is None
    assert words in faults[0].what


@settings(max_examples=150)
@given(name=NAMES)
def test_what_a_circuit_may_be_called_the_reader_of_artifacts_takes(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if any("\ud800" <= character <= "\udfff" for character in name):
        return
    folder = tmp_path_factory.mktemp("names")
    found: LoadedYaml | None = None
    with suppress(InputError):
        found = read_circuit_yaml(written(folder, name))
    taken = found is not None and found.stimuli[0].name == name
    entry, _ = checked({"calibration": [name], "test": [name]}, StimuliEntry)
    assert taken == (entry is not None) == (name_fault(name) is None)
    if taken:
        path = folder / f"{name}.npz"
        save_stimulus(stimulus(name), path)
        assert path.parent == folder
        assert load_stimulus(path).name == name


@settings(max_examples=200)
@given(text=NAMES)
def test_a_file_gives_a_name_whatever_it_is_called(text: str) -> None:
    name = as_name(text)
    assert name_fault(name) is None
    assert as_name(name) == name
    assert name == text or name_fault(text) is not None


def test_a_file_without_a_name_in_it_gives_its_own(tmp_path: Path) -> None:
    for file, name in (("mine (2).npz", "mine-2-"), (".npz", "stimulus-"), ("nul.npz", "stimulus-nul")):
        np.savez(tmp_path / "s.npz", duration_s=1.0, edges_s=[0.0], **{"value/drive": np.zeros((1, 1, 3))})
        (tmp_path / "s.npz").rename(tmp_path / file)
        assert load_stimulus(tmp_path / file).name == name


def test_names_that_differ_only_in_case_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_circuit_yaml(written(tmp_path, "Cue", "rest", "cue"))
    told = str(caught.value).replace(f"{tmp_path}/", "")
    assert told == (
        "circuit.yaml:17: stimuli.cue: the name differs from Cue only in case: their files could be one"
        " [stimulus-name]\n    cure: give another name"
    )
    assert [problem.where for problem in name_problems(["a", "B", "A", "a"])] == ["stimulus 'A'"]
    entry, faults = checked({"calibration": ["Cue"], "test": ["cue", "Cue"]}, StimuliEntry)
    assert entry is None
    assert "differs from Cue only in case" in faults[0].what


def test_a_point_in_a_name_goes_all_the_way(tmp_path: Path) -> None:
    """Compiled, opened again, run by its name; the emitted program has a file of it."""
    model = load(written(tmp_path, "delay-2.5-tau", "7"))
    for target in ("loihi1", "truenorth", "brian2"):
        artifact = compile_model(model, target, tmp_path / target, CompileOptions(neurons=8, figures=False))
        assert list(artifact.stimuli.by_name()) == ["delay-2.5-tau", "7"]
        assert (tmp_path / target / "program" / "stimulus-delay-2.5-tau.npz").is_file()
        assert simulate(artifact, "rate", "delay-2.5-tau").stimulus == "delay-2.5-tau"
