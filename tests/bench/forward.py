"""The part `forward` of the bench: 20 Euler steps of our canonical microcircuits beside the published equations.

Equal numbers of nodes, steps and images, one thread, no gradients. The published side is the model of
tests/made/published_model.py, written from the equations in the structure that its state dicts show, node by
node; beside it stand the same equations over all nodes at once. Nodes of ours are regions of one column, coupled to
their neighbours, up to five, and columns of one region beyond; the published ones are coupled all to all by their
mean states. Retina, projections and classifiers, which differ, are left out on both sides.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from neurocmc.circuits.cmc.hierarchy import CmcHierarchy
from neurocmc.circuits.cmc.recipe import CmcCircuitRecipe
from tests.bench.emulators.tables import Rows, as_table
from tests.bench.timing import Sample, per_second
from tests.made.published_model import CLAMP, STEP, STEPS, Microcircuits

BATCH = 64
MOST_REGIONS = 5
CALLS = 5  # in one repeat


def run(console: Console, out: Path, quick: bool) -> None:
    """Measure, write forward.json, print."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with console.status("forward: canonical microcircuits"), torch.no_grad():
            measured = {"rows": [measure(nodes, 3 if quick else 9) for nodes in (1, 3, 5, 16)]}
    finally:
        torch.set_num_threads(threads)
    (out / "forward.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    title = f"{STEPS} Euler steps of {BATCH} images: images a second, median (lowest to highest)"
    console.print(as_table(title, *forward_rows(measured)), "")


def measure(nodes: int, repeats: int) -> dict[str, Any]:
    """Images a second of ours, of the published structure, and of its equations over all nodes at once."""
    torch.manual_seed(0)
    regions = nodes if nodes <= MOST_REGIONS else 1
    columns = nodes // regions
    ours = CmcHierarchy(CmcCircuitRecipe(regions=regions, columns=columns, fan_in=1)).eval()
    drive = torch.randn(BATCH, 1, columns)
    published = Microcircuits(nodes).eval()
    together = all_nodes_at_once(published)
    state = torch.randn(BATCH, 8 * nodes)
    if not torch.allclose(euler(published, state), euler(together, state), atol=1e-4):
        raise AssertionError("both forms of the published equations have to agree")

    def images_per_s(call: Callable[[], object]) -> tuple[float, ...]:
        def calls() -> None:
            for _ in range(CALLS):
                call()

        return per_second(CALLS * BATCH, calls, repeats).values

    return {
        "nodes": nodes,
        "regions": regions,
        "ours": images_per_s(lambda: ours(drive, hold_ticks=STEPS)),
        "published": images_per_s(lambda: euler(published, state)),
        "published_together": images_per_s(lambda: euler(together, state)),
    }


def euler(derivative: Callable[[torch.Tensor], torch.Tensor], state: torch.Tensor) -> torch.Tensor:
    """All states on the way, as the published model keeps them."""
    states = [state]
    for _ in range(STEPS):
        state = state + STEP * derivative(state)
        states.append(state)
    return torch.stack(states)


def all_nodes_at_once(published: Microcircuits) -> Callable[[torch.Tensor], torch.Tensor]:
    """The derivative of `published` with one operation for all nodes where it has one for each."""
    gains = torch.stack(list(published.G)).T
    times = torch.stack(list(published.T))
    speed, slopes = 0.1 * torch.sigmoid(published.adaptation)[:, None], published.R[:, None]
    coupling = published.node_connectivity - torch.diag(torch.diag(published.node_connectivity))

    def derivative(state: torch.Tensor) -> torch.Tensor:
        pairs = state.clamp(-CLAMP, CLAMP).reshape(len(state), -1, 4, 2)
        v, c = pairs.unbind(dim=3)
        ss, sp, ii, dp = (torch.sigmoid(slopes * v) - 0.5).unbind(dim=2)
        other = pairs.mean(dim=(2, 3)) @ coupling.T
        drive = [
            -gains[0] * ss - gains[2] * ii - gains[1] * sp,
            gains[7] * ss - gains[6] * sp - gains[11] * ii,
            gains[4] * ss + gains[5] * dp - gains[3] * ii + gains[10] * sp,
            -gains[9] * dp - gains[8] * ii,
        ]
        change = speed * (torch.stack(drive, dim=2) + other[..., None] - 2 * c - v / times) / times
        return torch.stack([speed * c, change], dim=3).flatten(1)

    return derivative


def forward_rows(measured: dict[str, Any]) -> tuple[list[str], Rows]:
    """Headings and rows: images a second and our ratios."""
    rows: Rows = []
    for row in measured["rows"]:
        ours, published, together = (
            Sample(values=tuple(row[key])) for key in ("ours", "published", "published_together")
        )
        ratios = [ours.over(other).told("{:.1f}") for other in (published, together)]
        rows.append(
            [str(row["nodes"]), ours.told(), published.told(), ratios[0], together.told(), ratios[1]],
        )
    return ["nodes", "neurocmc", "published, node by node", "ratio", "published, at once", "ratio"], rows
