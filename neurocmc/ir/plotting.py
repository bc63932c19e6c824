"""Holds the function that draws recordings: levels do not import what draws, so the package puts it here."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurocmc.ir.neurons.recording import NeuronRecording
    from neurocmc.ir.recording import Recording

Recorded: TypeAlias = "Recording | NeuronRecording"
Draw: TypeAlias = "Callable[[Recorded, int, Sequence[str] | None], Figure]"  # a recording, a trial, populations

_draws: "list[Draw]" = []  # one, as soon as `neurocmc` is imported


def draw_recordings_by(draw: "Draw") -> None:
    """Makes `Recording.plot` call `draw` from now on."""
    _draws[:] = [draw]


def drawn(recording: "Recorded", trial: int, populations: Sequence[str] | None) -> "Figure":
    """Returns the figure of a recording."""
    (draw,) = _draws
    return draw(recording, trial, populations)
