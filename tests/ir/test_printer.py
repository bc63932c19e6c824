"""The printed levels: goldens of one small circuit, and how arrays are summarised."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from neurocmc.ir.loihi.printer import MAX_ROUTES, print_chip, print_integer
from neurocmc.ir.printer import print_rate
from neurocmc.ir.rate import RateInput
from neurocmc.ir.summaries import matrix, milliseconds, number, percent, vector
from tests.made import levels
from tests.made.circuits import driven, population, projection
from tests.made.printing import print_level


@pytest.mark.parametrize("level", [levels.rate, levels.spiking, levels.integer, levels.chip])
def test_a_level_reads_well(level: Callable[[], Any], snapshot: SnapshotAssertion) -> None:
    assert print_level(level()) == snapshot


def test_a_circuit_of_everything_reads_well(snapshot: SnapshotAssertion) -> None:
    circuit = replace(
        driven(population("cells", 3, "sigmoid", gain=[1, 2, 4], offset=0.25, saturation=100.0), tau_s=0.005),
        populations=(
            population("cells", 3, "sigmoid", gain=[1, 2, 4], offset=0.25, saturation=100.0),
            replace(population("line", 12, "softplus", gain=np.linspace(1, 2, 12)), trace_tau_s=0.0),
        ),
        projections=(
            projection("cells", "cells", np.full((3, 3), -0.5) + 2 * np.eye(3), 0.1, order=2, dc_gain=0.5),
            projection("cells", "line", np.arange(36.0).reshape(12, 3), name="fan-out"),
            projection("line", "line", np.tri(12), 0.01),
        ),
        inputs=(RateInput(name="drive", target="cells", weight=np.arange(12.0).reshape(3, 4) / 7, tau_s=0.005),),
        origin_sha256="0" * 64,
        on_host=("encoder, 784 -> 4",),
    )
    assert circuit.problems() == ()
    assert print_rate(circuit) == snapshot


def test_a_payload_input_says_so() -> None:
    network = levels.integer()
    paid = replace(network.inputs[0], payload_bits=24, axon_mantissa=[1], filtered=True)
    text = print_integer(replace(network, inputs=(paid,)))
    assert "axons     1 a unit, mantissas 1, payload of 24 bits" in text
    assert "input drive: 4 channels -> excite, filtered" in text


def test_many_routes_are_summed() -> None:
    program, count = levels.chip(), MAX_ROUTES + 1
    lists = next(lists for lists in program.lists if lists.projections == ("drive",))
    route = program.routes[0]
    few = print_chip(replace(program, routes=(route,) * MAX_ROUTES, lists=(lists,) * MAX_ROUTES))
    many = print_chip(replace(program, routes=(route,) * count, lists=(lists,) * count)).splitlines()
    assert "summed over" not in few
    assert many[-1].split()[-2:] == [f"{amount * count:,}" for amount in (1, route.axons)]
    amounts = (1, lists.axons, lists.index_free, lists.synapses, lists.synapse_bits)
    (summed,) = [line.split() for line in many if line.startswith("host (drive)")]
    assert summed == ["host", "(drive)", *(f"{amount * count:,}" for amount in amounts)]


def test_texts_differ_where_levels_do() -> None:
    network = levels.integer()
    bias = network.populations[0].bias_mantissa.copy()
    bias[3, 7] += 1
    changed = replace(
        network, populations=(replace(network.populations[0], bias_mantissa=bias), network.populations[1])
    )
    assert print_integer(changed) != print_integer(network)


@pytest.mark.parametrize(
    ("array", "lines"),
    [
        (np.zeros((2, 3)), ["2 x 3, all-to-all 0"]),
        (np.full((2, 3), -1.5), ["2 x 3, all-to-all -1.5"]),
        (2 * np.eye(3), ["3 x 3, one-to-one 2"]),
        (2 * np.eye(3) + 1, ["3 x 3, one-to-one 3, every other 1"]),
        (np.array([[7]]), ["1 x 1, all-to-all 7"]),
        (np.array([[1, -20], [0.5, 3]]), ["2 x 2, row by row", "  1  -20", "0.5    3"]),
        (np.zeros((0, 3)), ["0 x 3, empty"]),
        (np.eye(20)[:19], ["19 x 20, 0 .. 1, 19 of 380 not 0, sha256 246d30262957"]),
    ],
)
def test_matrices_are_summarised(array: np.ndarray, lines: list[str]) -> None:
    assert matrix(array) == lines


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.array([]), "none"),
        (np.full(100, 2.5), "2.5"),
        (np.array([1, 2.25, -3]), "1 2.25 -3"),
        (np.array([0.1 + 0.2, 0.3]), "0.3"),
        (np.arange(11), "0 .. 10 (11 values, sha256 7ea767639e90)"),
    ],
)
def test_vectors_are_summarised(array: np.ndarray, text: str) -> None:
    assert vector(array) == text


def test_a_fingerprint_follows_each_value_but_not_the_last_bits() -> None:
    array = np.linspace(0.0, 1.0, 1000) ** 2
    assert vector(array * (1 + 1e-15)) == vector(array)
    changed = array.copy()
    changed[500] *= 1 + 1e-6
    assert vector(changed) != vector(array)


def test_numbers_have_their_units() -> None:
    assert [number(x) for x in (1234567, 0.1, -1e-9, 1e300, np.inf)] == [
        "1,234,567",
        "0.1",
        "-1e-09",
        "1e+300",
        "inf",
    ]
    assert [percent(x) for x in (0.5, 1e-15, 0.01234)] == ["50 %", "0 %", "1.234 %"]
    assert [milliseconds(x) for x in (0.02, 0.0005, 1e-3 * (0.1 + 0.2))] == ["20 ms", "0.5 ms", "0.3 ms"]
