"""Writes budget, pictures and page of an artifact, at compilation, and again with verdicts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurocmc.common.opening import SUMMARY, read_bytes
from neurocmc.pipeline.manifest import BUDGET
from neurocmc.report.budget import Budget
from neurocmc.report.pictures import Drawn, Picture

if TYPE_CHECKING:
    from neurocmc.ir.rate import RateCircuit
    from neurocmc.pipeline.artifact import Artifact
    from neurocmc.pipeline.chips.built import Built
    from neurocmc.pipeline.neurons.artifact import NeuronArtifact
    from neurocmc.report.traces import Traces
    from neurocmc.theory.certificate import Certificate
    from neurocmc.verification.edges import Edge
    from neurocmc.verification.latency import Latency

REPORT = "report.html"
ERRORS, LATENCY = "errors.png", "latency.png"
MOST_STATES = 16  # of a kind


def read_budget(artifact: "Artifact | NeuronArtifact") -> Budget:
    """Reads the budget of an artifact. Raises InputError where the file is damaged."""
    path = artifact.directory / BUDGET
    return Budget.from_json(read_bytes(path, SUMMARY), str(path))


@dataclass(frozen=True, slots=True, eq=False)
class Reported:
    """The subject of a report: a compiled circuit, and with a verification its edges."""

    manifest: Mapping[str, Any]
    built: "Built"
    budget: Budget
    circuit: "RateCircuit"  # as the model has it
    edges: "Sequence[Edge]" = ()
    certificate: "Certificate | None" = None  # what theory says of its states
    sample: "Sequence[Edge]" = ()  # of the calibration, while nothing was verified
    traces: "Traces | None" = None
    rasters: "tuple[Drawn, ...]" = ()  # spikes of a trial
    latency: "Latency | None" = None


def write_report_of(folder: Path, whole: Reported, *, draw: bool = True) -> Path:
    """Writes figures/ and report.html; with edges also their waterfall and verdicts.

    Pictures of levels that were drawn before are kept. Nothing is drawn where `draw` is False, which takes most of
    the time of compiling a small circuit.
    """
    # Here and not above: who only reads a budget waits for no page.
    from neurocmc.report.frontier import beside_frontier
    from neurocmc.report.html import ReportContent, write_report
    from neurocmc.report.staging import host_work, staging_costs, time_scale
    from neurocmc.theory.wording import certificate_lines, grouped_lines

    manifest, built, circuit = whole.manifest, whole.built, whole.circuit
    pictures = _pictures(folder / "figures", whole, draw=draw)
    options = manifest["options"]
    content = ReportContent(
        network=built.spiking,
        target=built.target,
        origin=_origin(manifest),
        origin_sha256=manifest["origin_sha256"],
        on_host=(*manifest["on_host"], *host_work(built.spiking, built.target)),
        options={
            "neurons per unit": f"{options['neurons']} ({manifest['neurons_reason']})",
            "code": options["code"],
            **({"axons": options["axons"]} if options["axons"] else {}),
            **_pool_options(options),
            "seed": str(options["seed"]),
        },
        versions={"neurocmc": manifest["neurocmc"]},
        edges=tuple(whole.edges),
        staging=tuple(staging_costs(circuit, built.staged, built.spiking)),
        time_scale=time_scale(circuit, built.staged, built.target),
        certified=() if whole.certificate is None else grouped_lines(whole.certificate),
        each_state=() if whole.certificate is None else certificate_lines(whole.certificate),
        states=() if whole.certificate is None else _states(whole.certificate),
        states_told="Activity of each state's strongest unit: grey as trained, blue as the chip's numbers hold it.",
        sample=tuple(whole.sample),
        traces=whole.traces,
        losses=built.losses(),
        latency=None if whole.latency is None else whole.latency.findings,
        budget=whole.budget,
        beside=beside_frontier(
            built.target,
            whole.edges or whole.sample,
            whole.budget.energy,
            circuit.units,
            f"{options['code']} {options['neurons']}",
        ),
        pictures=tuple(pictures),
    )
    write_report(folder / REPORT, content)
    return folder / REPORT


def _pool_options(options: Mapping[str, Any]) -> dict[str, str]:
    """How neurons are spread and what weights are made of, where that is not as it always was."""
    steps, planes = options.get("steps", "equal"), options.get("planes", 1)
    told: dict[str, str] = {}
    if steps != "equal":
        told["steps"] = f"finest where {steps} {'is' if steps == 'activity' else 'are'} sensitive"
    if planes != 1:
        told["weights"] = "sums of two synapses"
    return told


def _origin(manifest: Mapping[str, Any]) -> str:
    copy = manifest["source"]
    named = f"{manifest['circuit']}, from {copy}" if copy else manifest["circuit"]
    return f"{named}; the artifact holds {'a copy of the model' if copy else 'no copy of the model'}"


def _states(certificate: "Certificate") -> tuple[Mapping[str, object], ...]:
    """The listed states as the page draws them: activity as trained, and as rounded, None where it is lost."""
    return tuple(
        {
            "name": f"{kind} {state.channel or ', '.join(state.units[:2])}",
            "trained": state.trained.activity,
            "rounded": None if state.lost or state.rounded is None else state.rounded.activity,
        }
        for kind, states in (("up-state", certificate.up_states), ("winner of", certificate.winners))
        for state in states[:MOST_STATES]
    )


def _pictures(figures: Path, whole: Reported, *, draw: bool) -> Iterator[Picture]:
    """Those of the levels, which stay as they were drawn once, and of what was verified, drawn each time."""
    figures.mkdir(exist_ok=True)
    # Compiled, a circuit shows a trial of the calibration; verified, one of the test.
    for name in (ERRORS, LATENCY, *(raster.file for raster in whole.rasters)):
        (figures / name).unlink(missing_ok=True)
    built, verified = whole.built, (*_errors(whole.edges), *_latency(whole.latency))
    for drawn in (_gain_fits(built), *_sensitivity(built), *built.pictures(), *whole.rasters, *verified):
        path = figures / drawn.file
        if draw and not path.is_file():
            drawn.draw(path)
        if path.is_file():
            yield Picture.read(drawn.section, path, drawn.caption)


def _gain_fits(built: "Built") -> Drawn:
    def draw(path: Path) -> None:
        from neurocmc.report.figures import draw_gain_fits  # not above: matplotlib is a quarter of all imports

        draw_gain_fits(built.spiking, path)

    caption = "The measured transfer function of each pool, against that of its rate unit."
    return Drawn(file="gain-fits.png", section="gain", caption=caption, draw=draw)


def _sensitivity(built: "Built") -> Iterator[Drawn]:
    """Where the circuit is fragile, if that was measured."""
    if (sensitivity := built.sensitivity) is None:
        return

    def draw(path: Path) -> None:
        from neurocmc.report.figures import draw_sensitivity  # as above

        draw_sensitivity(sensitivity, built.spiking, path)

    caption = (
        "How much an error of each unit would cost, over time and over its range; white lines are the "
        "edges of its segments."
    )
    yield Drawn(file="sensitivity.png", section="gain", caption=caption, draw=draw)


def _errors(edges: "Sequence[Edge]") -> Iterator[Drawn]:
    """The waterfall, where edges from the rate circuit were walked."""
    from_rate = [edge for edge in edges if edge.name.startswith("rate ~ ")]

    def draw(path: Path) -> None:
        from neurocmc.report.figures import draw_error_waterfall  # as above

        draw_error_waterfall(from_rate, path)

    if from_rate:
        caption = "Error of the rates after each stage, against the rate circuit."
        yield Drawn(file=ERRORS, section="errors", caption=caption, draw=draw)


def _latency(latency: "Latency | None") -> Iterator[Drawn]:
    """How long messages take and which links they load, where that was measured."""
    if latency is None:
        return

    def draw(path: Path) -> None:
        from neurocmc.report.figures.latency import draw_latency  # as above

        draw_latency(latency.barrier, path)

    caption = (
        "The latency of messages by their number of hops, and the messages per tick on each link and core (mean)."
    )
    yield Drawn(file=LATENCY, section="latency", caption=caption, draw=draw)
