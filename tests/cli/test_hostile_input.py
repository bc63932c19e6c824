"""Input made to break things: each is an InputError in our words, and costs neither time, memory nor a file."""

import json
import os
import pickle
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neurocmc.circuits.checkpoints import save_checkpoint
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.strict_yaml import parse_document
from neurocmc.ir.rate import RateInput
from neurocmc.ir.stimulus import MAX_CELLS, MAX_TICKS, Stimulus
from neurocmc.pipeline.manifest import read_manifest
from tests.cli.running import CHECKPOINT, CIRCUIT, ONE_SCREEN, run, run_process
from tests.cli.test_failures import failing
from tests.made.waiting import HANGS_S


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a: "\\UFFFFFFFF"', "not well-formed YAML"),
        ("%YAML " + "9" * 5000 + ".1\n---\na: 1", "not well-formed YAML"),
        ("a: !!int abc", "the tag"),
        ("a: !!float 0x10", "the tag"),
        ("a: !!bool abc", "the tag"),
        ("a: !!null abc", "the tag"),
        ("a: 1\n" * 100, "79 more errors are not shown"),
    ],
)
def test_yaml(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_document(text, "c.yaml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("duration_s: 2", "duration_s: 1e300", "ticks of 1 ms, limit 10,000,000"),
        ("dt_ms: 1", "dt_ms: 1e-300", "dt_ms: should be greater than or equal to"),
        ("weight: -2", "weight: -1e308", "should be greater than or equal to"),
        ("name: four-unit-swta", "name: " + "a" * 100_000, "should have at most 64 characters"),
        ("  switch:", "  " + "s" * 300 + ":", "should have at most 64 characters"),
    ],
)
def test_circuits_beyond_every_measure(old: str, new: str, words: str, tmp_path: Path) -> None:
    text = CIRCUIT.read_text()
    assert text.count(old) == 1
    (tmp_path / "c.yaml").write_text(text.replace(old, new))
    shown = run("compile", tmp_path / "c.yaml", "--target", "loihi1", "-o", tmp_path / "out")
    assert shown.code == 2
    assert words in " ".join(shown.err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def _held(batch: int, duration_s: float) -> Stimulus:
    values = {"drive": np.zeros((batch, 2, 1))}
    edges_s = np.array([0.0, 1e300])
    return Stimulus(
        name="held", duration_s=duration_s, edges_s=edges_s, values=values, labels=np.full(batch, -1, dtype=np.int64)
    )


def test_ticks_and_values_of_a_stimulus_are_bounded() -> None:
    assert _held(1, MAX_TICKS * 1e-3).ticks(1e-3) == MAX_TICKS
    for duration_s, tick_s in ((MAX_TICKS * 1e-3 + 1, 1e-3), (1e300, 1e-300)):
        with pytest.raises(InputError, match=r"limit 10,000,000 \[stimulus-duration\]"):
            _held(1, duration_s).ticks(tick_s)
    assert _held(1, 0.003).on_ticks(1e-3).segment_of_tick.tolist() == [0, 0, 0]
    assert _held(50, MAX_TICKS * 1e-3).size_problems(1e-3, MAX_CELLS // MAX_TICKS // 50) == ()
    assert _held(51, MAX_TICKS * 1e-3).size_problems(1e-3, MAX_CELLS // MAX_TICKS // 50)


def test_values_of_a_stimulus_are_bounded() -> None:
    held = _held(1, 0.1)
    drive = RateInput(name="drive", target="x", weight=np.ones((1, 1)), tau_s=0.0)
    assert held.problems((drive,)) == ()
    for value in (1e10, -1e308):
        values = {"drive": np.array([[[0.0], [value]]])}
        (problem,) = replace(held, values=values).problems((drive,))
        assert "limit 1e+09" in problem.what


def _doubled() -> list[Any]:
    """A list of a few hundred bytes in a pickle, and of 2^60 entries when it is written out."""
    value: list[Any] = []
    for _ in range(60):
        value = [value, value]
    return value


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("recipe", "task"), _doubled(), "recipe holds more than 10,000 values"),
        (("metrics", "a"), 10**400, "should be a finite number (got an int of 1,329 bits)"),
        (("version",), 10**60, "version an int of 200 bits of the format"),
        (("metrics", "\ud800"), 1.0, "a name that is not text"),
        (("recipe", "circuit", "tau_s"), 1e-300, "recipe.circuit.tau_s"),
    ],
)
def test_checkpoints(path: tuple[str, ...], value: object, words: str, tmp_path: Path) -> None:
    plain: dict[str, Any] = torch.load(CHECKPOINT, weights_only=True)
    place = plain
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    save_checkpoint(plain, tmp_path / "m.pt")
    shown = run("inspect", tmp_path / "m.pt")
    assert shown.code == 2
    assert words in " ".join(shown.err.split())


def test_a_pickle_that_torch_warns_of(tmp_path: Path) -> None:
    """The refusal is all that is said."""
    with zipfile.ZipFile(CHECKPOINT) as archive, zipfile.ZipFile(tmp_path / "m.pt", "w") as other:
        for info in archive.infolist():
            content = archive.read(info)
            other.writestr(info.filename, pickle.dumps(Path()) if info.filename.endswith("data.pkl") else content)
    shown = run_process("inspect", tmp_path / "m.pt")
    assert shown.code == 2
    assert "Warning" not in shown.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x80\x02c" + b"a" * 100_000 + b"\nb\n.", "its pickle holds a text of 100,002 characters"),
        (b"\x80\x02X\xa0\x86\x01\x00" + b"a" * 100_000 + b"X\x01\x00\x00\x00b\x93.", "a text of 100,000 characters"),
        (b"\x80\x02" + b"N0" * 2**20 + b"N.", "its pickle is of 2,097,156 bytes"),
    ],
)
def test_pickles_that_would_keep_torch_busy(content: bytes, words: str, tmp_path: Path) -> None:
    """torch looks for a name that it refuses in time that grows with the square of its length."""
    with zipfile.ZipFile(CHECKPOINT) as archive, zipfile.ZipFile(tmp_path / "m.pt", "w") as other:
        for info in archive.infolist():
            other.writestr(info.filename, content if info.filename.endswith("data.pkl") else archive.read(info))
    shown = run("inspect", tmp_path / "m.pt")
    assert shown.code == 2
    assert words in " ".join(shown.err.split())


def _manifest() -> dict[str, Any]:
    digest = "0" * 64
    named = ("model.pt", "target.yaml", "budget.json", "ir/10-rate.json", "ir/20-spiking.json", "stimuli/a.npz")
    return {
        "format": "neurocmc-artifact",
        "version": 6,
        "neurocmc": "0",
        "circuit": "c",
        "origin_sha256": digest,
        "on_host": [],
        "source": "model.pt",
        "target": "loihi1",
        "neurons_reason": "",
        "neurons_tried": [],
        "options": {
            "neurons": 8,
            "code": "rate",
            "axons": None,
            "seed": 0,
            "max_error": None,
            "tick_s": None,
            "images": None,
        },
        "stimuli": {"calibration": ["a"], "test": []},
        "files": dict.fromkeys(named, digest),
    }


def test_a_sound_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(_manifest()))
    assert read_manifest(tmp_path) == _manifest()


@pytest.mark.parametrize("key", [key for key in _manifest() if key not in ("format", "version")])
@pytest.mark.parametrize("value", [None, 5, [1], {"../x": "y"}, "../../etc/passwd"])
def test_an_edited_manifest(key: str, value: object, tmp_path: Path) -> None:
    texts = ("neurocmc", "circuit", "target", "neurons_reason")
    if isinstance(value, str) and key in texts:
        return  # any text will do
    if key == "source" and value is None:
        return  # compiled with --no-source
    (tmp_path / "manifest.json").write_text(json.dumps({**_manifest(), key: value}))
    with pytest.raises(InputError, match=key):
        read_manifest(tmp_path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "ir/../../x", "a\0b", "", "n" * 300])
def test_paths_of_a_manifest_stay_inside(name: str, tmp_path: Path) -> None:
    manifest = _manifest()
    manifest["files"][name] = "0" * 64
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="not a path inside the artifact"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff\xfe", b'{"version": ' + b"9" * 5000 + b"}"])
def test_a_manifest_that_is_no_json(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"\[(json-malformed|nested-too-deeply)\]"):
        read_manifest(tmp_path)


def test_many_problems_are_one_screen() -> None:
    shown = failing(InputError(Problem("field-wrong", f"file:{line}", "is wrong", "mend it") for line in range(1000)))
    assert shown.code == 2
    assert len(shown.err.splitlines()) <= ONE_SCREEN
    assert "and 993 more" in shown.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_full_disk_behind_stdout(more: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123  (a device, not a path of ours)
        command = [sys.executable, "-m", "neurocmc", "targets", *more]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=HANGS_S, check=False)
    assert done.returncode == 2
    assert os.strerror(28) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_stdout() -> None:
    command = f"{sys.executable} -m neurocmc targets >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, timeout=HANGS_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")
