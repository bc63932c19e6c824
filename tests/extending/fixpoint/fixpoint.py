"""Fixpoint: a made-up chip that holds every weight as a multiple of 2^-bits of a threshold, some pools to a core."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.common.files import json_text, write_file
from neurocmc.ir.kept import Kept, KeptPopulation, KeptProjection
from neurocmc.ir.printer import print_spiking
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.store import load_level
from neurocmc.passes.check_neurons import CheckNeurons
from neurocmc.passes.gain_match import GainMatch
from neurocmc.pipeline.chips.built import Built, decoded_through
from neurocmc.pipeline.chips.family import Family
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified, write_level
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.budget import Budget, CoreUse, ResourceUse
from neurocmc.sim.recording import Spikes, counted, recording
from neurocmc.targets import Code, Limits, Target, TargetSchema
from neurocmc.theory.certificate import Certificate, certify
from neurocmc.theory.realised import rounded_circuit
from neurocmc.verification.edges import Edge, mismatch_edge

ROUNDED = "30-rounded"


class FixpointLimits(Limits):
    """What a file of the kind states."""

    weight_fraction_bits: int = Field(ge=1, le=30)
    neurons_per_core: int = Field(ge=1)
    cores_per_chip: int = Field(ge=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixpointTarget(Target):
    """Neurons without a membrane, with one filter and no delays."""

    kind: ClassVar[str] = "fixpoint"
    limits: FixpointLimits

    @property
    def codes(self) -> tuple[Code, ...]:
        return ("threshold",)

    @property
    def filter_stages(self) -> int:
        return 1

    @property
    def delay_ticks_max(self) -> int | None:
        return 0


@dataclass(frozen=True, kw_only=True, eq=False)
class FixpointBuilt(Built):
    """The pools with the weights that the chip holds."""

    lost_on: ClassVar[str] = "spiking ~ rounded"

    target: FixpointTarget
    rounded: SpikingNetwork

    @property
    def levels(self) -> tuple[Any, ...]:
        return (*super().levels, self.rounded)

    @cached_property
    def kept(self) -> Kept | None:
        return kept(self.staged, self.spiking, self.rounded)

    def run(self, stimulus: Stimulus, *, seed: int = 0, record_spikes: bool = False) -> Recording:
        fired = step(self.rounded, {p.name: p.weight for p in self.rounded.projections}, stimulus)
        rows = np.concatenate([spikes.reshape(*spikes.shape[:2], -1) for spikes in fired.values()], axis=2)
        trial, tick, neuron = (column.astype(np.int32) for column in np.nonzero(rows))
        pools, spikes = self.rounded.populations, Spikes(tick=tick, trial=trial, neuron=neuron)
        counts, told = counted(pools, spikes, *rows.shape[:2]), spikes if record_spikes else None
        return recording(pools, counts, told, level=self.level, stimulus=stimulus.name, tick_s=self.rounded.tick_s)

    def save(self, folder: Path) -> None:
        write_level(folder, ROUNDED, self.rounded, print_spiking(self.rounded))

    def emit(self, folder: Path, stimuli: Mapping[str, Stimulus]) -> None:
        scale = 1 << self.target.limits.weight_fraction_bits
        weights = {p.name: np.rint(p.weight * scale).astype(int).tolist() for p in self.rounded.projections}
        folder.mkdir(exist_ok=True)
        write_file(folder / "fixpoint.json", json_text({"one": scale, "weights": weights, "stimuli": [*stimuli]}))

    def emitted_edges(self, program: Path, stimulus: Stimulus, seed: int) -> list[Edge]:
        text = json.loads((program / "fixpoint.json").read_text())
        weights = {name: np.array(weight) / text["one"] for name, weight in text["weights"].items()}
        ours = step(self.rounded, {p.name: p.weight for p in self.rounded.projections}, stimulus)
        theirs = step(self.rounded, weights, stimulus)
        differ = sum(int((theirs[name] != spikes).sum()) for name, spikes in ours.items())
        spikes = sum(int(spikes.sum()) for spikes in ours.values())
        return [mismatch_edge("emulator ~ emitted", differ, spikes, "fixpoint.json, read back")]

    def budget(self, stimulus: Stimulus, seen: Recording) -> Budget:
        per_core, chip = self.target.limits.neurons_per_core, self.target.limits.cores_per_chip
        cores = -(-self.rounded.neurons // per_core)
        filled = [min(per_core, self.rounded.neurons - per_core * core) for core in range(cores)]
        names = tuple(p.name for p in self.rounded.populations)
        return Budget(
            circuit=self.rounded.name,
            target=self.target.name,
            cores_used=cores,
            cores_lower_bound=cores,
            cores_per_chip=chip,
            in_all=(ResourceUse.of("neurons", self.rounded.neurons, per_core * chip),),
            cores=tuple(
                CoreUse(core=core, populations=names, resources=(ResourceUse.of("neurons", used, per_core),))
                for core, used in enumerate(filled)
            ),
        )

    def observed_through(self, own: Mapping[str, bool], tau_s: float) -> Self:
        return replace(super().observed_through(own, tau_s), rounded=decoded_through(self.rounded, own, tau_s))


class FixpointFamily(Family[FixpointTarget]):
    """Pools, then weights on their grid."""

    schema = TargetSchema(target=FixpointTarget, limits=FixpointLimits, lowest=ROUNDED)

    def refuse(self, staged: RateCircuit, target: FixpointTarget, options: CompileOptions) -> None:
        room = target.limits.neurons_per_core * target.limits.cores_per_chip
        if (needed := staged.units * options.pool) > room:
            what = f"{needed:,} neurons, limit {room:,} on {target.name}"
            raise_infeasible(
                [Problem("x-fixpoint-full", f"circuit {staged.name}", what, "use fewer neurons per unit (--neurons)")]
            )

    def lower(
        self, staging: Staging, target: FixpointTarget, options: CompileOptions, clock: Clock
    ) -> tuple[Built, Certificate]:
        staged, one = staging.staged, float(1 << target.limits.weight_fraction_bits)
        with clock.timing(GainMatch.name, 0.8):
            spiking = verified(CheckNeurons().run(staging.gain_match(options).run(staged, target), target))
        with clock.timing("round", 0.9):
            projections = tuple(replace(p, weight=np.rint(p.weight * one) / one) for p in spiking.projections)
            rounded = verified(replace(spiking, projections=projections))
        certificate = certify(staged, staging.levels(), rounded_circuit(staged, kept(staged, spiking, rounded)))
        return FixpointBuilt(target=target, staged=staged, spiking=spiking, rounded=rounded), certificate

    def load(self, folder: Path, staged: RateCircuit, spiking: SpikingNetwork, target: FixpointTarget) -> Built:
        rounded = load_level(folder, ROUNDED, SpikingNetwork)
        return FixpointBuilt(target=target, staged=staged, spiking=spiking, rounded=rounded)


def kept(staged: RateCircuit, spiking: SpikingNetwork, rounded: SpikingNetwork) -> Kept:
    """Gains as they were rounded; nothing else is."""
    populations = [
        KeptPopulation.counted(p.name, np.full(p.units, 0.5 * p.activity_per_spike)) for p in spiking.populations
    ]
    projections: list[KeptProjection] = []
    for wanted, was, now in zip(staged.projections, spiking.projections, rounded.projections, strict=True):
        share = np.divide(now.weight, was.weight, out=np.ones(now.weight.shape), where=was.weight != 0)
        projections.append(KeptProjection.of(wanted, wanted.dc_gain * wanted.weight * share))
    return Kept(tick_s=staged.dt_s, populations=tuple(populations), projections=tuple(projections))


def step(network: SpikingNetwork, weights: Mapping[str, Any], stimulus: Stimulus) -> dict[str, Any]:
    """(batch, ticks, units, neurons) spikes of each population: it fires where current and bias pass 1."""
    tick_s, batch = network.tick_s, stimulus.batch
    driven, ticks = stimulus.on_ticks(tick_s), stimulus.ticks(tick_s)
    fired = {p.name: np.zeros((batch, ticks, p.units, p.neurons), dtype=bool) for p in network.populations}
    keep = {p.name: np.exp(-tick_s / p.tau_s) if p.tau_s else 0.0 for p in (*network.projections, *network.inputs)}
    held = {p.name: np.tile(p.standing, (batch, 1)) for p in network.projections}
    held |= {e.name: np.zeros((batch, len(e.weight))) for e in network.inputs}
    for tick, segment in enumerate(driven.segment_of_tick):
        current = {p.name: np.zeros((batch, p.units)) for p in network.populations}
        for p in network.projections:
            if tick:
                arrived = fired[p.source][:, tick - 1].sum(axis=2) @ weights[p.name].T
                held[p.name] = keep[p.name] * held[p.name] + arrived
            current[p.target] += held[p.name]
        for e in network.inputs:
            drive = driven.values[e.name][:, segment] @ e.weight.T
            current[e.target] += held[e.name] if e.tau_s else drive
            held[e.name] = keep[e.name] * held[e.name] + (1.0 - keep[e.name]) * drive
        for p in network.populations:
            fired[p.name][:, tick] = current[p.name][:, :, None] + p.bias > 1.0
    return fired


FAMILY = FixpointFamily()
