"""Finds what neurocmc can use on this machine: libraries, interpreters of other tools, compilers, caches."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from neurocmc.common.errors import NeurocmcError
from neurocmc.common.resources import FOLDERS, resource_folder
from neurocmc.common.system import interpreter_of, usable_cores
from neurocmc.pipeline.chips.lava import NEEDED, find_lava_python

MISSING = "–"
_SHIPPED = {
    "targets": "the chips: `neurocmc targets`",
    "models": "what ships: `neurocmc models`",
    "examples": "files to start from: `neurocmc new`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that neurocmc can use.

    Args:
        name: What it is called.
        found: Its version or place; "–" where it is not there.
        serves: What it is for.
        cure: What brings it; "" where it is there, or nothing has to be done.
        needed: Whether neurocmc fails without it.
    """

    name: str
    found: str
    serves: str
    cure: str = ""
    needed: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether it is not there."""
        return self.found == MISSING


_LIBRARIES: tuple[tuple[str, str, str, bool], ...] = (
    ("numpy", "arrays", "pip install numpy", True),
    ("scipy", "sparse matrices", "pip install scipy", True),
    ("numba", "the emulators", "pip install numba", True),
    ("brian2", "the reference simulation (--on brian2)", "pip install brian2", True),
    ("matplotlib", "pictures", "pip install matplotlib", True),
    ("torch", "training, and checkpoints (.pt)", "pip install 'neurocmc[torch]'", False),
    ("torchdiffeq", "training of microcircuits", "pip install 'neurocmc[torch]'", False),
    ("h5py", "NIR files", "pip install h5py", True),
    ("distributed", "studies and sweeps on a Dask cluster", "pip install distributed", True),
    ("scikit-learn", "8 x 8 digits, readouts of reservoirs", "pip install scikit-learn", False),
)
_PROGRAMS: tuple[tuple[str, str, str], ...] = (
    ("gcc", "Brian2 with --codegen cython or cpp_standalone", "install gcc"),
    ("ffmpeg", "films in mp4 (--animate mp4)", "install ffmpeg; gif needs none"),
)


def findings() -> tuple[Finding, ...]:
    """Returns what is there and what is not, in the order in which one would ask."""
    return tuple(_all())


def _all() -> Iterator[Finding]:
    here = Path(__file__).resolve().parents[1]
    yield Finding(name="neurocmc", found=version("neurocmc"), serves=str(here), needed=True)
    yield Finding(name="Python", found=platform.python_version(), serves=sys.executable, needed=True)
    yield Finding(name="machine", found=f"{usable_cores()} cores", serves=f"{platform.system()} {platform.machine()}")
    for folder in FOLDERS:
        yield _resource(folder)
    for name, serves, cure, needed in _LIBRARIES:
        found = _version(name)
        yield Finding(name=name, found=found, serves=serves, cure=cure if found == MISSING else "", needed=needed)
    for program, serves, cure in _PROGRAMS:
        path = shutil.which(program)
        yield Finding(name=program, found=path or MISSING, serves=serves, cure="" if path else cure)
    yield _lava()
    yield _pynn(here)
    yield _kernels(here)


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return MISSING


def _resource(folder: str) -> Finding:
    serves = _SHIPPED[folder]
    try:
        return Finding(name=folder, found=str(resource_folder(folder)), serves=serves, needed=True)
    except NeurocmcError as error:
        return Finding(name=folder, found=MISSING, serves=serves, cure=error.problems[0].cure, needed=True)


def _lava() -> Finding:
    python = find_lava_python()
    serves = "the emitted program on stock Lava (--on lava, an edge of verify)"
    if python is None or not python.exists():
        return Finding(name="Lava", found=MISSING, serves=serves, cure=NEEDED)
    return Finding(name="Lava", found=str(python), serves=serves)


def _pynn(package: Path) -> Finding:
    """The interpreter with PyNN and NEST, which NEUROCMC_PYNN_PYTHON names, else the checkout's."""
    named, folder = os.environ.get("NEUROCMC_PYNN_PYTHON"), package.parent / ".venv-pynn"
    made = interpreter_of(folder) if (folder / ".ready").is_file() else None
    python = made if named is None else Path(named) if named else None
    serves = "programs of `neurocmc export --to pynn`"
    if python is None or not python.exists():
        cure = "run `make pynn` in a checkout, or set NEUROCMC_PYNN_PYTHON to a Python that has PyNN and NEST"
        return Finding(name="PyNN and NEST", found=MISSING, serves=serves, cure=cure)
    return Finding(name="PyNN and NEST", found=str(python), serves=serves)


def _kernels(package: Path) -> Finding:
    """Where compiled kernels are kept: beside the modules, else where numba keeps them for a user."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    place = named or (f"{package}" if os.access(package, os.W_OK) else "")
    serves = "kernels of the emulators, compiled once"
    if place:
        return Finding(name="cache of numba", found=place, serves=serves)
    try:
        return Finding(name="cache of numba", found=str(Path.home() / ".cache"), serves=serves)
    except RuntimeError:
        cure = "set NUMBA_CACHE_DIR to a folder that can be written; without one each process compiles anew"
        return Finding(name="cache of numba", found=MISSING, serves=serves, cure=cure)
