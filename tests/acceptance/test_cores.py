"""The table of cores: the page says what it says, and what is small enough is placed again."""

import pytest

from neurocmc.passes.loihi.placing.bounds import cores_needed
from neurocmc.passes.loihi.placing.demand import Demand
from neurocmc.passes.loihi.placing.fitting import fill, overfull
from tests.bench.output import table_on
from tests.made.targets import loihi

from .cores import CASES, NAME, PAGE, PLENTY, Case, bound_of, demand_of, markdown, read

AGAIN = [(case, neurons) for case in CASES for neurons in case.neurons]


@pytest.fixture(scope="module")
def demands() -> dict[tuple[str, int], Demand]:
    """What each circuit asks for, made once."""
    return {}


def asked(demands: dict[tuple[str, int], Demand], case: Case, neurons: int) -> Demand:
    if (case.name, neurons) not in demands:
        circuit, trials = case.made()
        demands[case.name, neurons] = demand_of(circuit, trials, loihi(cores_per_chip=PLENTY), neurons)
    return demands[case.name, neurons]


def test_the_page_has_the_table() -> None:
    assert table_on(PAGE, NAME) == markdown()


def test_the_table_has_every_case() -> None:
    assert list(read()) == [(case.name, neurons) for case, neurons in AGAIN]


@pytest.mark.slow
@pytest.mark.parametrize(("case", "neurons"), AGAIN, ids=[f"{case.name} {neurons}" for case, neurons in AGAIN])
def test_as_many_cores_as_the_table_says(case: Case, neurons: int, demands: dict[tuple[str, int], Demand]) -> None:
    if case.name.startswith("cmc of"):
        pytest.importorskip("torch")
    demand, measured = asked(demands, case, neurons), read()[case.name, neurons]
    filling = fill(demand)
    assert len(filling.held_by_core) == measured["cores"]
    assert overfull(demand, filling) == []
    assert cores_needed(demand) == bound_of(measured)


def test_cores_are_close_to_the_bound() -> None:
    """Within 5 % of what any placement needs, or one core below twenty; random circuits are bound by out-axons."""
    for (circuit, _), found in read().items():
        if "random" not in circuit:
            bound = bound_of(found)
            assert found["cores"] <= max(1.05 * bound, bound + (bound < 20)), circuit
            assert not found["cores with own axons"] < found["cores"]
