"""Activity beyond the limit: a drive too large and a loop that grows are told apart, and neither without a reason."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.rate import RateCircuit, RateInput, TransferKind
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import simulate_rate
from neurocmc.sim.runaway import RUNAWAY, loops_to
from tests.made.circuits import driven, population, projection, swta

DT_S, TAU_S = 0.001, 0.02
KEEP = float(np.exp(-DT_S / TAU_S))
RESCALE = "rescale: make the drive or the weights smaller, so that activities are near 1"


def constant(drive: float, duration_s: float, channels: int = 1, from_s: float = 0.0) -> Stimulus:
    values = np.full((1, 2, channels), drive)
    values[:, 0] = 0.0 if from_s else drive
    return Stimulus(
        name="drive",
        duration_s=duration_s,
        edges_s=np.array([0.0, from_s or 0.5 * duration_s]),
        values={"drive": values},
        labels=np.full(1, -1),
    )


def refused(circuit: RateCircuit, stimulus: Stimulus) -> Problem:
    with pytest.raises(InfeasibleError) as caught:
        simulate_rate(circuit, stimulus)
    (problem,) = caught.value.problems
    return problem


def loop(weight: float, transfer: TransferKind = "relu") -> RateCircuit:
    """One unit that hears itself."""
    return replace(driven(population("p", 1, transfer)), projections=(projection("p", "p", [[weight]], TAU_S),))


def chain(weight: float, units: int = 3) -> RateCircuit:
    """One population whose units excite each the next: a projection to itself, and no loop."""
    return replace(driven(population("p", units)), projections=(projection("p", "p", weight * np.eye(units, k=-1)),))


@pytest.mark.parametrize("transfer", ["relu", "linear", "softplus"])
def test_a_drive_too_large_without_a_loop_is_to_be_rescaled(transfer: TransferKind) -> None:
    problem = refused(driven(population("p", 1, transfer)), constant(3e6, 0.2, from_s=0.05))
    assert problem.where == "population p"
    facts = "activity of 3e+06 is beyond 1e+06 at 0.050 s, under a drive of up to 3e+06"
    assert problem.what == f"{facts}; no loop of projections leads to it"
    assert problem.cure == RESCALE


def test_a_bias_is_a_drive_too() -> None:
    problem = refused(driven(population("p", 1, bias=5e6)), constant(0.0, 0.1))
    assert "activity of 5e+06 is beyond 1e+06 at 0.000 s, under a drive of up to 5e+06; no loop" in problem.what


def test_a_loop_that_leads_elsewhere_does_not_count() -> None:
    """A projection of a population to itself need not be a loop, nor one to a loop behind it, nor weights of 0."""
    assert "no loop of projections leads to it" in refused(chain(2000.0), constant(2.0, 1.0, 3)).what
    none = replace(chain(0.0), projections=(projection("p", "p", np.zeros((3, 3))),))
    assert "no loop" in refused(none, constant(2e6, 0.1, 3)).what
    behind = replace(
        driven(population("p", 1)),
        populations=(population("p", 1), population("q", 2)),
        projections=(projection("p", "q", [[1.0], [0.0]]), projection("q", "q", [[0.0, 0.5], [0.5, 0.0]])),
    )
    assert loops_to(behind, "p", 0) == {}
    assert {name: units.tolist() for name, units in loops_to(behind, "q", 1).items()} == {"q": [True, True]}
    assert "no loop" in refused(behind, constant(2e6, 0.1)).what


@given(seed=st.integers(0, 10_000), size=st.integers(2, 5))
@settings(max_examples=25)
def test_what_has_no_loop_is_never_called_unstable(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    weight = np.tril(rng.uniform(-1e4, 1e4, (size, size)), k=-1)
    made = replace(driven(population("p", size, "linear")), projections=(projection("p", "p", weight),))
    problem = refused(made, constant(2e6, 0.3, size))
    assert "unstable" not in str(problem)
    assert problem.cure == RESCALE


@pytest.mark.parametrize("weight", [0.5, 0.9, -8.0, -30.0])
def test_a_stable_loop_under_a_large_drive_is_not_called_unstable(weight: float) -> None:
    problem = refused(loop(weight, "linear"), constant(4e6, 1.0))
    assert problem.where == "population p"
    assert "beyond 1e+06 at 0.000 s, under a drive of up to 4e+06" in problem.what
    died = re.search(r"changes from step to step in the loop through p die by ([\d.e+-]+) % a step$", problem.what)
    assert died is not None
    wanted = 1 - abs(KEEP + (1 - KEEP) * weight)
    assert float(died[1]) == pytest.approx(100 * wanted, rel=0.12)
    assert problem.cure == RESCALE


def test_a_winner_take_all_under_a_large_drive_is_not_called_unstable() -> None:
    problem = refused(swta(), constant(7e6, 0.4, 4, from_s=0.1))
    assert problem.where == "population excite"
    assert (
        "activity of 7e+06 is beyond 1e+06 at 0.100 s, under a drive of up to 7e+06; with the drive" in problem.what
    )
    assert "unstable" not in str(problem)


@pytest.mark.parametrize("weight", [1.02, 1.3, 3.0])
@pytest.mark.parametrize("transfer", ["relu", "softplus", "linear"])
def test_an_unstable_loop_is_named_with_its_growth(weight: float, transfer: TransferKind) -> None:
    problem = refused(loop(weight, transfer), constant(0.5, 25.0))
    assert problem.where == "population p"
    assert problem.what.startswith("activity grows without limit: beyond 1e+06 at ")
    grown = re.search(r"under a drive of up to 0.5; .* the loop through p grow by ([\d.]+) % a step$", problem.what)
    assert grown is not None
    assert float(grown[1]) == pytest.approx(100 * (1 - KEEP) * (weight - 1), rel=0.01)
    assert problem.cure == ("the circuit is unstable: lower its recurrent excitation, or strengthen its inhibition")


def test_an_unstable_loop_is_named_where_another_population_passes_the_limit_first() -> None:
    grows = replace(
        driven(population("p", 1)),
        populations=(population("shown", 1), population("p", 1), population("late", 1)),
        projections=(
            projection("p", "p", [[1.4]]),
            projection("p", "shown", [[50.0]]),
            projection("shown", "late", [[1.0]]),
        ),
    )
    problem = refused(grows, constant(0.5, 5.0))
    assert problem.where == "population shown"
    assert "in the loop through p grow by 1.95 % a step" in problem.what


def test_inhibition_that_overshoots_in_a_step_is_unstable() -> None:
    """-w with a step of a twentieth of tau: |keep - (1 - keep) w| is above 1 from w = 40 on."""
    simulate_rate(loop(-39.0, "linear"), constant(1.0, 2.0))
    problem = refused(loop(-45.0, "linear"), constant(1.0, 2.0))
    grown = re.search(r"grow by ([\d.]+) % a step$", problem.what)
    assert grown is not None
    assert float(grown[1]) == pytest.approx(100 * ((1 - KEEP) * 45 - KEEP - 1), rel=0.01)
    assert problem.cure == (
        "the circuit is unstable: it oscillates: weaken its weights, or use a smaller step (dt_ms)"
    )


def two(excite: float, there: float, back: float, transfer: TransferKind = "linear") -> RateCircuit:
    return replace(
        driven(population("p", 1, transfer)),
        populations=(population("p", 1, transfer), population("q", 1, transfer)),
        projections=(
            projection("p", "p", [[excite]]),
            projection("p", "q", [[there]]),
            projection("q", "p", [[back]]),
        ),
    )


def test_a_loop_through_inhibition_that_oscillates_is_unstable() -> None:
    problem = refused(two(2.4, 4.0, -3.0), constant(1.0, 3.0))
    assert problem.cure.startswith("the circuit is unstable: it oscillates")
    assert "activity grows without limit: beyond 1e+06" in problem.what


def test_a_limit_cycle_of_rectifiers_scales_with_its_drive_and_is_not_called_unstable() -> None:
    problem = refused(loop(-60.0), constant(2e6, 0.5))
    assert "whether a change in the loop through p grows was not seen in" in problem.what
    assert problem.cure.startswith("rescale: ")


@given(weights=st.lists(st.floats(-12.0, 3.0), min_size=4, max_size=4), tau_s=st.sampled_from([0.005, 0.02, 0.05]))
@settings(max_examples=40)
def test_unstable_is_what_the_eigenvalues_say(weights: list[float], tau_s: float) -> None:
    """Of linear circuits, driven too hard at once: only one whose step has an eigenvalue beyond 1 is called so."""
    weight = np.array(weights).reshape(2, 2)
    assume((weight != 0).all())
    keep = float(np.exp(-DT_S / tau_s))
    made = replace(driven(population("p", 2, "linear")), projections=(projection("p", "p", weight, tau_s),))
    # Driven unequally, so that no eigenvector of a round matrix is left out.
    made = replace(made, inputs=(replace(made.inputs[0], weight=np.diag([1.0, 0.3719])),))
    radius = float(np.abs(np.linalg.eigvals(keep * np.eye(2) + (1 - keep) * weight)).max())
    assume(abs(radius - 1) > 0.003)
    problem = refused(made, constant(2 * RUNAWAY, 0.2, 2))
    assert ("unstable" in str(problem)) == (radius > 1), (radius, problem)


def test_numbers_beyond_64_bits_are_told_as_such() -> None:
    weight = np.array([[1e200]])
    wide = RateInput(name="drive", target="p", weight=weight)
    problem = refused(replace(loop(0.5), inputs=(wide,)), constant(1e200, 0.1))
    assert problem.what == "activity is inf at 0.000 s, under a drive of up to inf: no number of 64 bits holds it"
    against = RateInput(name="against", target="p", weight=-weight)
    drives = constant(1e200, 0.1)
    values = {"drive": drives.values["drive"], "against": drives.values["drive"]}
    problem = refused(replace(loop(0.5), inputs=(wide, against)), replace(drives, values=values))
    assert problem.what.startswith("activity is nan at 0.000 s")
    assert problem.cure == RESCALE


def test_a_drive_close_to_the_largest_number_proves_nothing() -> None:
    problem = refused(loop(0.5), constant(1e308, 0.2))
    assert "was not seen in" in problem.what
    assert "unstable" not in str(problem)
