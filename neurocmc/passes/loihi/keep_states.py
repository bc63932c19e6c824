"""Searches nearby roundings until the up-states of a circuit outlive rounding.

A state that holds itself lives on a few weights, those between its active units. Where plain rounding destroys it,
their mantissas are moved by a step or two (`nearby_roundings`), fewest steps first, until the rounded circuit has the
state again and keeps every other that it had. Where that is not enough, the scale of current and threshold of the
populations concerned is taken down in small steps and everything is rounded anew: at another scale other weights
round well. The order is fixed, so the same circuit gets the same weights.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from neurocmc.common.errors import InfeasibleError
from neurocmc.common.matrices import count
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation
from neurocmc.passes.loihi.nearby_roundings import UpStates, critical_populations, moved_mantissas
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.passes.loihi.registers import Registers
from neurocmc.passes.lost_states import refuse_lost
from neurocmc.targets import LoihiLimits, LoihiTarget, Planes
from neurocmc.theory.certificate import Certificate, certify
from neurocmc.theory.loihi import kept_by_integers
from neurocmc.theory.realised import Rounded, rounded_circuit

MOST_ROUNDED = 1 << 25  # weights that are rounded at all scales together
FEWEST_SCALES = 4
SCALES = 1.0 - 0.004 * np.arange(1, 63)  # shares of a population's scale, down to three quarters


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StatesKept:
    """A network whose up-states stand, or with `allow_lost` the one that was given, and the certificate of it."""

    spiking: SpikingNetwork
    integer: IntegerNetwork
    certificate: Certificate


@dataclass(frozen=True)
class KeepStates:
    """Turns an IntegerNetwork into one in which all up-states of the staged circuit stand.

    `levels` are the values at which inputs are driven to find winners, for the certificate. With `allow_lost` a
    network that loses some is let through as it is. `search` False judges only.
    """

    name: ClassVar[str] = "keep-states"
    levels: Mapping[str, float] = field(default_factory=dict[str, float])
    allow_lost: bool = False
    search: bool = True
    planes: Planes = 1

    def run(
        self, staged: RateCircuit, spiking: SpikingNetwork, integer: IntegerNetwork, target: LoihiTarget
    ) -> StatesKept:
        """Raises InfeasibleError naming each up-state that no rounding tried keeps, with the numbers."""
        states, rounded = UpStates.of(staged), _rounded(staged, spiking, integer)
        kept = None
        if self.search and not self.allow_lost and states.lost_in(rounded):
            kept = self._searched(states, staged, spiking, integer, target)
        kept = kept or StatesKept(spiking=spiking, integer=integer, certificate=certify(staged, self.levels, rounded))
        tried = "by every rounding tried" if self.search else "by plain rounding"
        refuse_lost(kept.certificate, target.name, tried, allow_lost=self.allow_lost)
        return kept

    def _searched(
        self,
        states: UpStates,
        staged: RateCircuit,
        spiking: SpikingNetwork,
        integer: IntegerNetwork,
        target: LoihiTarget,
    ) -> StatesKept | None:
        for pools, network, scale in _scales(states, staged, spiking, integer, target, Quantise(self.planes)):
            moved = moved_mantissas(states, _rounded(staged, pools, network), network, target.limits)
            if moved is None:
                continue
            rounded, changes = moved
            certificate = certify(staged, self.levels, _rounded(staged, pools, rounded))
            if not certificate.lost:
                noted = replace(certificate, changes=(*scale, *changes))
                return StatesKept(spiking=pools, integer=Registers().run(rounded, target), certificate=noted)
        return None


def _rounded(staged: RateCircuit, spiking: SpikingNetwork, integer: IntegerNetwork) -> Rounded:
    return rounded_circuit(staged, kept_by_integers(staged, spiking, integer))


def _scales(
    states: UpStates,
    staged: RateCircuit,
    spiking: SpikingNetwork,
    integer: IntegerNetwork,
    target: LoihiTarget,
    quantise: Quantise,
) -> Iterator[tuple[SpikingNetwork, IntegerNetwork, tuple[str, ...]]]:
    """The network as it is; then, from the smallest change on, at other scales of the populations that matter.

    Each population alone and all together; of the scales at which the fewest states are lost, the first eight.
    """
    yield spiking, integer, ()
    lost = states.lost_in(_rounded(staged, spiking, integer))
    names = critical_populations(states, lost)
    groups = [(name,) for name in names] + ([names] if len(names) > 1 else [])
    tried: list[tuple[int, SpikingNetwork, IntegerNetwork, str]] = []
    # Of large networks fewer are tried, from the smallest change on, so that a refusal is not waited for for hours.
    synapses = sum(count(projection.mantissa) for projection in integer.projections)
    for share in SCALES[: max(MOST_ROUNDED // max(synapses * len(groups), 1), FEWEST_SCALES)]:
        for group in groups:
            pools = rescaled(spiking, group, float(share), target.limits)
            try:
                network = Registers().run(quantise.run(pools, target), target)
            except InfeasibleError:  # this scale does not fit the chip: the next one
                continue
            left = sum(each.count for each in states.lost_in(_rounded(staged, pools, network)))
            told = f"scale of {', '.join(group)}: {share:.3f} of the largest that fits"
            tried.append((left, pools, network, told))
            if not left:
                yield pools, network, (told,)
                return
    for _, pools, network, told in sorted(tried, key=lambda entry: entry[0])[:8]:
        yield pools, network, (told,)


def rescaled(
    spiking: SpikingNetwork, populations: tuple[str, ...], share: float, limits: LoihiLimits
) -> SpikingNetwork:
    """Returns the network with threshold, currents and biases of some populations at a share of their LSB."""
    return replace(
        spiking,
        populations=tuple(_at_scale(p, share, limits) if p.name in populations else p for p in spiking.populations),
    )


def _at_scale(population: SpikingPopulation, share: float, limits: LoihiLimits) -> SpikingPopulation:
    unit = 1 << limits.threshold_shift
    lsb = max(int(share * population.lsb_per_threshold) // unit, 1) * unit
    step = 1 << limits.bias_exponent_max
    return replace(population, lsb_per_threshold=lsb, bias=np.rint(population.bias * lsb / step) * step / lsb)
