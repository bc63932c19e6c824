"""`neurocmc show`: what an artifact's pages leave out of a large circuit, and some populations of any."""

import json
from pathlib import Path

import pytest

from neurocmc.ir.excerpt import excerpt
from neurocmc.ir.printer import print_rate, print_spiking
from tests.cli.running import CIRCUIT, Run, run
from tests.made import levels


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shown") / "build"
    assert run("compile", CIRCUIT, "--target", "loihi1", "--neurons", "8", "--no-figures", "-o", folder).code == 0
    return folder


@pytest.mark.parametrize(
    ("part", "file"), [("rate", "10-rate"), ("spiking", "20-spiking"), ("chip", "30-integer"), ("staged", "10-rate")]
)
def test_a_level_is_shown_as_its_page_has_it(build: Path, part: str, file: str) -> None:
    shown = run("show", build, part)
    assert shown.code == 0, shown.err
    assert shown.out == (build / "ir" / f"{file}.txt").read_text(encoding="utf-8")


def test_populations_are_shown_with_what_begins_or_ends_there(build: Path) -> None:
    shown = run("show", build, "chip", "inh*")
    assert shown.out.startswith("only inh*, with what they send and receive\n")
    heads = [line for line in shown.out.splitlines() if line.startswith(("population", "projection", "input"))]
    assert [head.split()[1].rstrip(":") for head in heads] == ["inhibit", "inhibit->excite", "excite->inhibit"]


def test_every_state_of_a_certificate_is_shown(tmp_path: Path) -> None:
    copies = 15  # more states than the dozen that are told unasked
    weight = "\n".join(f"    - [{', '.join('1.2' if i == j else '0' for j in range(copies))}]" for i in range(copies))
    circuit = tmp_path / "copies.yaml"
    circuit.write_text(
        f"name: copies\ndt_ms: 1\nform: filter-after\n"
        f"populations: {{hold: {{size: {copies}, tau_ms: 10, transfer: relu, saturation: 1}}}}\n"
        f"projections:\n- from: hold\n  to: hold\n  weight:\n{weight}\n"
        f"inputs: {{cue: {{to: hold, channels: {copies}}}}}\n"
        "stimuli: {go: {duration_s: 0.1, steps: [{at_s: 0, cue: 1}]}}\n"
    )
    target = ["--target", "loihi1", "--neurons", 8, "--no-figures"]
    told = run("compile", circuit, *map(str, target), "-o", tmp_path / "build")
    assert told.code == 0, told.err
    assert f"{copies} of {copies} survive" in told.out
    shown = run("show", tmp_path / "build", "certificate").out.splitlines()
    assert (
        sum(line.startswith("  hold[") and "activity 1.0000" in line for line in shown) == 2 * copies
    )  # and as many winners
    assert not any("more" in line for line in shown)
    assert f"certificate: {copies:,} up-states" in shown[0]


def test_a_page_without_a_limit_has_what_one_with_a_limit_counts() -> None:
    circuit = levels.rate()
    assert len(circuit.projections) > 1
    short, whole = print_rate(circuit, 1), print_rate(circuit, 100)
    more = len(circuit.projections) - 1
    assert f"shown by `neurocmc show`: {len(circuit.populations) - 1} population, {more} projections" in short
    assert "neurocmc show" not in whole
    assert whole.count("\nprojection ") == len(circuit.projections)
    assert short.count("\nprojection ") == 1
    assert print_spiking(levels.spiking(), 1).count("\npopulation ") == 1


def test_an_excerpt_without_names_is_the_level_itself() -> None:
    circuit = levels.rate()
    assert excerpt(circuit, []) is circuit


def test_gain_fits_of_named_populations_are_drawn(build: Path, tmp_path: Path) -> None:
    one, both = tmp_path / "one.png", tmp_path / "both.svg"
    assert run("show", build, "spiking", "excite", "--draw", one).out == f"picture: {one}\n"
    assert run("show", build, "spiking", "--draw", both).code == 0
    assert one.read_bytes().startswith(b"\x89PNG")
    assert both.read_text(encoding="utf-8").startswith("<?xml")


def refused(told: Run, *words: str) -> None:
    assert told.code == 2
    assert told.out == ""
    for word in words:
        assert word in told.err


def test_what_cannot_be_shown_is_refused(build: Path, tmp_path: Path) -> None:
    refused(run("show", build, "spiking", "excit"), "[population-unknown]", "did you mean excite?")
    refused(run("show", build, "chip", "--draw", tmp_path / "x.png"), "[option-not-for-this]", "not to chip")
    refused(run("show", build, "spiking", "--draw", tmp_path / "x.pdf"), "[output-suffix-unknown]", ".png or .svg")
    refused(run("show", tmp_path, "spiking"), "[not-an-artifact]")


def test_pages_and_pictures_are_told_as_json(build: Path, tmp_path: Path) -> None:
    told = json.loads(run("show", build, "spiking", "excite", "--json").out)
    assert (told["part"], told["names"]) == ("spiking", ["excite"])
    assert any(line.startswith("population excite") for line in told["lines"])
    picture = tmp_path / "fits.svg"
    assert json.loads(run("show", build, "spiking", "--draw", picture, "--json").out) == {"picture": str(picture)}


def test_a_chip_of_cores_is_shown(tmp_path: Path) -> None:
    build = tmp_path / "build"
    assert run("compile", CIRCUIT, "--target", "truenorth", "--no-figures", "-o", build).code == 0
    shown = run("show", build, "chip").out
    assert shown == (build / "ir" / "30-cores.txt").read_text(encoding="utf-8")
    assert "population excite" not in run("show", build, "chip", "inhibit").out
