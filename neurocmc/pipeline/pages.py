"""Makes the pages of an artifact's levels and certificate whole, or of some populations: what files leave out."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from neurocmc.ir.excerpt import excerpt
from neurocmc.ir.printer import print_rate, print_spiking
from neurocmc.pipeline.artifact import Artifact

Part = Literal["rate", "staged", "spiking", "chip", "certificate"]
ALL = sys.maxsize


def page_of(artifact: Artifact, part: Part, names: Sequence[str] = ()) -> str:
    """Returns what an artifact holds of a level, all of it or that of some populations, as a page of text.

    Args:
        artifact: A compiled circuit.
        part: "rate" (the model), "staged" (with the tick, relays and offsets of the chip), "spiking" (pools), "chip"
            (its lowest level) or "certificate" (every state; computed anew).
        names: Populations, or patterns of names; none are all of them. Of a certificate, those with their units.

    Raises:
        InputError: For names that no population has, and a chip that prints no page.
    """
    match part:
        case "rate":
            return print_rate(excerpt(artifact.circuit, names), ALL)
        case "staged":
            return print_rate(excerpt(artifact.staged, names), ALL)
        case "spiking":
            return print_spiking(excerpt(artifact.spiking, names), ALL)
        case "chip":
            return artifact.built.page(names)
        case "certificate":
            return "\n".join(_certificate(artifact, names)) + "\n"


def draw_fits(artifact: Artifact, names: Sequence[str], path: Path) -> None:
    """Draws the gain fits of all populations, or of those that are named. Raises InputError as `page_of`."""
    from neurocmc.report.figures.gain_fits import draw_gain_fits  # matplotlib is a quarter of all imports

    draw_gain_fits(excerpt(artifact.spiking, names), path, most=ALL)


def _certificate(artifact: Artifact, names: Sequence[str]) -> tuple[str, ...]:
    from neurocmc.pipeline.certificates import certificate_anew
    from neurocmc.theory.wording import certificate_lines

    circuit, kept, folder = artifact.built.matched, artifact.built.kept, artifact.directory
    populations = {p.name for p in excerpt(circuit, names).populations}
    whole = certificate_anew(circuit, kept, artifact.stimuli.calibration, folder, listed=None)
    if not names:
        return certificate_lines(whole, ALL)
    up_states, winners = (
        tuple(state for state in states if {unit.partition("[")[0] for unit in state.units} & populations)
        for states in (whole.up_states, whole.winners)
    )
    return certificate_lines(replace(whole, up_states=up_states, winners=winners), ALL)
