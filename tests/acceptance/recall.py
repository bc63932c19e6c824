"""Content-addressable memories on every chip: docs/studies/recall*.csv, and the tables of docs/recall.md.

    python -m tests.acceptance.recall memories [FIRST LAST]    100 random memories; with Lava where it is at hand
    python -m tests.acceptance.recall sizes                    resources by cues and content bits
    python -m tests.acceptance.recall gaps                     how soon a recall may follow another
    python -m tests.acceptance.recall page                     the tables and pictures of the page, from these

FIRST and LAST measure some memories again and keep the others' rows. Lava runs where NEUROCMC_LAVA_PYTHON names it;
without it its column stays empty.
"""

import csv
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from neurocmc.common.arrays import Int
from neurocmc.common.errors import InfeasibleError
from neurocmc.common.resources import resource_path
from neurocmc.frontends.recall.arrays import memories_of
from neurocmc.frontends.recall.circuit import recall_network
from neurocmc.frontends.recall.recall_yaml import read_recall_yaml
from neurocmc.frontends.recall.trials import recall_trials, strongest_first
from neurocmc.ir.neurons.memories import CONTENT, CUE, GIVEN_TICKS, OUT, RECALLED_TICKS, Memories, Side
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.spikes import SpikeList
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.pipeline.chips.neurons import NeuronBuilt, NeuronStaging
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.clock import Clock
from neurocmc.report.figures.recall import draw_recalls
from neurocmc.report.figures.style import LEAST_PT, canvas, heading, one_two_five
from neurocmc.sim.neurons import simulate_neurons
from neurocmc.targets import load_target
from neurocmc.verification.recall import recall_edges
from tests.bench.output import rewrite
from tests.made.memories import random_memories
from tests.made.tables import STUDIES, TableRow, rows_of

PAGE, PICTURES = STUDIES.parent / "recall.md", STUDIES.parent / "pictures"
MEMORIES, SIZES, GAPS = (STUDIES / f"recall{part}.csv" for part in ("", "-sizes", "-gaps"))
SEEDS = range(100)
TARGETS = ("loihi1", "loihi2", "brian2", "truenorth")
CHIPS = ("loihi1", "loihi2", "truenorth")
GRID = ((5, 10), (10, 20), (20, 40), (40, 80), (80, 160), (100, 40), (100, 100), (200, 200))
SHARE = 0.25  # of the content bits of a memory of GRID that a content has, up to
MOST_BITS = 40
GAP_TICKS, GAP_SEEDS, GAP_PAIRS = range(1, 9), range(10), 40
LAVA_LIMIT_S = 300.0
Sides = tuple[Side, Side]


def built_for(memories: Memories, target: str) -> NeuronBuilt:
    """The circuit on a target, in memory."""
    found = load_target(target)
    staging = NeuronStaging(network=recall_network(memories), calibration=strongest_first(memories), planes=1)
    return family_of(found).lower_neurons(staging, found, Clock())


def wrong(memories: Memories, recording: NeuronRecording) -> int:
    """Spikes of both outputs that are missing or wrong, over all recalls."""
    edges = recall_edges(memories, recording, np.arange(recording.batch))
    return int(sum(edge.value or 0 for edge in edges))


def measured(seed: int) -> TableRow:
    """One random memory on every target: what it recalls wrongly, and what it takes."""
    memories, lava = random_memories(seed), os.environ.get("NEUROCMC_LAVA_PYTHON")
    network, trials = recall_network(memories), recall_trials(memories)
    row: dict[str, object] = {
        "seed": seed,
        "cues": len(memories.cues),
        "content_bits": len(memories.features),
        "stored_bits": int(memories.contents.sum()),
        "overlapping_cues": int((_overlaps(memories) > 0).sum()),
        "neurons": network.neurons,
        "synapses": network.synapses,
        "recalls": trials.batch,
        "wrong_float": wrong(memories, simulate_neurons(network, trials)),
    }
    for target in TARGETS:
        built = built_for(memories, target)
        recording = built.run(trials)
        row[f"wrong_{target}"] = wrong(memories, recording)
        if target == "loihi1":
            row["spikes_per_recall"] = f"{recording.total / trials.batch:.4g}"
            row["differ_lava"] = _differ_from_lava(built, recording, trials) if lava else ""
        row |= _resources(built, recording, trials, target)
    return {name: str(value) for name, value in row.items()}


def _overlaps(memories: Memories) -> Int:
    """(C,) other cues that each shares a content bit with."""
    shared = memories.contents.astype(np.int64) @ memories.contents.T.astype(np.int64)
    return (shared > 0).sum(axis=1) - 1


def _differ_from_lava(built: NeuronBuilt, ours: NeuronRecording, trials: EventStimulus) -> int:
    """Spikes of all neurons that only the emulator or only stock Lava has."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program"
        built.emit(program, {trials.name: trials})
        theirs = built.run_program(program, trials, LAVA_LIMIT_S)
    return sum(spikes.differing(theirs.spikes[name]).total for name, spikes in ours.spikes.items())


def _resources(
    built: NeuronBuilt, recording: NeuronRecording, trials: EventStimulus, target: str
) -> dict[str, object]:
    """Cores, neurons with their copies, and energy of a recall of 14 ticks, of the chips that have such."""
    if target not in CHIPS:
        return {}
    budget = built.budget(trials, recording)
    found: dict[str, object] = {f"cores_{target}": budget.cores_used}
    if target == "truenorth":
        found["placed_truenorth"] = next(use.used for use in budget.in_all if use.resource == "neurons")
    energy = None if budget.energy is None else budget.energy.dynamic_per_presentation_pj
    return found if energy is None else {**found, f"nj_{target}": f"{1e-3 * energy:.4g}"}


def sized(cues: int, features: int) -> TableRow:
    """What a memory of so many cues and content bits takes, and whether it recalls all of it."""
    generator = np.random.default_rng(cues * 10_000 + features)
    bits = min(MOST_BITS, max(1, round(SHARE * features)))
    contents = np.zeros((cues, features), dtype=np.bool_)
    for content in contents:
        content[generator.choice(features, bits, replace=False)] = True
    memories = memories_of(np.arange(cues), contents)
    trials = recall_trials(memories)
    network = recall_network(memories)
    row: dict[str, object] = {
        "cues": cues,
        "content_bits": features,
        "bits_of_content": bits,
        "neurons": network.neurons,
        "synapses": network.synapses,
    }
    for target in CHIPS:
        try:
            built = built_for(memories, target)
        except InfeasibleError as error:
            row |= {f"wrong_{target}": "", f"cores_{target}": error.problems[0].id}
            continue
        recording = built.run(trials)
        row |= {f"wrong_{target}": wrong(memories, recording), **_resources(built, recording, trials, target)}
    return {name: str(value) for name, value in row.items()}


def gap_row(ticks: int) -> TableRow:
    """How many of pairs of recalls, the second so many ticks after the first, have a spike that is wrong."""
    row: dict[str, object] = {"gap_ticks": ticks, "pairs": len(GAP_SEEDS) * GAP_PAIRS}
    ways: tuple[Sides, ...] = ((CUE, CUE), (CUE, CONTENT), (CONTENT, CUE), (CONTENT, CONTENT))
    for sides in ways:
        row[f"{sides[0]}_then_{sides[1]}"] = sum(_wrong_pairs(seed, ticks, sides) for seed in GAP_SEEDS)
    return {name: str(value) for name, value in row.items()}


def _wrong_pairs(seed: int, gap: int, sides: Sides) -> int:
    memories = random_memories(seed)
    generator = np.random.default_rng(1000 * seed + 10 * gap)
    sizes: dict[Side, int] = {CUE: len(memories.cues), CONTENT: len(memories.features)}
    chosen = [generator.integers(sizes[side], size=GAP_PAIRS) for side in sides]
    given: dict[Side, list[Int]] = {CUE: [], CONTENT: []}
    wanted: dict[Side, NDArray[np.int32]] = {
        side: np.zeros((GAP_PAIRS, gap + 2 * RECALLED_TICKS, size), dtype=np.int32) for side, size in sizes.items()
    }
    trial = np.arange(GAP_PAIRS)
    for side, channel, tick in zip(sides, chosen, (0, gap), strict=True):
        other: Side = CONTENT if side == CUE else CUE
        given[side].append(np.stack([trial, np.full_like(trial, tick), channel]))
        wanted[side][trial, tick + GIVEN_TICKS, channel] = 1
        wanted[other][:, tick + RECALLED_TICKS] |= memories.recalled(side)[channel].astype(np.int32)
    none = np.zeros((3, 0), dtype=np.int64)
    stimulus = EventStimulus(
        name="pairs",
        ticks=gap + 2 * RECALLED_TICKS,
        labels=np.full(GAP_PAIRS, -1),
        spikes={side: SpikeList.in_order(*np.concatenate([none, *parts], axis=1)) for side, parts in given.items()},
    )
    seen = simulate_neurons(recall_network(memories), stimulus)
    bad = [SpikeList.of_dense(wanted[side]).differing(seen.spikes[OUT[side]]).trial for side in (CUE, CONTENT)]
    return int(np.unique(np.concatenate(bad)).size)


def memories_markdown() -> str:
    """What 100 random memories recalled wrongly, and what they took."""
    rows = rows_of(MEMORIES)
    spans = {name: _span(rows, name) for name in rows[0] if name != "seed"}
    total = {
        name: sum(int(row[name]) for row in rows) for name in ("recalls", "stored_bits", "overlapping_cues", "cues")
    }
    ran = [row for row in rows if row["differ_lava"]]
    lines = ["| 100 random memories, seeds 0 to 99 | |", "|---|---|"]
    lines += [
        f"| cues, content bits | {spans['cues']}, {spans['content_bits']} |",
        f"| cues whose content shares a bit with another | {total['overlapping_cues']:,} of {total['cues']:,} |",
        f"| recalls, by every cue and every content bit | {total['recalls']:,} |",
        *(
            f"| wrong spikes: {called} | {sum(int(row[f'wrong_{name}']) for row in rows):,} |"
            for name, called in (
                ("float", "network in real numbers"),
                ("loihi1", "Loihi 1, emulator"),
                ("loihi2", "Loihi 2, emulator"),
                ("brian2", "Brian2"),
                ("truenorth", "TrueNorth, emulator"),
            )
        ),
        f"| spikes that differ between emulator and Lava, all neurons of {len(ran)} memories | "
        f"{sum(int(row['differ_lava']) for row in ran):,} |",
        f"| neurons, synapses | {spans['neurons']}, {spans['synapses']} |",
        f"| spikes per recall | {spans['spikes_per_recall']} |",
        f"| cores: Loihi 1, Loihi 2, TrueNorth | {spans['cores_loihi1']}, {spans['cores_loihi2']}, "
        f"{spans['cores_truenorth']} |",
        f"| neurons on TrueNorth, with copies | {spans['placed_truenorth']} |",
        f"| dynamic energy per recall (14 ticks), estimate: Loihi 1, TrueNorth | {spans['nj_loihi1']} nJ, "
        f"{spans['nj_truenorth']} nJ |",
    ]
    return "\n".join(lines)


def _span(rows: Sequence[TableRow], name: str) -> str:
    values = sorted({float(row[name]) for row in rows if row[name]})
    if not values:
        return "none"
    return f"{values[0]:,.4g}" if len(values) == 1 else f"{values[0]:,.4g} to {values[-1]:,.4g}"


def sizes_markdown() -> str:
    """Resources by size."""
    lines = [
        "| C | M | bits of a content | neurons | synapses | wrong spikes | cores, Loihi 1 | Loihi 2 | TrueNorth | "
        "nJ per recall, Loihi 1 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows_of(SIZES):
        errors = sum(int(row[f"wrong_{target}"] or 0) for target in CHIPS)
        cores = [row[f"cores_{target}"] for target in CHIPS]
        told = [f"{int(entry):,}" if entry.isdigit() else f"`{entry}`" for entry in cores]
        numbers = [f"{int(row[name]):,}" for name in ("neurons", "synapses")]
        parts = [
            row["cues"],
            row["content_bits"],
            row["bits_of_content"],
            *numbers,
            str(errors),
            *told,
            row["nj_loihi1"],
        ]
        lines.append(f"| {' | '.join(parts)} |")
    return "\n".join(lines)


def gaps_markdown() -> str:
    """Wrong pairs of recalls by the ticks between them."""
    lines = [
        "| ticks between two recalls | cue, cue | cue, content | content, cue | content, content | pairs each |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows_of(GAPS):
        counts = [row[f"{a}_then_{b}"] for a in (CUE, CONTENT) for b in (CUE, CONTENT)]
        lines.append(f"| {row['gap_ticks']} | {' | '.join(counts)} | {row['pairs']} |")
    return "\n".join(lines)


def tables() -> dict[str, str]:
    """The tables of the page, by their names there."""
    return {"memories": memories_markdown(), "sizes": sizes_markdown(), "gaps": gaps_markdown()}


def draw_pictures() -> None:
    """Draws a recall of each kind, and what memories take by their size."""
    memories = read_recall_yaml(resource_path("models/animals.yaml")).memories
    seen = simulate_neurons(recall_network(memories), recall_trials(memories))
    draw_recalls(seen, memories, ((CUE, 0), (CONTENT, 0)), PICTURES / "recall.png")
    rows = rows_of(SIZES)
    size = [int(row["cues"]) + int(row["content_bits"]) for row in rows]
    order = np.argsort(size, kind="stable")
    with canvas(PICTURES / "recall-sizes.png", 8.4, 3.2) as figure:
        left, right = figure.subplots(1, 2)
        for name, marker in zip(("neurons", "synapses"), "os", strict=True):
            left.plot([size[i] for i in order], [int(rows[i][name]) for i in order], marker=marker, ms=4, label=name)
        for target, marker in zip(CHIPS, "ovs", strict=True):
            held = [i for i in order if rows[i][f"cores_{target}"].isdigit()]
            cores = [int(rows[i][f"cores_{target}"]) for i in held]
            right.plot([size[i] for i in held], cores, marker=marker, ms=5, label=target)
        for axes, title in ((left, "neurons and synapses"), (right, "cores")):
            heading(axes, title.capitalize(), "a point per row of the table")
            axes.set_xscale("log")
            axes.set_yscale("log")
            for axis in (axes.xaxis, axes.yaxis):  # text stands as it is in our pictures, powers would be mathematics
                axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
                axis.set_minor_formatter(FuncFormatter(one_two_five) if axis is axes.xaxis else NullFormatter())
            axes.tick_params(which="minor", labelsize=LEAST_PT)
            axes.set_xlabel("cues and content bits, C + M [count]")
            axes.set_ylabel(f"{title} [count]")
            axes.grid()
            axes.legend()


def _write(path: Path, rows: Iterable[TableRow]) -> None:
    found = list(rows)
    fields = list(dict.fromkeys(name for row in found for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(found)


def main(words: Sequence[str]) -> None:
    """Makes what is named."""
    match [*words]:
        case ["memories", *ends]:
            first, last = (int(end) for end in ends) if ends else (SEEDS.start, SEEDS.stop - 1)
            kept = {int(row["seed"]): row for row in (rows_of(MEMORIES) if MEMORIES.is_file() else [])}
            for seed in range(first, last + 1):
                kept[seed] = measured(seed)
                _write(MEMORIES, [kept[known] for known in sorted(kept)])
                print(seed, kept[seed], flush=True)
        case ["sizes"]:
            found: list[TableRow] = []
            for cues, features in GRID:
                found.append(sized(cues, features))
                _write(SIZES, found)
                print(found[-1], flush=True)
        case ["gaps"]:
            _write(GAPS, (gap_row(ticks) for ticks in GAP_TICKS))
        case ["page"]:
            rewrite(PAGE, tables())
            draw_pictures()
        case _:
            print(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
