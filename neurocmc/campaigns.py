"""Does studies and sweeps from Python, with the names of the commands, in this process unless workers are asked for.

Workers do not import the script that asks for them: it needs no `if __name__ == "__main__":`.
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

    What an earlier call has done is not done again. A study of trained circuits needs torch.

    Args:
        plan: The YAML file that says which recipe, variants, seeds and measures.
        out: A new or empty folder, or that of the same study to go on with.
        workers: Worker processes of this machine; 1 is this process alone.
        scheduler: The address of a Dask scheduler, whose workers do all runs instead.
        figures: Whether pictures are drawn.
        progress: Called with the part ("train", "make", "compile", "measure", "draw"), what of it, the share of the
            part that is done, and a line for each run that is done, else "".

    Returns:
        The result of each run, the verdicts on chips, and the files that were written.

    Raises:
        InputError: For every fault of the plan, of its recipe and of results in `out`, where torch is missing, and
            where workers or the scheduler cannot be had.

    Example:
        ``neurocmc.study("study.yaml", "studies/mine").passed`` is True where no compiled run misses a budget.
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

    What an earlier call has done is not done again. What a chip refuses is a row that says so.

    Args:
        plan: The YAML file that says which circuits, targets, codes, neurons per unit and seeds.
        out: A new or empty folder, or that of the same sweep to go on with.
        workers: Worker processes of this machine; 1 is this process alone.
        scheduler: The address of a Dask scheduler, whose workers do all runs instead.
        figures: Whether pictures are drawn.
        progress: Called with what is done, the share of all runs, and a line for each run that has ended, else "".

    Returns:
        A row for each run, in the order of the plan, and the files that were written.

    Raises:
        InputError: For every fault of the plan, circuits and targets that cannot be read, results in `out` of another
            sweep, and where workers or the scheduler cannot be had.

    Example:
        >>> rows = neurocmc.sweep("examples/sweep.yaml", "build/sweep", figures=False).rows
        >>> rows[0].verdict, len(rows)
        ('missed', 16)
    """
    place = Place(workers=workers, scheduler=scheduler)
    return run_sweep(Path(plan), Path(out), place, figures=figures, told=progress)
