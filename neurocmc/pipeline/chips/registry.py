"""Finds the family that compiles for the kind of a target, among those built in and those of other distributions."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from neurocmc.targets.kinds import added_family

if TYPE_CHECKING:
    from neurocmc.pipeline.chips.family import Family
    from neurocmc.targets import Target

# Kind -> module and class. Names, not classes: a family brings its passes and numba along, which take a second to
# import, and whoever compiles for one chip, or only reads what was compiled, needs none of the others.
BUILT_IN: Mapping[str, tuple[str, str]] = {
    "loihi": ("neurocmc.pipeline.chips.loihi", "LoihiFamily"),
    "truenorth": ("neurocmc.pipeline.chips.truenorth", "TrueNorthFamily"),
    "neurocorex": ("neurocmc.pipeline.chips.neurocorex", "NeuroCoreXFamily"),
    "ideal": ("neurocmc.pipeline.chips.ideal", "IdealFamily"),
}


def family_of(target: "Target") -> "Family[Any]":
    """Returns the family that compiles for a target; it is imported when first asked for."""
    return _built_in(target.kind) if target.kind in BUILT_IN else added_family(target.kind)


@cache
def _built_in(kind: str) -> "Family[Any]":
    module, name = BUILT_IN[kind]
    return getattr(import_module(module), name)()
