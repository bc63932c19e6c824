"""Tells which stage work is at and how much of all is done."""

from collections.abc import Callable

Progress = Callable[[str, float], None]  # stage, share of the whole that is done

# Which part (train, compile, draw), what of it, the share of the part, and a line that tells what is done, or "".
StudyProgress = Callable[[str, str, float, str], None]


def silent(_stage: str, _share: float) -> None:
    """Takes progress that nobody watches."""


DONE = "done"  # the last stage, told with a share of 1 once nothing is left to do
NEARLY = 0.99  # the largest share that is told before


def rising(progress: Progress | None) -> Progress:
    """Returns progress whose share never falls, and is 1 at the end alone: nobody knows how long a search is."""
    if progress is None:
        return silent
    highest = 0.0

    def told(stage: str, share: float) -> None:
        nonlocal highest
        highest = max(highest, 1.0 if stage == DONE else min(share, NEARLY))
        progress(stage, highest)

    return told


def part_of(progress: Progress | None, start: float, width: float) -> Progress:
    """Returns progress that counts a part as a part of the whole: from `start` on, over `width` of it."""
    if progress is None:
        return silent
    return lambda stage, share: progress(stage, start + width * share)


def share_of(progress: Progress, stage: str, start: float, width: float) -> Callable[[float], None]:
    """Returns progress of a part that has one stage, and tells the share of it alone."""
    return lambda share: progress(stage, start + width * share)
