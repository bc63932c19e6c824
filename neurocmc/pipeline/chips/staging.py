"""Defines a circuit as a family is given it, before there are neurons: staged, with the stimuli it is matched on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.sensitivity import Sensitivity
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibration
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import Target
from neurocmc.theory.certificate import input_levels

if TYPE_CHECKING:
    from neurocmc.passes.gain_match import GainMatch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Staging:
    """A circuit as pools of neurons can be it, whatever their size, and the stimuli that gains are matched on.

    Args:
        staged: The circuit with the chosen tick, relays and offsets.
        calibration: The stimuli that gains are matched on.
        ranges: The activities and drives that the circuit visits under them.
        sensitivity: Of the circuit under them, where it was measured.
    """

    staged: RateCircuit
    calibration: tuple[Stimulus, ...]
    ranges: Calibration
    sensitivity: Sensitivity | None = None

    def levels(self) -> dict[str, float]:
        """Returns the largest value that each input takes in a tick: what winners are looked for at.

        Returns:
            Input name -> value, in units of the input.
        """
        return input_levels(self.calibration, self.staged.dt_s)

    def gain_match(self, options: CompileOptions) -> "GainMatch":
        """Returns the pass that makes pools of the circuit.

        Args:
            options: What the user chose: neurons per unit, code and seed.

        Returns:
            The pass, to be run on `staged`.
        """
        # Here and not above: the pass brings numba along, which who only runs a circuit need not wait for.
        from neurocmc.passes.gain_match import GainMatch

        return GainMatch(
            calibration=self.ranges,
            neurons=options.pool,
            code=options.coded,
            kernel=options.kernel,
            seed=options.seed,
        )

    def dealt(self, pools: SpikingNetwork, target: Target, options: CompileOptions) -> SpikingNetwork:
        """Deals pools of the interleaved code out into copies that fire in turn.

        Args:
            pools: What `gain_match` made of `staged`.
            target: The target.
            options: What the user chose: code and phases.

        Returns:
            The copies and their clock; of other codes the pools themselves.

        Raises:
            InfeasibleError: Where phases do not share the neurons of a unit, or no gate fits the registers.
        """
        if options.code != "interleaved":
            return pools
        from neurocmc.passes.interleave import Interleave  # as above

        return Interleave(calibration=self.ranges, phases=options.phases).run(pools, self.staged, target)
