"""Runs a study, of regions and ablations of the family cmc or of any family, as its file says."""

from pathlib import Path
from typing import TYPE_CHECKING

from neurocmc.common.extras import need
from neurocmc.common.progress import StudyProgress
from neurocmc.common.strict_yaml import load_document
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.study.plan import is_measured

if TYPE_CHECKING:
    from neurocmc.pipeline.study.measured import MeasuredResult
    from neurocmc.pipeline.study.result import StudyResult


def run_study(
    plan: Path,
    output: Path,
    *,
    figures: bool = True,
    progress: StudyProgress | None = None,
    place: Place | None = None,
) -> "StudyResult | MeasuredResult":
    """Makes, compiles, measures, tables and draws the circuits of a study into `output`.

    Args:
        plan: The YAML file of the study.
        output: A new or empty folder, or that of the same study to go on with.
        figures: Whether pictures are drawn.
        progress: Called with the part ("train", "make", "compile", "measure", "draw"), what of it, the share of the
            part that is done, and a line for each run that is done, else "".
        place: Where runs are done; None is this process.

    Returns:
        The table, the result of each run, the verdicts on chips, and the files that were written.

    Raises:
        InputError: For every fault of the plan and its recipe, for a folder that is not a study's, and for results
            there that are damaged or of another recipe.

    Example:
        ``run_study(Path("study.yaml"), Path("studies/mine"), figures=False)``
    """
    told = progress or _silent
    if is_measured(load_document(plan)):
        from neurocmc.pipeline.study.measured import run_measured  # each form imports what it needs

        return run_measured(plan, output, place or Place(), told, figures=figures)
    need("torch", str(plan), "a study")
    from neurocmc.pipeline.study.regions import run_regions

    return run_regions(plan, output, place or Place(), told, figures=figures)


def _silent(_part: str, _text: str, _share: float, _line: str) -> None:
    """Progress that nobody watches."""
