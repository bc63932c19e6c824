"""Artifacts with one member mutated and its SHA-256 put right, so that hashes alone do not tell."""

import hashlib
import json
import shutil
from pathlib import Path
from random import Random

import yaml

from tests.fuzz import archives, arrays, raw, special, trees

NAME = "art"  # of the artifact within a case's folder
_ADDED = (
    "numpy.py",
    "program/numpy.py",
    "program/sitecustomize.py",
    "ir/x.json",
    "x",
    "program/run.pyc",
    ".art.abcdefgh.part",
)
_PROGRAM = "import os; os.system('touch $FUZZ_CANARY')\n"


def altered(rng: Random, artifact: Path, folder: Path) -> str:
    """A copy of an artifact below `folder` in which something does not hold any longer, and what that is."""
    here = folder / NAME
    shutil.copytree(artifact, here)
    manifest = json.loads((here / "manifest.json").read_text())
    match rng.randrange(12):
        case 0:
            tree, done = trees.mutated(rng, manifest)
            content, more = trees.json_bytes(rng, tree)
            (here / "manifest.json").write_bytes(content)
            return f"manifest.json: {done} {more}"
        case 1:
            added = here / rng.choice(_ADDED)
            added.parent.mkdir(exist_ok=True)
            added.write_text(_PROGRAM)
            return f"{added.relative_to(here)} added"
        case 2:
            path = here / rng.choice(sorted(manifest["files"]))
            path.unlink()
            return f"{path.relative_to(here)} is {special.put(rng, path)}"
        case _:
            name = _member(rng, manifest["files"])
            content, done = _mutated(rng, name, (here / name).read_bytes())
            (here / name).write_bytes(content)
            manifest["files"][name] = hashlib.sha256(content).hexdigest()
            if rng.random() < 0.1:
                (here / name).rename(here / "kept")
                (here / name).symlink_to("kept" if "/" not in name else "../kept")
                done += ", behind a link"
            (here / "manifest.json").write_text(json.dumps(manifest, sort_keys=True, indent=1))
            return f"{name}: {done}"


def _member(rng: Random, files: dict[str, str]) -> str:
    """One of the files, those that are read more often than those that are looked at."""
    read = [name for name in files if name.endswith((".json", ".npz", ".yaml")) and not name.startswith("program/")]
    return rng.choice(sorted(read) if rng.random() < 0.85 else sorted(files))


def _mutated(rng: Random, name: str, content: bytes) -> tuple[bytes, str]:
    if name.endswith(".json") and content:
        tree, done = trees.mutated(rng, json.loads(content))
        text, more = trees.json_bytes(rng, tree)
        return text, f"{done} {more}"
    if name.endswith(".npz"):
        return arrays.mutated(rng, content)
    if name.endswith(".yaml"):
        tree, done = trees.mutated(rng, yaml.safe_load(content))
        text, more = trees.yaml_bytes(rng, tree)
        return text, f"{done} {more}"
    if name.endswith(".pt"):
        return archives.mutated(rng, content)
    if name.endswith(".py") and rng.random() < 0.7:
        return _PROGRAM.encode() + content, "a line put before it"
    return raw.mutated(rng, content)
