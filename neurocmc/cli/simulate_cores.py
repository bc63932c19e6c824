"""`neurocmc simulate FILE.json --on truenorth`: cores from a file, RANC's or a corelet description, on the emulator.

What is told and written is the output bus: which of its lines carried a spike in which tick; of corelets also how
often each group of neurons spiked. Beside an .npz there are two other forms of the bus alone, by the output's name:
.csv, one line a spike, and .txt, the lines that RANC's simulator writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurocmc.cli.output import grid, say, say_json, show, stages
from neurocmc.common.errors import InputError, Problem, raise_input_problems

if TYPE_CHECKING:
    from neurocmc.common.arrays import Int
    from neurocmc.ir.truenorth.cores import CoreNetwork
    from neurocmc.ir.truenorth.program import NeuronGroup
    from neurocmc.sim.truenorth import CoreInputSpikes, CoreRun

MOST_TICKS = 10_000_000
MOST_LINES_CELLS = 2**27  # ticks x lines of a file in RANC's form
SHOWN_TICKS = 100
SHOWN_GROUPS = 40
SUFFIXES = (".npz", ".csv", ".txt")


@dataclass(frozen=True, slots=True)
class CoreRunOptions:
    """What the command line says of a run of cores."""

    config: Path | None
    ticks: int | None
    spikes: Path | None
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    network: "CoreNetwork"
    spikes: "CoreInputSpikes"
    ticks: int
    trials: int
    notes: tuple[str, ...]
    groups: tuple["NeuronGroup", ...]
    kind: str


def simulate_file(path: Path, output: Path, options: CoreRunOptions, as_json: bool) -> None:
    """Run a file of cores, tell the spikes of its output bus, and write them. Raises InputError."""
    if output.suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(
            Problem("output-suffix-unknown", str(output), "its suffix names no form of output", f"use one of {known}")
        )
    job = _read(path, options)
    _check_size(job, output)
    from neurocmc.sim.truenorth import CoreRecord, run_cores

    with stages("simulate") as progress:
        progress("truenorth", 0.0)
        record = CoreRecord(neuron_totals=bool(job.groups))
        run = run_cores(
            job.network, job.spikes, job.ticks, batch=job.trials, seed=options.seed, record=record, threads=None
        )
        progress("truenorth", 1.0)
        _write(run, job, output)
    if as_json:
        say_json(_facts(run, job) | {"output": output, "spikes": _rows(run)})
        return
    _tell(run, job)
    say(f"output: {output}")


def _read(path: Path, options: CoreRunOptions) -> _Job:
    from neurocmc.backends.truenorth import is_corelets, is_ranc
    from neurocmc.common.opening import CORES
    from neurocmc.common.strict_json import read_json

    document = read_json(path, CORES)
    if is_corelets(document):
        return _corelets(path, document, options)
    if is_ranc(document):
        return _ranc(path, document, options)
    cure = "RANC's file has packets, output_bus and cores; a corelet description says so under format"
    raise InputError(
        Problem("file-of-cores-unknown", str(path), "is neither a file of RANC nor a corelet description", cure)
    )


def _ranc(path: Path, document: dict[str, Any], options: CoreRunOptions) -> _Job:
    from neurocmc.backends.truenorth import ranc_of
    from neurocmc.sim.truenorth import CoreInputSpikes

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
    return _Job(read.network, spikes, ticks, 1, read.notes, (), "RANC")


def _corelets(path: Path, document: dict[str, Any], options: CoreRunOptions) -> _Job:
    from neurocmc.backends.truenorth import corelets_of, read_host_spikes
    from neurocmc.sim.truenorth import CoreInputSpikes

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
        problems.append(Problem("length-missing", "--ticks", "nothing says how long it runs", cure))
    raise_input_problems(problems)
    program = corelets_of(path, document)
    groups = program.neuron_groups
    if options.spikes is None:
        return _Job(program.network, CoreInputSpikes.none(), options.ticks or 0, 1, (), groups, "corelets")
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
    return _Job(network, host.spikes, host.ticks, host.trials, (), groups, "corelets")


def _tick_problems(ticks: int | None) -> list[Problem]:
    if ticks is None or 1 <= ticks <= MOST_TICKS:
        return []
    return [Problem("number-out-of-range", "--ticks", f"got {ticks:,}", f"give 1 to {MOST_TICKS:,}")]


def _check_size(job: _Job, output: Path) -> None:
    if output.suffix == ".txt" and job.trials > 1:
        what = f"RANC's form has one trial, there are {job.trials:,}"
        raise InputError(Problem("output-form-too-small", str(output), what, "name an .npz or .csv file"))
    if output.suffix == ".txt" and job.ticks * job.network.outputs > MOST_LINES_CELLS:
        what = f"RANC's form writes {job.ticks:,} ticks x {job.network.outputs:,} lines, limit {MOST_LINES_CELLS:,}"
        raise InputError(Problem("output-form-too-small", str(output), what, "name an .npz or .csv file"))


def _rows(run: "CoreRun") -> list[list[int]]:
    """[trial, tick, line] of the output bus in this order, each once."""
    import numpy as np

    outputs = run.outputs
    return np.unique(np.stack([outputs.trial, outputs.tick, outputs.line], axis=1), axis=0).tolist()


def _group_spikes(run: "CoreRun", job: _Job) -> "Int":
    """(trials, groups) spikes of the neurons of each group."""
    import numpy as np

    totals = np.zeros((job.trials, len(job.groups)), dtype=np.int64)
    for index, group in enumerate(job.groups):
        totals[:, index] = run.neuron_totals[:, group.core, group.start : group.stop].sum(axis=1)
    return totals


def _write(run: "CoreRun", job: _Job, output: Path) -> None:
    import numpy as np
    from numpy.typing import NDArray

    from neurocmc.common.files import write_file, write_npz

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


def _facts(run: "CoreRun", job: _Job) -> dict[str, Any]:
    network = job.network
    return {
        "form": job.kind,
        "cores": network.cores,
        "axons": network.axons,
        "neurons": network.neurons,
        "outputs": network.outputs,
        "trials": job.trials,
        "ticks": job.ticks,
        "all_spikes": int(run.spikes_total.sum()),
        "synaptic_events": int(run.synaptic_events.sum()),
        "saturations": int(run.saturations.sum()),
        "notes": list(job.notes),
    }


def _tell(run: "CoreRun", job: _Job) -> None:
    facts = _facts(run, job)
    trials = "" if job.trials == 1 else f"{job.trials:,} trials of "
    say(
        f"{facts['form']}: {facts['cores']:,} cores of {facts['axons']} axons and {facts['neurons']} neurons, "
        f"{trials}{facts['ticks']:,} ticks"
    )
    for note in job.notes:
        say(f"note: {note}")
    if facts["saturations"]:
        say(f"note: potentials left their {job.network.potential_bits} bits {facts['saturations']:,} times")
    say(f"{facts['all_spikes']:,} spikes, {facts['synaptic_events']:,} synaptic events")
    if job.groups:
        _tell_groups(run, job)
    ticks = [(key, [line for *_, line in group]) for key, group in groupby(_rows(run), key=lambda row: row[:2])]
    if not ticks:
        say("no line of the output bus carried a spike")
        return
    columns = ["tick", "lines of the output bus that spiked"]
    rows = [[f"{tick:,}", _ranges(lines)] for (_, tick), lines in ticks[:SHOWN_TICKS]]
    if job.trials > 1:
        columns = ["trial", *columns]
        rows = [[f"{trial:,}", *row] for ((trial, _), _), row in zip(ticks, rows, strict=False)]
    show(grid("", columns, rows))
    if (left_out := len(ticks) - SHOWN_TICKS) > 0:
        say(f"and {left_out:,} more ticks with spikes: they are in the output")


def _ranges(lines: list[int]) -> str:
    """Lines in rising order, three neighbours or more as `first-last`."""
    texts: list[str] = []
    for _, neighbours in groupby(enumerate(lines), key=lambda entry: entry[1] - entry[0]):
        run = [line for _, line in neighbours]
        texts += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(line) for line in run]
    return " ".join(texts)


def _tell_groups(run: "CoreRun", job: _Job) -> None:
    totals = _group_spikes(run, job).sum(axis=0).tolist()
    rows = [
        [group.corelet, group.role, f"{group.stop - group.start:,}", f"{total:,}"]
        for group, total in zip(job.groups, totals, strict=True)
    ]
    show(grid("", ("corelet", "role", "neurons", "spikes"), rows[:SHOWN_GROUPS], right=("neurons", "spikes")))
    if (left_out := len(rows) - SHOWN_GROUPS) > 0:
        say(f"and {left_out:,} more groups: an .npz holds them")
