"""Holds one run of a study as measures see it: the circuit, and what it became on the chip."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurocmc.common.errors import InputError, Problem

if TYPE_CHECKING:
    from neurocmc.pipeline.artifact import Artifact
    from neurocmc.pipeline.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One circuit of a study.

    Args:
        name: The run, `VARIANT-SEED`.
        variant: Its variant.
        seed: Its seed; what a measure draws, it draws from this.
        recipe: What the circuit was made from, as JSON has it.
        path: The file that the family made, which `model` reads.
        metrics: What was measured while it was made, such as the accuracy of a training.
        compiled: The folder of the compiled circuit; None where it was not compiled.
        verdict: What `verify` found of it, by name; empty where it was not compiled.
        not_compiled: Why it was not.
    """

    name: str
    variant: str
    seed: int
    recipe: Mapping[str, Any]
    path: Path
    metrics: Mapping[str, float]
    compiled: Path | None
    verdict: Mapping[str, Any]
    not_compiled: str

    def model(self) -> "Model":
        """Returns the circuit with its stimuli."""
        from neurocmc.pipeline.model import load

        return load(self.path)

    def artifact(self) -> "Artifact":
        """Returns the compiled circuit. Raises InputError, which the run's row then says, where there is none."""
        from neurocmc.pipeline.artifact import open_artifact

        if self.compiled is None:
            cure = "add `compile:` to the study, or leave this measure out"
            raise InputError(Problem("measure-unfit", f"run {self.name}", self.not_compiled, cure))
        return open_artifact(self.compiled)
