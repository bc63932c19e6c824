"""Up-states that rounding destroys are caught, and kept by a nearby rounding; what cannot be kept is refused."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.passes.loihi.keep_states import KeepStates, rescaled
from neurocmc.passes.loihi.nearby_roundings import BUDGET, UpStates, moved_mantissas
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.theory.loihi import kept_by_integers
from neurocmc.theory.realised import realised_circuit, rounded_circuit
from tests.made.solved_circuits import thin_memory
from tests.made.targets import loihi
from tests.passes.lost_up_states import Case, as_rounded, caught, held, lost_cases, searched


@pytest.fixture(scope="module")
def lost() -> list[Case]:
    return list(islice(lost_cases(loihi()), 2))


def test_what_is_lost_in_a_run_is_caught_and_kept(lost: list[Case]) -> None:
    for case in lost:
        assert caught(case, loihi())
        kept = searched(case, loihi())
        assert kept is not None
        assert kept.certificate.changes
        assert not kept.certificate.lost
        assert held(as_rounded(case, kept), case.memory)[case.trained].all()


def test_the_certificate_names_just_the_states_that_a_run_loses(lost: list[Case]) -> None:
    for case in lost:
        certificate = (
            KeepStates(allow_lost=True)
            .run(case.lowered.staged, case.lowered.spiking, case.integer, loihi())
            .certificate
        )
        items = {f"x[{item}]" for item in np.flatnonzero(case.trained & ~case.rounded)}
        assert {state.name for state in certificate.lost} >= items
        assert all(state.lost for state in certificate.lost)


def test_moved_weights_stay_within_the_budget_and_on_the_grid(lost: list[Case]) -> None:
    for case in lost:
        kept = searched(case, loihi())
        assert kept is not None
        assert not kept.integer.problems()
        strongest = {p.name: np.zeros(p.units) for p in kept.integer.populations}
        for p in kept.integer.projections:
            strongest[p.target] = np.maximum(strongest[p.target], np.abs(p.wanted_gain).max(axis=1))
        for p in kept.integer.projections:
            off = np.abs(p.realised_gain - p.wanted_gain) / strongest[p.target][:, None]
            assert off.max() <= BUDGET
            # The gain told is the one that the mantissa is.
            step = p.realised_gain[p.mantissa != 0] / p.mantissa[p.mantissa != 0]
            rows = np.nonzero(p.mantissa)[0]
            for row in range(len(p.mantissa)):
                assert np.ptp(step[rows == row]) <= 1e-9 * np.abs(step).max()


def test_the_same_circuit_gets_the_same_rounding(lost: list[Case]) -> None:
    case = lost[0]
    first, second = searched(case, loihi()), searched(case, loihi())
    assert first is not None
    assert second is not None
    assert first.certificate == second.certificate
    for a, b in zip(first.integer.projections, second.integer.projections, strict=True):
        assert np.array_equal(a.mantissa, b.mantissa)


def test_lower_keeps_the_states_by_itself(lost: list[Case]) -> None:
    memory = lost[0].memory
    lowered = lower(memory.circuit, (memory.strong,), loihi(), CompileOptions(neurons=64))
    assert lowered.certificate.changes
    assert not lowered.certificate.lost


def spoilt(case: Case, share: float) -> IntegerNetwork:
    """The integers with all self-excitation taken down, further than any step would bring back."""
    first = case.integer.projections[0]
    assert first.source == first.target == "x"
    mantissa = np.rint(first.mantissa * share / 2).astype(np.int64) * 2
    return replace(
        case.integer,
        projections=(
            replace(
                first,
                mantissa=mantissa,
                realised_gain=first.realised_gain * mantissa / np.where(first.mantissa == 0, 1, first.mantissa),
            ),
            *case.integer.projections[1:],
        ),
    )


def test_what_no_rounding_keeps_is_refused(lost: list[Case], snapshot: SnapshotAssertion) -> None:
    case = lost[0]
    network = spoilt(case, 0.9)
    with pytest.raises(InfeasibleError) as refusal:
        KeepStates(search=False).run(case.lowered.staged, case.lowered.spiking, network, loihi())
    assert str(refusal.value) == snapshot
    staged = case.lowered.staged
    rounded = rounded_circuit(staged, kept_by_integers(staged, case.lowered.spiking, network))
    states = UpStates.of(staged)
    assert moved_mantissas(states, rounded, network, loihi().limits) is None
    allowed = KeepStates(allow_lost=True).run(case.lowered.staged, case.lowered.spiking, network, loihi())
    assert allowed.integer is network
    assert len(allowed.certificate.lost) == 5


def test_another_scale_is_the_same_circuit(lost: list[Case]) -> None:
    """Taking a population's scale down changes no gain but by rounding, and no threshold."""
    case, target = lost[0], loihi()
    pools = rescaled(case.lowered.spiking, ("x",), 0.8, target.limits)
    network = Quantise().run(pools, target)
    assert network.population("x").threshold_mantissa < case.integer.population("x").threshold_mantissa
    for before, after in zip(case.integer.projections, network.projections, strict=True):
        assert np.allclose(before.wanted_gain, after.wanted_gain, rtol=1e-9)
    staged = case.lowered.staged
    circuit = realised_circuit(staged, kept_by_integers(staged, pools, network))
    moved = circuit.population("x").offset - case.lowered.staged.population("x").offset
    assert np.abs(moved).max() < 0.005 * 0.1  # of the threshold


def test_a_circuit_without_up_states_is_let_through() -> None:
    memory = thin_memory(0)
    first, *rest = memory.circuit.projections
    weaker = replace(memory.circuit, projections=(replace(first, weight=0.85 * first.weight), *rest))
    lowered = lower(weaker, (memory.strong,), loihi(), CompileOptions(neurons=16))
    assert not lowered.certificate.up_states
    assert not lowered.certificate.no_theory
