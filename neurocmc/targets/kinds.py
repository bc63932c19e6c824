"""Knows the kinds of chips that a target's file may name: those built in, and those that other distributions add.

A distribution adds a family of chips by an entry point of the group `neurocmc.families`, named as the kind; what it
points at has a `schema`, the `TargetSchema` of its files, beside all that `pipeline.chips.family.Family` asks for.
"""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from neurocmc.common.strict_yaml import StrictModel
from neurocmc.targets.loihi import LoihiEnergy, LoihiLimits, LoihiTarget
from neurocmc.targets.neurocorex import NeuroCoreXLimits, NeuroCoreXTarget
from neurocmc.targets.schema import IdealLimits, IdealTarget, Limits, Target
from neurocmc.targets.truenorth import TrueNorthEnergy, TrueNorthLimits, TrueNorthTarget

GROUP = "neurocmc.families"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSchema:
    """The form of a target's file of one kind, and the class that holds it; `energy` None: it states none.

    `lowest` is the level without whose file in `ir/` an artifact is not whole; "": the family says it, as `lowest`.
    """

    target: type[Target]
    limits: type[Limits]
    energy: type[StrictModel] | None = None
    lowest: str = ""

    @property
    def kind(self) -> str:
        """The name that files give it."""
        return self.target.kind

    @property
    def numbers(self) -> frozenset[str]:
        """The names of all numbers that such a file may state."""
        energy = () if self.energy is None else self.energy.model_fields
        return frozenset((*self.limits.model_fields, *energy))


BUILT_IN = {
    schema.kind: schema
    for schema in (
        TargetSchema(target=LoihiTarget, limits=LoihiLimits, energy=LoihiEnergy, lowest="40-chip"),
        TargetSchema(target=TrueNorthTarget, limits=TrueNorthLimits, energy=TrueNorthEnergy, lowest="30-cores"),
        TargetSchema(target=NeuroCoreXTarget, limits=NeuroCoreXLimits, lowest="30-board"),
        TargetSchema(target=IdealTarget, limits=IdealLimits, lowest="20-spiking"),
    )
}


def known_kinds() -> tuple[str, ...]:
    """Returns the kinds built in, then those of other distributions in alphabetical order."""
    return (*BUILT_IN, *sorted(_entry_points()))


def schema_of(kind: str) -> TargetSchema | None:
    """Returns the schema of a kind, or None where there is no such kind."""
    if kind in BUILT_IN:
        return BUILT_IN[kind]
    return None if kind not in _entry_points() else added_family(kind).schema


def lowest_of(kind: str) -> str:
    """Returns the level without whose file in `ir/` an artifact is not whole; a family built in is not imported."""
    return BUILT_IN[kind].lowest if kind in BUILT_IN else added_family(kind).lowest


@cache
def added_family(kind: str) -> Any:
    """Returns the family that another distribution adds under this kind. Raises KeyError where none does."""
    return _entry_points()[kind].load()


@cache
def _entry_points() -> dict[str, EntryPoint]:
    """Kind -> where its family is; a built-in kind is not to be replaced, and of two the first by name stands."""
    found = sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))
    return {entry.name: entry for entry in reversed(found) if entry.name not in BUILT_IN}
