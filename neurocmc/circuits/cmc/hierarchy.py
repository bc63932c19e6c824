"""Models one to five cortical regions of canonical microcircuits as one torch module: a second-order neural ODE.

Each population of each column is a filter of two equal stages under a drive u:

    p' = (u - p) / T        v' = (p - v) / T        r = phi(R v + b)        S = r - 0.5 (sigmoid) or r

    u_ss = -G0 S_ss - G2 S_ii - G1 S_sp + [first region: I(t)] + [higher regions: F S_sp(region below)]
    u_sp = +G7 S_ss - G6 S_sp - G11 S_ii                       + [B S_dp(region above)]
    u_ii = +G4 S_ss + G5 S_dp - G3 S_ii + G10 S_sp             + [C S_dp(region above)]
    u_dp = -G9 S_dp - G8 S_ii

This is the critically damped second-order kernel of Douglas (2025) and of Bastos et al. (2012) with unit DC gain.
T > 0, R > 0 and all G, F, B, C >= 0 by parametrisation; nothing clamps the state. Regions are coupled by rates.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from neurocmc.circuits.cmc.recipe import LONGEST_S, SHORTEST_STEPS, CmcCircuitRecipe
from neurocmc.circuits.cmc.stepping import Activation, CmcPools, Constants, Noise, euler, memoryless, solve
from neurocmc.circuits.cmc.wiring import (
    COUPLINGS,
    GAINS,
    POPULATIONS,
    SS,
    Variant,
    ablated,
    coupling_sources,
    keeps_coupling,
    keeps_gain,
)
from neurocmc.circuits.seen_pools import Group, Kind, SeenPools

_JITTER = 0.2  # sd of the logarithm of the gains at the start: columns must differ to learn different things
_BIAS_SD = 0.5

_ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "softplus": nn.functional.softplus,
    "tanh": torch.tanh,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CmcTrajectory:
    """The states of a run; index t is the state after the step of tick t, u the drive of that step.

    All (batch, ticks, regions, 4, columns). `p`, `v` and `u` are in the circuit's own unit of voltage, `rate` is r.
    """

    p: Tensor
    v: Tensor
    rate: Tensor
    u: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CmcValues:
    """The numbers of a trained circuit with their signs' conventions of the equations above, detached.

    What the variant takes out is 0 here: gains, couplings and `drives` say what is really at work.
    """

    time_constants_s: Tensor  # (regions, 4)
    slopes: Tensor  # R, (regions, 4)
    biases: Tensor  # b, (regions, 4, columns)
    gains: Tensor  # G0 .. G11 >= 0, (regions, 12, columns)
    forward: Tensor  # F >= 0, (regions - 1, columns, columns), row = target column in the higher region
    backward_sp: Tensor  # B >= 0, likewise, target in the lower region
    backward_ii: Tensor  # C >= 0
    present: tuple[bool, bool, bool, bool]  # which populations are not ablated


class CmcHierarchy(nn.Module):
    """The circuit of one recipe. State (2, batch, regions * 4 * columns): p and v, region-major, then population."""

    gain_places: Tensor
    gain_signs: Tensor
    present: Tensor

    def __init__(self, recipe: CmcCircuitRecipe) -> None:
        super().__init__()
        self.regions, self.columns, self.fan_in = recipe.regions, recipe.columns, recipe.coupling_fan_in
        self.dt_s, self.solver, self.activation = recipe.dt_s, recipe.solver, recipe.activation
        self.variant: Variant = recipe.variant
        self.units = self.regions * len(POPULATIONS) * self.columns
        self._phi = _ACTIVATIONS[recipe.activation]
        self.pools: CmcPools | None = None  # of the chip that it is trained for
        self.centre = 0.5 if recipe.activation == "sigmoid" else 0.0
        self._make_parameters(recipe)
        self._make_places(recipe)

    def _make_parameters(self, recipe: CmcCircuitRecipe) -> None:
        regions, columns, pairs = self.regions, self.columns, self.regions - 1
        shortest, longest = SHORTEST_STEPS * self.dt_s, LONGEST_S
        times = torch.tensor(recipe.time_constants_s).clamp(1.01 * shortest, 0.99 * longest)
        share = torch.log(times / shortest) / torch.log(torch.tensor(longest / shortest))
        self.raw_time = nn.Parameter(torch.logit(share).repeat(regions, 1))
        self.raw_slope = nn.Parameter(inverse_softplus(torch.tensor(recipe.slopes)).repeat(regions, 1))
        self.bias = nn.Parameter(_BIAS_SD * torch.randn(regions, len(POPULATIONS), columns))
        gains = torch.tensor(recipe.gains)[:, None].expand(regions, len(GAINS), columns)
        self.raw_gain = nn.Parameter(inverse_softplus(gains * torch.exp(_JITTER * torch.randn(gains.shape))))
        for coupling in COUPLINGS:
            start = recipe.coupling / max(self.fan_in, 1) ** 0.5
            size = (pairs, columns, self.fan_in)
            drawn = start * torch.exp(2.5 * _JITTER * torch.randn(size))
            self.register_parameter(f"raw_{coupling.name}", nn.Parameter(inverse_softplus(drawn)))

    def _make_places(self, recipe: CmcCircuitRecipe) -> None:
        """Where every strength stands in the matrix of the circuit; constants of the recipe, not saved."""
        columns, pairs = self.columns, self.regions - 1
        index = torch.arange(self.units).reshape(self.regions, len(POPULATIONS), columns)
        places = torch.stack([index[:, gain.target] * self.units + index[:, gain.source] for gain in GAINS], dim=1)
        signs = torch.tensor([float(gain.sign * keeps_gain(self.variant, gain)) for gain in GAINS])
        self.register_buffer("gain_places", places, persistent=False)
        self.register_buffer("gain_signs", signs[:, None].expand(-1, columns).contiguous(), persistent=False)
        drawn = coupling_sources(columns, self.fan_in, pairs, recipe.mask_seed)
        for coupling in COUPLINGS:
            sources = torch.tensor(drawn[coupling.name])
            low, high = torch.arange(pairs), torch.arange(1, pairs + 1)
            receiving, sending = (high, low) if coupling.upward else (low, high)
            rows = index[receiving, coupling.target]  # (pairs, columns)
            entries = index[sending, coupling.source].gather(1, sources.flatten(1)).reshape(sources.shape)
            self.register_buffer(f"{coupling.name}_sources", sources, persistent=False)
            self.register_buffer(f"{coupling.name}_places", rows[..., None] * self.units + entries, persistent=False)
        present = torch.ones(len(POPULATIONS))
        if (lost := ablated(self.variant)) is not None:
            present[lost] = 0.0
        self.register_buffer("present", present, persistent=False)

    def time_constants_s(self) -> Tensor:
        """Returns the time constants T (regions, 4) in seconds, between four steps and 1 s."""
        shortest = SHORTEST_STEPS * self.dt_s
        return shortest * (LONGEST_S / shortest) ** torch.sigmoid(self.raw_time)

    def slopes(self) -> Tensor:
        """Returns the slopes R > 0, (regions, 4)."""
        return nn.functional.softplus(self.raw_slope)

    def gains(self) -> Tensor:
        """Returns the gains G0 .. G11 >= 0, (regions, 12, columns), whether the variant uses them or not."""
        return nn.functional.softplus(self.raw_gain)

    def coupling(self, name: str) -> Tensor:
        """Returns strengths >= 0 of a coupling, (regions - 1, columns, fan_in); see `coupling_sources`."""
        return nn.functional.softplus(self.get_parameter(f"raw_{name}"))

    def coupling_sources(self, name: str) -> Tensor:
        """Returns the source columns (regions - 1, columns, fan_in) of each target column."""
        return self.get_buffer(f"{name}_sources")

    def matrix(self) -> Tensor:
        """Returns (units, units) signed strengths, row = target, that the variant uses: u = matrix S + drive."""
        places, strengths = [self.gain_places.flatten()], [(self.gains() * self.gain_signs).flatten()]
        for coupling in COUPLINGS:
            if keeps_coupling(self.variant, coupling):
                places.append(self.get_buffer(f"{coupling.name}_places").flatten())
                strengths.append(self.coupling(coupling.name).flatten())
        empty = self.bias.new_zeros(self.units * self.units)
        return empty.scatter(0, torch.cat(places), torch.cat(strengths)).reshape(self.units, self.units)

    def chip_pools(self, neurons: int, *, relays: bool) -> CmcPools:
        """Returns pools of so many neurons for all populations at work, and for their relays where there are such."""
        rate: Kind = "sigmoid" if self.activation in ("sigmoid", "tanh") else "rectifier"
        whole = {"base": -1.0, "height": 2.0} if self.activation == "tanh" else {}
        at_work = [
            slice(first, first + self.columns)
            for first in range(0, self.units, self.columns)
            if self.present[first // self.columns % len(POPULATIONS)] > 0
        ]
        rates = [Group(units=units, kind=rate, **whole) for units in at_work]
        relayed = [Group(units=units, kind="relay") for units in at_work]
        return CmcPools(
            rate=SeenPools(rates, self.units, neurons),
            relay=SeenPools(relayed, self.units, neurons) if relays else None,
            centre=1.0 if self.activation == "tanh" else self.centre,
        )

    def live_parameters(self) -> int:
        """Returns how many numbers are at work in this variant."""
        columns, regions = self.columns, self.regions
        present = int(self.present.sum())
        gains = sum(keeps_gain(self.variant, gain) for gain in GAINS)
        couplings = sum(keeps_coupling(self.variant, coupling) for coupling in COUPLINGS)
        times = 0 if self.variant == "ode-off" else present
        region = times + present + (present + gains) * columns
        return regions * region + (regions - 1) * couplings * columns * self.fan_in

    @torch.no_grad()
    def values(self) -> CmcValues:
        """Returns the numbers at work, as a compiler wants them."""
        dense: dict[str, Tensor] = {}
        for coupling in COUPLINGS:
            empty = self.bias.new_zeros(self.regions - 1, self.columns, self.columns)
            if keeps_coupling(self.variant, coupling):
                empty.scatter_(2, self.coupling_sources(coupling.name), self.coupling(coupling.name))
            dense[coupling.name] = empty
        present = [bool(entry) for entry in self.present]
        return CmcValues(
            time_constants_s=self.time_constants_s(),
            slopes=self.slopes(),
            biases=self.bias.detach().clone(),
            gains=self.gains() * self.gain_signs.abs(),
            present=cast(tuple[bool, bool, bool, bool], tuple(present)),
            **dense,
        )

    def rate(self, v: Tensor) -> Tensor:
        """Returns r of all units for v (..., units); 0 for an ablated population."""
        return self.constants().rate(v)

    def constants(self) -> Constants:
        """Returns what stays the same over a presentation, of the present parameters."""
        shape = self.bias.shape
        present = self.present[:, None].expand(shape).flatten()
        matrix = self.matrix()
        return Constants(
            phi=self._phi,
            slopes=self.slopes()[..., None].expand(shape).flatten(),
            biases=self.bias.flatten(),
            present=None if bool(self.present.all()) else present,
            transposed=matrix.T.contiguous(),
            # S = r - centre: the centring is a constant drive.
            offset=-self.centre * matrix.sum(dim=1),
            times_s=self.time_constants_s()[..., None].expand(shape).flatten(),
        )

    def placed(self, drive: Tensor, constants: Constants) -> Tensor:
        """Returns `drive` (batch, segments, columns) at its place among all units, with the constant drive added."""
        if self.present[SS] == 0.0:
            drive = torch.zeros_like(drive)
        return nn.functional.pad(drive, (0, self.units - self.columns)) + constants.offset

    def forward(self, drive: Tensor, hold_ticks: int = 1, noise: Noise | None = None) -> CmcTrajectory:
        """Runs from rest (p = v = 0) under `drive` (batch, segments, columns) into ss of the first region.

        Each segment of the drive is held for `hold_ticks` steps. `noise` disturbs the circuit as a chip would; it
        works with the Euler solver only. Raises ValueError for noise with another solver.
        """
        constants = self.constants()
        drives = self.placed(drive, constants)
        if self.variant == "ode-off":
            states = memoryless(constants, drives, hold_ticks)
        elif self.solver == "euler":
            states = euler(constants, drives, hold_ticks, self.dt_s, noise, self.pools)
        elif noise is not None:
            raise ValueError("noise needs the Euler solver")
        else:
            states = solve(constants, drives, hold_ticks, self.dt_s, self.solver)
        shape = (len(drive), -1, self.regions, len(POPULATIONS), self.columns)
        p, v, rate, u = (torch.stack(part, dim=1).reshape(shape) for part in states)
        return CmcTrajectory(p=p, v=v, rate=rate, u=u)


def inverse_softplus(values: Tensor) -> Tensor:
    """Returns x with softplus(x) = values > 0."""
    return values + torch.log(-torch.expm1(-values))
