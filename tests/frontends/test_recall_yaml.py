"""Content-addressable memories in YAML: every form of a content, and every fault with its line."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.frontends.recall.recall_yaml import read_recall_yaml
from neurocmc.frontends.recall.recognise import is_recall


def written(folder: Path, text: str) -> Path:
    path = folder / "memory.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_contents_are_names_bits_or_text(tmp_path: Path) -> None:
    text = "name: m\ndt_ms: 2\nmemory:\n  cues: [a, 7, c]\n  features: [x, y]\n  contents: [[y], [1, 1], '10']\n"
    path = written(tmp_path, text)
    assert is_recall(path)
    loaded = read_recall_yaml(path)
    assert (loaded.memories.cues, loaded.memories.features, loaded.dt_s) == (("a", "7", "c"), ("x", "y"), 2e-3)
    assert loaded.memories.contents.tolist() == [[False, True], [True, True], [True, False]]
    assert loaded.content == path.read_bytes()


def test_names_are_gathered_and_bits_numbered(tmp_path: Path) -> None:
    named = read_recall_yaml(written(tmp_path, "name: m\nmemory:\n  cues: [a, b]\n  contents: [[y, x], [x, z]]\n"))
    assert named.memories.features == ("y", "x", "z")
    assert named.memories.contents.tolist() == [[True, True, False], [False, True, True]]
    numbered = read_recall_yaml(written(tmp_path, 'name: m\nmemory:\n  cues: [a]\n  contents: ["011"]\n'))
    assert numbered.memories.features == ("bit-0", "bit-1", "bit-2")
    assert np.array_equal(numbered.memories.contents, [[False, True, True]])


def test_other_files_are_not_of_memories(tmp_path: Path) -> None:
    assert not is_recall(Path("models/memory-items.yaml"))
    assert not is_recall(Path("examples/circuit.yaml"))
    assert not is_recall(Path("models/digits-snntorch.nir"))
    assert not is_recall(tmp_path)
    assert is_recall(Path("models/animals.yaml"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("cues: [a, b]\n  contents: ['10']", [("lengths-differ", 4)]),
        ("cues: [a, a]\n  contents: ['10', '01']", [("memory-cue-twice", 3)]),
        ("cues: [a]\n  contents: ['12']", [("memory-not-bits", 4)]),
        ("cues: [a]\n  contents: [[1, 2]]", [("memory-not-bits", 4)]),
        ("cues: [a]\n  contents: [10]", [("memory-not-bits", 4)]),
        ("cues: [a]\n  contents: [[x, 1]]", [("memory-not-bits", 4)]),
        ("cues: [a]\n  contents: ['00']", [("memory-content-empty", 4)]),
        ("cues: [a]\n  contents: [[]]", [("memory-content-empty", 4)]),
        ("cues: [a, b]\n  contents:\n  - '10'\n  - '100'", [("lengths-differ", 6)]),
        ("cues: [a]\n  features: [x, x]\n  contents: [[x]]", [("name-twice", 4)]),
        ("cues: [a]\n  features: [x, y]\n  contents: [[x, x, y]]", [("name-twice", 5)]),
        ("cues: [a]\n  features: [fur, y]\n  contents: [[furr]]", [("memory-feature-unknown", 5)]),
        ("cues: [a]\n  features: [1, 2]\n  contents: ['10']", [("field-wrong", 4), ("field-wrong", 4)]),
        ("cues: [a]\n  contents: [1.5]", [("field-wrong", 4)]),
        ("cues: [a]\n  contents: ['1']\n  more: 1", [("field-unknown", 5)]),
        ("cues: []\n  contents: ['1']", [("field-wrong", 3)]),
    ],
)
def test_faults_have_their_lines(fields: str, expected: list[tuple[str, int]], tmp_path: Path) -> None:
    path = written(tmp_path, f"name: m\nmemory:\n  {fields}\n")
    with pytest.raises(InputError) as caught:
        read_recall_yaml(path)
    found = [(problem.id, int(problem.where.removeprefix(f"{path}:"))) for problem in caught.value.problems]
    assert found == expected


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, f'name: m\nmemory:\n  cues: [a]\n  contents: ["{"1" * 3000}"]\n')
    with pytest.raises(InputError) as caught:
        read_recall_yaml(path)
    assert [problem.id for problem in caught.value.problems] == ["memory-too-large"]
