"""Up-states that rounding destroys are caught, and kept by a nearby rounding; what cannot be kept is refused."""

import re
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from scipy.sparse import block_diag
from syrupy.assertion import SnapshotAssertion

from neurocmc.common.errors import InfeasibleError
from neurocmc.common.matrices import full, row_largest, same
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.passes.loihi.keep_states import KeepStates, rescaled
from neurocmc.passes.loihi.movable_weights import BUDGET
from neurocmc.passes.loihi.nearby_roundings import UpStates, moved_mantissas
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.theory.loihi import kept_by_integers
from neurocmc.theory.realised import realised_circuit, rounded_circuit
from tests.made.solved_circuits import thin_memory
from tests.made.targets import loihi
from tests.passes.lost_up_states import Case, as_rounded, caught, held, lost_cases, searched

LOST_SEED = 1  # the first seed whose memory plain rounding makes lose an item


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
            strongest[p.target] = np.maximum(strongest[p.target], row_largest(p.wanted_gain))
        for p in kept.integer.projections:
            realised, mantissa = full(p.realised_gain), full(p.mantissa)
            off = np.abs(realised - full(p.wanted_gain)) / strongest[p.target][:, None]
            assert off.max() <= BUDGET
            # The gain told is the one that the mantissa is.
            step = realised[mantissa != 0] / mantissa[mantissa != 0]
            rows = np.nonzero(mantissa)[0]
            for row in range(len(mantissa)):
                assert np.ptp(step[rows == row]) <= 1e-9 * np.abs(step).max()


def test_the_same_circuit_gets_the_same_rounding(lost: list[Case]) -> None:
    case = lost[0]
    first, second = searched(case, loihi()), searched(case, loihi())
    assert first is not None
    assert second is not None
    assert first.certificate == second.certificate
    for a, b in zip(first.integer.projections, second.integer.projections, strict=True):
        assert same(a.mantissa, b.mantissa)


def test_lower_keeps_the_states_by_itself(lost: list[Case]) -> None:
    memory = lost[0].memory
    lowered = lower(memory.circuit, (memory.strong,), loihi(), CompileOptions(neurons=64))
    assert lowered.certificate.changes
    assert not lowered.certificate.lost


def spoilt(case: Case, share: float) -> IntegerNetwork:
    """The integers with all self-excitation taken down, further than any step would bring back."""
    first = case.integer.projections[0]
    assert first.source == first.target == "x"
    held = full(first.mantissa)
    mantissa = np.rint(held * share / 2).astype(np.int64) * 2
    return replace(
        case.integer,
        projections=(
            replace(
                first,
                mantissa=mantissa,
                realised_gain=full(first.realised_gain) * mantissa / np.where(held == 0, 1, held),
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
        assert np.allclose(full(before.wanted_gain), full(after.wanted_gain), rtol=1e-9)
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


def test_blocks_that_are_the_same_are_moved_alike() -> None:
    """Three times a memory that plain rounding makes lose an item, side by side with one that stands."""
    weak, other = thin_memory(LOST_SEED), thin_memory(LOST_SEED + 1)
    alone = lower(weak.circuit, (weak.strong,), loihi(), CompileOptions(neurons=64))
    assert alone.certificate.changes
    parts = (weak, weak, other, weak)
    whole = side_by_side(tuple(part.circuit for part in parts))
    channels = whole.inputs[0].channels
    stimulus = replace(weak.strong, values={"cue": 0.4 * np.eye(channels)[:, None, :]}, labels=np.arange(channels))
    certificate = lower(whole, (stimulus,), loihi(), CompileOptions(neurons=64)).certificate
    assert certificate.blocks is not None
    assert certificate.blocks.kinds == 2
    assert not certificate.lost
    items = len(weak.circuit.populations[0].offset)
    moved = [change for change in certificate.changes if change.startswith("weight ")]
    of_first = [change for change in moved if all(int(i) < items for i in re.findall(r"x\[(\d+)\]", change))]
    assert of_first
    for copy in (1, 3):
        shifted = {
            re.sub(
                r"([xz])\[(\d+)\]",
                lambda found, by=copy: f"{found[1]}[{int(found[2]) + by * (items if found[1] == 'x' else 1)}]",
                change,
            )
            for change in of_first
        }
        assert shifted <= set(moved)


def side_by_side(circuits: tuple[RateCircuit, ...]) -> RateCircuit:
    """Circuits of the same populations as one, without weights between them."""
    first = circuits[0]
    populations = tuple(
        replace(
            p,
            size=sum(c.population(p.name).size for c in circuits),
            **{
                name: np.concatenate([getattr(c.population(p.name), name) for c in circuits])
                for name in ("gain", "offset", "bias", "initial")
            },
        )
        for p in first.populations
    )
    projections = tuple(
        replace(p, weight=block_diag([c.projections[i].weight for c in circuits]).toarray())
        for i, p in enumerate(first.projections)
    )
    inputs = (replace(first.inputs[0], weight=np.eye(populations[0].size)),)
    return replace(first, name="side by side", populations=populations, projections=projections, inputs=inputs)
