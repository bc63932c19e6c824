"""Refuses a circuit whose up-states rounding destroys, each by name and with its numbers."""

from collections.abc import Iterator

from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.theory.certificate import Certificate
from neurocmc.theory.listing import StateCertificate


def refuse_lost(
    certificate: Certificate, target: str, tried: str = "by its rounding", *, allow_lost: bool = False
) -> None:
    """Raises InfeasibleError naming each listed up-state that is lost, with the numbers, unless that is allowed."""
    if not allow_lost:
        raise_infeasible(_refusals(certificate, target, tried))


def _refusals(certificate: Certificate, target: str, tried: str) -> Iterator[Problem]:
    yield from (_refusal(state, target, tried) for state in certificate.lost)
    more = certificate.counted.lost_up_states - len(certificate.lost)
    if more:
        yield Problem("up-state-lost", "other up-states", f"{more:,} more are lost on {target} {tried}", _CURE)


_CURE = (
    "train it with a wider margin (more excitation between its units, or a lower threshold), use a target with "
    "more weight bits, or accept the loss (--allow-lost-states)"
)


def _refusal(state: StateCertificate, target: str, tried: str) -> Problem:
    was = state.trained
    return Problem(
        "up-state-lost",
        f"up-state {state.name}",
        f"held at {was.activity:.4g} without drive as trained (nearest threshold {was.slack:.3g} away, at "
        f"{was.slack_unit}), lost on {target} {tried}: {state.lost}",
        _CURE,
    )
