"""The wheel carries what neurocmc needs, and works where no checkout is."""

import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
import zipfile
from email import message_from_bytes
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
    assert {path.suffix for path in data} == {".yaml", ".pt", ".nir", ".npz", ".md"}
    wanted = {f"neurocmc/_data/{path.relative_to(ROOT).as_posix()}" for path in data}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "neurocmc").rglob("*.j2")}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "neurocmc").rglob("*.schema.json")}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "neurocmc").rglob("*.py")}
    wanted |= {f"neurocmc/circuits/mnist-5k/{name}" for name in ("digits.npz", "LICENSE.txt")}
    wanted |= {"neurocmc/py.typed"}
    assert not wanted - names
    assert not [name for name in names if name.startswith(("tests/", "docs/")) or "__pycache__" in name]
    licences = {name.partition(".dist-info/licenses/")[2] for name in names if "/licenses/" in name}
    assert licences == {"LICENSE", "neurocmc/circuits/mnist-5k/LICENSE.txt"}
    assert wheel.stat().st_size < 3_700_000


@pytest.mark.slow
def test_the_metadata_say_what_it_is_and_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    assert metadata["License-Expression"] == "Apache-2.0 AND BSD-3-Clause AND CC-BY-SA-3.0"
    assert metadata["Author"] == "The neurocmc authors"
    assert f"version: {metadata['Version']}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    needed = [requirement for requirement in metadata.get_all("Requires-Dist", []) if "extra ==" not in requirement]
    heavy = ("torch", "torchdiffeq", "mlxtend", "pandas", "scikit-learn")
    assert not [requirement for requirement in needed if requirement.lower().startswith(heavy)]
    assert {"torch", "pandas", "xarray", "neo", "test", "check", "docs"} == set(
        metadata.get_all("Provides-Extra", [])
    )
    description = metadata.get_payload()
    assert isinstance(description, str)
    assert description.lstrip().startswith("# neurocmc\n")
    assert "](docs/" not in description  # a picture or page of the checkout, which no reader of it has
    assert "## Two commands" in description


@pytest.mark.slow
@pytest.mark.skipif(platform.system() != "Linux", reason="elsewhere torch comes without a GPU")
def test_torch_is_bounded_while_the_newest_brings_a_gpu_build() -> None:
    """On Linux the newest torch asks for CUDA's libraries, several gigabytes that no part of neurocmc can use.

    The bound of the extra keeps pip at the last release of which a build without them is to be had where this was
    written. Where this test fails, the newest release asks for them no longer: take the bound away, and this test.
    """
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    asked = subprocess.run(
        [*command, "--report", "-", "torch"], capture_output=True, text=True, timeout=HANGS_S, check=False
    )
    if asked.returncode:
        pytest.skip("no torch is to be had: there is no network")
    (torch,) = json.loads(asked.stdout)["install"]
    newest, needed = torch["metadata"]["version"], torch["metadata"].get("requires_dist", [])
    bound = next(line for line in (ROOT / "pyproject.toml").read_text().splitlines() if line.startswith("torch = "))
    (below,) = re.findall(r'"torch>=[\d.]+,<([\d.]+)"', bound)
    assert [int(part) for part in re.findall(r"\d+", newest)[:2]] >= [int(part) for part in below.split(".")]
    assert [name for name in needed if name.startswith(("cuda-", "nvidia-"))], f"torch {newest} needs {needed}"


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
    asked = "from neurocmc.common.resources import resource_path as f; print(f('models/swta-digits.circuit.npz'))"
    model = Path(run("-c", asked).strip())
    assert model.is_relative_to(installed)
    out = elsewhere / "build"
    told_json = json.loads(run("-m", "neurocmc", "compile", model, "--target", "loihi1", "-o", out, "--json"))
    assert told_json["target"] == "loihi1"
    assert (out / "program" / "run.py").is_file()
