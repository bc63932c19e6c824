"""Defines what a family of circuits must do for a study, and knows those that there are.

Another distribution adds one by an entry point of the group `neurocmc.circuits`; a study may name one in a file of
its own as well (`plugins`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from neurocmc.common.progress import Progress
from neurocmc.common.strict_yaml import Document
from neurocmc.pipeline.study.plugins import Kind, PlugIn, found, names_of

FAMILIES = Kind(
    called="family",
    group="neurocmc.circuits",
    built_in={
        "cmc": "neurocmc.pipeline.study.trained:CMC",
        "ei-layers": "neurocmc.literature.ei_layers.family:FAMILY",
        "flux-l5": "neurocmc.literature.flux.family:FAMILY",
        "filter-vit": "neurocmc.literature.filter.family:FAMILY",
        "delays-motion": "neurocmc.literature.motion.family:FAMILY",
        "memory": "neurocmc.pipeline.study.trained:MEMORY",
        "microns-rnn": "neurocmc.literature.connectome.family:FAMILY",
        "reservoir-ei": "neurocmc.literature.reservoir.family:FAMILY",
        "swta": "neurocmc.pipeline.study.trained:SWTA",
        "written": "neurocmc.pipeline.study.written:FAMILY",
    },
)

CHECKPOINTS = ("cmc", "memory", "swta")  # what `neurocmc.circuits` trains


def maker_of(document: Document, folder: Path) -> PlugIn | None:
    """Returns the family that a recipe names, where it is none whose checkpoints `neurocmc train` writes itself.

    Raises InputError for one in a file or module, FILE.py:NAME, that is not there.
    """
    named = document.data.get("family")
    if not isinstance(named, str) or named in CHECKPOINTS:
        return None
    return found(named, folder, FAMILIES) if ":" in named or named in names_of(FAMILIES) else None


class CircuitFamily(Protocol):
    """Makes circuits of a recipe, by training or by construction: a class or a module with these names.

    Example:
        >>> class Chains:
        ...     suffix = ".yaml"
        ...     def checked(self, document):
        ...         return document.data
        ...     def make(self, recipe, seed, path, progress):
        ...         path.write_text(f"name: chain-{recipe['length']}\\n")
        ...         return {}
    """

    @property
    def suffix(self) -> str:
        """The suffix of the files that it makes, one that `neurocmc compile` reads; a class may have it as a text."""
        ...

    def checked(self, document: Document) -> Mapping[str, Any]:
        """Checks a recipe, with the changes of a variant in it.

        Args:
            document: The recipe as plain data, which knows its lines.

        Returns:
            The recipe as JSON has it, whole: what a circuit depends on beside its seed.

        Raises:
            InputError: With every fault.
        """
        ...

    def make(self, recipe: Mapping[str, Any], seed: int, path: Path, progress: Progress) -> Mapping[str, float]:
        """Makes one circuit: the same recipe and seed, the same bytes.

        Args:
            recipe: What `checked` returned, after JSON.
            seed: The seed of the run.
            path: The file to write, in a folder that exists; its suffix is the family's.
            progress: Called with what is done and the share of it.

        Returns:
            What was measured while it was made, such as an accuracy, by name.

        Raises:
            InputError: Where it cannot be made.
        """
        ...
