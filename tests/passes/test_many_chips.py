"""Cores on many chips: each in a place of its own, what talks together together, ways counted, few chips refused."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.chip import ChipProgram, CorePlace
from neurocmc.ir.loihi.printer import placed_page
from neurocmc.ir.loihi.store import load_chip, save_chip
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.placing.chips import Links, divided
from neurocmc.passes.loihi.placing.mesh import laid_out
from neurocmc.passes.loihi.route import Route
from neurocmc.report.load import SpikeLoad, UnitSpikes
from neurocmc.report.loihi.budget import chip_budget
from neurocmc.report.loihi.chip_map import draw_chip_map
from neurocmc.report.loihi.messages import Messages, ways
from neurocmc.report.wording import cores as told_cores
from neurocmc.targets import LoihiTarget
from tests.made.large_networks import large_network
from tests.made.targets import loihi

BOARD = loihi("nahuku32")
SMALL = loihi("nahuku32", chips=6, chip_columns=4, chip_rows=2, board_columns=2, board_rows=2, cores_per_chip=16,
              tile_columns=2, tile_rows=2)  # fmt: skip


def drawn(seed: int, cores: int) -> Links:
    rng = np.random.default_rng(seed)
    count = 4 * cores
    ends = rng.integers(0, cores, (2, count))
    return Links(source=ends[0], target=ends[1], weight=rng.integers(1, 9, count).astype(np.float64))


def placed(neurons: int, target: LoihiTarget) -> ChipProgram:
    network = large_network("hierarchy", neurons, target)
    return Route().run(network, Place().run(network, target), target)


@given(st.integers(0, 1000), st.integers(1, 96))
@settings(deadline=None, max_examples=40)
def test_every_core_has_a_place_that_no_other_has(seed: int, cores: int) -> None:
    layout = laid_out(drawn(seed, cores), cores, SMALL.limits)
    of_chip = Counter(layout.chip.tolist())
    assert len(of_chip) == -(-cores // SMALL.limits.cores_per_chip)  # as few chips as hold all
    assert max(of_chip.values()) <= SMALL.limits.cores_per_chip
    assert set(of_chip) <= set(range(SMALL.limits.chip_columns * SMALL.limits.chip_rows))
    tiles = Counter(zip(layout.chip.tolist(), *layout.tile.T.tolist(), strict=True))
    assert max(tiles.values()) <= SMALL.limits.cores_per_tile
    assert layout.tile.min() >= 0
    assert (layout.tile.max(axis=0) < [SMALL.limits.tile_columns, SMALL.limits.tile_rows]).all()


@given(st.integers(0, 1000), st.integers(20, 90))
@settings(deadline=None, max_examples=20)
def test_less_crosses_than_in_orders_drawn_at_random(seed: int, cores: int) -> None:
    links = drawn(seed, cores)
    found = links.crossing(divided(links, cores, 16))
    rng = np.random.default_rng(seed)
    others = [links.crossing(rng.permutation(cores) // 16) for _ in range(5)]
    assert found <= min(others)


def test_clusters_are_found_however_they_are_counted() -> None:
    rng = np.random.default_rng(3)
    of = rng.permutation(64)
    own = np.repeat(np.arange(64), 8)
    inside = own // 16 * 16 + rng.integers(0, 16, own.size)
    links = Links(source=of[own], target=of[inside], weight=np.ones(own.size))
    assert links.crossing(divided(links, 64, 16)) == 0.0


def test_a_program_on_a_board_tells_its_chips(tmp_path: Path) -> None:
    program = placed(300_000, BOARD)
    assert program.problems() == ()
    chips = [place.chip for place in program.places]
    assert program.chips == -(-program.cores // 128) == 3
    assert chips == sorted(chips)  # cores are counted chip by chip
    budget = chip_budget(program, BOARD, None)
    assert budget.chips is not None
    assert (budget.chips.chips_used, budget.chips.chips, budget.chips.boards) == (3, 32, 1)
    assert sum(budget.chips.cores_of_chip) == program.cores
    assert "on 3 of 32 chips" in told_cores(budget)
    assert f"of {32 * 128:,} (" in told_cores(budget)
    assert "place of each core" in placed_page(program, "hierarchy", "")
    save_chip(program, tmp_path, "40-chip")
    assert load_chip(tmp_path, "40-chip", program.network).places == program.places
    draw_chip_map(program, BOARD, tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 1000


def test_energy_counts_hops_and_the_power_of_all_chips() -> None:
    program = placed(150_000, BOARD)
    load = SpikeLoad(
        source="drawn",
        ticks=10,
        trials=1,
        populations=tuple(UnitSpikes(name=p.name, per_tick=(0.5,) * p.units) for p in program.network.populations),
        inputs=tuple(
            UnitSpikes(name=entry.name, per_tick=(1.0,) * program.network.population(entry.target).units)
            for entry in program.network.inputs
        ),
    )
    budget = chip_budget(program, BOARD, load)
    assert budget.energy is not None
    assert budget.chips is not None
    terms = {term.operation: term for term in budget.energy.terms}
    hops = terms["hops east or west"], terms["hops north or south"]
    counts = [term.count_per_tick or 0.0 for term in hops]
    assert sum(counts) == pytest.approx(budget.chips.hops_per_tick)
    assert [term.per_tick_pj for term in hops] == pytest.approx([3.0 * counts[0], 4.0 * counts[1]])
    assert terms["steps from chip to chip"].per_operation_pj is None  # not published, and said so
    assert budget.energy.dynamic_per_tick_pj == pytest.approx(sum(term.per_tick_pj or 0.0 for term in terms.values()))
    assert budget.energy.static_per_tick_pj == pytest.approx(2 * 104 * 1e-3 * 1e9)
    assert any("2 whole chips" in text for text in budget.energy.assumptions)


def test_ways_go_along_a_row_and_a_column() -> None:
    program = placed(150_000, BOARD)
    places = (CorePlace(chip=0, x=1, y=2), CorePlace(chip=9, x=3, y=0), *program.places[2:])
    one = Messages(source=np.array([0, 1, 0]), target=np.array([1, 0, 0]), per_tick=np.array([1.0, 0.5, 7.0]))
    found = ways(replace(program, places=places), one, BOARD.limits)
    assert found is not None
    # Chip 9 of a mesh of 8 columns is one to the right and one down: 8 + 3 - 1 tiles across, 4 + 0 - 2 down.
    assert (found.east_west, found.north_south) == pytest.approx((1.5 * 10, 1.5 * 2))
    assert (found.between_chips, found.crossing) == pytest.approx((1.5 * 2, 1.5))


def test_what_is_too_large_for_all_chips_is_told_with_chips() -> None:
    few = loihi("nahuku32", chips=2)
    with pytest.raises(InfeasibleError, match=r"needs 293 cores, limit 256 \(2 chips of 128\)"):
        placed(300_000, few)


def test_places_are_one_for_each_core() -> None:
    program = placed(150_000, BOARD)
    wrong = replace(program, places=program.places[1:])
    assert [problem.id for problem in wrong.problems()] == ["placement-inconsistent"]


def test_what_fires_has_the_short_ways() -> None:
    """Of two halves that talk alike only one fires: its messages have shorter ways than where nobody knows."""
    network = large_network("random", 60_000, BOARD)
    units = network.populations[0].units
    fires = (np.arange(units) % 7 == 0).astype(np.float64)
    hops: list[float] = []
    for spikes in ({}, {"all": fires}):
        program = Route().run(network, Place(spikes=spikes).run(network, BOARD), BOARD)
        load = SpikeLoad(
            source="made",
            ticks=1,
            trials=1,
            populations=(UnitSpikes(name="all", per_tick=tuple(fires.tolist())),),
            inputs=tuple(UnitSpikes(name=entry.name, per_tick=(0.0,) * units) for entry in network.inputs),
        )
        chips = chip_budget(program, BOARD, load).chips
        assert chips is not None
        hops.append(chips.hops_per_tick or 0.0)
    assert hops[1] < hops[0]
