"""Makes tables of what the grid took from a network of neurons, and says what is known of its registers."""

from neurocmc.ir.loihi.neuron_losses import NeuronLosses, PopulationRegisters, ScaledFacts
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.report import wording
from neurocmc.report.losses import Losses, LossTable


def neuron_losses(losses: NeuronLosses) -> Losses:
    """Returns both tables: populations by poles and biases, projections by weights."""
    return Losses(
        heading="Losses",
        note="The effect of rounding to the target's registers. Thresholds are exact: a neuron's weights and biases "
        "are scaled to the threshold that its register holds.",
        tables=(
            LossTable(
                name="population_losses",
                title="rounding of populations",
                columns=("!population", ">pole of the current", ">pole of the voltage", ">bias [thresholds]"),
                entries=losses.populations,
                rows=tuple(
                    (loss.name, f"{loss.pole_syn:.2g}", f"{loss.pole_mem:.2g}", f"{loss.bias:.2g}")
                    for loss in losses.populations
                ),
            ),
            LossTable(
                name="projection_losses",
                title="rounding of weights, of the largest one",
                columns=("!projection", ">synapses per weight", ">largest", ">rms"),
                entries=losses.projections,
                rows=tuple(
                    (loss.name, str(loss.planes), wording.percent(loss.largest), wording.percent(loss.rms))
                    for loss in losses.projections
                ),
            ),
        ),
    )


def register_verdicts(network: IntegerNeurons, facts: ScaledFacts) -> tuple[str, ...]:
    """Returns a line on current and voltage of each population: what is proved, or what calibration showed."""
    half, full = network.rule.half_current, network.rule.largest_voltage
    return tuple(
        f"{entry.name}: {_current(entry, half, facts)}; {_voltage(entry, full)}" for entry in facts.registers
    )


def _current(entry: PopulationRegisters, half: int, facts: ScaledFacts) -> str:
    if entry.bound_of_current < half:
        return "its current stays within its register for any input"
    share = wording.percent(entry.largest_current / half)
    return f"its current fills {share} of its register on calibration ({facts.calibration}), not proved for others"


def _voltage(entry: PopulationRegisters, full: int) -> str:
    if entry.saturated_above:
        many = f"{entry.saturated_above:,} of {entry.neuron_ticks:,} neuron-ticks"
        return f"its voltage saturates above, in {many}, where it spikes anyway"
    if entry.saturated_below:
        many = f"{entry.saturated_below:,} of {entry.neuron_ticks:,} neuron-ticks in calibration"
        return f"its voltage saturates below only, where it deepens inhibition; {many}"
    share = max(-entry.lowest_voltage, entry.highest_voltage) / full
    return f"its voltage fills {wording.percent(share)} of its register"
