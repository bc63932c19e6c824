"""Shows four classes of interneurons, each switched off in turn, and what the winner-take-all then lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from neurocmc.common.arrays import Float
from neurocmc.common.files import write_file
from neurocmc.common.resources import resource_path
from neurocmc.common.strict_yaml import load_document
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.demos.common import (
    Demo,
    DemoResult,
    Setting,
    interpreters,
    neurons_of,
    units_and_neurons,
)
from neurocmc.pipeline.simulate import Interpreter, find_stimulus, simulate
from neurocmc.report.figures.film import film_path
from neurocmc.report.figures.interneurons import Expected, RoleColumn, draw_interneurons
from neurocmc.verification.edges import Edge, judged
from neurocmc.verification.interneuron_roles import (
    Onset,
    gain_of,
    gain_stimulus,
    onset_of,
    steady_of,
    winners,
)
from neurocmc.verification.interneuron_theory import Interneurons, interneurons_of

SOURCE = "models/interneurons.yaml"
WHOLE = "whole"
# vip acts on nothing but sst: without sst it is off as well.
OFF: Mapping[str, tuple[str, ...]] = {
    WHOLE: (),
    "pv": ("pv",),
    "sst": ("sst", "vip"),
    "vip": ("vip",),
    "lamp5": ("lamp5",),
}
GRADED, GATE, ONE_INPUT = "graded", "gate", "one-input"
RISE_LIMIT, OVERSHOOT_LIMIT, GAIN_LIMIT = 0.6, 1.15, 0.01
STEADY_LIMIT = {"rate": 0.005}  # of the winner
SPIKING_STEADY_LIMIT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variant:
    """A circuit with one interneuron switched off, or none, and what was seen of it on one interpreter."""

    theory: Interneurons
    recordings: Mapping[str, Recording]  # stimulus -> recording
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """A time of constant drive."""

    start_s: float
    end_s: float
    drive: Float  # (units,)
    gate: float


def _run(setting: Setting) -> DemoResult:
    """Five circuits compiled; three experiments with each, on every interpreter."""
    artifacts = _compiled(setting)
    whole = artifacts[WHOLE]
    stimuli = {name: find_stimulus(whole, name) for name in (GRADED, GATE, ONE_INPUT)}
    lines = [
        f"{units_and_neurons(whole)}; then without each interneuron in turn, each an artifact of its own: "
        f"{', '.join(f'variants/without-{name}' for name in OFF if name != WHOLE)}",
    ]
    edges: list[Edge] = []
    seen: dict[str, Variant] = {}
    for on in interpreters(whole):
        seen = {name: _observed(artifact, on) for name, artifact in artifacts.items()}
        found, told = _judge(on, seen, stimuli)
        edges += found
        lines += told
    picture = setting.figures / "interneurons.png"
    film = film_path(picture, setting.film)
    picture.parent.mkdir(exist_ok=True)
    draw_interneurons(_columns(seen, stimuli), neurons_of(whole), picture, film=film)
    pictures = (picture,) if film is None else (picture, film)
    return DemoResult(lines=tuple(lines), pictures=pictures, edges=tuple(edges), artifact=whole)


def switched_off(source: Path, cells: tuple[str, ...], path: Path) -> Path:
    """Writes the circuit of `source` with some interneurons off to `path`."""
    data = load_document(source).data
    data["swta"]["interneurons"] |= dict.fromkeys(cells, "off")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, yaml.safe_dump(data, sort_keys=False))
    return path


def stretches(stimulus: Stimulus) -> list[Stretch]:
    """Returns the times of constant drive of the first trial, in order."""
    ends = [*stimulus.edges_s[1:], stimulus.duration_s]
    gate = stimulus.values.get("gate", np.zeros((1, len(ends), 1)))
    return [
        Stretch(
            start_s=float(start), end_s=float(end), drive=stimulus.values["drive"][0, k], gate=float(gate[0, k, 0])
        )
        for k, (start, end) in enumerate(zip(stimulus.edges_s, ends, strict=True))
    ]


def _compiled(setting: Setting) -> dict[str, Artifact]:
    """The whole circuit into the demo's directory, the others below it."""
    source = resource_path(SOURCE)
    artifacts = {WHOLE: compile_model(source, setting.target, setting.directory, setting.options, setting.progress)}
    folder = setting.directory / "variants"
    for name, cells in OFF.items():
        if name != WHOLE:
            model = switched_off(source, cells, folder / f"without-{name}.yaml")
            artifacts[name] = compile_model(
                model, setting.target, folder / f"without-{name}", setting.options, setting.progress
            )
    return artifacts


def _observed(artifact: Artifact, on: Interpreter) -> Variant:
    one_unit = gain_stimulus(artifact.circuit.inputs, artifact.circuit.population("pyramidal").size)
    return Variant(
        theory=interneurons_of(artifact.circuit),
        recordings={
            name: simulate(artifact, on, find_stimulus(artifact, name)) for name in (GRADED, GATE, ONE_INPUT)
        },
        gain=gain_of(simulate(artifact, on, one_unit, record_spikes=False)),
    )


def _judge(on: str, seen: Mapping[str, Variant], stimuli: Mapping[str, Stimulus]) -> tuple[list[Edge], list[str]]:
    """What each interneuron does on this interpreter: edges, and a line each."""
    limit = STEADY_LIMIT.get(on, SPIKING_STEADY_LIMIT)
    found = [
        _judge_pv(on, seen, stimuli[GRADED]),
        _judge_sst(on, seen, stimuli[GRADED]),
        _judge_vip(on, seen, stimuli[GATE], limit),
        _judge_lamp5(on, seen),
    ]
    errors = {name: _steady_error(variant, stimuli) for name, variant in seen.items()}
    worst = max(errors, key=lambda name: errors[name])
    where = "whole circuit" if worst == WHOLE else f"without {worst}"
    at_rest = judged(
        f"{on} ~ theory",
        "activity at rest",
        errors[worst],
        limit,
        "relative",
        worst=where,
        note="of the winner's; all stretches of constant drive",
    )
    return [*(edge for edges, _ in found for edge in edges), at_rest], [line for _, line in found]


def _judge_pv(on: str, seen: Mapping[str, Variant], graded: Stimulus) -> tuple[list[Edge], str]:
    whole, without = (_onset(seen[name], graded) for name in (WHOLE, "pv"))
    edges = [
        judged(
            f"{on}: pv",
            "time to 90 %, over that without",
            whole.rise_s / without.rise_s,
            RISE_LIMIT,
            "",
            note=f"{1e3 * whole.rise_s:g} ms and {1e3 * without.rise_s:g} ms",
        ),
        judged(
            f"{on}: pv",
            "peak over steady activity",
            whole.overshoot,
            OVERSHOOT_LIMIT,
            "",
            better="high",
            note=f"without: {without.overshoot:.3f}",
        ),
    ]
    line = (
        f"{on}: pv sharpens onset: 90 % after {1e3 * whole.rise_s:.0f} ms instead of {1e3 * without.rise_s:.0f}, "
        f"peak {whole.overshoot:.2f} of steady instead of {without.overshoot:.2f}, contrast after 20 ms "
        f"{whole.contrast:.3f} instead of {without.contrast:.3f}"
    )
    return edges, line


def _judge_sst(on: str, seen: Mapping[str, Variant], graded: Stimulus) -> tuple[list[Edge], str]:
    last = stretches(graded)[-1]
    counted = {name: winners(_steady(seen[name].recordings[GRADED], last)) for name in (WHOLE, "sst")}
    wanted = {name: winners(seen[name].theory.steady(last.drive)) for name in counted}
    edge = judged(
        f"{on}: sst",
        "units standing, off from theory",
        float(max(abs(counted[name] - wanted[name]) for name in counted)),
        0.0,
        "",
        note=f"{counted[WHOLE]} with it, {counted['sst']} without",
    )
    standing = f"{counted[WHOLE]} of {last.drive.size} units"
    return [edge], f"{on}: sst sets competition: {standing} stand with it, {counted['sst']} without"


def _judge_vip(on: str, seen: Mapping[str, Variant], gate: Stimulus, limit: float) -> tuple[list[Edge], str]:
    """The weaker of two driven units, unit 1, while the gate is shut, open and shut again."""
    _, *three = stretches(gate)
    weak = [float(_steady(seen[WHOLE].recordings[GATE], stretch)[1]) for stretch in three]
    blind = [float(_steady(seen["vip"].recordings[GATE], stretch)[1]) for stretch in three]
    winner = float(seen[WHOLE].theory.steady(three[1].drive, three[1].gate)[0])
    edges = [
        judged(
            f"{on}: vip",
            "weak unit behind a shut gate",
            max(weak[0], weak[2]) / winner,
            limit,
            "relative",
            note=f"of the winner; behind the open one {weak[1] / winner:.3f}",
        ),
        judged(
            f"{on}: vip",
            "what the gate does without it",
            float(np.ptp(blind)) / winner,
            limit,
            "relative",
            note="of the winner",
        ),
    ]
    told = ", ".join(f"{value:.3f}" for value in weak)
    return edges, f"{on}: vip opens a gate: the weaker unit goes {told} as the gate is shut, open, shut"


def _judge_lamp5(on: str, seen: Mapping[str, Variant]) -> tuple[list[Edge], str]:
    gains = {name: (seen[name].gain, seen[name].theory.gain) for name in (WHOLE, "lamp5")}
    errors = {name: abs(measured / formula - 1.0) for name, (measured, formula) in gains.items()}
    edge = judged(
        f"{on}: lamp5",
        "gain against the formula",
        max(errors.values()),
        GAIN_LIMIT,
        "relative",
        note=f"{gains[WHOLE][0]:.4f} with it, {gains['lamp5'][0]:.4f} without",
    )
    line = (
        f"{on}: lamp5 rescales gain: {gains[WHOLE][0]:.4f} (formula {gains[WHOLE][1]:.4f}) instead of "
        f"{gains['lamp5'][0]:.4f} (formula {gains['lamp5'][1]:.4f})"
    )
    return [edge], line


def _onset(variant: Variant, graded: Stimulus) -> Onset:
    recording = variant.recordings[GRADED]
    return onset_of(recording.activity["pyramidal"][0], recording.tick_s, stretches(graded)[-1].start_s)


def _steady(recording: Recording, stretch: Stretch) -> Float:
    return steady_of(recording.activity["pyramidal"][0], recording.tick_s, stretch.end_s)


def _steady_error(variant: Variant, stimuli: Mapping[str, Stimulus]) -> float:
    """Largest deviation of a steady activity from theory, as a share of the winner's."""
    errors: list[float] = []
    for name, recording in variant.recordings.items():
        for stretch in stretches(stimuli[name]):
            wanted = variant.theory.steady(stretch.drive, stretch.gate)
            if wanted.any():
                errors.append(float(np.abs(_steady(recording, stretch) - wanted).max() / wanted.max()))
    return max(errors)


def _columns(seen: Mapping[str, Variant], stimuli: Mapping[str, Stimulus]) -> list[RoleColumn]:
    """What the figure shows of each interneuron, on the last interpreter."""
    whole, pv = (_onset(seen[name], stimuli[GRADED]) for name in (WHOLE, "pv"))
    texts = {
        "pv": (GRADED, "PV sharpens onset", f"90 % after {1e3 * whole.rise_s:.0f} ms, without {1e3 * pv.rise_s:.0f}"),
        "sst": (GRADED, "SST sets competition", _standing(seen, stimuli[GRADED])),
        "vip": (GATE, "VIP opens a gate", "weaker unit passes while open"),
        "lamp5": (ONE_INPUT, "LAMP5 rescales gain", f"gain {seen[WHOLE].gain:.3f}, without {seen['lamp5'].gain:.3f}"),
    }
    return [
        RoleColumn(
            name=name,
            title=title,
            note=note,
            stimulus=stimuli[stimulus],
            whole=seen[WHOLE].recordings[stimulus],
            without=seen[name].recordings[stimulus],
            expected=_expected(seen[WHOLE].theory, stimuli[stimulus]),
            expected_without=_expected(seen[name].theory, stimuli[stimulus]),
        )
        for name, (stimulus, title, note) in texts.items()
    ]


def _standing(seen: Mapping[str, Variant], graded: Stimulus) -> str:
    last = stretches(graded)[-1]
    with_it, without = (winners(_steady(seen[name].recordings[GRADED], last)) for name in (WHOLE, "sst"))
    return f"units standing: {with_it}, without {without}"


def _expected(theory: Interneurons, stimulus: Stimulus) -> list[Expected]:
    return [
        Expected(start_s=s.start_s, end_s=s.end_s, activity=theory.steady(s.drive, s.gate))
        for s in stretches(stimulus)
    ]


INTERNEURONS = Demo(
    title="what PV, SST, VIP and LAMP5 interneurons do for a winner-take-all",
    explanation=(
        "A soft winner-take-all of four pyramidal units with four classes of interneurons, each switched off in "
        "turn. PV is driven by the input itself: it lets the first answer through and cuts what follows, so the "
        "response rises faster and peaks at onset. SST is driven by the pyramidal units and inhibits them all: it "
        "decides how many of them stand. VIP inhibits SST: while its gate is open, competition is lifted and a "
        "weaker input passes. LAMP5 pools activity without a threshold: it divides the gain and changes nothing else."
    ),
    run=_run,
)
