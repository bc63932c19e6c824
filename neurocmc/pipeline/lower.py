"""Runs the passes that all families share, one after the other, in a list that can be read from top to bottom.

The order is the table of contents of the compiler:

1. choose the tick, then rewrite what no pool of neurons can be: second-order kernels get relays, linear units
   offsets; these are exact, so that they stand before everything that is not;
2. calibrate, because every later choice is made for the range visited;
3. refuse what counts alone say that no placement could hold;
4. the family then matches gains, while numbers are still real but on the target's own neuron, refuses what its
   neurons cannot do before a digit is rounded, and goes down to what its chips hold (`pipeline.chips`).

What comes before a family does not depend on the size of pools: where several sizes are tried it is done once. After
each pass its result is verified; a fault there is a defect of neurocmc and stops the line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from neurocmc.common.errors import raise_input_problems
from neurocmc.common.matrices import count
from neurocmc.common.progress import Progress
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibrate, Calibration
from neurocmc.passes.divide import Divide
from neurocmc.passes.offsets import Offsets
from neurocmc.passes.one_filter import OneFilter
from neurocmc.passes.relays import Relays
from neurocmc.passes.sensitivity import MeasureSensitivity
from neurocmc.passes.time_scale import TimeScale
from neurocmc.passes.wires import taps_suffice
from neurocmc.pipeline.chips.built import Built
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.chips.staging import Staging
from neurocmc.pipeline.clock import Clock
from neurocmc.pipeline.levels import verified
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import Steps, Target
from neurocmc.theory.certificate import Certificate

# How much of what is made small is the error of observed activity, not of decisions.
OF_ACTIVITY: Mapping[Steps, float] = {"equal": 0.0, "decisions": 0.01, "activity": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lowered:
    """All levels below the rate circuit, and what theory says of its up-states there."""

    ranges: Calibration  # what calibration visits
    built: Built
    certificate: Certificate
    clock: Clock = field(default_factory=Clock)  # which has the time of each pass

    @property
    def staged(self) -> RateCircuit:
        """The rate circuit as pools of neurons can be it: with the chosen tick, relays and offsets."""
        return self.built.staged

    @property
    def spiking(self) -> SpikingNetwork:
        """The pools."""
        return self.built.spiking


def lower(
    circuit: RateCircuit,
    calibration: tuple[Stimulus, ...],
    target: Target,
    options: CompileOptions,
    progress: Progress | None = None,
) -> Lowered:
    """Lowers a rate circuit to all levels of a target.

    Args:
        circuit: The circuit of a model.
        calibration: The stimuli that gains are matched over.
        target: The target.
        options: What the user chose.
        progress: Called with the name of a pass and the share of the whole that is done, 0 to 1.

    Returns:
        The levels, the ranges that calibration visits, the certificate, and the time that each pass took in s.

    Raises:
        InputError: For a tick that does not divide the circuit's step, and options that the target has no use for.
        InfeasibleError: Where the target cannot hold the circuit or, without `allow_lost_states`, one of its
            up-states.

    Example:
        >>> from neurocmc.pipeline.lower import lower
        >>> from neurocmc.pipeline.options import CompileOptions
        >>> model = neurocmc.load("models/two-state.yaml")
        >>> stimuli, target = model.read_stimuli().calibration, neurocmc.targets.load_target("loihi1")
        >>> lower(model.circuit, stimuli, target, CompileOptions(neurons=16)).spiking.neurons
        208
    """
    clock = Clock(progress)
    return lower_staged(stage(circuit, calibration, target, options, clock), target, options, clock)


def stage(
    circuit: RateCircuit,
    calibration: tuple[Stimulus, ...],
    target: Target,
    options: CompileOptions,
    clock: Clock,
) -> Staging:
    """Does what no size of pools changes: sets the tick, adds relays and offsets, and finds the ranges visited.

    Raises InputError for an option that the target has no use for, InfeasibleError where no tick serves its filters,
    or the family refuses it by counts.
    """
    split = rewritten(circuit, target, options, clock)
    with clock.timing("capacity"):
        family_of(target).refuse(split, target, options)
    with clock.timing(Offsets.name, 0.15):
        staged = verified(Offsets(calibration).run(split))
    with clock.timing(Calibrate.name, 0.3):
        ranges = Calibrate(calibration).run(staged)
    return Staging(staged=staged, calibration=calibration, ranges=ranges)


def rewritten(circuit: RateCircuit, target: Target, options: CompileOptions, clock: Clock) -> RateCircuit:
    """Sets the tick and adds relays, which takes no stimuli. Raises as `stage`, but for what counts refuse."""
    raise_input_problems(options.unfit(target))
    with clock.timing(TimeScale.name):
        timed = TimeScale(options.tick_s).run(circuit, target)
    with clock.timing(Relays.name):
        return timed if _by_taps(timed, target, options) else OneFilter().run(Relays().run(timed, target), target)


def _by_taps(circuit: RateCircuit, target: Target, options: CompileOptions) -> bool:
    """Whether kernels that a neuron has no filter for are left to delayed taps."""
    if options.second_order is None:
        return options.code == "feedback" and taps_suffice(circuit, target)
    return options.second_order == "taps"


def lower_staged(staging: Staging, target: Target, options: CompileOptions, clock: Clock) -> Lowered:
    """Lowers a staged circuit by the passes of its family, cut into segments first where steps are to be unequal."""
    if options.steps in (None, "equal"):
        built, certificate = family_of(target).lower(staging, target, options, clock)
        return Lowered(ranges=staging.ranges, built=built, certificate=certificate, clock=clock)
    staging = with_sensitivity(staging, options, clock)
    neurons = _of_a_segment(staging.staged, options)
    cut = _divided(staging, options, neurons, clock)
    sized = replace(options, neurons=neurons, steps="equal")
    built, certificate = family_of(target).lower(cut, target, sized, clock)
    return Lowered(
        ranges=cut.ranges,
        built=replace(built, staged=staging.staged, divided=cut.staged, sensitivity=staging.sensitivity),
        certificate=certificate,
        clock=clock,
    )


def with_sensitivity(staging: Staging, options: CompileOptions, clock: Clock) -> Staging:
    """Returns the staging with the sensitivity of its circuit, measured unless it has been."""
    if staging.sensitivity is not None:
        return staging
    with clock.timing(MeasureSensitivity.name, 0.35):
        found = verified(MeasureSensitivity(staging.calibration, seed=options.seed).run(staging.staged))
    return replace(staging, sensitivity=found)


def _of_a_segment(circuit: RateCircuit, options: CompileOptions) -> int:
    heard = sum(count(projection.weight) for projection in circuit.projections)
    return options.of_a_segment(heard / circuit.units)


def _divided(staging: Staging, options: CompileOptions, neurons: int, clock: Clock) -> Staging:
    """The circuit of segments of so many neurons, and what they visit."""
    assert staging.sensitivity is not None
    cut = Divide(staging.sensitivity, mean=options.pool / neurons, of_activity=OF_ACTIVITY[options.steps or "equal"])
    with clock.timing(Divide.name, 0.38):
        divided = verified(cut.run(staging.staged))
    with clock.timing(Calibrate.name, 0.4):
        ranges = Calibrate(staging.calibration).run(divided)
    return replace(staging, staged=divided, ranges=ranges)
