"""Says what brings a library that is not installed, an extra or a package, where a traceback would stand else."""

from importlib.util import find_spec
from typing import Literal

from neurocmc.common.errors import InputError, Problem

Library = Literal["torch", "torchdiffeq", "networkx", "sklearn", "pandas", "xarray", "neo"]
INSTALL_TORCH = "pip install 'neurocmc[torch]' (in a checkout: pip install -e '.[torch]')"
INSTALL: dict[Library, str] = {
    "torch": INSTALL_TORCH,
    "torchdiffeq": INSTALL_TORCH,
    "networkx": INSTALL_TORCH,
    "sklearn": "pip install scikit-learn",
    "pandas": "pip install 'neurocmc[pandas]'",
    "xarray": "pip install 'neurocmc[xarray]'",
    "neo": "pip install 'neurocmc[neo]'",
}


def is_installed(library: Library) -> bool:
    """Whether a library that is no dependency can be imported; nothing is imported to find out."""
    return find_spec(library) is not None


def need(library: Library, where: str, purpose: str, instead: str = "") -> None:
    """Raises InputError with the extra to install where a library is missing.

    `purpose` says what needs it, as in "reading a checkpoint"; `instead` is what a person can do without it.
    """
    if not is_installed(library):
        cure = f"{INSTALL[library]}; {instead}" if instead else INSTALL[library]
        raise InputError(
            Problem("library-missing", where, f"{purpose} needs {library}, which is not installed", cure)
        )
