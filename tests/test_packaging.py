"""The wheel carries what neurocmc needs, and works where no checkout is."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.made.waiting import HANGS_S

ROOT = Path(__file__).resolve().parents[1]


def pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANGS_S)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    (found,) = folder.glob("neurocmc-*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_carries_data_templates_and_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    folders = {"targets": "*.yaml", "models": "*"}
    data = [path for folder, kind in folders.items() for path in (ROOT / folder).glob(kind) if path.is_file()]
    assert {path.suffix for path in data} == {".yaml", ".pt", ".md"}
    wanted = {f"neurocmc/_data/{path.relative_to(ROOT).as_posix()}" for path in data}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "neurocmc").rglob("*.j2")}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "neurocmc").rglob("*.schema.json")}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "neurocmc").rglob("*.py")}
    wanted |= {"neurocmc/py.typed"}
    assert not wanted - names
    assert not [name for name in names if name.startswith(("tests/", "docs/")) or "__pycache__" in name]
    assert [name for name in names if name.endswith("licenses/LICENSE")]


@pytest.mark.slow
def test_the_wheel_works_where_no_checkout_is(wheel: Path, tmp_path: Path) -> None:
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    pip("install", "--no-deps", "--target", installed, wheel)
    # Without `site` no .pth file is read, so that an editable install of the checkout is out of reach.
    libraries = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    path = os.pathsep.join([str(installed), *libraries])

    def run(*arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-S", *map(str, arguments)],
            cwd=elsewhere,
            env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=HANGS_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    told = run("-c", "import neurocmc, sys; print(neurocmc.__file__); print(*sys.path, sep='\\n')").splitlines()
    assert Path(told[0]).is_relative_to(installed)
    assert str(ROOT) not in told[1:]
    assert "loihi1" in run("-m", "neurocmc", "targets")
    asked = "from neurocmc.common.resources import resource_path as f; print(f('models/swta-digits.pt'))"
    model = Path(run("-c", asked).strip())
    assert model.is_relative_to(installed)
    out = elsewhere / "build"
    told_json = json.loads(run("-m", "neurocmc", "compile", model, "--target", "loihi1", "-o", out, "--json"))
    assert told_json["target"] == "loihi1"
    assert (out / "program" / "run.py").is_file()
