"""Finds what ships with neurocmc by its name: trained circuits, circuits written by hand, and recipes of training.

A file that is there always comes first. Only a name without a folder is looked for among what ships, so that
`neurocmc compile swta-digits` does the same in every folder, installed or in a checkout.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.extras import is_installed
from neurocmc.common.names import nearest_name
from neurocmc.common.resources import resource_folder
from neurocmc.common.strict_yaml import load_document

Kind = Literal["trained", "spiking", "circuit", "recipe"]
KINDS: tuple[Kind, ...] = ("trained", "spiking", "circuit", "recipe")
TRAINED = ("trained", "spiking", "circuit")  # what `compile` and `inspect` take
CIRCUIT_FILE, CHECKPOINT, NIR, YAML, CARD = ".circuit.npz", ".pt", ".nir", ".yaml", ".md"
ENDINGS = (CIRCUIT_FILE, CHECKPOINT, NIR, YAML)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """One entry of what ships.

    Args:
        name: What it is called on the command line.
        kind: Trained circuit, spiking network, circuit written by hand, or recipe of training.
        about: What it is, in the first words of its card, or of the comment at its head.
        files: Its files, the one without torch last.
    """

    name: str
    kind: Kind
    about: str
    files: tuple[Path, ...]

    @property
    def path(self) -> Path:
        """The file that its name stands for: a checkpoint where torch can read it, else the same circuit without."""
        return self.files[0] if len(self.files) == 1 or is_installed("torch") else self.files[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a file of NIR that ships does not say itself: its framework, its reset, and the spikes that judge it."""

    semantics: str
    reset: str
    events: str


RULES: Mapping[str, Rules] = {
    "digits-snntorch": Rules(semantics="snntorch-1", reset="zero", events="digits-snntorch.npz"),
}


@cache
def bundled() -> tuple[Bundled, ...]:
    """Returns all that ships, circuits before recipes, each in alphabetical order.

    Raises InputError where the installation has no folder of models.
    """
    folder = resource_folder("models")
    found: dict[tuple[Kind, str], list[Path]] = {}
    for ending in (CHECKPOINT, CIRCUIT_FILE, NIR, YAML):  # the file without torch comes after the checkpoint
        for path in sorted(folder.glob(f"*{ending}")):
            found.setdefault((_kind(path, ending), path.name.removesuffix(ending)), []).append(path)
    entries = [
        Bundled(name=name, kind=kind, about=_about(folder, name, files[-1]), files=tuple(files))
        for (kind, name), files in found.items()
    ]
    return tuple(sorted(entries, key=lambda entry: (KINDS.index(entry.kind), entry.name)))


def found_model(path: Path) -> Path:
    """Returns the path of a model: the one that was given where there is such a file, else what ships by that name.

    Raises InputError for a plain name that neither is a file nor ships.
    """
    return _found(path, TRAINED, "model")


def found_recipe(path: Path) -> Path:
    """Returns the path of a recipe, as `found_model` does of a model."""
    return _found(path, ("recipe",), "recipe")


def rules_of(path: Path) -> Rules | None:
    """Returns what a file of NIR that ships does not say itself; None of any other file."""
    rules = RULES.get(path.name.removesuffix(NIR))
    return rules if rules is not None and path.parent == resource_folder("models") else None


def _found(path: Path, kinds: Sequence[str], what: str) -> Path:
    if path.parent != Path() or path.exists():
        return path  # what ships is not looked at: it need not be there
    known = {entry.name: entry for entry in bundled() if entry.kind in kinds}
    ending = next((ending for ending in ENDINGS if path.name.endswith(ending)), "")
    name = path.name.removesuffix(ending)
    if name in known:
        return next((file for file in known[name].files if file.name == path.name), known[name].path)
    if ending or path.suffix:
        return path  # a file that is missing, which its reader says
    cure = f"{nearest_name(name, known)} give a file, or a name that `neurocmc models` lists"
    raise InputError(
        Problem("model-unknown", str(path), f"no such file, and neurocmc has no {what} of this name", cure)
    )


def _kind(path: Path, ending: str) -> Kind:
    match ending:
        case ".nir":
            return "spiking"
        case ".yaml":
            return "recipe" if "family" in load_document(path).data else "circuit"
        case _:
            return "trained"


def _about(folder: Path, name: str, path: Path) -> str:
    """The first words of its card, or of the comment at the head of its YAML."""
    card = folder / f"{name}{CARD}"
    if path.suffix == YAML:
        lines = [line.removeprefix("#").strip() for line in _head(path.read_text(encoding="utf-8"))]
        lines = [line for line in lines if not line.startswith(("Training recipe", "neurocmc train"))]
        if lines or not card.is_file():
            return _sentence(" ".join(lines))
    if not card.is_file():
        return ""
    paragraphs = card.read_text(encoding="utf-8").split("\n\n")
    return _sentence(" ".join(paragraphs[1].split()))


def _head(text: str) -> list[str]:
    lines = text.splitlines()
    end = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return lines[:end]


def _sentence(text: str) -> str:
    """The first clause, without marks of Markdown."""
    clause = re.match(r".*?(?:[?!](?=\s|$)|(?<=[^\s.])(?=[:;.](?:\s|$)))|.*", text)
    return "" if clause is None else clause[0].replace("`", "").replace("*", "")
