"""`targets` and `inspect`: what is known before anything is compiled."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from neurocmc.cli.output import plain
from neurocmc.cli.targets import unit_of
from neurocmc.targets import LoihiTarget, TrueNorthTarget, known_targets, load_target
from tests.cli.running import CHECKPOINT, CIRCUIT, ROOT, run, run_process
from tests.torch_extra import needs_torch


def as_json(*arguments: str | Path) -> Any:
    shown = run(*arguments, "--json")
    assert shown.code == 0
    return json.loads(shown.out)


def test_all_targets_are_listed() -> None:
    listed = {row["name"]: row for row in as_json("targets")["targets"]}
    assert tuple(listed) == known_targets()
    assert listed["loihi2"]["aliases"] == ["loihi"]
    text = run("targets").out
    for name in known_targets():
        assert f"\n{name} " in text
        assert load_target(name).title in text


def test_the_page_of_targets_shows_what_the_command_prints() -> None:
    page = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```text\n\$ neurocmc targets\n(.*?)^\.\.\.\n```$", page, flags=re.MULTILINE | re.DOTALL)
    printed = [line.rstrip() for line in run("targets").out.splitlines()]
    assert shown.splitlines() == printed[: len(known_targets()) + 2]
    for chip, name in (("Loihi 2", "loihi2"), ("TrueNorth", "truenorth")):
        numbers = load_target(name).provenance
        doubts = sum(entry.unverified for entry in numbers.values())
        assert re.search(rf"\*\*{chip}\*\*:[^*]*\b{doubts} of its {len(numbers)} limits are unverified", page)


def test_options_of_a_chip_are_answered_with_yes_or_no() -> None:
    shown = [line.split()[:2] for line in run("targets", "ranc").out.splitlines()]
    assert ["stochastic", "no"] in shown
    assert ["stochastic", "yes"] in [line.split()[:2] for line in run("targets", "truenorth").out.splitlines()]
    assert {row["field"]: row["value"] for row in as_json("targets", "ranc")["limits"]}["stochastic"] is False


def test_one_target_in_full(snapshot: SnapshotAssertion) -> None:
    shown = run("targets", "brian2")
    assert shown.code == 0
    assert shown.out == snapshot


@pytest.mark.parametrize(
    "name", ["loihi1", "loihi2", "loihi", "truenorth", "ranc", str(ROOT / "targets" / "loihi1.yaml")]
)
def test_every_number_has_value_unit_and_source(name: str) -> None:
    target = load_target(name)
    assert isinstance(target, LoihiTarget | TrueNorthTarget)
    told = as_json("targets", name)
    rows = {row["field"]: row for row in told["limits"]}
    assert set(rows) == set(target.provenance)
    for field, row in rows.items():
        values = target.limits if field in type(target.limits).model_fields else target.energy
        assert row["value"] == plain(getattr(values, field))
        assert row["sources"]
        assert row["unverified"] == target.provenance[field].unverified
    unit = {"synapse_memory_bits_per_core": "bits per core", "noise_mask_bits": "bits", "default_tick_s": "s"}
    assert all(rows[field]["unit"] == unit[field] for field in unit.keys() & rows.keys())
    assert told["energy_caveat"] == target.energy_caveat
    text = run("targets", name).out
    for field in rows:
        assert f"\n{field} " in text  # in one piece
    for citation in {source for row in rows.values() for source in row["sources"]}:
        assert f". {citation}\n" in text
    assert target.energy_caveat in text


@pytest.mark.parametrize(
    ("field", "unit"),
    [
        ("default_tick_s", "s"),
        ("delay_ticks_max", "ticks"),
        ("cores_per_chip", "per chip"),
        ("hop_east_west_pj", "pJ"),
        ("static_mw_per_chip", "mW per chip"),
        ("synapse_weight_bits_choices", "bits"),
        ("weight_shift", ""),
    ],
)
def test_the_unit_stands_in_the_name(field: str, unit: str) -> None:
    assert unit_of(field) == unit


def test_inspect_a_circuit(snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CIRCUIT.parent)
    shown = run("inspect", "circuit.yaml")
    assert shown.code == 0
    assert shown.out == snapshot


@needs_torch
def test_inspect_a_checkpoint() -> None:
    told = as_json("inspect", CHECKPOINT)
    assert [population["name"] for population in told["populations"]] == ["excite", "inhibit"]
    assert [projection["shape"] for projection in told["projections"]] == [[10, 10], [1, 10], [10, 1]]
    assert told["readouts"][0]["labels"] == list("0123456789")
    assert told["facts"]["accuracy"] >= 0.92
    assert told["facts"]["largest excitation"] < told["facts"]["stability bound"]
    assert "the host" in run("inspect", CHECKPOINT).out
    (stability,) = [check["found"] for check in told["checks"] if check["check"] == "stability"]
    assert f"{told['facts']['largest excitation']:.6g} is below" in stability


def test_without_a_terminal_there_are_no_escapes() -> None:
    shown = run_process("targets", "loihi2", COLUMNS="30")
    assert shown.code == 0
    assert "\x1b" not in shown.out + shown.err
    table = shown.out.split("Sources:")[0]
    assert max(len(line) for line in table.splitlines()) <= 100


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_lacks_a_letter_is_no_failure(encoding: str, tmp_path: Path) -> None:
    text = (ROOT / "targets" / "brian2.yaml").read_text().replace("title: ", "title: ≤ ")
    (tmp_path / "mine.yaml").write_text(text)
    plainly = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    shown = run_process("targets", "mine.yaml", cwd=tmp_path, **plainly)
    assert (shown.code, shown.err) == (0, "")
    assert " Brian2 simulation" in shown.out
    refused = run_process("targets", "≤≤≤", cwd=tmp_path, **plainly)
    assert refused.code == 2
    assert "'???' [target-unknown]" in refused.err


def test_json_has_no_numbers_that_json_does_not_know() -> None:
    assert plain({"a": (float("inf"), Path("x"), 1.5)}) == {"a": [None, "x", 1.5]}
