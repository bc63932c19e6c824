"""The soft winner-take-all as a torch module, stepped exactly as the RateCircuit interpreter steps it.

    tau x_i' = -x_i + [I_i + alpha x_i + alpha2 (x_{i-1} + x_{i+1}) - beta1 y - T]_+
    tau y'   = -y   + [beta2 sum_i x_i - T_I]_+

Rutishauser & Douglas, Neural Computation 21 (2009); Rutishauser, Douglas & Slotine, Neural Computation 23 (2011).
The parameters are held as the plain numbers of these equations, so that a checkpoint can be read, and checked, by
eye; training stays in the stable region because `project_` moves them back after each optimiser step.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, exp, pi, sqrt

import torch
from torch import Tensor, nn

from neurocmc.common.errors import Problem

PARAMETERS = ("alpha", "alpha2", "beta1", "beta2", "threshold", "threshold_inhibit")


@dataclass(frozen=True, slots=True, kw_only=True)
class SwtaValues:
    """The numbers of one soft winner-take-all, free of torch."""

    units: int
    alpha: float  # self-excitation
    alpha2: float  # excitation from the two neighbours; the chain does not wrap around
    beta1: float  # inhibition of every unit by y
    beta2: float  # excitation of y by every unit
    threshold: float  # T, of the excitatory units
    threshold_inhibit: float  # T_I
    tau_s: float
    dt_s: float

    @property
    def largest_excitation(self) -> float:
        """Largest eigenvalue of the excitatory matrix alpha I + alpha2 (neighbours), a path of `units` nodes."""
        return self.alpha + self.alpha2 * _path_eigenvalue(self.units)

    @property
    def loop_gain(self) -> float:
        """Gain of the negative loop through y, beta1 beta2."""
        return self.beta1 * self.beta2

    @property
    def stability_bound(self) -> float:
        """One winner is stable while its excitation is below min(2, 1 + beta1 beta2)."""
        return min(2.0, 1.0 + self.loop_gain)

    @property
    def winner_gain(self) -> float:
        """Activity of a single winner per unit of drive, 1 / (1 - alpha + beta1 beta2)."""
        return 1.0 / (1.0 - self.alpha + self.loop_gain)

    def problems(self) -> tuple[Problem, ...]:
        """Every way in which these numbers give no stable circuit."""
        return tuple(_problems(self))


def _path_eigenvalue(units: int) -> float:
    return 2.0 * cos(pi / (units + 1))


def _step_fraction(dt_s: float, tau_s: float) -> float:
    return 1.0 - exp(-dt_s / tau_s)


def _problems(values: SwtaValues) -> Iterable[Problem]:
    where = "soft winner-take-all"
    signs = [name for name in PARAMETERS if getattr(values, name) < 0 and not name.startswith("threshold")]
    for name in signs:
        yield Problem(f"{where}: {name}", f"{getattr(values, name):.6g} is below 0", "strengths are 0 or more")
    if signs:
        return
    excitation, bound = values.largest_excitation, values.stability_bound
    if not excitation < bound:
        neighbours = f" (alpha2 {values.alpha2:.6g} included)" if values.alpha2 else ""
        yield Problem(
            f"{where}: alpha",
            f"self-excitation {excitation:.6g}{neighbours} is not below the stability bound min(2, 1 + beta1 beta2) "
            f"= {bound:.6g} (alpha {values.alpha:.6g}, beta1 {values.beta1:.6g}, beta2 {values.beta2:.6g})",
            "activity would grow without limit: lower alpha, raise beta1 or beta2, or train again",
        )
        return
    # The eigenvalues of one winner and y are a complex pair; its discrete step contracts under this condition.
    speed = _step_fraction(values.dt_s, values.tau_s) * (1.0 - values.alpha + values.loop_gain)
    if not speed < 2.0 - values.alpha:
        yield Problem(
            f"{where}: dt_s",
            f"a step of {values.dt_s:.6g} s at tau {values.tau_s:.6g} s is too coarse for beta1 beta2 = "
            f"{values.loop_gain:.6g}: one winner would oscillate",
            "use a smaller dt_s, or weaker inhibition",
        )


class SoftWinnerTakeAll(nn.Module):
    """n excitatory units x and one inhibitory unit y; state is (x_0 .. x_{n-1}, y).

    Each parameter is one number, a scalar float tensor under its own name; those not in `trained` get no gradient.
    """

    alpha: nn.Parameter
    alpha2: nn.Parameter
    beta1: nn.Parameter
    beta2: nn.Parameter
    threshold: nn.Parameter
    threshold_inhibit: nn.Parameter

    def __init__(self, values: SwtaValues, trained: Iterable[str] = ()) -> None:
        super().__init__()
        self.units = values.units
        self.tau_s = values.tau_s
        self.dt_s = values.dt_s
        trained = frozenset(trained)
        if unknown := sorted(trained - set(PARAMETERS)):
            raise ValueError(f"no such parameters: {', '.join(unknown)}")
        for name in PARAMETERS:
            value = torch.tensor(getattr(values, name), dtype=torch.get_default_dtype())
            self.register_parameter(name, nn.Parameter(value, requires_grad=name in trained))
        # Where each parameter stands in the (n + 1) x (n + 1) matrix of the circuit; constants, not saved.
        for name, basis in _bases(values.units).items():
            self.register_buffer(f"basis_{name}", basis, persistent=False)

    def values(self) -> SwtaValues:
        """The present numbers, as the front end and the theory want them."""
        numbers = {name: float(getattr(self, name).detach()) for name in PARAMETERS}
        return SwtaValues(units=self.units, tau_s=self.tau_s, dt_s=self.dt_s, **numbers)

    def matrix(self) -> Tensor:
        """(n + 1, n + 1) strengths, row = target: alpha and alpha2 among x, -beta1 from y, beta2 to y."""
        return (
            self.alpha * self.get_buffer("basis_alpha")
            + self.alpha2 * self.get_buffer("basis_alpha2")
            - self.beta1 * self.get_buffer("basis_beta1")
            + self.beta2 * self.get_buffer("basis_beta2")
        )

    def forward(self, drive: Tensor, noise: Tensor | None = None) -> Tensor:
        """Activity (batch, ticks, n + 1) from rest under `drive` (batch, ticks, n).

        Index t holds the state after the update of tick t, in which both rates are computed from the old state:
        r = [W s + I - T]_+, then s <- s + d (r - s), d = 1 - exp(-dt / tau). `noise`, of the shape of the
        activity, is added to the drives of all units before the rectifier.
        """
        thresholds = torch.cat([self.threshold.expand(self.units), self.threshold_inhibit.reshape(1)])
        drives = nn.functional.pad(drive, (0, 1)) - thresholds
        if noise is not None:
            drives = drives + noise
        transposed = self.matrix().T
        fraction = _step_fraction(self.dt_s, self.tau_s)
        state = drives.new_zeros(drives.shape[0], self.units + 1)
        states: list[Tensor] = []
        for tick_drive in drives.unbind(dim=1):
            rate = torch.relu(torch.addmm(tick_drive, state, transposed))
            state = torch.lerp(state, rate, fraction)
            states.append(state)
        return torch.stack(states, dim=1)

    @torch.no_grad()
    def project_(self, margin: float = 0.05) -> None:
        """Move the parameters to the nearest stable ones by `margin`, in place; does nothing if they are inside.

        Everything is kept at 0 or above (thresholds too, so that rest is silent); the loop gain below what the
        step resolves with all units active; the largest excitation below min(2, 1 + beta1 beta2) - margin.
        """
        for name in PARAMETERS:
            getattr(self, name).clamp_(min=0.0)
        now = self.values()
        excitation = min(now.largest_excitation, 2.0 - margin)
        fraction = _step_fraction(self.dt_s, self.tau_s)
        # With k active units the loop gain acts k-fold: d (1 - alpha + k beta1 beta2) < 2 - alpha, at k = n.
        ceiling = ((1.0 - margin) * (2.0 - excitation) / fraction - 1.0 + excitation) / self.units
        if now.loop_gain > ceiling:
            shrink = sqrt(ceiling / now.loop_gain)
            self.beta1.mul_(shrink)
            self.beta2.mul_(shrink)
        now = self.values()
        limit = now.stability_bound - margin
        if now.largest_excitation > limit:
            # Both excitations shrink alike, a hair further than exact so that float32 rounding stays inside.
            shrink = max(limit, 0.0) / now.largest_excitation * (1.0 - 1e-6)
            self.alpha.mul_(shrink)
            self.alpha2.mul_(shrink)


def _bases(units: int) -> dict[str, Tensor]:
    bases = {name: torch.zeros(units + 1, units + 1) for name in PARAMETERS[:4]}
    bases["alpha"][:units, :units] = torch.eye(units)
    bases["alpha2"][:units, :units] = torch.diag(torch.ones(units - 1), 1) + torch.diag(torch.ones(units - 1), -1)
    bases["beta1"][:units, units] = 1.0
    bases["beta2"][units, :units] = 1.0
    return bases
