"""Holds the files that `neurocmc new` writes: each works as it is, and its comments say what to change.

They are files that ship, under a heading of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from neurocmc.common.resources import resource_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A file to start from.

    Args:
        what: What it is, for the line that tells of it.
        source: A bundled file.
        heading: Comment lines before it.
        nexts: Commands to go on with; `{file}` is the file.
        renamed: What stands in the source, and what in its place.
    """

    what: str
    source: str
    heading: str
    nexts: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """Returns the text of the file. Raises InputError where the installation is not whole."""
        text = resource_path(self.source).read_text(encoding="utf-8")
        for old, new in self.renamed:
            text = text.replace(old, new, 1)
        return self.heading + text


START: Mapping[str, Start] = {
    "circuit": Start(
        what="a soft winner-take-all of four units",
        source="examples/circuit.yaml",
        heading="# A circuit of rate units. docs/circuits.md explains every field.\n",
        nexts=(
            "neurocmc inspect {file}",
            "neurocmc compile {file} --target loihi1 -o build",
            "neurocmc verify build",
        ),
    ),
    "automaton": Start(
        what="a state machine of two states",
        source="models/turnstile.yaml",
        heading="# A state machine. Change states, symbols and transitions; parameters of the circuit are derived.\n",
        nexts=(
            "neurocmc inspect {file}",
            "neurocmc compile {file} --target loihi1 -o build",
            "neurocmc verify build",
        ),
    ),
    "target": Start(
        what="a chip of the Loihi family",
        source="targets/loihi1.yaml",
        heading=(
            "# Your own chip, starting from Loihi 1. Change its name and the limits that differ. Each number has a\n"
            "# source; where public sources disagree it has `unverified` and a note.\n"
        ),
        renamed=(("name: loihi1\n", "name: mine\n"),),
        nexts=("neurocmc targets {file}", "neurocmc compile swta-digits --target {file} -o build"),
    ),
    "recipe": Start(
        what="the training of a soft winner-take-all on digits",
        source="models/swta-digits.yaml",
        heading=(
            "# A training recipe. `task` names the images, `circuit` gives the dynamics, `training` how it is "
            "trained.\n"
            "# `neurocmc models` lists recipes of other families.\n"
        ),
        nexts=("neurocmc train {file} -o model.pt", "neurocmc compile model.pt --target loihi1 -o build"),
    ),
}
