"""Steps the soft winner-take-all as a torch module, exactly as the RateCircuit interpreter steps it.

    tau x_i' = -x_i + [I_i + alpha x_i + alpha2 (x_{i-1} + x_{i+1}) - beta1 y - T]_+
    tau y'   = -y   + [beta2 sum_i x_i - T_I]_+

Rutishauser & Douglas, Neural Computation 21 (2009); Rutishauser, Douglas & Slotine, Neural Computation 23 (2011).
The parameters are held as the plain numbers of these equations, so that a checkpoint can be read, and checked, by
eye; training stays in the stable region because `project_` moves them back after each optimiser step.
"""

from collections.abc import Iterable
from math import sqrt

import torch
from torch import Tensor, nn

from neurocmc.circuits.seen_pools import Group, SeenPools
from neurocmc.circuits.swta_values import PARAMETERS, SwtaValues, step_fraction


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
        self.pools: SeenPools | None = None  # of the chip that it is trained for
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
        """Returns the present numbers, as the front end and the theory want them."""
        numbers = {name: float(getattr(self, name).detach()) for name in PARAMETERS}
        return SwtaValues(units=self.units, tau_s=self.tau_s, dt_s=self.dt_s, **numbers)

    def matrix(self) -> Tensor:
        """Returns (n + 1, n + 1) strengths, row = target: alpha and alpha2 among x, -beta1 from y, beta2 to y."""
        return (
            self.alpha * self.get_buffer("basis_alpha")
            + self.alpha2 * self.get_buffer("basis_alpha2")
            - self.beta1 * self.get_buffer("basis_beta1")
            + self.beta2 * self.get_buffer("basis_beta2")
        )

    def forward(self, drive: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns activity (batch, ticks, n + 1) from rest under `drive` (batch, ticks, n).

        Index t holds the state after the update of tick t, in which both rates are computed from the old state:
        r = [W s + I - T]_+, then s <- s + d (r - s), d = 1 - exp(-dt / tau). `noise`, of the shape of the
        activity, is added to the drives of all units before the rectifier.
        """
        thresholds = torch.cat([self.threshold.expand(self.units), self.threshold_inhibit.reshape(1)])
        drives = nn.functional.pad(drive, (0, 1)) - thresholds
        if noise is not None:
            drives = drives + noise
        transposed = self.matrix().T
        fraction = step_fraction(self.dt_s, self.tau_s)
        state = drives.new_zeros(drives.shape[0], self.units + 1)
        states: list[Tensor] = []
        for tick_drive in drives.unbind(dim=1):
            rate = torch.relu(torch.addmm(tick_drive, state, transposed))
            if self.pools is not None:
                rate = self.pools(rate)
            state = torch.lerp(state, rate, fraction)
            states.append(state)
        return torch.stack(states, dim=1)

    def groups(self) -> tuple[Group, Group]:
        """Returns the populations x and y, as pools need to know them."""
        units = self.units
        return Group(units=slice(units), kind="rectifier"), Group(units=slice(units, units + 1), kind="rectifier")

    @torch.no_grad()
    def project_(self, margin: float = 0.05) -> None:
        """Moves the parameters to the nearest stable ones by `margin`, in place; does nothing if they are inside.

        Everything is kept at 0 or above (thresholds too, so that rest is silent); the loop gain below what the
        step resolves with all units active; the largest excitation below min(2, 1 + beta1 beta2) - margin.
        """
        for name in PARAMETERS:
            getattr(self, name).clamp_(min=0.0)
        now = self.values()
        excitation = min(now.largest_excitation, 2.0 - margin)
        fraction = step_fraction(self.dt_s, self.tau_s)
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
