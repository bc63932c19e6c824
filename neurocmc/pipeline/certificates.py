"""Certifies models, compilations and artifacts, and turns certificates into edges for `verify`.

The circuit as trained is the staged one, which is the model's own but for rewritings that are exact; as rounded it is
the one that the integers are. On a target of real numbers nothing rounds, and the certificate is of one side only.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import json_text, write_file
from neurocmc.common.opening import SUMMARY
from neurocmc.common.strict_json import read_json
from neurocmc.ir.kept import Kept
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.model import Model
from neurocmc.theory.certificate import Certificate, certify, input_levels
from neurocmc.theory.linear_threshold import NoTheory, linear_threshold
from neurocmc.theory.listing import LISTED
from neurocmc.theory.realised import Rounded, rounded_circuit
from neurocmc.theory.wording import unsearched
from neurocmc.verification.edges import Edge, judged, not_run

CERTIFICATE = "certificate.json"
EDGE = "trained ~ rounded"


def certificate_of(
    staged: RateCircuit, rounded: Rounded | None, stimuli: Iterable[Stimulus], listed: int | None = LISTED
) -> Certificate:
    """Certifies a circuit, and what a target made of it; `listed` as in `certify`."""
    return certify(staged, input_levels(stimuli, staged.dt_s), rounded, listed)


def model_certificate(model: Model) -> Certificate:
    """Certifies a model as trained, driven as hard as its calibration drives it."""
    if isinstance(linear_threshold(model.circuit), NoTheory):  # its stimuli, which may take seconds, say nothing then
        return certificate_of(model.circuit, None, ())
    return certificate_of(model.circuit, None, model.calibration())


def certificate_anew(
    staged: RateCircuit,
    kept: Kept | None,
    stimuli: Iterable[Stimulus],
    folder: Path,
    listed: int | None = LISTED,
) -> Certificate:
    """Certifies an artifact's levels again; what was moved to keep states is read as it was written."""
    rounded = None if kept is None else rounded_circuit(staged, kept)
    return replace(certificate_of(staged, rounded, stimuli, listed), changes=_changes(folder / CERTIFICATE))


def _changes(written: Path) -> tuple[str, ...]:
    """What a certificate says was moved to keep states. Raises InputError where the file does not say it in texts."""
    if not os.path.lexists(written):
        return ()
    changes = read_json(written, SUMMARY, "compile again").get("changes")
    if not isinstance(changes, list) or not all(isinstance(change, str) for change in cast(list[Any], changes)):
        raise InputError(Problem("field-wrong", f"{written}: changes", "should be a list of texts", "compile again"))
    return tuple(cast(list[str], changes))


def write_certificate(folder: Path, certificate: Certificate) -> None:
    """Writes certificate.json of an artifact."""
    write_file(folder / CERTIFICATE, json_text(certificate.as_json()))


def certificate_edges(certificate: Certificate) -> list[Edge]:
    """Judges that rounding destroyed no up-state and no winner, and of several blocks no state at rest.

    No edge where nothing rounds or stands; one that was not run where blocks are too large to be searched.
    """
    if certificate.no_theory or not certificate.is_rounded:
        return []
    edges: list[Edge] = []
    counted, blocks = certificate.counted, certificate.blocks
    for states, gone, lost, count, quantity in (
        (certificate.up_states, certificate.lost, counted.lost_up_states, counted.up_states, "up-states"),
        (certificate.winners, certificate.lost_winners, counted.lost_winners, counted.winners, "winners"),
    ):
        if states:
            edges.append(
                judged(
                    EDGE,
                    f"{quantity} that rounding destroys",
                    float(lost),
                    0.0,
                    f"of {count:,}",
                    note=f"{gone[0].name}: {gone[0].lost}" if gone else _margins(states[0].channel, certificate),
                )
            )
    if blocks is not None and blocks.kinds:
        searched = blocks.count - blocks.not_searched - blocks.feed_forward
        note = blocks.listed_lost_rests[0] if blocks.lost_rests else "connected blocks, no channel driven"
        quantity = "states at rest that rounding destroys"
        edges.append(judged(EDGE, quantity, float(blocks.lost_rests), 0.0, f"of {searched:,}", note=note))
    if blocks is not None and blocks.not_searched:
        largest = unsearched(blocks.listed_not_searched[0], blocks.limit_units)
        more = f", and {blocks.not_searched - 1:,} more blocks" if blocks.not_searched > 1 else ""
        edges.append(not_run(EDGE, "states of blocks that were not searched", f"not searched: {largest}{more}"))
    return edges


def _margins(channel: str, certificate: Certificate) -> str:
    """The state whose rounded margin is thinnest, relative to its own activity."""
    states = certificate.winners if channel else certificate.up_states
    held = [(state, state.rounded) for state in states if state.rounded is not None]
    state, facts = min(held, key=lambda entry: entry[1].slack / entry[1].activity)
    return f"smallest margin: {state.name}, {facts.slack:.4g} from the threshold of {facts.slack_unit}"
