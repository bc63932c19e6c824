"""Verification that a person can act on: what misses, which edges decide, and that each printed cure cures."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neurocmc.verification.edges import judged, misses
from neurocmc.verification.intervals import trials_to_show, wilson
from neurocmc.verification.limits import with_limits
from tests.cli.running import run

HEAD = "name: {name}\ndt_ms: 1\nform: filter-after\n"
BRIEF = """\
populations:
  x: {size: 2, tau_ms: 15, transfer: relu}
  y: {size: 1, tau_ms: 15, transfer: relu}
projections: [{from: x, to: y, weight: [[0.5, 0.5]]}]
inputs: {drive: {to: x}}
stimuli:
  usual: {duration_s: 0.4, use: calibration, steps: [{at_s: 0.05, drive: 0.8}]}
  burst:
    duration_s: 6
    use: test
    steps: [{at_s: 1, drive: [2.4, 0.4]}, {at_s: 1.03, drive: 0}, {at_s: 2, drive: 0.7}]
"""
WEAK = """\
populations:
  x: {size: 3, tau_ms: 10, transfer: relu, gain: [1, 0.02, 0.9]}
inputs: {drive: {to: x}}
stimuli:
  s: {duration_s: 0.3, steps: [{at_s: 0.05, drive: 1}]}
"""
NEAR_TIE = """\
populations:
  x: {size: 2, tau_ms: 20, transfer: relu}
inputs: {drive: {to: x}}
readouts: {who: {population: x, kind: winner, window_ms: 50}}
stimuli:
  s: {duration_s: 0.3, label: 1, steps: [{at_s: 0.05, drive: [0.7, 0.7017]}]}
"""
SATURATED = """\
populations:
  x: {size: 1, tau_ms: 20, transfer: sigmoid, gain: 8, threshold: 0.5}
inputs: {drive: {to: x}}
stimuli:
  s: {duration_s: 0.6, steps: [{at_s: 0.05, drive: 0.4}, {at_s: 0.2, drive: 1.2}, {at_s: 0.4, drive: 0.6}]}
"""
CASES = {
    "brief": (
        BRIEF,
        "--neurons 16",
        {"calibration ~ stimuli: activity beyond the pools' range", "rate ~ emulator: error of the worst moment"},
    ),
    "weak": (WEAK, "--neurons 16", {"rate ~ emulator: active units that never fire"}),
    "near-tie": (NEAR_TIE, "--neurons 16", {"rate ~ emulator: decisions agree (who)"}),
    "saturated": (SATURATED, "--neurons 64 --code rate", {"phi ~ pool: largest error of the gain fit"}),
}


def verified(circuit: Path, flags: str, build: Path) -> dict[str, dict[str, Any]]:
    """The edges of a circuit compiled with such flags, by key."""
    shown = run("compile", circuit, "--target", "loihi1", *shlex.split(flags), "--no-figures", "-o", build)
    assert shown.code == 0, shown.err
    shown = run("verify", build, "--no-figures", "--json")
    told = json.loads(shown.out)
    edges = told["edges"]
    decide = [e for e in edges if e["verdict"] == "miss" and e["group"] == "fidelity"]
    assert (shown.code, told["passed"]) == ((1, False) if decide else (0, True))
    return {f"{edge['name']}: {edge['quantity']}": edge for edge in edges}


@pytest.mark.parametrize("case", list(CASES))
def test_a_printed_cure_is_followed_and_the_miss_is_gone(case: str, tmp_path: Path) -> None:
    text, flags, wanted = CASES[case]
    circuit = tmp_path / "circuit.yaml"
    circuit.write_text(HEAD.format(name=case) + text)
    before = verified(circuit, flags, tmp_path / "before")
    missed = {key: edge["cure"] for key, edge in before.items() if edge["verdict"] == "miss"}
    assert wanted <= missed.keys()
    asked: dict[str, set[str]] = {}
    for key, cure in missed.items():
        found = re.match(r"compile with (.*?): ", cure)
        assert found, (key, cure)
        asked.setdefault(found[1], set()).add(key)
    for number, (change, keys) in enumerate(asked.items()):
        changed = dict(zip(*[iter(shlex.split(flags))] * 2, strict=True))
        changed |= dict(zip(*[iter(shlex.split(change))] * 2, strict=True))
        options = " ".join(f"{name} {value}" for name, value in changed.items())
        after = verified(circuit, options, tmp_path / f"after{number}")
        assert {key for key in keys if after[key]["verdict"] == "miss"} == set()


def test_compile_says_what_will_be_kept_and_names_units_that_cannot_fire(tmp_path: Path) -> None:
    (tmp_path / "circuit.yaml").write_text(HEAD.format(name="weak") + WEAK)
    arguments = ("compile", tmp_path / "circuit.yaml", "--target", "loihi1", "--neurons")
    shown = run(*arguments, "16", "-o", tmp_path / "few")
    assert "on calibration stimulus s (1 of 1 trials): NRMSE of rates" in shown.out
    told = re.search(r"x\[1\] never fires: its activity reaches 0\.02, .* use --neurons (\d+)", shown.out)
    assert told, shown.out
    assert "warning: on s: active units that never fire 1 of 3, x[1], beyond the limit of `verify`" in shown.out
    enough = run(*arguments, told[1], "-o", tmp_path / "enough")
    assert "never fire" not in enough.out
    one_less = run(*arguments, str(int(told[1]) - 1), "-o", tmp_path / "less")
    assert "never fires" in one_less.out


def test_theory_warns_and_decides_where_asked() -> None:
    edge = judged("emulator ~ theory", "drive at which a rival takes over", 0.2, 0.1, "relative")
    assert edge.verdict == "miss"
    assert misses([edge]) == ()
    assert misses([edge], strict=True) == (edge,)
    relaxed = with_limits([edge], {edge.key: 0.3})
    assert [e.verdict for e in relaxed] == ["pass"]
    assert misses([replace(edge, name="rate ~ emulator")]) != ()


def test_how_many_trials_a_gate_takes() -> None:
    for share in (0.95, 0.99):
        needed = trials_to_show(share)
        assert wilson(1.0, needed).low >= share > wilson(1.0, needed - 1).low
    assert trials_to_show(0.99) == 381
