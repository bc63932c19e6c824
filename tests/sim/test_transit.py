"""Spikes on their way: routes and queues as worked out on paper, and what is counted against plain sums."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurocmc.common.arrays import Int, row_starts
from neurocmc.sim.mesh import SpikeMesh, Times, along
from neurocmc.sim.passing import Roads, Traffic, edges_ns, together
from neurocmc.sim.transit import EAST, MOST_LATE, SOUTH, Busy, Messages, Tally, Wires, bin_of, pass_tick
from neurocmc.verification.deviation import disorder, isi_distortion
from tests.made.scripted_chip import Script

# Loihi's times (Davies et al. 2018, table 2), but for a link that one message takes for 5 ns.
TIMES = Times(
    neuron_ps=8400,
    hop_east_west_ps=4100,
    hop_north_south_ps=6500,
    link_ps=5000,
    within_tile_ps=2100,
    synapse_ps=3500,
    barrier_ps=465_000,
)


def mesh_of(place: Sequence[tuple[int, int]], times: Times = TIMES) -> SpikeMesh:
    return SpikeMesh(place=np.array(place), free=along(4, 4), times=times)


def wires_of(sends: Sequence[tuple[int, Sequence[int]]], cores: int, load_ps: int, slack: int = 0) -> Wires:
    """Neurons in order of core: (core, targets of their axons)."""
    target = np.array([core for _, targets in sends for core in targets], dtype=np.int32)
    held = np.bincount([core for core, _ in sends], minlength=cores)
    return Wires(
        order=np.arange(len(sends)),
        first=row_starts(held),
        axon=row_starts([len(targets) for _, targets in sends]),
        target=target,
        load=np.full(target.size, load_ps, dtype=np.int64),
        slack=np.full(target.size, slack, dtype=np.uint8),
    )


def run(mesh: SpikeMesh, wires: Wires, fired: NDArray[np.bool_], tick_ps: int = 0) -> tuple[Traffic, Script]:
    chip = Script(fired, mesh.cores)
    return Roads.of(mesh, wires).pass_trial(chip, len(fired), tick_ps), chip


def test_two_messages_that_meet_in_a_link_over_three_cores() -> None:
    """Cores 0, 1 and 2 stand in a row; a neuron of core 0 and one of core 1 send to core 2, two synapses each.

    Both neurons are updated at 8.4 ns. B, of core 1, takes the link from router 1 to 2 from 8.4 to 13.4 ns and is at
    router 2 at 8.4 + 4.1 = 12.5 ns. A, of core 0, is at router 1 at 8.4 + 4.1 = 12.5 ns, waits 0.9 ns for the link
    until 13.4, and is at router 2 at 17.5. Into core 2: B arrives at 12.5 + 2.1 = 14.6 and is taken in, 2 synapses of
    3.5 ns, until 21.6. A arrives at 19.6, waits 2.0 ns until 21.6, and is taken in until 28.6.
    """
    traffic, _ = run(
        mesh_of([(0, 0), (1, 0), (2, 0)]), wires_of([(0, [2]), (1, [2])], 3, 7000), np.ones((1, 2), bool)
    )
    assert traffic.messages == 2
    assert traffic.hops == 1.5
    assert traffic.longest_latency_ns == pytest.approx(28.6 - 8.4)
    assert traffic.latency_ns == pytest.approx((20.2 + 13.2) / 2)
    assert traffic.longest_wait_ns == pytest.approx(0.9 + 2.0)
    assert traffic.wait_ns == pytest.approx(2.9 / 2)
    assert traffic.done_ps.tolist() == [[28_600]]
    assert traffic.tick_us.tolist() == [[pytest.approx(0.0286 + 0.465)]]
    assert traffic.link[:, EAST].tolist() == [1, 2, 0]
    assert traffic.into.tolist() == [0, 0, 2]


def test_a_way_goes_along_its_row_first_and_then_along_its_column() -> None:
    """From column 0, row 0 to column 1, row 2: east at 4.1 ns, south twice at 6.5 ns, in at 2.1 ns, one synapse."""
    traffic, _ = run(mesh_of([(0, 0), (1, 2)]), wires_of([(0, [1])], 2, 3500), np.ones((1, 1), bool))
    assert traffic.latency_ns == pytest.approx(4.1 + 2 * 6.5 + 2.1 + 3.5)
    assert traffic.hops == 3
    assert np.argwhere(traffic.link).tolist() == [[0, EAST], [1, SOUTH], [3, SOUTH]]  # routers row by row, 2 a row


def test_cores_of_one_tile_share_its_router_and_no_link() -> None:
    traffic, _ = run(mesh_of([(3, 1), (3, 1)]), wires_of([(0, [1, 0])], 2, 0), np.ones((1, 1), bool))
    # The second message leaves its core when the first has taken the way out for 5 ns.
    assert traffic.latency_ns == pytest.approx((2.1 + 7.1) / 2)
    assert not traffic.link.any()


def test_what_a_short_tick_leaves_in_a_queue_is_served_in_the_next() -> None:
    """One neuron, 20 ns of synapses a message, ticks of 15 ns: in at 30.5, then 35.5 and 40.5 ns of each tick."""
    wires = wires_of([(0, [0])], 1, 20_000)
    traffic, chip = run(mesh_of([(0, 0)]), wires, np.ones((3, 1), bool), 15_000)
    assert chip.late == [(0, 0, 2), (1, 0, 2), (2, 0, 2)]
    assert traffic.late == 1.0
    assert traffic.isi_distortion == pytest.approx(10 / 30)  # intervals of 15 ns become 20
    assert traffic.disorder == 0.0
    slack, early = run(mesh_of([(0, 0)]), wires_of([(0, [0])], 1, 20_000, slack=2), np.ones((3, 1), bool), 15_000)
    assert slack.late == 0.0
    assert [late for *_, late in early.late] == [0, 0, 0]


def test_a_tick_far_too_short_is_told() -> None:
    traffic, chip = run(mesh_of([(0, 0)]), wires_of([(0, [0])], 1, 20_000), np.ones((40, 1), bool), 1000)
    assert traffic.beyond > 0
    assert max(late for *_, late in chip.late) == MOST_LATE


def test_a_message_at_the_very_end_of_its_tick_is_in_time() -> None:
    wires = wires_of([(0, [0])], 1, 4500)  # 8.4 + 2.1 + 4.5 = 15 ns
    assert run(mesh_of([(0, 0)]), wires, np.ones((3, 1), bool), 15_000)[0].late == 0.0
    assert run(mesh_of([(0, 0)]), wires, np.ones((3, 1), bool), 14_999)[0].late == 1.0


def random_program(seed: int) -> tuple[SpikeMesh, Wires, NDArray[np.bool_]]:
    """Up to 6 cores on a mesh of 4 x 4, neurons with axons to any of them, and 12 ticks of spikes."""
    draw = np.random.default_rng(seed)
    cores = int(draw.integers(1, 7))
    place = along(4, 4)[draw.permutation(16)[:cores]]
    owner = np.sort(draw.integers(0, cores, int(draw.integers(1, 12))))
    sends = [(int(core), draw.integers(0, cores, int(draw.integers(0, 4))).tolist()) for core in owner]
    wires = wires_of(sends, cores, int(draw.integers(0, 40_000)))
    return mesh_of([tuple(p) for p in place.tolist()]), wires, draw.random((12, owner.size)) < 0.6


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from([20_000, 60_000, 1_000_000]))
def test_what_is_counted_is_what_plain_sums_give(seed: int, tick_ps: int) -> None:
    """Every message one by one, from the same loop, against the functions of `verification.deviation`."""
    mesh, wires, fired = random_program(seed)
    traffic, _ = run(mesh, wires, fired, tick_ps)
    axon, sent, served = messages_one_by_one(mesh, wires, fired, tick_ps)
    trains = [axon == own for own in range(wires.target.size)]
    assert traffic.messages == axon.size
    assert traffic.latency_ns * 1000 * max(axon.size, 1) == pytest.approx(float((served - sent).sum()))
    wanted = isi_distortion([sent[own] for own in trains], [served[own] for own in trains])
    assert traffic.isi_distortion == pytest.approx(wanted)
    pairs = flips = 0.0
    for core in range(mesh.cores):
        own = wires.target[axon] == core
        ordered = float((np.diff(np.sort(sent[own])) > 0).sum())
        pairs, flips = pairs + ordered, flips + ordered * disorder(sent[own], served[own])
    if in_order_of_ticks(sent, tick_ps):
        assert traffic.disorder == pytest.approx(flips / pairs if pairs else 0.0)


def in_order_of_ticks(sent: Int, tick_ps: int) -> bool:
    """Whether no core was so far behind that it sent a spike of one tick after others of the next."""
    return bool((np.diff(sent // tick_ps) >= 0).all())


def messages_one_by_one(
    mesh: SpikeMesh, wires: Wires, fired: NDArray[np.bool_], tick_ps: int
) -> tuple[Int, Int, Int]:
    """Axon, and times from the beginning of the trial, of every message."""
    roads = Roads.of(mesh, wires)
    queues = (4 * roads.routers, mesh.cores, mesh.cores, mesh.cores)
    busy = Busy(*(np.zeros(size, dtype=np.int64) for size in queues))
    messages = Messages(*(np.zeros(wires.target.size, dtype=np.int64) for _ in Messages._fields))
    none = np.zeros(0, dtype=np.int64)
    tally = Tally(
        totals=np.zeros(13, dtype=np.int64),
        link=np.zeros(4 * roads.routers, dtype=np.int64),
        into=np.zeros(mesh.cores, dtype=np.int64),
        histogram=np.zeros((64, 400), dtype=np.int64),
        axon_sent=np.full(wires.target.size, -1, dtype=np.int64),
        axon_served=np.full(wires.target.size, -1, dtype=np.int64),
        core_sent=np.full(mesh.cores, -1, dtype=np.int64),
        core_served=np.full(mesh.cores, -1, dtype=np.int64),
    )
    found: list[tuple[Int, Int, Int]] = [(none, none, none)]
    work = np.zeros(mesh.cores, dtype=np.int64)
    for tick, flags in enumerate(fired.astype(np.uint8)):
        count, _ = pass_tick(tick * tick_ps, tick_ps, flags, work, wires, roads.way, busy, messages, tally)
        start = tick * tick_ps
        found.append((messages.axon[:count].copy(), start + messages.sent[:count], start + messages.served[:count]))
    axon, sent, served = (np.concatenate([part[k] for part in found]) for k in range(3))
    return axon, sent, served


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_places_do_not_change_how_many_messages_there_are(seed: int) -> None:
    mesh, wires, fired = random_program(seed)
    there = [run(where, wires, fired)[0] for where in (mesh, mesh.in_order(), mesh.shuffled(seed))]
    assert len({traffic.messages for traffic in there}) == 1
    assert all((traffic.into == there[0].into).all() for traffic in there)
    assert run(mesh.shuffled(seed), wires, fired)[0].totals.tolist() == there[2].totals.tolist()


def test_a_constant_latency_distorts_nothing() -> None:
    """One neuron that fires in every third tick over two hops, alone on the mesh: exactly 0."""
    fired = (np.arange(60) % 3 == 0)[:, None]
    traffic, _ = run(mesh_of([(0, 0), (2, 0)]), wires_of([(0, [1])], 2, 3500), fired, 1_000_000)
    assert (traffic.isi_distortion, traffic.disorder, traffic.late) == (0.0, 0.0, 0.0)
    assert traffic.intervals == 19


def test_bins_of_latencies_hold_what_lies_between_their_edges() -> None:
    edges = edges_ns() * 1000
    for value in (1, 2, 3, 7, 8, 9, 100, 12_345, 10**9):
        own = bin_of(value)
        assert edges[own] <= value < edges[own + 1]


def test_traffic_of_several_trials_is_added_up() -> None:
    mesh, wires, fired = random_program(7)
    one, _ = run(mesh, wires, fired, 60_000)
    two = together([one, one])
    assert two.messages == 2 * one.messages
    assert two.longest_latency_ns == one.longest_latency_ns
    assert two.done_ps.shape == (2, 12)
    assert two.latency_at_ns(0.5) == one.latency_at_ns(0.5)
