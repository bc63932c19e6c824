"""Runs a file of cores, RANC's or a corelet description, on the emulator, and writes the spikes of its output bus.

Beside an .npz there are two other forms of the bus alone, by the output's name: .csv, one line a spike, and .txt, the
lines that RANC's simulator writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.backends.truenorth import corelets_of, is_corelets, is_ranc, ranc_of, read_host_spikes
from neurocmc.common.arrays import Int
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.files import write_file, write_npz
from neurocmc.common.opening import CORES
from neurocmc.common.progress import Progress
from neurocmc.common.strict_json import read_json
from neurocmc.ir.truenorth.cores import CoreNetwork
from neurocmc.ir.truenorth.program import NeuronGroup
from neurocmc.sim.truenorth import CoreInputSpikes, CoreRecord, CoreRun, run_cores

MOST_TICKS = 10_000_000
MOST_LINES_CELLS = 2**27  # ticks x lines of a file in RANC's form
SUFFIXES = (".npz", ".csv", ".txt")


@dataclass(frozen=True, slots=True)
class CoreRunOptions:
    """The options of a run of cores, as the command line gives them."""

    config: Path | None
    ticks: int | None
    spikes: Path | None
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class CoreJob:
    """A network of cores, with its input and what is known of it."""

    network: CoreNetwork
    spikes: CoreInputSpikes
    ticks: int
    trials: int
    notes: tuple[str, ...]
    groups: tuple[NeuronGroup, ...]
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class CoreFileRun:
    """A finished run of a file of cores."""

    job: CoreJob
    run: CoreRun

    @property
    def rows(self) -> list[list[int]]:
        """The spikes of the output bus as [trial, tick, line], in this order, each once."""
        return _rows(self.run)

    @property
    def group_spikes(self) -> Int:
        """The spikes of the neurons of each group, (trials, groups)."""
        return _group_spikes(self.run, self.job)


def run_core_file(path: Path, output: Path, options: CoreRunOptions, progress: Progress) -> CoreFileRun:
    """Runs a file of cores and writes the spikes of its output bus. Raises InputError."""
    if output.suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(
            Problem("output-suffix-unknown", str(output), "no form of output has this suffix", f"use one of {known}")
        )
    job = _read(path, options)
    _check_size(job, output)
    progress("emulator", 0.0)
    record = CoreRecord(neuron_totals=bool(job.groups))
    run = run_cores(
        job.network, job.spikes, job.ticks, batch=job.trials, seed=options.seed, record=record, threads=None
    )
    progress("emulator", 1.0)
    _write(run, job, output)
    return CoreFileRun(job, run)


def _read(path: Path, options: CoreRunOptions) -> CoreJob:

    document = read_json(path, CORES)
    if is_corelets(document):
        return _corelets(path, document, options)
    if is_ranc(document):
        return _ranc(path, document, options)
    cure = "RANC's file has packets, output_bus and cores; a corelet description says so under format"
    raise InputError(
        Problem("file-of-cores-unknown", str(path), "is neither a file of RANC nor a corelet description", cure)
    )


def _ranc(path: Path, document: dict[str, Any], options: CoreRunOptions) -> CoreJob:

    config, ticks = options.config, options.ticks
    problems = _tick_problems(ticks)
    if options.spikes is not None:
        problems.append(Problem("option-not-for-this", "--input", f"{path} holds its own packets", "leave it out"))
    if config is None:
        problems.append(
            Problem(
                "option-not-for-this", "--config", f"{path} is a file of RANC", "give the config that belongs to it"
            )
        )
    if ticks is None:
        problems.append(
            Problem(
                "length-missing", "--ticks", "RANC's files do not say how long they run", "give a number of ticks"
            )
        )
    if problems or config is None or ticks is None:
        raise InputError(problems)
    read = ranc_of(path, document, config)
    heard = read.spikes.tick < ticks
    names = ("trial", "tick", "core", "axon")
    spikes = CoreInputSpikes(**{name: getattr(read.spikes, name)[heard] for name in names})
    return CoreJob(read.network, spikes, ticks, 1, read.notes, (), "RANC")


def _corelets(path: Path, document: dict[str, Any], options: CoreRunOptions) -> CoreJob:

    problems = [*_tick_problems(options.ticks)]
    if options.config is not None:
        problems.append(
            Problem(
                "option-not-for-this",
                "--config",
                f"{path} is a corelet description, which needs none",
                "leave it out",
            )
        )
    if options.spikes is None and options.ticks is None:
        cure = "give a number of ticks, or spikes with --input"
        problems.append(Problem("length-missing", "--ticks", "the number of ticks is not given", cure))
    raise_input_problems(problems)
    program = corelets_of(path, document)
    groups = program.neuron_groups
    if options.spikes is None:
        return CoreJob(program.network, CoreInputSpikes.none(), options.ticks or 0, 1, (), groups, "corelets")
    host = read_host_spikes(options.spikes, options.ticks)
    network = program.network
    raise_input_problems(
        Problem(
            "index-beyond-range",
            f"{options.spikes}: {name}",
            f"{most} is beyond the {count} of {path}",
            "count from 0",
        )
        for name, count in (("core", network.cores), ("axon", network.axons))
        if (most := int(getattr(host.spikes, name).max(initial=-1))) >= count
    )
    return CoreJob(network, host.spikes, host.ticks, host.trials, (), groups, "corelets")


def _tick_problems(ticks: int | None) -> list[Problem]:
    if ticks is None or 1 <= ticks <= MOST_TICKS:
        return []
    return [Problem("number-out-of-range", "--ticks", f"got {ticks:,}", f"give 1 to {MOST_TICKS:,}")]


def _check_size(job: CoreJob, output: Path) -> None:
    if output.suffix == ".txt" and job.trials > 1:
        what = f"RANC's form has one trial, there are {job.trials:,}"
        raise InputError(Problem("output-form-too-small", str(output), what, "name an .npz or .csv file"))
    if output.suffix == ".txt" and job.ticks * job.network.outputs > MOST_LINES_CELLS:
        what = f"RANC's form writes {job.ticks:,} ticks x {job.network.outputs:,} lines, limit {MOST_LINES_CELLS:,}"
        raise InputError(Problem("output-form-too-small", str(output), what, "name an .npz or .csv file"))


def _rows(run: CoreRun) -> list[list[int]]:
    """[trial, tick, line] of the output bus in this order, each once."""

    outputs = run.outputs
    return np.unique(np.stack([outputs.trial, outputs.tick, outputs.line], axis=1), axis=0).tolist()


def _group_spikes(run: CoreRun, job: CoreJob) -> Int:
    """(trials, groups) spikes of the neurons of each group."""

    totals = np.zeros((job.trials, len(job.groups)), dtype=np.int64)
    for index, group in enumerate(job.groups):
        totals[:, index] = run.neuron_totals[:, group.core, group.start : group.stop].sum(axis=1)
    return totals


def _write(run: CoreRun, job: CoreJob, output: Path) -> None:

    rows = _rows(run)
    match output.suffix:
        case ".csv":
            write_file(output, "trial,tick,line\n" + "".join(f"{t},{k},{n}\n" for t, k, n in rows))
        case ".txt":
            write_file(output, "".join(_ranc_lines(rows, job.ticks, job.network.outputs)))
        case _:
            table = np.array(rows, dtype=np.int32).reshape(-1, 3)
            columns: dict[str, NDArray[Any]] = {
                name: table[:, index] for index, name in enumerate(("trial", "tick", "line"))
            }
            sizes = {"trials": job.trials, "ticks": job.ticks, "outputs": job.network.outputs}
            if job.groups:
                columns["group_corelet"] = np.array([group.corelet for group in job.groups], dtype=np.str_)
                columns["group_role"] = np.array([group.role for group in job.groups], dtype=np.str_)
                columns["group_spikes"] = _group_spikes(run, job)
            write_npz(output, columns | {name: np.asarray(size, np.int64) for name, size in sizes.items()})


def _ranc_lines(rows: list[list[int]], ticks: int, outputs: int) -> Iterator[str]:
    """RANC's output: line n holds the bus of tick n - 1, and so the first is empty and the last tick is not there."""
    fired = {tick: {line for _, _, line in group} for tick, group in groupby(rows, key=lambda row: row[1])}
    for tick in range(-1, ticks - 1):
        spikes = fired.get(tick, set())
        yield "".join("1 " if line in spikes else "0 " for line in range(outputs)) + "\n"
