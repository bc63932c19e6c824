"""An artifact without pictures is the same artifact; `verify` draws what is missing."""

from pathlib import Path

import pytest

from tests.cli.running import CIRCUIT, listing, run

TRIAL = "figures/trial.png"
PICTURES = {"figures/gain-fits.png", "figures/core-map.png", "figures/chip-map.png", TRIAL}
OWN = {"timings.json", "manifest.json"}  # its times, and the hashes of what is there


def made(folder: Path) -> dict[str, bytes]:
    return {name: content for name, content in listing(folder).items() if name not in OWN}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same circuit compiled with pictures and without."""
    folders = {flag: tmp_path_factory.mktemp("compiled") / "out" for flag in ("--figures", "--no-figures")}
    for flag, folder in folders.items():
        done = run("compile", CIRCUIT, "--target", "loihi1", "--neurons", "32", flag, "-o", folder)
        assert done.code == 0, done.err
    return folders


def test_nothing_but_pictures_is_left_out_until_they_are_drawn(compiled: dict[str, Path]) -> None:
    drawn, bare = made(compiled["--figures"]), made(compiled["--no-figures"])
    assert set(drawn) - set(bare) == PICTURES
    assert {name for name in bare if drawn[name] != bare[name]} == {"report.html"}
    assert b"<img" in drawn["report.html"]
    assert b"<img" not in bare["report.html"]

    kept = run("verify", compiled["--no-figures"], "--no-figures")
    assert kept.code == 0, kept.err
    assert not PICTURES & set(listing(compiled["--no-figures"]))

    for folder in compiled.values():
        assert run("verify", folder).code == 0
    drawn, bare = made(compiled["--figures"]), made(compiled["--no-figures"])
    assert {*PICTURES, "figures/errors.png"} <= set(drawn)
    assert drawn == bare

    # What an earlier call drew of the levels still holds; its errors and its trial are of another stimulus.
    assert run("verify", compiled["--figures"], "--samples", "1", "--no-figures").code == 0
    left = listing(compiled["--figures"])
    assert set(left) & {*PICTURES, "figures/errors.png"} == PICTURES - {TRIAL}
    assert left["report.html"].count(b"<img") == len(PICTURES) - 1
