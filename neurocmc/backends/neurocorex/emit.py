"""Writes the program of a board: bytes that load it, those of every trial, whose neurons are whose, and `run.py`."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocmc.backends.files import README_FILE, RUN_FILE, TRIALS_EMITTED
from neurocmc.backends.neurocorex.packets import BAUD, load_bytes, read_packets, spike_bytes
from neurocmc.common.arrays import Int
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.files import json_text, write_file
from neurocmc.common.opening import PROGRAM, read_bytes
from neurocmc.common.strict_json import read_json
from neurocmc.common.templates import templates
from neurocmc.ir.neurocorex.program import BoardProgram
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.stimulus import name_problems
from neurocmc.sim.neurocorex.core import run_core
from neurocmc.sim.neurocorex.host import sending

PACKETS_FILE = "packets.bin"
DECODING_FILE = "decoding.json"


def spikes_file(name: str) -> str:
    """Returns the file of the bytes that send the trials of a stimulus."""
    return f"stimulus-{name}.bin"


def emit_board(
    program: BoardProgram,
    stimuli: Mapping[str, EventStimulus],
    directory: Path,
    queue: int,
    trials: int = TRIALS_EMITTED,
) -> None:
    """Writes `packets.bin`, `stimulus-NAME.bin`, `decoding.json`, `run.py` and `README.md`.

    Args:
        program: The program.
        stimuli: By name; of each the first `trials` trials are written.
        directory: A folder that exists.
        queue: Spikes of the host that may wait on the board.
        trials: How many trials of each.

    Raises:
        InputError: Where a stimulus cannot name a file.
    """
    raise_input_problems(name_problems(stimuli))
    write_file(directory / PACKETS_FILE, load_bytes(program.registers))
    tested: dict[str, list[list[int]]] = {}
    for name in sorted(stimuli):
        sent = [sending(program, stimuli[name], trial) for trial in range(min(trials, stimuli[name].batch))]
        write_file(directory / spikes_file(name), b"".join(spike_bytes(each.channel_of_tick) for each in sent))
        tested[name] = [each.tested.tolist() for each in sent]
    decoding = {
        "network": program.name,
        "baud": BAUD,
        "queue": queue,
        "populations": [
            {"name": each.name, "neurons": each.neuron.tolist(), "late": each.depth_ticks}
            for each in program.populations
        ],
        "ticks": {spikes_file(name): stimuli[name].ticks for name in tested},
        "tested": {spikes_file(name): ticks for name, ticks in tested.items()},
    }
    write_file(directory / DECODING_FILE, json_text(decoding))
    fields = {
        "name": program.name,
        "target": program.target,
        "stimulus_file": spikes_file(min(stimuli)),
        "mode": program.mode,
        "neurons": program.logic.size,
    }
    environment = templates(Path(__file__).parent)
    for file in (RUN_FILE, README_FILE):
        write_file(directory / file, environment.get_template(f"{file}.j2").render(fields))


def run_emitted(program: Path, name: str) -> dict[int, NDArray[np.uint8]]:
    """Reads a program back from its bytes and runs it.

    Args:
        program: The folder of the program.
        name: Of the stimulus.

    Returns:
        Trial -> (frames, 90) spikes in the ticks in which neurons are tested.

    Raises:
        InputError: Where a file is missing or damaged.
    """
    loaded = read_packets(read_bytes(program / PACKETS_FILE, PROGRAM), str(program / PACKETS_FILE)).registers
    path = program / spikes_file(name)
    runs = read_packets(read_bytes(path, PROGRAM), str(path)).runs
    tested = _tested(program / DECODING_FILE, spikes_file(name))
    if loaded is None or len(tested) != len(runs) or any(_outside(*pair) for pair in zip(tested, runs, strict=True)):
        what = f"{len(runs)} trials are sent and {len(tested)} decoded"
        raise InputError(Problem("file-damaged", str(path), what, "compile again"))
    found: dict[int, NDArray[np.uint8]] = {}
    for trial, channels in enumerate(runs):
        spikes, _ = run_core(loaded, channels)
        found[trial] = spikes[tested[trial]]
    return found


def _tested(path: Path, file: str) -> list[Int]:
    """The ticks of the board in which each trial's frames are read."""
    told = read_json(path, PROGRAM).get("tested")
    rows = told.get(file) if isinstance(told, dict) else None
    try:
        return [np.array(row, dtype=np.int64).reshape(-1) for row in rows or ()]
    except (TypeError, ValueError):
        raise InputError(Problem("file-damaged", str(path), "its ticks are no numbers", "compile again")) from None


def _outside(tested: Int, channels: Int) -> bool:
    """Whether a frame is read when nothing was sent."""
    return bool(tested.size) and not 0 <= tested.min() <= tested.max() < channels.size
