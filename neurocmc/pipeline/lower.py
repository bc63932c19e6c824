"""Lower: the list of passes, as one function that can be read from top to bottom.

The order is the table of contents of the compiler:

1. refuse what no placement could hold, then calibrate, because every later choice is made for the range visited;
2. match gains next, while numbers are still real, but on the target's own neuron;
3. legalise before rounding, so that what the target cannot hold is refused by its cause and not by its digits;
4. quantise, then place and route, which need to know the formats and nothing of rates.

After each pass its result is verified; a fault there is a defect of neurocmc and stops the line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar, assert_never

from neurocmc.common.errors import Problem
from neurocmc.ir.chip import ChipProgram
from neurocmc.ir.integer import IntegerNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import Code, SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibrate, Calibration
from neurocmc.passes.capacity import Capacity
from neurocmc.passes.gain_match import GainMatch
from neurocmc.passes.legalise import Legalise
from neurocmc.passes.place import Place
from neurocmc.passes.quantise import Quantise
from neurocmc.passes.route import Route
from neurocmc.targets import IdealTarget, LoihiTarget, Target

Progress = Callable[[str, float], None]  # stage, share done


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lowered:
    """All levels below the rate circuit; integer and chip are None where the target computes in real numbers."""

    calibration: Calibration
    spiking: SpikingNetwork
    integer: IntegerNetwork | None
    chip: ChipProgram | None
    seconds: dict[str, float] = field(default_factory=dict)  # pass -> time it took


def lower(
    circuit: RateCircuit,
    calibration: tuple[Stimulus, ...],
    target: Target,
    *,
    neurons: int,
    code: Code,
    seed: int,
    progress: Progress | None = None,
) -> Lowered:
    """RateCircuit -> the program's levels. Raises InfeasibleError where the target cannot hold the circuit."""
    clock = _Clock(progress)
    Capacity(neurons=neurons).run(circuit, target)
    ranges = Calibrate(calibration).run(circuit)
    clock.done(Calibrate.name, 0.3)
    spiking = GainMatch(calibration=ranges, neurons=neurons, code=code, seed=seed).run(circuit, target)
    clock.done(GainMatch.name, 0.6)
    spiking = _verified(Legalise().run(spiking, target))
    clock.done(Legalise.name, 0.65)
    match target:
        case IdealTarget():
            return Lowered(calibration=ranges, spiking=spiking, integer=None, chip=None, seconds=clock.seconds)
        case LoihiTarget():
            integer = _verified(Quantise().run(spiking, target))
            clock.done(Quantise.name, 0.7)
            placement = Place().run(integer, target)
            clock.done(Place.name, 0.9)
            chip = _verified(Route().run(integer, placement, target))
            clock.done(Route.name, 1.0)
            return Lowered(calibration=ranges, spiking=spiking, integer=integer, chip=chip, seconds=clock.seconds)
        case other:
            assert_never(other)


class FaultyPassError(Exception):
    """A pass broke a rule of its own level: a defect of neurocmc, not of the input."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))


Level = TypeVar("Level", SpikingNetwork, IntegerNetwork, ChipProgram)


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
