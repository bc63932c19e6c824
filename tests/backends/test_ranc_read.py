"""Files of RANC that others made: read as its simulator reads them, or refused with the place of every fault."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from neurocmc.backends.truenorth import RancInput
from neurocmc.common.errors import InputError
from tests.backends.ranc_interpreter import interpret
from tests.backends.test_ranc import TICKS, bus_lines, read, spiked


def document_by_hand() -> tuple[dict[str, Any], dict[str, Any]]:
    """Two cores of two neurons and the bus, as a user of RANC writes them."""
    neuron = {
        "reset_potential": 0,
        "weights": [2, 1],
        "leak": 0,
        "positive_threshold": 1,
        "negative_threshold": 0,
        "destination_core_offset": [1, 0],
        "destination_axon": 0,
        "destination_tick": 0,
        "current_potential": 0,
        "reset_mode": 1,
    }
    cores = [
        {
            "coordinates": [column, 0],
            "axons": [0, 1],
            "neurons": [dict(neuron), neuron | {"destination_axon": 1}],
            "connections": [[1, 1], [1, 0]],
        }
        for column in range(2)
    ]
    packet = {"destination_core": [0, 0], "destination_axon": 0, "destination_tick": 0}
    document = {
        "packets": [[packet], [], [packet | {"destination_axon": 1}]],
        "output_bus": {"coordinates": [2, 0], "num_outputs": 2},
        "cores": cores,
    }
    config = {
        "num_neurons": 3,
        "num_axons": 5,
        "num_cores_x": 4,
        "num_cores_y": 2,
        "num_weights": 2,
        "max_tick_offset": 16,
        "neuron_block_trace_verbosity": 0,
        "core_controller_trace_verbosity": 0,
        "scheduler_trace_verbosity": 0,
        "neuron_reset_type": 0,
    }
    return document, config


def check_read(document: dict[str, Any], config: dict[str, Any], folder: Path) -> RancInput:
    """Files made by others run as on the second interpreter."""
    found = read(document, config, folder)
    theirs = interpret(document, config, TICKS)
    ours = spiked(found.network, found.spikes, TICKS)
    assert ours == {(tick - 1, place, neuron) for tick, place, neuron in theirs.spikes}
    assert ours
    assert theirs.lines == bus_lines(found.network, found.spikes, TICKS, found.network.outputs)
    return found


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"reset_mode": 0, "reset_potential": 0, "current_potential": -3},
        {"reset_mode": 0, "reset_potential": 2, "negative_threshold": -4, "leak": -1},
        {"negative_threshold": 0, "leak": -1},
    ],
)
@pytest.mark.parametrize("reset_type", [0, 1])
def test_both_reset_types(reset_type: int, change: dict[str, int], tmp_path: Path) -> None:
    document, config = document_by_hand()
    config["neuron_reset_type"] = reset_type
    document["cores"][0]["neurons"][0] |= change
    document["packets"] = document["packets"] * 12
    check_read(document, config, tmp_path)


def test_what_ranc_drops_is_dropped_and_told(tmp_path: Path) -> None:
    document, config = document_by_hand()
    document["cores"][0]["neurons"][1]["destination_tick"] = 15
    document["packets"][1] = [
        {"destination_core": [0, 0], "destination_axon": 0, "destination_tick": 15},
        {"destination_core": [3, 1], "destination_axon": 4, "destination_tick": 3},
    ]
    document["cores"][1]["neurons"][0]["destination_core_offset"] = [2, 1]  # where no core is listed
    found = check_read(document, config, tmp_path)
    assert found.notes == (
        "packets with destination_tick 15, which RANC's scheduler drops: 1",
        "packets to cores that the file does not list and that nothing receives:  1",
        "neurons with destination_tick 15, whose spikes RANC's scheduler drops: 1",
    )
    assert interpret(document, config, TICKS).lost == 3  # the packet, and two spikes of the neuron


def test_short_lists_unknown_keys_and_cores_of_any_size(tmp_path: Path) -> None:
    document, config = document_by_hand()
    document["made_by"] = document["cores"][0]["note"] = "hand"
    document["cores"][1]["connections"] = [[1], []]
    document["cores"][0]["axons"] = []
    document["cores"][0]["neurons"][0]["weights"] = [7]
    found = check_read(document, config | {"num_axons": 512, "num_neurons": 300}, tmp_path)
    assert (found.network.axons, found.network.neurons, found.network.cores) == (512, 300, 2)
    del document["packets"]
    assert len(read(document, config, tmp_path).spikes.tick) == 0


def _neuron(**change: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda document, _: document["cores"][1]["neurons"][1].update(change)


def _packet(**change: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda document, _: document["packets"][2][0].update(change)


def _core(**change: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda document, _: document["cores"][1].update(change)


def _config(**change: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda _, config: config.update(change)


def _type_one(**change: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def both(document: dict[str, Any], config: dict[str, Any]) -> None:
        _neuron(**change)(document, config)
        config["neuron_reset_type"] = 1

    return both


_FAR = {"destination_core": [9, 9], "destination_axon": 0, "destination_tick": 0}
FAULTS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "no bus": lambda document, _: document.pop("output_bus"),
    "no cores": lambda document, _: document.update(cores=[]),
    "bus beside the grid": lambda document, _: document["output_bus"].update(coordinates=[4, 0]),
    "core beside the grid": _core(coordinates=[-1, 0]),
    "core on the bus": _core(coordinates=[2, 0]),
    "two cores in one place": _core(coordinates=[0, 0]),
    "too many axons": _core(axons=[0] * 6),
    "no such type": _core(axons=[2]),
    "no connections": lambda document, _: document["cores"][1].pop("connections"),
    "connections of one neuron": _core(connections=[[1]]),
    "connections of too many": _core(connections=[[1]] * 4),
    "connections too long": _core(connections=[[1], [0] * 6]),
    "connection 2": _core(connections=[[1], [2]]),
    "connection true": _core(connections=[[1], [True]]),
    "connection of text": _core(connections=[[1], ["1"]]),
    "connections that are no list": _core(connections=[[1], 1]),
    "weight of text": _neuron(weights=["1"]),
    "weight 1.0": _neuron(weights=[1.0]),
    "too many weights": _neuron(weights=[1, 2, 3]),
    "leak beyond all": _neuron(leak=2**40),
    "reset mode 2": _neuron(reset_mode=2),
    "negative threshold": _neuron(positive_threshold=-1),
    "floor above 0": _neuron(negative_threshold=1),
    "linear at the floor": _type_one(negative_threshold=-2),
    "absolute at a floor of 0": _type_one(reset_mode=0, reset_potential=1),
    "offset beside the grid": _neuron(destination_core_offset=[-2, 0]),
    "offset beyond the grid": _neuron(destination_core_offset=[0, 2]),
    "no such axon": _neuron(destination_core_offset=[0, 0], destination_axon=5),
    "no such line": _neuron(destination_axon=2),
    "tick 16": _neuron(destination_tick=16),
    "tick below 0": _neuron(destination_tick=-1),
    "packet beside the grid": _packet(destination_core=[0, 2]),
    "packet to the bus": _packet(destination_core=[2, 0]),
    "packet to no axon": _packet(destination_axon=5),
    "packet of tick 16": _packet(destination_tick=16),
    "packets that are no lists": lambda document, _: document.update(packets=[1]),
    "config without axons": lambda _, config: config.pop("num_axons"),
    "config of reset type 2": _config(neuron_reset_type=2),
    "config beyond memory": _config(num_neurons=10**9),
    "many faults": lambda document, _: document["packets"].append([_FAR] * 40),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_files(fault: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    document, config = document_by_hand()
    FAULTS[fault](document, config)
    with pytest.raises(InputError) as raised:
        read(document, config, tmp_path)
    assert str(raised.value).replace(f"{tmp_path}/", "") == snapshot


def test_cores_beyond_memory(tmp_path: Path) -> None:
    document, config = document_by_hand()
    document["cores"] = [document["cores"][0] | {"coordinates": [column, 1]} for column in range(200)]
    with pytest.raises(InputError, match="limit 2,147,483,648"):
        read(document, config | {"num_neurons": 4096, "num_axons": 4096, "num_cores_x": 300}, tmp_path)
