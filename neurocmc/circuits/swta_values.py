"""Holds the numbers of a soft winner-take-all and says whether they are stable; free of torch.

The equations are those of `neurocmc.circuits.swta`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, exp, pi

from neurocmc.common.errors import Problem

PARAMETERS = ("alpha", "alpha2", "beta1", "beta2", "threshold", "threshold_inhibit")


@dataclass(frozen=True, slots=True, kw_only=True)
class SwtaValues:
    """The numbers of one soft winner-take-all."""

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
        return self.alpha + self.alpha2 * path_eigenvalue(self.units)

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
        """Returns every way in which these numbers give no stable circuit."""
        return tuple(_problems(self))


def path_eigenvalue(units: int) -> float:
    return 2.0 * cos(pi / (units + 1))


def step_fraction(dt_s: float, tau_s: float) -> float:
    return 1.0 - exp(-dt_s / tau_s)


def _problems(values: SwtaValues) -> Iterable[Problem]:
    where = "soft winner-take-all"
    signs = [name for name in PARAMETERS if getattr(values, name) < 0 and not name.startswith("threshold")]
    for name in signs:
        yield Problem(
            "swta-strength-negative",
            f"{where}: {name}",
            f"{getattr(values, name):.6g} is below 0",
            "strengths are 0 or more",
        )
    if signs:
        return
    excitation, bound = values.largest_excitation, values.stability_bound
    if not excitation < bound:
        neighbours = f" (alpha2 {values.alpha2:.6g} included)" if values.alpha2 else ""
        yield Problem(
            "swta-unstable",
            f"{where}: alpha",
            f"self-excitation {excitation:.6g}{neighbours} is not below the stability bound min(2, 1 + beta1 beta2) "
            f"= {bound:.6g} (alpha {values.alpha:.6g}, beta1 {values.beta1:.6g}, beta2 {values.beta2:.6g})",
            "activity would grow without limit: lower alpha, raise beta1 or beta2, or train again",
        )
        return
    # The eigenvalues of one winner and y are a complex pair; its discrete step contracts under this condition.
    speed = step_fraction(values.dt_s, values.tau_s) * (1.0 - values.alpha + values.loop_gain)
    if not speed < 2.0 - values.alpha:
        yield Problem(
            "step-too-coarse",
            f"{where}: dt_s",
            f"a step of {values.dt_s:.6g} s at tau {values.tau_s:.6g} s is too coarse for beta1 beta2 = "
            f"{values.loop_gain:.6g}: one winner would oscillate",
            "use a smaller dt_s, or weaker inhibition",
        )
