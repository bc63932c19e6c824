"""Studies of any family: measures and families of one's own, rows for what fails, and nothing done twice."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurocmc.common.errors import InputError
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.study.measured import MeasuredResult
from neurocmc.pipeline.study.pictures import draw, read_rows, rows_of
from neurocmc.pipeline.study.plan import changed, load_plan
from neurocmc.pipeline.study.run import run_study
from neurocmc.report.figures.measures import draw_measures
from tests.campaign.plans import CIRCUIT
from tests.cli.running import ROOT, run
from tests.extending.distribution import install
from tests.fuzz.corpus import RECIPE
from tests.torch_extra import needs_torch

STUDY = """
name: small
family: written
recipe: circuit.yaml
variants:
  whole: {}
  slow: {populations: {excite: {tau_ms: 20}}}
seeds: [0, 1]
measures: [circuit, {measure: "mine.py:drawn", with: {scale: 10}}]
"""
MINE = '''
import numpy as np

def drawn(made, scale=1.0):
    """What a seed draws, and the time constant of the circuit."""
    tau_ms = made.recipe["circuit"]["populations"]["excite"]["tau_ms"]
    return {"drawn": scale * np.random.default_rng(made.seed).random(), "tau_ms": np.float64(tau_ms),
            "told": f"{made.variant} {made.seed}", "truth": np.bool_(made.seed > 0)}

def half(made):
    if made.seed:
        raise ZeroDivisionError("odd")
    return {"half": 0.5}

def other(made):
    return {"units": 3}

def chips(made):
    return {"cores": made.artifact().built.cores_used}

not_a_number = lambda made: {"x": float("nan")}
not_a_dict = lambda made: 3
not_a_name = lambda made: {"Big Name": 3}
too_much = lambda made: {"x": [1, 2]}
number = 3
'''
FAMILY = '''
class Chains:
    suffix = ".yaml"

    def checked(self, document):
        if document.data["size"] < 1:
            from neurocmc.common.errors import InputError
            raise InputError(document.problem("field-wrong", ("size",), "is too small", "give 1 or more"))
        return document.data

    def make(self, recipe, seed, path, progress):
        text = CIRCUIT.replace("size: 2", f"size: {recipe['size']}").replace("[0.3, 0.2]", "0.3")
        path.write_text(text.replace("labels: [a, b], ", ""))
        return {"made_with": seed}

CIRCUIT = """TEXT"""
FAMILY = Chains()
'''.replace("TEXT", CIRCUIT)


def study(folder: Path, text: str = STUDY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "circuit.yaml").write_text(CIRCUIT)
    (folder / "mine.py").write_text(MINE)
    (folder / "family.py").write_text(FAMILY)
    (folder / "study.yaml").write_text(text)
    return folder / "study.yaml"


def measured(folder: Path, text: str = STUDY, place: Place | None = None) -> list[dict[str, str]]:
    """The rows of a study, without pictures."""
    done = run_study(study(folder, text), folder / "out", figures=False, place=place)
    assert isinstance(done, MeasuredResult)
    return list(csv.DictReader((folder / "out" / "runs.csv").open(newline="")))


def asked(measures: str) -> str:
    return STUDY.replace('[circuit, {measure: "mine.py:drawn", with: {scale: 10}}]', measures)


def test_a_measure_in_a_file_is_a_column_and_workers_change_nothing(tmp_path: Path) -> None:
    rows = measured(tmp_path / "here")
    assert [(row["variant"], row["seed"]) for row in rows] == [
        ("whole", "0"),
        ("slow", "0"),
        ("whole", "1"),
        ("slow", "1"),
    ]
    assert [row["tau_ms"] for row in rows] == ["10.0", "20.0"] * 2
    assert [row["told"] for row in rows] == ["whole 0", "slow 0", "whole 1", "slow 1"]
    assert [row["truth"] for row in rows] == ["False", "False", "True", "True"]
    assert rows[0]["drawn"] == rows[1]["drawn"] != rows[2]["drawn"]
    assert {row["units"] for row in rows} == {"2"}
    assert {row["error_id"] for row in rows} == {""}
    measured(tmp_path / "there", place=Place(workers=2))
    for path in (tmp_path / "here" / "out").rglob("*"):
        if path.is_file():
            there = tmp_path / "there" / path.relative_to(tmp_path / "here")
            assert there.read_bytes() == path.read_bytes()
    table = list(csv.DictReader((tmp_path / "here" / "out" / "table.csv").open(newline="")))
    assert [row["tau_ms_mean"] for row in table] == ["10.0", "20.0"]
    assert [row["truth_mean"] for row in table] == ["0.5", "0.5"]
    assert "told_mean" not in table[0]


def test_what_is_added_is_done_alone_and_a_changed_measure_again(tmp_path: Path) -> None:
    measured(tmp_path, asked("[circuit]"))
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").iterdir()}
    rows = measured(tmp_path, asked("[circuit, mine.py:drawn]").replace("[0, 1]", "[0, 1, 2]"))
    assert len(rows) == 6
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").iterdir()}
    assert before.items() < after.items()
    assert len(after) == 6 + 6 + 6  # circuits, and two measures of each
    first = [row["drawn"] for row in rows]
    study(tmp_path, asked("[circuit, mine.py:drawn]").replace("[0, 1]", "[0, 1, 2]"))
    (tmp_path / "mine.py").write_text(MINE.replace("scale * ", "2 * scale * "))
    run_study(tmp_path / "study.yaml", tmp_path / "out", figures=False)
    again = list(csv.DictReader((tmp_path / "out" / "runs.csv").open(newline="")))
    assert [float(row["drawn"]) for row in again] == [2 * float(value) for value in first]


def test_another_recipe_is_refused_in_one_message(tmp_path: Path) -> None:
    measured(tmp_path, asked("[circuit]"))
    (tmp_path / "circuit.yaml").write_text(CIRCUIT.replace("value: 0.5", "value: 0.4"))
    shown = run("study", tmp_path / "study.yaml", "-o", tmp_path / "out")
    assert shown.code == 2
    assert shown.err.count("[campaign-other]") == 1


def test_a_measure_that_fails_leaves_its_columns_empty_and_says_so(tmp_path: Path) -> None:
    rows = measured(tmp_path, asked("[circuit, mine.py:half]"))
    assert [row["half"] for row in rows] == ["0.5", "0.5", "", ""]
    assert [row["error_id"] for row in rows] == ["", "", "plug-in-broken", "plug-in-broken"]
    assert "ZeroDivisionError: odd" in rows[2]["error"]
    assert {row["units"] for row in rows} == {"2"}


@pytest.mark.parametrize("name", ["not_a_number", "not_a_dict", "not_a_name", "too_much"])
def test_a_measure_that_returns_what_no_table_holds(name: str, tmp_path: Path) -> None:
    rows = measured(tmp_path, asked(f"[mine.py:{name}]"))
    assert {row["error_id"] for row in rows} == {"measure-wrong"}


def test_two_measures_of_one_column_are_named(tmp_path: Path) -> None:
    rows = measured(tmp_path, asked("[circuit, mine.py:other]"))
    assert {(row["units"], row["error_id"]) for row in rows} == {("2", "measure-wrong")}


def test_a_chip_is_compiled_for_the_seeds_that_are_named(tmp_path: Path) -> None:
    text = asked("[chip, budget, mine.py:chips]") + "compile: {target: loihi1, neurons: 8, samples: 1, seeds: [1]}\n"
    rows = measured(tmp_path, text)
    assert [row["chip_cores"] for row in rows] == ["", "", "1", "1"]
    assert [row["cores"] for row in rows] == ["", "", "1", "1"]
    assert {row["error_id"] for row in rows} == {""}
    assert float(rows[2]["chip_nrmse"]) < 0.1
    assert len(list((tmp_path / "out" / "chips").iterdir())) == 2


def test_a_chip_is_compiled_for_the_variants_that_are_named(tmp_path: Path) -> None:
    compiled = "compile: {target: loihi1, neurons: 8, samples: 1, seeds: [1], variants: [slow]}\n"
    rows = measured(tmp_path, asked("[chip]") + compiled)
    assert [row["variant"] for row in rows if row["chip_neurons"]] == ["slow"]
    assert {row["error_id"] for row in rows} == {""}
    before = {path.name for path in (tmp_path / "out" / "chips").iterdir()}
    both = measured(tmp_path, asked("[chip]") + compiled.replace("[slow]", "[whole, slow]"))
    assert [row["variant"] for row in both if row["chip_neurons"]] == ["whole", "slow"]
    assert before < {path.name for path in (tmp_path / "out" / "chips").iterdir()}  # what was compiled is kept


def test_what_a_chip_refuses_is_a_row(tmp_path: Path) -> None:
    text = asked("[circuit, chip]") + "compile: {target: truenorth, code: rate}\n"
    rows = measured(tmp_path, text)
    assert {(row["units"], row["error_id"]) for row in rows} == {("2", "code-unfit")}


def test_without_a_chip_its_measures_are_refused(tmp_path: Path) -> None:
    rows = measured(tmp_path, asked("[chip, mine.py:chips]"))
    assert {row["error_id"] for row in rows} == {"measure-unfit"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("measures: [circuit", "measures: [circus"),
            r"study\.yaml:9: .*unknown\]\n.*did you mean circuit",
        ),
        (("mine.py:drawn", "none.py:drawn"), r"none\.py: no such file \[file-missing\]"),
        (("mine.py:drawn", "mine.py:none"), r"has no 'none' \[plug-in-unknown\]"),
        (("mine.py:drawn", "no_such_module:drawn"), r"no module 'no_such_module' \[plug-in-unknown\]"),
        (("mine.py:drawn", "mine.py:number"), r"is no function but a int \[plug-in-unknown\]"),
        (("scale: 10", "width: 10"), r"width.*\[measure-options\]"),
        (("family: written", "family: wirtten"), r"study\.yaml:3: .*\[plug-in-unknown\]\n.*did you mean written"),
        (("recipe: circuit.yaml", "recipe: none.yaml"), r"\[file-missing\]"),
        (("seeds: [0, 1]", "seeds: [0, 0]"), r"seeds lists one twice"),
        (("[circuit,", "[circuit, circuit,"), r"measures lists one twice"),
        (("seeds: [0, 1]", "seeds: [0, 1]\ncompile: {target: loihi7}"), r"\[target-unknown\]"),
        (("seeds: [0, 1]", "seeds: [0, 1]\ncompile: {variants: [half]}"), r"compile names half, which is no variant"),
        (
            ("seeds: [0, 1]", "seeds: [0, 1]\ncompile: {neuron: 7}"),
            r"neuron: unknown .*\n.*did you mean neurons",
        ),
        (("  whole: {}", "  who le: {}"), r"the name should match"),
        (("variants:\n  whole: {}\n  slow: {populations: {excite: {tau_ms: 20}}}\n", "variants: {}\n"), "variants"),
    ],
)
def test_a_plan_that_is_none(change: tuple[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told):
        load_plan(study(tmp_path, STUDY.replace(*change)))


def test_a_file_that_is_no_python_is_named(tmp_path: Path) -> None:
    path = study(tmp_path)
    (tmp_path / "mine.py").write_text("def :\n")
    with pytest.raises(InputError, match=r"cannot be imported \(SyntaxError.*\[plug-in-broken\]"):
        load_plan(path)


def test_a_variant_changes_fields_and_replaces_lists() -> None:
    recipe = {"a": {"b": 1, "c": [1, 2]}, "d": 3}
    assert changed(recipe, {"a": {"c": [9]}, "e": {"f": 1}}) == {"a": {"b": 1, "c": [9]}, "d": 3, "e": {"f": 1}}
    assert recipe == {"a": {"b": 1, "c": [1, 2]}, "d": 3}


def test_a_variant_that_is_no_circuit_is_a_row(tmp_path: Path) -> None:
    rows = measured(tmp_path, asked("[circuit]").replace("tau_ms: 20", "tau: 20"))
    assert [row["error_id"] for row in rows] == ["", "field-unknown"] * 2
    assert "slow-0.yaml" in rows[1]["error"]


def test_a_family_in_a_file_makes_circuits(tmp_path: Path) -> None:
    text = asked("[circuit, training]").replace("family: written", "family: family.py:FAMILY")
    text = text.replace("recipe: circuit.yaml", "recipe: chain.yaml").replace(
        "{populations: {excite: {tau_ms: 20}}}", "{size: 5}"
    )
    (tmp_path / "chain.yaml").write_text("size: 2\n")
    rows = measured(tmp_path, text)
    assert [(row["units"], row["made_with"]) for row in rows] == [
        ("2", "0.0"),
        ("5", "0.0"),
        ("2", "1.0"),
        ("5", "1.0"),
    ]
    (tmp_path / "chain.yaml").write_text("size: 0\n")
    with pytest.raises(InputError, match=r"study\.yaml:6: .*chain\.yaml:1: size: is too small"):
        load_plan(study(tmp_path, text))


@needs_torch
def test_a_trained_family_is_trained_once(tmp_path: Path) -> None:
    text = asked("[training]").replace("family: written", "family: cmc").replace("circuit.yaml", "recipe.yaml")
    text = text.replace("slow: {populations: {excite: {tau_ms: 20}}}", "fewer: {circuit: {columns: 2}}")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    rows = measured(tmp_path, text.replace("[0, 1]", "[0]"))
    assert 0 <= float(rows[0]["accuracy"]) <= 1
    assert float(rows[1]["circuit_parameters"]) < float(rows[0]["circuit_parameters"])
    before = (tmp_path / "out" / "circuits" / "whole-0.pt").stat().st_mtime_ns
    measured(tmp_path, text)
    assert (tmp_path / "out" / "circuits" / "whole-0.pt").stat().st_mtime_ns == before
    with pytest.raises(InputError, match=r"is of the family cmc, and the study of swta .*\[study-recipe\]"):
        load_plan(study(tmp_path, text.replace("family: cmc", "family: swta")))
    with pytest.raises(InputError, match=r"column: unknown field .*\n.*did you mean columns"):
        load_plan(study(tmp_path, text.replace("columns: 2", "column: 2")))


def test_the_command_shows_tables_and_pictures(tmp_path: Path) -> None:
    shown = run("study", study(tmp_path), "-o", tmp_path / "out")
    assert shown.code == 0, shown.err
    assert "small: mean ± standard deviation over seeds" in shown.out
    assert (tmp_path / "out" / "figures" / "measures.png").is_file()
    told = json.loads(run("study", tmp_path / "study.yaml", "-o", tmp_path / "out", "--json").out)
    assert [entry["columns"]["units"] for entry in told["runs"]] == [2] * 4
    assert (tmp_path / "out" / "table.md").read_text().startswith("| variant | connections |")
    with pytest.raises(ValueError, match="nothing to draw"):
        draw_measures({}, (), tmp_path / "none.png")


@pytest.mark.nightly
def test_a_measure_of_another_distribution_is_known_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "site" / "packages"
    folder.parent.mkdir()
    install(ROOT / "examples" / "takeover.py", {"neurocmc.measures": {"takeover": "takeover:takeover"}}, folder)
    text = asked("[circuit, {measure: takeover, with: {ahead: 0.05}}]").replace(
        "{populations: {excite: {tau_ms: 20}}}", "{populations: {inhibit: {tau_ms: 25}}}"
    )
    study(tmp_path, text)
    (tmp_path / "circuit.yaml").write_text((ROOT / "examples" / "circuit.yaml").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "neurocmc", "study", "study.yaml", "-o", "out", "--no-figures", "--workers", "2"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(folder)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "out" / "runs.csv").open(newline="")))
    assert all(20 < float(row["takeover_ms"]) < 600 for row in rows)


PICTURES = """
def drawn(figure, rows):
    panel = figure.subplots()
    panel.plot([row["seed"] for row in rows], [row["units"] for row in rows], "o")
    panel.set_title(", ".join(sorted({row["variant"] for row in rows})))

def failing(figure, rows):
    raise KeyError("units")

nothing = 3
"""


def with_pictures(folder: Path, names: str) -> Path:
    path = study(folder, asked("[circuit]") + f"pictures: {names}\n")
    (folder / "drawing.py").write_text(PICTURES)
    return path


def test_a_picture_of_ones_own_is_drawn_from_the_table_and_again_from_its_file(tmp_path: Path) -> None:
    done = run_study(with_pictures(tmp_path, "['drawing.py:drawn']"), tmp_path / "out")
    picture = tmp_path / "out" / "figures" / "drawn.png"
    assert picture in done.files
    again = tmp_path / "again.png"
    plan = load_plan(tmp_path / "study.yaml")
    draw(plan.pictures[0], read_rows(tmp_path / "out" / "runs.csv"), again)
    assert again.read_bytes() == picture.read_bytes()


def test_rows_of_a_table_are_read_as_they_were(tmp_path: Path) -> None:
    done = run_study(study(tmp_path), tmp_path / "out", figures=False)
    assert isinstance(done, MeasuredResult)
    assert read_rows(tmp_path / "out" / "runs.csv") == rows_of(done.rows)


def test_a_picture_that_fails_or_is_none_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"picture drawing\.py:failing: failed \(KeyError.*\[plug-in-broken\]"):
        run_study(with_pictures(tmp_path / "a", "['drawing.py:failing']"), tmp_path / "a" / "out")
    for names, told in (
        ("['drawing.py:nothing']", r"is no function but a int \[plug-in-unknown\]"),
        ("['drawing.py:absent']", r"has no 'absent' \[plug-in-unknown\]"),
        ("['drawing.py:drawn', 'other.py:drawn']", r"pictures has two of a name"),
    ):
        with pytest.raises(InputError, match=told):
            load_plan(with_pictures(tmp_path / "b", names))


def test_train_makes_a_circuit_of_a_family_of_ones_own(tmp_path: Path) -> None:
    study(tmp_path)
    recipe = tmp_path / "chains.yaml"
    recipe.write_text('family: "family.py:FAMILY"\nsize: 2\n')
    told = run("train", recipe, "-o", tmp_path / "chain.yaml", "--seed", "3", "--json")
    assert told.code == 0, told.err
    assert json.loads(told.out)["metrics"] == {"made_with": 3}
    assert run("inspect", tmp_path / "chain.yaml").code == 0
    assert "made with" in run("train", recipe, "-o", tmp_path / "chain.yaml").out
    for arguments, words in (
        (("-o", tmp_path / "chain.pt"), "writes .yaml [model-suffix-unknown]"),
        (("-o", tmp_path / "chain.yaml", "--neurons", "3"), "[option-not-for-this]"),
    ):
        refused = run("train", recipe, *arguments)
        assert refused.code == 2
        assert words in refused.err
