"""Energy against arithmetic on paper: the counts of the program in by_hand, times Davies et al. 2018, table 2."""

from dataclasses import replace

import numpy as np
import pytest

from neurocmc.report.energy import citations
from neurocmc.report.load import UnitSpikes
from neurocmc.report.loihi.energy import (
    estimate_energy,
    messages_of,
    synaptic_ops_per_tick,
    updates_per_tick,
)
from tests.made import by_hand
from tests.made.targets import loihi


def test_a_synaptic_operation_is_a_spike_times_the_neurons_it_reaches() -> None:
    # a -> b: (1.5 + 0.5) spikes x 2 neurons; b -> a: 0.25 x the 3 neurons of unit 0; drive: 2 x 3.
    assert synaptic_ops_per_tick(by_hand.integer_network(), by_hand.load()) == pytest.approx(4.0 + 0.75 + 6.0)


def test_what_has_no_bias_and_is_reached_by_nothing_is_inactive() -> None:
    # Unit 0 of a is driven, b hears a; unit 1 of a has no bias and hears neither b nor the drive.
    assert updates_per_tick(by_hand.integer_network(), by_hand.load()) == (5, 3)


def test_a_bias_alone_makes_a_compartment_active() -> None:
    silent = replace(
        by_hand.load(),
        populations=(UnitSpikes(name="a", per_tick=(0.0, 0.0)), UnitSpikes(name="b", per_tick=(0.0,))),
        inputs=(UnitSpikes(name="drive", per_tick=(0.0, 0.0)),),
    )
    assert updates_per_tick(by_hand.integer_network(), silent) == (2, 6)


def test_a_spike_sends_one_message_to_each_core_it_reaches() -> None:
    # a -> b ends on core 1 alone: 2 messages; b -> a on unit 0, all of it on core 0: 0.25.
    assert messages_of(by_hand.program(), by_hand.load()).total == pytest.approx(2.25)


def test_a_split_unit_costs_a_message_for_each_of_its_cores() -> None:
    program = by_hand.program()
    network = program.network
    into_both = replace(network.projections[1], mantissa=np.array([[-8], [-8]]))
    # Unit 1 of a lies on both cores, so that each spike of b now reaches two.
    both = replace(program, network=replace(network, projections=(network.projections[0], into_both)))
    assert messages_of(both, by_hand.load()).total == pytest.approx(2.0 + 2 * 0.25)


def test_a_core_that_ends_with_a_unit_does_not_hold_the_next() -> None:
    program = by_hand.program()
    network = program.network
    first, second, third = program.segments
    # Unit 0 of a fills core 0, unit 1 is on core 1; b reaches unit 1 alone, and so one core.
    cut = (replace(first, stop=3), replace(second, start=3), replace(third, slot=3))
    into_second = replace(network.projections[1], mantissa=np.array([[0], [-8]]))
    network = replace(network, projections=(network.projections[0], into_second))
    assert messages_of(replace(program, network=network, segments=cut), by_hand.load()).total == pytest.approx(2.25)


def test_totals_are_the_sum_of_counts_times_published_prices() -> None:
    energy = estimate_energy(by_hand.program(), loihi(), by_hand.load())
    dynamic = 10.75 * 23.6 + 5 * 81 + 3 * 52 + 2.25 * 1.7
    assert energy.dynamic_per_tick_pj == pytest.approx(dynamic)
    assert energy.dynamic_per_presentation_pj == pytest.approx(200 * dynamic)
    # 104 mW for 1 ms are 104 microjoules.
    assert energy.static_per_tick_pj == pytest.approx(104e6)
    assert energy.static_per_presentation_pj == pytest.approx(200 * 104e6)


def test_every_price_is_cited_and_hops_are_not_guessed() -> None:
    energy = estimate_energy(by_hand.program(), loihi(), by_hand.load())
    assert all("Davies et al. 2018" in term.citation for term in energy.terms)
    hops = [term for term in energy.terms if term.operation.startswith("hops")]
    assert [(term.count_per_tick, term.per_tick_pj) for term in hops] == [(None, None), (None, None)]
    assert all("mesh coordinates" in term.note for term in hops)
    assert "pre-silicon" in energy.caveat
    assert energy.static_unverified
    assert [citation.split()[0] for citation in citations(energy)] == ["Davies", "Frady"]


def test_loihi2_has_counts_and_no_prices() -> None:
    program = replace(by_hand.program(), target="loihi2")
    energy = estimate_energy(program, loihi("loihi2"), by_hand.load())
    assert energy.terms[0].count_per_tick == pytest.approx(10.75)
    assert {term.per_operation_pj for term in energy.terms} == {None}
    assert (energy.dynamic_per_tick_pj, energy.static_per_tick_pj) == (None, None)
    assert all("not published" in term.note for term in energy.terms)
    assert "No energy" in energy.caveat


def test_one_missing_price_leaves_no_total() -> None:
    target = loihi()
    target = replace(target, energy=target.energy.model_copy(update={"synaptic_op_pj": None}))
    energy = estimate_energy(by_hand.program(), target, by_hand.load())
    assert energy.terms[1].per_tick_pj == pytest.approx(405)
    assert energy.dynamic_per_tick_pj is None


def test_a_load_of_another_network_is_refused() -> None:
    other = replace(by_hand.load(), inputs=())
    with pytest.raises(ValueError, match="the load is of"):
        estimate_energy(by_hand.program(), loihi(), other)
