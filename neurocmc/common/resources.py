"""Finds the files that travel with neurocmc: inside an installed wheel, or at the top of a checkout."""

from pathlib import Path, PurePosixPath

from neurocmc.common.errors import InputError, Problem

FOLDERS = ("targets", "models", "examples")


def resource_folder(name: str) -> Path:
    """Returns the folder `targets`, `models` or `examples` installed or of the checkout; InputError if none is."""
    if name not in FOLDERS:
        raise ValueError(f"resource folders are {', '.join(FOLDERS)}, got {name!r}")
    package = Path(__file__).resolve().parents[1]
    installed, checkout = package / "_data" / name, package.parent / name
    if installed.is_dir():
        return installed
    # Beside an installed package stands whatever else is installed: only a folder with our pyproject is ours.
    if checkout.is_dir() and (package.parent / "pyproject.toml").is_file():
        return checkout
    what = f"the bundled folder {name!r} is neither at {installed} nor at {checkout}"
    raise InputError(
        Problem("installation-incomplete", "installation", what, "install neurocmc again from its wheel or checkout")
    )


def resource_path(relative: str) -> Path:
    """Returns the path of a bundled file, say "targets/loihi1.yaml". Raises InputError if it is not there."""
    folder, *rest = PurePosixPath(relative).parts
    path = resource_folder(folder).joinpath(*rest)
    if ".." in rest or not path.is_file():
        names = ", ".join(sorted(entry.name for entry in resource_folder(folder).iterdir() if entry.is_file()))
        raise InputError(
            Problem(
                "bundled-file-missing",
                relative,
                "no such bundled file",
                f"the folder {folder} holds: {names or 'nothing'}",
            )
        )
    return path
