"""Install the wheel on every Python from 3.11 that this machine has, and compile, simulate, verify, budget with it.

    python tests/interpreters.py [--everything]

For each of python3.11 to python3.14 that runs, on the path or among pyenv's versions, the wheel is installed with its
dependencies resolved anew, without extras, into build/interpreters/3.X, which is used again while what the wheel
needs is unchanged. Then, in empty folders far from the checkout: the three commands of README, timed from the
installation on; every command of the tutorial that needs no torch, copied from its page; and a circuit in YAML on
Brian2. `--everything` takes the circuit of the example on every target, and runs the test suite as well, whose tests
of torch are skipped by name. Two interpreters at a time; needs nothing but the standard library.
"""

import argparse
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
VERSIONS = ((3, 11), (3, 12), (3, 13), (3, 14))
SHORT, WHOLE = "tests/hosts/chain.yaml", "examples/circuit.yaml"
TARGETS = {"brian2": 0}
TUTORIAL, COMMANDS = "docs/tutorial.md", 12  # of ours; fewer would mean that its blocks are read no more
FIRST = (["compile", "swta-digits", "--target", "loihi1", "-o", "build"], ["verify", "build", "--samples", "100"])
# RANC's cores have no noise to smooth what their rounding does: the circuit of the example misses budgets on it.
EVERY_TARGET = TARGETS | {"loihi1": 0, "loihi2": 0, "truenorth": 0, "ranc": 1}
LIMIT_S = 600
SUITE_LIMIT_S = 3600
AT_ONCE = 2
# What would take modules from elsewhere, or compile every module again in each of so many processes.
OTHERWISE = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
QUIET = ("--quiet", "--quiet", "--disable-pip-version-check")
ASKED = "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])"
TOLD = "from importlib.metadata import version as v; print('numpy', v('numpy'), 'brian2', v('brian2'))"


@dataclass(frozen=True)
class Interpreter:
    """A Python that runs: the command that starts it, and its version."""

    command: str
    version: str

    @property
    def environment(self) -> Path:
        return BUILD / "interpreters" / self.version.rpartition(".")[0]


def interpreters(versions: Sequence[tuple[int, int]] = VERSIONS) -> Iterator[Interpreter]:
    """One of each version that there is. A shim of pyenv's that has nothing to run is none."""
    for major, minor in versions:
        for command in _candidates(f"python{major}.{minor}"):
            version = _version(command)
            if version.startswith(f"{major}.{minor}."):
                yield Interpreter(command, version)
                break


def _candidates(name: str) -> Iterator[str]:
    """Commands that may be that Python: all on the path, then all that pyenv has installed."""
    for folder in os.get_exec_path():
        if found := shutil.which(name, path=folder):
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for installed in sorted((pyenv / "versions").glob(f"{name.removeprefix('python')}*")):
        if found := shutil.which(name, path=str(installed / "bin")):
            yield found


def _version(command: str) -> str:
    """The version that a command says it is, or nothing where it does not run or cannot make environments."""
    try:
        asked = subprocess.run([command, "-c", ASKED], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def build_wheel() -> Path:
    """The wheel of this checkout, made by pip as a user's would be."""
    folder = BUILD / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "pip", "wheel", *QUIET, "--no-deps", "--wheel-dir", str(folder), str(ROOT)], ROOT)
    (wheel,) = folder.glob("neurocmc-*.whl")
    return wheel


def needs(wheel: Path) -> str:
    """What the wheel asks for, in the order in which it does."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(metadata).decode().partition("\n\n")[0].splitlines()
    return "\n".join(line for line in lines if line.startswith(("Requires-Dist:", "Requires-Python:")))


def installed(interpreter: Interpreter, wheel: Path, extra: str = "") -> Path:
    """The Python of an environment with the wheel and what it needs, made anew where that changed."""
    folder = interpreter.environment
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    key = hashlib.sha256(f"{interpreter.version}\n{needs(wheel)}\n{extra}".encode()).hexdigest()
    stamp = folder / ".installed"
    same = stamp.is_file() and stamp.read_text() == key
    if not same:
        _run([interpreter.command, "-m", "venv", "--clear", str(folder)], ROOT)
    # What the wheel needs is there already where nothing changed; the wheel itself is always today's.
    fresh = ("--no-deps", "--force-reinstall") if same else ()
    _run([str(python), "-m", "pip", "install", *QUIET, "--no-compile", *fresh, f"{wheel}{extra}"], ROOT)
    stamp.write_text(key)
    return python


def walk(python: Path, circuit: str, targets: dict[str, int], folder: Path) -> Iterator[str]:
    """Take a circuit through all commands for each target, in `folder`. Raises RuntimeError where one fails."""
    shutil.copy(ROOT / circuit, folder / "circuit.yaml")
    for target, verdict in targets.items():
        begun = time.monotonic()
        for command, code in (
            (["compile", "circuit.yaml", "--target", target, "-o", target], 0),
            (["simulate", target, "--on", "brian2" if target == "brian2" else "emulator", "-o", f"{target}.npz"], 0),
            (["verify", target], verdict),
            (["budget", target], 0),
        ):
            _run([str(python), "-m", "neurocmc", *command], folder, code)
        yield f"{target} {time.monotonic() - begun:.0f} s"


def first_program(python: Path, folder: Path) -> float:
    """Seconds of README's commands after the installation: a trained circuit compiled, and verified."""
    begun = time.monotonic()
    for command in FIRST:
        _run([str(python), "-m", "neurocmc", *command], folder)
    return time.monotonic() - begun


def tutorial(python: Path, folder: Path) -> float:
    """Seconds of every command of the tutorial that needs no torch. Raises RuntimeError where one fails."""
    begun = time.monotonic()
    page = (ROOT / TUTORIAL).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    told = [line for block in blocks for line in block.splitlines() if line.startswith("neurocmc ")]
    if len(told) != COMMANDS:
        raise RuntimeError(f"{TUTORIAL} has {len(told)} commands, {COMMANDS} were due")
    for line in told:
        _run([str(python), "-m", "neurocmc", *shlex.split(line)[1:]], folder)
    return time.monotonic() - begun


def _run(command: Sequence[str], folder: Path, code: int = 0, limit_s: float = LIMIT_S) -> str:
    """What a command printed. Raises RuntimeError with the end of it where the command leaves with another code."""
    environment = {name: value for name, value in os.environ.items() if name not in OTHERWISE}
    environment |= {"NEUROCMC_LAVA_PYTHON": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=limit_s,
        check=False,
    )
    if done.returncode != code:
        end = "\n".join(done.stdout.splitlines()[-25:])
        raise RuntimeError(f"{' '.join(command)}\nleft with {done.returncode}, {code} was due:\n{end}")
    return done.stdout


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def try_out(interpreter: Interpreter, wheel: Path, everything: bool) -> str:
    """A line on one interpreter. Raises RuntimeError where something fails on it."""
    begun = time.monotonic()
    python = installed(interpreter, wheel, "[test]" if everything else "")
    installing = time.monotonic() - begun
    parts = [f"installed {installing:.0f} s"]
    told = _run([str(python), "-c", TOLD], ROOT).strip()
    for name, walked in (("first verified program", first_program), ("tutorial", tutorial)):
        with tempfile.TemporaryDirectory(prefix="neurocmc-") as empty:
            parts.append(f"{name} {walked(python, Path(empty)):.0f} s")
    with tempfile.TemporaryDirectory(prefix="neurocmc-") as elsewhere:
        parts += walk(python, *((WHOLE, EVERY_TARGET) if everything else (SHORT, TARGETS)), Path(elsewhere))
    if everything:
        suite = _run(
            [str(python), "-m", "pytest", "-m", "not lava and not nightly", "-rs"], ROOT, limit_s=SUITE_LIMIT_S
        )
        parts.append(suite.strip().splitlines()[-1])
    size = f"{_size_mb(interpreter.environment):,.0f} MB"
    return f"Python {interpreter.version}: {told}; {size}; {', '.join(parts)}"


def main() -> int:
    """Try all interpreters, tell each in a line; 1 where one failed or none was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--everything", action="store_true", help="every target, and the test suite")
    everything = parser.parse_args().everything
    found = list(interpreters())
    if not found:
        print("no Python from 3.11 on that runs was found", file=sys.stderr)
        return 1
    wheel = build_wheel()
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
    failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tried = [(interpreter, pool.submit(try_out, interpreter, wheel, everything)) for interpreter in found]
        for interpreter, future in tried:
            try:
                print(future.result(), flush=True)
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                print(f"Python {interpreter.version} FAILED: {error}", file=sys.stderr, flush=True)
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
