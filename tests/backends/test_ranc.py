"""RANC's files: what is written runs as the cores do, on two interpreters; what RANC lacks is refused by name."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from syrupy.assertion import SnapshotAssertion

from neurocmc.backends.truenorth import RancInput, ranc_problems, ranc_program, read_ranc
from neurocmc.backends.truenorth.ranc_neurons import HIGHEST, LOWEST, stays_in_width
from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.truenorth.cores import OUTPUT, CoreNetwork, packed
from neurocmc.sim.truenorth import CoreInputSpikes, CoreRecord, run_cores
from tests.backends.ranc_interpreter import interpret
from tests.made.core_networks import blank, busy_input, connected_to, ranc_network, seeds, with_one

TICKS = 50


def written(network: CoreNetwork, spikes: CoreInputSpikes, ticks: int) -> tuple[dict[str, Any], dict[str, int]]:
    """RANC's two documents."""
    made = ranc_program(network, spikes, ticks)
    return json.loads(made.program), json.loads(made.config)


def read(document: dict[str, Any], config: dict[str, Any], folder: Path) -> RancInput:
    """The documents, read as files."""
    (folder / "input.json").write_text(json.dumps(document))
    (folder / "config.json").write_text(json.dumps(config))
    return read_ranc(folder / "input.json", folder / "config.json")


def spiked(network: CoreNetwork, spikes: CoreInputSpikes, ticks: int) -> set[tuple[int, tuple[int, int], int]]:
    """(tick, place, neuron) of every spike on our emulator."""
    run = run_cores(network, spikes, ticks, record=CoreRecord(spikes="all"))
    places = [(x, y) for x, y in network.coordinates.tolist()]
    tick, cell = np.nonzero(run.spikes[0])
    core, neuron = np.divmod(cell, network.neurons)
    return {(t, places[c], n) for t, c, n in zip(tick.tolist(), core.tolist(), neuron.tolist(), strict=True)}


def bus_lines(network: CoreNetwork, spikes: CoreInputSpikes, ticks: int, lines: int) -> list[list[int]]:
    """The output bus as RANC's file has it: line n for tick n - 1."""
    outputs = run_cores(network, spikes, ticks).outputs
    table = np.zeros((ticks + 1, lines), dtype=np.int64)
    table[outputs.tick + 1, outputs.line] = 1
    return table[:ticks].tolist()


def check_all_alike(network: CoreNetwork, spikes: CoreInputSpikes, ticks: int, folder: Path) -> int:
    """Our cores, the files read back, and the files on the second interpreter: the same spikes. How many."""
    document, config = written(network, spikes, ticks)
    back = read(document, config, folder)
    assert back.notes == ()
    ours = spiked(network, spikes, ticks)
    assert spiked(back.network, back.spikes, ticks) == ours
    theirs = interpret(document, config, ticks)
    assert {(tick - 1, place, neuron) for tick, place, neuron in theirs.spikes} == ours
    assert theirs.lost == 0
    assert [line[: network.outputs] for line in theirs.lines] == bus_lines(network, spikes, ticks, network.outputs)
    return len(ours)


@given(seed=seeds)
@settings(max_examples=60)
def test_random_networks(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    network = ranc_network(seed)
    check_all_alike(network, busy_input(network, TICKS, seed), TICKS, tmp_path_factory.mktemp("ranc"))


def test_the_random_networks_are_busy_and_reach_every_kind_of_neuron(tmp_path: Path) -> None:
    networks = [ranc_network(seed) for seed in range(30)]
    spikes = sum(
        check_all_alike(network, busy_input(network, TICKS, seed), TICKS, tmp_path)
        for seed, network in enumerate(networks)
    )
    assert spikes > 5_000
    for mode in range(3):
        assert any((network.reset_mode == mode).any() for network in networks)
    assert any(network.floor_saturates.any() for network in networks)
    assert any((network.threshold == 0).any() for network in networks)
    assert set(np.concatenate([network.delay.ravel() for network in networks]).tolist()) == set(range(1, 16))


@given(seed=seeds)
@settings(max_examples=40)
def test_numbers_fit_the_registers_and_proved_neurons_never_wrap(seed: int) -> None:
    network = ranc_network(seed)
    document, config = written(network, busy_input(network, TICKS, seed), TICKS)
    for core in document["cores"]:
        for neuron in core["neurons"]:
            names = ("leak", "positive_threshold", "negative_threshold", "reset_potential", "current_potential")
            held = [*neuron["weights"], *(neuron[name] for name in names)]
            assert all(LOWEST <= value <= HIGHEST for value in held)
            assert 0 <= neuron["destination_tick"] <= 14
    proved = stays_in_width(network)
    index = {tuple(place): core for core, place in enumerate(network.coordinates.tolist())}
    for place, neuron in interpret(document, config, TICKS, bits=9).wrapped:
        assert not proved[index[place], neuron]


def test_the_proof_of_widths_is_not_empty() -> None:
    network = connected_to(blank(weight=np.full((1, 4, 4), 200)), 0, 0, 0)
    assert stays_in_width(with_one(network, (0, 0), threshold=56))[0].tolist() == [True] * 4
    assert stays_in_width(with_one(network, (0, 0), threshold=57))[0].tolist() == [False, True, True, True]


def test_time(tmp_path: Path) -> None:
    """One spike in tick 2, through a delay of 15 to the output bus: ticks 2 and 17, line 18 of RANC's file."""
    connections = np.zeros((2, 2, 2), dtype=np.bool_)
    connections[0, 1, 0] = connections[1, 0, 1] = True
    network = blank(
        2,
        2,
        2,
        1,
        crossbar=packed(connections),
        weight=np.ones((2, 2, 1)),
        target_core=np.array([[1, -1], [-1, OUTPUT]]),
        delay=np.array([[15, 1], [1, 9]]),
        outputs=1,
    )
    spikes = CoreInputSpikes(trial=[0], tick=[2], core=[0], axon=[1])  # type: ignore[arg-type]
    assert check_all_alike(network, spikes, 20, tmp_path) == 2
    assert spiked(network, spikes, 20) == {(2, (0, 0), 0), (17, (1, 0), 1)}
    document, config = written(network, spikes, 20)
    assert [n for n, line in enumerate(interpret(document, config, 20).lines) if line[0]] == [18]
    assert [n for n, packets in enumerate(document["packets"]) if packets] == [2]
    assert document["cores"][0]["neurons"][0]["destination_tick"] == 14


def soft_winner_take_all() -> CoreNetwork:
    """Two units that excite themselves through a leaky count and are held down by one that both excite."""
    weight = np.zeros((1, 4, 4), dtype=np.int64)
    weight[0, :2] = [60, 40, -30, 0]
    weight[0, 2] = [0, 25, 0, 0]
    connections = np.zeros((6, 4), dtype=np.bool_)
    connections[0, 0] = connections[1, 1] = True  # drives
    connections[2, [0, 2]] = connections[3, [1, 2]] = True  # excitation: to itself and to the inhibitor
    connections[4, [0, 1]] = True  # inhibition
    return blank(
        1,
        6,
        4,
        4,
        axon_type=np.array([[0, 0, 1, 1, 2, 0]]),
        crossbar=packed(connections[None]),
        weight=weight,
        leak=np.array([[-5, -5, -1, 0]]),
        threshold=np.array([[80, 80, 40, 1]]),
        floor=np.array([[100, 100, 10, 0]]),
        reset_mode=np.ones((1, 4)),
        target_core=np.array([[0, 0, 0, -1]]),
        target_axon=np.array([[2, 3, 4, 0]]),
    )


def test_a_soft_winner_take_all(tmp_path: Path) -> None:
    network = soft_winner_take_all()
    tick = np.arange(100)
    axon = np.where(tick % 3 == 0, 1, 0)  # the first unit has twice the drive
    spikes = CoreInputSpikes(
        trial=np.zeros(100, dtype=np.int64), tick=tick, core=np.zeros(100, dtype=np.int64), axon=axon
    )
    assert check_all_alike(network, spikes, 100, tmp_path) > 20
    fired = [neuron for _, _, neuron in spiked(network, spikes, 100)]
    assert fired.count(0) > 2 * fired.count(1)
    assert fired.count(2) > 5


def test_a_neuron_without_a_reset_is_linear_from_its_threshold(tmp_path: Path) -> None:
    network = with_one(blank(), (0, 0), threshold=9, potential=12, leak=-1, reset_mode=2)
    document, config = written(network, CoreInputSpikes.none(), 6)
    neuron = document["cores"][0]["neurons"][0]
    expected = {"positive_threshold": 0, "negative_threshold": 0, "reset_mode": 1, "current_potential": 3}
    assert {name: neuron[name] for name in expected} == expected
    assert spiked(network, CoreInputSpikes.none(), 6) == {(tick, (0, 0), 0) for tick in range(3)}
    assert check_all_alike(network, CoreInputSpikes.none(), 6, tmp_path) == 3
    assert config["neuron_reset_type"] == 0


def test_spikes_that_go_nowhere_have_a_line_of_their_own(tmp_path: Path) -> None:
    network = with_one(blank(outputs=2), (0, 1), leak=1)
    made = ranc_program(network, CoreInputSpikes.none(), 4)
    assert (made.outputs, made.unread) == (2, 1)
    document = json.loads(made.program)
    assert document["output_bus"] == {"coordinates": [1, 0], "num_outputs": 3}
    assert document["cores"][0]["neurons"][1]["destination_axon"] == 2
    assert check_all_alike(network, CoreInputSpikes.none(), 4, tmp_path) == 4
    assert (
        json.loads(ranc_program(blank(outputs=2), CoreInputSpikes.none(), 1).program)["output_bus"]["num_outputs"]
        == 2
    )


HELD = connected_to(blank(3, coordinates=np.array([[0, 0], [4, 1], [2, 1]])), 2, 0, 1)
SINKING = with_one(HELD, (2, 1, 0), weight=-3)
FEATURES: dict[str, CoreNetwork] = {
    "stochastic weight": with_one(with_one(HELD, (2, 1, 0), weight=9), (2, 1, 0), stochastic_weight=True),
    "stochastic leak": with_one(HELD, (2, 1), leak=-7, stochastic_leak=True),
    "threshold noise": with_one(HELD, (2, 1), noise_mask=255),
    "leak reversal": with_one(HELD, (2, 1), leak=2, leak_reversal=True),
    "saturating floor, subtracting": with_one(SINKING, (2, 1), floor=4, floor_saturates=True, reset_mode=1),
    "saturating floor, absolute": with_one(SINKING, (2, 1), floor=4, floor_saturates=True, reset_potential=3),
    "saturating floor, no reset": with_one(SINKING, (2, 1), floor=4, floor_saturates=True, reset_mode=2),
    "weight below 9 bits": with_one(HELD, (2, 1, 0), weight=-257),
    "weight above 9 bits": with_one(HELD, (2, 1, 0), weight=256),
    "leak above 9 bits": with_one(HELD, (2, 1), leak=256),
    "threshold above 9 bits": with_one(HELD, (2, 1), threshold=256),
    "floor below 9 bits": with_one(SINKING, (2, 1), floor=257),
    "reset potential above 9 bits": with_one(HELD, (2, 1), reset_potential=256),
    "reset potential with no negative": with_one(HELD, (2, 1), reset_potential=-256),
    "potential above 9 bits": with_one(HELD, (2, 1), potential=256),
    "potential of no reset": with_one(HELD, (2, 1), threshold=257, reset_mode=2),
    "delay of 16": with_one(HELD, (2, 1), target_core=0, delay=16),
    "beyond the offsets": with_one(HELD, (2, 0), coordinates=255),
    "several at once": with_one(with_one(HELD, (2, slice(None)), noise_mask=3), (1, 0), leak=300),
}
HELD_BY_RANC: dict[str, CoreNetwork] = {
    "weight -256": with_one(HELD, (2, 1, 0), weight=-256),
    "weight of no axon": with_one(HELD, (2, 1, 1), weight=999),
    "chance of no axon": with_one(with_one(HELD, (2, 1, 1), weight=9), (2, 1, 1), stochastic_weight=True),
    "chance of leak 0": with_one(HELD, (2, 1), stochastic_leak=True, leak_reversal=True),
    "floor never reached": with_one(HELD, (2, 1), floor=99_999, floor_saturates=True, reset_mode=1),
    "saturating at the reset": with_one(SINKING, (2, 1), floor=4, floor_saturates=True, reset_potential=4),
    "floor 256": with_one(SINKING, (2, 1), floor=256),
    "threshold of no reset": with_one(HELD, (2, 1), threshold=256, reset_mode=2),
    "delay of the bus": with_one(blank(outputs=1), (0, 0), target_core=OUTPUT, delay=200),
    "offset 255": with_one(HELD, (2, 0), coordinates=254),
    "behind the last that acts": with_one(
        with_one(with_one(blank(outputs=1), (0, 0), leak=1), (0, 0), target_core=OUTPUT), (0, 3), threshold=9_999
    ),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_refused_features(feature: str, snapshot: SnapshotAssertion) -> None:
    with pytest.raises(InfeasibleError) as raised:
        ranc_program(FEATURES[feature], CoreInputSpikes.none(), 3)
    assert str(raised.value) == snapshot


@pytest.mark.parametrize("feature", HELD_BY_RANC)
def test_at_the_edge_of_what_is_refused(feature: str, tmp_path: Path) -> None:
    network = HELD_BY_RANC[feature]
    assert ranc_problems(network) == ()
    check_all_alike(network, busy_input(network, TICKS, 1), TICKS, tmp_path)
