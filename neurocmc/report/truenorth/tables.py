"""Tables for a terminal of what a circuit paid to stand on neurosynaptic cores."""

from rich.console import Group, RenderableType

from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.report import wording
from neurocmc.report.layout import cell, plain_table
from neurocmc.report.truenorth.losses import ROLES, core_population_costs, core_projection_losses


def core_loss_table(program: CoreProgram) -> RenderableType:
    """Projections by the connection whose gain is furthest off; populations by neurons, filters and residuals."""
    gains = plain_table(
        "gains on cores",
        (
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
    )
    for loss in core_projection_losses(program):
        gains.add_row(
            cell(loss.name),
            f"{loss.connections:,}",
            f"{loss.wanted_gain:.6g}",
            f"{loss.realised_gain:.6g}",
            wording.percent(loss.largest_loss),
            wording.percent(loss.rms_loss),
            wording.whole_span(loss.fewest_axons, loss.most_axons),
            f"{loss.lost:,}",
            wording.whole_span(loss.latency_low_ticks, loss.latency_high_ticks),
        )
    return Group(gains, _populations(program))


def _populations(program: CoreProgram) -> RenderableType:
    costs = core_population_costs(program)
    used = [index for index in range(len(ROLES)) if any(cost.neurons[index] for cost in costs)]
    table = plain_table(
        "populations on cores (neurons by role)",
        (
            "!population",
            ">units",
            *(f">{ROLES[index]}" for index in used),
            ">cores",
            ">wanted tau [ms]",
            ">realised",
            ">gain residual",
        ),
    )
    for cost in costs:
        table.add_row(
            cell(cost.name),
            f"{cost.units:,}",
            *(f"{cost.neurons[index]:,}" for index in used),
            f"{cost.cores:,}",
            f"{cost.wanted_tau_ms:.4g}",
            f"{cost.realised_tau_ms:.4g}",
            wording.percent(cost.gain_residual),
        )
    return table
