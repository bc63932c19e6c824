"""Lower: the list of passes, as one function that can be read from top to bottom.

The order is the table of contents of the compiler:

1. choose the tick, then rewrite what no pool of neurons can be: second-order kernels get relays, linear units
   offsets; these are exact, so that they stand before everything that is not;
2. refuse what no placement could hold, then calibrate, because every later choice is made for the range visited;
3. match gains next, while numbers are still real, but on the target's own neuron;
4. legalise before rounding, so that what the target cannot hold is refused by its cause and not by its digits;
5. quantise, hold every number against its register, bound what the registers will be asked to hold, see that the
   circuit's up-states outlived rounding while another rounding can still be chosen, then place
   and route, which need to know the formats and nothing of rates. A chip of neurosynaptic cores has no such formats:
   there one pass chooses weights, axons and places of a unit together.

After each pass its result is verified; a fault there is a defect of neurocmc and stops the line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TypeVar, assert_never

from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import Code, SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.passes.calibrate import Calibrate, Calibration
from neurocmc.passes.capacity import Capacity
from neurocmc.passes.gain_match import GainMatch
from neurocmc.passes.legalise import Legalise
from neurocmc.passes.loihi.certify import Certify, refuse_lost
from neurocmc.passes.loihi.overflow import Headroom, Overflow
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.passes.loihi.registers import Registers
from neurocmc.passes.loihi.route import Route
from neurocmc.passes.offsets import Offsets
from neurocmc.passes.relays import Relays
from neurocmc.passes.scales import CURRENT_MARGIN
from neurocmc.passes.time_scale import TimeScale
from neurocmc.passes.truenorth.corelets import Corelets
from neurocmc.passes.truenorth.registers import CoreRegisters
from neurocmc.pipeline.certificates import certificate_of, input_levels
from neurocmc.targets import IdealTarget, LoihiTarget, Target, TrueNorthTarget
from neurocmc.theory.certificate import Certificate
from neurocmc.verification.cores import rounded_on_cores

Progress = Callable[[str, float], None]  # stage, share done
MARGIN_DOUBLINGS = 4  # of the room in a current register: more of it, and weights round too much


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lowered:
    """All levels below the rate circuit.

    integer and chip are there for a chip of the Loihi family, cores for one of neurosynaptic cores; where the target
    computes in real numbers there is none of them.

    `staged` is the rate circuit as pools of neurons can be it: with the chosen tick, relays and offsets.
    """

    staged: RateCircuit
    calibration: Calibration
    spiking: SpikingNetwork
    integer: IntegerNetwork | None
    chip: ChipProgram | None
    certificate: Certificate  # which up-states the circuit has, and which of them rounding keeps
    cores: CoreProgram | None = None
    headroom: tuple[Headroom, ...] = ()  # of each population's registers, where the target has any
    seconds: dict[str, float] = field(default_factory=dict)  # pass -> time it took


def lower(
    circuit: RateCircuit,
    calibration: tuple[Stimulus, ...],
    target: Target,
    *,
    neurons: int,
    code: Code,
    seed: int,
    tick_s: float | None = None,
    allow_lost_states: bool = False,
    progress: Progress | None = None,
) -> Lowered:
    """RateCircuit -> the program's levels.

    Raises InfeasibleError where the target cannot hold the circuit, or, without `allow_lost_states`, one of its
    up-states.
    """
    clock = _Clock(progress)
    staged = Relays().run(TimeScale(tick_s).run(circuit, target), target)
    Capacity(neurons=neurons).run(staged, target)
    staged = _verified(Offsets(calibration).run(staged))
    clock.done(Offsets.name, 0.15)
    ranges = Calibrate(calibration).run(staged)
    clock.done(Calibrate.name, 0.3)
    match_gains = GainMatch(calibration=ranges, neurons=neurons, code=code, seed=seed)
    match target:
        case IdealTarget():
            spiking = _verified(Legalise().run(match_gains.run(staged, target), target))
            clock.done(GainMatch.name, 1.0)
            integer, chip, cores, headroom = None, None, None, ()
            certificate = certificate_of(staged, None, calibration)
        case TrueNorthTarget():
            integer, chip, headroom = None, None, ()
            spiking = _verified(Legalise().run(match_gains.run(staged, target), target))
            clock.done(GainMatch.name, 0.5)
            cores = CoreRegisters().run(_verified(Corelets(staged, ranges).run(spiking, target)), target)
            certificate = certificate_of(staged, rounded_on_cores(staged, cores), calibration)
            refuse_lost(certificate, target.name, allow_lost=allow_lost_states)
            clock.done(Corelets.name, 1.0)
        case LoihiTarget():
            cores = None
            overflow = Overflow(calibration=calibration)
            spiking, integer, headroom = _with_headroom(match_gains, staged, target, overflow)
            clock.done(GainMatch.name, 0.7)
            kept = Certify(input_levels(calibration, staged.dt_s), allow_lost_states).run(
                staged, spiking, integer, target
            )
            if kept.integer is not integer:
                headroom = overflow.run(_verified(kept.integer))
            spiking, integer, certificate = _verified(kept.spiking), kept.integer, kept.certificate
            clock.done(Certify.name, 0.75)
            placement = Place().run(integer, target)
            clock.done(Place.name, 0.9)
            chip = _verified(Route().run(integer, placement, target))
            clock.done(Route.name, 1.0)
        case other:
            assert_never(other)
    return Lowered(
        staged=staged,
        calibration=ranges,
        spiking=spiking,
        integer=integer,
        chip=chip,
        certificate=certificate,
        cores=cores,
        headroom=headroom,
        seconds=clock.seconds,
    )


def _with_headroom(
    match_gains: GainMatch, staged: RateCircuit, target: LoihiTarget, overflow: Overflow
) -> tuple[SpikingNetwork, IntegerNetwork, tuple[Headroom, ...]]:
    """Gains matched and rounded at the largest scales at which no register is proved to be too small.

    Larger scales round less, so they are tried first; where a worst case does not fit, the populations it is of get
    more room, doubled each time. Of several in which some are left, the first with fewest stands; its headroom names
    them.
    """
    margins: dict[str, float] = {}
    results: list[tuple[SpikingNetwork, IntegerNetwork, tuple[Headroom, ...]]] = []
    for _ in range(MARGIN_DOUBLINGS + 1):
        try:
            matched = replace(match_gains, current_margins=margins).run(staged, target)
            spiking = _verified(Legalise().run(matched, target))
            integer = Registers().run(_verified(Quantise().run(spiking, target)), target)
        except InfeasibleError:
            if results:
                break
            raise
        results.append((spiking, integer, overflow.run(integer)))
        unproved = [entry.population for entry in results[-1][2] if entry.proved == "no"]
        if not unproved:
            return results[-1]
        margins = margins | {name: 2.0 * margins.get(name, CURRENT_MARGIN) for name in unproved}
    return min(results, key=lambda result: sum(entry.proved == "no" for entry in result[2]))


class FaultyPassError(Exception):
    """A pass broke a rule of its own level: a defect of neurocmc, not of the input."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))


Level = TypeVar("Level", RateCircuit, SpikingNetwork, IntegerNetwork, ChipProgram, CoreProgram)


def _verified(level: Level) -> Level:
    if problems := level.problems():
        raise FaultyPassError(problems)
    return level


class _Clock:
    """Times passes and tells how far the line is."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._last = perf_counter()

    def done(self, name: str, share: float) -> None:
        now = perf_counter()
        self.seconds[name] = now - self._last
        self._last = now
        if self._progress:
            self._progress(name, share)
