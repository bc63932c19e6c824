"""Bundled files are found in a wheel and in a checkout, and their absence is said clearly."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_folder, resource_path
from tests.made.waiting import HANGS_S

PACKAGE = Path(neurocmc.__file__).parent


def test_bundled_files_are_there() -> None:
    assert resource_path("targets/loihi1.yaml").is_file()
    assert resource_path("models/working-memory.yaml").is_file()


def test_an_unknown_file_names_its_neighbours() -> None:
    with pytest.raises(InputError) as caught:
        resource_path("targets/loihi9.yaml")
    assert str(caught.value) == (
        "targets/loihi9.yaml: no such bundled file [bundled-file-missing]\n    cure: the folder targets holds: "
        "brian2.yaml, loihi1.yaml, loihi2.yaml, nahuku32.yaml, neurocorex.yaml, ns16e.yaml, pohoiki-springs.yaml, "
        "ranc.yaml, truenorth.yaml"
    )


def test_no_way_out_of_the_folder() -> None:
    with pytest.raises(InputError, match=r"\[bundled-file-missing\]"):
        resource_path("targets/../pyproject.toml")
    with pytest.raises(ValueError, match="resource folders are targets, models"):
        resource_folder("tests")


PROBE = """
from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_path
try:
    print(resource_path("targets/a.yaml"))
except InputError as error:
    print(error)
"""


def installed(site: Path) -> str:
    """What `resource_path` says in a process where neurocmc is installed in `site`."""
    shutil.copytree(PACKAGE / "common", site / "neurocmc" / "common", dirs_exist_ok=True)
    (site / "neurocmc" / "__init__.py").touch()
    # -I keeps the checkout off the path; the copy is put first.
    code = f"import sys; sys.path.insert(0, {str(site)!r})\n{PROBE}"
    result = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=HANGS_S, check=True
    )
    return result.stdout.strip()


def test_installed_data_come_first(tmp_path: Path) -> None:
    data = tmp_path / "neurocmc" / "_data" / "targets"
    data.mkdir(parents=True)
    (data / "a.yaml").touch()
    assert installed(tmp_path) == str(data / "a.yaml")


def test_a_stranger_beside_the_package_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "a.yaml").touch()
    assert installed(tmp_path) == (
        f"installation: the bundled folder 'targets' is neither at {tmp_path}/neurocmc/_data/targets nor at "
        f"{tmp_path}/targets [installation-incomplete]\n    cure: install neurocmc again from its wheel or checkout"
    )
