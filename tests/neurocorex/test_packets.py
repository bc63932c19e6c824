"""The bytes of the serial line, by hand, and read back."""

from typing import Any

import numpy as np
import pytest

from neurocmc.backends.neurocorex.packets import answer_bytes, answered, load_bytes, read_packets, spike_bytes
from neurocmc.common.errors import InputError
from neurocmc.ir.neurocorex.registers import PLACES, CoreRegisters
from tests.neurocorex.rtl import random_case, registers


def by_hand() -> tuple[CoreRegisters, bytes]:
    """Neuron 0 hears channel 1 over 100; neuron 2 hears neuron 0 over -3; threshold 10, leak -1, amplitude 2."""
    forward, between = (np.zeros((PLACES, PLACES), dtype=np.int8) for _ in range(2))
    forward[6, 1], between[8, 5] = 100, -3
    given = registers(
        feed_forward=forward,
        all_to_all=between,
        threshold=np.array([131071] * 4 + [10240] * 90 + [131071] * 2),
        refractory=np.array([0] * 5 + [3] + [0] * 90),
        leak=-1,
        amplitude=2,
    )
    # 0x10: row 8, column 5 is byte 8 x 96 + 5 = 773 of 9,216; -3 is 0xFD. One byte more ends it.
    matrix = b"\x10" + bytes(773) + b"\xfd" + bytes(9216 - 774) + b"\x00"
    # 0x00: row 6, column 1 is byte 6 x 96 + 1 = 577; 100 is 0x64.
    inputs = b"\x00" + bytes(577) + b"\x64" + bytes(9216 - 578) + b"\x00"
    # 0x20: 131,071 = 0x01FFFF and 10,240 = 0x002800, lowest byte first.
    thresholds = b"\xff\xff\x01" * 4 + b"\x00\x28\x00" * 90 + b"\xff\xff\x01" * 2
    # Place 0 of the refractory times is the amplitude.
    rests = b"\x02\x00\x00" + b"\x00\x00\x00" * 4 + b"\x03\x00\x00" + b"\x00\x00\x00" * 90
    # -1 in 18 bits is 0x3FFFF; plasticity is 0.
    parameters = b"\x20" + thresholds + rests + b"\xff\xff\x03" * 96 + bytes(96 * 3)
    return given, matrix + inputs + parameters


def test_the_bytes_are_those_derived_by_hand() -> None:
    given, wanted = by_hand()
    assert load_bytes(given) == wanted
    # Channel 1 in tick 0, channel 300 in tick 1, channel 2 in tick 5, three ticks skipped.
    channels = np.array([1, 300, -1, -1, -1, 2])
    assert spike_bytes(channels) == bytes.fromhex("30 000100 002c01 030200 ffffff")
    # Neurons 0 and 9 spike in tick 0, neuron 6 in tick 3, which begins at bit 270 = 33 x 8 + 6.
    spikes = np.zeros((4, 90), dtype=np.uint8)
    spikes[0, [0, 9]] = 1
    spikes[3, 6] = 1
    wanted_bits = bytearray(45)
    wanted_bits[0], wanted_bits[1], wanted_bits[34] = 0b1, 0b10, 0b10000
    assert answer_bytes(spikes) == b"\xff" + bytes(wanted_bits)
    assert np.array_equal(answered(answer_bytes(spikes), 4), spikes)


def test_what_is_written_is_read_back() -> None:
    case = random_case(7, 40, recurrent=True, ratio=320, leak=-70, amplitude=9)
    again = spike_bytes(case.channel_of_tick)
    read = read_packets(load_bytes(case.registers) + again + again, "packets.bin")
    assert read.registers is not None
    for field in ("feed_forward", "all_to_all", "threshold", "refractory"):
        assert np.array_equal(getattr(read.registers, field), getattr(case.registers, field))
    assert (read.registers.leak, read.registers.amplitude) == (-70, 9)
    assert [run.tolist() for run in read.runs] == [case.channel_of_tick.tolist()] * 2


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:5000],
        lambda data: b"\x70" + data,
        lambda data: data[:-1],
        lambda data: data[:-3],
        lambda data: data[9218:],
    ],
)
def test_bytes_that_the_chip_would_misread_are_refused(change: Any) -> None:
    whole = by_hand()[1] + spike_bytes(np.array([1, 2]))
    with pytest.raises(InputError) as refused:
        read_packets(change(whole), "packets.bin")
    assert refused.value.problems[0].id == "file-damaged"


@pytest.mark.parametrize("answer", [b"", b"\xff" + bytes(10), b"\xfe" + bytes(45)])
def test_an_answer_that_is_none_is_refused(answer: bytes) -> None:
    with pytest.raises(ValueError, match="are needed"):
        answered(answer, 4)


def test_inputs_that_cannot_be_sent_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="last tick"):
        spike_bytes(np.array([1, -1]))
    with pytest.raises(ValueError, match="at most 255"):
        spike_bytes(np.array([1] + [-1] * 300 + [1]))
