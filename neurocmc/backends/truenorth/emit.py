"""Writes the program folder of a TrueNorth artifact: corelets, the host's spikes, RANC's files where RANC can run it.

    corelets.json, corelets.schema.json   the cores, and the form that they are written in
    stimulus-NAME.npz                     host spikes of a stimulus
    ranc/config.json, ranc/NAME.json      the cores with the first trial of a stimulus, for UA-RCL/RANC
    README.md                             what this is, and why there is no ranc/ where there is none

Nothing here decides anything: host spikes are those of `sim.truenorth.host`, and RANC is given what `ranc` makes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurocmc.backends.files import (
    CORELETS_FILE,
    RANC_CONFIG_FILE,
    RANC_FOLDER,
    README_FILE,
    SCHEMA_FILE,
    TRIALS_EMITTED,
    ranc_file,
    stimulus_file,
)
from neurocmc.backends.truenorth.corelets import CoreletNode, corelet_tree, write_corelets
from neurocmc.backends.truenorth.ranc import ranc_program
from neurocmc.backends.truenorth.ranc_neurons import ranc_problems
from neurocmc.backends.truenorth.spike_files import HostSpikes, write_host_spikes
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.files import write_file
from neurocmc.common.templates import templates
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.stimulus import Stimulus, name_problems
from neurocmc.ir.truenorth.neurons import CoreNeurons
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.sim.truenorth.neurons import host_spikes, ticks_of

MOST_RANC_CORES = 128  # RANC's JSON has an entry for every place of a crossbar: 130 kB a core of 256 x 256
MOST_REASONS = 6
MOST_CORELETS_LISTED = 60


@dataclass(frozen=True, slots=True)
class Emitted:
    """The files that were written beside the corelets."""

    ranc: tuple[str, ...] = ()  # files for RANC, relative to the folder
    reasons: tuple[str, ...] = ()  # why there is none
    unread: int = 0
    unproved: int = 0
    lines: int = 0


def emit_truenorth(program: CoreProgram, stimuli: Mapping[str, Stimulus], folder: Path) -> tuple[str, ...]:
    """Writes the files above into `folder`, which is made if it is not there.

    Of each stimulus the first TRIALS_EMITTED trials are written. Returns why there are no files for RANC, nothing
    where there are. Raises InputError where a stimulus does not fit the program's inputs or cannot name a file, or
    where a file cannot be written.
    """
    return emit_host_spikes(program, _host_spikes(program, stimuli, TRIALS_EMITTED), folder)


def write_ranc(program: CoreProgram, stimuli: Mapping[str, Stimulus], folder: Path) -> Emitted:
    """Writes the files for RANC alone, with the first trial of each stimulus, or says why it cannot run the cores.

    Raises InputError as `emit_truenorth` does.
    """
    return write_ranc_of(program, _host_spikes(program, stimuli, 1), folder)


def write_ranc_of(program: CoreProgram, host: Mapping[str, HostSpikes], folder: Path) -> Emitted:
    """Writes what `write_ranc` does, for spikes of the host that are already encoded."""
    raise_input_problems([*name_problems(host), *_beside_config(host)])
    return _emit_ranc(program, host, folder)


def _host_spikes(program: CoreProgram, stimuli: Mapping[str, Stimulus], trials: int) -> dict[str, HostSpikes]:
    """What the host sends in the first trials of each stimulus."""
    first = {name: stimulus.take(slice(trials)) for name, stimulus in stimuli.items()}
    return {
        name: HostSpikes(
            spikes=encode_cores(program, stimulus), ticks=program.ticks(stimulus), labels=stimulus.labels
        )
        for name, stimulus in first.items()
    }


def spikes_of_neurons(level: CoreNeurons, stimuli: Mapping[str, EventStimulus], trials: int) -> dict[str, HostSpikes]:
    """Returns what the host sends to single neurons in the first trials of each stimulus."""
    parts = {name: stimulus.take(slice(trials)) for name, stimulus in stimuli.items()}
    return {
        name: HostSpikes(spikes=host_spikes(level, part), ticks=ticks_of(level, part), labels=part.labels)
        for name, part in parts.items()
    }


def emit_host_spikes(program: CoreProgram, stimuli: Mapping[str, HostSpikes], folder: Path) -> tuple[str, ...]:
    """Writes what `emit_truenorth` does, for spikes of the host that are already encoded."""
    raise_input_problems([*name_problems(stimuli), *_beside_config(stimuli)])
    write_corelets(program, folder / CORELETS_FILE)
    write_file(folder / SCHEMA_FILE, (Path(__file__).parent / SCHEMA_FILE).read_bytes())
    for name in sorted(stimuli):
        write_host_spikes(stimuli[name], folder / stimulus_file(name))
    emitted = _emit_ranc(program, stimuli, folder / RANC_FOLDER)
    template = templates(Path(__file__).parent).get_template(f"{README_FILE}.j2")
    write_file(folder / README_FILE, template.render(_fields(program, stimuli, emitted)))
    return emitted.reasons


def _emit_ranc(program: CoreProgram, stimuli: Mapping[str, HostSpikes], folder: Path) -> Emitted:
    reasons = [f"{problem.where}: {problem.what}" for problem in ranc_problems(program.network)]
    if program.network.cores > MOST_RANC_CORES:
        reasons.append(f"{program.network.cores:,} cores: RANC's JSON is written for {MOST_RANC_CORES} at most")
    if reasons:
        return Emitted(reasons=tuple(reasons))
    files: list[str] = []
    made = None
    for name in sorted(stimuli):
        made = ranc_program(program.network, stimuli[name].of_trial(0), stimuli[name].ticks)
        write_file(folder / ranc_file(name), made.program)
        write_file(folder / RANC_CONFIG_FILE, made.config)
        files.append(f"{RANC_FOLDER}/{ranc_file(name)}")
    if made is None:
        return Emitted(reasons=("there is no stimulus, and RANC's file holds cores and input together",))
    return Emitted(ranc=tuple(files), unread=made.unread, unproved=made.unproved, lines=made.outputs)


def _beside_config(stimuli: Iterable[str]) -> Iterable[Problem]:
    for name in stimuli:
        if name.casefold() == "config":
            what = "the name cannot be part of a file name: RANC has a config.json of its own"
            yield Problem("stimulus-name", f"stimulus {name!r}", what, "give another name")


def _fields(program: CoreProgram, stimuli: Mapping[str, HostSpikes], emitted: Emitted) -> dict[str, Any]:
    network = program.network
    listed = list(_flat(corelet_tree(program.neuron_groups, program.axon_groups), ""))
    return {
        "name": program.name,
        "target": program.target,
        "tick_s": program.tick_s,
        "cores": network.cores,
        "axons": network.axons,
        "neurons": network.neurons,
        "outputs": network.outputs,
        "synapses": network.synapses,
        "deterministic": network.deterministic,
        "corelets": listed[:MOST_CORELETS_LISTED],
        "corelets_left_out": max(0, len(listed) - MOST_CORELETS_LISTED),
        "stimuli": [
            {
                "name": name,
                "file": stimulus_file(name),
                "trials": host.trials,
                "ticks": host.ticks,
                "spikes": len(host.spikes.tick),
            }
            for name, host in sorted(stimuli.items())
        ],
        "ranc": emitted.ranc,
        "reasons": emitted.reasons[:MOST_REASONS],
        "reasons_left_out": max(0, len(emitted.reasons) - MOST_REASONS),
        "unread": emitted.unread,
        "unproved": emitted.unproved,
        "lines": emitted.lines,
    }


def _flat(corelets: Iterable[CoreletNode], above: str) -> Iterable[dict[str, Any]]:
    """Each corelet with connectors of its own, by path."""
    for node in corelets:
        path = above + node.name
        if node.inputs or node.outputs:
            groups = (*node.inputs, *node.outputs)
            yield {
                "path": path,
                "cores": sorted({group.core for group in groups}),
                "axons": sum(group.stop - group.start for group in node.inputs),
                "neurons": sum(group.stop - group.start for group in node.outputs),
            }
        yield from _flat(node.parts.values(), f"{path}/")
