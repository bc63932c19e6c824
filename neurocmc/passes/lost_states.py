"""Refuses a circuit whose up-states rounding destroys, each by name and with its numbers."""

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.theory.certificate import Certificate
from neurocmc.theory.listing import StateCertificate


def refuse_lost(
    certificate: Certificate, target: str, tried: str = "by its rounding", *, allow_lost: bool = False
) -> None:
    """Raises InfeasibleError naming each up-state that is lost, with the numbers, unless that is allowed."""
    if not allow_lost:
        raise_infeasible(_refusal(state, target, tried) for state in certificate.lost)


def _refusal(state: StateCertificate, target: str, tried: str) -> Problem:
    was = state.trained
    return Problem(
        "up-state-lost",
        f"up-state {state.name}",
        f"held at {was.activity:.4g} without drive as trained (nearest threshold {was.slack:.3g} away, at "
        f"{was.slack_unit}), lost on {target} {tried}: {state.lost}",
        "train it with a wider margin (more excitation between its units, or a lower threshold), use a target with "
        "more weight bits, or let it go (--allow-lost-states)",
    )
