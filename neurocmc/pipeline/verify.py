"""Verify: walk every edge between the levels of an artifact and judge what was kept."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from neurocmc.common.arrays import Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import json_text, write_file
from neurocmc.ir.core_program import CoreProgram
from neurocmc.ir.integer import IntegerNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus, as_name, side_by_side
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.certificates import artifact_certificate, certificate_edges
from neurocmc.pipeline.emitted import emitted_edges
from neurocmc.pipeline.lower import Progress, lower
from neurocmc.pipeline.reporting import read_budget, write_report_of
from neurocmc.pipeline.staging import staging_edges
from neurocmc.pipeline.theory import theory_edges
from neurocmc.sim.brian2_lif import simulate_brian2
from neurocmc.sim.loihi import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from neurocmc.sim.truenorth import simulate_cores
from neurocmc.theory.certificate import Certificate
from neurocmc.verification.cores import as_on_cores, core_edges
from neurocmc.verification.edges import (
    CORE_GATES,
    Edge,
    Pair,
    fidelity_edges,
    gain_edge,
    integer_edges,
    misses,
)

VERIFY = "verify.json"
MOST_SEEDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All edges walked, and the page that shows them."""

    edges: tuple[Edge, ...]
    report: Path
    certificate: Certificate

    @property
    def passed(self) -> bool:
        return not misses(self.edges)


def verify(
    artifact: Artifact, samples: int | None = None, seeds: int = 1, progress: Progress | None = None
) -> Verification:
    """Walk all edges over the first `samples` trials of each test stimulus (default: all).

    With `seeds` > 1 the network is compiled again under the following seeds, and each edge shows the worst of them.
    Writes verify.json into the artifact and its report again. Raises InputError for samples or seeds below 1.
    """
    for option, value in (("--samples", samples), ("--seeds", seeds)):
        if value is not None and value < 1:
            raise InputError(Problem(option, f"got {value}", "give 1 or more"))
    if seeds > MOST_SEEDS:
        raise InputError(
            Problem("--seeds", f"got {seeds:,}", f"give {MOST_SEEDS:,} at most: each runs all trials again")
        )
    told = progress or _silent
    model = artifact.model()
    judged_by = artifact.stimuli.test or artifact.stimuli.calibration
    stimuli = _batches(tuple(stimulus.take(slice(samples)) for stimulus in judged_by))
    told("rate", 0.0)
    rates = [simulate_rate(artifact.staged, stimulus) for stimulus in stimuli]
    told("torch", 0.05)
    edges = staging_edges(artifact, model, stimuli, rates)
    networks = _networks(artifact, seeds)
    walked: list[Sequence[Edge]] = []
    for index, (spiking, integer) in enumerate(networks):
        start, width = 0.1 + 0.75 * index / len(networks), 0.75 / len(networks)
        walked.append(_walk(artifact.staged, spiking, integer, stimuli, rates, told, start, width))
    edges += _worst_of(walked, _seed_note(artifact, seeds))
    if artifact.cores is not None:
        edges += _walk_cores(artifact, artifact.cores, stimuli, rates, seeds, told)
    told("theory", 0.85)
    certificate = artifact_certificate(artifact)
    edges += certificate_edges(certificate)
    edges += theory_edges(artifact)
    told("emitted program", 0.9)
    edges += emitted_edges(artifact, judged_by[0])
    write_file(
        artifact.directory / VERIFY,
        json_text({"samples": samples, "seeds": len(networks), "edges": [asdict(edge) for edge in edges]}),
    )
    report = write_report_of(
        artifact.directory,
        artifact.manifest,
        artifact,
        artifact.target,
        read_budget(artifact),
        artifact.circuit,
        edges,
    )
    told("done", 1.0)
    return Verification(edges=tuple(edges), report=report, certificate=certificate)


def _batches(stimuli: tuple[Stimulus, ...]) -> tuple[Stimulus, ...]:
    """Stimuli of one duration run side by side: a tick costs the same for one trial and for ten."""
    durations = dict.fromkeys(stimulus.duration_s for stimulus in stimuli)
    alike = ([s for s in stimuli if s.duration_s == duration_s] for duration_s in durations)
    return tuple(side_by_side(as_name("+".join(s.name for s in same)), same) for same in alike)


def _silent(_stage: str, _share: float) -> None:
    """Progress that nobody watches."""


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


def _walk(
    circuit: RateCircuit,
    spiking: SpikingNetwork,
    integer: IntegerNetwork | None,
    stimuli: Sequence[Stimulus],
    rates: Sequence[Recording],
    told: Progress,
    start: float,
    width: float,
) -> Sequence[Edge]:
    """Edges of one network: gain fits, Brian2 and, on a chip, rounding and emulator."""
    readouts = (*spiking.readouts, *circuit.classifiers)
    labels = [stimulus.labels for stimulus in stimuli]
    edges = [gain_edge(spiking, circuit, integer)]
    brian2: list[Recording] = []
    for index, stimulus in enumerate(stimuli):
        first = start + 0.7 * width * index / len(stimuli)
        share = 0.7 * width / len(stimuli)
        brian2.append(
            simulate_brian2(spiking, stimulus, progress=lambda done, a=first, b=share: told("brian2", a + b * done))
        )
    edges += fidelity_edges("rate ~ brian2", _pairs(rates, brian2, labels), readouts)
    if integer is None:
        return edges
    told("emulator", start + 0.75 * width)
    emulator = [simulate_emulator(integer, stimulus) for stimulus in stimuli]
    edges += integer_edges(integer)
    edges += fidelity_edges("brian2 ~ emulator", _pairs(brian2, emulator, labels), readouts)
    edges += fidelity_edges("rate ~ emulator", _pairs(rates, emulator, labels), readouts)
    return edges


def _walk_cores(
    artifact: Artifact,
    program: CoreProgram,
    stimuli: Sequence[Stimulus],
    rates: Sequence[Recording],
    seeds: int,
    told: Progress,
) -> list[Edge]:
    """Edges of neurosynaptic cores, one cause of error after the other; noise under `seeds` seeds, the worst told."""
    told("emulator", 0.7)
    readouts = (*artifact.spiking.readouts, *artifact.staged.classifiers)
    labels = [stimulus.labels for stimulus in stimuli]
    weighted, late = (
        [simulate_rate(as_on_cores(artifact.staged, program, latency=latency), stimulus) for stimulus in stimuli]
        for latency in (False, True)
    )
    edges = list(core_edges(program))
    edges += fidelity_edges("rate ~ weights", _pairs(rates, weighted, labels), readouts)
    edges += fidelity_edges("weights ~ latency", _pairs(weighted, late, labels), readouts)
    walked: list[Sequence[Edge]] = []
    for seed in range(artifact.seed, artifact.seed + seeds):
        noisy = [simulate_cores(program, stimulus, seed=seed) for stimulus in stimuli]
        last = fidelity_edges("latency ~ emulator", _pairs(late, noisy, labels), readouts, gates=CORE_GATES)
        walked.append((*last, *fidelity_edges("rate ~ emulator", _pairs(rates, noisy, labels), readouts,
                                              gates=CORE_GATES)))  # fmt: skip
    note = f"worst of {seeds} seeds of the chip's noise" if seeds > 1 else ""
    return [*edges, *_worst_of(walked, note)]


def _pairs(first: Sequence[Recording], second: Sequence[Recording], labels: Sequence[Int]) -> list[Pair]:
    return [Pair(reference=a, other=b, labels=c) for a, b, c in zip(first, second, labels, strict=True)]


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
