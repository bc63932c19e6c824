"""An artifact of each version of the format: the current is read, an older names the command that makes it again.

`artifact-1` was compiled by neurocmc as it was before certificates (tests/hosts/chain.yaml, four neurons a unit).
"""

import shlex
import shutil
from pathlib import Path

import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.pipeline.artifact import open_artifact
from neurocmc.pipeline.manifest import VERSION
from tests.cli.running import run

HERE = Path(__file__).parent


def test_there_is_one_of_every_version() -> None:
    assert {path.name for path in HERE.glob("artifact-*")} == {f"artifact-{n}" for n in range(1, VERSION + 1)}


def test_the_current_version_is_read_and_verified(tmp_path: Path) -> None:
    artifact = shutil.copytree(HERE / f"artifact-{VERSION}", tmp_path / "artifact")
    opened = open_artifact(artifact)
    assert opened.neurons == 4
    assert opened.built.run(opened.stimuli.calibration[0]).activity["b"].max() > 0
    edges = {(edge.name, edge.quantity): edge for edge in neurocmc.verify(artifact, figures=False).edges}
    assert edges["emulator ~ emitted", "spikes that differ"].value == 0


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_older_version_names_the_command_that_makes_it_again(version: int, tmp_path: Path) -> None:
    artifact = shutil.copytree(HERE / f"artifact-{version}", tmp_path / "an artifact")
    with pytest.raises(InputError) as refused:
        open_artifact(artifact)
    (problem,) = refused.value.problems
    assert problem.id == "format-version"
    assert f"version {version}, made by neurocmc 0." in problem.what
    command = shlex.split(problem.cure.removeprefix("make it again: "))
    assert command[:2] == ["neurocmc", "compile"]
    again = run(*command[1:])
    assert again.code == 0, again.err
    assert open_artifact(f"{artifact}-again").neurons == 4


def test_what_tells_nothing_of_itself_is_refused_without_a_command(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": "neurocmc-artifact", "version": 7, "source": "../model.pt"}')
    with pytest.raises(InputError) as refused:
        open_artifact(tmp_path)
    assert refused.value.problems[0].cure == "compile again from the model"
