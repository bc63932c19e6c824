"""Says in words what each quantity of an edge means, and what brings a missed one back, for people who read a report.

The cure of an edge that was tried and found to help stands in the edge itself (`Edge.cure`); what stands here is what
one can do where none was found, or before one is looked for.
"""

from dataclasses import dataclass

from neurocmc.verification.edges import Edge


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a quantity measures, what a miss of it means, and what to try."""

    measures: str
    miss: str
    cure: str


_MORE = "compile with more neurons per unit (--neurons), or let --max-error choose them"
_MEANINGS: tuple[tuple[str, Meaning], ...] = (  # by how a quantity begins
    (
        "largest difference of trajectories",
        Meaning(
            measures="the largest difference between the imported circuit and the trained model, over all "
            "ticks and units",
            miss="the circuit that was compiled is not the one that was trained",
            cure="check the form of the equations, the step and the initial state; more neurons do not help here",
        ),
    ),
    (
        "activity beyond the pools' range",
        Meaning(
            measures="how far the test stimuli drive units beyond the range over which gains were matched",
            miss="pools saturate on test stimuli, although they did not on the calibration stimuli",
            cure="add the test stimulus to the calibration (--calibrate NAME)",
        ),
    ),
    (
        "largest error of the gain fit",
        Meaning(
            measures="the pool's measured transfer function against that of its unit, over the range of "
            "activity that it visits",
            miss="the pool does not follow its unit: it has too few neurons, or its code cannot saturate as "
            "the unit does",
            cure=f"{_MORE}; for a unit that saturates use --code threshold",
        ),
    ),
    (
        "NRMSE of rates",
        Meaning(
            measures="the difference of decoded activity between the two levels, rms over trials, time and "
            "units, as a share of the range",
            miss="the second level does not compute the same activity as the first",
            cure=f"{_MORE}; if Brian2 passes and only the emulator misses, weights are too coarse: use --planes 2",
        ),
    ),
    (
        "error of the worst unit",
        Meaning(
            measures="the difference of decoded activity of the unit that deviates most, rms over trials and time",
            miss="at least one unit does not follow, even if the others do",
            cure=f"{_MORE}; the gain fit of its population shows where its pool deviates",
        ),
    ),
    (
        "error of the worst moment",
        Meaning(
            measures="the largest error of any unit at any tick",
            miss="a unit is far off for some ticks, for example because a winner changes earlier or later",
            cure=f"{_MORE}; if the activity only comes too early or too late, use a shorter tick (--tick-ms)",
        ),
    ),
    (
        "active units that never fire",
        Meaning(
            measures="the number of units that are active on the first level and never spike on the second",
            miss="the activity of a weak unit stays below the threshold of the first neuron of its pool",
            cure="put the thresholds where activity is (--steps activity), or use more neurons per unit (--neurons)",
        ),
    ),
    (
        "decisions agree",
        Meaning(
            measures="the share of trials in which both levels decide the same",
            miss="rounding changes decisions, most often in trials that are nearly tied",
            cure=f"{_MORE}; or put their thresholds where decisions are made (--steps decisions)",
        ),
    ),
    (
        "accuracy drop",
        Meaning(
            measures="the accuracy of the first level minus that of the second",
            miss="the second level is wrong in trials in which the first is correct",
            cure=f"{_MORE}; or train through pools of the chip (neurocmc train --for TARGET)",
        ),
    ),
    (
        "pole of the synaptic filter",
        Meaning(
            measures="the filter decay that the chip's registers can hold, against the wanted one",
            miss="the synaptic filters are faster or slower on the chip than in the circuit",
            cure="choose another tick (--tick-ms) whose decay is closer to a value that the register can hold",
        ),
    ),
    (
        "gain of the projections",
        Meaning(
            measures="the gains that the chip's rounded weights give, against the trained ones",
            miss="weights are rounded or clipped too coarsely",
            cure="use two synapses per weight (--planes 2)",
        ),
    ),
    (
        "activity of a single winner",
        Meaning(
            measures="the activity of a winner without rivals, against the closed-form gain of the circuit",
            miss="the loop gain is wrong; the recurrent loop amplifies every error of its pools",
            cure=_MORE,
        ),
    ),
    (
        "drive at which a rival takes over",
        Meaning(
            measures="how much stronger the drive of a rival must be to take over, against theory",
            miss="when drives are close to each other, the winner changes at another ratio of drives than in theory",
            cure=_MORE,
        ),
    ),
    (
        "winners that rounding destroys",
        Meaning(
            measures="the number of states with one winner that exist with the trained weights and not with "
            "the rounded ones",
            miss="for some drives the chip settles in another state than the trained circuit",
            cure="use two synapses per weight (--planes 2), or train with a larger margin",
        ),
    ),
    (
        "up-states that rounding destroys",
        Meaning(
            measures="the number of states that the trained circuit holds without drive and the rounded one does not",
            miss="the chip forgets an item that it should hold",
            cure="use two synapses per weight (--planes 2), or a circuit with larger margins (neurocmc "
            "inspect shows them)",
        ),
    ),
    (
        "spikes that differ",
        Meaning(
            measures="the number of spikes that the emitted program and the emulator do not share",
            miss="the program files do not compute what was verified",
            cure="compile again; if it stays above 0, this is a defect of neurocmc: please report it",
        ),
    ),
)
_OTHERWISE = Meaning(
    measures="how much of the first level the second keeps",
    miss="the value is beyond its limit",
    cure="docs/verification.md explains every edge",
)


def meaning(edge: Edge) -> Meaning:
    """Returns what the quantity of an edge means; of one that has no entry, where to read on."""
    return next((told for start, told in _MEANINGS if edge.quantity.startswith(start)), _OTHERWISE)
