"""The tables of large circuits: the page says what they say, and they keep what was promised of a million neurons."""

from tests.bench.output import table_on
from tests.bench.scale import (
    GROWTH,
    PAGE,
    SIZES,
    grown,
    growth,
    limits_passed,
    passes_markdown,
    read_passes,
    read_runs,
    runs_markdown,
)
from tests.made.large import KINDS, random_sparse


def test_the_page_has_the_tables() -> None:
    assert table_on(PAGE, "scale") == runs_markdown()
    assert table_on(PAGE, "passes") == passes_markdown()


def test_a_million_neurons_keep_their_limits() -> None:
    runs = read_runs()
    assert [(run.circuit, run.wanted) for run in runs] == [(kind, size) for kind in KINDS for size in SIZES]
    assert all(abs(run.neurons / run.wanted - 1) < 0.05 for run in runs)
    assert not list(limits_passed(runs))
    for run in runs:
        assert run.cores <= 1.05 * run.bound or run.circuit == "random sparse"
        assert run.chips >= 8 or run.wanted < SIZES[-1]


def test_no_pass_grows_faster_than_it_may() -> None:
    assert not list(grown(read_passes(), GROWTH))


def test_growth_is_told_where_it_can_be_measured() -> None:
    row = {"circuit": "a", "pass": "b"}
    times = [{**row, "wanted": 10, "processor_s": 1.0}, {**row, "wanted": 100, "processor_s": 100.0}]
    assert growth(times, "a", "b") == 2.0
    assert list(grown(times, 1.1)) == ["a: b grows with the power 2.00 of the neurons, limit 1.1"]
    times[1]["processor_s"] = 0.1
    assert growth(times, "a", "b") is None


def test_the_same_size_is_the_same_circuit() -> None:
    one, two = random_sparse(3_200).circuit, random_sparse(3_200).circuit
    assert (one.projections[0].weight != two.projections[0].weight).sum() == 0
