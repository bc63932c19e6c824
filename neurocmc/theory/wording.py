"""Puts a certificate into words: lines for the terminal, one a state, numbers beside their margins."""

from collections.abc import Iterator

from neurocmc.theory.certificate import Certificate, StateCertificate, StateFacts

SHOWN = 12  # states of a kind that are told one by one


def certificate_lines(certificate: Certificate) -> tuple[str, ...]:
    """Returns the lines of a certificate, heading first."""
    return tuple(_lines(certificate))


def _lines(certificate: Certificate) -> Iterator[str]:
    if certificate.no_theory:
        yield f"certificate: no theory for this circuit: {certificate.no_theory}"
        return
    count = len(certificate.up_states)
    found = f"{count} up-state{'' if count == 1 else 's'} without drive" if count else "no up-state without drive"
    lost = len(certificate.lost)
    fate = f", {lost} lost by rounding" if lost else ", all survive rounding" if count else ""
    yield f"certificate: {found}{fate if certificate.is_rounded else ''} ({certificate.how})"
    yield from _states(certificate.up_states)
    if certificate.winners:
        gone = len(certificate.lost_winners)
        told = f", {gone} lost by rounding" if gone else ", all survive rounding" if certificate.is_rounded else ""
        yield f"winners: {len(certificate.winners)}, one input channel driven at a time{told}"
        yield from _states(certificate.winners)
    if certificate.appeared:
        yield f"only after rounding: {', '.join(certificate.appeared)}"
    for change in certificate.changes:
        yield f"rounded to keep its states: {change}"


def _states(states: tuple[StateCertificate, ...]) -> Iterator[str]:
    for state in states[:SHOWN]:
        driven = f" at {state.channel} = {state.drive:.4g}" if state.channel else ""
        yield f"  {state.name}{driven}: {_facts(state.trained)}"
        if state.rounded is not None:
            yield f"    as rounded: {_facts(state.rounded)}"
        if state.lost:
            yield f"    as rounded: lost, {state.lost}"
    if len(states) > SHOWN:
        yield f"  and {len(states) - SHOWN} more"


def _facts(facts: StateFacts) -> str:
    parts = [f"activity {facts.activity:.4f}"]
    if facts.ignition is not None:
        parts.append(f"ignites at {facts.ignition:.4f}")
    parts.append(f"slack {max(facts.slack, 0.0):.4f} at {facts.slack_unit}")
    parts.append(f"settles in {1e3 * facts.settle_s:.3g} ms")
    if facts.guaranteed_drop > 0:
        parts.append(f"a drop of {100 * facts.guaranteed_drop:.3g} % surely regained")
    return ", ".join(parts)
