"""`neurocmc simulate FILE.json --on emulator`: cores from a file, and what their output bus carried.

What is told is which lines of the bus carried a spike in which tick; of corelets also how often each group of neurons
spiked.
"""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurocmc.cli.output import grid, say, say_json, show, stages

if TYPE_CHECKING:
    from neurocmc.pipeline.core_files import CoreFileRun, CoreRunOptions

SHOWN_TICKS = 100
SHOWN_GROUPS = 40


def simulate_file(path: Path, output: Path, options: "CoreRunOptions", *, as_json: bool) -> None:
    """Run a file of cores, tell the spikes of its output bus, and write them. Raises InputError."""
    from neurocmc.pipeline.core_files import run_core_file

    with stages("simulate") as progress:
        done = run_core_file(path, output, options, progress)
    if as_json:
        say_json(_facts(done) | {"output": output, "spikes": done.rows})
        return
    _tell(done)
    say(f"output: {output}")


def _facts(done: "CoreFileRun") -> dict[str, Any]:
    job, run, network = done.job, done.run, done.job.network
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


def _tell(done: "CoreFileRun") -> None:
    job, facts = done.job, _facts(done)
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
        _tell_groups(done)
    ticks = [(key, [line for *_, line in group]) for key, group in groupby(done.rows, key=lambda row: row[:2])]
    if not ticks:
        say("no spike on any line of the output bus")
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


def _tell_groups(done: "CoreFileRun") -> None:
    totals = done.group_spikes.sum(axis=0).tolist()
    rows = [
        [group.corelet, group.role, f"{group.stop - group.start:,}", f"{total:,}"]
        for group, total in zip(done.job.groups, totals, strict=True)
    ]
    show(grid("", ("corelet", "role", "neurons", "spikes"), rows[:SHOWN_GROUPS], right=("neurons", "spikes")))
    if (left_out := len(rows) - SHOWN_GROUPS) > 0:
        say(f"and {left_out:,} more groups: an .npz holds them")
