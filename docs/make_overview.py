"""Draws docs/pictures/overview.png: what neurocmc does, on the example's circuit.

python docs/make_overview.py [PICTURE]

The circuit is compiled and verified here, and every number in the picture is one that this run gave. The front page
says them in the text that stands for the picture, which a test keeps equal.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

import neurocmc
from neurocmc.ir.recording import Recording
from neurocmc.report.figures.style import FAINT, INK, canvas, heading, population_colours, unit_colour
from neurocmc.report.wording import amount, energy

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "overview.png"
CIRCUIT, TARGET, NEURONS = ROOT / "examples" / "circuit.yaml", "loihi1", 64
SHOWN_S = (0.1, 1.9)
POPULATIONS = ("excite", "inhibit")
QUANTITY = "NRMSE of rates"
UNDER_THE_PLATEAU = (0.12, 0.12)  # of the first winner, where a legend hides nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overview:
    """What a run gave: activity on both ends, and what is said of the chip and of what it kept."""

    rate: Recording
    chip: Recording
    cost: str
    kept: str


def run() -> Overview:
    """Compile the circuit, run it on both ends, and verify it."""
    with tempfile.TemporaryDirectory() as scratch:
        artifact = neurocmc.compile(CIRCUIT, target=TARGET, out=Path(scratch) / "build", neurons=NEURONS)
        rate, chip = (neurocmc.simulate(artifact, on=level) for level in ("rate", "emulator"))
        verification, budget = neurocmc.verify(artifact), neurocmc.budget(artifact)
    judged = [edge for edge in verification.edges if edge.group == "fidelity" and edge.verdict != "not run"]
    error = next(edge for edge in judged if edge.name == "rate ~ emulator" and edge.quantity == QUANTITY)
    missed = sum(edge.verdict == "miss" for edge in judged)
    assert error.value is not None
    assert budget.energy is not None
    spent = energy(budget.energy.dynamic_per_presentation_pj)
    cores = f"{budget.cores_used} core{'' if budget.cores_used == 1 else 's'}"
    verdict = f"{missed} budgets missed" if missed else "every budget kept"
    return Overview(
        rate=rate,
        chip=chip,
        cost=f"{cores}, {spent} (estimate)",
        kept=f"NRMSE {amount(error.value, error.unit)}; {verdict}",
    )


def draw(overview: Overview, picture: Path) -> None:
    """Draw the four steps."""
    with canvas(picture, 7.2, 5.6) as figure:
        grid = figure.subplots(2, 2)
        draw_circuit(grid[0, 0])
        draw_activity(grid[0, 1], overview.rate)
        draw_spikes(grid[1, 0], overview)
        draw_kept(grid[1, 1], overview)


def draw_circuit(axes: Axes) -> None:
    """The populations and projections of the circuit."""
    heading(axes, "1. A rate circuit", "here a soft winner-take-all, written in YAML")
    colours = population_colours(POPULATIONS)
    axes.set(xlim=(-0.6, 4.9), ylim=(-1.75, 1.75), aspect="equal")
    axes.axis("off")
    top, bottom = 0.6, -1.2
    for unit in range(4):
        axes.add_patch(Circle((0.5 + unit, top), 0.27, facecolor=unit_colour(unit), edgecolor="none"))
        arrow(axes, (0.5 + unit, 1.45), (0.5 + unit, top + 0.3), FAINT)
        arrow(axes, (0.5 + unit, top - 0.3), (1.85 + 0.1 * unit, bottom + 0.33), INK)
        loop(axes, 0.5 + unit, top)
    axes.add_patch(Circle((2, bottom), 0.3, facecolor=colours["inhibit"], edgecolor="none"))
    for unit in range(4):
        arrow(axes, (1.8 + 0.13 * unit, bottom + 0.3), (0.62 + unit, top - 0.32), colours["inhibit"], head="|-|")
    axes.text(-0.6, 1.35, "drive", color=FAINT, fontsize=8, va="center")
    axes.text(4.0, top, "excite", color=INK, fontsize=8.5, va="center")
    axes.text(2.45, bottom, "inhibit", color=colours["inhibit"], fontsize=8.5, va="center")


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, head: str = "-|>") -> None:
    """A projection; one that inhibits ends in a bar."""
    style = "|-|,widthA=0,widthB=2.5" if head == "|-|" else "-|>,head_length=3,head_width=1.6"
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle=style, color=colour, lw=0.9, shrinkA=0, shrinkB=0))


def loop(axes: Axes, x: float, y: float) -> None:
    """A unit that excites itself."""
    bend = FancyArrowPatch(
        (x + 0.25, y + 0.1),
        (x + 0.1, y + 0.27),
        connectionstyle="arc3,rad=1.6",
        arrowstyle="-|>,head_length=3,head_width=1.6",
        color=INK,
        lw=0.9,
        shrinkA=0,
        shrinkB=0,
    )
    axes.add_patch(bend)


def draw_activity(axes: Axes, rate: Recording) -> None:
    """What the rate circuit does."""
    heading(axes, "2. Its activity", "at 1 s the input to unit 1 becomes the strongest")
    times_s = rate.tick_s * np.arange(rate.ticks)
    for unit in range(4):
        axes.plot(times_s, rate.activity["excite"][0, :, unit], color=unit_colour(unit), label=f"excite {unit}")
    axes.set(xlim=SHOWN_S, xlabel="time [s]", ylabel="activity")
    axes.legend(loc="lower left", bbox_to_anchor=UNDER_THE_PLATEAU, handlelength=1.2)


def draw_spikes(axes: Axes, overview: Overview) -> None:
    """The spikes of the chip, a row a neuron."""
    heading(axes, "3. Spikes on Loihi 1", overview.cost)
    chip = overview.chip
    spikes = chip.spikes["excite"]
    for unit in range(4):
        own = spikes.unit == unit
        rows = NEURONS * unit + spikes.neuron[own]
        axes.scatter(
            chip.tick_s * spikes.tick[own], rows, s=1.3, color=unit_colour(unit), linewidths=0, rasterized=True
        )
    axes.set(xlim=SHOWN_S, ylim=(4 * NEURONS, 0), xlabel="time [s]", ylabel="neurons of excite")
    axes.set_yticks([NEURONS * unit for unit in range(5)])


def draw_kept(axes: Axes, overview: Overview) -> None:
    """Both, one over the other."""
    heading(axes, "4. What the chip kept", overview.kept)
    rate, chip = overview.rate, overview.chip
    times_s = rate.tick_s * np.arange(rate.ticks)
    for unit in range(4):
        axes.plot(times_s, chip.activity["excite"][0, :, unit], color=unit_colour(unit), lw=2.6, alpha=0.45)
        axes.plot(times_s, rate.activity["excite"][0, :, unit], color=INK, lw=0.8, ls=(0, (3, 2)))
    axes.plot([], [], color=INK, lw=0.8, ls=(0, (3, 2)), label="rate circuit")
    axes.plot([], [], color=FAINT, lw=2.6, alpha=0.6, label="chip, decoded")
    axes.set(xlim=SHOWN_S, xlabel="time [s]", ylabel="activity")
    axes.legend(loc="lower left", bbox_to_anchor=UNDER_THE_PLATEAU, handlelength=1.6)


if __name__ == "__main__":
    draw(run(), Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
