"""Checks the folder of a campaign before anything is written, and clears what killed workers left in it."""

from pathlib import Path

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.replacing import clear_leftovers, place_of_leftover


def check_folder(output: Path, plan: str, kind: str) -> None:
    """Refuses a folder that is neither empty nor of such a campaign, whose plan it then holds. Raises InputError."""
    if output.exists() and not output.is_dir():
        raise InputError(Problem("not-a-folder", str(output), "is a file, a folder is needed", "name another"))
    if output.is_dir() and any(output.iterdir()) and not (output / plan).is_file():
        what = f"is not empty and holds no {plan}: it is not the folder of {kind}"
        raise InputError(
            Problem("folder-not-ours", str(output), what, f"name a new folder, or that of {kind} to go on with")
        )


def clear_below(folder: Path) -> None:
    """Removes what workers that were killed left half-written below a folder; living ones' files are left alone."""
    if not folder.is_dir():
        return
    places = {place for path in sorted(folder.rglob(".*")) if (place := place_of_leftover(path)) is not None}
    for place in sorted(places):
        clear_leftovers(place)
