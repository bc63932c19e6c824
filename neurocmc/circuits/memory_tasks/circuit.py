"""Steps a circuit of rectified-linear populations with one filter, exactly as the RateCircuit interpreter does.

    r = [W z + B I - T]_+        z <- z + (1 - exp(-dt/tau)) (r - z)

The filter follows the rectifier, so inputs are not filtered. Both tasks are built on this step and share the memory:
two soft winner-take-all circuits, x and y, whose winners excite each other (Rutishauser & Douglas, Neural Computation
21, 2009), held by its parametrisation where the up-state exists, is stable, and has room on both sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

import torch
from torch import Tensor, nn

from neurocmc.circuits.memory_tasks.bounded import Bound, BoundedNumbers
from neurocmc.circuits.memory_tasks.recipe import Variant
from neurocmc.circuits.seen_pools import Group, SeenPools

Blocks = dict[tuple[str, str], Tensor]

# Loops of x and y: x* is the activity of the up-state, `ignition` the activity that ignites it as a part of x*.
MEMORY_BOUNDS = {
    "memory_loop": Bound(0.75, 0.95, 0.85),  # beta1 beta2
    "memory_excitation": Bound(0.0, 1.0, 0.5),  # place of alpha + phi between 1.3 and 0.7 + beta1 beta2
    "memory_coupling": Bound(0.1, 0.6, 0.3),  # phi
    "memory_beta1": Bound(1.0, 4.0, 2.0),
    "memory_activity": Bound(0.7, 1.3, 1.0),  # x*
    "memory_ignition": Bound(0.15, 0.5, 0.3),
}
# Room of alpha + phi to either end of the range in which the up-state stands. Near 1 inhibition is a small difference
# of large numbers, x* (alpha + phi - 1) less T; near 1 + beta1 beta2 the up-state is a large multiple of one.
_ROOM = 0.3


@dataclass(frozen=True, slots=True)
class Loop:
    """Strengths of the two sWTAs of the memory, scalar tensors."""

    alpha: Tensor
    phi: Tensor
    beta1: Tensor
    beta2: Tensor
    threshold: Tensor
    threshold_inhibit: Tensor


def memory_loop(numbers: BoundedNumbers) -> Loop:
    """Returns the loop that has the chosen up-state: 1 < alpha + phi < 1 + beta1 beta2 < 2, T > 0 and beta1 T_I > T.

    Turned round from x* = (beta1 T_I - T) / (1 - alpha - phi + beta1 beta2) and the ignition threshold
    T / (alpha + phi - 1); another unit may then be driven up to x* (alpha + phi - 1) without taking over.
    """
    loop, phi = numbers.value("memory_loop"), numbers.value("memory_coupling")
    excitation = 1.0 + _ROOM + numbers.value("memory_excitation") * (loop - 2.0 * _ROOM)
    beta1, activity = numbers.value("memory_beta1"), numbers.value("memory_activity")
    threshold = numbers.value("memory_ignition") * activity * (excitation - 1.0)
    threshold_inhibit = (activity * (1.0 - excitation + loop) + threshold) / beta1
    return Loop(excitation - phi, phi, beta1, loop / beta1, threshold, threshold_inhibit)


class TaskCircuit(nn.Module):
    """Named populations of one task; the state is that of all units in their order."""

    sizes: Mapping[str, int]
    inputs: Mapping[str, tuple[str, int]]  # name -> population it drives, channels
    numbers: BoundedNumbers
    answers_from: str  # population of two units, whose winner answers
    holds_in: str  # population whose winner is what is remembered

    def __init__(self, tau_s: float, dt_s: float, variant: Variant) -> None:
        super().__init__()
        self.tau_s, self.dt_s = tau_s, dt_s
        self.pools: SeenPools | None = None  # of the chip that it is trained for
        self.variant: Variant = variant

    def blocks(self) -> Blocks:
        """Maps (target, source) to (target size, source size) strengths, without pairs that have no connection."""
        raise NotImplementedError

    def thresholds(self) -> dict[str, Tensor]:
        """Maps each population to its threshold, a scalar."""
        raise NotImplementedError

    def input_weight(self, name: str) -> Tensor:
        """Returns (units of the population, channels) strengths of an input."""
        raise NotImplementedError

    @property
    def units(self) -> int:
        return sum(self.sizes.values())

    def place(self, population: str) -> slice:
        """Returns where the units of a population stand in the state."""
        names = list(self.sizes)
        first = sum(self.sizes[name] for name in names[: names.index(population)])
        return slice(first, first + self.sizes[population])

    def groups(self) -> tuple[Group, ...]:
        """Returns the populations, as pools need to know them."""
        return tuple(Group(units=self.place(name), kind="rectifier") for name in self.sizes)

    def matrix(self) -> Tensor:
        """Returns all strengths, (units, units), row = target."""
        blocks = self.blocks()
        rows = [
            torch.cat(
                [
                    blocks[target, source] if (target, source) in blocks else torch.zeros(size, width)
                    for source, width in self.sizes.items()
                ],
                dim=1,
            )
            for target, size in self.sizes.items()
        ]
        return torch.cat(rows)

    def total_drive(self, drives: Mapping[str, Tensor]) -> Tensor:
        """Returns (batch, segments, units) what all inputs give a unit, less its threshold."""
        thresholds = self.thresholds()
        parts: dict[str, Tensor] = {}
        for name, (target, _channels) in self.inputs.items():
            drive = drives[name] @ self.input_weight(name).T
            parts[target] = parts[target] + drive if target in parts else drive
        first = next(iter(drives.values()))
        shape = first.shape[:2]
        columns = [
            parts[name] - thresholds[name] if name in parts else -thresholds[name].expand(*shape, size)
            for name, size in self.sizes.items()
        ]
        return torch.cat(columns, dim=2)

    def forward(
        self,
        drives: Mapping[str, Tensor],
        segment_of_tick: list[int],
        weight_noise: Tensor | None = None,
        drive_noise: Tensor | None = None,
    ) -> Tensor:
        """Returns activity (batch, ticks, units) from rest; index t holds the traces z after the update of tick t.

        `weight_noise` (units, units) multiplies all strengths, `drive_noise` (batch, ticks, units) is added to the
        drives before the rectifier.
        """
        drive = self.total_drive(drives)
        matrix = self.matrix()
        transposed = (matrix if weight_noise is None else matrix * weight_noise).T
        fraction = 1.0 - exp(-self.dt_s / self.tau_s)
        state = drive.new_zeros(drive.shape[0], self.units)
        states: list[Tensor] = []
        parts = drive.unbind(dim=1)
        for tick, segment in enumerate(segment_of_tick):
            total = parts[segment] if drive_noise is None else parts[segment] + drive_noise[:, tick]
            rate = torch.relu(torch.addmm(total, state, transposed))
            if self.pools is not None:
                rate = self.pools(rate)
            state = torch.lerp(state, rate, fraction)
            states.append(state)
        return torch.stack(states, dim=1)


def memory_blocks(loop: Loop, items: int, variant: Variant) -> Blocks:
    """Returns the memory's connections: without memory x only feeds y, without recurrence nothing inhibits either."""
    each = torch.eye(items, dtype=loop.alpha.dtype)
    spread = torch.ones(items, 1, dtype=loop.alpha.dtype)
    blocks: Blocks = {("y", "x"): loop.phi * each}
    if variant in ("full", "decision-off"):
        blocks |= {("x", "x"): loop.alpha * each, ("x", "y"): loop.phi * each, ("y", "y"): loop.alpha * each}
    if variant != "recurrence-off":
        for name in ("x", "y"):
            blocks[name, f"{name}_inhibit"] = -loop.beta1 * spread
            blocks[f"{name}_inhibit", name] = loop.beta2 * spread.T
    return blocks


def memory_thresholds(loop: Loop) -> dict[str, Tensor]:
    """Returns the thresholds of the memory's four populations."""
    return {
        "x": loop.threshold,
        "x_inhibit": loop.threshold_inhibit,
        "y": loop.threshold,
        "y_inhibit": loop.threshold_inhibit,
    }


DECISION_BOUNDS = {
    "decision_alpha": Bound(0.2, 1.2, 0.6),
    "decision_loop": Bound(0.3, 0.95, 0.6),  # beta1 beta2, so that alpha stays below 1 + beta1 beta2
    "decision_beta1": Bound(1.0, 4.0, 2.0),
    "decision_threshold": Bound(0.0, 0.5, 0.1),
    "decision_inhibit_threshold": Bound(0.0, 0.5, 0.1),
}


def decision_blocks(numbers: BoundedNumbers, variant: Variant) -> Blocks:
    """Returns the soft winner-take-all of two units that answers."""
    if variant in ("decision-off", "recurrence-off"):
        return {}
    alpha, beta1 = numbers.value("decision_alpha"), numbers.value("decision_beta1")
    spread = torch.ones(2, 1, dtype=alpha.dtype)
    return {
        ("decision", "decision"): alpha * torch.eye(2, dtype=alpha.dtype),
        ("decision", "decision_inhibit"): -beta1 * spread,
        ("decision_inhibit", "decision"): numbers.value("decision_loop") / beta1 * spread.T,
    }


def decision_thresholds(numbers: BoundedNumbers) -> dict[str, Tensor]:
    """Returns the thresholds of the decision's two populations."""
    return {
        "decision": numbers.value("decision_threshold"),
        "decision_inhibit": numbers.value("decision_inhibit_threshold"),
    }
