"""Prints certificates: states that are alike in one line, or with --verbose each by itself."""

from typing import TYPE_CHECKING

from neurocmc.cli.output import WARNING, quiet, say, verbose

if TYPE_CHECKING:
    from neurocmc.theory.certificate import Certificate

ALL = 2**31


def tell_certificate(certificate: "Certificate", kept: str) -> None:
    """Prints a certificate on stdout.

    Args:
        certificate: Of a model, or of an artifact.
        kept: Where each state stands with its margins, such as "DIR/certificate.json".
    """
    from neurocmc.theory.wording import certificate_lines, grouped_lines

    if quiet() and (lost := certificate.counted.lost_up_states + certificate.counted.lost_winners):
        say(f"{WARNING}rounding destroys {lost:,} states of the circuit: {kept}")
    each = verbose()
    for line in certificate_lines(certificate, ALL) if each else grouped_lines(certificate):
        say(line)
    if not each and (certificate.up_states or certificate.winners):
        say(f"each state with its margins: {kept}, or -v")
