"""The studies in the documentation: their files are studies, and every number in their tables is that of a run."""

import csv
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from neurocmc.circuits.study.plan import ChipResult, Result, load_study
from neurocmc.circuits.study.table import BASELINES, chip_cells, markdown, rows, training_cells

ROOT = Path(__file__).parents[1]
STUDIES = ROOT / "docs" / "studies"
# Studies of regions and ablations; those that name a family have tests beside its own.
NAMES = sorted(path.parent.name for path in STUDIES.glob("*/study.yaml") if "\nfamily:" not in path.read_text())


def claims() -> ModuleType:
    spec = spec_from_file_location("claims", STUDIES / "claims.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def number(text: str) -> float | None:
    return float(text) if text else None


def read(path: Path) -> tuple[list[Result], dict[tuple[int, str, int], ChipResult]]:
    """The runs of a runs.csv, as the study had them."""
    results: list[Result] = []
    chips: dict[tuple[int, str, int], ChipResult] = {}
    for line in csv.DictReader(path.open(newline="")):
        regions, variant, seed = int(line["regions"]), line["variant"], int(line["seed"])
        results.append(
            Result(
                regions=regions,
                variant=variant,
                seed=seed,
                accuracy=float(line["accuracy"]),
                parameters=int(line["parameters"]),
                circuit_parameters=int(line["circuit_parameters"]),
                metrics={name: float(line[name]) for name in BASELINES if line[name]},
            )
        )
        if line["chip_samples"]:
            chips[regions, variant, seed] = ChipResult(
                refused=line["chip_refused"],
                samples=int(line["chip_samples"]),
                neurons=int(line["chip_neurons"]),
                agreement=number(line["chip_agreement"]),
                accuracy_drop=number(line["chip_accuracy_drop"]),
                nrmse=number(line["chip_nrmse"]),
                missed=line["chip_missed"],
            )
    return results, chips


@pytest.mark.parametrize("name", NAMES)
def test_a_study_in_the_docs_is_one_and_all_its_runs_are_there(name: str, tmp_path: Path) -> None:
    _, runs = load_study(STUDIES / name / "study.yaml", tmp_path)
    results, _ = read(STUDIES / name / "runs.csv")
    assert [(run.regions, run.variant, run.seed) for run in runs] == [
        (result.regions, result.variant, result.seed) for result in results
    ]


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_those_of_the_runs(name: str) -> None:
    table = rows(*read(STUDIES / name / "runs.csv"))
    assert (STUDIES / name / "training.md").read_text() == markdown(training_cells(table))
    chips = STUDIES / name / "chips.md"
    assert (chips.read_text() if chips.is_file() else "") == markdown(chip_cells(table))


def test_claims_stand_beside_what_the_runs_measured() -> None:
    assert (STUDIES / "claims.md").read_text() == claims().claims()


def test_what_was_not_run_is_said_not_to_be_measured() -> None:
    text = claims().table([], [])
    assert text.count("not measured") >= 10
    assert "±" not in text


def test_claims_are_means_over_the_runs_they_name() -> None:
    runs = [
        {"regions": "3", "variant": "full", "accuracy": "0.90", "ode_off_accuracy": "0.5"},
        {"regions": "3", "variant": "full", "accuracy": "0.94", "ode_off_accuracy": ""},
        {"regions": "1", "variant": "full", "accuracy": "0.10", "ode_off_accuracy": ""},
    ]
    module = claims()
    assert module.share(runs, "full") == "92.00 ± 2.83 %"
    assert module.share(runs, "full", "ode_off_accuracy") == "50.00 %"
    assert module.share(runs, "full", regions=1) == "10.00 %"
    assert module.share(runs, "no-sp") == "not measured"
