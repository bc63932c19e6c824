"""A circuit beside the measured frontier: on paper, on the page, and where it has no place there."""

from dataclasses import replace

import pytest

from neurocmc.report.budget import Budget
from neurocmc.report.energy import EnergyEstimate
from neurocmc.report.frontier import beside_frontier, frontier_plot, read_frontier
from neurocmc.report.html import render_report
from neurocmc.report.loihi.budget import chip_budget
from neurocmc.targets import load_target
from neurocmc.verification.edges import judged
from tests.made import by_hand
from tests.made.targets import loihi
from tests.report.test_html import chip_content, outline

ERROR = judged("rate ~ emulator", "NRMSE of rates", 0.005, 0.05, "of range")


def energy() -> EnergyEstimate:
    budget: Budget = chip_budget(by_hand.program(), loihi(), by_hand.load(), by_hand.headroom())
    assert budget.energy is not None
    # 100 ticks of a millisecond for .4 µJ: of 2 units that is 2 µJ for one of them in a second.
    return replace(budget.energy, ticks_per_presentation=100, tick_s=1e-3, dynamic_per_presentation_pj=0.4e6)


def test_energy_is_of_a_unit_and_a_second() -> None:
    beside = beside_frontier(load_target("loihi1"), [ERROR], energy(), units=2, code="threshold 16")
    assert beside is not None
    assert beside.own.uj_per_unit_s == pytest.approx(2.0)
    first, *others = beside.lines()
    assert first == "This circuit: 2 µJ per unit and second with an NRMSE of 0.5 % of range."
    assert others[0] == (
        "On the circuit four-unit winner-take-all the cheapest code with no larger error takes 6.61 µJ per unit and "
        "second (feedback 10)."
    )


def test_an_error_that_none_reaches_is_said() -> None:
    best = replace(ERROR, value=1e-5)
    beside = beside_frontier(load_target("loihi1"), [best], energy(), units=2, code="threshold 16")
    assert beside is not None
    assert all("no code that was measured comes so close" in line for line in beside.lines()[1:])


@pytest.mark.parametrize("name", ["loihi2", "truenorth", "brian2"])
def test_another_chip_has_no_place_there(name: str) -> None:
    assert beside_frontier(load_target(name), [ERROR], energy(), units=2, code="threshold 16") is None


def test_boards_of_the_chip_have_one() -> None:
    assert beside_frontier(load_target("nahuku32"), [ERROR], energy(), units=2, code="threshold 16") is not None


def test_without_an_error_or_an_energy_there_is_none() -> None:
    target = load_target("loihi1")
    assert beside_frontier(target, [replace(ERROR, value=None)], energy(), units=2, code="") is None
    assert beside_frontier(target, [replace(ERROR, name="rate ~ brian2")], energy(), units=2, code="") is None
    assert beside_frontier(target, [ERROR], None, units=2, code="") is None


def test_points_are_in_order_and_none_beats_another() -> None:
    circuits = {point.circuit for point in read_frontier()}
    assert len(circuits) == 3
    for name in circuits:
        own = [point for point in read_frontier() if point.circuit == name]
        assert [point.uj_per_unit_s for point in own] == sorted(point.uj_per_unit_s for point in own)
        assert [point.nrmse for point in own] == sorted((point.nrmse for point in own), reverse=True)


def test_the_page_draws_it() -> None:
    beside = beside_frontier(load_target("loihi1"), [ERROR], energy(), units=2, code="threshold 16")
    assert beside is not None
    page = outline(render_report(replace(chip_content(), beside=beside)))
    assert sum(tag == "circle" and held.get("class") == "here" for tag, held in page.tags) == 2
    assert sum(tag == "path" and str(held.get("class")).startswith("c") for tag, held in page.tags) >= len(
        read_frontier()
    )
    assert "this circuit: threshold 16" in page.text
    assert frontier_plot(beside) == frontier_plot(beside)
