"""The environments that Lava and other emulators live in: made once, beside the checkout's own, never imported.

    python tests/lava_environment.py [lava | lava-310 | netx | spiking | pynn | sanafe]

makes `.venv-lava`, `.venv-lava-310`, `.venv-netx`, `.venv-spiking`, `.venv-pynn` or `.venv-sanafe` and prints the
path of its interpreter:

- lava: lava-nc 0.10.0 on this Python. It declares Python 3.10 only; on newer versions it is installed without its
  dependencies, of which four are enough for bit-accurate LIF networks. NEUROCMC_LAVA_PYTHON names another
  interpreter that has it.
- lava-310: the same as its makers meant it, with all dependencies on Python 3.10, where that interpreter exists.
- netx: h5py and lava-dl 0.6.0, without the gigabytes of dependencies of its training half; the rest is lava's.
- spiking: snnTorch, Norse and sinabs with nir, which train networks of neurons (tests/frameworks); torch and the rest
  are those of the interpreter that runs this, which has to have torch. NEUROCMC_SPIKING_PYTHON names another one.
- pynn: PyNN 0.13 with NEST 3.10 and Brian2, which run what `export --to pynn` writes (tests/backends). NEST's wheels
  are for Linux on x86-64, Python 3.11 to 3.13. NEUROCMC_PYNN_PYTHON names another interpreter that has them.
- sanafe: SANA-FE, which the energy of placed circuits is held beside (tests/bench/energy.py).
"""

import os
import platform
import shutil
import subprocess
import sys
import venv
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[1]
LAVA = "lava-nc==0.10.0"
ALONE = ("--no-deps", "--ignore-requires-python")
DEPENDENCIES = ("numpy", "scipy", "networkx", "asteval")
RECIPES: dict[str, tuple[tuple[str, ...], ...]] = {
    "lava": (DEPENDENCIES, (*ALONE, LAVA)),
    "lava-310": ((LAVA,),),
    "nengo": (("-r", "tests/bench/requirements-nengo.txt"),),
    "brian2-loihi": (("-r", "tests/bench/requirements-brian2-loihi.txt"),),
    "sanafe": (("-r", "tests/bench/requirements-sanafe.txt"),),
    "partitioners": (("-r", "tests/bench/requirements-partitioners.txt"),),
    "netx": ((*ALONE, "h5py", "lava-dl==0.6.0"),),
    "pynn": (
        (
            "PyNN==0.13.0",
            "nest-simulator==3.10.0",
            "brian2==2.9.0",
            "numpy==2.3.5",
            "neo==0.14.6",
            "quantities==0.16.4",
            "lazyarray==0.7.0",
        ),
    ),
    # pbr is what sinabs asks for its own version.
    "spiking": (
        (
            "--no-deps",
            "snntorch==1.0.0",
            "norse==1.1.0",
            "sinabs==3.1.3",
            "nir==1.0.8",
            "nirtorch==2.6",
            "pbr==7.1.3",
        ),
    ),
}
HAVE_PIP = any(distributions(name="pip"))  # not find_spec, which has setuptools replace distutils
INSTALL_LIMIT_S = 3600  # ends what would never end


def lava_python() -> Path:
    """The interpreter with Lava, made if need be. Raises CalledProcessError where it cannot be installed."""
    if named := os.environ.get("NEUROCMC_LAVA_PYTHON"):
        return Path(named)
    return made("lava", Path(sys.executable))


def lava_python_310() -> Path | None:
    """Lava on Python 3.10, made if need be; None where there is no such interpreter."""
    python = python_310()
    return made("lava-310", python) if python else None


def netx_python() -> Path:
    """The interpreter with lava-dl's netx, made if need be; it sees the packages of the one with Lava."""
    lava = lava_python()
    return made("netx", lava, sees=_asked(lava, "import sysconfig; print(sysconfig.get_path('purelib'))"))


def spiking_python() -> Path | None:
    """The interpreter with snnTorch, Norse and sinabs, made if need be; None where torch is not installed.

    It sees the packages beside our own torch, so that there is one torch for all.
    """
    if named := os.environ.get("NEUROCMC_SPIKING_PYTHON"):
        return Path(named)
    torch = find_spec("torch")
    if torch is None or torch.origin is None:
        return None
    return made("spiking", Path(sys.executable), sees=str(Path(torch.origin).parents[1]))


def pynn_python() -> Path | None:
    """The interpreter with PyNN, NEST and Brian2, made if need be; None where NEST has no wheel."""
    if named := os.environ.get("NEUROCMC_PYNN_PYTHON"):
        return Path(named)
    fits = sys.platform == "linux" and platform.machine() == "x86_64" and (3, 11) <= sys.version_info[:2] <= (3, 13)
    return made("pynn", Path(sys.executable)) if fits else None


def peer_python(name: str) -> Path | None:
    """The interpreter with nengo-loihi ("nengo") or brian2-loihi, which `make bench` uses as well, made if need be.

    None where there is none: their last releases need packages that Python 3.11 is the newest to have.
    """
    variable = f"NEUROCMC_{name.upper().replace('-', '_')}_PYTHON"
    if named := os.environ.get(variable):
        return Path(named)
    return made(name, Path(sys.executable)) if sys.version_info[:2] == (3, 11) else None


def python_310() -> Path | None:
    """An interpreter of Python 3.10: the one on the path, or one that pyenv has installed."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted(pyenv.glob("versions/3.10.*/bin/python3.10"))
    for python in (shutil.which("python3.10"), *installed):
        # A shim of pyenv's is on the path whether or not it has something to run.
        if python and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return Path(python)
    return None


def made(name: str, python: Path, sees: str = "") -> Path:
    """The interpreter of environment `name`, installed with `python` by its recipe unless it is there already.

    It also imports what is in the folder `sees`.
    """
    folder = ROOT / f".venv-{name}"
    folder.mkdir(exist_ok=True)
    recipe = f"{_asked(python, 'import sys; print(sys.version)')}\n{RECIPES[name]}\n{sees}\n"
    with (folder / ".lock").open("w") as lock:  # several test workers may come here at once
        wait_for(lock)
        ready = folder / ".ready"
        if not ready.is_file() or ready.read_text() != recipe:
            _empty(folder)
            _make(folder, python)
            for packages in RECIPES[name]:
                _install(_python_of(folder), *packages)
            for site in folder.glob("lib/python*/site-packages"):
                (site / "lava.pth").write_text(f"{sees}\n")
            (folder / ".installed").touch()  # what the Makefile looks at
            ready.write_text(recipe)
    return _python_of(folder)


def _python_of(folder: Path) -> Path:
    windows = folder / "Scripts" / "python.exe"
    return windows if windows.is_file() else folder / "bin" / "python"


def wait_for(lock: TextIO) -> None:
    """Hold a file's lock until it is closed; where the system has no such locks, only one may come here at a time."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    fcntl.flock(lock, fcntl.LOCK_EX)


def _asked(python: Path, program: str) -> str:
    return subprocess.run([str(python), "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def _make(folder: Path, python: Path) -> None:
    """An environment without pip of its own where ours can install into it: to unpack pip takes seconds."""
    if python == Path(sys.executable):
        venv.create(folder, with_pip=not HAVE_PIP)
    else:
        command = [str(python), "-m", "venv", *(("--without-pip",) if HAVE_PIP else ()), str(folder)]
        subprocess.run(command, check=True, timeout=INSTALL_LIMIT_S)


def _empty(folder: Path) -> None:
    """Remove what an interrupted installation or another Python left; the lock stays."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != ".lock":
            entry.unlink()


def _install(python: Path, *arguments: str) -> None:
    """What nobody imports need not be compiled either."""
    pip = [sys.executable, "-m", "pip", "--python", str(python)] if HAVE_PIP else [str(python), "-m", "pip"]
    command = [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-compile", *arguments]
    subprocess.run(command, check=True, timeout=INSTALL_LIMIT_S, cwd=ROOT)


def _main(name: str) -> None:
    if name == "lava-310" and not python_310():
        raise SystemExit("no Python 3.10 on the path or in pyenv")
    if name == "spiking" and not spiking_python():
        raise SystemExit("no torch: install the extra [torch]")
    if name == "pynn" and not pynn_python():
        raise SystemExit("NEST has wheels for Linux on x86-64 alone, Python 3.11 to 3.13")
    makers = {"lava": lava_python, "lava-310": lava_python_310, "netx": netx_python, "spiking": spiking_python}
    makers["pynn"] = pynn_python
    makers["sanafe"] = lambda: peer_python("sanafe")
    print(makers[name]())


if __name__ == "__main__":
    _main(sys.argv[1] if len(sys.argv) > 1 else "lava")
