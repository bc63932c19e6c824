"""A distribution made of a module: a wheel with its entry points, installed into a folder as pip does it."""

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

FIXPOINT = Path(__file__).parent / "fixpoint"


def install(module: Path, entry_points: Mapping[str, Mapping[str, str]], folder: Path) -> None:
    """Install the module as version 1.0 of a distribution of its name; group -> name -> what it points at."""
    name = module.stem
    info = f"{name}-1.0.dist-info"
    points = "".join(
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in entries.items())
        for group, entries in entry_points.items()
    )
    wheel = folder.parent / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(module, module.name)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/entry_points.txt", points)
        archive.writestr(f"{info}/RECORD", "")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-index",
        "--no-deps",
        "--quiet",
        "--target",
        folder,
        wheel,
    ]
    subprocess.run([*map(str, command), "--disable-pip-version-check"], check=True, capture_output=True, text=True)
