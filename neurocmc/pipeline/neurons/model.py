"""Holds a network that was brought, in real numbers or in a chip's integers, with the spikes that drive it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.opening import NIR, read_bytes
from neurocmc.frontends.nir.read import read_nir
from neurocmc.ir.neurons.memories import Memories
from neurocmc.ir.neurons.network import Decide, NeuronNetwork, SpikeInput
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import load_events
from neurocmc.pipeline.bundled import rules_of

SCALED = "scales are chosen"  # how a note on them begins
SURROGATE = "surrogate"
SURROGATE_TRIALS, SURROGATE_TICKS, SURROGATE_RATE = 50, 100, 0.1
SURROGATE_SPIKES = 2_000_000  # about so many at most; a camera of many channels has fewer trials


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NeuronModel:
    """A network of spiking neurons and its stimuli, for `compile`.

    Args:
        path: Of the file; where it was made in Python, what it would be called.
        network: In real numbers; None where it was brought in integers.
        integers: In a chip's own integers; None where it was brought in real numbers.
        calibration: The spikes that scales are chosen on.
        test: The spikes that the result is judged by.
        facts: For `inspect`.
        notes: What was decided on the way in, a line each.
        content: The bytes of the file that it was read from; None where it was made in Python.
        memories: What it must recall, where it is a content-addressable memory.
    """

    path: Path
    network: NeuronNetwork | None
    integers: Any
    calibration: EventStimulus
    test: EventStimulus
    facts: Mapping[str, object]
    notes: tuple[str, ...]
    content: bytes | None
    memories: Memories | None = None

    def __repr__(self) -> str:
        """One line: what the network consists of."""
        sizes = ", ".join(f"{name} ({size:,})" for name, size in self.sizes.items())
        return f"<NeuronModel {self.name} from {self.path.name}: {sizes}>"

    @property
    def name(self) -> str:
        """The name of the network."""
        return self._level.name

    @property
    def _level(self) -> Any:
        return self.integers if self.network is None else self.network

    @property
    def sizes(self) -> Mapping[str, int]:
        """Population -> its neurons."""
        if self.network is None:
            return self.integers.sizes()
        return {population.name: population.size for population in self.network.populations}

    @property
    def inputs(self) -> tuple[SpikeInput, ...]:
        """The inputs and their channels."""
        if self.network is not None:
            return self.network.inputs
        return tuple(
            SpikeInput(name=entry.name, channels=entry.channels, shape=(entry.channels,))
            for entry in self.integers.inputs
        )

    @property
    def network_notes(self) -> tuple[str, ...]:
        """What was decided about the network itself, whatever it is shown."""
        return tuple(note for note in self.notes if SURROGATE not in note)

    def with_stimuli(self, test: EventStimulus | None, calibration: EventStimulus | None) -> "NeuronModel":
        """Returns the same with stimuli of a user's own; raises InputError where one does not fit the inputs.

        Where only one is given it serves for both, which a note says.
        """
        both, judged = calibration or test, test or calibration
        if both is None or judged is None:
            return self
        raise_input_problems(dict.fromkeys([*both.problems(self.inputs), *judged.problems(self.inputs)]))
        if both is not judged and both.name == judged.name:  # an artifact holds each under its name
            both = replace(both, name=f"{both.name}-calibration")
        notes = [*self.network_notes]
        if both is judged:
            notes.append(f"{SCALED} on the stimulus that judges, {both.name} (--calibration names another)")
        for stimulus in dict.fromkeys((both, judged)):
            if stimulus.merged:
                what = f"{stimulus.merged:,} events fell on a spike of their channel and tick"
                notes.append(f"stimulus {stimulus.name}: {what}, and were not counted twice")
        return replace(self, calibration=both, test=judged, notes=tuple(notes))


def load_nir(
    path: Path,
    *,
    semantics: str,
    dt_s: float | None = None,
    reset: str | None = None,
    decide: Decide = "last",
    events: EventStimulus | Path | None = None,
    calibration: EventStimulus | Path | None = None,
) -> NeuronModel:
    """Reads a network from a NIR file; its stimuli are given, or read from .npz files of events, or drawn.

    Raises InputError with all that is wrong with a file.
    """
    content = read_bytes(path, NIR)
    loaded = read_nir(path, semantics=semantics, dt_s=dt_s, reset=reset, decide=decide, content=content)
    inputs, dt = loaded.network.inputs, loaded.network.semantics.dt_s
    test, own = (
        load_events(entry, inputs, dt) if isinstance(entry, Path) else entry for entry in (events, calibration)
    )
    return brought(path, loaded.network, loaded.facts, loaded.notes, content, test, own)


def load_named_nir(
    path: Path,
    semantics: str | None,
    dt_s: float | None,
    reset: str | None,
    decide: Decide,
    stimuli: tuple[Path | None, Path | None],
) -> NeuronModel:
    """Reads a NIR file whose framework may not have been named, with its events and calibration.

    Of a file that ships, what is not given is as its card says. Raises InputError as `load_nir`, and where no
    framework was named.
    """
    events, calibration = stimuli
    if (known := rules_of(path)) is not None:
        semantics, reset = semantics or known.semantics, reset or known.reset
        events = events or path.with_name(known.events)
    if semantics is None:
        what = "a NIR file does not say how a neuron computes a tick"
        cure = "name the framework that trained it: snntorch-0, snntorch-1, norse, sinabs, spyx or nir"
        raise InputError(Problem("semantics-missing", "--semantics", what, cure))
    return load_nir(
        path, semantics=semantics, dt_s=dt_s, reset=reset, decide=decide, events=events, calibration=calibration
    )


def brought(
    path: Path,
    network: Any,
    facts: Mapping[str, object],
    notes: tuple[str, ...],
    content: bytes | None,
    test: EventStimulus | None = None,
    calibration: EventStimulus | None = None,
) -> NeuronModel:
    """Returns a model of a network in real numbers or integers; surrogates are drawn where no spikes are given.

    Raises InputError where the network has no input, and for a stimulus that does not fit.
    """
    real = isinstance(network, NeuronNetwork)
    own = calibration or test
    inputs: Any = network.inputs
    drawn = surrogate({entry.name: entry.channels for entry in inputs}) if own is None else own
    told = (
        f"no stimulus was given: calibrated and verified with {drawn.batch} {SURROGATE} trials of "
        f"{drawn.ticks} ticks, each channel spiking with probability {SURROGATE_RATE:g} (--events names your own)"
    )
    model = NeuronModel(
        path=path,
        network=network if real else None,
        integers=None if real else network,
        calibration=drawn,
        test=drawn,
        facts=facts,
        notes=notes if own is drawn else (*notes, told),
        content=content,
    )
    return model.with_stimuli(test, calibration)


def surrogate(channels: Mapping[str, int], seed: int = 0) -> EventStimulus:
    """Draws spikes for inputs of which nothing is known, trial by trial: a camera has many channels."""
    if not channels:
        what, cure = "the network has no input", "give it one: a chip that is sent nothing answers nothing"
        raise InputError(Problem("level-empty", "network", what, cure))
    expected = SURROGATE_TICKS * SURROGATE_RATE * sum(channels.values())
    batch = int(np.clip(SURROGATE_SPIKES // expected, 1, SURROGATE_TRIALS))
    generator = np.random.default_rng(seed)
    spikes: dict[str, SpikeList] = {}
    for name, count in channels.items():
        trials = [np.nonzero(generator.random((SURROGATE_TICKS, count)) < SURROGATE_RATE) for _ in range(batch)]
        trial = np.repeat(np.arange(batch), [ticks.size for ticks, _ in trials])
        tick, channel = (np.concatenate(column) for column in zip(*trials, strict=True))
        spikes[name] = SpikeList.of(trial, tick, channel)
    return EventStimulus(
        name=SURROGATE,
        ticks=SURROGATE_TICKS,
        labels=np.full(batch, -1),
        spikes=spikes,
    )
