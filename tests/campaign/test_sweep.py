"""Sweeps: plans that are none, a row for every run whatever came of it, pictures, and a folder that goes on."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.run import run_all
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.sweep.plan import load_sweep
from neurocmc.pipeline.sweep.run import run_sweep
from neurocmc.pipeline.sweep.table import COLUMNS
from neurocmc.pipeline.verify import verify
from neurocmc.report.figures.sweep import SweepCurve, draw_against_neurons
from tests.campaign.plans import CIRCUIT, SWEEP, plan
from tests.cli.running import run


def rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "table.csv").open(newline="")))


def test_a_plan_is_every_combination_with_seeds_first(tmp_path: Path) -> None:
    sweep, runs = load_sweep(plan(tmp_path))
    assert sweep.name == "tiny circuits"
    assert len(runs) == len({task.name for _, task in runs}) == 2 * 2 * 3 * 2
    assert [(f.target, f.code, f.neurons, f.seed) for f, _ in runs][:3] == [
        ("loihi1", "threshold", 4, 0),
        ("loihi1", "threshold", 4, 1),
        ("loihi1", "threshold", 8, 0),
    ]
    assert all(str(tmp_path) not in json.dumps(task.what) for _, task in runs)  # elsewhere it is the same campaign


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("seeds: [0, 1]", "seeds: [0, 0]"), r"seeds lists one twice .*\[field-inconsistent\]"),
        (("neurons: [4, 8, 40000]", "neurons: []"), r"neurons"),
        (("neurons: [4, 8, 40000]", "neurons: [0]"), r"sweep\.yaml:6: neurons\[0\]"),
        (("codes: [threshold, rate]", "codes: [treshold]"), r"codes\[0\].*\[field-wrong\]\n.*did you mean threshold"),
        (("samples: 2", "sample: 2"), r"sample: unknown field .*\n.*did you mean samples"),
        (("samples: 2", "compile: {steps: activity}"), r"compile\.steps: with code rate.*\[options-exclusive\]"),
        (("loihi1,", "loihi7,"), r"sweep\.yaml:4: target: .*\[target-unknown\]"),
        (("[tiny.yaml]", "[none.yaml]"), r"sweep\.yaml:3: .*none\.yaml: no such file \[file-missing\]"),
        (("[tiny.yaml]", "[tiny.yaml, ./tiny.yaml]"), r"circuits\[1\]: 'tiny' is the name of another"),
        (("seeds: [0, 1]", f"seeds: {list(range(2000))}"), r"24,000 runs, at most 10,000"),
    ],
)
def test_a_plan_that_is_none(change: tuple[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told):
        load_sweep(plan(tmp_path, SWEEP.replace(*change)))


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    shown = run("sweep", plan(folder), "-o", folder / "out")
    assert shown.code == 0, shown.err
    assert "code-unfit" in shown.out
    return folder


def test_every_run_has_its_row_and_refusals_say_so(swept: Path) -> None:
    table = rows(swept / "out")
    assert tuple(table[0]) == COLUMNS
    assert len(table) == 24
    told = {(r["target"], r["code"], r["neurons"]): r for r in table}
    assert told["truenorth", "rate", "4"]["error_id"] == "code-unfit"
    assert "rate code" in told["truenorth", "rate", "4"]["error"]
    large = told["loihi1", "threshold", "40000"]
    assert (large["verdict"], large["nrmse"], large["cores"]) == ("refused", "", "")
    assert large["error_id"]
    small = told["loihi1", "threshold", "8"]
    assert (small["verdict"], small["error_id"], small["trials"], small["units"]) == ("kept", "", "2", "2")
    assert 0 < float(small["nrmse"]) < 0.05
    assert int(small["cores"]) == int(small["cores_lower_bound"]) == 1
    assert int(small["memory_bits"]) > int(small["synapses"]) > 0
    assert float(small["energy_pj"]) > 0
    assert {r["verdict"] for r in table} <= {"kept", "missed", "refused"}


def test_numbers_are_those_of_compile_and_verify(swept: Path, tmp_path: Path) -> None:
    """Of a run with all trials; what is drawn of fewer is drawn by the seed."""
    path = plan(tmp_path, SWEEP.replace("samples: 2\n", "").replace("[4, 8, 40000]", "[8]"))
    result = run_sweep(path, tmp_path / "out", figures=False)
    row = result.rows[0]
    artifact = compile_model(
        tmp_path / "tiny.yaml", "loihi1", tmp_path / "built", CompileOptions(neurons=8, figures=False)
    )
    edges = {edge.key: edge for edge in verify(artifact).edges}
    assert row.measured["nrmse"] == edges["rate ~ emulator: NRMSE of rates"].value
    assert row.measured["cores"] == artifact.built.cores_used
    assert row.measured["neurons_in_all"] == artifact.spiking.neurons
    assert row.measured["decisions_agree"] == edges["rate ~ emulator: decisions agree (winner)"].value


def test_the_seed_draws_the_trials(swept: Path) -> None:
    alike = ("loihi1", "threshold", "4")
    own = [r["nrmse"] for r in rows(swept / "out") if (r["target"], r["code"], r["neurons"]) == alike]
    assert len(own) == len(set(own)) == 2


def test_pictures_are_drawn_of_what_has_numbers(swept: Path) -> None:
    assert {path.name for path in (swept / "out" / "figures").iterdir()} == {
        "error.png",
        "cores.png",
        "memory.png",
        "energy.png",
        "decisions.png",
    }
    with pytest.raises(ValueError, match="nothing to draw"):
        draw_against_neurons([], swept / "none.png", title="", label="")
    negative = SweepCurve(circuit="a", target="b", code="c", neurons=np.array([4, 8]), value=np.array([-1.0, 0.5]))
    draw_against_neurons([negative], swept / "negative.png", title="t", label="l", decades=True)


def test_a_sweep_that_grows_does_what_is_new_and_another_circuit_is_refused(swept: Path) -> None:
    before = {path.name: path.read_bytes() for path in (swept / "out" / "runs").iterdir()}
    first = (swept / "out" / "table.csv").read_text().splitlines()
    plan(swept, SWEEP.replace("[4, 8, 40000]", "[4, 8, 12, 40000]"))
    again = run("sweep", swept / "sweep.yaml", "-o", swept / "out", "--no-figures", "--json")
    assert again.code == 0, again.err
    assert len(again.err.splitlines()) == 8  # the runs of 12 neurons alone
    assert len(json.loads(again.out)["rows"]) == 32
    after = {path.name: path.read_bytes() for path in (swept / "out" / "runs").iterdir()}
    assert before.items() <= after.items()
    assert set(first) <= set((swept / "out" / "table.csv").read_text().splitlines())

    plan(swept, circuit=CIRCUIT.replace("value: 0.5", "value: 0.6"))
    other = run("sweep", swept / "sweep.yaml", "-o", swept / "out")
    assert other.code == 2
    assert other.err.count("[campaign-other]") == 1
    assert "circuit_sha256" in other.err
    assert after == {path.name: path.read_bytes() for path in (swept / "out" / "runs").iterdir()}


def test_a_circuit_that_changes_meanwhile_is_named(tmp_path: Path) -> None:
    _, runs = load_sweep(plan(tmp_path))
    plan(tmp_path, circuit=CIRCUIT.replace("value: 0.5", "value: 0.6"))
    (outcome,) = run_all([runs[0][1]], Place())
    assert (outcome.state, outcome.problems[0].id) == ("refused", "run-input-changed")


def test_from_python_it_is_done_in_the_callers_process(tmp_path: Path) -> None:
    told: list[str] = []
    path = plan(tmp_path, SWEEP.replace("loihi1, truenorth", "truenorth").replace("threshold, rate", "rate"))
    done = neurocmc.sweep(path, tmp_path / "out", figures=False, progress=lambda *seen: told.append(seen[2]))
    assert "code-unfit" in {row.error_id for row in done.rows}
    assert (len(done.rows), done.worst, done.failures) == (6, "refused", ())
    assert len([line for line in told if line]) == 6
    with pytest.raises(InputError, match=r"workers.*\[argument-type\]"):
        neurocmc.sweep(path, tmp_path / "out", workers="two")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--workers", "0"), "[number-out-of-range]"),
        (("--workers", "9999"), "[number-out-of-range]"),
        (("--scheduler", "nowhere"), "[scheduler-unreachable]"),
    ],
)
def test_where_runs_cannot_be_done_is_exit_2(more: tuple[str, ...], told: str, tmp_path: Path) -> None:
    shown = run("sweep", plan(tmp_path), "-o", tmp_path / "out", *more)
    assert shown.code == 2
    assert told in shown.err


def test_what_is_not_the_folder_of_a_sweep_is_left_alone(tmp_path: Path) -> None:
    plan(tmp_path)
    shown = run("sweep", tmp_path / "sweep.yaml", "-o", tmp_path / "tiny.yaml")
    assert (shown.code, "[not-a-folder]" in shown.err) == (2, True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter").write_text("dear")
    shown = run("sweep", tmp_path / "sweep.yaml", "-o", tmp_path / "out")
    assert (shown.code, "[folder-not-ours]" in shown.err) == (2, True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["letter"]
