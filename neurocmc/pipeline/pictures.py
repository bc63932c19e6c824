"""Draw the pictures of an artifact's report: of its levels once, of its errors with every verification."""

from collections.abc import Sequence
from pathlib import Path

from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.lower import Lowered
from neurocmc.pipeline.reporting import CORE_GRID, CORE_MAP, ERRORS, GAIN_FITS
from neurocmc.report.figures import draw_error_waterfall, draw_gain_fits
from neurocmc.report.loihi.core_map import draw_core_map
from neurocmc.report.truenorth.core_grid import draw_core_grid
from neurocmc.targets import LoihiTarget, Target, TrueNorthTarget
from neurocmc.verification.edges import Edge


def draw_missing(figures: Path, levels: Lowered | Artifact, target: Target, edges: Sequence[Edge]) -> None:
    """Draw what is not in the folder yet. Raises InputError where a picture cannot be written."""
    if not (figures / GAIN_FITS).is_file():
        draw_gain_fits(levels.spiking, figures / GAIN_FITS)
    if levels.chip is not None and isinstance(target, LoihiTarget) and not (figures / CORE_MAP).is_file():
        draw_core_map(levels.chip, target, figures / CORE_MAP)
    if levels.cores is not None and isinstance(target, TrueNorthTarget) and not (figures / CORE_GRID).is_file():
        draw_core_grid(levels.cores, target, figures / CORE_GRID)
    if from_rate := [edge for edge in edges if edge.name.startswith("rate ~ ")]:
        draw_error_waterfall(from_rate, figures / ERRORS)
