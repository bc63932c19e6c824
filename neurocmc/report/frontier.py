"""Sets a compiled circuit beside the measured frontier of codes: error of rates against energy, both on Loihi 1.

Other circuits run for other times and have other numbers of units, so that energy is divided by both. What stands
in `page/frontier.csv` are the points of docs/studies/frontier.csv that no other point of their circuit beats; the
bench that measures them writes both (`python -m tests.bench.frontier`).
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np

from neurocmc.report.energy import EnergyEstimate
from neurocmc.report.plots import Axes, Line, marked_plot
from neurocmc.targets import Target, load_target
from neurocmc.verification.edges import Edge

TABLE = Path(__file__).parent / "page" / "frontier.csv"
MEASURED_ON = "loihi1"
UJ_PER_PJ = 1e-6
ROOM = 1.6  # a factor, beyond the outermost points
QUANTITY, CHIP = "NRMSE of rates", "rate ~ emulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPoint:
    """A compiled circuit: what it loses and what it costs."""

    circuit: str
    code: str  # and its size, "threshold 64"
    nrmse: float  # of the worst population, a fraction of its range
    uj_per_unit_s: float  # dynamic energy of a unit of the circuit in a second, an estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A circuit beside the frontier: `own` is this one, `frontier` the points of others in order of their energy."""

    own: FrontierPoint
    frontier: tuple[FrontierPoint, ...]

    def lines(self) -> tuple[str, ...]:
        """Returns what the picture shows in sentences: this circuit, then what a frontier takes at its error."""
        said = (
            f"This circuit: {_cost(self.own.uj_per_unit_s)} with an NRMSE of {100 * self.own.nrmse:.2g} % of range."
        )
        return (said, *(self._at_same_error(name, points) for name, points in _by_circuit(self.frontier)))

    def _at_same_error(self, name: str, points: Sequence[FrontierPoint]) -> str:
        enough = [point for point in points if point.nrmse <= self.own.nrmse]
        if not enough:
            return f"On the circuit {name} no code that was measured comes so close."
        best = enough[0]
        spent = f"{_cost(best.uj_per_unit_s)} ({best.code})"
        return f"On the circuit {name} the cheapest code with no larger error takes {spent}."


def beside_frontier(
    target: Target, edges: Iterable[Edge], energy: EnergyEstimate | None, units: int, code: str
) -> Beside | None:
    """Returns a circuit of so many units beside the frontier; None where its error or its energy is not known.

    Neither is it set beside it on a chip whose operations have other prices than those the frontier was counted with.
    """
    error = next((edge.value for edge in edges if edge.name == CHIP and edge.quantity.startswith(QUANTITY)), None)
    if energy is None or energy.dynamic_per_presentation_pj is None or not error or not units:
        return None
    if not energy.dynamic_per_presentation_pj or not _same_prices(target):
        return None
    seconds = energy.ticks_per_presentation * energy.tick_s
    per_unit_s = UJ_PER_PJ * energy.dynamic_per_presentation_pj / (units * seconds)
    own = FrontierPoint(circuit="this circuit", code=code, nrmse=error, uj_per_unit_s=per_unit_s)
    return Beside(own=own, frontier=read_frontier())


@cache
def read_frontier() -> tuple[FrontierPoint, ...]:
    """Returns the points that were measured, by circuit and in order of their energy."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            FrontierPoint(
                circuit=row["circuit"],
                code=row["code"],
                nrmse=float(row["nrmse"]),
                uj_per_unit_s=float(row["uj_per_unit_s"]),
            )
            for row in csv.DictReader(file)
        )


def frontier_plot(beside: Beside) -> str:
    """Returns the picture as SVG: a line a circuit, and this one as a ring."""
    everywhere = (*beside.frontier, beside.own)
    axes = Axes(
        x_label="dynamic energy [µJ per unit and second], an estimate",
        y_label="NRMSE [% of range]",
        x=_around([point.uj_per_unit_s for point in everywhere]),
        y=_around([100 * point.nrmse for point in everywhere]),
        log=True,
    )
    lines = [
        Line(
            name=name,
            x=np.array([point.uj_per_unit_s for point in points]),
            y=np.array([100 * point.nrmse for point in points]),
            colour=index,
        )
        for index, (name, points) in enumerate(_by_circuit(beside.frontier))
    ]
    told = [f"{point.circuit}: {point.code}" for point in beside.frontier]
    here = (beside.own.uj_per_unit_s, 100 * beside.own.nrmse)
    return marked_plot(axes, lines, told, here, f"Error against energy. {' '.join(beside.lines())}")


def circuits_of(beside: Beside) -> list[str]:
    """Returns the circuits of the frontier, in the order of the plot's colours."""
    return [name for name, _ in _by_circuit(beside.frontier)]


def _by_circuit(points: Sequence[FrontierPoint]) -> list[tuple[str, list[FrontierPoint]]]:
    return [(name, list(own)) for name, own in groupby(points, key=lambda point: point.circuit)]


def _same_prices(target: Target) -> bool:
    return target.energy == load_target(MEASURED_ON).energy


def _around(values: Sequence[float]) -> tuple[float, float]:
    """Ends of a logarithmic axis that values have room on."""
    return min(values) / ROOM, max(values) * ROOM


def _cost(uj: float) -> str:
    return f"{uj:.3g} µJ per unit and second"
