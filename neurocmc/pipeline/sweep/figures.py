"""Draws a sweep: errors, cores, energy and decisions against neurons per unit, by target and code."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurocmc.pipeline.sweep.table import Row
from neurocmc.report.figures.sweep import SweepCurve, draw_against_neurons


@dataclass(frozen=True, slots=True)
class _Picture:
    """One picture: its file, which column it draws, and in what."""

    file: str
    column: str
    title: str
    label: str
    scale: float = 1.0
    decades: bool = True


PICTURES = (
    _Picture("error.png", "nrmse", "error against neurons", "NRMSE of the worst population [%]", 100.0),
    _Picture("cores.png", "cores", "cores against neurons", "cores"),
    _Picture("memory.png", "memory_bits", "synapse memory against neurons", "synapse memory [kbit]", 1e-3),
    _Picture("energy.png", "energy_pj", "energy against neurons", "dynamic energy of a presentation [µJ]", 1e-6),
    _Picture(
        "decisions.png",
        "decisions_agree",
        "decisions against neurons",
        "decisions as the rate circuit's [%]",
        100.0,
        decades=False,
    ),
)


def draw_sweep(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draws every picture for which any run has a number; returns their paths."""
    drawn: list[Path] = []
    for picture in PICTURES:
        if curves := _curves(rows, picture):
            draw_against_neurons(
                curves, folder / picture.file, title=picture.title, label=picture.label, decades=picture.decades
            )
            drawn.append(folder / picture.file)
    return drawn


def _curves(rows: Sequence[Row], picture: _Picture) -> list[SweepCurve]:
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row.measured.get(picture.column) is not None:
            groups.setdefault((row.factors.circuit, row.factors.target, row.factors.code), []).append(row)
    return [
        SweepCurve(
            circuit=circuit,
            target=target,
            code=code,
            neurons=np.array([row.factors.neurons for row in own]),
            value=picture.scale * np.array([float(row.measured[picture.column]) for row in own]),
        )
        for (circuit, target, code), own in groups.items()
    ]
