"""Walk the edges between the levels of an artifact, but for those to its files: what verification and cures share."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus, as_name, side_by_side
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.passes.offsets import shift_of
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.certificates import artifact_certificate, certificate_edges
from neurocmc.pipeline.lower import Progress, lower
from neurocmc.pipeline.lowest import as_seen
from neurocmc.pipeline.model import Model
from neurocmc.pipeline.staging import staging_edges
from neurocmc.pipeline.theory import theory_edges
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import seen_as, simulate_rate, unit_ranges
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.theory.certificate import Certificate
from neurocmc.verification.cores import as_on_cores, core_edges
from neurocmc.verification.coverage import coverage_edge
from neurocmc.verification.edges import Edge, gain_edge, integer_edges
from neurocmc.verification.fidelity import Pair, fidelity_edges
from neurocmc.verification.gates import CORE_GATES

Part = Literal["brian2", "theory"]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """All edges that need no file of the program, and the certificate that some of them are of."""

    edges: tuple[Edge, ...]
    certificate: Certificate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """The stimuli that are judged, and the staged circuit under each: seen as spikes are, and as its form defines."""

    stimuli: tuple[Stimulus, ...]
    parts: tuple[tuple[tuple[str, slice], ...], ...]  # of each, those that it holds side by side
    through_filters: tuple[Recording, ...]
    as_defined: tuple[Recording, ...]

    def pairs(self, other: Sequence[Recording], reference: Sequence[Recording] | None = None) -> list[Pair]:
        """Recordings beside the circuit's own, or beside another level's, which then decides for itself."""
        first = self.through_filters if reference is None else reference
        decided = self.as_defined if reference is None else reference
        return [
            Pair(reference=a, other=b, labels=stimulus.labels, decided=c, parts=parts)
            for a, b, c, stimulus, parts in zip(first, other, decided, self.stimuli, self.parts, strict=True)
        ]


def walk(
    artifact: Artifact,
    model: Model | None,
    stimuli: Sequence[Stimulus],
    seeds: int = 1,
    progress: Progress | None = None,
    parts: Collection[Part] = PARTS,
) -> Walk:
    """The edges over all trials of the stimuli; without a model, none to torch.

    With `seeds` > 1 what is random is drawn again under the seeds that follow, and each edge shows the worst. `parts`
    says which of those that cost most are walked: all edges of Brian2, and those of theory.
    """
    told = progress or _silent
    told("rate", 0.0)
    seen = _seen(artifact, stimuli)
    told("torch", 0.05)
    edges = staging_edges(artifact, model, seen.stimuli, seen.as_defined)
    edges.append(_coverage(artifact, seen.stimuli))
    networks = _networks(artifact, seeds)
    walked: list[Sequence[Edge]] = []
    for index, (spiking, integer) in enumerate(networks):
        start, width = 0.1 + 0.75 * index / len(networks), 0.75 / len(networks)
        brian2 = _on_brian2(spiking, seen, told, start, 0.7 * width) if "brian2" in parts else None
        told("emulator" if integer else "brian2", start + 0.75 * width)
        walked.append(_walk_pools(artifact.staged, spiking, integer, seen, brian2))
    edges += _worst_of(walked, _seed_note(artifact, seeds))
    if artifact.cores is not None:
        edges += _walk_cores(artifact, artifact.cores, seen, seeds, told)
    told("theory", 0.85)
    certificate = artifact_certificate(artifact)
    edges += certificate_edges(certificate)
    if "theory" in parts:
        edges += theory_edges(artifact)
    return Walk(edges=tuple(edges), certificate=certificate)


def _seen(artifact: Artifact, given: Sequence[Stimulus]) -> _Seen:
    """Stimuli of one duration run side by side: a tick costs the same for one trial and for ten."""
    alike = [
        [stimulus for stimulus in given if stimulus.duration_s == duration_s]
        for duration_s in dict.fromkeys(stimulus.duration_s for stimulus in given)
    ]
    stimuli = tuple(side_by_side(as_name("+".join(s.name for s in same)), same) for same in alike)
    as_defined = tuple(simulate_rate(artifact.staged, stimulus) for stimulus in stimuli)
    seen = as_seen(artifact)
    same = seen is artifact.staged
    return _Seen(
        stimuli=stimuli,
        parts=tuple(_parts(same) for same in alike),
        through_filters=as_defined if same else tuple(simulate_rate(seen, stimulus) for stimulus in stimuli),
        as_defined=as_defined,
    )


def _parts(stimuli: Sequence[Stimulus]) -> tuple[tuple[str, slice], ...]:
    """Name and trials of each stimulus in the batch that they are together."""
    ends = np.cumsum([stimulus.batch for stimulus in stimuli]).tolist()
    return tuple((s.name, slice(end - s.batch, end)) for s, end in zip(stimuli, ends, strict=True))


def _silent(_stage: str, _share: float) -> None:
    """Progress that nobody watches."""


def _coverage(artifact: Artifact, stimuli: Sequence[Stimulus]) -> Edge:
    """What the model's circuit does on the stimuli, beside what pools were given room for."""
    circuit, staged = artifact.circuit, artifact.staged
    reach: dict[str, Float] = {}
    for population in circuit.populations:
        shift = shift_of(population, staged.population(population.name))
        top = shift.low + shift.width * artifact.spiking.population(population.name).fit.ceiling
        # A pool that counts from 0 stands for a transfer that ends there, or goes out in a tail.
        bottom = np.where(shift.low == 0.0, -np.inf, shift.low)
        reach[population.name] = np.stack([bottom, top])
    names = [population.name for population in circuit.populations]
    return coverage_edge(reach, unit_ranges(circuit, stimuli, names))


def _networks(artifact: Artifact, seeds: int) -> list[tuple[SpikingNetwork, IntegerNetwork | None]]:
    """The compiled network, and where its code has a random part, others under the seeds that follow."""
    networks = [(artifact.spiking, artifact.integer)]
    if artifact.code == "rate":
        for seed in range(artifact.seed + 1, artifact.seed + seeds):
            lowered = lower(
                artifact.circuit,
                artifact.stimuli.calibration,
                artifact.target,
                neurons=artifact.neurons,
                code=artifact.code,
                seed=seed,
                tick_s=artifact.manifest["options"]["tick_s"],
                allow_lost_states=True,  # whether it was allowed is settled; here they count
            )
            networks.append((lowered.spiking, lowered.integer))
    return networks


def _seed_note(artifact: Artifact, seeds: int) -> str:
    if seeds == 1:
        return ""
    if artifact.code == "threshold":
        return "" if artifact.cores is not None else "the threshold code has no random part: all seeds are one"
    return f"worst of {seeds} seeds"


def _on_brian2(spiking: SpikingNetwork, seen: _Seen, told: Progress, start: float, width: float) -> list[Recording]:
    from neurocmc.sim.brian2_lif import simulate_brian2  # here and not above: Brian2 takes seconds to import

    share = width / len(seen.stimuli)
    return [
        simulate_brian2(spiking, stimulus, progress=_part_of(told, "brian2", start + share * index, share))
        for index, stimulus in enumerate(seen.stimuli)
    ]


def _walk_pools(
    circuit: RateCircuit,
    spiking: SpikingNetwork,
    integer: IntegerNetwork | None,
    seen: _Seen,
    brian2: Sequence[Recording] | None,
) -> Sequence[Edge]:
    """Edges of one network: gain fits, Brian2 (unless None) and, on a chip, rounding and emulator."""
    readouts = (*spiking.readouts, *circuit.classifiers)
    edges = [gain_edge(spiking, circuit, integer)]
    if brian2 is not None:
        edges += fidelity_edges("rate ~ brian2", seen.pairs(brian2), readouts, network=spiking)
    if integer is None:
        return edges
    emulator = [simulate_emulator(integer, stimulus) for stimulus in seen.stimuli]
    edges += integer_edges(integer)
    if brian2 is not None:
        edges += fidelity_edges("brian2 ~ emulator", seen.pairs(emulator, brian2), readouts)
    edges += fidelity_edges("rate ~ emulator", seen.pairs(emulator), readouts, network=spiking)
    return edges


def _part_of(told: Progress, stage: str, start: float, share: float) -> Callable[[float], None]:
    return lambda done: told(stage, start + share * done)


def _walk_cores(artifact: Artifact, program: CoreProgram, seen: _Seen, seeds: int, told: Progress) -> list[Edge]:
    """Edges of neurosynaptic cores, one cause of error after the other; noise under `seeds` seeds, the worst told."""
    told("emulator", 0.7)
    readouts = (*artifact.spiking.readouts, *artifact.staged.classifiers)
    traces = {p.name: p.trace for p in program.populations}
    weighted, late = (
        [
            simulate_rate(seen_as(as_on_cores(artifact.staged, program, latency=latency), traces), stimulus)
            for stimulus in seen.stimuli
        ]
        for latency in (False, True)
    )
    edges = list(core_edges(program))
    edges += fidelity_edges("rate ~ weights", seen.pairs(weighted), readouts)
    edges += fidelity_edges("weights ~ latency", seen.pairs(late, weighted), readouts)
    walked: list[Sequence[Edge]] = []
    for seed in range(artifact.seed, artifact.seed + seeds):
        noisy = [simulate_cores(program, stimulus, seed=seed) for stimulus in seen.stimuli]
        last = fidelity_edges("latency ~ emulator", seen.pairs(noisy, late), readouts, gates=CORE_GATES)
        whole = fidelity_edges(
            "rate ~ emulator", seen.pairs(noisy), readouts, gates=CORE_GATES, network=artifact.spiking
        )
        walked.append((*last, *whole))
    note = f"worst of {seeds} seeds of the chip's noise" if seeds > 1 else ""
    return [*edges, *_worst_of(walked, note)]


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
