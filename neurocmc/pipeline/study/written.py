"""Makes circuits of a YAML file for studies, as `neurocmc compile` reads it: a variant is the file with changes.

Nothing is drawn while such a circuit is made: its seed is for the compiler, and for measures.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from neurocmc.common.files import sha256_of, write_file
from neurocmc.common.progress import Progress
from neurocmc.common.strict_yaml import Document
from neurocmc.pipeline.campaign.inputs import check_unaltered

FOLDER = "files_in"  # where .npz files that the circuit names are looked for
HASHES = "files"


class Written:
    """A circuit written out by hand."""

    suffix = ".yaml"

    def checked(self, document: Document) -> Mapping[str, Any]:
        """Returns the file as it is, with what is in the files that it names; it is read when it has been made."""
        folder = Path(document.filename).parent.absolute()
        hashes = {name: sha256_of(folder / name) for name in sorted(set(_files(document.data)))}
        return {"circuit": document.data, HASHES: hashes, FOLDER: str(folder) if hashes else ""}

    def make(self, recipe: Mapping[str, Any], seed: int, path: Path, progress: Progress) -> Mapping[str, float]:
        """Writes the file, and reads it. Raises InputError with the line of every fault in it."""
        from neurocmc.pipeline.model import load  # here and not above: plans are read without it

        for name, sha256 in recipe[HASHES].items():
            check_unaltered(name, sha256_of(Path(recipe[FOLDER]) / name), sha256)
        folder = Path(recipe[FOLDER]) if recipe[FOLDER] else path.parent
        data = _moved(recipe["circuit"], os.path.relpath(folder, path.parent))
        write_file(path, yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
        load(path)
        return {}


def _files(value: Any) -> list[str]:
    """The names of .npz files, wherever `{npz: FILE, key: NAME}` stands."""
    if isinstance(value, dict):
        named = [value["npz"]] if isinstance(value.get("npz"), str) else []
        return named + [name for entry in value.values() for name in _files(entry)]
    return [name for entry in value for name in _files(entry)] if isinstance(value, list) else []


def _moved(value: Any, folder: str) -> Any:
    """The same with files looked for where they were beside the file as it was."""
    if isinstance(value, dict):
        moved = {name: _moved(entry, folder) for name, entry in value.items()}
        return moved | {"npz": str(Path(folder) / value["npz"])} if isinstance(value.get("npz"), str) else moved
    return [_moved(entry, folder) for entry in value] if isinstance(value, list) else value


FAMILY = Written()
