"""Tells which stage work is at and how much of all is done."""

from collections.abc import Callable

Progress = Callable[[str, float], None]  # stage, share of the whole that is done

# Which part (train, compile, draw), what of it, the share of the part, and a line that tells what is done, or "".
StudyProgress = Callable[[str, str, float, str], None]


def silent(_stage: str, _share: float) -> None:
    """Takes progress that nobody watches."""


def part_of(progress: Progress | None, start: float, width: float) -> Progress:
    """Returns progress that counts a part as a part of the whole: from `start` on, over `width` of it."""
    if progress is None:
        return silent
    return lambda stage, share: progress(stage, start + width * share)


def share_of(progress: Progress, stage: str, start: float, width: float) -> Callable[[float], None]:
    """Returns progress of a part that has one stage, and tells the share of it alone."""
    return lambda share: progress(stage, start + width * share)
