"""Tables of a study: means and sample deviations, nothing made up where there is nothing, CSV that reads back."""

import csv
import io
from statistics import stdev

import pytest

from neurocmc.circuits.study.plan import ChipResult, Result
from neurocmc.circuits.study.table import (
    chip_cells,
    markdown,
    percent,
    rows,
    runs_csv,
    spread,
    table_csv,
    training_cells,
)


def result(variant: str, seed: int, accuracy: float, regions: int = 1) -> Result:
    metrics = {"ode_off_accuracy": accuracy - 0.1, "coupling_off_accuracy": accuracy - 0.2, "mean_rate": 0.3}
    return Result(
        regions=regions,
        variant=variant,
        seed=seed,
        accuracy=accuracy,
        parameters=1000,
        circuit_parameters=200,
        metrics={"accuracy": accuracy, **metrics},
    )


RESULTS = [result("full", 0, 0.94), result("full", 1, 0.96), result("full", 2, 0.95), result("no-sp", 0, 0.5)]
CHIPS = {
    (1, "full", 0): ChipResult(samples=10, neurons=640, agreement=1.0, accuracy_drop=0.0, nrmse=0.01),
    (1, "full", 1): ChipResult(samples=10, neurons=640, agreement=0.9, accuracy_drop=0.1, nrmse=0.03, missed="NRMSE"),
    (1, "no-sp", 0): ChipResult(refused="projection a|b: too much"),
}


def test_rows_are_means_and_sample_deviations_over_seeds() -> None:
    full, ablated = rows(RESULTS, CHIPS)
    assert (full.seeds, full.parameters, full.neurons, full.kept) == ((0, 1, 2), 1000, 640, "1 of 2")
    assert full.values["accuracy"].mean == pytest.approx(0.95)
    assert full.values["accuracy"].deviation == pytest.approx(stdev([0.94, 0.96, 0.95]))
    assert full.values["chip_agreement"].count == 2
    assert full.values["chip_nrmse"].mean == pytest.approx(0.02)
    assert ablated.values["accuracy"].deviation is None
    assert "chip_agreement" not in ablated.values
    assert ablated.refused == "projection a|b: too much"


def test_depths_and_variants_are_not_mixed() -> None:
    table = rows([result("full", 0, 0.9, regions=3), result("full", 0, 0.8), result("full", 1, 0.7, regions=3)], {})
    assert [(row.regions, row.seeds) for row in table] == [(3, (0, 1)), (1, (0,))]


def test_markdown_is_a_table_whose_cells_cannot_break_it() -> None:
    table = rows(RESULTS, CHIPS)
    training, chips = (markdown(cells(table)).splitlines() for cells in (training_cells, chip_cells))
    assert len(training) == len(chips) == 4
    assert training[2] == "| 1 | full | 3 | 1,000 | 200 | 95.00 ± 1.00 | 85.00 ± 1.00 | 75.00 ± 1.00 |"
    assert training[3] == "| 1 | no-sp | 1 | 1,000 | 200 | 50.00 |  |  |"  # baselines are of the full circuit alone
    assert chips[2] == "| 1 | full | 640 | 95.00 ± 7.07 | 5.00 ± 7.07 | 2.00 ± 1.41 | 1 of 2 |"
    assert chips[3] == "| 1 | no-sp |  |  |  |  | projection a\\|b: too much |"
    for lines in (training, chips):
        assert {line.replace("\\|", "").count("|") for line in lines} == {lines[0].count("|")}


def test_what_has_no_value_has_no_column_and_what_was_not_compiled_no_line() -> None:
    table = rows([result("no-sp", 0, 0.5)], {})
    head, lines = training_cells(table)
    assert head == ("regions", "variant", "seeds", "parameters", "of the circuit", "accuracy %")
    assert len(lines) == 1
    assert chip_cells(table)[1] == []
    assert markdown(chip_cells(table)) == ""


def test_csv_holds_every_run_in_full_precision() -> None:
    found = list(csv.DictReader(io.StringIO(runs_csv(RESULTS, CHIPS))))
    assert [float(line["accuracy"]) for line in found] == [0.94, 0.96, 0.95, 0.5]
    assert [line["chip_missed"] for line in found[:2]] == ["", "NRMSE"]
    assert found[2]["chip_agreement"] == ""
    assert found[3]["chip_refused"] == "projection a|b: too much"
    assert found[0]["refitted_accuracy"] == ""
    assert [line["ode_off_accuracy"] != "" for line in found] == [True, True, True, False]
    table = list(csv.DictReader(io.StringIO(table_csv(rows(RESULTS, CHIPS)))))
    assert float(table[0]["accuracy_sd"]) == pytest.approx(0.01)
    assert table[1]["accuracy_sd"] == ""
    assert (table[0]["seeds"], table[1]["chip_nrmse_mean"]) == ("0 1 2", "")


def test_percent() -> None:
    assert percent(spread([0.5])) == "50.00"
    assert percent(spread([0.5, 0.6])) == "55.00 ± 7.07"
    assert percent(None) == ""
    with pytest.raises(ValueError, match="needs a value"):
        spread([])
