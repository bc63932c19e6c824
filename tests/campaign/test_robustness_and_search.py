"""Robustness and the search of neurons and codes as campaigns: the same bytes with workers, kept until whole."""

import json
from pathlib import Path
from typing import Any

import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.pipeline.artifact import open_artifact
from neurocmc.pipeline.campaign.place import Place
from neurocmc.pipeline.robustness import RobustnessOptions, robustness
from neurocmc.pipeline.robustness_campaign import robustness_into
from neurocmc.pipeline.search.scouts import Scouts
from tests.campaign.plans import CIRCUIT
from tests.cli.running import listing, run

OPTIONS = RobustnessOptions(kinds=("dead", "weight"), levels=(0.1, 0.5), seeds=7, samples=1)


class StoppedError(Exception):
    """Somebody stopped the campaign."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A circuit, and its artifact."""
    folder = tmp_path_factory.mktemp("used")
    (folder / "tiny.yaml").write_text(CIRCUIT)
    made = run(
        "compile", folder / "tiny.yaml", "--target", "loihi1", "--neurons", "8", "--no-figures", "-o", folder / "b"
    )
    assert made.code == 0, made.err
    return folder


def silent(_text: str, _share: float, _line: str) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def tabled(folder: Path) -> dict[str, bytes]:
    """What faulty chips come to in this process."""
    result, _ = robustness_into(folder / "b", OPTIONS, folder / "here", Place(), silent)
    assert result.outcomes == robustness(open_artifact(folder / "b"), OPTIONS).outcomes
    return listing(folder / "here")


@pytest.mark.slow
def test_faulty_chips_on_workers_are_the_same(folder: Path, tabled: dict[str, bytes], tmp_path: Path) -> None:
    robustness_into(folder / "b", OPTIONS, tmp_path / "there", Place(workers=2), silent)
    assert listing(tmp_path / "there") == tabled
    assert set(tabled) == {"trials.csv", "table.csv", "table.md", "robustness.png"}


def test_what_was_stopped_goes_on_and_is_refused_for_another_artifact(
    folder: Path, tabled: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"

    def stop(_text: str, _share: float, line: str) -> None:
        if line.startswith("run 4 "):
            raise StoppedError

    with pytest.raises(StoppedError):
        robustness_into(folder / "b", OPTIONS, out, Place(), stop)
    assert [path.name for path in out.iterdir()] == ["runs"]
    assert len(list((out / "runs").iterdir())) == 4
    other = RobustnessOptions(kinds=("dead", "weight"), levels=(0.1, 0.5), seeds=7, samples=2)
    with pytest.raises(InputError, match=r"samples differs.*\[campaign-other\]"):
        robustness_into(folder / "b", other, out, Place(), silent)
    told: list[str] = []
    robustness_into(folder / "b", OPTIONS, out, Place(), lambda _text, _share, line: told.append(line))
    assert len([line for line in told if line]) == 5 * 2 - 4  # runs of five chips and of two
    assert listing(out) == tabled


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        ("--max-error", "0.02"),
        pytest.param(("--code", "auto", "--max-error", "0.02"), marks=pytest.mark.nightly),
        pytest.param(("--max-error", "0.000001"), marks=pytest.mark.nightly),
    ],
)
def test_candidates_on_workers_give_the_same_artifact(asked: tuple[str, ...], folder: Path, tmp_path: Path) -> None:
    given = ("compile", folder / "tiny.yaml", "--target", "loihi1", "--no-figures", *asked)
    here = run(*given, "-o", tmp_path / "here" / "a")
    there = run(*given, "-o", tmp_path / "there" / "a", "--workers", "2")
    assert there.code == here.code
    assert [line for line in there.err.splitlines() if "cure" in line or "error" in line] == [
        line for line in here.err.splitlines() if "cure" in line or "error" in line
    ]
    one, other = (listing(tmp_path / name) if (tmp_path / name).exists() else {} for name in ("here", "there"))
    assert {name: content for name, content in other.items() if "timings" not in name} == {
        name: content for name, content in one.items() if "timings" not in name
    }


@pytest.mark.nightly
def test_a_search_that_was_stopped_goes_on(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What workers measured is kept beside the artifact until it is there, and is not measured again."""
    tried, most = Scouts.tried, 2

    def stops(self: Scouts, *args: Any) -> Any:
        if len(self.known) >= most:
            raise KeyboardInterrupt
        return tried(self, *args)

    given = (
        "compile",
        folder / "tiny.yaml",
        "--target",
        "loihi1",
        "--no-figures",
        "--workers",
        "2",
        "-o",
        tmp_path / "a",
    )
    monkeypatch.setattr(Scouts, "tried", stops)
    assert run(*given, "--max-error", "0.005").code == 130
    kept = sorted(path.name for path in (tmp_path / "a.search").iterdir())
    assert len(kept) == most
    monkeypatch.setattr(Scouts, "tried", tried)
    before = {name: (tmp_path / "a.search" / name).stat().st_mtime_ns for name in kept}
    other = run(*given, "--max-error", "0.005", "--seed", "3")
    assert (other.code, "[campaign-other]" in other.err) == (2, True)
    assert {name: (tmp_path / "a.search" / name).stat().st_mtime_ns for name in kept} == before
    assert run(*given, "--max-error", "0.005").code == 0
    assert not (tmp_path / "a.search").exists()
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["options"]["max_error"] == 0.005


def test_workers_that_have_nothing_to_do_or_to_read_are_refused(folder: Path, tmp_path: Path) -> None:
    model = neurocmc.load(folder / "tiny.yaml")
    with pytest.raises(InputError, match=r"workers: workers read the model from a file.*\[option-not-for-this\]"):
        neurocmc.compile(model, "loihi1", tmp_path / "a", max_error=0.1, workers=2)
    with pytest.raises(InputError, match=r"this compilation searches for none.*\n.*add max_error or code"):
        neurocmc.compile(folder / "tiny.yaml", "loihi1", tmp_path / "a", workers=2)


@pytest.mark.parametrize("more", [("--workers", "2"), ("--scheduler", "tcp://127.0.0.1:1")])
def test_workers_without_a_search_are_refused(more: tuple[str, ...], folder: Path, tmp_path: Path) -> None:
    shown = run("compile", folder / "tiny.yaml", "--target", "loihi1", "-o", tmp_path / "a", *more)
    assert (shown.code, "[option-not-for-this]" in shown.err) == (2, True)
