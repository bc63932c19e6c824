"""Makes tables of what rounding onto the target's grid did to the gains of projections and to the pools."""

from dataclasses import dataclass

from neurocmc.common.matrices import count, span_of, total
from neurocmc.common.ticks import tau_ms
from neurocmc.ir.loihi.network import IntegerNetwork, IntegerPopulation, IntegerProjection
from neurocmc.report import wording
from neurocmc.report.losses import Losses, LossTable, worst_connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionLoss:
    """The connection of a projection that rounding moved most, and the grid that the projection stands on."""

    name: str
    parts: int  # synapses that a weight is the sum of, finer or later ones
    connections: int  # pairs of connected units
    wanted_gain: float  # drive per unit of activity, of the connection that lost most
    realised_gain: float
    worst_target_unit: int
    worst_source_unit: int
    largest_loss: float  # of the projection's largest gain
    rms_loss: float  # of the same
    clipped: int
    mantissa_low: int
    mantissa_high: int
    exponent: int
    sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationLoss:
    """The time constant a pool asked for and got, and the rounding of its biases."""

    name: str
    wanted_tau_ms: float  # 0 where the pool has no synaptic filter
    realised_tau_ms: float
    bias_largest_loss: float  # of the largest bias
    bias_exponent: int
    threshold_mantissa: int


def integer_losses(network: IntegerNetwork) -> Losses:
    """Returns both tables: projections by the connection that lost most, populations by time constant and bias."""
    return Losses(
        heading="Losses",
        note="The effect of rounding to the target's registers. Each projection shows its connection with the "
        "largest gain error; losses are fractions of the largest gain of the projection.",
        tables=(_gains(projection_losses(network)), _pools(population_losses(network))),
    )


def _gains(losses: tuple[ProjectionLoss, ...]) -> LossTable:
    return LossTable(
        name="projection_losses",
        title="rounding of projections",
        columns=(
            "!projection",
            ">wanted gain",
            ">realised",
            ">largest loss",
            ">rms",
            ">clipped",
            "mantissas",
            ">exponent",
            "sign",
        ),
        entries=losses,
        rows=tuple(
            (
                loss.name if loss.parts == 1 else f"{loss.name} ({loss.parts} parts)",
                f"{loss.wanted_gain:.6g}",
                f"{loss.realised_gain:.6g}",
                wording.percent(loss.largest_loss),
                wording.percent(loss.rms_loss),
                f"{loss.clipped:,}",
                f"{loss.mantissa_low}..{loss.mantissa_high}",
                str(loss.exponent),
                loss.sign,
            )
            for loss in losses
        ),
    )


def _pools(losses: tuple[PopulationLoss, ...]) -> LossTable:
    return LossTable(
        name="population_losses",
        title="rounding of populations",
        columns=(
            "!population",
            ">wanted tau [ms]",
            ">realised",
            ">largest bias loss",
            ">bias exponent",
            ">threshold mantissa",
        ),
        entries=losses,
        rows=tuple(
            (
                loss.name,
                f"{loss.wanted_tau_ms:.4g}",
                f"{loss.realised_tau_ms:.4g}",
                wording.percent(loss.bias_largest_loss),
                str(loss.bias_exponent),
                f"{loss.threshold_mantissa:,}",
            )
            for loss in losses
        ),
    )


def projection_losses(network: IntegerNetwork) -> tuple[ProjectionLoss, ...]:
    """Returns one row a projection, with all of its parts, in the order of the network.

    Those of a clock are exact and have none.
    """
    parts: dict[str, list[IntegerProjection]] = {}
    for projection in network.projections:
        if network.population(projection.source).clock:
            continue
        parts.setdefault(projection.whole, []).append(projection)
    return tuple(_projection(own) for own in parts.values())


def population_losses(network: IntegerNetwork) -> tuple[PopulationLoss, ...]:
    """Returns one row a population, in the order of the network; clocks are none of the circuit's."""
    return tuple(_population(network, population) for population in network.populations if not population.clock)


def _projection(parts: list[IntegerProjection]) -> ProjectionLoss:
    projection = next(part for part in parts if not part.refines)  # it tells what is wanted and lost of all
    realised = total(part.realised_gain for part in parts)
    spans = [span_of(part.mantissa) for part in parts]
    row, column = worst_connection(projection.wanted_gain, realised)
    return ProjectionLoss(
        name=projection.name,
        parts=len(parts),
        connections=count(projection.wanted_gain),
        wanted_gain=float(projection.wanted_gain[row, column]),
        realised_gain=float(realised[row, column]),
        worst_target_unit=row,
        worst_source_unit=column,
        largest_loss=projection.loss.largest,
        rms_loss=projection.loss.rms,
        clipped=projection.loss.clipped,
        mantissa_low=min(int(low) for low, _ in spans),
        mantissa_high=max(int(high) for _, high in spans),
        exponent=projection.exponent,
        sign=projection.sign,
    )


def _population(network: IntegerNetwork, population: IntegerPopulation) -> PopulationLoss:
    realised = network.rule.pole(population.decay_u)
    return PopulationLoss(
        name=population.name,
        wanted_tau_ms=tau_ms(population.wanted_pole, network.tick_s),
        realised_tau_ms=tau_ms(realised, network.tick_s),
        bias_largest_loss=population.bias_loss.largest,
        bias_exponent=population.bias_exponent,
        threshold_mantissa=population.threshold_mantissa,
    )
