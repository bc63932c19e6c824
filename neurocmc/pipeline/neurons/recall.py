"""Makes models of content-addressable memories: the network, the spikes that recall everything, and what is right."""

import hashlib
from dataclasses import replace
from pathlib import Path

from neurocmc.frontends.recall.circuit import recall_network
from neurocmc.frontends.recall.recall_yaml import read_recall_yaml
from neurocmc.frontends.recall.trials import recall_trials
from neurocmc.ir.neurons.memories import GIVEN_TICKS, RECALLED_TICKS, Memories, print_memories
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import load_events
from neurocmc.pipeline.neurons.model import NeuronModel, brought


def load_recall(path: Path, stimuli: tuple[Path | None, Path | None] = (None, None)) -> NeuronModel:
    """Reads a memory from a YAML file, with its events and calibration where there are some.

    Raises InputError with the line of every fault, and for stimuli that do not fit.
    """
    loaded = read_recall_yaml(path)
    inputs = recall_network(loaded.memories).inputs
    events, calibration = (None if file is None else load_events(file, inputs, loaded.dt_s) for file in stimuli)
    return recall_model(
        loaded.memories,
        dt_s=loaded.dt_s,
        path=path,
        content=loaded.content,
        events=events,
        calibration=calibration,
    )


def recall_model(
    memories: Memories,
    *,
    dt_s: float = 1e-3,
    path: Path | None = None,
    content: bytes | None = None,
    events: EventStimulus | None = None,
    calibration: EventStimulus | None = None,
) -> NeuronModel:
    """Returns the model of a memory; without events each cue and each content bit is recalled in a trial of its own.

    Args:
        memories: Cues and contents.
        dt_s: The model's time of a tick in s.
        path: Of the file that it was read from.
        content: The bytes of that file.
        events: The spikes that every edge but that of recall is judged by.
        calibration: Those that registers are watched on.

    Raises:
        InputError: For a memory with problems, and for a stimulus that does not fit.
    """
    whole = print_memories(memories).encode() if content is None else content
    network = recall_network(memories, dt_s, hashlib.sha256(whole).hexdigest())
    facts = {
        "family": "content-addressable memory",
        "cues": f"{len(memories.cues):,}",
        "content bits": f"{len(memories.features):,}",
        "stored": f"{memories.stored:,} contents of {int(memories.contents.sum()):,} bits",
        "recall": f"what is given comes back after {GIVEN_TICKS} ticks, what it recalls after {RECALLED_TICKS}",
    }
    where = Path(f"{memories.name}.yaml") if path is None else path
    own = events or recall_trials(memories)
    return replace(brought(where, network, facts, (), content, own, calibration), memories=memories)
