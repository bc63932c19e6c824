"""Measures robustness as a campaign: a few faulty chips a run, here or on workers, kept until the whole is written.

How many chips a run has does not depend on where runs are done, so that what was kept serves any number of workers.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from neurocmc.common.errors import raise_input_problems
from neurocmc.common.files import MANIFEST, sha256_of
from neurocmc.common.progress import Progress
from neurocmc.common.replacing import remove
from neurocmc.common.strict_yaml import StrictModel
from neurocmc.pipeline.campaign.inputs import check_unaltered
from neurocmc.pipeline.campaign.kept import Kept
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.campaign.run import Told, Watching, raise_first, run_all
from neurocmc.pipeline.campaign.task import Outcome as RunOutcome
from neurocmc.pipeline.campaign.task import Task
from neurocmc.pipeline.campaign.work import own_version
from neurocmc.pipeline.neurons.artifact import NeuronArtifact, open_any
from neurocmc.pipeline.neurons.robustness import neuron_bench
from neurocmc.pipeline.robustness import (
    Bench,
    Outcome,
    Robustness,
    RobustnessOptions,
    circuit_bench,
    fault_named,
    grid_of,
)
from neurocmc.pipeline.robustness_files import write_robustness

CHIPS = 5  # a run
RUNS = "runs"  # below the output folder, until all is written
Time = Annotated[float, Field(ge=0, le=1e9)] | None
# Stimulus, trial, whether it was wrong, for how long the item was held, and how long at most.
TrialRow = tuple[Annotated[str, Field(max_length=1000)], Annotated[int, Field(ge=0)], bool, Time, Time]
WORK = "neurocmc.pipeline.robustness_campaign:chips"


class ChipsValue(StrictModel):
    """What is kept of a run: for each chip a row for each trial."""

    chips: tuple[tuple[TrialRow, ...], ...]


def robustness_into(
    directory: Path, options: RobustnessOptions, output: Path, place: Place, told: Told
) -> tuple[Robustness, list[Path]]:
    """Measures an artifact, writes tables and picture into `output`, and returns them.

    Args:
        directory: An artifact of a circuit or of a network of neurons.
        options: Kinds of faults, their levels, seeds, trials and stimuli.
        output: Where tables, picture and, until these are written, what is done go.
        place: Where chips are run.
        told: Called with what is done, the share of all, and a line for each run that has ended, else "".

    Returns:
        What was measured, and the files.

    Raises:
        InputError: As `robustness`; and where `output` holds runs of another artifact or other options.
        InfeasibleError: Where faults drive a current to the end of its register.
    """
    files = _stimulus_files(options)
    found = replace(options, stimuli=tuple(files.get(name, name) for name in options.stimuli))
    bench = _bench(
        str(directory.absolute()), _manifest_sha256(directory), found
    )  # refused before anything is written
    options = bench.fitting(options)
    tasks = _tasks(directory, options, files)
    kept = Kept(folder=output / RUNS, version=own_version(), values={WORK: ChipsValue})
    ended = run_all(tasks, place, kept, Watching(told=told, words=_words))
    raise_first(ended)
    outcomes = [
        _outcome(task, seed, row)
        for task, run in zip(tasks, ended, strict=True)
        for seed, rows in zip(task.what["seeds"], run.value["chips"], strict=True)
        for row in rows
    ]
    result = bench.result(options, outcomes)
    paths = write_robustness(result, output)
    remove(output / RUNS)
    return result, paths


def chips(what: dict[str, Any], where: Mapping[str, str], progress: Progress) -> dict[str, Any]:
    """Runs the trials of a few faulty chips; returns a list for each, with a row for each trial."""
    options = RobustnessOptions(samples=what["samples"], stimuli=tuple(json.loads(where["stimuli"])))
    bench = _bench(where["artifact"], what["artifact_sha256"], options)
    kind, level, seeds = what["kind"], what["level"], what["seeds"]
    ran: list[list[list[Any]]] = []
    for index, seed in enumerate(seeds):
        progress(fault_named(kind, level), index / len(seeds))
        ran.append([[o.stimulus, o.trial, o.wrong, o.held_s, o.longest_s] for o in bench.chip(kind, level, seed)])
    return {"chips": ran}


@lru_cache(maxsize=1)
def _prepared(directory: str, sha256: str, samples: int, stimuli: tuple[str, ...]) -> Bench:
    """An artifact ready to be measured: prepared once for all runs that a process has of it."""
    artifact = open_any(directory)
    check_unaltered(directory, _manifest_sha256(Path(directory)), sha256)
    options = RobustnessOptions(samples=samples, stimuli=stimuli)
    return (
        neuron_bench(artifact, options) if isinstance(artifact, NeuronArtifact) else circuit_bench(artifact, options)
    )


def _bench(directory: str, sha256: str, options: RobustnessOptions) -> Bench:
    raise_input_problems(options.problems())
    return _prepared(directory, sha256, options.samples, options.stimuli)


def _manifest_sha256(directory: Path) -> str:
    """What an artifact is known by: its manifest has the check sums of all its files."""
    return sha256_of(directory / MANIFEST) if (directory / MANIFEST).is_file() else ""


def _stimulus_files(options: RobustnessOptions) -> dict[str, str]:
    """Those that were named as files, where they are."""
    return {name: str(Path(name).absolute()) for name in options.stimuli if Path(name).suffix == ".npz"}


def _tasks(directory: Path, options: RobustnessOptions, files: Mapping[str, str]) -> list[Task]:
    known = [sha256_of(Path(files[name])) if name in files else name for name in options.stimuli]
    where = {
        "artifact": str(directory.absolute()),
        "stimuli": json.dumps([files.get(name, name) for name in options.stimuli]),
    }
    shared = {"artifact_sha256": _manifest_sha256(directory), "samples": options.samples, "stimuli": known}
    return [
        Task(
            name=f"{kind}-{level!r}-{first}",
            work=WORK,
            what={
                **shared,
                "kind": kind,
                "level": level,
                "seeds": list(range(first, min(first + CHIPS, options.seeds))),
            },
            where=where,
        )
        for kind, level in grid_of(options)
        for first in range(0, options.seeds, CHIPS)
    ]


def _outcome(task: Task, seed: int, row: list[Any]) -> Outcome:
    stimulus, trial, wrong, held_s, longest_s = row
    return Outcome(
        kind=task.what["kind"],
        level=task.what["level"],
        seed=seed,
        stimulus=stimulus,
        trial=trial,
        wrong=wrong,
        held_s=held_s,
        longest_s=longest_s,
    )


def _words(task: Task, outcome: RunOutcome) -> str:
    named = fault_named(task.what["kind"], task.what["level"])
    if outcome.state != "done":
        return f"{named}: {outcome.state} [{outcome.problems[0].id}]"
    rows = [row for chip in outcome.value["chips"] for row in chip]
    return f"{named}: {sum(bool(row[2]) for row in rows):,} of {len(rows):,} trials wrong"
