"""Edges of what a filter rests in: on both levels, only for filters, and not run where drives are not held."""

from pathlib import Path

import pytest

import neurocmc
from neurocmc.pipeline.verify import Verification
from neurocmc.verification.edges import Edge
from tests.theory.test_filter import DIRECT


def closed_form(text: str, folder: Path, target: str = "loihi1") -> list[Edge]:
    """The edges to the closed form of a circuit at 32 neurons per unit."""
    (folder / "filter.yaml").write_text(text)
    artifact = neurocmc.compile(
        folder / "filter.yaml", target=target, out=folder / "build", neurons=32, figures=False
    )
    found = neurocmc.verify(artifact, figures=False)
    assert isinstance(found, Verification)
    return [edge for edge in found.edges if edge.name.startswith("closed form")]


@pytest.mark.parametrize(("target", "level"), [("loihi1", "emulator"), ("brian2", "brian2")])
def test_a_filter_is_held_against_its_closed_form(target: str, level: str, tmp_path: Path) -> None:
    rate, chip = closed_form(DIRECT, tmp_path, target)
    assert (rate.name, rate.verdict, rate.group) == ("closed form ~ rate", "pass", "fidelity")
    assert rate.value is not None
    assert 0.0 < rate.value < 1e-4
    assert (chip.name, chip.verdict) == (f"closed form ~ {level}", "pass")
    assert chip.value is not None
    assert 1e-4 < chip.value < 0.05


def test_a_loop_that_does_not_settle_misses(tmp_path: Path) -> None:
    # A late inhibitor makes the loop swing for ever; its rest state stands, and the circuit does not come there.
    late = DIRECT.replace("to: y, weight: 0.25", "to: y, weight: 1, delay_ms: 30")
    rate, _ = closed_form(late, tmp_path)
    assert rate.verdict == "miss"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (DIRECT.replace("steps: [{at_s: 0,", "steps: [{at_s: 0.1,"), "no trial holds its drive"),
        (DIRECT.replace("duration_s: 0.4", "duration_s: 0.1"), "drives are held for 100 ms, it rests after 220 ms"),
    ],
)
def test_drives_that_do_not_let_it_rest(text: str, why: str, tmp_path: Path) -> None:
    found = closed_form(text, tmp_path)
    assert [(edge.verdict, edge.note) for edge in found] == [("not run", why)] * 2


def test_other_circuits_have_no_such_edge(tmp_path: Path) -> None:
    assert closed_form(DIRECT.replace("kind: activity", "kind: winner"), tmp_path) == []
