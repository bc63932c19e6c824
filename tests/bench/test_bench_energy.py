"""The part `energy` of the bench: its table is on the page, both sides count the same, and totals are near."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.route import Route
from tests.bench.energy import (
    CASES,
    NAME,
    PAGE,
    TOTAL,
    compared,
    misses,
    prices,
    read_table,
    synapses,
    told,
)
from tests.bench.output import table_on
from tests.lava_environment import peer_python
from tests.made.networks import random_network
from tests.made.targets import loihi


def test_the_page_has_the_table() -> None:
    assert table_on(PAGE, NAME) == told(read_table())


def test_both_count_the_same() -> None:
    counts = {(row[0], row[4]): row[5:7] for row in read_table()}
    assert {circuit for circuit, _ in counts} == {name for name, *_ in CASES}
    for (circuit, term), (ours, theirs) in counts.items():
        if term in ("synaptic operations", "messages"):
            assert float(ours) == pytest.approx(float(theirs), rel=1e-6), (circuit, term)


def test_totals_that_are_far_apart_are_told() -> None:
    rows = read_table()
    page = table_on(PAGE, NAME)
    assert all(far in page for far in misses(rows))
    assert ("*A miss*" in page) == bool(misses(rows))
    near = [[*row[:5], "", "", "10", "14"] for row in rows if row[4] == TOTAL]
    assert misses(near) == []
    assert told(near).endswith("all.")


def test_sanafe_s_terms_are_all_of_its_total() -> None:
    for name, *_ in CASES:
        rows = {row[4]: float(row[8]) for row in read_table() if row[0] == name}
        parts = ["neuron updates", "spikes made", "synaptic operations", "dendrites", "messages", "hops"]
        assert sum(rows[part] for part in parts) == pytest.approx(rows[TOTAL], rel=1e-4)


def test_prices_are_read_from_a_description() -> None:
    lines = ["soma:", "  energy_update_neuron: 21.6e-12", "  energy_update_neuron: 0.0"]
    lines.append("  energy_message_out: 1e-12 # J")
    assert prices("\n".join(lines)) == pytest.approx({"energy_update_neuron": 21.6, "energy_message_out": 1.0})


def test_sanafe_counts_what_we_count_of_a_network_drawn_at_random() -> None:
    """Neurons on several tiles, so that hops are among it; what is made by hand is counted by both alike."""
    if peer_python("sanafe") is None:
        pytest.skip("SANA-FE has wheels for the Python that it is tried on")
    target = loihi("nahuku32", compartments_per_core=4, cores_per_tile=4)
    network = random_network(3)
    program = Route().run(network, Place().run(network, target), target)
    assert program.cores > 4
    spikes = np.random.default_rng(0).random((6, network.neurons)) < 0.3
    found = {term.name: term for term in compared(program, target, spikes)}
    source, _ = synapses(network)
    fan_out = np.bincount(source, minlength=network.neurons)
    # A spike of the last tick leaves in it: SANA-FE counts it in the same tick, as we do.
    assert found["synaptic operations"].ours == pytest.approx(float((spikes @ fan_out).sum()))
    for name in ("synaptic operations", "messages"):
        assert found[name].ours == pytest.approx(found[name].theirs), name
    assert found["spikes made"].theirs == spikes.sum()
    assert found["hops"].our_pj > 0
    assert found["hops"].their_pj == pytest.approx(found["hops"].our_pj, rel=0.05)  # 4.2 pJ beside 4.0 north or south
    assert found[TOTAL].their_pj > 0


def test_the_child_imports_nothing_of_ours() -> None:
    text = (Path(__file__).parent / "energy_child.py").read_text(encoding="utf-8")
    assert "neurocmc" not in text
