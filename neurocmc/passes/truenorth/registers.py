"""Checks every number of a core network against what a chip of neurosynaptic cores has for it.

The passes before choose numbers that fit; this one looks at what came out, and at networks from elsewhere. One
problem a field, for the first neuron, axon or core that is beyond it, and how many there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Bool
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.phrases import SMALLER
from neurocmc.ir.truenorth.cores import CoreNetwork
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.targets import TrueNorthLimits, TrueNorthTarget

_RANGE = "bring the circuit's gains closer together, or use a chip with wider registers"
_MODE = "use a chip that has this mode"


@dataclass(frozen=True)
class CoreRegisters:
    """Passes a CoreProgram on unchanged, if the chip can hold all of it."""

    name: ClassVar[str] = "core-registers"

    def run(self, program: CoreProgram, target: TrueNorthTarget) -> CoreProgram:
        """Raises InfeasibleError naming every limit that is crossed."""
        raise_infeasible(network_problems(program.network, target.limits))
        return program


def network_problems(network: CoreNetwork, limits: TrueNorthLimits) -> Iterable[Problem]:
    """Yields every limit of a chip that a network crosses."""
    yield from _size_problems(network, limits)
    yield from _grid_problems(network, limits)
    for field, bits, signed in (
        ("weight", limits.weight_bits, True),
        ("leak", limits.leak_bits, True),
        ("threshold", limits.threshold_bits, False),
        ("floor", limits.floor_bits, False),
        ("noise_mask", limits.noise_mask_bits, False),
        ("reset_potential", limits.reset_potential_bits, True),
        ("potential", limits.potential_bits, True),
    ):
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        values: NDArray[np.int64] = getattr(network, field).astype(np.int64)
        kind = "signed " if signed else ""
        held = f"the {kind}register of {bits} bits holds {low:,} to {high:,}"
        yield from _named(network, field, (values < low) | (values > high), held, _RANGE)
    late = network.delay > limits.delay_ticks_max
    yield from _named(network, "delay", late, f"a spike takes at most {limits.delay_ticks_max} ticks", "relay it")
    yield from _mode_problems(network, limits)


def _size_problems(network: CoreNetwork, limits: TrueNorthLimits) -> Iterable[Problem]:
    for what, used, limit in (
        ("axons", network.axons, limits.axons_per_core),
        ("neurons", network.neurons, limits.neurons_per_core),
        ("axon types", network.types, limits.axon_types),
    ):
        if used > limit:
            yield Problem(
                "core-resource-beyond-limit",
                f"network {network.name}",
                f"{used:,} {what} a core, limit {limit:,}",
                SMALLER,
            )
    if network.potential_bits > limits.potential_bits:
        what = f"potentials of {network.potential_bits} bits, limit {limits.potential_bits}"
        yield Problem("register-beyond-target", f"network {network.name}", what, _RANGE)


def _grid_problems(network: CoreNetwork, limits: TrueNorthLimits) -> Iterable[Problem]:
    grid = f"{limits.columns} x {limits.rows}"
    if network.cores > limits.cores:
        yield Problem(
            "cores-beyond-chip",
            f"network {network.name}",
            f"{network.cores:,} cores, limit {limits.cores:,} ({grid})",
            SMALLER,
        )
    place = network.coordinates.astype(np.int64)
    outside = ((place < 0) | (place >= [limits.columns, limits.rows])).any(axis=1)
    if outside.any():
        core = int(outside.argmax())
        where = tuple(place[core].tolist())
        yield Problem(
            "core-off-grid", f"core {core}", f"it is placed at {where}, the grid is {grid}", "place it on the grid"
        )
    away = np.abs(place[np.maximum(network.target_core, 0)] - place[:, None, :]).max(axis=2)
    far = (network.target_core >= 0) & (away > limits.reach_cores)
    if far.any():
        core, neuron = (int(index) for index in np.argwhere(far)[0])
        what = f"its spikes go {int(away[core, neuron])} cores far, limit {limits.reach_cores}"
        yield Problem(
            "reach-beyond-limit",
            f"core {core}, neuron {neuron}",
            what,
            "place the two cores closer together, or relay the spike",
        )


def _mode_problems(network: CoreNetwork, limits: TrueNorthLimits) -> Iterable[Problem]:
    unknown = ~np.isin(network.reset_mode, limits.reset_modes)
    modes = ", ".join(str(mode) for mode in limits.reset_modes)
    yield from _named(network, "reset_mode", unknown, f"the chip has modes {modes}", _MODE)
    if not limits.stochastic:
        random = "the chip draws no random numbers"
        yield from _named(network, "stochastic_weight", network.stochastic_weight, random, _MODE)
        yield from _named(network, "stochastic_leak", network.stochastic_leak, random, _MODE)
        yield from _named(network, "noise_mask", network.noise_mask > 0, random, _MODE)
    if not limits.leak_reversal:
        yield from _named(network, "leak_reversal", network.leak_reversal, "the chip's leak has one sign", _MODE)
    if not limits.floor_saturates:
        only_reset = "the chip resets a potential below its floor"
        yield from _named(network, "floor_saturates", network.floor_saturates, only_reset, _MODE)


def _named(network: CoreNetwork, field: str, beyond: Bool, why: str, cure: str) -> Iterable[Problem]:
    """The first neuron whose field is beyond what the chip has."""
    if beyond.any():
        at = tuple(int(index) for index in np.argwhere(beyond)[0])
        value = getattr(network, field)[at].item()
        others = int(beyond.sum()) - 1
        more = f" (and {others:,} more)" if others else ""
        kind = f" of type {at[2]}" if len(at) == 3 else ""
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value).lower()
        yield Problem(
            "register-beyond-target", f"core {at[0]}, neuron {at[1]}", f"{field}{kind} is {shown}: {why}{more}", cure
        )
