"""The harness can fail: every defect put into a command is found, and the same seed makes the same cases."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
import yaml

from tests.cli.running import ROOT, run
from tests.fuzz import archives, arrays, graphs, raw, trees
from tests.fuzz.corpus import BEFORE, SECOND, SWTA
from tests.fuzz.kinds import KINDS, kind_of
from tests.fuzz.neuron_files import SOUND, content_of
from tests.fuzz.oracle import stepped
from tests.made.waiting import HANGS_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are ended by what Linux has")

FOUND = {
    "none": "",
    "raises": "exit code 3",
    "shows a traceback": "a traceback is shown",
    "never ends": "hangs (SIGXCPU)",
    "waits": "hangs (waited)",
    "leaves a part": "left over: .out.abcdefgh.part",
    "leaves a file": "written: strange",
    "changes its input": "changed: c.yaml",
    "leaves a folder in tmp": "left over: left",
    "writes an escape": "control characters are written: ['\\x1b']",
    "writes no UTF-8": "control characters are written: ['\\udcff']",
    "refuses without a cure": "a refusal without a cure",
    "warns": "a warning of Python is shown",
    "runs what is hidden": "a program hidden in the input was run",
    "crashes": "ended by SIGSEGV",
    "takes memory": "",  # it is refused: the limit holds
    "leaves a process": "",  # it is ended with its parent, or the harness would wait for ever
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    command = [sys.executable, "-m", "tests.fuzz.planted", str(tmp_path_factory.mktemp("planted"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANGS_S, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_planted_defect_is_found(planted: dict[str, dict[str, object]]) -> None:
    assert planted.keys() == FOUND.keys()
    for defect, wanted in FOUND.items():
        told = planted[defect]["broken"]
        assert isinstance(told, list)
        assert [wanted] == told if wanted else told == [], defect


def test_the_limit_of_memory_is_one(planted: dict[str, dict[str, object]]) -> None:
    assert planted["takes memory"]["code"] == 2
    assert "memory" in str(planted["takes memory"]["err"])


def mutations(seed: int) -> list[bytes]:
    """Some of every mutation."""
    rng = Random(seed)
    checkpoint = (ROOT / "models" / "context-integration.pt").read_bytes()
    circuit_file = (ROOT / "models" / "context-integration.circuit.npz").read_bytes()
    made: list[bytes] = []
    for _ in range(40):
        made.append(trees.yaml_bytes(rng, trees.mutated(rng, SWTA)[0])[0])
        made.append(trees.json_bytes(rng, trees.mutated(rng, BEFORE)[0])[0])
        made.append(arrays.mutated(rng, circuit_file)[0])
        made.append(raw.mutated(rng, checkpoint)[0])
        made.append(archives.mutated(rng, checkpoint)[0])
        made.append(graphs.mutated(rng, SOUND["loop"].tree)[0])
    return made


def test_the_same_seed_makes_the_same_cases() -> None:
    first = mutations(3)
    assert first == mutations(3)
    assert first != mutations(4)
    assert len(set(first)) > 0.9 * len(first)


def test_every_kind_comes_first_and_by_its_share() -> None:
    assert [kind_of(Random(0), number) for number in range(len(KINDS))] == list(KINDS)
    rng = Random(0)
    drawn = [kind_of(rng, 1000) for _ in range(2000)]
    assert set(drawn) == set(KINDS)
    assert drawn.count("circuit") > drawn.count("images")


def test_what_is_no_mutation_is_the_original() -> None:
    text = yaml.safe_dump(SWTA, sort_keys=False)
    assert yaml.safe_load(text) == SWTA
    changed = [trees.mutated(Random(seed), SWTA)[0] for seed in range(200)]
    assert sum(tree != SWTA for tree in changed) > 180
    assert yaml.safe_dump(SWTA, sort_keys=False) == text  # it was left alone


@pytest.mark.parametrize("name", SOUND)
def test_networks_that_mutations_start_from_are_sound(name: str, tmp_path: Path) -> None:
    sound = SOUND[name]
    (tmp_path / "net.nir").write_bytes(content_of(sound.tree))
    for rules in sound.options:
        shown = run("inspect", tmp_path / "net.nir", *rules)
        assert shown.code == 0, shown.err
    before = content_of(sound.tree)
    changed = [graphs.mutated(Random(seed), sound.tree)[0] for seed in range(50)]
    assert sum(content != before for content in changed) > 40
    assert content_of(sound.tree) == before  # it was left alone


def test_the_stepper_by_hand() -> None:
    """One unit under a constant drive: x approaches it as 1 - k^(t + 1), r = I at once."""
    circuit = {
        "dt_ms": 1,
        "form": "filter-after",
        "populations": {"x": {"size": 1, "tau_ms": 10}},
        "inputs": {"drive": {"to": "x"}},
    }
    shown = stepped(circuit, {"steps": [{"at_s": 0.002, "drive": 0.5}]}, 0.006)["x"][:, 0]
    keep = np.exp(-0.1)
    wanted = [0, 0, *(0.5 * (1 - keep**n) for n in range(1, 5))]
    np.testing.assert_allclose(shown, wanted, atol=1e-12)
    half = stepped(circuit, {"steps": [{"at_s": 0.0025, "drive": 0.5}]}, 0.006)["x"][:, 0]
    assert half[2] == pytest.approx(0.25 * (1 - keep))  # a step holds the mean of its drive
    assert stepped(SECOND, SECOND["stimuli"]["s"], 0.1)["x"].shape == (50, 2)
