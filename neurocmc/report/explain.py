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
            measures="the imported circuit against the trained model, at every tick and unit",
            miss="the circuit that was compiled is not the one that was trained",
            cure="check the form of the equations, the step and the initial state; this is no matter of neurons",
        ),
    ),
    (
        "activity beyond the pools' range",
        Meaning(
            measures="how far the test stimuli drive units beyond what gains were matched on",
            miss="pools saturate on the test where they did not on calibration",
            cure="add the test stimulus to the calibration (--calibrate NAME)",
        ),
    ),
    (
        "largest error of the gain fit",
        Meaning(
            measures="a pool's measured transfer against the unit's, over the range that it visits",
            miss="a pool cannot say what its unit says: too few neurons, or a saturation that its code has not",
            cure=f"{_MORE}; for a unit that saturates use --code threshold",
        ),
    ),
    (
        "NRMSE of rates",
        Meaning(
            measures="decoded activity against the level before, rms over trials, time and units, of the range",
            miss="the level computes something else than the one before it",
            cure=f"{_MORE}; where Brian2 passes and the emulator misses, weights are too coarse: --planes 2",
        ),
    ),
    (
        "error of the worst unit",
        Meaning(
            measures="the same for the unit with the largest error",
            miss="most units follow, one does not",
            cure=f"{_MORE}; look at the gain fit of its population",
        ),
    ),
    (
        "error of the worst moment",
        Meaning(
            measures="the largest error of any unit at any tick",
            miss="for some ticks a unit is far off, as when a winner changes earlier or later",
            cure=f"{_MORE}; a shorter tick (--tick-ms) where it is a matter of time",
        ),
    ),
    (
        "active units that never fire",
        Meaning(
            measures="units that are active in the rate circuit and silent on the chip",
            miss="a weak unit lies below the first step of its pool",
            cure="spread the steps where activity is (--steps activity), or more neurons per unit",
        ),
    ),
    (
        "decisions agree",
        Meaning(
            measures="trials in which the chip's answer is the rate circuit's",
            miss="rounding changes answers, most often of trials that were nearly tied",
            cure=f"{_MORE}; --steps decisions puts them where answers are made",
        ),
    ),
    (
        "accuracy drop",
        Meaning(
            measures="right answers lost against the rate circuit",
            miss="the chip answers wrongly where the rate circuit answers rightly",
            cure=f"{_MORE}; or train through pools of the chip (neurocmc train --for TARGET)",
        ),
    ),
    (
        "pole of the synaptic filter",
        Meaning(
            measures="the time constant that the chip's decay register gives, against the wanted one",
            miss="the circuit is faster or slower on the chip",
            cure="choose another tick (--tick-ms), so that the decay falls on the grid",
        ),
    ),
    (
        "gain of the projections",
        Meaning(
            measures="the weights that the chip holds, against the trained ones",
            miss="weights are rounded or clipped too coarsely",
            cure="weights of two synapses (--planes 2)",
        ),
    ),
    (
        "activity of a single winner",
        Meaning(
            measures="a winner that stands alone, against the closed form of the circuit's gain",
            miss="the gain of the loop is off, which amplifies every error of its pools",
            cure=_MORE,
        ),
    ),
    (
        "drive at which a rival takes over",
        Meaning(
            measures="how much stronger a rival must be to take over, against theory",
            miss="the circuit switches too early or too late for drives that are close to each other",
            cure=_MORE,
        ),
    ),
    (
        "winners that rounding destroys",
        Meaning(
            measures="states that the trained circuit has and the rounded one has not",
            miss="for some drives the chip ends in another state than the circuit that was trained",
            cure="weights of two synapses (--planes 2), or train with a larger margin",
        ),
    ),
    (
        "up-states that rounding destroys",
        Meaning(
            measures="states that are held without drive in the trained circuit and not in the rounded one",
            miss="an item that should be held is forgotten",
            cure="weights of two synapses (--planes 2), or a circuit with larger margins (neurocmc inspect)",
        ),
    ),
    (
        "spikes that differ",
        Meaning(
            measures="the emitted program against the emulator, spike for spike",
            miss="the files of the program say something else than what was verified",
            cure="compile again; if it stays, report it: this must be 0",
        ),
    ),
)
_OTHERWISE = Meaning(
    measures="what one level keeps of another",
    miss="the level keeps less than its limit asks",
    cure="docs/verification.md explains every edge",
)


def meaning(edge: Edge) -> Meaning:
    """Returns what the quantity of an edge means; of one that has no entry, where to read on."""
    return next((told for start, told in _MEANINGS if edge.quantity.startswith(start)), _OTHERWISE)
