"""Writes and reads the bytes of NeuroCoreX's serial line.

A command is the high half of a byte. 0x10 and 0x00 load the all-to-all and the feed-forward matrix, 9,216 bytes each,
row by row, and one byte more, which ends the command. 0x20 loads four rows of 96 numbers, 3 bytes each, lowest first:
thresholds by place; refractory times by place, where place 0 has the amplitude of inputs; 96 numbers of which place 8
is the leak; and 96 of plasticity, which is off. 0x30 sends spikes of inputs: how many ticks are skipped since the one
before, 0 to 255, then the channel, lowest byte first; 0xFF 0xFF 0xFF ends them. The chip takes one spike a tick.

It answers 0xFF once, then 90 bits a tick, neuron 0 first, lowest bit of a byte first, without a gap between ticks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.ir.neurocorex.registers import NEURONS, PLACES, CoreRegisters

ALL_TO_ALL, FEED_FORWARD, PARAMETERS, SPIKES = 0x10, 0x00, 0x20, 0x30
END = b"\xff\xff\xff"
LEAK_PLACE = 8
SKIP_MAX = 255
BAUD = 1_000_000


def load_bytes(registers: CoreRegisters) -> bytes:
    """Returns the bytes that load everything: both matrices and the parameters.

    Args:
        registers: What is loaded.

    Returns:
        19,588 bytes: twice 1 + 9,216 + 1, and 1 + 4 x 96 x 3.

    Example:
        >>> len(load_bytes(registers))
        19589
    """
    refractory = registers.refractory.copy()
    refractory[0] = registers.amplitude
    rows = (registers.threshold, refractory, np.full(PLACES, registers.leak), np.zeros(PLACES, dtype=np.int32))
    numbers = np.concatenate(rows).astype(np.int64) & 0x3FFFF
    parameters = np.stack([numbers & 0xFF, (numbers >> 8) & 0xFF, numbers >> 16], axis=1).astype(np.uint8)
    return b"".join(
        (
            bytes([ALL_TO_ALL]),
            registers.all_to_all.tobytes(),
            b"\0",
            bytes([FEED_FORWARD]),
            registers.feed_forward.tobytes(),
            b"\0",
            bytes([PARAMETERS]),
            parameters.tobytes(),
        )
    )


def spike_bytes(channel_of_tick: Int) -> bytes:
    """Returns the bytes that send inputs: at most one spike a tick.

    Args:
        channel_of_tick: (ticks,) the channel that spikes in each tick, -1 where none does; the last one has one, for
            with its last spike the chip stops.

    Returns:
        The command, three bytes a spike, and the end.
    """
    ticks = np.flatnonzero(channel_of_tick >= 0)
    if not ticks.size or ticks[-1] != len(channel_of_tick) - 1:
        raise ValueError("the last tick needs a spike, of a channel without synapses if need be")
    skipped = np.diff(ticks, prepend=-1) - 1
    if skipped.max() > SKIP_MAX:
        raise ValueError(f"{skipped.max()} ticks without a spike, at most {SKIP_MAX} can be")
    channels = channel_of_tick[ticks]
    packets = np.stack([skipped, channels & 0xFF, channels >> 8], axis=1).astype(np.uint8)
    return bytes([SPIKES]) + packets.tobytes() + END


def answered(answer: bytes, ticks: int) -> NDArray[np.uint8]:
    """Returns (ticks, 90) spikes of what the chip answered. Raises ValueError for too few bytes, and without 0xFF."""
    needed = 1 + -(-ticks * NEURONS // 8)
    if len(answer) < needed or answer[0] != 0xFF:
        raise ValueError(f"{len(answer)} bytes came, {needed} that begin with 0xFF are needed")
    bits = np.unpackbits(np.frombuffer(answer[1:needed], dtype=np.uint8), bitorder="little")
    return bits[: ticks * NEURONS].reshape(ticks, NEURONS)


def answer_bytes(spikes: NDArray[np.uint8]) -> bytes:
    """Returns what the chip answers where (ticks, 90) are its spikes; bits that fill no byte are kept back."""
    bits = spikes.reshape(-1)
    return b"\xff" + np.packbits(bits[: bits.size // 8 * 8], bitorder="little").tobytes()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sent:
    """What a file of packets says."""

    registers: CoreRegisters | None  # None where it loads nothing
    runs: tuple[Int, ...]  # for each command of spikes, the channel of each tick, -1 where none spikes


def read_packets(data: bytes, where: str) -> Sent:
    """Reads bytes as the chip does.

    Args:
        data: The bytes.
        where: What they are called in a message.

    Raises:
        InputError: For a command that is not known, and where bytes end within one.
    """
    held: dict[int, NDArray[np.uint8]] = {}
    runs: list[Int] = []
    place = 0
    lengths = {ALL_TO_ALL: PLACES * PLACES + 1, FEED_FORWARD: PLACES * PLACES + 1, PARAMETERS: 4 * PLACES * 3}
    while place < len(data):
        command = data[place] & 0xF0
        place += 1
        if command == SPIKES:
            channels, place = _run(data, place, where)
            runs.append(channels)
        elif command in lengths:
            part = np.frombuffer(data[place : place + lengths[command]], dtype=np.uint8)
            if part.size < lengths[command]:
                raise InputError(_malformed(where, f"command {command:#04x} ends after {part.size} bytes"))
            held[command] = part
            place += lengths[command]
        else:
            raise InputError(_malformed(where, f"byte {place - 1} is {data[place - 1]:#04x}, which is no command"))
    missing = [f"{command:#04x}" for command in lengths if command not in held]
    if held and missing:
        raise InputError(_malformed(where, f"it lacks command {', '.join(missing)}"))
    return Sent(registers=_registers(held) if held else None, runs=tuple(runs))


def _run(data: bytes, place: int, where: str) -> tuple[Int, int]:
    """The channel of each tick, and where the command ends."""
    parts: list[Int] = []
    for skipped, low, high in _threes(data, place, where):
        place += 3
        if (skipped, low, high) == tuple(END):
            return np.concatenate([np.zeros(0, dtype=np.int64), *parts]), place
        parts.append(np.concatenate([np.full(skipped, -1), [low | high << 8]]).astype(np.int64))
    raise InputError(_malformed(where, "its spikes do not end with 0xFF 0xFF 0xFF"))


def _threes(data: bytes, place: int, where: str) -> Iterator[tuple[int, int, int]]:
    while place + 3 <= len(data):
        yield data[place], data[place + 1], data[place + 2]
        place += 3
    if place != len(data):
        raise InputError(_malformed(where, "a spike has fewer than three bytes"))


def _registers(held: dict[int, NDArray[np.uint8]]) -> CoreRegisters:
    matrices = {
        command: held[command][:-1].view(np.int8).reshape(PLACES, PLACES) for command in (ALL_TO_ALL, FEED_FORWARD)
    }
    low, middle, high = held[PARAMETERS].reshape(4 * PLACES, 3).astype(np.int64).T
    numbers = low | middle << 8 | (high & 3) << 16
    threshold, refractory, leaks, _ = np.where(numbers >= 1 << 17, numbers - (1 << 18), numbers).reshape(4, PLACES)
    amplitude = int(refractory[0])
    refractory[0] = 0
    return CoreRegisters(
        feed_forward=matrices[FEED_FORWARD],
        all_to_all=matrices[ALL_TO_ALL],
        threshold=threshold,
        refractory=refractory,
        leak=int(leaks[LEAK_PLACE]),
        amplitude=amplitude & 0xFF,
    )


def _malformed(where: str, what: str) -> Problem:
    return Problem("file-damaged", where, what, "compile again")
