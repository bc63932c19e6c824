"""Kernels: compiled whether or not there is a place to keep them, and a broken cache is never a reason to fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.jit import jit

ROOT = Path(__file__).parents[2]

# What a user does with a package that belongs to another: compile, then look at the budget.
USER = """
import sys
import numpy as np
import neurocmc
from neurocmc.common.jit import KernelCache
from neurocmc.sim import neuron
from neurocmc.sim.loihi import kernel as loihi
from neurocmc.sim.loihi.compartments import kernel as compartments
from neurocmc.sim.truenorth import kernel as cores
from neurocmc.sim.loihi.perturbed import kernel as perturbed
from neurocmc.passes.truenorth import weights

assert neurocmc.__file__.startswith(sys.argv[1]), neurocmc.__file__
artifact = neurocmc.compile(sys.argv[2], target="brian2", out=sys.argv[3], neurons=4, figures=False)
print(neurocmc.budget(artifact).target)
kernels = [
    value
    for module in (loihi, neuron, compartments, cores, perturbed, weights)
    for value in vars(module).values()
    if hasattr(value, "py_func")
]
print(len(kernels) > 30, {isinstance(kernel._cache, KernelCache) for kernel in kernels})
"""


def package_without_a_cache(folder: Path) -> None:
    """A copy of the package in which numba can make no folder beside any module."""
    shutil.copytree(ROOT / "neurocmc", folder / "neurocmc", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "targets", folder / "targets")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for place in (folder / "neurocmc", *(path for path in (folder / "neurocmc").rglob("*") if path.is_dir())):
        (place / "__pycache__").touch()  # a file in the way, which stops a superuser as well


def test_a_package_that_cannot_be_written_and_no_home(tmp_path: Path) -> None:
    """Neither the package, nor a home, nor NUMBA_CACHE_DIR is a place: all works, and nothing is left behind."""
    package_without_a_cache(tmp_path)
    (tmp_path / "file").touch()
    here = tmp_path / "here"
    here.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", USER, str(tmp_path), str(ROOT / "examples" / "circuit.yaml"), str(tmp_path / "out")],
        cwd=here,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "file" / "home"),
            "NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache"),
            "PYTHONPATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "brian2\nTrue {False}\n"), done.stderr
    assert "Traceback" not in done.stderr
    assert list(here.iterdir()) == []


def made_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, Path]:
    """A kernel of a module of its own, called once, and where numba keeps it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernels.py").write_text(
        "from neurocmc.common.jit import jit\n@jit()\ndef halved(value: float) -> float:\n    return 0.5 * value\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "kernels", raising=False)
    import kernels

    return kernels.halved, folder / "__pycache__"


def test_a_kernel_is_kept_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, place = made_in(tmp_path, monkeypatch)
    assert kernel(3.0) == 1.5
    assert sorted(path.suffix for path in place.glob("kernels.halved*")) == [".nbc", ".nbi"]
    again, _ = made_in(tmp_path, monkeypatch)
    assert again(3.0) == 1.5
    assert sum(again.stats.cache_hits.values()) == 1


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_a_damaged_entry_is_compiled_anew(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, place = made_in(tmp_path, monkeypatch)
    assert kernel(3.0) == 1.5
    (entry,) = place.glob(f"kernels.halved*{suffix}")
    entry.write_bytes(entry.read_bytes()[:7])
    again, _ = made_in(tmp_path, monkeypatch)
    assert again(3.0) == 1.5


def test_a_place_that_goes_away_before_the_first_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, place = made_in(tmp_path, monkeypatch)
    shutil.rmtree(place)
    place.touch()
    assert kernel(3.0) == 1.5


def test_a_user_without_an_entry_gets_no_folder_called_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """expanduser gives "~" back where nobody knows the home; numba takes it for the name of a folder."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    monkeypatch.chdir(tmp_path)

    @jit()
    def doubled(values: np.ndarray) -> np.ndarray:
        return 2.0 * values

    np.testing.assert_array_equal(doubled(np.ones(2)), [2.0, 2.0])
    assert list(tmp_path.iterdir()) == []
