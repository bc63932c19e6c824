"""Makes tables of what a circuit paid on neurosynaptic cores, in gains, time constants, neurons and ticks."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import at, entries, largest
from neurocmc.common.ticks import tau_ms
from neurocmc.ir.truenorth.program import CorePopulation, CoreProgram, CoreProjection, NeuronRole
from neurocmc.report import wording
from neurocmc.report.losses import Losses, LossTable, worst_connection
from neurocmc.report.truenorth.potentials import population_of

ROLES: tuple[NeuronRole, ...] = ("pool", "filter", "bias", "copy", "sum", "splitter")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreProjectionLoss:
    """The connection of a projection whose gain is furthest from the wanted, and what all of them cost."""

    name: str
    connections: int  # pairs of connected units
    wanted_gain: float  # drive per unit of activity, of the connection that lost most
    realised_gain: float
    worst_target_unit: int
    worst_source_unit: int
    largest_loss: float  # of the projection's largest gain
    rms_loss: float  # of the same
    fewest_axons: int  # neurons of a source that reach a target
    most_axons: int
    lost: int  # connections that no axon was left for
    latency_low_ticks: int  # beyond the one tick that every spike takes
    latency_high_ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorePopulationCost:
    """The neurons of a population on cores, by role, and the time constant its worst unit wanted and got."""

    name: str
    units: int
    neurons: tuple[int, ...]  # by role, in the order of ROLES
    cores: int  # on which any of them stand
    wanted_tau_ms: float  # 0 where there is no filter
    realised_tau_ms: float  # shorter where latency stands for a part of it
    gain_residual: float  # worst error of a gain of a unit over that unit's largest gain

    @property
    def added(self) -> int:
        """Neurons beyond the pools."""
        return sum(self.neurons) - self.neurons[ROLES.index("pool")]


def core_losses(program: CoreProgram) -> Losses:
    """Returns both tables: projections by the connection furthest off; populations by neurons and filters."""
    return Losses(
        heading="Losses on cores",
        note="Each projection shows its connection with the largest gain error; losses are fractions of the largest "
        "gain of the projection. Latency: ticks that splitters and partial sums add to the one tick that every spike "
        "takes; the filters are shorter by as much.",
        tables=(_gains(core_projection_losses(program)), _pools(core_population_costs(program))),
    )


def _gains(losses: tuple[CoreProjectionLoss, ...]) -> LossTable:
    return LossTable(
        name="projection_losses",
        title="gains on cores",
        columns=(
            "!projection",
            ">connections",
            ">wanted gain",
            ">realised",
            ">largest loss",
            ">rms",
            ">axons each",
            ">lost",
            ">latency [ticks]",
        ),
        entries=losses,
        rows=tuple(
            (
                loss.name,
                f"{loss.connections:,}",
                f"{loss.wanted_gain:.6g}",
                f"{loss.realised_gain:.6g}",
                wording.percent(loss.largest_loss),
                wording.percent(loss.rms_loss),
                wording.whole_span(loss.fewest_axons, loss.most_axons),
                f"{loss.lost:,}",
                wording.whole_span(loss.latency_low_ticks, loss.latency_high_ticks),
            )
            for loss in losses
        ),
    )


def _pools(costs: tuple[CorePopulationCost, ...]) -> LossTable:
    used = [index for index in range(len(ROLES)) if any(cost.neurons[index] for cost in costs)]
    return LossTable(
        name="population_losses",
        title="populations on cores (neurons by role)",
        columns=(
            "!population",
            ">units",
            *(f">{ROLES[index]}" for index in used),
            ">cores",
            ">wanted tau [ms]",
            ">realised",
            ">gain residual",
        ),
        entries=costs,
        rows=tuple(
            (
                cost.name,
                f"{cost.units:,}",
                *(f"{cost.neurons[index]:,}" for index in used),
                f"{cost.cores:,}",
                f"{cost.wanted_tau_ms:.4g}",
                f"{cost.realised_tau_ms:.4g}",
                wording.percent(cost.gain_residual),
            )
            for cost in costs
        ),
    )


def core_projection_losses(program: CoreProgram) -> tuple[CoreProjectionLoss, ...]:
    """Returns one row a projection, in the order of the program."""
    return tuple(_projection(projection) for projection in program.projections)


def core_population_costs(program: CoreProgram) -> tuple[CorePopulationCost, ...]:
    """Returns one row a population, in the order of the program."""
    return tuple(_population(program, population) for population in program.populations)


def _projection(projection: CoreProjection) -> CoreProjectionLoss:
    wanted, realised = projection.wanted_gain, projection.realised_gain
    ends, gain = entries(wanted)[:2], entries(wanted)[2]
    lost: Float = np.abs(at(realised, *ends) - gain) / (largest(wanted) or 1.0)
    row, column = worst_connection(wanted, realised)
    axons = at(projection.axons, *ends)
    latency = at(projection.latency_ticks, *ends)[axons > 0]
    return CoreProjectionLoss(
        name=projection.name,
        connections=gain.size,
        wanted_gain=float(wanted[row, column]),
        realised_gain=float(realised[row, column]),
        worst_target_unit=row,
        worst_source_unit=column,
        largest_loss=float(lost.max(initial=0.0)),
        rms_loss=float(np.sqrt(np.mean(lost**2))) if gain.size else 0.0,
        fewest_axons=int(axons[axons > 0].min(initial=0 if not (axons > 0).any() else np.iinfo(np.int64).max)),
        most_axons=int(axons.max(initial=0)),
        lost=int((axons == 0).sum()),
        latency_low_ticks=int(latency.min()) if latency.size else 0,
        latency_high_ticks=int(latency.max()) if latency.size else 0,
    )


def _population(program: CoreProgram, population: CorePopulation) -> CorePopulationCost:
    groups = [group for group in program.neuron_groups if population_of(group.corelet) == population.name]
    worst = int(np.argmax(np.abs(population.realised_pole - population.wanted_pole)))
    return CorePopulationCost(
        name=population.name,
        units=population.units,
        neurons=tuple(sum(g.stop - g.start for g in groups if g.role == role) for role in ROLES),
        cores=len({group.core for group in groups}),
        wanted_tau_ms=tau_ms(float(population.wanted_pole[worst]), program.tick_s),
        realised_tau_ms=tau_ms(float(population.realised_pole[worst]), program.tick_s),
        gain_residual=float(population.gain_residual.max(initial=0.0)),
    )
