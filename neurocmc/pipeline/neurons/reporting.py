"""Writes pictures and page of a compiled network of neurons, at compilation, and again with verdicts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.pipeline.chips.neurons import NeuronBuilt
from neurocmc.report.budget import Budget
from neurocmc.report.html import NeuronSummary, ReportContent, write_report
from neurocmc.report.pictures import Drawn, Picture
from neurocmc.verification.edges import Edge

REPORT = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reported:
    """The subject of a report: a compiled network, and with a verification its edges."""

    manifest: Mapping[str, Any]
    built: NeuronBuilt
    budget: Budget
    edges: Sequence[Edge] = ()
    seen: NeuronRecording | None = None  # of the calibration, at compilation


def write_report_of(folder: Path, whole: Reported, *, draw: bool = True) -> Path:
    """Writes figures/ and report.html. Pictures that were drawn before are kept; none is drawn unless `draw`."""
    manifest, built = whole.manifest, whole.built
    semantics = manifest["semantics"]
    content = ReportContent(
        network=NeuronSummary(
            name=built.name,
            summary=summary(built),
            semantics="" if semantics["name"] is None else rules(semantics),
            told=(
                ("What was decided on reading it", tuple(manifest["notes"])),
                ("What became something else on the chip", tuple(manifest["exchanged"])),
                ("Registers", built.verdicts()),
            ),
        ),
        target=built.target,
        origin=_origin(manifest),
        origin_sha256=manifest["origin_sha256"],
        on_host=host_work(built),
        options={"weights": synapses(manifest)},
        versions={"neurocmc": manifest["neurocmc"]},
        edges=tuple(whole.edges),
        losses=built.losses(),
        budget=whole.budget,
        pictures=tuple(_pictures(folder / "figures", built, whole.seen, draw=draw)),
    )
    write_report(folder / REPORT, content)
    return folder / REPORT


def synapses(manifest: Mapping[str, Any]) -> str:
    """Returns of how many synapses a weight is the sum, and why."""
    weights, why = manifest["options"]["weights"], manifest["weights_reason"]
    return why if weights is None else f"{weights} {'synapse' if weights == 'one' else 'synapses'} each ({why})"


def summary(built: NeuronBuilt) -> str:
    """Returns what the network consists of, in a line."""
    parts = ", ".join(f"{name} ({size:,})" for name, size in built.sizes.items())
    return f"{sum(built.sizes.values()):,} neurons: {parts}; tick {1e3 * built.tick_s:g} ms"


def rules(semantics: Mapping[str, Any]) -> str:
    """Returns under which rules the network was read, in a line."""
    return f"{semantics['name']}, reset {semantics['reset']}"


def host_work(built: NeuronBuilt) -> tuple[str, ...]:
    """Returns what of the network stays on the host, a line each."""
    given: NeuronNetwork | None = built.given
    if given is None:
        return ()
    return (
        *(f"{r.name}: counts the spikes of {r.population}" for r in given.readouts),
        *(f"{r.name}: {r.units:,} leaky integrators, driven by {r.population}" for r in given.host_readouts),
    )


def _raster(seen: NeuronRecording | None) -> Drawn:
    def draw(path: Path) -> None:
        if seen is None:
            return
        from neurocmc.report.figures.rasters import save_rasters  # not above: matplotlib is a quarter of all imports

        save_rasters(seen, path)

    caption = "The spikes of the first trial, population by population, on the lowest level."
    return Drawn(file="raster.png", section="activity", caption=caption, draw=draw)


def _origin(manifest: Mapping[str, Any]) -> str:
    copy = manifest["source"]
    return f"{manifest['network']}; the artifact holds {f'a copy of it, {copy}' if copy else 'no copy of it'}"


def _pictures(figures: Path, built: NeuronBuilt, seen: NeuronRecording | None, *, draw: bool) -> Iterator[Picture]:
    """Those of the chip, and of a trial that was run; they stay as they were drawn once."""
    figures.mkdir(exist_ok=True)
    drawn: Sequence[Drawn] = (*built.pictures(), _raster(seen))
    for picture in drawn:
        path = figures / picture.file
        if draw and not path.is_file():
            picture.draw(path)
        if path.is_file():
            yield Picture.read(picture.section, path, picture.caption)
