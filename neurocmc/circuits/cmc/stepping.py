"""Steps a circuit in time: Euler by hand, the fixed-step solvers of torchdiffeq, and no memory at all.

The state of a hierarchy is flat here: p and v, each (batch, units).
"""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor

from neurocmc.circuits.seen_pools import SeenPools
from neurocmc.common.extras import need

Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noise:
    """Disturbances of training: uniform, of the given half-widths, drawn anew for each tick, trial and unit."""

    rate: float  # of every rate
    relay: float  # of every p on its way to the second stage
    generator: torch.Generator

    def disturb(self, values: Tensor, half_width: float) -> Tensor:
        """Returns `values` with uniform noise of `half_width` added."""
        if half_width == 0.0:
            return values
        return values + half_width * (2.0 * torch.rand(values.shape, generator=self.generator) - 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Constants:
    """The numbers that stay the same over a presentation, flattened to (units,) and (units, units)."""

    phi: Activation
    slopes: Tensor
    biases: Tensor
    present: Tensor | None  # None where all are
    transposed: Tensor
    offset: Tensor
    times_s: Tensor

    def rate(self, v: Tensor) -> Tensor:
        """Returns r for v, (..., units)."""
        rates = self.phi(torch.addcmul(self.biases, self.slopes, v))
        return rates if self.present is None else rates * self.present

    def drive(self, rates: Tensor, drives: Tensor) -> Tensor:
        """Returns u for rates and drives from outside, both (batch, units)."""
        return torch.addmm(drives, rates, self.transposed)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CmcPools:
    """The pools of a chip in a hierarchy: those of all rates, and where its neurons have one filter, of all p.

    A relay's activities are those of a RateCircuit, whose rates count from 0: `centre` is what the S of the equations
    lacks of them, and the constant that this adds to p is in the range of a relay.
    """

    rate: SeenPools
    relay: SeenPools | None
    centre: float

    @contextmanager
    def watching(self) -> Generator[None]:
        """Lets activity pass while the circuit runs, then gives every pool the range that it went through."""
        with ExitStack() as both:
            for pools in (self.rate, self.relay):
                if pools is not None:
                    both.enter_context(pools.watching())
            yield

    def relayed(self, p: Tensor, constants: "Constants") -> Tensor:
        """Returns what relays send of p (batch, units)."""
        if self.relay is None:
            return p
        constant = self.centre * constants.transposed.sum(dim=0)
        return self.relay(p + constant) - constant


States = tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]  # p, v, rate, u of each tick, (batch, units)


def euler(
    constants: Constants,
    drives: Tensor,
    hold_ticks: int,
    dt_s: float,
    noise: Noise | None,
    pools: CmcPools | None = None,
) -> States:
    """Steps by Euler's rule: the same numbers as torchdiffeq's, with a fifth of its operations."""
    states: States = ([], [], [], [])
    p = v = torch.zeros_like(drives[:, 0])
    rate = constants.rate(v) if pools is None else pools.rate(constants.rate(v))
    fraction = (dt_s / constants.times_s).expand_as(p)
    for drive in drives.unbind(dim=1):
        for _ in range(hold_ticks):
            u = constants.drive(rate, drive)
            relayed = p if pools is None else pools.relayed(p, constants)
            relayed = relayed if noise is None else noise.disturb(relayed, noise.relay)
            p, v = torch.lerp(p, u, fraction), torch.lerp(v, relayed, fraction)
            rate = constants.rate(v) if pools is None else pools.rate(constants.rate(v))
            if noise is not None:
                rate = noise.disturb(rate, noise.rate)
            for part, value in zip(states, (p, v, rate, u), strict=True):
                part.append(value)
    if pools is not None:
        pools.relayed(p, constants)  # a stimulus is one step longer: there the compiler sees p once more
    return states


def memoryless(constants: Constants, drives: Tensor, hold_ticks: int) -> States:
    """Runs the baseline without an ODE: all time constants 0, so that each step leaves p = v = u."""
    states: States = ([], [], [], [])
    rate = constants.rate(torch.zeros_like(drives[:, 0]))
    for drive in drives.unbind(dim=1):
        for _ in range(hold_ticks):
            u = constants.drive(rate, drive)
            rate = constants.rate(u)
            for part, value in zip(states, (u, u, rate, u), strict=True):
                part.append(value)
    return states


def solve(constants: Constants, drives: Tensor, hold_ticks: int, dt_s: float, method: str) -> States:
    """Solves with a fixed-step solver of torchdiffeq, one call for each segment of constant drive."""
    need("torchdiffeq", f"solver {method}", "every solver but euler")
    from torchdiffeq import odeint

    states: States = ([], [], [], [])
    state = drives.new_zeros(2, len(drives), drives.shape[2])
    times = dt_s * torch.arange(hold_ticks + 1, dtype=drives.dtype)
    for drive in drives.unbind(dim=1):

        def right_hand_side(_time: Tensor, state: Tensor, drive: Tensor = drive) -> Tensor:
            p, v = state.unbind()
            u = constants.drive(constants.rate(v), drive)
            return torch.stack([u - p, p - v]) / constants.times_s

        solution = cast(Tensor, odeint(right_hand_side, state, times, method=method))
        for before, after in pairwise(solution.unbind()):
            u = constants.drive(constants.rate(before[1]), drive)
            for part, value in zip(states, (after[0], after[1], constants.rate(after[1]), u), strict=True):
                part.append(value)
        state = solution[-1]
    return states
