"""Runs studies and sweeps from Python, with the names of the commands, in this process unless workers are given.

Workers do not import the calling script: it needs no `if __name__ == "__main__":`.
"""

from pathlib import Path

from neurocmc.common.calls import python_call
from neurocmc.common.process import known_state
from neurocmc.common.progress import StudyProgress
from neurocmc.pipeline.campaign.crew import Told
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.study.made import Made as Made  # what a measure of a study is given
from neurocmc.pipeline.study.measured import MeasuredResult
from neurocmc.pipeline.study.result import StudyResult
from neurocmc.pipeline.sweep.run import SweepResult, run_sweep


@known_state()
@python_call
def study(
    plan: str | Path,
    out: str | Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    figures: bool = True,
    progress: StudyProgress | None = None,
) -> StudyResult | MeasuredResult:
    """Makes, compiles, measures, tables and draws the circuits of a study into the folder `out`.

    A second call does only what is missing. A study of trained circuits needs torch.

    Args:
        plan: The YAML file with recipe, variants, seeds and measures.
        out: A new or empty folder, or the folder of the same study to continue.
        workers: Number of worker processes on this machine; with 1, this process does all runs.
        scheduler: The address of a Dask scheduler whose workers do all runs instead.
        figures: Whether figures are drawn.
        progress: Called with the part ("train", "make", "compile", "measure", "draw"), its item, the fraction of the
            part that is done, and a line when a run ends, else "".

    Returns:
        The result of each run, the verdicts on chips, and the files that were written.

    Raises:
        InputError: For all errors in the plan, its recipe and results in `out`; if torch is missing; and if workers
            or the scheduler cannot be reached.

    Example:
        ``neurocmc.study("study.yaml", "studies/mine").passed`` is True if no compiled run misses a budget.
    """
    from neurocmc.pipeline.study.run import run_study  # here and not above: a sweep needs none of it

    place = Place(workers=workers, scheduler=scheduler)
    return run_study(Path(plan), Path(out), figures=figures, progress=progress, place=place)


@known_state()
@python_call
def sweep(
    plan: str | Path,
    out: str | Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    figures: bool = True,
    progress: Told | None = None,
) -> SweepResult:
    """Compiles and measures circuits for all targets, codes, neurons and seeds of a plan, into the folder `out`.

    A second call does only what is missing. A circuit that does not fit a chip gives a row with the reason.

    Args:
        plan: The YAML file with circuits, targets, codes, neurons per unit and seeds.
        out: A new or empty folder, or the folder of the same sweep to continue.
        workers: Number of worker processes on this machine; with 1, this process does all runs.
        scheduler: The address of a Dask scheduler whose workers do all runs instead.
        figures: Whether figures are drawn.
        progress: Called with the current item, the fraction of all runs that is done, and a line when a run ends,
            else "".

    Returns:
        A row for each run, in the order of the plan, and the files that were written.

    Raises:
        InputError: For all errors in the plan, circuits and targets that cannot be read, results of another sweep in
            `out`, and if workers or the scheduler cannot be reached.

    Example:
        >>> rows = neurocmc.sweep("examples/sweep.yaml", "build/sweep", figures=False).rows
        >>> rows[0].verdict, len(rows)
        ('missed', 16)
    """
    place = Place(workers=workers, scheduler=scheduler)
    return run_sweep(Path(plan), Path(out), place, figures=figures, told=progress)
