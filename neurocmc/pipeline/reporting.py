"""Reporting: budget, pictures and page of an artifact; written at compilation, and again with verdicts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, assert_never

from neurocmc.common.files import write_file
from neurocmc.common.opening import SUMMARY, read_bytes
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.lower import Lowered
from neurocmc.pipeline.sample import TRIALS
from neurocmc.report.budget import Budget, chip_budget, ideal_budget
from neurocmc.report.html import Picture, ReportContent, write_report
from neurocmc.report.loihi.spike_load import spike_load
from neurocmc.report.staging import staging_costs, time_scale
from neurocmc.report.truenorth.budget import core_budget
from neurocmc.report.truenorth.load import CoreLoad, core_load
from neurocmc.sim.truenorth import CoreRecord, run_cores
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.targets import IdealTarget, LoihiTarget, Target, TrueNorthTarget
from neurocmc.verification.edges import Edge

BUDGET = "budget.json"
REPORT = "report.html"
GAIN_FITS, CORE_MAP, CORE_GRID, ERRORS = "gain-fits.png", "core-map.png", "core-grid.png", "errors.png"
PICTURES = {  # file -> section of the page and caption
    GAIN_FITS: ("gain", "Each pool's measured transfer against the rate unit's."),
    CORE_MAP: ("cores", "The use of each core, by population."),
    CORE_GRID: ("cores", "The cores on the grid, whose they are, and how full they are."),
    ERRORS: ("errors", "The error of the rates, against the rate circuit, after each stage."),
}
LOAD_TRIALS = TRIALS  # of the first calibration stimulus, from which spikes are counted


def write_budget(
    folder: Path, lowered: Lowered, target: Target, calibration: tuple[Stimulus, ...], seen: Recording
) -> Budget:
    """budget.json: the use of every resource, and energy from spikes counted on the lowest level.

    `seen` is a recording there of the first trials of the first calibration stimulus.
    """
    match target:
        case IdealTarget():
            budget = ideal_budget(lowered.spiking, target)
        case LoihiTarget():
            assert lowered.chip is not None
            assert lowered.integer is not None
            stimulus = calibration[0].take(slice(LOAD_TRIALS))
            load = spike_load(lowered.integer, stimulus, seen)
            budget = chip_budget(lowered.chip, target, load, lowered.headroom)
        case TrueNorthTarget():
            assert lowered.cores is not None
            budget = core_budget(lowered.cores, target, _core_load(lowered.cores, calibration[0]))
        case other:
            assert_never(other)
    write_file(folder / BUDGET, budget.to_json())
    return budget


def _core_load(program: CoreProgram, calibration: Stimulus) -> CoreLoad:
    """Spikes of every neuron over the first trials of a stimulus."""
    stimulus = calibration.take(slice(LOAD_TRIALS))
    host = encode_cores(program, stimulus)
    run = run_cores(
        program.network,
        host,
        stimulus.ticks(program.tick_s),
        batch=stimulus.batch,
        record=CoreRecord(outputs=False, neuron_totals=True),
        threads=None,
    )
    return core_load(program, run, host, stimulus.name)


def read_budget(artifact: Artifact) -> Budget:
    """The budget of an artifact. Raises InputError where the file is damaged."""
    path = artifact.directory / BUDGET
    return Budget.from_json(read_bytes(path, SUMMARY), str(path))


def write_report_of(
    folder: Path,
    manifest: Mapping[str, Any],
    levels: Lowered | Artifact,
    target: Target,
    budget: Budget,
    circuit: RateCircuit,
    edges: Sequence[Edge] = (),
    *,
    draw: bool = True,
) -> Path:
    """figures/ and report.html; with edges also their waterfall and verdicts.

    Pictures of levels that were drawn before are kept. Nothing is drawn where `draw` is False, which takes most of
    the time of compiling a small circuit.
    """
    pictures = _pictures(folder / "figures", levels, target, edges, draw=draw)
    options = manifest["options"]
    content = ReportContent(
        network=levels.spiking,
        target=target,
        origin=_origin(manifest),
        origin_sha256=manifest["origin_sha256"],
        on_host=tuple(manifest["on_host"]),
        options={
            "neurons a unit": f"{options['neurons']} ({manifest['neurons_reason']})",
            "code": options["code"],
            "seed": str(options["seed"]),
        },
        versions={"neurocmc": manifest["neurocmc"]},
        edges=tuple(edges),
        staging=tuple(staging_costs(circuit, levels.staged, levels.spiking)),
        time_scale=time_scale(circuit, levels.staged, target),
        integer=levels.integer,
        cores=levels.cores,
        budget=budget,
        pictures=tuple(pictures),
    )
    write_report(folder / REPORT, content)
    return folder / REPORT


def _origin(manifest: Mapping[str, Any]) -> str:
    copy = manifest["source"]
    named = f"{manifest['circuit']}, from {copy}" if copy else manifest["circuit"]
    return f"{named}; the artifact holds {'a copy of the model' if copy else 'no copy of the model'}"


def _pictures(
    figures: Path, levels: Lowered | Artifact, target: Target, edges: Sequence[Edge], *, draw: bool
) -> Iterator[Picture]:
    """Those of the levels, which stay as they were drawn once, and of the errors, which are drawn each time."""
    figures.mkdir(exist_ok=True)
    (figures / ERRORS).unlink(missing_ok=True)
    if draw:
        from neurocmc.pipeline.pictures import draw_missing  # not above: matplotlib is a quarter of all imports

        draw_missing(figures, levels, target, edges)
    for name, (section, caption) in PICTURES.items():
        if (figures / name).is_file():
            yield Picture.read(section, figures / name, caption)
