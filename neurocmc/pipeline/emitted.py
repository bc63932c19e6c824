"""The last edge: the emitted program does what the interpreter of its level did, spike for spike."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.backends.brian2 import stimulus_file as brian2_stimulus_file
from neurocmc.backends.loihi import stimulus_file as loihi_stimulus_file
from neurocmc.backends.loihi.readback import run_emitted
from neurocmc.backends.truenorth import CORELETS_FILE, read_corelets, read_host_spikes
from neurocmc.backends.truenorth import stimulus_file as cores_stimulus_file
from neurocmc.common.arrays import Bool
from neurocmc.common.files import read_npz
from neurocmc.common.process import child_environment
from neurocmc.common.system import apart, end_all
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.recording import SpikeTrain
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.lava import NEEDED, find_lava_python
from neurocmc.pipeline.program import ISOLATED, emitted_again
from neurocmc.sim.brian2_equations import Names
from neurocmc.sim.loihi.emulator import emulate
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.truenorth import CoreInputSpikes, CoreRecord, run_cores
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.sim.truenorth.reference import run_cores_reference
from neurocmc.verification.edges import Edge, failed, mismatch_edge, not_run

LIMIT_S = 300
CORE_TICKS = 200  # of the first trial: the readable twin takes all neurons of all cores
CHECKED_S = 1.0  # model time of the first trial that is compared
QUANTITY = "spikes that differ"


def emitted_edges(artifact: Artifact, stimulus: Stimulus) -> list[Edge]:
    """Run the program on the first trial of a stimulus and compare every spike of its first second.

    What is run is not program/ but its like, emitted again from the levels: raises InputError where the two differ.
    """
    first = stimulus.take(slice(0, 1))
    with emitted_again(artifact) as program:
        if artifact.cores is not None:
            return [_cores_edge(artifact, artifact.cores, program, first)]
        if artifact.integer is None:
            return [_brian2_edge(artifact, program, first)]
        ours = _emulated(artifact.integer, first)
        file = loihi_stimulus_file(stimulus.name)
        theirs = run_emitted(program, file, 0, artifact.integer.rule)[: len(ours)]
        note = f"program/ read back from its files, {len(ours)} ticks"
        edges = [mismatch_edge("emulator ~ emitted", int((ours != theirs).sum()), int(ours.sum()), note)]
        return [*edges, _lava_edge(program, file, ours)]


def _cores_edge(artifact: Artifact, program: CoreProgram, folder: Path, stimulus: Stimulus) -> Edge:
    """corelets.json and the host's spikes read back from their files, stepped by the readable twin of the kernel."""
    ticks = min(stimulus.ticks(program.tick_s), CORE_TICKS)
    record = CoreRecord(outputs=False, spikes="all")
    sent = encode_cores(program, stimulus)
    early = sent.tick < ticks
    own = CoreInputSpikes(
        trial=sent.trial[early], tick=sent.tick[early], core=sent.core[early], axon=sent.axon[early]
    )
    ours = run_cores(program.network, own, ticks, seed=artifact.seed, record=record).spikes[0]
    read = read_corelets(folder / CORELETS_FILE)
    host = read_host_spikes(folder / cores_stimulus_file(stimulus.name), ticks)
    theirs = run_cores_reference(read.network, host.of_trial(0), ticks, seed=artifact.seed).spikes.reshape(ticks, -1)
    note = f"program/ read back from its files, numpy, {ticks} ticks of {read.network.cores} cores"
    return mismatch_edge("emulator ~ emitted", int((ours != theirs).sum()), int(ours.sum()), note)


def _ticks(stimulus: Stimulus, tick_s: float) -> int:
    return min(stimulus.ticks(tick_s), round(CHECKED_S / tick_s))


def _emulated(network: IntegerNetwork, stimulus: Stimulus) -> Bool:
    """(ticks, neurons) spikes of the emulator."""
    ticks = _ticks(stimulus, network.tick_s)
    values = {name: value[:, :ticks] for name, value in encode(network, stimulus).items()}
    return emulate(network, values, 1, ticks, record_spikes=True).spikes[0].astype(np.bool_)


def _lava_edge(program: Path, stimulus: str, ours: Bool) -> Edge:
    """The same spikes on stock Lava, where an interpreter that has it is named."""
    name = "emulator == Lava"
    python = find_lava_python()
    if python is None:
        return not_run(name, QUANTITY, NEEDED)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spikes.npz"
        command = [str(python), ISOLATED, str(program / "run.py"), "--steps", str(len(ours))]
        command += ["--stimulus", str(program / stimulus), "--out", str(out)]
        if edge := edge_unless_run(name, command, Path(folder)):
            return edge
        recorded = read_npz(out)
    theirs = np.zeros_like(ours)
    theirs[recorded["tick"], recorded["neuron"]] = True
    return mismatch_edge(name, int((ours != theirs).sum()), int(ours.sum()), f"lava-nc, {len(ours)} ticks")


def _brian2_edge(artifact: Artifact, program: Path, stimulus: Stimulus) -> Edge:
    """The emitted Brian2 script in an interpreter of its own, against our own simulation."""
    from neurocmc.sim.brian2_lif import simulate_brian2  # here and not above: Brian2 takes seconds to import

    recording = simulate_brian2(artifact.spiking, stimulus, record_spikes=True)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spikes.npz"
        command = [sys.executable or "python3", ISOLATED, str(program / "run.py")]
        command += ["--stimulus", str(program / brian2_stimulus_file(stimulus.name)), "--out", str(out)]
        if edge := edge_unless_run("brian2 ~ emitted", command, Path(folder)):
            return edge
        theirs = read_npz(out)
    ours = recording.spikes
    names = Names.of(artifact.spiking).population
    differ = sum(_differing(train, theirs, names[name]) for name, train in ours.items())
    spikes = sum(train.tick.size for train in ours.values())
    return mismatch_edge("brian2 ~ emitted", differ, spikes, "program/run.py in an interpreter of its own")


def _differing(train: SpikeTrain, theirs: Mapping[str, NDArray[Any]], name: str) -> int:
    """Spikes of one population that only one side has."""
    mine = {tuple(row) for row in zip(train.tick.tolist(), train.unit.tolist(), train.neuron.tolist(), strict=True)}
    columns = [theirs[f"cells_{name}.{field}"].tolist() for field in ("tick", "unit", "neuron")]
    return len(mine ^ {tuple(row) for row in zip(*columns, strict=True)})


def edge_unless_run(name: str, command: list[str], folder: Path) -> Edge | None:
    """Run a program under a time limit, with all its children; the edge that says why, if there is no result.

    A program that fails is a miss: it is what was emitted. One that could not be started, or did not end in time, was
    not judged.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            **apart(),
        )
    except OSError as error:
        return not_run(name, QUANTITY, f"{command[0]} cannot be run: {error.strerror}")
    try:
        output, _ = process.communicate(timeout=LIMIT_S)
    except BaseException as error:
        # It has a session of its own: an interrupt of ours does not reach it, and it must not outlive us.
        end_all(process)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            return not_run(name, QUANTITY, f"it took more than {LIMIT_S} s")
        raise
    last = output.strip().splitlines()[-1:] or ["without a word"]
    if not process.returncode:
        return None
    if "No module named 'lava'" in last[0]:
        return not_run(name, QUANTITY, f"{command[0]} has no lava-nc: {last[0]}")
    if "ModuleNotFoundError: No module named" in last[0]:  # it is on PYTHONPATH, or among the user's own packages
        return not_run(name, QUANTITY, f"{command[0]}, isolated from its environment, lacks a module: {last[0]}")
    return failed(name, QUANTITY, f"program/run.py failed: {last[0]}")
