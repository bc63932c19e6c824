"""How two artifacts differ: nothing for the same, and by name what options, levels, budgets and verdicts say."""

import json
import shutil
from pathlib import Path

import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.pipeline.difference import Difference, differences
from tests.cli.running import ROOT, run

CIRCUIT = ROOT / "tests" / "hosts" / "chain.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("differences")
    for name, neurons in (("four", 4), ("again", 4), ("eight", 8)):
        neurocmc.compile(CIRCUIT, target="loihi1", out=folder / name, neurons=neurons, figures=False)
    return folder


def by_part(found: tuple[Difference, ...], part: str) -> dict[str, tuple[str, str]]:
    return {entry.where: (entry.first, entry.second) for entry in found if entry.part == part}


def test_the_same_compilation_twice_differs_in_nothing(made: Path) -> None:
    assert differences(made / "four", made / "again") == ()
    shown = run("diff", made / "four", made / "again")
    assert (shown.code, shown.out) == (0, "no difference in options, target, levels, budget and verdicts\n")


def test_options_levels_and_resources_differ_by_name(made: Path) -> None:
    found = differences(made / "four", made / "eight")
    assert by_part(found, "options")["neurons"] == ("4", "8")
    assert set(by_part(found, "options")) == {"neurons", "neurons_reason"}
    levels = by_part(found, "levels")
    assert levels["20-spiking: populations[a].neurons"] == ("4", "8")
    assert levels["20-spiking: populations/a/bias"] == ("array 2 x 4", "array 2 x 8")
    assert by_part(found, "budget")["in_all[compartments]: used"] == ("12", "24")
    assert not any(entry.detail for entry in found if entry.part == "options")
    assert {entry.where for entry in found if entry.part == "levels" and not entry.detail} == {
        "20-spiking",
        "30-integer",
        "40-chip",
    }


def test_entries_of_an_array_that_differ_are_counted_with_the_largest_difference(made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CIRCUIT.read_text().replace("weight: 0.5", "weight: 0.25"))
    assert other.read_text() != CIRCUIT.read_text()
    neurocmc.compile(other, target="loihi1", out=tmp_path / "other", neurons=4, figures=False)
    levels = by_part(differences(made / "four", tmp_path / "other"), "levels")
    (told,) = (second for where, (_, second) in levels.items() if where.startswith("10-rate: projections/"))
    assert told.endswith("entries differ, by 0.25 at most")


def test_verdicts_are_compared_once_both_are_verified(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "four", tmp_path / "four")
    shutil.copytree(made / "eight", tmp_path / "eight")
    neurocmc.verify(tmp_path / "four", figures=False)
    found = by_part(differences(tmp_path / "four", tmp_path / "eight"), "verification")
    assert found == {"verify.json": ("verified", "not verified yet")}
    neurocmc.verify(tmp_path / "eight", figures=False)
    found = by_part(differences(tmp_path / "four", tmp_path / "eight"), "verification")
    assert "rate ~ emulator: NRMSE of rates" in found


def test_what_is_told_as_json_is_what_is_found(made: Path) -> None:
    told = json.loads(run("diff", made / "four", made / "eight", "--json").out)
    assert len(told["differences"]) == len(differences(made / "four", made / "eight"))
    assert told["differences"][0] == {
        "part": "options",
        "where": "neurons",
        "first": "4",
        "second": "8",
        "detail": False,
    }


def test_a_folder_without_an_artifact_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\[not-an-artifact\]"):
        differences(made / "four", tmp_path)
