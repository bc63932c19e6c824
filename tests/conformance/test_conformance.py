"""Every circuit of the table for every target and code: it passes, or stands in the side table of `expected`."""

from pathlib import Path

import pytest

from neurocmc.targets import Code
from tests.conformance.circuits import row
from tests.conformance.expected import MISSES, expected
from tests.conformance.table import NEURONS, cells, outcome


@pytest.mark.parametrize(("name", "target", "code"), cells())
def test_a_cell_is_as_the_table_says(
    name: str, target: str, code: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROCMC_LAVA_PYTHON", "")  # Lava has a suite of its own
    assert outcome(name, target, code, tmp_path) == expected(name, target, code)


def test_the_side_table_is_of_the_table() -> None:
    assert set(MISSES) <= set(cells())
    assert NEURONS <= 16


def test_the_rows_have_what_a_circuit_can_have() -> None:
    circuits = [row(name).circuit for name, target, code in cells() if (target, code) == ("brian2", "threshold")]
    populations = [population for circuit in circuits for population in circuit.populations]
    projections = [projection for circuit in circuits for projection in circuit.projections]
    assert {population.transfer for population in populations} == {"relu", "sigmoid", "softplus", "linear"}
    assert {population.trace_tau_s > 0 for population in populations} == {True, False}  # both forms
    assert {projection.order for projection in projections} == {1, 2}
    assert any(projection.delay_ticks for projection in projections)
    assert {0, 1, 3} <= {len(circuit.inputs) for circuit in circuits}
    assert min(population.size for population in populations) == 1
