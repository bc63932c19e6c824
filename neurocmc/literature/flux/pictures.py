"""Draws a study: flux and states by variant, flux over noise, and the chip beside the rate circuit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from neurocmc.common.errors import InputError, Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
MARKS = "osD^v<>P"
LOWEST_BITS = 1e-4  # where flux is drawn that is less, or below 0
_LEVEL = re.compile(r"noise_(\d{4})")


def flux(figure: Figure, rows: Sequence[Row]) -> None:
    """Draws a study of flux from its runs. Raises InputError where none has a flux."""
    variants = list(dict.fromkeys(row["variant"] for row in rows if "flux" in row))
    if not variants:
        cure = "measure `flux` of the family flux-l5 first"
        raise InputError(Problem("measure-unfit", "picture flux", "no run has a flux", cure))
    figure.set_size_inches(9.0, 7.4)
    (fluxes, states), (noise, chip) = figure.subplots(2, 2)
    _by_variant(fluxes, rows, variants)
    _states(states, rows, variants)
    _over_noise(noise, rows, variants)
    _on_chip(chip, rows)


def _by_variant(axes: Axes, rows: Sequence[Row], variants: list[str]) -> None:
    for place, variant in enumerate(variants):
        bits = _column(rows, variant, "flux")
        aside = place + np.linspace(-0.2, 0.2, len(bits))
        axes.plot(np.maximum(bits, LOWEST_BITS), aside, _mark(place), color=_colour(place), markersize=3.5)
        axes.plot([max(bits.mean(), LOWEST_BITS)] * 2, [place - 0.35, place + 0.35], color="0.15")
    _logarithmic(axes, "x")
    axes.set_yticks(range(len(variants)), [name.replace("-", " ") for name in variants])
    axes.set_ylim(len(variants) - 0.5, -0.5)
    axes.set_xlabel("flux [bits per step]")
    axes.set_title("Flux of the core: seeds, line: their mean")


def _states(axes: Axes, rows: Sequence[Row], variants: list[str]) -> None:
    for place, variant in enumerate(variants):
        axes.plot(
            100 * _column(rows, variant, "moving"),
            100 * _column(rows, variant, "distinct"),
            _mark(place),
            color=_colour(place),
            markersize=4,
            alpha=0.8,
            label=variant.replace("-", " "),
        )
    axes.set_xlabel("moving units [%]")
    axes.set_ylabel("distinct states [% of steps]")
    axes.set_title("What flux rests on")
    axes.legend(loc="upper left")


def _over_noise(axes: Axes, rows: Sequence[Row], variants: list[str]) -> None:
    names = sorted({name for row in rows for name in row if _LEVEL.fullmatch(name)})
    levels = np.array([int(name.removeprefix("noise_")) / 1000 for name in names])
    for place, variant in enumerate(variants):
        means = [_column(rows, variant, name).mean() for name in names if len(_column(rows, variant, name))]
        if len(means) == len(names) > 0:
            axes.plot(
                levels, np.maximum(means, LOWEST_BITS), _mark(place) + "-", color=_colour(place), markersize=3.5
            )
    if names:
        axes.set_xscale("symlog", linthresh=max(levels[1], 1e-3))
        axes.set_xticks(levels, [f"{level:g}" for level in levels])
        axes.minorticks_off()
    _logarithmic(axes, "y")
    axes.set_xlabel("noise in the drive per unit [standard deviation]")
    axes.set_ylabel("flux, mean of seeds [bits per step]")
    axes.set_title("Flux over noise, marks as above")


def _on_chip(axes: Axes, rows: Sequence[Row]) -> None:
    found = sorted({int(name.removeprefix("chip_flux_")) for row in rows for name in row if "chip_flux_" in name})
    for place, neurons in enumerate(found):
        pairs = [(row["flux"], row[f"chip_flux_{neurons}"]) for row in rows if f"chip_flux_{neurons}" in row]
        across, up = np.array(pairs).T
        axes.plot(across, up, _mark(place), color=_colour(place), markersize=4, label=f"{neurons} neurons per unit")
    late = [(row["late_flux"], row[f"chip_flux_{found[-1]}"]) for row in rows if _has_late(row, found)]
    if late:
        across, up = np.array(late).T
        told = f"{found[-1]} neurons, the rate circuit late"
        axes.plot(across, up, "o", color="0.2", markerfacecolor="none", markersize=6.5, label=told)
    if found:
        ends = np.array([0.0, 1.05 * axes.dataLim.xmax])
        axes.fill_between(ends, 0.8 * ends, 1.2 * ends, color="0.9", zorder=0, label="within 20 %")
        axes.plot(ends, ends, color="0.6", linewidth=0.8, zorder=1)
        axes.legend(loc="upper left")
    axes.set_xlabel("flux of the rate circuit [bits per step]")
    axes.set_ylabel("flux of the chip [bits per step]")
    axes.set_title("The self-organised core, compiled")


def _has_late(row: Row, found: Sequence[int]) -> bool:
    return bool(found) and "late_flux" in row and f"chip_flux_{found[-1]}" in row


def _logarithmic(axes: Axes, which: Literal["x", "y"]) -> None:
    """Bits on a logarithmic axis; the lowest line also holds what is less."""
    ticks = [10.0**power for power in range(-4, 1)]
    told = [f"≤ {LOWEST_BITS:g}", *(f"{tick:g}" for tick in ticks[1:])]
    axes.set(**{f"{which}scale": "log", f"{which}lim": (0.7 * LOWEST_BITS, 3.0)})
    axes.set(**{f"{which}ticks": ticks, f"{which}ticklabels": told})


def _column(rows: Sequence[Row], variant: str, name: str) -> Any:
    return np.array([row[name] for row in rows if row["variant"] == variant and name in row], dtype=np.float64)


def _mark(place: int) -> str:
    return MARKS[place % len(MARKS)]


def _colour(place: int) -> str:
    return f"C{place % 7}"
