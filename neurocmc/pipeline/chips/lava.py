"""Runs the emitted program on stock Lava, in an interpreter of its own, and decodes its spikes as the emulator's.

Lava is never imported here. The program runs as a user would run it, on stimulus files written for it; trials
run side by side, as copies of the network in one run, as many at once as MAX_NEURONS allows. A process model that
fails inside Lava blocks for ever, so every run has a time limit, after which all its processes are ended.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path
from threading import Event, Timer
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import read_npz, write_npz
from neurocmc.common.process import child_environment
from neurocmc.common.progress import Progress
from neurocmc.common.system import apart, end_all, interpreter_of
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.child_program import ISOLATED, QUANTITY, edge_unless_run
from neurocmc.sim.recording import Spikes, counted, recording
from neurocmc.verification.edges import Edge, mismatch_edge, not_run

LAVA_PYTHON = "NEUROCMC_LAVA_PYTHON"
MAX_NEURONS = 16_384  # of one run, over all of its trials
TIME_LIMIT_S = 3600.0
NEEDED = f"run `make lava` in a checkout, or set {LAVA_PYTHON} to a Python that has lava-nc 0.10.0"
_TICK = re.compile(r"tick (\d+) of (\d+)$")


def find_lava_python() -> Path | None:
    """Finds the interpreter that NEUROCMC_LAVA_PYTHON names, else that of the checkout's .venv-lava, else None.

    The variable set to nothing means that Lava is not to be used.
    """
    named = os.environ.get(LAVA_PYTHON)
    if named is not None:
        return Path(named) if named else None
    folder = Path(__file__).resolve().parents[3] / ".venv-lava"
    return interpreter_of(folder) if (folder / ".ready").is_file() else None


def check_lava_python() -> Path:
    """Returns the interpreter that has Lava. Raises InputError where none is at hand."""
    if (python := find_lava_python()) is None:
        raise InputError(Problem("lava-missing", "--on lava", "there is no interpreter with Lava at hand", NEEDED))
    return python


def simulate_lava(
    network: IntegerNetwork,
    program: Path,
    stimulus: Stimulus,
    *,
    record_spikes: bool = True,
    time_limit_s: float = TIME_LIMIT_S,
    progress: Progress | None = None,
) -> Recording:
    """Runs the emitted program of `network` in the directory `program` on all trials of a stimulus.

    Raises InputError where no interpreter has Lava, where the stimulus does not fit the network's inputs, where the
    program fails, and where all trials take more than `time_limit_s`.
    """
    # Here and not above: they bring numba along, which who only asks for Lava, or its time limit, need not wait for.
    from neurocmc.backends.loihi.emit import stimulus_arrays
    from neurocmc.sim.loihi.host import encode

    python = check_lava_python()
    ticks, values = stimulus.ticks(network.tick_s), encode(network, stimulus)
    at_once = max(MAX_NEURONS // network.neurons, 1)
    deadline = monotonic() + time_limit_s
    spikes: list[Spikes] = []
    for first in range(0, stimulus.batch, at_once):
        part = slice(first, min(first + at_once, stimulus.batch))
        share = (part.start / stimulus.batch, (part.stop - part.start) / stimulus.batch)
        with tempfile.TemporaryDirectory(prefix="neurocmc-lava-") as folder:
            files = {name: value[part] for name, value in values.items()}
            arrays = stimulus_arrays(network, files, ticks, stimulus.labels[part])
            write_npz(Path(folder) / "stimulus.npz", arrays)
            run = LavaRun(python, program / "run.py", Path(folder), part.stop - part.start, time_limit_s)
            recorded = run.to_the_end(deadline, _share(progress, *share))
        trial = recorded["trial"] + np.int32(first)
        spikes.append(Spikes(tick=recorded["tick"], trial=trial, neuron=recorded["neuron"]))
    return _recording(network, stimulus, ticks, Spikes.joined(spikes), record_spikes=record_spikes)


class LavaRun:
    """One run of the program in a session of its own, so that all of its processes can be ended at once."""

    def __init__(self, python: Path, script: Path, folder: Path, trials: int, time_limit_s: float) -> None:
        self.out, self.folder, self.time_limit_s = folder / "spikes.npz", folder, time_limit_s
        self.command = [str(python), ISOLATED, str(script.resolve()), "--stimulus", str(folder / "stimulus.npz")]
        self.command += ["--trial", *map(str, range(trials)), "--out", str(self.out), "--progress"]

    def to_the_end(self, deadline: float, told: Progress) -> dict[str, NDArray[np.int32]]:
        """Returns what was recorded. Raises InputError where the run cannot be started, fails, or takes too long."""
        try:
            process = subprocess.Popen(
                self.command,
                cwd=self.folder,
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
            what = f"{self.command[0]} cannot be run: {error.strerror}"
            raise InputError(Problem("lava-missing", "--on lava", what, NEEDED)) from None
        late = Event()

        def end() -> None:
            late.set()
            end_all(process)

        timer = Timer(max(deadline - monotonic(), 0.0), end)
        timer.start()
        try:
            last = self._watch(process, told)
        finally:
            timer.cancel()
            if process.returncode is None:
                end_all(process)  # an interrupt of ours does not reach it, and it must not outlive us
        if late.is_set():
            what = f"it was not finished after {self.time_limit_s:g} s"
            raise InputError(
                Problem(
                    "lava-too-slow",
                    "--on lava",
                    what,
                    "give it more (--time-limit), or fewer (--samples) or shorter trials",
                )
            )
        if process.returncode:
            cure = NEEDED if "No module named" in last else f"run it by hand: {self.command[0]} program/run.py"
            raise InputError(
                Problem("lava-failed", "program/run.py on Lava", f"it failed: {last or 'it said nothing'}", cure)
            )
        if not self.out.is_file():
            what = f"{self.command[0]} ran program/run.py without an error, but wrote no spikes"
            raise InputError(Problem("lava-failed", "--on lava", what, NEEDED))
        return read_npz(self.out)

    def _watch(self, process: "subprocess.Popen[str]", told: Progress) -> str:
        """Pass its progress on until it ends; its last line that is none."""
        told("lava", 0.0)
        last = ""
        assert process.stdout is not None
        for line in process.stdout:
            if found := _TICK.search(line.strip()):
                told("lava", int(found[1]) / int(found[2]))
            elif line.strip():
                last = line.strip()
        process.wait()
        return last


def _share(progress: Progress | None, start: float, width: float) -> Progress:
    """Progress of one run as part of all."""

    def told(stage: str, share: float) -> None:
        if progress is not None:
            progress(stage, start + width * share)

    return told


def _recording(
    network: IntegerNetwork, stimulus: Stimulus, ticks: int, spikes: Spikes, *, record_spikes: bool
) -> Recording:
    """Spikes of all trials, decoded population by population."""
    return recording(
        network.populations,
        counted(network.populations, spikes, stimulus.batch, ticks),
        spikes if record_spikes else None,
        level="lava",
        stimulus=stimulus.name,
        tick_s=network.tick_s,
    )


def lava_edge(program: Path, stimulus: str, ours: Bool) -> Edge:
    """Compares (trials, ticks, neurons) spikes with stock Lava's, where an interpreter that has it is named."""
    name = "emulator == Lava"
    python = find_lava_python()
    if python is None:
        return not_run(name, QUANTITY, NEEDED)
    trials, ticks, _ = ours.shape
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spikes.npz"
        command = [str(python), ISOLATED, str(program / "run.py"), "--steps", str(ticks)]
        command += ["--trial", *map(str, range(trials)), "--stimulus", str(program / stimulus), "--out", str(out)]
        if edge := edge_unless_run(name, command, Path(folder)):
            return edge
        recorded = read_npz(out)
    theirs = np.zeros_like(ours)
    theirs[recorded["trial"], recorded["tick"], recorded["neuron"]] = True
    many = f"{trials} trials of " if trials > 1 else ""
    return mismatch_edge(name, int((ours != theirs).sum()), int(ours.sum()), f"lava-nc, {many}{ticks} ticks")
