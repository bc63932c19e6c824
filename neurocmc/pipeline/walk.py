"""Walks the edges between the levels of an artifact, but for those to its files, for verification and cures."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.progress import Progress, part_of, share_of, silent
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.offsets import shift_of
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.certificates import certificate_edges
from neurocmc.pipeline.chips.built import Built
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.model import Model
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.staging import staging_edges
from neurocmc.pipeline.theory import filter_edges, theory_edges
from neurocmc.sim.rate import unit_ranges
from neurocmc.theory.certificate import Certificate
from neurocmc.verification.coverage import coverage_edge
from neurocmc.verification.edges import Edge
from neurocmc.verification.seen import Seen

Part = Literal["brian2", "theory"]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """All edges that need no file of the program, and the certificate that some of them are of."""

    edges: tuple[Edge, ...]
    certificate: Certificate
    first: Stimulus  # what was run first, stimuli of the same length side by side
    brian2: Recording | None = None  # what Brian2 did on it, by pools


def walk(
    artifact: Artifact,
    model: Model | None,
    stimuli: Sequence[Stimulus],
    seeds: int = 1,
    progress: Progress | None = None,
    parts: Collection[Part] = PARTS,
) -> Walk:
    """Walks the edges over all trials of the stimuli; without a model, none to torch.

    With `seeds` > 1 what is random is drawn again under the seeds that follow, and each edge shows the worst. `parts`
    says which of those that cost most are walked: all edges of Brian2, and those of theory.
    """
    told = progress or silent
    told("rate", 0.0)
    seen = Seen.of(artifact.staged, artifact.built.as_seen, artifact.spiking, stimuli)
    told("torch", 0.05)
    edges = staging_edges(artifact, model, seen.stimuli, seen.as_defined)
    told("coverage", 0.08)
    edges.append(_coverage(artifact, seen.stimuli))
    networks = _networks(artifact, seeds, told)
    walked: list[Sequence[Edge]] = []
    recorded: list[Recording] | None = None
    for index, built in enumerate(networks):
        start, width = 0.1 + 0.75 * index / len(networks), 0.75 / len(networks)
        brian2 = _on_brian2(built.spiking, seen, part_of(told, start, 0.7 * width)) if "brian2" in parts else None
        recorded = recorded or brian2
        told(
            built.level if len(networks) == 1 else f"{built.level}, seed {index + 1} of {len(networks)}",
            start + 0.75 * width,
        )
        own = built.edges(seen, brian2, range(artifact.seed, artifact.seed + seeds))
        drawn = _worst_of(own.drawn, _noise_note(built, seeds))
        walked.append((*built.pool_edges(brian2, seen), *own.fixed, *drawn))
    edges += _worst_of(walked, _seed_note(artifact, seeds))
    told("theory", 0.85)
    edges += certificate_edges(artifact.certificate)
    if "theory" in parts:
        edges += [*filter_edges(artifact, seen.stimuli), *theory_edges(artifact)]
    first = None if recorded is None else recorded[0]
    return Walk(edges=tuple(edges), certificate=artifact.certificate, first=seen.stimuli[0], brian2=first)


def _coverage(artifact: Artifact, stimuli: Sequence[Stimulus]) -> Edge:
    """What the model's circuit does on the stimuli, beside what pools were given room for."""
    circuit, staged = artifact.circuit, artifact.staged
    reach: dict[str, Float] = {}
    for population in circuit.populations:
        shift = shift_of(population, staged.population(population.name))
        pool = artifact.spiking.population(population.name)
        base, full = np.zeros(1), np.array([pool.fit.ceiling])
        for segments in pool.segments:
            base, full = segments.base, segments.top
        top, bottom = shift.low + shift.width * full, shift.low + shift.width * base
        # A pool that counts from 0 stands for a transfer that ends there, or goes out in a tail.
        bottom = np.where(bottom == 0.0, -np.inf, bottom)
        reach[population.name] = np.stack([bottom, top])
    names = [population.name for population in circuit.populations]
    return coverage_edge(reach, unit_ranges(circuit, stimuli, names))


def _networks(artifact: Artifact, seeds: int, told: Progress) -> list[Built]:
    """The compiled network, and where its code has a random part, others under the seeds that follow."""
    networks = [artifact.built]
    if artifact.code == "rate":
        # Whether lost states were allowed is settled; here they count.
        options = replace(CompileOptions.of(artifact.manifest), allow_lost_states=True)
        for seed in range(artifact.seed + 1, artifact.seed + seeds):
            told(f"compiling seed {seed}", 0.1)
            own = replace(options, seed=seed)
            networks.append(lower(artifact.circuit, artifact.stimuli.calibration, artifact.target, own).built)
    return networks


def _seed_note(artifact: Artifact, seeds: int) -> str:
    """What several seeds mean for edges that the chip's noise does not touch."""
    if seeds == 1 or artifact.built.has_noise:
        return ""
    if artifact.code != "rate":
        return f"the {artifact.code} code has no random part: all seeds are one"
    return f"worst of {seeds} seeds"


def _noise_note(built: Built, seeds: int) -> str:
    return f"worst of {seeds} seeds of the chip's noise" if built.has_noise and seeds > 1 else ""


def _on_brian2(spiking: SpikingNetwork, seen: Seen, told: Progress) -> list[Recording]:
    from neurocmc.sim.brian2_lif import simulate_brian2  # here and not above: Brian2 takes seconds to import

    count = len(seen.stimuli)
    stages = ["brian2" if count == 1 else f"brian2, stimulus {index + 1} of {count}" for index in range(count)]
    return [
        simulate_brian2(spiking, stimulus, progress=share_of(told, stage, index / count, 1.0 / count))
        for index, (stage, stimulus) in enumerate(zip(stages, seen.stimuli, strict=True))
    ]


def _worst_of(walked: Sequence[Sequence[Edge]], note: str) -> list[Edge]:
    """For each edge the worst of all seeds."""
    worst: list[Edge] = []
    for same in zip(*walked, strict=True):
        pick = max(same, key=_badness)
        told = "; ".join(text for text in (pick.note, note) if text)
        worst.append(replace(pick, note=told))
    return worst


def _badness(edge: Edge) -> tuple[bool, float]:
    """What misses is worse than what passes, also where its value is not a number."""
    value = edge.value or 0.0
    return edge.verdict == "miss", value if edge.better == "low" else -value
